#include "sim/shared_store.hpp"

#include <algorithm>
#include <chrono>
#include <type_traits>

#include "concertres/assert.hpp"
#include "concertres/memory.hpp"
#include "sim/marks.hpp"
#include "support/kept_storage.hpp"
#include "support/kernel.hpp"

namespace concertres::sim {

using std::chrono::seconds;

namespace {

// As PostgresOptions has them, but for the window, which is shorter here: so that some miss it.
constexpr Duration statement_timeout = seconds(3);
constexpr Duration follow_window = seconds(30);
constexpr Duration forget_pause = seconds(10);
constexpr Duration own_sales_for = seconds(2);
constexpr Duration move_max = seconds(2);

// What stands in a table, and has a version and a lock.
template <class Row>
constexpr bool is_stored = !(std::is_same_v<Row, ReservationName> ||
                             std::is_same_v<Row, PaymentName> || std::is_same_v<Row, Transfer> ||
                             std::is_same_v<Row, RoomLine> || std::is_same_v<Row, ExpiringHolds>);
// What others read anew after a group.
template <class Row>
constexpr bool is_followed =
    std::is_same_v<Row, PerformanceState> || std::is_same_v<Row, Sale> ||
    std::is_same_v<Row, Line> || std::is_same_v<Row, Place> || std::is_same_v<Row, Pass> ||
    std::is_same_v<Row, Reservation> || std::is_same_v<Row, Seat>;

template <class Row>
RowKeys key_of(const KeyOf<Row>& key) {
    RowKeys keys;
    keys.of<Row>().push_back({key});
    return keys;
}

}  // namespace

// The storage of one instance.
class SharedStorage final : public test::KeptStorage {
  public:
    SharedStorage(SharedStore& store, std::shared_ptr<SharedStore::Session> session)
        : KeptStorage(store.rows_), store_(&store), session_(std::move(session)) {}
    ~SharedStorage() override { store_->end(*session_); }

    bool exclusive() const override { return false; }
    News follow() override { return store_->follow(*session_); }
    bool tell(const std::vector<News::Heard>& heard) override {
        return store_->tell(*session_, heard);
    }
    Time now() override { return store_->store_time(*session_); }
    Duration elapsed() override { return store_->elapsed(); }
    Duration clock_jump() const override { return session_->jump; }

    std::vector<NewConcert> concerts() override { return reading().concerts(); }
    std::int64_t allocate(std::size_t count) override { return reading().allocate(count); }
    void add(const NewConcert& concert, const Progress& progress) override {
        reading().add(concert, progress);
        store_->groups_.push_back({.by = session_->number,
                                   .added = store_->elapsed(),
                                   .commits = store_->commits_,
                                   .concerts = {concert.concert.key}});
    }
    // Table by table: each is a statement of its own.
    void read(const RowKeys& wanted, Rows& found) override {
        wanted.for_each([&]<class Row>(const std::vector<Wanted<Row>>& keys) {
            if (keys.empty()) return;
            RowKeys of_table;
            of_table.of<Row>() = keys;
            reading().read(of_table, found);
        });
    }
    Time load(const RowKeys& wanted, Rows& found) override {
        const Time now = store_->load(*session_, wanted, found);
        session_->observer->loaded(now);
        return now;
    }
    CommitOutcome commit(const ChangeSet& changes) override {
        const bool stands = store_->stands(*session_);
        const CommitOutcome outcome = store_->commit(*session_, changes);
        session_->observer->told(changes, outcome, stands);
        return outcome;
    }
    CommitOutcome settle() override {
        const CommitOutcome outcome = store_->settle(*session_);
        session_->observer->settled(outcome);
        return outcome;
    }

    std::vector<PerformanceState> performances(ConcertKey concert, Time after) override {
        return reading().performances(concert, after);
    }
    std::vector<Seat> seats(PerformanceKey performance, SeatNumber after,
                            std::size_t limit) override {
        return reading().seats(performance, after, limit);
    }
    std::map<PerformanceKey, std::int64_t> dead_seats(Time now) override {
        return reading().dead_seats(now);
    }
    std::optional<Time> next_deadline() override { return reading().next_deadline(); }
    std::vector<Place> waiting(ConcertKey concert, PlaceNumber after, std::size_t limit) override {
        return reading().waiting(concert, after, limit);
    }
    std::vector<Place> passed(ConcertKey concert, PlaceNumber after, std::size_t limit) override {
        return reading().passed(concert, after, limit);
    }
    std::vector<Pass> admitted(ConcertKey concert, PlaceNumber after, std::size_t limit) override {
        return reading().admitted(concert, after, limit);
    }
    std::vector<std::optional<HoldEnd>> ends_of_holds(
        std::span<const ReservationKey> keys) override {
        return reading().ends_of_holds(keys);
    }
    std::vector<Event> events(const Stream& stream, std::int64_t after,
                              std::size_t limit) override {
        return reading().events(stream, after, limit);
    }
    void scan(ScanVisitor& visitor) override { reading().scan(visitor); }

