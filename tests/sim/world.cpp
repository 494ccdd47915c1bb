#include "sim/world.hpp"

#include <algorithm>
#include <array>
#include <exception>

#include "concertres/memory.hpp"
#include "concertres/sqlite.hpp"
#include "sim/network.hpp"
#include "sim/seeded_random.hpp"

namespace concertres::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

World::World(const Mix& mix, Trace::Loudness loudness)
    : mix_(mix),
      trace_(loudness),
      dice_(mix.seed ^ 0x5eed),
      kernel_(clock_, mix.seed),
      model_(mix, [this](const std::string& invariant, const std::string& what) {
          complain(invariant, what);
      }) {
    seed_random_source(mix.seed);
    kernel_.set_step_time(mix_.step_time);
    kernel_.set_after_step([this] { after_step(); });
    for (int i = 0; i < mix_.sharing.instances; ++i) {
        instances_.push_back(std::make_unique<Instance>(i));
        prepare(*instances_.back());
    }
    if (is_shared()) {
        shared_ = std::make_unique<SharedStore>(clock_, mix_.sharing, mix.seed ^ 0x5a4ed);
    } else if (mix_.store == StoreKind::sqlite) {
        folder_.emplace();
        disk_.emplace();
    } else {
        kept_ = open_memory({.clock = &clock_});
    }
}

void World::prepare(Instance& at) {
    at.options = mix_.options;
    at.options.events = &at;
    at.sink = [this, &at](std::span<const Event> events) {
        is_shared() ? note_sunk(at, events) : note_events(at, events);
    };
    at.options.log = [this, &at](LogLevel level, std::string_view text) {
        if (level != LogLevel::error || !text.starts_with("the engine has stopped")) return;
        at.has_failed = true;
        trace_.note("engine stopped", {at.generation});
        if (!at.is_failing) complain("assertion", std::string(text));
    };
    if (is_shared()) return prepare_shared(at);
    at.observer.loaded = [this, &at](Time now) { note_load(at, now); };
    at.observer.committing = [this](const ChangeSet& changes) { pending_ = changes; };
    at.observer.committed = [this, &at](const ChangeSet& changes, CommitOutcome outcome) {
        note_commit(at, changes, outcome);
    };
}

World::~World() {
    has_given_up_ = true;
    for (const auto& at : instances_) {
        at->is_failing = true;
        ++at->generation;
        if (at->observed != nullptr) at->observed->die();
        if (shared_) shared_->kill(at->number);
        if (at->office) kernel_.remove(*at->office);
        at->office.reset();
        at->door.reset();
    }
}

BoxOffice* World::office() {
    for (const auto& at : instances_) {
        if (at->office) return at->office.get();
    }
    return nullptr;
}

void World::deliver() {
    for (const auto& at : instances_) {
        if (at->door) at->door->deliver();
    }
}

void World::complain(const std::string& invariant, const std::string& what) {
    complaints_.push_back({invariant, what, trace_.count()});
    trace_.note("COMPLAINT", {});
    if (!std::exchange(has_given_up_, true)) throw GaveUp{};
}

// --- The network ---------------------------------------------------------------------------------

void World::carry(Mark twice, std::function<void()> message, bool* lost) {
    if (!is_healed_ && dice_.chance(mix_.lost_percent)) {
        if (lost != nullptr) *lost = true;
        trace_.note("lost", {});
        return;
    }
    int times = 1;
    if (!is_healed_ && dice_.chance(mix_.repeated_percent)) {
        times = 2;
        mark(twice);
    }
    for (int i = 0; i < times; ++i) {
        const Duration most = is_healed_ ? Duration(milliseconds(20)) : mix_.delay_max;
        const Duration pause = hurries_ ? Duration(0) : dice_.between(Duration(0), most);
        kernel_.schedule(kernel_.now() + pause, message);
    }
    hurries_ = false;
}

bool World::is_final(Errc code) {
    return code != Errc::overloaded && code != Errc::request_timeout && code != Errc::draining &&
           code != Errc::engine_failed && code != Errc::storage_full &&
           code != Errc::storage_unavailable && code != Errc::clock_jumped;
}

// --- The box office's life -----------------------------------------------------------------------

