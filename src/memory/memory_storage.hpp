// The storage behind open_memory(): tables (table.hpp, halls.hpp), what the bounded queries need
// beside them (indexes.hpp), and the events (event_log.hpp).
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "concertres/memory.hpp"
#include "concertres/storage.hpp"
#include "live/held_reservations.hpp"
#include "live/open_payments.hpp"
#include "live/room.hpp"
#include "memory/event_log.hpp"
#include "memory/halls.hpp"
#include "memory/indexes.hpp"
#include "memory/memory_outbox.hpp"
#include "memory/table.hpp"

namespace concertres::memory {

// Seats lie in halls; what is named by one dense key has a dense table; the rest is hashed.
template <class Key>
inline constexpr bool is_dense = false;
template <class Tag>
inline constexpr bool is_dense<Key<Tag>> = true;

template <class Row>
using TableOf =
    Table<Row, std::conditional_t<
                   std::is_same_v<Row, Seat>, SeatRows,
                   std::conditional_t<is_dense<KeyOf<Row>>, DenseRows<Row>, HashedRows<Row>>>>;

// A table for every row type that can be committed.
template <class Rows>
struct AllTables;
template <template <class> class Cell, class... Rows>
struct AllTables<Tables<Cell, Rows...>> {
    using type = std::tuple<TableOf<Rows>...>;
};

class MemoryStorage final : public Storage {
  public:
    explicit MemoryStorage(const MemoryOptions& options);

    bool exclusive() const override { return true; }
    const StoreSecrets& secrets() const override { return secrets_; }
    Time now() override;

    std::vector<NewConcert> concerts() override;
    std::int64_t allocate(std::size_t count) override;
    void add(const NewConcert& concert, const Progress& progress) override;

    void read(const RowKeys& wanted, Rows& found) override;
    Time load(const RowKeys& wanted, Rows& found) override;
    CommitOutcome commit(const ChangeSet& changes) override;

    std::vector<PerformanceState> performances(ConcertKey concert, Time after) override;
    std::vector<Seat> seats(PerformanceKey performance, SeatNumber after,
                            std::size_t limit) override;
    std::map<PerformanceKey, std::int64_t> dead_seats(Time now) override;
    std::optional<Time> next_deadline() override;
    std::vector<Place> waiting(ConcertKey concert, PlaceNumber after, std::size_t limit) override;
    std::vector<Place> passed(ConcertKey concert, PlaceNumber after, std::size_t limit) override;
    std::vector<Pass> admitted(ConcertKey concert, PlaceNumber after, std::size_t limit) override;
    std::vector<std::optional<HoldEnd>> ends_of_holds(
        std::span<const ReservationKey> keys) override;
    std::vector<Reservation> reservations(UserKey user, std::optional<ReservationKey> before,
                                          std::size_t limit) override;
    std::vector<Payment> payments(UserKey user, std::optional<PaymentKey> before,
                                  std::size_t limit) override;
    std::vector<Payment> open_payments(PaymentKey after, std::size_t limit) override;
    std::vector<Transfer> transfers(UserKey user, std::optional<std::int64_t> before,
                                    std::size_t limit) override;
    std::vector<Event> events(const Stream& stream, std::int64_t after, std::size_t limit) override;
    void scan(ScanVisitor& visitor) override;
    Outbox* outbox() override { return &outbox_; }
    Result<std::unique_ptr<BackupJob>> backup(const std::filesystem::path& file) override;

    // --- for the outbox
    [[nodiscard]] const EventLog& event_log() const { return events_; }
    // The public id of a performance or concert.
    [[nodiscard]] Uuid id_of(const Stream& stream) const;

  private:
    struct Show {
        NewConcert as_added;
        std::vector<std::pair<Time, PerformanceKey>> by_start;
        live::Room room;
    };

    [[nodiscard]] std::vector<Place> places(ConcertKey concert,
                                            const std::vector<PlaceNumber>& numbers) const;
    void check_new(const NewConcert& concert) const;
    void insert(const NewConcert& concert, std::vector<Hall> halls);
    [[nodiscard]] NewConcert as_it_stands(const Show& show) const;

    void stage(const ChangeSet& changes);
    void apply(const ChangeSet& changes);
    // What a table's rows need beyond their version: checked, and made ready.
    void check(const Slot<Reservation>& slot, const Reservation& row);
    void check(const Slot<Payment>& slot, const Payment& row);
    void check(const Slot<Line>& slot, const Line& row);
    void check(const Slot<Place>& slot, const Place& row);
    void check(const Slot<Pass>& slot, const Pass& row);
    template <class Row>
    void check(const Slot<Row>& slot, const Row& row);
    // Brings the indexes up to date. Cannot fail once the row has been checked.
    void before_change(const Slot<Reservation>& slot, const Reservation& row);
    void before_change(const Slot<Payment>& slot, const Payment& row);
    void before_change(const Slot<Place>& slot, const Place& row);
    void before_change(const Slot<Pass>& slot, const Pass& row);
    template <class Row>
    void before_change(const Slot<Row>&, const Row&) {}

    template <class Row>
    void read_rows(const std::vector<Wanted<Row>>& wanted, std::vector<Found<Row>>& found);
    // A row that is made of others.
    template <class Row>
    [[nodiscard]] std::optional<Row> derive(const KeyOf<Row>& key);

    template <class Row>
    [[nodiscard]] TableOf<Row>& table() {
        return std::get<TableOf<Row>>(tables_);
    }
    template <class Row>
    [[nodiscard]] const TableOf<Row>& table() const {
        return std::get<TableOf<Row>>(tables_);
    }

    AllTables<WritableTables<Versioned>>::type tables_;
    Pool<Show> shows_;
    DenseIndex<Show> show_index_;
    live::HeldReservations held_;
    live::OpenPayments open_payments_;
    Users users_;
    Ledger ledger_;
    Names<ReservationId, Reservation> reservation_names_;
    Names<PaymentId, Payment> payment_names_;
    EventLog events_;
    MemoryOutbox outbox_{*this};

    StoreClock clock_;
    std::atomic<Time> mark_{Time{}};  // the latest stamp of a commit; now() is asked by any thread
    StoreSecrets secrets_;
    Group group_;
};

}  // namespace concertres::memory
