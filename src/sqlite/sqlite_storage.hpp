// The storage behind open_sqlite(): one connection (connection.hpp), the statements on it
// (statements.hpp, tables.hpp), and the rows that are at hand (row_cache.hpp).
//
// A commit is one record in the journal table (journal.hpp), and is known here as rows that the
// tables do not have yet (row_cache.hpp, pending.hpp). Folding writes these to the tables, many
// commits at once, and then deletes their records; see fold.cpp. Whoever reads looks here first.
#pragma once

#include <algorithm>
#include <atomic>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/assert.hpp"
#include "concertres/sqlite.hpp"
#include "concertres/storage.hpp"
#include "live/held_reservations.hpp"
#include "live/open_payments.hpp"
#include "live/room.hpp"
#include "sqlite/cells.hpp"
#include "sqlite/connection.hpp"
#include "sqlite/journal.hpp"
#include "sqlite/pending.hpp"
#include "sqlite/portion.hpp"
#include "sqlite/row_cache.hpp"
#include "sqlite/schema.hpp"
#include "sqlite/sqlite_outbox.hpp"
#include "sqlite/statements.hpp"
#include "sqlite/tables.hpp"

namespace concertres::sqlite {

// A row that was read is not one that this library has written.
class Damaged : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

class SqliteStorage final : public Storage {
  public:
    SqliteStorage(const std::filesystem::path& file, const SqliteOptions& options,
                  const Schema& schema);
    // Leaves the journal empty where it can.
    ~SqliteStorage() override;
    SqliteStorage(const SqliteStorage&) = delete;
    SqliteStorage& operator=(const SqliteStorage&) = delete;

    [[nodiscard]] bool exclusive() const override { return true; }
    [[nodiscard]] const StoreSecrets& secrets() const override { return secrets_; }
    [[nodiscard]] Time now() override;

    [[nodiscard]] std::vector<NewConcert> concerts() override;
    [[nodiscard]] std::int64_t allocate(std::size_t count) override;
    void add(const NewConcert& concert, const Progress& progress) override;

    void read(const RowKeys& wanted, Rows& found) override;
    [[nodiscard]] Time load(const RowKeys& wanted, Rows& found) override;
    [[nodiscard]] CommitOutcome commit(const ChangeSet& changes) override;
    bool tidy() override;

    [[nodiscard]] std::vector<PerformanceState> performances(ConcertKey concert,
                                                             Time after) override;
    [[nodiscard]] std::vector<Seat> seats(PerformanceKey performance, SeatNumber after,
                                          std::size_t limit) override;
    [[nodiscard]] std::map<PerformanceKey, std::int64_t> dead_seats(Time now) override;
    [[nodiscard]] std::optional<Time> next_deadline() override;
    [[nodiscard]] std::vector<Place> waiting(ConcertKey concert, PlaceNumber after,
                                             std::size_t limit) override;
    [[nodiscard]] std::vector<Place> passed(ConcertKey concert, PlaceNumber after,
                                            std::size_t limit) override;
    [[nodiscard]] std::vector<Pass> admitted(ConcertKey concert, PlaceNumber after,
                                             std::size_t limit) override;
    [[nodiscard]] std::vector<std::optional<HoldEnd>> ends_of_holds(
        std::span<const ReservationKey> keys) override;
    [[nodiscard]] std::vector<Reservation> reservations(UserKey user,
                                                        std::optional<ReservationKey> before,
                                                        std::size_t limit) override;
    [[nodiscard]] std::vector<Payment> payments(UserKey user, std::optional<PaymentKey> before,
                                                std::size_t limit) override;
    [[nodiscard]] std::vector<Payment> open_payments(PaymentKey after, std::size_t limit) override;
    [[nodiscard]] std::vector<Transfer> transfers(UserKey user, std::optional<std::int64_t> before,
                                                  std::size_t limit) override;
    [[nodiscard]] std::vector<Event> events(const Stream& stream, std::int64_t after,
                                            std::size_t limit) override;
    void scan(ScanVisitor& visitor) override;
    [[nodiscard]] Outbox* outbox() override { return &outbox_; }
    [[nodiscard]] Result<std::unique_ptr<BackupJob>> backup(
        const std::filesystem::path& file) override;

    // --- for tests
    [[nodiscard]] Connection& connection() { return connection_; }
    [[nodiscard]] Statements& statements() { return statements_; }
    [[nodiscard]] std::size_t cached_rows() const { return cache_.size(); }
    [[nodiscard]] std::int64_t journal_bytes() const { return journal_bytes_; }

  private:
    friend class SqliteOutbox;

    template <template <class> class Cell, class... Rows>
    static RowCache<Rows..., ReservationName> cache_of(const Tables<Cell, Rows...>&);
    using Cache = decltype(cache_of(WritableTables<Versioned>{}));

    // Runs `work` and makes of what SQLite throws a StorageError(failed); nothing works after it.
    template <class Work>
    auto guarded(Work&& work);
    [[noreturn]] void fail(const std::string& what);
    // Nothing works after it, and what is in the file is for the next open to find out.
    void give_up();
    void require_alive() const;