std::shared_ptr<Storage> World::open_store() {
    if (mix_.store == StoreKind::memory) return kept_;
    // Folded with every commit, now and then, or hardly ever.
    constexpr std::array<std::int64_t, 3> journals = {0, 8'000, 1'000'000};
    return open_sqlite(folder_->path() / "sale.db",
                       {.clock = &clock_,
                        .wal_bytes_max = 30'000,
                        .journal_bytes_max = journals[mix_.seed % journals.size()]});
}

void World::start() {
    for (const auto& at : instances_) open(*at);
    ConcertDraft draft{.title = "A concert"};
    for (int i = 0; i < mix_.performances; ++i) {
        draft.performances.push_back(
            {{.time = clock_.wall() + mix_.starts_after + std::chrono::hours(24 * i)}});
    }
    for (SeatNumber number = 1; number <= mix_.seats; ++number) {
        // Prices that differ, so that a wrong sum shows.
        draft.seats.push_back({.number = number,
                               .label = std::to_string(number),
                               .section = "hall",
                               .row = "1",
                               .x = static_cast<double>(number),
                               .price = {10 + number * number}});
    }
    for (SeatNumber number = 1; number <= mix_.standing; ++number) {
        draft.seats.push_back(
            {.number = mix_.seats + number, .section = "standing", .price = {25}, .general = true});
    }
    if (mix_.opens_after > Duration(0)) draft.opens_at = clock_.wall() + mix_.opens_after;
    draft.room = mix_.room;
    draft.limits = mix_.limits;
    draft.refunds = mix_.refunds;
    Instance& first = *instances_.front();
    auto added = first.office->add_concert(std::move(draft));
    if (!added) return complain("setup", added.error().detail);
    concert_ = *added;
    model_.added(is_shared() ? shared_->rows().concerts().front()
                             : first.observed->concerts().front());
    // The others hear of it before anybody asks them.
    if (is_shared()) kernel_.run_until(seconds(1));
    start_troubles();
}

void World::open(Instance& at) {
    if (at.office) return;
    ++at.generation;
    at.is_reopening = false;
    is_shared() ? open_shared(at) : open_own(at);
}

void World::open_own(Instance& at) {
    disk_calls_ = -1;
    const std::shared_ptr<Storage> store = open_store();
    if (pending_) {
        const bool is_made = model_.is_made(*pending_, *store);
        mark(is_made ? Mark::commit_lost_but_applied : Mark::commit_lost_not_applied);
        if (is_made) model_.committed(*pending_);
        if (is_made) last_commit_ = pending_->at;
        pending_.reset();
    }
    if (!concert_.id.is_nil()) model_.check_store(*store);
    at.faults = std::make_unique<test::FaultPlan>();
    auto faulty = std::make_shared<test::FaultyStorage>(std::make_unique<test::KeptStorage>(store),
                                                        *at.faults);
    std::optional<StoreClock> store_clock;
    if (mix_.store == StoreKind::memory) store_clock.emplace(clock_, last_commit_);
    auto observed = std::make_unique<ObservedStorage>(std::move(faulty), at.observer, store_clock);
    at.observed = observed.get();
    at.opened_at = observed->now();
    at.opened_elapsed = clock_.elapsed();
    if (at.opened_at != std::max(last_commit_, clock_.wall())) {
        complain("C1", "a store is not opened at its last commit's time, or the wall's");
    }
    if (at.generation > 1) {
        mark(clock_.wall() < last_commit_ ? Mark::wall_behind_store_at_restart
                                          : Mark::store_time_jumped_at_restart);
    }
    model_.opened(at.opened_at);
    at.sunk.clear();
    begin(at, std::move(observed));
    kernel_.add(*at.office);
    trace_.note("open", {at.generation, at.opened_at.time_since_epoch().count()});
}

void World::begin(Instance& at, std::unique_ptr<Storage> storage) {
    at.is_failing = at.has_failed = at.answers_due = false;
    at.crash_at_commit = at.crash_at_load = at.stop_at_load = false;
    at.outstanding = 0;
    at.copies.clear();
    overdue_since_.reset();
    at.office = std::make_unique<BoxOffice>(std::move(storage), at.options);
    if (!mix_.over_http) return;
    at.door = std::make_unique<Door>(*at.office, [this](const std::string& what) {
        complain("H1", "an answer that cannot be read: " + what);
    });
}

void World::close(Instance& at, bool in_order) {
    if (!at.office) return;
    kernel_.remove(*at.office);
    if (in_order) {
        stop_answering(at);
    } else {
        // A late copy of what was refused may take effect and nobody be told, or ask again.
        for (const auto& [number, copies] : at.copies) {
            if (copies.errand->is_answered) model_.forgive(copies.errand->user);
        }
        at.is_failing = true;
        ++at.generation;
        if (shared_) shared_->kill(at.number);
        if (at.observed != nullptr) at.observed->die();
        // Whatever a file would write as it is closed, a killed process does not.
        if (disk_) {
            disk_->before = [](const test::DiskCall&) { return SQLITE_IOERR_WRITE; };
        }
    }
    if (at.faults && at.faults->calls_after_failure() != 0) {
        complain("D3", "storage was called after it had failed");
    }
    at.office.reset();
    at.door.reset();
    at.observed = nullptr;
    at.stands_until = {};
    if (disk_) disk_->before = nullptr;
    trace_.note("close", {in_order});
}

void World::stop_answering(Instance& at) {
    // What it waits for is done by others, or ends with its time-out.
    for (bool is_over = false; !is_over;) {
        try {
            at.office->stop();
            is_over = true;
        } catch (const test::Kernel::Waits&) {
            step_others(at, 1);
            clock_.advance(milliseconds(10));
        }
    }
    deliver();
    if (at.outstanding != 0) {
        complain("H6", "a box office that stopped left questions unanswered");
    }
}

void World::crash(Instance& at) {
    if (!at.office || is_healed_) return;
    if (at.answers_due && at.outstanding > 0) mark(Mark::crash_between_commit_and_answer);
    if (!at.answers_due && at.outstanding > 0) mark(Mark::crash_before_commit);
    const bool is_alone = std::ranges::none_of(instances_, [&](const auto& other) {
        return other->number != at.number && is_running(*other);
    });
    if (!is_alone) mark(Mark::killed_while_others_go_on);
    trace_.note("crash", {at.outstanding});
    close(at, false);
    reopen_later(at);
}

// It is told to end, as by SIGTERM: what it was asked is answered, and whoever comes then is told.
void World::stop(Instance& at) {
    if (!is_running(at) || at.has_failed || is_healed_) return;
    trace_.note("stop", {at.outstanding});
    if (at.outstanding > 0) mark(Mark::orderly_stop_with_work);
    kernel_.remove(*at.office);
    stop_answering(at);
    at.is_failing = true;  // nobody is let in any more
    const Duration pause = dice_.between(Duration(0), Duration(seconds(2)));
    kernel_.schedule(kernel_.now() + pause, [this, &at, generation = at.generation] {
        if (generation != at.generation || !at.office) return;
        close(at, true);
        reopen_later(at);
    });
}

void World::reopen_later(Instance& at) {
    if (at.is_reopening) return;
    at.is_reopening = true;
    const Duration pause = dice_.between(Duration(0), Duration(seconds(4)));
    kernel_.schedule(kernel_.now() + pause, [this, &at] { open(at); });
}

void World::check_time(const Instance& at, Time now) {
    // The wall is not read again while a store is open.
    if (now - at.opened_at == clock_.elapsed() - at.opened_elapsed) return;
    complain("C1", "store time runs otherwise than time does");
}

void World::note_load(Instance& at, Time now) {
    deliver();  // of the group before
    if (!is_shared()) check_time(at, now);
    at.last_load = now;
    model_.turn_to(at.number);
    model_.loaded(now);
    at.answers_due = false;
    if (std::exchange(at.stop_at_load, false)) {
        kernel_.schedule(kernel_.now(), [this, &at] { stop(at); });
    }
    if (!std::exchange(at.crash_at_load, false)) return;
    kernel_.schedule(kernel_.now(), [this, &at] { crash(at); });
}

void World::note_commit(Instance& at, const ChangeSet& changes, CommitOutcome outcome) {
    trace_.note(
        "commit",
        {changes.at.time_since_epoch().count(), static_cast<std::int64_t>(changes.rows.size()),
         static_cast<std::int64_t>(changes.events.size()), static_cast<std::int64_t>(outcome)});
    for (const Event& event : changes.events) {
        trace_.note("  event", {static_cast<std::int64_t>(event.kind), event.stream.owner,
                                event.number, event.place.value});
    }
    if (outcome == CommitOutcome::lost) return;  // what is pending tells, once it is open again
    pending_.reset();
    if (outcome == CommitOutcome::not_committed) {
        mark(mix_.store == StoreKind::sqlite ? Mark::disk_full_on_sqlite : Mark::disk_full);
        overdue_since_.reset();
        return;
    }
    last_commit_ = changes.at;
    model_.committed(changes);
    at.answers_due = true;
    if (at.outstanding > 1 && mix_.options.group_max > 1) mark(Mark::group_of_several);
    if (!std::exchange(at.crash_at_commit, false)) return;
    kernel_.schedule(kernel_.now(), [this, &at] { crash(at); });
}

// --- Who follows the events ----------------------------------------------------------------------

void World::note_events(Instance& at, std::span<const Event> events) {
    for (const Event& event : events) {
        const auto [last, is_first] = at.sunk.try_emplace(event.stream, event.number);
        if (!is_first && event.number != last->second + 1) {
            complain("O3", "a listener was told of events out of order, or with a gap");
        }
        last->second = event.number;
    }
}

std::vector<std::pair<Stream, ListEvents>> World::streams() {
    std::vector<std::pair<Stream, ListEvents>> found;
    for (const Stream& stream : model_.streams()) {
        ListEvents query;
        const Event& first = model_.events(stream).front();
        if (stream.kind == StreamKind::room) query.room = concert_.id;
        if (stream.kind == StreamKind::wallet) query.wallet = first.user;
        if (stream.kind == StreamKind::performance) {
            query.performance = model_.performance_of(PerformanceKey{stream.owner});
        }
        found.emplace_back(stream, query);
    }
    return found;
}

void World::follow() {
    for (auto& [stream, query] : streams()) follow(stream, query);
}

void World::follow(const Stream& stream, ListEvents query) {
    query.after = static_cast<std::int64_t>(followed_[stream].size());
    query.limit = static_cast<std::size_t>(dice_.between(1, 9));
    tell<ListEvents>(query,
                     [this, stream, after = query.after](const Result<std::vector<Event>>& page) {
                         if (!page) return;
                         std::vector<Event>& known = followed_[stream];
                         if (static_cast<std::int64_t>(known.size()) != after) return;
                         for (const Event& event : *page) {
                             if (event.number != static_cast<std::int64_t>(known.size()) + 1) {
                                 complain("O3", "a stream is read with a gap, or out of order");
                             }
                             known.push_back(event);
                         }
                     });
}

void World::check_followed() {
    for (auto& [stream, query] : streams()) {
        const std::vector<Event>& all = model_.events(stream);
        for (std::size_t before = SIZE_MAX; before != followed_[stream].size();) {
            before = followed_[stream].size();
            follow(stream, query);
            kernel_.settle();
        }
        if (followed_[stream] != all) {
            complain("O3", "who followed a stream has not seen just what was committed");
        }
    }
}

// --- The end -------------------------------------------------------------------------------------

void World::finish() {
    model_.check_all_told();
    // What still ends by itself, ends.
    const Options& options = mix_.options;
    kernel_.run_until(kernel_.now() + options.extend_max + options.pass_max + 3 * options.tick);
    if (is_shared()) return finish_shared();
    Instance& at = *instances_.front();
    if (!at.office) return complain("liveness", "there is no box office at the end");
    model_.check_all_ended(at.office->now());
    check_followed();
    check_audit(at);
    close(at, true);
    open(at);
    close(at, true);
}

void World::check_audit(Instance& at) {
    const Result<AuditReport> report = at.office->audit();
    if (!report) return complain("audit", report.error().detail);
    for (const Finding& finding : report->findings) {
        complain("audit", finding.what);
    }
}

}  // namespace concertres::sim
