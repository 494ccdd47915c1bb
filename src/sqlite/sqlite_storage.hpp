// The storage behind open_sqlite(): one connection (connection.hpp), the statements on it
// (statements.hpp, tables.hpp), and the rows that are at hand (row_cache.hpp).
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/sqlite.hpp"
#include "concertres/storage.hpp"
#include "sqlite/cells.hpp"
#include "sqlite/connection.hpp"
#include "sqlite/row_cache.hpp"
#include "sqlite/schema.hpp"
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

    [[nodiscard]] bool exclusive() const override { return true; }
    [[nodiscard]] const StoreSecrets& secrets() const override { return secrets_; }
    [[nodiscard]] Time now() override;

    [[nodiscard]] std::vector<NewConcert> concerts() override;
    [[nodiscard]] std::int64_t allocate(std::size_t count) override;
    void add(const NewConcert& concert, const Progress& progress) override;

    void read(const RowKeys& wanted, Rows& found) override;
    [[nodiscard]] Time load(const RowKeys& wanted, Rows& found) override;
    [[nodiscard]] CommitOutcome commit(const ChangeSet& changes) override;
    void tidy() override;

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
    [[nodiscard]] std::vector<Reservation> reservations(UserKey user,
                                                        std::optional<ReservationKey> before,
                                                        std::size_t limit) override;
    [[nodiscard]] std::vector<Payment> payments(UserKey user, std::optional<PaymentKey> before,
                                                std::size_t limit) override;
    [[nodiscard]] std::vector<Transfer> transfers(UserKey user, std::optional<std::int64_t> before,
                                                  std::size_t limit) override;
    [[nodiscard]] std::vector<Event> events(const Stream& stream, std::int64_t after,
                                            std::size_t limit) override;
    void scan(ScanVisitor& visitor) override;
    [[nodiscard]] Result<std::unique_ptr<BackupJob>> backup(
        const std::filesystem::path& file) override;

    // --- for tests
    [[nodiscard]] Connection& connection() { return connection_; }
    [[nodiscard]] Statements& statements() { return statements_; }
    [[nodiscard]] std::size_t cached_rows() const { return cache_.size(); }

  private:
    template <template <class> class Cell, class... Rows>
    static RowCache<Rows..., ReservationName> cache_of(const Tables<Cell, Rows...>&);
    using Cache = decltype(cache_of(WritableTables<Versioned>{}));

    // Runs `work` and makes of what SQLite throws a StorageError(failed); nothing works after it.
    template <class Work>
    auto guarded(Work&& work);
    [[noreturn]] void fail(const std::string& what);
    void require_alive() const;

    // --- opening
    void read_store();
    void begin_new_epochs();

    // --- reading
    template <class Row>
    [[nodiscard]] std::optional<Versioned<Row>> find(const KeyOf<Row>& key);
    template <class Row>
    [[nodiscard]] std::optional<Versioned<Row>> select(const KeyOf<Row>& key);
    template <class Name>
    [[nodiscard]] std::optional<Versioned<Name>> find_name(SQLite::Statement& by_id,
                                                           const KeyOf<Name>& id);
    [[nodiscard]] std::optional<Versioned<Transfer>> find_transfer(const TransferId& id);
    [[nodiscard]] std::optional<Versioned<RoomLine>> find_line(ConcertKey concert);
    [[nodiscard]] std::vector<PlaceNumber> first_waiting(ConcertKey concert);
    [[nodiscard]] ExpiringHolds expiring_holds();
    std::vector<PlaceNumber> waiting_numbers(ConcertKey concert, PlaceNumber after,
                                             std::size_t limit);
    [[nodiscard]] std::vector<NewConcert> read_concerts();

    // --- writing
    void write(const ChangeSet& changes);
    template <class Row>
    [[nodiscard]] SQLite::Statement& statement_for(const Versioned<Row>& row);
    template <class Row>
    void write(const Versioned<Row>& row);
    void write(const Transfer& transfer);
    void write(const Event& event);
    void write_counters(Time mark);
    void remember(const ChangeSet& changes);
    [[nodiscard]] CommitOutcome undo(const SQLite::Exception& error);

    // --- the scan
    void scan_rows(ScanVisitor& visitor);
    template <class Row>
    void scan_table(ScanVisitor& visitor);
    void scan_transfers(ScanVisitor& visitor);
    void scan_events(ScanVisitor& visitor);
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