    // --- opening
    // Whether it is a copy that nobody has opened yet.
    [[nodiscard]] bool read_store();
    void recover();
    class Recovery;
    std::int64_t read_journal(SQLite::Statement& records, Record& record);
    void read_live();
    void begin_new_epochs();

    // --- reading
    template <class Row>
    void read_rows(const std::vector<Wanted<Row>>& wanted, std::vector<Found<Row>>& found);
    template <class Row>
    [[nodiscard]] std::optional<Versioned<Row>> find(const KeyOf<Row>& key);
    template <class Row>
    [[nodiscard]] std::optional<Versioned<Row>> select(const KeyOf<Row>& key);
    // 0: there is no such row.
    template <class Row>
    [[nodiscard]] std::uint64_t version_in_table(const KeyOf<Row>& key);
    template <class Name>
    [[nodiscard]] std::optional<Versioned<Name>> find_name(SQLite::Statement& by_id,
                                                           const KeyOf<Name>& id);
    [[nodiscard]] std::optional<Versioned<Transfer>> find_transfer(const TransferId& id);
    [[nodiscard]] std::optional<Versioned<RoomLine>> find_line(ConcertKey concert);
    // What the cache knows of a row is later than what the tables have.
    template <class Row>
    void bring_up_to_date(Row& row);
    // REQUIRES: it is there, or the store is damaged
    template <class Row>
    [[nodiscard]] Row read_row(const KeyOf<Row>& key);
    // `in_tables`: of a concert above a number, in order.
    template <class Row>
    [[nodiscard]] std::vector<Row> rows_at(ConcertKey concert, SQLite::Statement& in_tables,
                                           const std::vector<PlaceNumber>& numbers);
    template <class Row>
    [[nodiscard]] std::vector<Row> newest(SQLite::Statement& statement, UserKey user,
                                          std::optional<KeyOf<Row>> before, std::size_t limit,
                                          const NewRows<Row>& pending);
    [[nodiscard]] std::vector<NewConcert> read_concerts();

    // --- writing
    void check(const ChangeSet& changes);
    void check_name(const Reservation& row) {
        CONCERTRES_ASSERT(absent_.contains(row.id.uuid) || !find<ReservationName>(row.id));
        note_made(row.id.uuid);
    }
    void check_name(const Payment& row) {
        CONCERTRES_ASSERT(absent_.contains(row.id.uuid) || !find<PaymentName>(row.id));
        note_made(row.id.uuid);
    }
    template <class Row>
    void check_name(const Row&) {}
    void note_made(const Uuid& id) {
        const bool is_first = made_.insert(id).second;
        CONCERTRES_ASSERT(is_first);
    }
    void note_absent(const Uuid& id) {
        constexpr std::size_t absent_max = 100'000;
        if (absent_.size() >= absent_max) absent_.clear();
        absent_.insert(id);
    }
    template <class Appended, class OwnerOf>
    void check_numbers(const std::vector<Appended>& appended, const OwnerOf& owner_of);
    // Of a stream's events, or a wallet's transfers; 0: there is none.
    [[nodiscard]] std::int64_t last_number(const Stream& stream);
    [[nodiscard]] std::int64_t last_number(UserKey wallet);
    void write_record(const ChangeSet& changes);
    void remember(const ChangeSet& changes);
    template <class Row>
    void remember(const Versioned<Row>& row);
    void note_live(const Reservation& row) { held_.change(row); }
    void note_live(const Payment& row) { open_payments_.change(row); }
    void note_live(const Place& row) { rooms_[row.concert].change(row); }
    void note_live(const Pass& row) { rooms_[row.concert].change(row); }
    template <class Row>
    void note_live(const Row&) {}
    void note_new(const Reservation& row) { pending_.reservations.add(row); }
    void note_new(const Payment& row) { pending_.payments.add(row); }
    template <class Row>
    void note_new(const Row&) {}
    void write_counters();
    [[nodiscard]] CommitOutcome undo(const SQLite::Exception& error);

    // --- folding
    [[nodiscard]] bool is_folded() const { return journal_.empty(); }
    // How much is folded on the way of a commit.
    [[nodiscard]] std::size_t fold_due(const ChangeSet& changes);
    // So many items at most, within a transaction whose own record has so many bytes; what is
    // written counts once settle_pending() is called after its commit. Returns how many.
    std::size_t fold(std::size_t items, std::int64_t bytes_coming_in);
    void begin_round();
    // Or of the next one, where there is none.
    [[nodiscard]] std::size_t left_of_round();
    void settle_pending();
    void unwrite();
    // The same in a transaction of its own. Nothing: there was no space, and all is as it was.
    std::optional<std::size_t> fold_now(std::size_t items);
    // The same; throws what SQLite throws, and then the transaction is still to be undone.
    std::size_t fold_alone(std::size_t items);
    // As much as nobody minds. False: there was no space.
    bool fold_some();
    void delete_records(std::size_t budget, std::int64_t bytes_coming_in);
    // Throws StorageError(full).
    void fold_all();
    // A transaction of its own. Throws StorageError(full), and then nothing was written.
    void write_alone(const std::function<void(SQLite::Database&)>& work);
    template <class Row>
    void write(const typename Cache::template Slot<Row>& slot);
    void write(const PendingEvent& event);
    void write(const Transfer& transfer);
    void write(const NameEntry<Reservation>& entry);
    void write(const NameEntry<Payment>& entry);
    void write(const OwnerEntry<Reservation>& entry);
    void write(const OwnerEntry<Payment>& entry);
    void write(const TransferNameEntry& entry);

