// What a World does only where several instances share one store.
#include <algorithm>

#include "sim/network.hpp"
#include "sim/world.hpp"

namespace concertres::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// An instance asks four times a second what the others have done.
constexpr Duration idle_max = milliseconds(250);
// And tells them so often who was heard of.
constexpr Duration tell_interval = seconds(10);
// By how much the server's clock is set at once, so that all believe it.
constexpr Duration clock_drift_max = milliseconds(400);

}  // namespace

Instance& World::pick() {
    const std::size_t all = instances_.size();
    return *instances_[all == 1 ? 0 : static_cast<std::size_t>(dice_.below(all))];
}

bool World::is_running(const Instance& at) const {
    return at.office && at.stands_until == Duration{};
}

// --- Their life ----------------------------------------------------------------------------------

void World::prepare_shared(Instance& at) {
    StoreObserver& heard = at.shared_observer;
    heard.about_to_read = [this, &at] { interrupt(at); };
    heard.loaded = [this, &at](Time now) {
        note_load(at, now);
        interrupt(at);
        // A connection that goes here takes the locks with it.
        if (!is_healed_ && mix_.sharing.trouble_every != Duration{} && dice_.chance(1)) {
            shared_->cut_off(at.number, Duration{});
        }
    };
    heard.applied = [this, &at](const ChangeSet& changes) {
        model_.turn_to(at.number);
        model_.committed(changes);
    };
    heard.told = [this, &at](const ChangeSet& changes, CommitOutcome outcome, bool stands) {
        note_told(at, changes, outcome, stands);
    };
    heard.settled = [this, &at](CommitOutcome outcome) {
        trace_.note("settled", {at.number, static_cast<std::int64_t>(outcome)});
        at.must_answer = at.answers_due = outcome == CommitOutcome::committed;
        at.must_answer |= outcome == CommitOutcome::unknown;
    };
    heard.followed = [this, &at](std::int64_t commits, const News& news) {
        note_followed(at, commits, news);
    };
    heard.heard = [&at](const std::vector<News::Heard>& told) {
        for (const News::Heard& each : told) at.untold.erase(each.place.number);
    };
    heard.waits = [this, &at] { at.hindered_at = std::max(at.hindered_at, kernel_.now()); };
    heard.failing = [&at] { at.is_failing = true; };
}

void World::open_shared(Instance& at) {
    try {
        auto storage = shared_->open(at.number, at.shared_observer);
        at.opened_at = storage->now();
        model_.turn_to(at.number);
        model_.opened(at.opened_at);
        at.must_answer = false;
        at.stands_until = {};
        at.hindered_at = at.followed_at = kernel_.now();
        at.untold.clear();
        at.heard_of.clear();
        at.opened_with.clear();
        for (const Stream& stream : model_.streams()) {
            at.opened_with[stream] = static_cast<std::int64_t>(model_.events(stream).size());
        }
        begin(at, std::move(storage));
    } catch (const StorageError& error) {
        if (error.kind() != StorageError::Kind::unavailable) throw;
        trace_.note("not opened", {at.number});
        return reopen_later(at);
    }
    kernel_.add(*at.office, idle_max);
    trace_.note("open", {at.number, at.generation, at.opened_at.time_since_epoch().count()});
}

// --- Steps ---------------------------------------------------------------------------------------

// Whoever has decided a group answers before anybody else goes on: an answer is checked against
// what is committed at that moment.
void World::after_step() {
    deliver();
    for (const auto& at : instances_) {
        if (!at->office || !at->must_answer || at.get() == interrupted_) continue;
        if (at->crash_at_commit) {
            // While another instance is in the middle of something it waits.
            if (interrupted_ != nullptr) continue;
            at->crash_at_commit = false;
            crash(*at);
            continue;
        }
        // More than one step where it has to find out first what became of its group.
        while (std::exchange(at->must_answer, false)) step(*at);
    }
}

void World::step(Instance& at) {
    try {
        static_cast<void>(at.office->step());
    } catch (const test::Kernel::Waits&) {
        // It goes on with its next.
    }
    deliver();
}

// While it reads, or has what it has loaded, others do something.
void World::interrupt(Instance& at) {
    if (is_healed_ || interrupted_ != nullptr) return;
    if (!dice_.chance(mix_.sharing.interrupt_percent)) return;
    interrupted_ = &at;
    step_others(at, dice_.between(1, 12));
    interrupted_ = nullptr;
}

