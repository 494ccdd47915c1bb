// The scan: every row there is, and every checksum, as they stood at one moment. What is damaged is
// told and passed over.
#include "postgres/asked.hpp"

namespace concertres::postgres {
namespace {

constexpr const char* next_rows = "FETCH 5000 FROM scan";

}  // namespace

// Runs `visit(answer, row)` for each row of a query, a batch of them at a time.
template <class Visit>
void PostgresStorage::for_each_row(const std::string& sql, const Visit& visit) {
    Connection& at = *connection_;
    at.send_once("DECLARE scan NO SCROLL CURSOR FOR " + sql);
    at.send_once(next_rows);
    for (Answers answers = at.finish(); answers.back().rows() > 0; answers = at.finish()) {
        const Answer& batch = answers.back();
        for (int row = 0; row < batch.rows(); ++row) visit(batch, row);
        at.send_once(next_rows);
    }
    at.send_once("CLOSE scan");
    static_cast<void>(at.finish());
}

template <class Row>
void PostgresStorage::scan_table(ScanVisitor& visitor) {
    for_each_row(statements_.of<Row>().select_all.sql, [&](const Answer& answer, int row) {
        CellReader cells = answer.row(row, 1);
        Row found;
        get(cells, found);
        if (cells.intact()) {
            visitor.on(found);
        } else {
            visitor.on_damage("the table " + std::string(Table<Row>::name) +
                              " has a row that cannot be read (" +
                              PQfname(answer.get(), cells.damaged()) + ")");
        }
    });
}

void PostgresStorage::scan_rows(ScanVisitor& visitor) {
    scan_table<User>(visitor);
    scan_table<Sale>(visitor);
    scan_table<Line>(visitor);
    scan_table<Member>(visitor);
    scan_table<Place>(visitor);
    scan_table<Pass>(visitor);
    scan_table<PerformanceState>(visitor);
    scan_table<Limit>(visitor);
    scan_table<Reservation>(visitor);
    scan_table<Payment>(visitor);
    scan_table<Seat>(visitor);
    scan_table<Wallet>(visitor);
}

void PostgresStorage::scan_transfers(ScanVisitor& visitor) {
    for_each_row(statements_.all_transfers.sql, [&](const Answer& answer, int row) {
        CellReader cells = answer.row(row);
        Transfer transfer;
        std::uint32_t crc = 0;
        get(cells, transfer);
        cells.get(crc);
        visitor.on(transfer, cells.intact() && crc == checksum(transfer));
    });
}

void PostgresStorage::scan_events(ScanVisitor& visitor) {
    for_each_row(statements_.all_events.sql, [&](const Answer& answer, int row) {
        CellReader cells = answer.row(row);
        Event event;
        std::string data;
        std::uint32_t crc = 0;
        get(cells, event);
        cells.get(data).get(crc);
        const bool intact = cells.intact() && crc == checksum(event, data) && decode(data, event);
        visitor.on(event, intact);
    });
}

void PostgresStorage::scan(ScanVisitor& visitor) {
    require_alive();
    try {
        end_transaction();
        connection().send(statements_.begin_snapshot);
        static_cast<void>(connection_->finish());
        try {
            for (const NewConcert& concert : read_concerts(Param::null())) {
                visitor.on_concert(concert);
            }
        } catch (const Damaged& damage) {
            visitor.on_damage(std::string("the catalog: ") + damage.what());
        }
        scan_rows(visitor);
        scan_transfers(visitor);
        scan_events(visitor);
        end_transaction();
    } catch (const ConnectionLost& lost) {
        lose_connection();
        fail_unavailable(lost.what());
    } catch (const SqlError& error) {
        abandon_transaction();
        if (error.is_conflict() || error.is_refusal_of_server()) fail_unavailable(error.what());
        fail(error.what());
    }
}

}  // namespace concertres::postgres