  private:
    // The rows, for a statement of its own: others may have come before it.
    Storage& reading() {
        store_->require(*session_);
        session_->observer->about_to_read();
        return *store_->rows_;
    }

    SharedStore* store_;
    std::shared_ptr<SharedStore::Session> session_;
};

SharedStore::SharedStore(test::TestClock& clock, const Sharing& sharing, std::uint64_t seed)
    : clock_(&clock),
      sharing_(sharing),
      dice_(seed),
      rows_(open_memory({.clock = &clock})),
      server_(clock.wall().time_since_epoch() - clock.elapsed()) {}

std::unique_ptr<Storage> SharedStore::open(int instance, const StoreObserver& observer) {
    if (!reaches(instance)) {
        throw StorageError(StorageError::Kind::unavailable, "the store cannot be opened");
    }
    auto session = std::make_shared<Session>();
    session->instance = instance;
    session->number = ++session_numbers_;
    session->observer = &observer;
    session->followed = groups_.size();
    session->followed_at = elapsed();
    session->mark = mark_;
    session->offset = server_ - jump_;
    session->jump = jump_;
    session->confirmations = confirmations_;
    sessions_.push_back(session);
    return std::make_unique<SharedStorage>(*this, session);
}

// Of one that was killed between loading and committing the locks go with its connection, or, where
// its machine went too, after the time-out.
void SharedStore::end(const Session& session) {
    const auto at = std::ranges::find(sessions_, session.number, &Session::number);
    CONCERTRES_ASSERT(at != sessions_.end());
    (*at)->is_alive = false;
    if ((*at)->loaded != Loaded::locked || is_healed_ || dice_.chance(50)) sessions_.erase(at);
}

// --- What goes wrong -----------------------------------------------------------------------------

void SharedStore::kill(int instance) {
    for (const auto& session : sessions_) session->fails |= session->instance == instance;
}

void SharedStore::heal() {
    is_healed_ = true;
    away_until_ = {};
    cut_until_.clear();
    if (jump_ != Duration{}) confirm_clock();
    std::erase_if(sessions_, [](const auto& session) { return !session->is_alive; });
    for (const auto& session : sessions_) session->trouble = false;
}

// Connections go, and with them what was locked.
void SharedStore::go_away(Duration pause) {
    away_until_ = elapsed() + pause;
    std::erase_if(sessions_, [](const auto& session) { return !session->is_alive; });
    for (const auto& session : sessions_) {
        if (session->loaded == Loaded::locked) session->loaded = Loaded::unlocked;
    }
}

void SharedStore::cut_off(int instance, Duration pause) {
    cut_until_[instance] = elapsed() + pause;
    for (const auto& session : sessions_) {
        const bool is_its = session->instance == instance && session->is_alive;
        if (is_its && session->loaded == Loaded::locked) session->loaded = Loaded::unlocked;
    }
}

void SharedStore::trouble_commit(int instance) {
    for (const auto& session : sessions_) {
        if (session->instance == instance) session->trouble = true;
    }
}

bool SharedStore::reaches(int instance) const {
    const auto cut = cut_until_.find(instance);
    return away_until_ <= elapsed() && (cut == cut_until_.end() || cut->second <= elapsed());
}

void SharedStore::require(const Session& session) const {
    if (session.fails) throw StorageError(StorageError::Kind::failed, "the store has failed");
    if (reaches(session.instance)) return;
    mark(Mark::store_was_away);
    throw StorageError(StorageError::Kind::unavailable, "the store cannot be reached");
}

void SharedStore::fail(Session& session, const char* why) {
    session.fails = true;
    session.observer->failing();
    throw StorageError(StorageError::Kind::failed, why);
}

// --- Time ----------------------------------------------------------------------------------------

// A step that is too large to be drift is seen at once by some instance or other, and shared.
void SharedStore::step_clock(Duration by) {
    server_ += by;
    if (std::chrono::abs(by) <= move_max) return mark(Mark::server_clock_drifted);
    jump_ += by;
}

void SharedStore::confirm_clock() {
    jump_ = {};
    ++confirmations_;
    mark(Mark::server_clock_confirmed);
}

Time SharedStore::store_time(const Session& session) const {
    return std::max(Time(elapsed() + session.offset), session.mark);
}

// From an answer that has the server's time in it.
void SharedStore::learn_time(Session& session) const {
    if (session.confirmations != confirmations_) {
        session.confirmations = confirmations_;
        session.offset = server_ - jump_;
        session.jump = jump_;
        return;
    }
    const Duration moved = server_ - session.offset;
    const bool is_believed = std::chrono::abs(moved) <= move_max;
    session.jump = is_believed ? Duration{} : moved;
    if (is_believed) session.offset = server_;
}

// --- Loading -------------------------------------------------------------------------------------

void SharedStore::expire_locks() {
    if (sharing_.is_optimistic) return;
    std::erase_if(sessions_, [&](const auto& session) {
        const bool is_over = session->loaded == Loaded::locked &&
                             elapsed() - session->loaded_at >= statement_timeout;
        if (is_over) {
            session->loaded = Loaded::unlocked;
            mark(Mark::locks_timed_out);
        }
        return is_over && !session->is_alive;
    });
}

Time SharedStore::load(Session& session, const RowKeys& wanted, Rows& found) {
    require(session);
    session.observer->about_to_read();
    expire_locks();
    session.loaded = Loaded::nothing;
    session.shares_sales = may_share_sales(session, wanted);
    session.rows.clear();
    rows_->read(wanted, session.rows);
    if (!sharing_.is_optimistic) wait_for_locks(session, session.rows);
    session.waits_since.reset();
    session.loaded = Loaded::locked;
    session.loaded_at = elapsed();
    learn_time(session);
    std::as_const(session.rows).for_each([&]<class Row>(const std::vector<Found<Row>>& rows) {
        if constexpr (is_stored<Row>) {
            for (const Found<Row>& row : rows) {
                const auto stamp = stamps<Row>().find(row.key);
                if (stamp != stamps<Row>().end())
                    session.mark = std::max(session.mark, stamp->second);
            }
        }
    });
    rows_->read(wanted, found);
    return store_time(session);
}

bool SharedStore::may_share_sales(Session& session, const RowKeys& wanted) const {
    if (!wanted.of<RoomLine>().empty()) return false;
    std::erase_if(session.owned_sales,
                  [&](const auto& owned) { return owned.second <= elapsed(); });
    return std::ranges::none_of(wanted.of<Sale>(), [&](const Wanted<Sale>& sale) {
        return session.owned_sales.contains(sale.key);
    });
}

void SharedStore::wait_for_locks(Session& session, const Rows& wanted) {
    const auto has_locked = [&](const Session& other) {
        bool found = false;
        wanted.for_each([&]<class Row>(const std::vector<Found<Row>>& rows) {
            if constexpr (!is_stored<Row>) return;
            const bool is_shared =
                std::is_same_v<Row, Sale> && session.shares_sales && other.shares_sales;
            if (found || is_shared) return;
            found = std::ranges::any_of(rows, [&](const Found<Row>& row) {
                return row.row &&
                       std::ranges::any_of(other.rows.of<Row>(), [&](const auto& theirs) {
                           return theirs.row && theirs.key == row.key;
                       });
            });
        });
        return found;
    };
    const bool must_wait = std::ranges::any_of(sessions_, [&](const auto& other) {
        return other->number != session.number && other->loaded == Loaded::locked &&
               has_locked(*other);
    });
    if (!must_wait) return;
    if (!session.waits_since) session.waits_since = elapsed();
    mark(Mark::waited_for_a_lock);
    session.observer->waits();
    if (elapsed() - *session.waits_since < statement_timeout) throw test::Kernel::Waits{};
    session.waits_since.reset();
    throw StorageError(StorageError::Kind::unavailable, "a statement has taken too long");
}

// --- Committing ----------------------------------------------------------------------------------

// Nothing that was loaded has changed since, or been made.
bool SharedStore::stands(const Session& session) {
    bool stands = true;
    session.rows.for_each([&]<class Row>(const std::vector<Found<Row>>& rows) {
        if constexpr (is_stored<Row>) {
            for (const Found<Row>& row : rows) {
                Rows now;
                rows_->read(key_of<Row>(row.key), now);
                const auto& there = now.of<Row>().front().row;
                stands = stands && (there ? there->version : 0) == (row.row ? row.row->version : 0);
            }
        }
    });
    return stands;
}

bool SharedStore::owns_sales(Session& session, const ChangeSet& changes) {
    if (sharing_.is_optimistic || !session.shares_sales) return true;
    for (const Versioned<Sale>& sale : changes.rows.of<Sale>()) {
        session.owned_sales[sale.row.key()] = elapsed() + own_sales_for;
        for (const auto& other : sessions_) {
            const bool shares = other->number != session.number &&
                                other->loaded == Loaded::locked && other->shares_sales;
            const auto& theirs = other->rows.of<Sale>();
            if (shares &&
                std::ranges::find(theirs, sale.row.key(), &Found<Sale>::key) != theirs.end()) {
                return false;
            }
        }
    }
    return true;
}

// By its key, or by the name that two instances would both give it.
bool SharedStore::is_made_already(const ChangeSet& changes) {
    RowKeys names;
    for (const auto& row : changes.rows.of<Reservation>()) {
        if (row.version == 1) names.of<ReservationName>().push_back({row.row.id});
    }
    for (const auto& row : changes.rows.of<Payment>()) {
        if (row.version == 1) names.of<PaymentName>().push_back({row.row.id});
    }
    for (const Transfer& transfer : changes.transfers) {
        names.of<Transfer>().push_back({transfer.id});
    }
    Rows found;
    rows_->read(names, found);
    bool is_made = false;
    std::as_const(found).for_each([&](const auto& rows) {
        for (const auto& row : rows) is_made = is_made || row.row.has_value();
    });
    return is_made;
}

// Where rows are locked nobody can have changed what was loaded; but a row that was not there
// cannot be locked.
bool SharedStore::can_apply(Session& session, const ChangeSet& changes) {
    if (!owns_sales(session, changes)) return false;
    bool is_next = true;
    bool is_first = !is_made_already(changes);
    changes.rows.for_each([&]<class Row>(const std::vector<Versioned<Row>>& rows) {
        for (const Versioned<Row>& row : rows) {
            Rows found;
            rows_->read(key_of<Row>(row.row.key()), found);
            const auto& there = found.of<Row>().front().row;
            const bool fits = row.version == (there ? there->version : 0) + 1;
            (row.version == 1 ? is_first : is_next) &= fits;
        }
    });
    if (!is_first) mark(Mark::conflict_of_two_who_make);
    if (!is_next) mark(Mark::conflict_of_rows);
    if (!is_first || !is_next) return false;
    return !sharing_.is_optimistic || stands(session);
}

void SharedStore::apply(Session& session, const ChangeSet& changes) {
    const CommitOutcome outcome = rows_->commit(changes);
    CONCERTRES_ASSERT(outcome == CommitOutcome::committed);
    ++commits_;
    mark_ = std::max(mark_, changes.at);
    Group group{.by = session.number, .added = elapsed(), .commits = commits_};
    changes.rows.for_each([&]<class Row>(const std::vector<Versioned<Row>>& rows) {
        for (const Versioned<Row>& row : rows) {
            stamps<Row>()[row.row.key()] = changes.at;
            if constexpr (is_followed<Row>) group.rows.of<Row>().push_back({row.row.key()});
        }
    });
    group.events = changes.events;
    groups_.push_back(std::move(group));
    session.observer->applied(changes);
}

CommitOutcome SharedStore::commit(Session& session, const ChangeSet& changes) {
    if (session.fails) throw StorageError(StorageError::Kind::failed, "the store has failed");
    expire_locks();
    const Loaded loaded = std::exchange(session.loaded, Loaded::nothing);
    if (loaded == Loaded::unlocked) {
        mark(Mark::committed_without_its_locks);
        return CommitOutcome::conflict;
    }
    if (changes.empty()) return CommitOutcome::committed;
    if (!reaches(session.instance)) return CommitOutcome::conflict;
    const bool goes_wrong =
        !is_healed_ && (session.trouble || dice_.chance(sharing_.conflict_percent));
    if (!can_apply(session, changes)) return CommitOutcome::conflict;
    if (goes_wrong) return go_wrong(session, changes);
    apply(session, changes);
    session.mark = std::max(session.mark, changes.at);
    return CommitOutcome::committed;
}

CommitOutcome SharedStore::go_wrong(Session& session, const ChangeSet& changes) {
    switch (std::exchange(session.trouble, false) ? dice_.below(8) : dice_.below(2)) {
        case 0:
            mark(Mark::serialization_failed);
            return CommitOutcome::conflict;
        case 1:
            mark(Mark::deadlocked);
            return CommitOutcome::conflict;
        case 2:
        case 3:  // The group's own row is found.
            mark(Mark::reply_lost_of_what_was_done);
            apply(session, changes);
            return doubt(session, CommitOutcome::committed);
        case 4:  // It is not, and now it never will be.
            mark(Mark::reply_lost_of_what_was_not);
            return doubt(session, CommitOutcome::conflict);
        case 5:
            mark(Mark::disk_full);
            return CommitOutcome::not_committed;
        case 6:
            apply(session, changes);
            [[fallthrough]];
        default:
            mark(Mark::reply_never_found_out);
            session.fails = true;
            session.observer->failing();
            return CommitOutcome::lost;
    }
}

// Mostly it is found out at once.
CommitOutcome SharedStore::doubt(Session& session, CommitOutcome in_truth) {
    session.in_truth = in_truth;
    session.doubts = std::max<std::int64_t>(0, commits_ % 6 - 3);
    return session.doubts > 0 ? CommitOutcome::unknown : in_truth;
}

CommitOutcome SharedStore::settle(Session& session) {
    if (session.fails) throw StorageError(StorageError::Kind::failed, "the store has failed");
    mark(Mark::reply_lost_for_a_while);
    return --session.doubts > 0 ? CommitOutcome::unknown : session.in_truth;
}

// --- What the others do --------------------------------------------------------------------------

News SharedStore::follow(Session& session) {
    require(session);
    session.loaded = Loaded::nothing;
    forget_groups();
    const std::size_t until = groups_.size();
    for (std::size_t i = session.followed; i < until; ++i) {
        if (!groups_[i].is_forgotten || groups_[i].by == session.number) continue;
        CONCERTRES_ASSERT(elapsed() - session.followed_at >= follow_window);
        mark(Mark::stood_still_for_too_long);
        fail(session, "this instance was stopped for so long that it cannot follow");
    }
    session.followed_at = elapsed();
    learn_time(session);
    if (until == session.followed) {
        session.observer->followed(commits_, {});
        return {};
    }
    // The rows are read after the groups were: as they stand by then.
    session.observer->about_to_read();
    News news = read_news(session, until);
    session.followed = until;
    session.observer->followed(groups_[until - 1].commits, news);
    return news;
}

// The last of each instance stays.
void SharedStore::forget_groups() {
    if (elapsed() < next_forget_) return;
    next_forget_ = elapsed() + forget_pause;
    std::set<std::int64_t> seen;
    for (auto group = groups_.rbegin(); group != groups_.rend(); ++group) {
        const bool is_last = seen.insert(group->by).second;
        if (!is_last && group->added <= elapsed() - follow_window) group->is_forgotten = true;
    }
}

News SharedStore::read_news(const Session& session, std::size_t until) {
    RowKeys keys;
    News news;
    std::set<ConcertKey> concerts;
    for (std::size_t i = session.followed; i < until; ++i) {
        const Group& group = groups_[i];
        if (group.by == session.number) continue;
        concerts.insert(group.concerts.begin(), group.concerts.end());
        group.rows.for_each([&]<class Row>(const std::vector<Wanted<Row>>& rows) {
            auto& all = keys.of<Row>();
            all.insert(all.end(), rows.begin(), rows.end());
        });
        news.changes.events.insert(news.changes.events.end(), group.events.begin(),
                                   group.events.end());
        news.heard.insert(news.heard.end(), group.heard.begin(), group.heard.end());
    }
    keys.for_each([]<class Row>(std::vector<Wanted<Row>>& rows) {
        if constexpr (is_followed<Row>) {
            std::ranges::sort(rows, {}, &Wanted<Row>::key);
            const auto same = [](const auto& a, const auto& b) { return a.key == b.key; };
            rows.erase(std::unique(rows.begin(), rows.end(), same), rows.end());
        }
    });
    for (NewConcert& concert : rows_->concerts()) {
        if (concerts.contains(concert.concert.key)) news.concerts.push_back(std::move(concert));
    }
    Rows found;
    rows_->read(keys, found);
    news.changes.at = store_time(session);
    news.changes.rows.for_each([&]<class Row>(std::vector<Versioned<Row>>& rows) {
        for (Found<Row>& row : found.of<Row>()) {
            if (row.row) rows.push_back(std::move(*row.row));
        }
    });
    std::ranges::sort(news.changes.events, {},
                      [](const Event& event) { return std::pair(event.stream, event.number); });
    return news;
}

bool SharedStore::tell(Session& session, const std::vector<News::Heard>& heard) {
    require(session);
    if (!is_healed_ && dice_.chance(sharing_.tell_lost_percent)) {
        mark(Mark::what_was_told_was_lost);
        return false;
    }
    session.observer->heard(heard);
    groups_.push_back(
        {.by = session.number, .added = elapsed(), .commits = commits_, .heard = heard});
    return true;
}

}  // namespace concertres::sim