void World::step_others(const Instance& than, std::int64_t steps) {
    for (; steps > 0; --steps) {
        Instance& other = pick();
        const bool is_free = is_running(other) && !(other.must_answer && other.crash_at_commit);
        if (other.number == than.number || !is_free) continue;
        mark(Mark::did_something_between_reads);
        step(other);
        after_step();
    }
}

void World::note_told(Instance& at, const ChangeSet& changes, CommitOutcome outcome, bool stands) {
    trace_.note("told", {at.number, stands});
    model_.turn_to(at.number);
    model_.decided(stands);
    at.must_answer =
        changes.empty() || outcome == CommitOutcome::committed || outcome == CommitOutcome::unknown;
    if (changes.empty()) return;
    trace_.note(
        "commit",
        {changes.at.time_since_epoch().count(), static_cast<std::int64_t>(changes.rows.size()),
         static_cast<std::int64_t>(changes.events.size()), static_cast<std::int64_t>(outcome)});
    if (outcome == CommitOutcome::not_committed) overdue_since_.reset();
    if (outcome != CommitOutcome::committed) return;
    at.answers_due = true;
    if (at.outstanding > 1 && mix_.options.group_max > 1) mark(Mark::group_of_several);
}

// --- What they know of each other ----------------------------------------------------------------

void World::note_followed(Instance& at, std::int64_t commits, const News& news) {
    model_.turn_to(at.number);
    model_.followed(commits, news);
    const Duration last = std::exchange(at.followed_at, kernel_.now());
    // Where the server's clock is set back a little it takes a little longer.
    const Duration most =
        2 * idle_max + clock_drift_max + 100 * mix_.sharing.instances * mix_.step_time;
    if (at.is_failing || at.hindered_at >= last || kernel_.now() - last <= most) return;
    complain("O5", "instance " + std::to_string(at.number) + " runs, and for " +
                       std::to_string((kernel_.now() - last).count()) +
                       " us it has not asked what the others did");
}

// Who waits was heard of here: the others will be told.
void World::note_heard(Instance& at, PlaceNumber number, const Result<PlaceView>& answer) {
    const bool counts = is_shared() && mix_.room && mix_.room->no_shows && answer &&
                        answer->status == TokenStatus::waiting && model_.is_known(number);
    // Of its first second an instance tells nothing: then all count as heard of.
    if (!counts || at.office->now() - at.opened_at < seconds(2)) return;
    at.untold.try_emplace(number, kernel_.now(), at.office->now());
}

void World::check_telling() {
    const Duration most =
        tell_interval + seconds(2) + 100 * mix_.sharing.instances * mix_.step_time;
    for (const auto& at : instances_) {
        if (!is_running(*at) || at->is_failing || !shared_->reaches(at->number)) continue;
        std::erase_if(at->untold, [&](const auto& each) { return !model_.waits(each.first); });
        for (const auto& [number, since] : at->untold) {
            const bool is_late = at->hindered_at < since.first &&
                                 kernel_.now() - since.first > most &&
                                 at->office->now() - since.second > most;
            if (is_late) complain("Q1", "nobody else is told who was heard of");
        }
    }
}

void World::note_sunk(Instance& at, std::span<const Event> events) {
    for (const Event& event : events) {
        const auto& log = model_.events(event.stream);
        const auto index = static_cast<std::size_t>(event.number) - 1;
        if (index >= log.size() || !(log[index] == event)) {
            complain("O3", "a listener was told of what was not committed");
        }
        if (event.number <= at.opened_with[event.stream] ||
            !at.heard_of[event.stream].insert(event.number).second) {
            complain("O3", "a listener was told of an event twice");
        }
    }
}

void World::check_all_sunk(const Instance& at) {
    for (const Stream& stream : model_.streams()) {
        const auto before = at.opened_with.find(stream);
        const auto since = at.heard_of.find(stream);
        const std::size_t known =
            (before == at.opened_with.end() ? 0 : static_cast<std::size_t>(before->second)) +
            (since == at.heard_of.end() ? 0 : since->second.size());
        if (known != model_.events(stream).size()) {
            complain("O3", "a listener was not told of all events");
        }
    }
}

// `at_rest`: each has had the time to hear of everything.
void World::check_shown(bool at_rest) {
    const bool asks_places = mix_.room && (at_rest || !mix_.room->no_shows);
    for (const auto& at : instances_) {
        if (!is_running(*at) || at->is_failing) continue;
        model_.turn_to(at->number);
        model_.check_shown(*at->office->concert({.concert = concert_.id}));
        if (!asks_places) continue;
        for (const GetPlace& query : model_.waiting()) {
            if (const auto view = at->office->place_in_memory(query)) {
                model_.check_shown(*view);
            } else if (at_rest) {
                complain("Q5", "who waits is not known of everywhere");
            }
        }
    }
}

