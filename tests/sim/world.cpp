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
    kernel_.set_after_step([this] { deliver(); });
    mix_.options.events = this;
    mix_.options.log = [this](LogLevel level, std::string_view text) {
        if (level != LogLevel::error || !text.starts_with("the engine has stopped")) return;
        has_failed_ = true;
        trace_.note("engine stopped", {generation_});
        if (!is_failing_) complain("assertion", std::string(text));
    };
    observer_.loaded = [this](Time now) { note_load(now); };
    observer_.committing = [this](const ChangeSet& changes) { pending_ = changes; };
    observer_.committed = [this](const ChangeSet& changes, CommitOutcome outcome) {
        note_commit(changes, outcome);
    };
    if (mix_.store == StoreKind::sqlite) {
        folder_.emplace();
        disk_.emplace();
    } else {
        kept_ = open_memory({.clock = &clock_});
    }
}

World::~World() {
    has_given_up_ = is_failing_ = true;
    ++generation_;
    if (observed_ != nullptr) observed_->die();
    if (office_) kernel_.remove(*office_);
    office_.reset();
    door_.reset();
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
           code != Errc::engine_failed && code != Errc::storage_full;
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
    open();
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
    auto added = office_->add_concert(std::move(draft));
    if (!added) return complain("setup", added.error().detail);
    concert_ = *added;
    model_.added(observed_->concerts().front());
    start_troubles();
}

void World::open() {
    if (office_) return;
    ++generation_;
    is_reopening_ = false;
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
    faults_ = std::make_unique<test::FaultPlan>();
    auto faulty =
        std::make_shared<test::FaultyStorage>(std::make_unique<test::KeptStorage>(store), *faults_);
    std::optional<StoreClock> store_clock;
    if (mix_.store == StoreKind::memory) store_clock.emplace(clock_, last_commit_);
    auto observed = std::make_unique<ObservedStorage>(std::move(faulty), observer_, store_clock);
    observed_ = observed.get();
    opened_at_ = observed_->now();
    opened_elapsed_ = clock_.elapsed();
    if (opened_at_ != std::max(last_commit_, clock_.wall())) {
        complain("C1", "a store is not opened at its last commit's time, or the wall's");
    }
    if (generation_ > 1) {
        mark(clock_.wall() < last_commit_ ? Mark::wall_behind_store_at_restart
                                          : Mark::store_time_jumped_at_restart);
    }
    model_.opened(opened_at_);
    is_failing_ = has_failed_ = answers_due_ = false;
    crash_at_commit_ = crash_at_load_ = stop_at_load_ = false;
    outstanding_ = 0;
    copies_.clear();
    overdue_since_.reset();
    sunk_.clear();
    office_ = std::make_unique<BoxOffice>(std::move(observed), mix_.options);
    if (mix_.over_http) {
        door_ = std::make_unique<Door>(*office_, [this](const std::string& what) {
            complain("H1", "an answer that cannot be read: " + what);
        });
    }
    kernel_.add(*office_);
    trace_.note("open", {generation_, opened_at_.time_since_epoch().count()});
}

void World::close(bool in_order) {
    if (!office_) return;
    kernel_.remove(*office_);
    if (in_order) {
        office_->stop();
        deliver();
        if (outstanding_ != 0)
            complain("H6", "a box office that stopped left questions unanswered");
    } else {
        // A late copy of what was refused may take effect and nobody be told, or ask again.
        for (const auto& [errand, copies] : copies_) {
            if (copies.is_answered) model_.forgive(copies.user);
        }
        is_failing_ = true;
        ++generation_;
        observed_->die();
        // Whatever a file would write as it is closed, a killed process does not.
        if (disk_) {
            disk_->before = [](const test::DiskCall&) { return SQLITE_IOERR_WRITE; };
        }
    }
    if (faults_->calls_after_failure() != 0) {
        complain("D3", "storage was called after it had failed");
    }
    office_.reset();
    door_.reset();
    observed_ = nullptr;
    if (disk_) disk_->before = nullptr;
    trace_.note("close", {in_order});
}

void World::crash() {
    if (!office_ || is_healed_) return;
    if (answers_due_ && outstanding_ > 0) mark(Mark::crash_between_commit_and_answer);
    if (!answers_due_ && outstanding_ > 0) mark(Mark::crash_before_commit);
    trace_.note("crash", {outstanding_});
    close(false);
    reopen_later();
}

// It is told to end, as by SIGTERM: what it was asked is answered, and whoever comes then is told.
void World::stop() {
    if (!office_ || has_failed_ || is_healed_) return;
    trace_.note("stop", {outstanding_});
    if (outstanding_ > 0) mark(Mark::orderly_stop_with_work);
    kernel_.remove(*office_);
    office_->stop();
    deliver();
    if (outstanding_ != 0) complain("H6", "a box office that stopped left questions unanswered");
    is_failing_ = true;  // nobody is let in any more
    const Duration pause = dice_.between(Duration(0), Duration(seconds(2)));
    kernel_.schedule(kernel_.now() + pause, [this, generation = generation_] {
        if (generation != generation_ || !office_) return;
        close(true);
        reopen_later();
    });
}

void World::reopen_later() {
    if (is_reopening_) return;
    is_reopening_ = true;
    const Duration pause = dice_.between(Duration(0), Duration(seconds(4)));
    kernel_.schedule(kernel_.now() + pause, [this] { open(); });
}

void World::check_time(Time now) {
    // The wall is not read again while a store is open.
    if (now - opened_at_ == clock_.elapsed() - opened_elapsed_) return;
    complain("C1", "store time runs otherwise than time does");
}

void World::note_load(Time now) {
    deliver();  // of the group before
    check_time(now);
    last_load_ = now;
    model_.loaded(now);
    answers_due_ = false;
    if (std::exchange(stop_at_load_, false)) kernel_.schedule(kernel_.now(), [this] { stop(); });
    if (!std::exchange(crash_at_load_, false)) return;
    kernel_.schedule(kernel_.now(), [this] { crash(); });
}

void World::note_commit(const ChangeSet& changes, CommitOutcome outcome) {
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
    answers_due_ = true;
    if (outstanding_ > 1 && mix_.options.group_max > 1) mark(Mark::group_of_several);
    if (!std::exchange(crash_at_commit_, false)) return;
    kernel_.schedule(kernel_.now(), [this] { crash(); });
}

// --- Who follows the events ----------------------------------------------------------------------

void World::on_committed(std::span<const Event> events) {
    for (const Event& event : events) {
        const auto [last, is_first] = sunk_.try_emplace(event.stream, event.number);
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
    if (!office_) return complain("liveness", "there is no box office at the end");
    model_.check_all_ended(office_->now());
    check_followed();
    const Result<AuditReport> report = office_->audit();
    if (!report) return complain("audit", report.error().detail);
    for (const Finding& finding : report->findings) {
        complain("audit", finding.what);
    }
    close(true);
    open();
    close(true);
}

}  // namespace concertres::sim
