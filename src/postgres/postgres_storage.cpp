#include "postgres/postgres_storage.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "concertres/assert.hpp"
#include "postgres/asked.hpp"
#include "postgres/registry.hpp"

namespace concertres::postgres {
namespace {

// Between two attempts to reach a server that has gone.
constexpr std::chrono::milliseconds reconnect_pause{50};
// Between two deletions of groups that all have news.
constexpr std::chrono::seconds forget_pause{10};
// Groups that are read again without locking what they meet, because others were in the way; the
// next one keeps them out.
constexpr int unlocked_tries = 3;

}  // namespace

// --- Opening -----------------------------------------------------------------------------------

PostgresStorage::PostgresStorage(const std::string& conninfo, const PostgresOptions& options,
                                 const Schema& schema)
    : conninfo_(conninfo),
      options_(options),
      locking_(locking_in(conninfo).value_or(options.locking)),
      format_(schema.version),
      connection_(std::make_unique<Connection>(conninfo, options)) {
    prepare_tables(*connection_, options_, schema);
    enter(*connection_, options_.connections_budget);
    await_standby();
    read_store();
    begin_following();
}

std::unique_ptr<PostgresStorage> open_with(const std::string& conninfo,
                                           const PostgresOptions& options, const Schema& schema) {
    const std::string name = name_of(conninfo);
    try {
        return std::make_unique<PostgresStorage>(conninfo, options, schema);
    } catch (const ConnectionLost& lost) {
        throw StorageError(StorageError::Kind::unavailable,
                           name + " cannot be opened: " + lost.what());
    } catch (const SqlError& error) {
        throw StorageError(
            StorageError::Kind::unavailable,
            name + " cannot be used: " + error.what() + " (SQLSTATE " + error.state() + ")");
    } catch (const Damaged& damage) {
        throw StorageError(StorageError::Kind::corrupt,
                           name + ": " + damage.what() + "; restore it from a backup");
    }
}

void PostgresStorage::read_store() {
    const Duration asked = system_clock().elapsed();
    connection_->send(statements_.store);
    connection_->send(statements_.token_keys);
    connection_->send(statements_.clock);
    const Answers answers = connection_->finish();
    if (answers[0].rows() != 1) throw Damaged("its secret is missing");
    Time mark;
    read_cells(answers[0], 0, secrets_.ids, mark);
    for (int row = 0; row < answers[1].rows(); ++row) {
        TokenKey key;
        read_cells(answers[1], row, key.id, key.secret);
        secrets_.tokens.push_back(key);
    }
    if (secrets_.tokens.empty()) throw Damaged("its token keys are missing");
    mark_ = mark;
    if (answers[2].rows() != 1) throw Damaged("its clock is missing");
    if (options_.clock != nullptr) {
        clock_.emplace(*options_.clock, mark);
    } else {
        ServerClock::Shared shared;
        const ServerClock::Told first = told(answers[2], asked, &shared);
        server_clock_.emplace(first, shared);
    }
}

// Whatever is read from now on has these groups in it.
void PostgresStorage::begin_following() {
    connection_->send(statements_.new_instance);
    connection_->send(statements_.last_groups);
    const Answers answers = connection_->finish();
    read_cells(answers[0], 0, instance_);
    followed_[instance_] = 0;
    for (int row = 0; row < answers[1].rows(); ++row) {
        std::int64_t instance = 0;
        std::int64_t number = 0;
        read_cells(answers[1], row, instance, number);
        followed_[instance] = number;
    }
}

// --- The connection ----------------------------------------------------------------------------

Connection& PostgresStorage::connection() {
    if (!connection_) reconnect();
    return *connection_;
}

void PostgresStorage::reconnect() {
    const auto give_up = std::chrono::steady_clock::now() + options_.connect_timeout;
    while (true) {
        try {
            connection_ = std::make_unique<Connection>(conninfo_, options_);
            enter(*connection_, 0);  // it was let in when the store was opened
            await_standby();
            if (doubted_) static_cast<void>(settle_here(*doubted_));
            return;
        } catch (const ConnectionLost& lost) {
            if (std::chrono::steady_clock::now() >= give_up) throw ConnectionSilent(lost.what());
        } catch (const SqlError& error) {
            if (std::chrono::steady_clock::now() >= give_up) throw ConnectionSilent(error.what());
        }
        std::this_thread::sleep_for(reconnect_pause);
    }
}

// A server that was started again, or whose operator ended a session, may show commits that its
// standby has not heard of. What is committed after them waits for it, and so for them.
void PostgresStorage::await_standby() {
    connection_->send(statements_.touch);
    std::int64_t format = 0;
    read_cells(connection_->finish().front(), 0, format);
    if (format != format_) fail("a later version has changed its tables: start that version");
}

// Its transaction, and what it has locked, goes with it.
void PostgresStorage::lose_connection() {
    connection_.reset();
    if (group_ == Group::locked) group_ = Group::unlocked;
}

// After a statement that was refused.
void PostgresStorage::abandon_transaction() {
    const Group before = group_;
    try {
        end_transaction();
    } catch (const ConnectionLost&) {
        lose_connection();
    }
    group_ = before == Group::locked ? Group::unlocked : before;
}

void PostgresStorage::end_transaction() {
    group_ = Group::none;
    if (!connection_ || !connection_->in_transaction()) return;
    connection_->send(statements_.rollback);
    connection_->finish();
}

void PostgresStorage::require_alive() const {
    if (!failed_) return;
    throw StorageError(StorageError::Kind::failed,
                       name_of(conninfo_) + " has failed; reopen it to find out what is in it");
}

void PostgresStorage::fail(const std::string& what) {
    failed_ = true;
    connection_.reset();
    throw StorageError(StorageError::Kind::failed, name_of(conninfo_) + " has failed: " + what);
}

void PostgresStorage::fail_unavailable(const std::string& what) const {
    throw StorageError(StorageError::Kind::unavailable,
                       name_of(conninfo_) + " cannot be reached: " + what);
}

Answer PostgresStorage::ask(const Statement& statement, const std::vector<Param>& params) {
    Connection& at = connection();
    at.send(statement, params);
    return std::move(at.finish().front());
}

// --- Time and keys -----------------------------------------------------------------------------

Time PostgresStorage::now() {
    return std::max(clock_ ? clock_->now() : server_clock_->now(), mark_.load());
}

Duration PostgresStorage::elapsed() {
    return (options_.clock != nullptr ? *options_.clock : system_clock()).elapsed();
}

Duration PostgresStorage::clock_jump() const {
    return server_clock_ ? server_clock_->jump() : Duration{};
}

// Of an answer that has come just now.
ServerClock::Told PostgresStorage::told(const Answer& answer, Duration asked,
                                        ServerClock::Shared* shared) {
    ServerClock::Told told{.asked = asked, .heard = system_clock().elapsed()};
    if (shared == nullptr) {
        read_cells(answer, 0, told.server);
    } else {
        read_cells(answer, 0, told.server, shared->confirmations, shared->jump);
    }
    return told;
}

// With what the instances share, which is brought up to date.
void PostgresStorage::tell_clock(const Answer& answer, Duration asked) {
    if (!server_clock_) return;
    ServerClock::Shared shared;
    const ServerClock::Told now_told = told(answer, asked, &shared);
    if (const auto jump = server_clock_->tell(now_told, shared)) {
        static_cast<void>(
            ask(statements_.share_jump, {Param::of(*jump), Param::integer(shared.confirmations)}));
    }
}

void PostgresStorage::raise_mark(Time time) {
    if (time > mark_.load()) mark_ = time;
}

// Kept when it is told, like any commit: after a crash of the server the same keys would be given
// once more.
std::int64_t PostgresStorage::allocate(std::size_t count) {
    return asked([&] {
        end_transaction();
        std::int64_t first = 0;
        read_cells(ask(statements_.allocate, {Param::integer(static_cast<std::int64_t>(count))}), 0,
                   first);
        return first;
    });
}

Result<std::unique_ptr<BackupJob>> PostgresStorage::backup(const std::filesystem::path&) {
    return Error{Errc::request_invalid,
                 "a store in PostgreSQL is not one file: make its backups with pg_dump or "
                 "pg_basebackup",
                 {}};
}

// --- Rows by key -------------------------------------------------------------------------------

void PostgresStorage::read(const RowKeys& wanted, Rows& found) {
    if (wanted.empty()) return;
    asked([&] {
        Fetch fetch(statements_, connection(), Fetch::Lock::no);
        fetch.send(wanted);
        fetch.take(wanted, connection().finish(), 0, found);
    });
}

Time PostgresStorage::load(const RowKeys& wanted, Rows& found) {
    return asked([&] { return load_once(wanted, found); });
}

Time PostgresStorage::load_once(const RowKeys& wanted, Rows& found) {
    Connection& at = connection();
    const Duration asked = system_clock().elapsed();
    std::size_t before = 1;
    if (at.in_transaction()) {
        at.send(statements_.rollback);
        ++before;
    }
    group_ = Group::none;
    const bool locks = !reads_before_locking();
    at.send(locks ? statements_.begin : statements_.begin_snapshot);
    shares_sales_ = may_share_sales(wanted);
    Fetch fetch(statements_, at,
                !locks          ? Fetch::Lock::no
                : shares_sales_ ? Fetch::Lock::yes_but_share_sales
                                : Fetch::Lock::yes);
    fetch.send(wanted);
    // Last: it is later than whatever these rows had to wait for.
    at.send(statements_.store_time);
    if (!locks) at.send(statements_.commit);
    const Answers answers = at.finish();
    fetch.take(wanted, answers, before, found);
    if (locks) {
        group_ = Group::locked;
    } else {
        seen_ = SeenRows(found);
        group_ = Group::seen;
    }
    const Answer& time = answers[answers.size() - (locks ? 1 : 2)];
    if (server_clock_) server_clock_->tell(told(time, asked));
    raise_mark(fetch.latest_stamp());
    return now();
}

bool PostgresStorage::reads_before_locking() const {
    return locking_ == Locking::optimistic && conflicts_ < unlocked_tries;
}

// A tick changes its sale, and counts the passes once nobody else can. Another group rarely does.
bool PostgresStorage::may_share_sales(const RowKeys& wanted) {
    if (!wanted.of<RoomLine>().empty()) return false;
    const Time time = now();
    std::erase_if(owned_sales_, [&](const auto& owned) { return owned.second <= time; });
    return std::ranges::none_of(wanted.of<Sale>(), [&](const Wanted<Sale>& sale) {
        return owned_sales_.contains(sale.key);
    });
}

// --- What other instances do -------------------------------------------------------------------

News PostgresStorage::follow() {
    return asked([&] {
        News news;
        end_transaction();
        forget_groups();
        auto heard_of = followed_;
        std::optional<Changed> changed = groups_since(heard_of);
        if (!changed) return news;
        changed->settle();
        if (!changed->concerts.empty()) {
            ArrayParam keys(Type::integer);
            for (const ConcertKey key : changed->concerts) keys.add(key);
            news.concerts = read_concerts(keys.finish());
        }
        Rows found;
        read(changed->rows, found);
        news.changes.at = now();
        news.changes.rows.for_each([&]<class Row>(std::vector<Versioned<Row>>& rows) {
            for (Found<Row>& row : found.of<Row>()) {
                if (row.row) rows.push_back(std::move(*row.row));
            }
        });
        news.changes.events = events_of(changed->events);
        news.heard = std::move(changed->heard);
        // Only now: what was asked in vain is asked again.
        followed_ = std::move(heard_of);
        return news;
    });
}

bool PostgresStorage::tell(const std::vector<News::Heard>& heard) {
    asked([&] {
        end_transaction();
        static_cast<void>(connection());
    });
    Changed changed;
    changed.heard = heard;
    const Time at = now();
    try {
        connection_->send(statements_.begin);
        send_group(at, encode(changed));
        connection_->send(statements_.commit);
        static_cast<void>(connection_->finish());
    } catch (const SqlError& error) {
        return undo(error) == CommitOutcome::committed;
    } catch (const ConnectionLost&) {
        // Whether it is there decides what the next group's number is: the next connection finds
        // out.
        doubted_ = at;
        lose_connection();
        return false;
    }
    note_committed(at);
    return true;
}

std::vector<Param> PostgresStorage::params_of(const Cursors& cursors) {
    ArrayParam instances(Type::integer);
    ArrayParam numbers(Type::integer);
    for (const auto& [instance, number] : cursors) {
        instances.add(instance);
        numbers.add(number);
    }
    return {instances.finish(), numbers.finish()};
}

// Nothing: nobody else has committed anything.
std::optional<Changed> PostgresStorage::groups_since(Cursors& heard_of) {
    std::vector<Param> params = params_of(heard_of);
    params.push_back(Param::integer(instance_));
    Connection& at = connection();
    const Duration asked = system_clock().elapsed();
    at.send(statements_.groups_since, params);
    at.send(statements_.clock);
    const Answers answers = at.finish();
    tell_clock(answers[1], asked);
    const Answer& answer = answers[0];
    if (answer.rows() == 0) return std::nullopt;
    Changed changed;
    for (int row = 0; row < answer.rows(); ++row) {
        std::int64_t instance = 0;
        std::int64_t number = 0;
        std::string bytes;
        read_cells(answer, row, instance, number, bytes);
        std::int64_t& last = heard_of[instance];
        if (number != last + 1) {
            fail(
                "this instance was stopped for so long that it cannot follow what the others have "
                "done since");
        }
        last = number;
        if (!bytes.empty() && !decode(bytes, changed)) throw Damaged("a group is damaged");
    }
    return changed;
}

std::vector<Event> PostgresStorage::events_of(const std::vector<EventRange>& ranges) {
    std::vector<Event> events;
    if (ranges.empty()) return events;
    std::vector<ArrayParam> columns(4, ArrayParam(Type::integer));
    for (const EventRange& range : ranges) {
        columns[0].add(range.stream.kind);
        columns[1].add(range.stream.owner);
        columns[2].add(range.first);
        columns[3].add(range.last);
    }
    std::vector<Param> params;
    params.reserve(columns.size());
    for (ArrayParam& column : columns) params.push_back(column.finish());
    const Answer answer = ask(statements_.event_ranges, params);
    for (int row = 0; row < answer.rows(); ++row) events.push_back(event_of(answer, row));
    return events;
}

// What was known here a window ago each of the others knows as well, or cannot follow any more. By
// no clock: that of the server may be set, and instances may believe different ones.
void PostgresStorage::forget_groups() {
    const Duration time = elapsed();
    if (time < next_forget_) return;
    next_forget_ = time + forget_pause;
    const auto is_a_window_ago = [&](const auto& known) {
        return known.first <= time - options_.follow_window;
    };
    Cursors known = followed_;
    known[instance_] = next_group_ - 1;
    known_.emplace_back(time, std::move(known));
    while (known_.size() > 1 && is_a_window_ago(known_[1])) known_.pop_front();
    if (!is_a_window_ago(known_.front())) return;
    static_cast<void>(ask(statements_.forget_groups, params_of(known_.front().second)));
}

}  // namespace concertres::postgres

namespace concertres {

std::unique_ptr<Storage> open_postgres(const std::string& conninfo,
                                       const PostgresOptions& options) {
    return postgres::open_with(conninfo, options, postgres::current_schema());
}

}  // namespace concertres