    // --- the scan
    void fold_to_scan(ScanVisitor& visitor);
    void scan_rows(ScanVisitor& visitor);
    template <class Row>
    void scan_table(ScanVisitor& visitor);
    void scan_transfers(ScanVisitor& visitor);
    void scan_events(ScanVisitor& visitor);
    void scan_names(ScanVisitor& visitor);
    void scan_structure(ScanVisitor& visitor);
    // Runs `work`; damage that ends it is told to `visitor`.
    template <class Work>
    void tell_damage(ScanVisitor& visitor, std::string_view where, Work&& work);

    Connection connection_;
    Statements statements_;
    Cache cache_;
    StoreSecrets secrets_;
    std::atomic<Time> mark_;  // the latest time that was stamped on a commit; now() reads it too
    std::optional<StoreClock> clock_;
    std::int64_t next_key_ = 1;  // stored with each commit, so it is above all keys that rows have
    bool failed_ = false;

    // --- what is not over yet
    live::HeldReservations held_;
    live::OpenPayments open_payments_;
    std::map<ConcertKey, live::Room> rooms_;
    SqliteOutbox outbox_{*this};

    // --- what the journal has, and the tables not yet
    struct JournalEntry {
        std::int64_t number = 0;
        std::int64_t bytes = 0;
    };
    const std::int64_t journal_bytes_max_;
    std::deque<JournalEntry> journal_;
    std::int64_t journal_bytes_ = 0;
    double fold_due_ = 0;          // items, and not folded yet
    bool short_of_space_ = false;  // so that no round is hurried, until some is given back
    Portion when_idle_;            // items
    std::int64_t last_record_ = 0;
    std::optional<std::int64_t> round_through_;    // the last record of the round that is folded
    std::optional<std::int64_t> deleted_through_;  // by the transaction that is open
    Pending pending_;
    boost::unordered_flat_set<Uuid, std::hash<Uuid>> absent_;  // ids that were asked for in vain
    boost::unordered_flat_set<Uuid, std::hash<Uuid>> made_;    // by the commit that is checked
    std::string record_;                                       // what is being written
    std::vector<std::string> texts_;                           // of its events
};

template <class Work>
auto SqliteStorage::guarded(Work&& work) {
    require_alive();
    try {
        return work();
    } catch (const SQLite::Exception& error) {
        fail(error.what());
    } catch (const Damaged& damage) {
        fail(damage.what());
    }
}

template <class Row>
void SqliteStorage::remember(const Versioned<Row>& row) {
    cache_.change(row, [&row](const std::optional<Versioned<Row>>* before) {
        if (before == nullptr) return true;
        CONCERTRES_ASSERT(row.version == (*before ? (*before)->version + 1 : 1));
        if constexpr (changes_seldom<Row>) {
            return !*before || Table<Row>::seldom_differ((*before)->row, row.row);
        }
        return true;
    });
    note_live(row.row);
}

// The row that `statement` stands on, from the version on.
template <class Row>
[[nodiscard]] Versioned<Row> versioned_row(const SQLite::Statement& statement) {
    CellReader cells(statement);
    Versioned<Row> found;
    cells.get(found.version);
    get(cells, found.row);
    if (!cells.intact()) {
        throw Damaged("a row of the table " + std::string(Table<Row>::name) + " is damaged");
    }
    return found;
}

// A row without a version.
template <class Row>
[[nodiscard]] Row plain_row(const SQLite::Statement& statement) {
    CellReader cells(statement);
    Row row;
    get(cells, row);
    if (!cells.intact()) {
        throw Damaged("a row of the table " + std::string(Table<Row>::name) + " is damaged");
    }
    return row;
}

// Reads the cells of the row that `statement` stands on.
template <class... Cell>
void read_cells(const SQLite::Statement& statement, Cell&... cells) {
    CellReader reader(statement);
    (reader.get(cells), ...);
    if (!reader.intact())
        throw Damaged("a row is damaged that is wanted by: " + statement.getQuery());
}

// A limit as SQLite wants it.
[[nodiscard]] inline std::int64_t as_limit(std::size_t limit) {
    return static_cast<std::int64_t>(std::min(limit, std::size_t{INT64_MAX}));
}

// Opens with another schema than this library's: for tests of migration.
[[nodiscard]] std::unique_ptr<SqliteStorage> open_with(const std::filesystem::path& file,
                                                       const SqliteOptions& options,
                                                       const Schema& schema);

}  // namespace concertres::sqlite