// --- What goes wrong -----------------------------------------------------------------------------

void World::start_shared_troubles() {
    const Sharing& sharing = mix_.sharing;
    every(sharing.trouble_every, [this] { shared_->trouble_commit(pick().number); });
    every(sharing.away_every, [this] { send_away(); });
    every(sharing.stall_every, [this] { stall(pick()); });
    every(sharing.clock_every, [this] { move_clock(); });
    every(mix_.crash_every * 3, [this] { crash_all(); });
    every(seconds(1), [this] { check_telling(); });
}

void World::crash_all() {
    if (!std::ranges::all_of(instances_, [&](const auto& at) { return is_running(*at); })) return;
    mark(Mark::all_were_killed);
    for (const auto& at : instances_) crash(*at);
}

void World::send_away() {
    const Duration pause = dice_.chance(80) ? dice_.between(milliseconds(10), milliseconds(3'000))
                                            : dice_.between(seconds(3), seconds(15));
    const int chosen = pick().number;
    const bool is_for_all = dice_.chance(50);
    trace_.note("away", {chosen, is_for_all, pause.count()});
    for (const auto& at : instances_) {
        const bool is_its = is_for_all || at->number == chosen;
        if (is_its) at->hindered_at = std::max(at->hindered_at, kernel_.now() + pause);
    }
    is_for_all ? shared_->go_away(pause) : shared_->cut_off(chosen, pause);
}

// As a process that is stopped, or a machine that sleeps.
void World::stall(Instance& at) {
    if (!is_running(at) || at.is_failing) return;
    const Duration pause = dice_.chance(65) ? dice_.between(milliseconds(50), milliseconds(6'000))
                                            : dice_.between(seconds(6), seconds(90));
    trace_.note("stall", {at.number, pause.count()});
    mark(Mark::stood_still);
    kernel_.remove(*at.office);
    at.stands_until = kernel_.now() + pause;
    kernel_.schedule(at.stands_until, [this, &at, generation = at.generation] {
        if (generation == at.generation) resume(at);
    });
}

void World::resume(Instance& at) {
    if (!at.office || at.stands_until == Duration{}) return;
    at.stands_until = {};
    at.hindered_at = std::max(at.hindered_at, kernel_.now());
    kernel_.add(*at.office, idle_max);
}

void World::move_clock() {
    if (shared_->clock_jump() != Duration{}) return;
    if (dice_.chance(60)) {
        return shared_->step_clock(dice_.between(-clock_drift_max, clock_drift_max));
    }
    const Duration jump =
        dice_.chance(60) ? seconds(dice_.between(3, 600)) : -seconds(dice_.between(3, 40));
    trace_.note("clock", {jump.count()});
    mark(Mark::server_clock_jumped);
    shared_->step_clock(jump);
    const Duration pause = dice_.between(milliseconds(500), milliseconds(8'000));
    kernel_.schedule(kernel_.now() + pause, [this, jump, back = dice_.chance(50)] {
        if (shared_->clock_jump() == Duration{}) return;
        back ? shared_->step_clock(-jump) : shared_->confirm_clock();
        // How long ago somebody was heard of is another time now.
        for (const auto& at : instances_) at->untold.clear();
    });
}

// --- The end -------------------------------------------------------------------------------------

void World::heal_shared() {
    shared_->heal();
    for (const auto& at : instances_) {
        at->crash_at_load = at->crash_at_commit = at->stop_at_load = false;
    }
}

void World::finish_shared() {
    for (const auto& at : instances_) {
        if (!at->office) return complain("liveness", "an instance is not there at the end");
        model_.check_all_ended(at->office->now());
    }
    kernel_.run_until(kernel_.now() + seconds(1));
    check_followed();
    kernel_.run_until(kernel_.now() + seconds(1));
    check_shown(true);
    for (const auto& at : instances_) check_all_sunk(*at);
    check_audit(*instances_.back());
    for (const auto& at : instances_) close(*at, true);
    model_.check_store(shared_->rows());
    for (const auto& at : instances_) open(*at);
    check_shown(true);
    for (const auto& at : instances_) close(*at, true);
}

}  // namespace concertres::sim
