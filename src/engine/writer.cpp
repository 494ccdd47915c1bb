#include "engine/writer.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "engine/handlers/hold.hpp"
#include "engine/handlers/room.hpp"

namespace concertres {

namespace {

// Queries that run between two groups, so that a flood of them cannot stop the sale.
constexpr int queries_between_groups = 64;
// Queries that are done in slices at once; one more is refused, so that they cannot pile up.
constexpr std::size_t unfinished_max = 64;
// A command that missed this many groups for want of a row goes alone: then nobody can change what
// it needs while it is read.
constexpr int deferred_max = 3;
// Rounds of reading after which a command should know all of its rows; more is a bug.
constexpr int rounds_max = 8;

Error engine_failed(const std::string& why) {
    return {Errc::engine_failed, "the engine has stopped: " + why + "; reopen the store", {}};
}

}  // namespace

Writer::Writer(Storage& storage, Catalog& catalog, Board& board, const Surroundings& surroundings)
    : storage_(storage),
      catalog_(catalog),
      board_(board),
      options_(*surroundings.options),
      pictures_(*surroundings.catalog),
      rows_(surroundings, &pictures_) {}

// --- Taking work
// ----------------------------------------------------------------------------------

void Writer::submit(std::unique_ptr<Work> work) {
    work->received = storage_.now();
    Error refused;
    {
        std::lock_guard lock(inbox_mutex_);
        if (!failure_.empty()) {
            refused = engine_failed(failure_);
        } else if (closed_) {
            refused = {Errc::draining, "the box office is stopping", {}};
        } else if (inbox_.size() >= options_.inbox_max) {
            refused = {Errc::overloaded, "too many commands wait; try again shortly", {}};
            ++counters_.overloaded;
        } else {
            inbox_.push_back(std::move(work));
            return;
        }
    }
    work->fail(std::move(refused));
}

void Writer::close() {
    std::lock_guard lock(inbox_mutex_);
    closed_ = true;
}

bool Writer::is_closed() const {
    std::lock_guard lock(inbox_mutex_);
    return closed_;
}

bool Writer::has_work() const {
    if (busy_) return true;
    std::lock_guard lock(inbox_mutex_);
    return !inbox_.empty();
}

void Writer::take_inbox() {
    std::deque<std::unique_ptr<Work>> taken;
    {
        std::lock_guard lock(inbox_mutex_);
        // What was taken and still waits counts against the bound, or the inbox would have none.
        // What is done in slices does not: it may take minutes.
        const std::size_t waiting = tasks_.size() + queries_.size() + sliced_.size() - unfinished_;
        if (waiting >= options_.group_max) return;
        taken.swap(inbox_);
    }
    if (lull_ != Duration{} && !taken.empty()) last_taken_ = std::chrono::steady_clock::now();
    for (auto& work : taken) {
        if (work->as_task() != nullptr) {
            tasks_.emplace_back(static_cast<Task*>(work.release()));
        } else {
            std::unique_ptr<QueryTask> query(static_cast<QueryTask*>(work.release()));
            (query->is_sliced() ? sliced_ : queries_).push_back(std::move(query));
        }
    }
}

// What nobody submitted: admissions, and tidying up.
void Writer::pulse(Time now) {
    if (now < next_pulse_) return;
    next_pulse_ = now + options_.tick;
    tidy_due_ = true;
    // A room where nobody waits has work only once something has ended: most ticks cost no read.
    const auto deadline = options_.sweeps ? storage_.next_deadline() : std::nullopt;
    const bool ended = deadline && *deadline <= now;
    for (const ConcertKey concert : board_.rooms_to_tick(now, ended)) {
        if (tick_outside_ && board_.outside(concert)) {
            tick_outside_(concert);
        } else {
            submit_own(Tick{board_.catalog().at(concert).concert.id});
        }
    }
    if (ended) submit_own(Sweep{});
}

template <class Command>
void Writer::submit_own(Command command) {
    auto task = std::make_unique<CommandTask<Command>>(
        std::move(command), Callback<void(Result<typename Command::Answer>)>{});
    task->received = storage_.now();
    tasks_.push_back(std::move(task));
}

// A host's callback may throw against the rules; the others are answered all the same.
template <class Answer>
void Writer::deliver(Answer&& answer) {
    try {
        answer();
    } catch (const std::exception& failure) {
        log(LogLevel::error, std::string("a completion callback threw: ") + failure.what());
    }
}

// --- Steps
// ----------------------------------------------------------------------------------------

bool Writer::step() {
    {
        std::lock_guard lock(inbox_mutex_);
        if (!failure_.empty()) return false;
    }
    after_slice_ = false;
    try {
        switch (stage_) {
            case Stage::gather:
                return begin_work();
            case Stage::resolve:
                resolve();
                return true;
            case Stage::load:
                load();
                return true;
            case Stage::commit:
                commit();
                return true;
            case Stage::settle:
                settle();
                return true;
            case Stage::answer:
                answer();
                return true;
        }
    } catch (const StorageError& failure) {
        miss_storage(failure);
    } catch (const std::exception& failure) {
        fail_engine(failure.what());
    }
    return true;
}

// In turn, each as far as there is any: queries, a slice of a long one, a group of commands. So a
// short query comes before the next slice; and whatever there is a flood of, the others go on.
bool Writer::begin_work() {
    busy_ = true;
    take_inbox();
    follow_others(storage_.now());
    pulse(storage_.now());
    // What ends the first turn may leave something for a second.
    for (int turn = 0; turn < 2; ++turn) {
        if (run_next_query()) {
            busy_ = has_left();
            return true;
        }
        queries_in_a_row_ = 0;
        slice_is_due_ = true;
        if ((!tasks_.empty() || !deferred_.empty()) && start_group()) return true;
    }
    // Whoever closes has waited long enough: what is put off then, the next open finds.
    if (tidy_due_ && lull_left() == Duration{} && !is_closed()) {
        tidy_due_ = storage_.tidy();
        return true;
    }
    busy_ = false;
    // The inbox may have been left alone for the sake of commands that turned out to be too late.
    return has_work();
}

bool Writer::run_next_query() {
    if (!queries_.empty() && queries_in_a_row_ < queries_between_groups) {
        ++queries_in_a_row_;
        run_front(queries_);
        return true;
    }
    if (sliced_.empty() || !slice_is_due_) return false;
    // It takes as long as many a query: commands that wait come before the next of either.
    slice_is_due_ = false;
    queries_in_a_row_ = queries_between_groups;
    after_slice_ = true;
    run_front(sliced_);
    return true;
}

void Writer::run_front(std::deque<std::unique_ptr<QueryTask>>& queries) {
    const bool is_late = queries.front()->received + options_.request_timeout < storage_.now();
    if (is_late && !queries.front()->begun) {
        auto query = std::move(queries.front());
        queries.pop_front();
        ++counters_.timed_out;
        deliver([&] {
            query->fail({Errc::request_timeout,
                         "the query waited too long and was not started; try again",
                         {}});
        });
        return;
    }
    // It stays where it is until it has run: should it throw, it is failed with all the others.
    const bool done = queries.front()->run() == QueryTask::Ran::whole;
    auto query = std::move(queries.front());
    queries.pop_front();
    if (query->begun) --unfinished_;
    if (done) {
        deliver([&] { query->answer(); });
    } else {
        keep_going(std::move(query));
    }
}

// One that has had a slice gets its next after all the others have had theirs.
void Writer::keep_going(std::unique_ptr<QueryTask> query) {
    if (is_closed()) {
        deliver([&] { query->fail({Errc::draining, "the box office is stopping", {}}); });
        return;
    }
    if (!query->begun && unfinished_ >= unfinished_max) {
        deliver([&] {
            query->fail({Errc::overloaded, "too many long queries run; try again shortly", {}});
        });
        return;
    }
    query->begun = true;
    ++unfinished_;
    sliced_.push_back(std::move(query));
}

// False: everything that waited was too late.
bool Writer::start_group() {
    const Time now = storage_.now();
    const bool alone = !deferred_.empty() && deferred_.front()->deferred >= deferred_max;
    const std::size_t room = alone ? 1 : options_.group_max;
    std::ptrdiff_t firsts = 0;
    for (auto* source : {&deferred_, &tasks_}) {
        while (group_.size() < room && !source->empty()) {
            auto task = std::move(source->front());
            source->pop_front();
            if (task->received + options_.request_timeout < now) {
                ++counters_.timed_out;
                task->fail({Errc::request_timeout,
                            "the command waited too long and was not started; try again",
                            {}});
                continue;
            }
            if (task->goes_first()) {
                group_.insert(group_.begin() + firsts++, std::move(task));
            } else {
                group_.push_back(std::move(task));
            }
        }
    }
    if (group_.empty()) return false;
    rows_.begin(now);
    stage_ = Stage::resolve;
    return true;
}

void Writer::resolve() {
    bool complete = true;
    for (const auto& task : group_) complete = task->gather(rows_) && complete;
    if (complete) {
        stage_ = Stage::load;
        return;
    }
    // What has been read of a picture is what is committed, for this group's turn to commit is yet
    // to come. Once for each performance, as long as the engine runs: it is no round.
    if (const auto performance = rows_.take_wanted_picture()) {
        pictures_.add(*performance, storage_.seats(*performance, 0, SIZE_MAX));
        return;
    }
    CONCERTRES_ASSERT(++rounds_ <= rounds_max);
    CONCERTRES_ASSERT(!rows_.wanted().empty());
    Rows found;
    storage_.read(rows_.wanted(), found);
    rows_.absorb(found);
}

void Writer::load() {
    rounds_ = 0;
    std::size_t keys = 0;
    for (const auto& task : group_) keys += task->keys();
    if (rows_.keys_left() < keys) {
        // A block at a time, so that storage is seldom asked.
        const std::size_t block = std::max<std::size_t>(keys, 1'024);
        rows_.provide_keys(storage_.allocate(block), block);
    }
    Rows found;
    if (storage_.exclusive()) {
        // Nobody else writes it: what was read is what is there.
        rows_.set_now(storage_.load({}, found));
    } else {
        rows_.set_now(storage_.load(rows_.to_load(), found));
        rows_.absorb_loaded(found);
        if (refuse_by_clock()) return;
    }
    decide();
    // What was loaded from a shared store is locked, and let go of by a commit.
    stage_ = changes_.empty() && storage_.exclusive() ? Stage::answer : Stage::commit;
}

void Writer::decide() {
    decided_.assign(group_.size(), false);
    rows_.begin_deciding();
    for (std::size_t i = 0; i < group_.size(); ++i) {
        // Gathered again: an earlier command of this group may have led to rows that nobody read.
        if (!group_[i]->gather(rows_)) continue;
        group_[i]->decide(rows_);
        decided_[i] = true;
    }
    changes_ = rows_.take();
}

void Writer::commit() {
    if (changes_.empty()) {
        static_cast<void>(storage_.commit(changes_));
        stage_ = Stage::answer;
        return;
    }
    commit_began_ = std::chrono::steady_clock::now();
    commit_began_at_ = storage_.now();
    conclude(storage_.commit(changes_));
}

void Writer::conclude(CommitOutcome outcome) {
    if (outcome == CommitOutcome::committed) {
        committed_.count(
            changes_, rows_.wallets_before(),
            std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - commit_began_));
        // By store time, which a clock of the host's may replace: the rooms' loops go by it.
        board_.signals().note_commit(storage_.now() - commit_began_at_);
        ++counters_.groups;
        counters_.rows += static_cast<std::int64_t>(changes_.rows.size());
        counters_.events += static_cast<std::int64_t>(changes_.events.size());
        stage_ = Stage::answer;
        return;
    }
    if (outcome == CommitOutcome::conflict) return take_back_group();
    if (outcome == CommitOutcome::unknown) return wait_for_outcome();
    if (outcome == CommitOutcome::lost) {
        fail_engine("storage failed while it was written");
        return;
    }
    log(LogLevel::error, "storage is full: a group of commands was not committed");
    fail_group({Errc::storage_full, "storage is full; nothing was changed", {}});
    stage_ = Stage::gather;
}

void Writer::answer() {
    if (!changes_.empty()) {
        board_.apply(changes_);
        pictures_.apply(changes_);
        if (options_.events != nullptr && !changes_.events.empty()) {
            options_.events->on_committed(changes_.events);
        }
        changes_ = {};
    }
    stage_ = Stage::gather;
    auto group = std::exchange(group_, {});
    for (std::size_t i = 0; i < group.size(); ++i) {
        Task& task = *group[i];
        if (!decided_[i]) {
            ++task.deferred;
            ++counters_.deferred;
            deferred_.push_back(std::move(group[i]));
            // What it went by in memory may be old: nothing else is decided before that is looked
            // at, or it would go by the same once more.
            next_follow_ = Duration::min();
            continue;
        }
        ++counters_.commands;
        ++counters_.grouped;
        if (task.refused()) ++counters_.refusals;
        if (task.again()) next_pulse_ = Time::min();
        deliver([&] { task.answer(board_); });
    }
    busy_ = has_left();
}

// Beside the inbox, and but for what a tick finds by itself, or a lull is waited for.
bool Writer::has_left() const {
    const bool waits =
        !tasks_.empty() || !deferred_.empty() || !queries_.empty() || !sliced_.empty();
    return waits || (tidy_due_ && lull_ == Duration{}) || next_pulse_ == Time::min();
}

// --- Failing
// --------------------------------------------------------------------------------------

void Writer::fail_group(const Error& error) {
    changes_ = {};
    for (auto& task : std::exchange(group_, {})) task->fail(error);
}

void Writer::fail_engine(const std::string& why) {
    log(LogLevel::error, "the engine has stopped: " + why);
    {
        std::lock_guard lock(inbox_mutex_);
        failure_ = why;
    }
    fail_all(engine_failed(why));
}

void Writer::fail_all(const Error& error) {
    fail_group(error);
    fail_waiting(error);
    busy_ = false;
}

// All but the group.
void Writer::fail_waiting(const Error& error) {
    std::deque<std::unique_ptr<Work>> inbox;
    {
        std::lock_guard lock(inbox_mutex_);
        inbox.swap(inbox_);
    }
    for (auto* waiting : {&deferred_, &tasks_}) {
        for (auto& task : std::exchange(*waiting, {})) task->fail(error);
    }
    for (auto* waiting : {&queries_, &sliced_}) {
        for (auto& query : std::exchange(*waiting, {})) query->fail(error);
    }
    unfinished_ = 0;
    for (auto& work : inbox) work->fail(error);
}

void Writer::log(LogLevel level, const std::string& text) const {
    if (options_.log) options_.log(level, text);
}

// --- Looking
// --------------------------------------------------------------------------------------

std::optional<Time> Writer::next_wake() {
    {
        std::lock_guard lock(inbox_mutex_);
        if (!failure_.empty()) return std::nullopt;  // and storage is asked nothing any more
    }
    if (has_work()) return storage_.now();
    std::optional<Time> earliest = board_.next_admission();
    if (options_.sweeps) {
        const auto deadline = storage_.next_deadline();
        if (deadline && (!earliest || *deadline < *earliest)) earliest = deadline;
    }
    if (!earliest) return std::nullopt;
    return std::max(*earliest, next_pulse_);
}

Statistics Writer::statistics() const {
    Statistics now;
    {
        std::lock_guard lock(inbox_mutex_);
        now.inbox = static_cast<std::int64_t>(inbox_.size());
        now.failed = !failure_.empty();
    }
    now.clock_jump = storage_.clock_jump();
    now.commands = counters_.commands;
    now.refusals = counters_.refusals;
    now.overloaded = counters_.overloaded;
    now.timed_out = counters_.timed_out;
    now.groups = counters_.groups;
    now.grouped = counters_.grouped;
    now.deferred = counters_.deferred;
    now.rows = counters_.rows;
    now.events = counters_.events;
    committed_.tell(now);
    return now;
}

}  // namespace concertres
