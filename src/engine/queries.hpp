// What queries read. Each runs on the writer, between two groups.
#pragma once

#include <functional>

#include "concertres/audit.hpp"
#include "concertres/operations.hpp"
#include "concertres/outbox.hpp"
#include "concertres/queries.hpp"
#include "concertres/storage.hpp"
#include "engine/board.hpp"
#include "engine/catalog.hpp"
#include "engine/unit_of_work.hpp"

namespace concertres {

// What a query may look at; `rows` is begun anew for each.
struct QueryContext {
    Storage* storage = nullptr;
    Board* board = nullptr;
    Catalog* catalog = nullptr;
    const Options* options = nullptr;
    UnitOfWork* rows = nullptr;

    [[nodiscard]] Time now() const { return storage->now(); }
    // Reads until `gather` misses nothing.
    template <class Gather>
    void read(Gather&& gather) const {
        rows->begin(now());
        for (;;) {
            gather(*rows);
            if (!rows->take_missing()) return;
            Rows found;
            storage->read(rows->wanted(), found);
            rows->absorb(found);
        }
    }
};

Result<PlaceView> run(const QueryContext& at, const GetPlace& query);
// A position never grows beyond the one that was told last.
[[nodiscard]] inline PlaceView capped(PlaceView view, const GetPlace& query) {
    if (view.position && query.last && *view.position > *query.last) view.position = query.last;
    return view;
}
Result<std::vector<ConcertView>> run(const QueryContext& at, const ListConcerts& query);
Result<ConcertView> run(const QueryContext& at, const GetConcert& query);
Result<DrawView> run(const QueryContext& at, const GetDraw& query);
Result<AdmissionsView> run(const QueryContext& at, const ListAdmissions& query);
Result<std::vector<DateView>> run(const QueryContext& at, const ListDates& query);
Result<SeatsView> run(const QueryContext& at, const ListSeats& query);
Result<PerformanceView> run(const QueryContext& at, const GetPerformance& query);
Result<PerformanceId> run(const QueryContext& at, const FindPerformance& query);
Result<ReservationView> run(const QueryContext& at, const GetReservation& query);
Result<std::vector<ReservationView>> run(const QueryContext& at, const ListReservations& query);
Result<PaymentView> run(const QueryContext& at, const GetPayment& query);
Result<std::vector<PaymentView>> run(const QueryContext& at, const ListPayments& query);
Result<std::vector<OpenPayment>> run(const QueryContext& at, const ListOpenPayments& query);
Result<WalletView> run(const QueryContext& at, const GetWallet& query);
Result<std::vector<Transfer>> run(const QueryContext& at, const ListTransfers& query);
Result<std::vector<Event>> run(const QueryContext& at, const ListEvents& query);
struct RunAudit {
    using Answer = AuditReport;
};
Result<AuditReport> run(const QueryContext& at, const RunAudit& query);
// Whatever a relay asks of the outbox.
struct UseOutbox {
    using Answer = Time;  // store time after it

    std::function<void(Outbox&)> use{};
};
Result<Time> run(const QueryContext& at, const UseOutbox& query);
// The same, for any thread.
Result<PerformanceView> find_in(const Catalog& catalog, const GetPerformance& query);
Result<PerformanceId> find_in(const Catalog& catalog, const FindPerformance& query);
Result<std::vector<SeatPrice>> find_in(const Catalog& catalog, const PerformanceId& performance,
                                       const std::vector<SeatNumber>& seats);
// Not a query, but it runs like one: it writes what no command touches yet.
Result<ConcertView> run(const QueryContext& at, AddConcert& command);

}  // namespace concertres
