#include "sqlite/sqlite_storage.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <type_traits>
#include <utility>

#include "base/fetch_ahead.hpp"
#include "concertres/assert.hpp"
#include "sqlite/backup.hpp"

namespace concertres::sqlite {
namespace {

std::int64_t only_number(Use& use) {
    std::int64_t number = 0;
    if (use.step()) read_cells(*use, number);
    return number;
}

// Rows of these tables come with their concert, without passing the cache; so it must not be
// remembered that there was none.
template <class Row>
constexpr bool comes_with_its_concert =
    std::is_same_v<Row, PerformanceState> || std::is_same_v<Row, Sale> ||
    std::is_same_v<Row, Line> || std::is_same_v<Row, Seat>;

// Rows that are made of others when somebody wants them, or are not found by their key alone.
template <class Row>
constexpr bool is_derived = std::is_same_v<Row, ReservationName> ||
                            std::is_same_v<Row, PaymentName> || std::is_same_v<Row, Transfer> ||
                            std::is_same_v<Row, RoomLine> || std::is_same_v<Row, ExpiringHolds>;

// What is folded at once where nobody waits: who comes meanwhile waits for its end.
constexpr Portion::Bounds items_when_idle{
    .min = 100, .first = 500, .max = 1'000, .time = std::chrono::milliseconds(5)};
// Whoever closes a store may be told to hurry.
constexpr auto fold_at_end_max = std::chrono::seconds(1);

}  // namespace

// --- Opening -----------------------------------------------------------------------------------

SqliteStorage::SqliteStorage(const std::filesystem::path& file, const SqliteOptions& options,
                             const Schema& schema)
    : connection_(file, options, schema),
      statements_(connection_.database()),
      cache_(options.cached_rows_max),
      journal_bytes_max_(std::max<std::int64_t>(options.journal_bytes_max, 0)),
      when_idle_(items_when_idle) {
    const bool is_copy = read_store();
    read_live();
    outbox_.open();
    recover();
    if (is_copy) {
        begin_new_epochs();
        cache_ = Cache(options.cached_rows_max);
    }
    clock_.emplace(options.clock ? *options.clock : system_clock(), mark_.load());
}

// Whoever looks into the file then finds all of it in the tables; or in the journal what takes
// long.
SqliteStorage::~SqliteStorage() {
    if (failed_ || connection_.is_abandoned()) return;
    const auto end = std::chrono::steady_clock::now() + fold_at_end_max;
    try {
        while (!is_folded() && std::chrono::steady_clock::now() < end) {
            if (!fold_some()) return;
        }
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the journal has it
    }
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

bool SqliteStorage::read_store() {
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
    return copied;
}

// Of a copy that is opened for the first time: its original may have given numbers since, and the
// tokens of their holders verify here. So none of those numbers is given here to somebody else.
void SqliteStorage::begin_new_epochs() {
    SQLite::Database& database = connection_.database();
    fold_all();
    Use(statements_.begin).run();
    database.exec(
        "UPDATE line SET version = version + 1, epoch = epoch + 1, next_sequence = 1;"
        "UPDATE store SET copied = 0");
    Use(statements_.commit).run();
}

void SqliteStorage::fold_all() {
    while (!is_folded()) {
        if (fold_now(SIZE_MAX)) continue;
        throw StorageError(StorageError::Kind::full,
                           connection_.name() + " cannot be written: there is no space left");
    }
}

void SqliteStorage::write_alone(const std::function<void(SQLite::Database&)>& work) {
    guarded([&] { connection_.checkpoint_if_due(); });
    try {
        Use(statements_.begin).run();
        work(connection_.database());
        Use(statements_.commit).run();
    } catch (const SQLite::Exception& error) {
        if (undo(error) != CommitOutcome::not_committed) fail(error.what());
        throw StorageError(StorageError::Kind::full,
                           connection_.name() + " cannot be written: there is no space left");
    } catch (...) {
        give_up();
        throw;
    }
}

Time SqliteStorage::now() { return std::max(clock_->now(), mark_.load()); }

std::int64_t SqliteStorage::allocate(std::size_t count) {
    require_alive();
    const std::int64_t first = next_key_;
    next_key_ += static_cast<std::int64_t>(count);
    return first;
}

bool SqliteStorage::tidy() {
    require_alive();
    if (!is_folded() && fold_some()) return true;
    guarded([&] { connection_.checkpoint_if_worth_it(); });
    return false;
}

Result<std::unique_ptr<BackupJob>> SqliteStorage::backup(const std::filesystem::path& file) {
    require_alive();
    const auto fold = [this](std::size_t items) {
        if (is_folded()) return Folded::all;
        if (!fold_now(items)) return Folded::no_space;
        return is_folded() ? Folded::all : Folded::some;
    };
    return FileBackup::begin(connection_, fold, file);
}

void SqliteStorage::require_alive() const {
    if (!failed_) return;
    throw StorageError(StorageError::Kind::failed,
                       connection_.name() + " has failed; reopen it to find out what is in it");
}

void SqliteStorage::fail(const std::string& what) {
    give_up();
    throw StorageError(StorageError::Kind::failed, connection_.name() + " has failed: " + what);
}

void SqliteStorage::give_up() {
    failed_ = true;
    static_cast<void>(connection_.roll_back());
    connection_.abandon();
}

// --- Rows by key -------------------------------------------------------------------------------

template <class Row>
std::optional<Versioned<Row>> SqliteStorage::select(const KeyOf<Row>& key) {
    Use use(statements_.of<Row>().select);
    CellBinder cells(*use);
    bind_key<Row>(cells, key);
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
    auto place = pending_.find(id);
    if (!place) {
        Use name(statements_.transfer_name);
        CellBinder(*name).add(id);
        if (!name.step()) {
            note_absent(id.uuid);
            return std::nullopt;
        }
        place.emplace();
        read_cells(*name, place->wallet, place->number);
    }
    if (const Transfer* pending = pending_.transfer_at(*place)) {
        return Versioned<Transfer>{*pending, 1};
    }
    Use use(statements_.transfer);
    CellBinder(*use).add(place->wallet).integer(place->number);
    if (!use.step()) throw Damaged("a transfer is missing that the table transfer_name names");
    return Versioned<Transfer>{plain_row<Transfer>(*use), 1};
}

template <class Row>
std::optional<Versioned<Row>> SqliteStorage::find(const KeyOf<Row>& key) {
    if constexpr (std::is_same_v<Row, ReservationName>) {
        if (const auto made = pending_.reservations.find(key)) {
            return Versioned<Row>{{.id = key, .named = *made}, 1};
        }
        if (const auto* cached = cache_.find<Row>(key)) return *cached;
        auto found = find_name<Row>(statements_.reservation_name, key);
        // Ids that do not exist are as many as callers care to invent, and most are asked for once.
        if (found) cache_.put<Row>(key, found);
        if (!found) note_absent(key.uuid);
        return found;
    } else if constexpr (std::is_same_v<Row, PaymentName>) {
        if (const auto made = pending_.payments.find(key)) {
            return Versioned<Row>{{.id = key, .named = *made}, 1};
        }
        auto found = find_name<Row>(statements_.payment_name, key);
        if (!found) note_absent(key.uuid);
        return found;
    } else if constexpr (std::is_same_v<Row, Transfer>) {
        return find_transfer(key);
    } else if constexpr (std::is_same_v<Row, RoomLine>) {
        return find_line(key);
    } else if constexpr (std::is_same_v<Row, ExpiringHolds>) {
        if (key != ExpiringHolds{}.key()) return std::nullopt;
        return Versioned<ExpiringHolds>{held_.batch(), 1};
    } else {
        if (const auto* cached = cache_.find<Row>(key)) return *cached;
        auto found = select<Row>(key);
        if (found || !comes_with_its_concert<Row>) cache_.put<Row>(key, found);
        return found;
    }
}

template <class Row>
void SqliteStorage::read_rows(const std::vector<Wanted<Row>>& wanted,
                              std::vector<Found<Row>>& found) {
    const std::size_t first = found.size();
    found.reserve(first + wanted.size());
    if constexpr (is_derived<Row>) {
        for (const Wanted<Row>& want : wanted) found.push_back({want.key, find<Row>(want.key)});
        return;
    } else {
        // Found first and copied then: the memory of one comes while the next is looked for.
        std::vector<const std::optional<Versioned<Row>>*> cached;
        cached.reserve(wanted.size());
        for (const Wanted<Row>& want : wanted) {
            cached.push_back(cache_.find<Row>(want.key));
            if (cached.back() != nullptr) fetch_ahead(*cached.back());
        }
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            found.push_back({wanted[i].key, cached[i] != nullptr ? *cached[i] : std::nullopt});
        }
        // Last, for they may take the place of others in the cache.
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            if (cached[i] == nullptr) found[first + i].row = find<Row>(wanted[i].key);
        }
    }
}

void SqliteStorage::read(const RowKeys& wanted, Rows& found) {
    guarded([&] {
        wanted.for_each([&]<class Row>(const std::vector<Wanted<Row>>& keys) {
            if (!keys.empty()) read_rows(keys, found.of<Row>());
        });
    });
}

Time SqliteStorage::load(const RowKeys& wanted, Rows& found) {
    read(wanted, found);
    return now();
}

std::optional<Versioned<RoomLine>> SqliteStorage::find_line(ConcertKey concert) {
    if (!find<Sale>(concert)) return std::nullopt;
    return Versioned<RoomLine>{rooms_[concert].line(concert), 1};
}

// --- A commit ----------------------------------------------------------------------------------

CommitOutcome SqliteStorage::commit(const ChangeSet& changes) {
    guarded([&] { connection_.checkpoint_if_due(); });
    try {
        check(changes);
        Use(statements_.begin).run();
        write_record(changes);
        const std::size_t due = fold_due(changes);
        if (due > 0) fold(due, static_cast<std::int64_t>(record_.size()));
        Use(statements_.commit).run();
        settle_pending();
        remember(changes);
    } catch (const SQLite::Exception& error) {
        unwrite();
        return undo(error);
    } catch (...) {
        // A bug, or no memory: whichever, the store and the cache may differ now.
        give_up();
        throw;
    }
    return CommitOutcome::committed;
}

// What a unique index or the WHERE of an update would find out if the tables were written now.
void SqliteStorage::check(const ChangeSet& changes) {
    changes.rows.for_each([&]<class Row>(const std::vector<Versioned<Row>>& rows) {
        for (const Versioned<Row>& row : rows) {
            const auto* cached = cache_.find<Row>(row.row.key());
            const auto before = cached != nullptr ? *cached : find<Row>(row.row.key());
            CONCERTRES_ASSERT(row.version == (before ? before->version + 1 : 1));
            if (row.version == 1) check_name(row.row);
        }
    });
    for (const Transfer& each : changes.transfers) {
        CONCERTRES_ASSERT(absent_.contains(each.id.uuid) || !find_transfer(each.id));
        note_made(each.id.uuid);
    }
    absent_.clear();
    made_.clear();
    check_numbers(changes.transfers, [](const Transfer& each) { return each.wallet; });
    check_numbers(changes.events, [](const Event& each) { return each.stream; });
}

template <class Appended, class OwnerOf>
void SqliteStorage::check_numbers(const std::vector<Appended>& appended, const OwnerOf& owner_of) {
    std::map<decltype(owner_of(appended.front())), std::int64_t> last;
    for (const Appended& each : appended) {
        const auto [number, added] = last.try_emplace(owner_of(each), 0);
        if (added) number->second = last_number(number->first);
        CONCERTRES_ASSERT(each.number == ++number->second);
    }
}

std::int64_t SqliteStorage::last_number(const Stream& stream) {
    if (const auto pending = pending_.last_number(stream)) return *pending;
    Use use(statements_.last_event);
    CellBinder(*use).add(stream.kind).integer(stream.owner);
    return only_number(use);
}

std::int64_t SqliteStorage::last_number(UserKey wallet) {
    if (const auto pending = pending_.last_number(wallet)) return *pending;
    Use use(statements_.last_transfer);
    CellBinder(*use).add(wallet);
    return only_number(use);
}

void SqliteStorage::write_record(const ChangeSet& changes) {
    texts_.clear();
    for (const Event& event : changes.events) texts_.push_back(encode(event));
    sqlite::write_record(record_, changes, texts_, next_key_);
    Use use(statements_.insert_record);
    CellBinder(*use).add(last_record_ + 1).add(Bytes<const std::string>{record_});
    use.run();
}

void SqliteStorage::remember(const ChangeSet& changes) {
    const auto bytes = static_cast<std::int64_t>(record_.size());
    journal_.push_back({++last_record_, bytes});
    journal_bytes_ += bytes;
    mark_ = std::max(mark_.load(), changes.at);
    changes.rows.for_each([&](const auto& rows) {
        for (const auto& row : rows) {
            remember(row);
            if (row.version == 1) note_new(row.row);
        }
    });
    for (const Transfer& transfer : changes.transfers) pending_.add(transfer);
    for (std::size_t i = 0; i < texts_.size(); ++i) {
        pending_.add(changes.events[i], std::move(texts_[i]));
        outbox_.note(changes.events[i]);
    }
}

// Whether a transaction that failed is certainly gone. Without space SQLite has not written the
// frame that ends it, the WAL goes on from before it, and the rollback cannot fail. After any other
// error, above all of a sync, that frame may be on the disk.
CommitOutcome SqliteStorage::undo(const SQLite::Exception& error) {
    const int code = error.getErrorCode() & 0xff;
    const bool undone = connection_.roll_back();
    if (code == SQLITE_FULL && undone) {
        short_of_space_ = true;
        return CommitOutcome::not_committed;
    }
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
