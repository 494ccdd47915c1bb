#include "sqlite/sqlite_storage.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <type_traits>

#include "concertres/assert.hpp"
#include "sqlite/backup.hpp"

namespace concertres::sqlite {
namespace {

// Rows of these tables come with their concert, without passing the cache; so it must not be
// remembered that there was none.
template <class Row>
constexpr bool comes_with_its_concert =
    std::is_same_v<Row, PerformanceState> || std::is_same_v<Row, Sale> ||
    std::is_same_v<Row, Line> || std::is_same_v<Row, Seat>;

}  // namespace

// --- Opening -----------------------------------------------------------------------------------

SqliteStorage::SqliteStorage(const std::filesystem::path& file, const SqliteOptions& options,
                             const Schema& schema)
    : connection_(file, options, schema),
      statements_(connection_.database()),
      cache_(options.cached_rows_max) {
    read_store();
    clock_.emplace(options.clock ? *options.clock : system_clock(), mark_.load());
}

std::unique_ptr<SqliteStorage> open_with(const std::filesystem::path& file,
                                         const SqliteOptions& options, const Schema& schema) {
    const std::string name = "the store " + file.string();
    try {
        return std::make_unique<SqliteStorage>(file, options, schema);
    } catch (const SQLite::Exception& error) {
        throw_as_open_error(error, name);
    } catch (const Damaged& damage) {
        throw StorageError(StorageError::Kind::corrupt,
                           name + ": " + damage.what() + "; restore it from a backup");
    }
}

void SqliteStorage::read_store() {
    Time mark;
    SQLite::Statement store(connection_.database(),
                            "SELECT mark, next_key, ids_secret, copied FROM store WHERE id = 1");
    if (!store.executeStep()) throw Damaged("its secret is missing");
    bool copied = false;
    read_cells(store, mark, next_key_, secrets_.ids, copied);
    store.reset();
    mark_ = mark;
    SQLite::Statement keys(connection_.database(),
                           "SELECT id, secret FROM token_key ORDER BY position");
    while (keys.executeStep()) {
        TokenKey key;
        read_cells(keys, key.id, key.secret);
        secrets_.tokens.push_back(key);
    }
    if (secrets_.tokens.empty()) throw Damaged("its token keys are missing");
    if (copied) begin_new_epochs();
}

// Of a copy that is opened for the first time: its original may have given numbers since, and the
// tokens of their holders verify here. So none of those numbers is given here to somebody else.
void SqliteStorage::begin_new_epochs() {
    SQLite::Database& database = connection_.database();
    Use(statements_.begin).run();
    database.exec(
        "UPDATE line SET version = version + 1, epoch = epoch + 1, next_sequence = 1;"
        "UPDATE store SET copied = 0");
    Use(statements_.commit).run();
}

Time SqliteStorage::now() { return std::max(clock_->now(), mark_.load()); }

std::int64_t SqliteStorage::allocate(std::size_t count) {
    require_alive();
    const std::int64_t first = next_key_;
    next_key_ += static_cast<std::int64_t>(count);
    return first;
}

void SqliteStorage::tidy() {
    guarded([&] { connection_.checkpoint_if_worth_it(); });
}

Result<std::unique_ptr<BackupJob>> SqliteStorage::backup(const std::filesystem::path& file) {
    require_alive();
    return FileBackup::begin(connection_, file);
}

void SqliteStorage::require_alive() const {
    if (!failed_) return;
    throw StorageError(StorageError::Kind::failed,
                       connection_.name() + " has failed; reopen it to find out what is in it");
}

void SqliteStorage::fail(const std::string& what) {
    failed_ = true;
    static_cast<void>(connection_.roll_back());
    connection_.abandon();
    throw StorageError(StorageError::Kind::failed, connection_.name() + " has failed: " + what);
}

// --- Rows by key -------------------------------------------------------------------------------

template <class Row>
std::optional<Versioned<Row>> SqliteStorage::select(const KeyOf<Row>& key) {
    Use use(statements_.of<Row>().select);
    CellBinder cells(*use);
    if constexpr (std::is_same_v<Row, Seat>) {
        cells.add(key.performance).add(key.number);
    } else if constexpr (std::is_same_v<Row, Place> || std::is_same_v<Row, Pass>) {
        cells.add(key.concert).add(key.number);
    } else if constexpr (std::is_same_v<Row, Member>) {
        cells.add(key.concert).add(key.user);
    } else if constexpr (std::is_same_v<Row, Line>) {
        cells.add(key.concert).add(key.line_class);
    } else if constexpr (std::is_same_v<Row, Limit>) {
        cells.add(key.user).add(key.scope);
    } else {
        cells.add(key);
    }
    if (!use.step()) return std::nullopt;
    return versioned_row<Row>(*use);
}

template <class Name>
std::optional<Versioned<Name>> SqliteStorage::find_name(SQLite::Statement& by_id,
                                                        const KeyOf<Name>& id) {
    Use use(by_id);
    CellBinder(*use).add(id);
    if (!use.step()) return std::nullopt;
    Versioned<Name> found{{.id = id, .named = {}}, 1};
    read_cells(*use, found.row.named);
    return found;
}

std::optional<Versioned<Transfer>> SqliteStorage::find_transfer(const TransferId& id) {
    Use use(statements_.transfer);
    CellBinder(*use).add(id);
    if (!use.step()) return std::nullopt;
    return Versioned<Transfer>{plain_row<Transfer>(*use), 1};
}

template <class Row>
std::optional<Versioned<Row>> SqliteStorage::find(const KeyOf<Row>& key) {
    if constexpr (std::is_same_v<Row, ReservationName>) {
        if (const auto* cached = cache_.find<Row>(key)) return *cached;
        auto found = find_name<Row>(statements_.reservation_name, key);
        // Ids that do not exist are as many as callers care to invent, and most are asked for once.
        if (found) cache_.put<Row>(key, found);
        return found;
    } else if constexpr (std::is_same_v<Row, PaymentName>) {
        return find_name<Row>(statements_.payment_name, key);
    } else if constexpr (std::is_same_v<Row, Transfer>) {
        return find_transfer(key);
    } else if constexpr (std::is_same_v<Row, RoomLine>) {
        return find_line(key);
    } else if constexpr (std::is_same_v<Row, ExpiringHolds>) {
        if (key != ExpiringHolds{}.key()) return std::nullopt;
        return Versioned<ExpiringHolds>{expiring_holds(), 1};
    } else {
        if (const auto* cached = cache_.find<Row>(key)) return *cached;
        auto found = select<Row>(key);
        if (found || !comes_with_its_concert<Row>) cache_.put<Row>(key, found);
        return found;
    }
}

void SqliteStorage::read(const RowKeys& wanted, Rows& found) {
    guarded([&] {
        wanted.for_each([&]<class Row>(const std::vector<Wanted<Row>>& keys) {
            std::vector<Found<Row>>& rows = found.of<Row>();
            rows.reserve(rows.size() + keys.size());
            for (const Wanted<Row>& want : keys) rows.push_back({want.key, find<Row>(want.key)});
        });
    });
}

Time SqliteStorage::load(const RowKeys& wanted, Rows& found) {
    read(wanted, found);
    return now();
}

std::optional<Versioned<RoomLine>> SqliteStorage::find_line(ConcertKey concert) {
    if (!find<Sale>(concert)) return std::nullopt;
    RoomLine line{.concert = concert};
    {
        Use count(statements_.admitted_count);
        CellBinder(*count).add(concert);
        if (!count.step()) throw Damaged("passes cannot be counted");
        read_cells(*count, line.admitted);
    }
    line.waiting = first_waiting(concert);
    Use ending(statements_.ending);
    CellBinder(*ending).add(concert).integer(as_limit(RoomLine::batch));
    while (ending.step()) {
        auto& next = line.expiring.emplace_back();
        read_cells(*ending, next.name, next.ends_at);
    }
    return Versioned<RoomLine>{std::move(line), 1};
}

// The first `batch` numbers of each class, which lie together in the index.
std::vector<PlaceNumber> SqliteStorage::first_waiting(ConcertKey concert) {
    std::vector<PlaceNumber> first;
    for (PlaceNumber after{};;) {
        const std::vector<PlaceNumber> next = waiting_numbers(concert, after, RoomLine::batch);
        if (next.empty()) return first;
        const PlaceNumber last = PlaceNumber::last_of(next.front().line_class());
        // A number that nobody was given is the audit's to find.
        if (next.front() > last) return first;
        const auto end = std::ranges::upper_bound(next, last);
        first.insert(first.end(), next.begin(), end);
        if (end == next.end() && next.size() < RoomLine::batch) return first;
        after = last;
    }
}

ExpiringHolds SqliteStorage::expiring_holds() {
    Use use(statements_.expiring);
    CellBinder(*use).integer(as_limit(ExpiringHolds::batch));
    ExpiringHolds holds;
    while (use.step()) {
        auto& next = holds.reservations.emplace_back();
        read_cells(*use, next.name, next.ends_at);
    }
    return holds;
}

// --- A commit ----------------------------------------------------------------------------------

CommitOutcome SqliteStorage::commit(const ChangeSet& changes) {
    guarded([&] { connection_.checkpoint_if_due(); });
    try {
        Use(statements_.begin).run();
        write(changes);
        Use(statements_.commit).run();
        remember(changes);
    } catch (const SQLite::Exception& error) {
        return undo(error);
    } catch (...) {
        // A bug, or no memory: whichever, the store and the cache may differ now.
        failed_ = true;
        static_cast<void>(connection_.roll_back());
        connection_.abandon();
        throw;
    }
    return CommitOutcome::committed;
}

void SqliteStorage::write(const ChangeSet& changes) {
    changes.rows.for_each([&](const auto& rows) {
        for (const auto& row : rows) write(row);
    });
    for (const Transfer& transfer : changes.transfers) write(transfer);
    for (const Event& event : changes.events) write(event);
    write_counters(std::max(mark_.load(), changes.at));
}

void SqliteStorage::write_counters(Time mark) {
    Use counters(statements_.set_counters);
    CellBinder(*counters).add(mark).integer(next_key_);
    CONCERTRES_ASSERT(counters.run() == 1);
}

// SQLite writes an index anew wherever one of its columns is set, even to the same value: a hold
// would cost its pass four writes more.
template <class Row>
SQLite::Statement& SqliteStorage::statement_for(const Versioned<Row>& row) {
    RowStatements<Row>& statements = statements_.of<Row>();
    if (row.version == 1) return statements.insert;
    if constexpr (changes_seldom<Row>) {
        const auto* before = cache_.find<Row>(row.row.key());
        const bool is_known = before != nullptr && *before;
        if (is_known && !Table<Row>::seldom_differ((*before)->row, row.row)) {
            return statements.update_often;
        }
    }
    return statements.update;
}

template <class Row>
void SqliteStorage::write(const Versioned<Row>& row) {
    CONCERTRES_ASSERT(row.version >= 1);
    Use use(statement_for(row));
    CellBinder cells(*use);
    cells.add(row.version);
    bind(cells, row.row);
    CONCERTRES_ASSERT(use.run() == 1);
}

void SqliteStorage::write(const Transfer& transfer) {
    Use use(statements_.insert_transfer);
    CellBinder cells(*use);
    bind(cells, transfer);
    cells.add(checksum(transfer));
    use.run();
}

void SqliteStorage::write(const Event& event) {
    const std::string data = encode(event);
    Use use(statements_.insert_event);
    CellBinder cells(*use);
    bind(cells, event);
    cells.add(data).add(checksum(event, data));
    use.run();
}

void SqliteStorage::remember(const ChangeSet& changes) {
    mark_ = std::max(mark_.load(), changes.at);
    changes.rows.for_each([&]<class Row>(const std::vector<Versioned<Row>>& rows) {
        for (const Versioned<Row>& row : rows) cache_.put<Row>(row.row.key(), row);
    });
    for (const Versioned<Reservation>& made : changes.rows.of<Reservation>()) {
        if (made.version != 1) continue;
        cache_.put<ReservationName>(made.row.id,
                                    Versioned<ReservationName>{{made.row.id, made.row.row}, 1});
    }
}

// Whether a transaction that failed is certainly gone. Without space SQLite has not written the
// frame that ends it, the WAL goes on from before it, and the rollback cannot fail. After any other
// error, above all of a sync, that frame may be on the disk.
CommitOutcome SqliteStorage::undo(const SQLite::Exception& error) {
    const int code = error.getErrorCode() & 0xff;
    const bool undone = connection_.roll_back();
    if (code == SQLITE_FULL && undone) return CommitOutcome::not_committed;
    failed_ = true;
    connection_.abandon();
    // A row that should be new is there, or an id twice: a bug of the engine's.
    CONCERTRES_ASSERT(code != SQLITE_CONSTRAINT);
    return CommitOutcome::lost;
}

}  // namespace concertres::sqlite

namespace concertres {

std::unique_ptr<Storage> open_sqlite(const std::filesystem::path& file,
                                     const SqliteOptions& options) {
    return sqlite::open_with(file, options, sqlite::current_schema());
}

}  // namespace concertres
