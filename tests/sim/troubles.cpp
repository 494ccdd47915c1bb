// All that goes wrong in a World, and the operator, who means well.
#include <sqlite3.h>

#include <algorithm>

#include "concertres/sqlite.hpp"
#include "sim/network.hpp"
#include "sim/world.hpp"

namespace concertres::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

void World::every(Duration about, std::function<void()> what) {
    if (about == Duration(0)) return;
    const Duration first = dice_.between(Duration(0), about);
    kernel_.spawn(kernel_.now() + first,
                  [this, about, what = std::move(what)]() -> std::optional<Duration> {
                      if (is_healed_) return std::nullopt;
                      what();
                      return dice_.between(about / 2, about * 3 / 2);
                  });
}

void World::start_troubles() {
    every(mix_.crash_every, [this] { plan_crash(); });
    every(mix_.stop_every, [this] {
        Instance& at = pick();
        if (dice_.chance(50)) return stop(at);
        at.stop_at_load = true;
    });
    every(mix_.wall_step_every, [this] { step_wall(); });
    every(mix_.wall_drift_every,
          [this] { clock_.step_wall(milliseconds(dice_.between(-300, 300))); });
    if (is_shared()) start_shared_troubles();
    every(mix_.storage_fault_every, [this] { fail_storage(); });
    every(mix_.operator_every, [this] { operate(); });
    every(seconds(25), [this] { follow(); });
    every(seconds(15), [this] { check_positions(); });
    // As a supervisor starts anew a process that has ended by itself.
    kernel_.spawn(seconds(1), [this]() -> std::optional<Duration> {
        if (!is_healed_) look_after();
        return is_healed_ ? std::nullopt : std::optional<Duration>(seconds(2));
    });
    kernel_.spawn(seconds(1), [this, seen = 0]() mutable -> std::optional<Duration> {
        watch_line();
        // For a while after it has healed; then only those are left for whom there is no seat.
        if (is_healed_) ++seen;
        return seen > 30 ? std::nullopt : std::optional<Duration>(milliseconds(700));
    });
}

void World::look_after() {
    for (const auto& at : instances_) {
        if (!at->office || !at->has_failed) continue;
        trace_.note("restarted", {});
        close(*at, false);
        reopen_later(*at);
    }
}

void World::plan_crash() {
    Instance& at = pick();
    if (!at.office) return;
    const std::uint64_t when = dice_.below(3);
    if (when == 0) return crash(at);
    (when == 1 ? at.crash_at_load : at.crash_at_commit) = true;
}

void World::step_wall() {
    const Duration step = std::chrono::hours(dice_.chance(50) ? 1 : -1);
    trace_.note("wall", {step.count()});
    clock_.step_wall(step);
    if (office() == nullptr || !model_.any_live_hold(office()->now())) return;
    mark(step > Duration(0) ? Mark::wall_stepped_forward_during_hold
                            : Mark::wall_stepped_back_during_hold);
}

void World::fail_storage() {
    Instance& at = *instances_.front();
    if (!at.office || is_shared()) return;
    if (disk_ && dice_.chance(60)) return fail_disk();
    const std::uint64_t kind = dice_.below(7);
    trace_.note("storage fails", {static_cast<std::int64_t>(kind)});
    using enum test::CommitFault;
    if (kind <= 1) return at.faults->fail_commit(1, not_committed);
    at.is_failing = true;
    if (kind == 2) at.faults->fail_commit(1, lost_not_applied);
    if (kind == 3) at.faults->fail_commit(1, lost_but_applied);
    if (kind == 4) at.faults->fail_commit(1, failed);
    if (kind == 5) at.faults->fail_commit(1, failed_but_applied);
    if (kind == 6) at.faults->fail(test::StorageCall::read, dice_.between(1, 4));
    mark(Mark::io_error);
}

// The file system's own: a write or sync fails, or there is no space left for a while.
void World::fail_disk() {
    const bool is_full = dice_.chance(50);
    instances_.front()->is_failing |= !is_full;
    disk_calls_ = static_cast<int>(dice_.below(6));
    disk_error_ = is_full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    disk_fails_ = is_full ? dice_.between(1, 3) : INT64_MAX;
    trace_.note("disk fails", {disk_error_, disk_calls_, disk_fails_});
    disk_->before = [this](const test::DiskCall& call) {
        const bool takes_space = call.kind == test::DiskCall::write;
        if (disk_error_ == SQLITE_FULL && !takes_space) return SQLITE_OK;
        if (disk_calls_ > 0) --disk_calls_;
        if (disk_calls_ != 0 || disk_fails_ == 0) return SQLITE_OK;
        --disk_fails_;
        if (disk_error_ != SQLITE_FULL) mark(Mark::io_error_on_sqlite);
        return disk_error_;
    };
}

// --- The operator --------------------------------------------------------------------------------

void World::change(SaleChange change) {
    change.actor = "operator";
    tell<ChangeSale>({.concert = concert_.id, .change = std::move(change)},
                     [this](const Result<ConcertView>& changed) {
                         overdue_since_.reset();
                         trace_.note("changed", {changed.has_value()});
                     });
}

void World::change_room() {
    if (!mix_.room) return;
    RoomPatch patch;
    switch (dice_.below(5)) {
        case 0:
            patch.active_max = dice_.between(1, 5);
            break;
        case 1:
            patch.window = AdmissionWindow{dice_.between(1, 4), seconds(dice_.between(3, 30))};
            break;
        case 2:
            patch.window = std::optional<AdmissionWindow>();
            break;
        case 3:
            patch.waiting_list = dice_.chance(50);
            break;
        default:
            patch.pass_ttl = Duration(seconds(dice_.between(10, 60)));
            break;
    }
    SaleChange sale;
    sale.patch = patch;
    change(std::move(sale));
}

void World::operate() {
    const std::uint64_t what = dice_.below(9);
    trace_.note("operator", {static_cast<std::int64_t>(what)});
    SaleChange sale;
    const PerformanceId performance =
        concert_.performances[dice_.below(concert_.performances.size())];
    switch (what) {
        case 0: {
            using enum SaleMode;
            constexpr std::array modes = {open, open, paused, draining, closed};
            constexpr std::array marks = {Mark::paused, Mark::drained, Mark::closed};
            const std::size_t chosen = dice_.below(modes.size());
            sale.mode = modes[chosen];
            if (chosen >= 2) mark(marks[chosen - 2]);
            return change(std::move(sale));
        }
        case 1:
            sale.mode = SaleMode::open;
            return change(std::move(sale));
        case 2:
        case 3:
            return change_room();
        case 4:
        case 5: {
            Admit command{.concert = concert_.id, .actor = "operator"};
            const int client =
                static_cast<int>(dice_.below(static_cast<std::uint64_t>(mix_.clients)));
            command.user = UserId::from_name("client " + std::to_string(client));
            return tell<Admit>(command, [this, command](const Result<PlaceView>& in) {
                model_.answered(command, in);
            });
        }
        case 6: {
            BlockSeats command{.performance = performance, .blocked = dice_.chance(50)};
            command.seats = {static_cast<SeatNumber>(dice_.between(1, mix_.seats))};
            command.actor = "operator";
            return tell<BlockSeats>(std::move(command), [](const Result<std::int64_t>&) {});
        }
        case 7: {
            const auto all = model_.reservations();
            if (all.empty()) return;
            return tell<AdminRelease>(
                {.reservation = all[dice_.below(all.size())], .actor = "operator"},
                [](const Result<ReservationView>&) {});
        }
        default:
            if (BoxOffice* office = pick().office.get()) {
                static_cast<void>(office->report_load(concert_.id, dice_.chance(50) ? 0.2 : 1.5));
            }
    }
}

// Another process that opens the same file is told so, and harms nothing.
void World::open_twice() {
    if (mix_.store != StoreKind::sqlite || office() == nullptr) return;
    try {
        const auto second = open_sqlite(folder_->path() / "sale.db", {.clock = &clock_});
        complain("C2", "a store was opened twice");
    } catch (const StorageError& error) {
        if (error.kind() != StorageError::Kind::in_use) {
            return complain("C2", std::string("a second opener is told: ") + error.what());
        }
        mark(Mark::reopened_in_use_refused);
    }
}

// A slot is free, somebody is there: that one is in within a tick. As long as anybody is let in at
// all, or that one has left, the clock starts anew: who is next has changed.
void World::watch_line() {
    if (any_failing()) return overdue_since_.reset();
    std::vector<int> all;
    std::int64_t timed_out = 0;
    for (const auto& at : instances_) {
        all.push_back(at->number);
        timed_out += at->office->statistics().timed_out;
        // Store time that was set back stands still, and so do the ticks.
        const Time last = std::exchange(at->looked_at, at->office->now());
        if (at->looked_at <= last) overdue_since_.reset();
    }
    const auto overdue = model_.overdue(office()->now(), all);
    const std::int64_t admissions = model_.admissions() + timed_out * 1'000'000;
    if (overdue != overdue_ || admissions != overdue_admissions_) overdue_since_.reset();
    overdue_ = overdue;
    overdue_admissions_ = admissions;
    if (!overdue) return;
    if (!overdue_since_) overdue_since_ = kernel_.now();
    Duration most = mix_.options.tick + milliseconds(500) + 40 * mix_.step_time;
    // They hold each other up, and each has to hear of what the others did.
    if (is_shared()) most += seconds(2) + 40 * mix_.sharing.instances * mix_.step_time;
    if (kernel_.now() - *overdue_since_ <= most) return;
    complain("Q6", "there is room for place " + std::to_string(overdue->value) +
                       ", and it still waits a tick later");
}

bool World::any_failing() const {
    return std::ranges::any_of(instances_, [&](const auto& at) {
        if (!at->office || at->is_failing) return true;
        if (!is_shared()) return false;
        return at->stands_until != Duration{} || !shared_->reaches(at->number) ||
               at->office->statistics().clock_jump != Duration{};
    });
}

// To ask for a place is to be there, so this is for rooms where that makes no difference.
void World::check_positions() {
    if (is_shared()) return check_shown(false);
    const Instance& at = *instances_.front();
    if (!at.office || at.answers_due || !mix_.room || mix_.room->no_shows) return;
    for (const GetPlace& query : model_.waiting()) {
        const auto view = at.office->place_in_memory(query);
        if (view && view->status == TokenStatus::waiting &&
            view->position == model_.position_of(query.place)) {
            continue;
        }
        complain("Q5", "place " + std::to_string(query.place.value) +
                           " is not told how many are ahead of it");
    }
}

// --- Healing -------------------------------------------------------------------------------------

void World::heal() {
    is_healed_ = true;
    trace_.note("healed", {});
    open_twice();
    if (is_shared()) heal_shared();
    for (const auto& at : instances_) {
        // One of several that runs goes on; for one that stood still it may be too late.
        const bool stands_still = at->stands_until != Duration{};
        resume(*at);
        if (is_shared() && at->office && !at->is_failing && !stands_still) continue;
        if (at->office) close(*at, !at->has_failed && !stands_still);
        if (!at->is_reopening) open(*at);
    }
    // What was to open it later finds it open: it is opened by who comes first.
    kernel_.set_step_time(Duration(0));
    kernel_.schedule(kernel_.now() + seconds(5), [this] {
        SaleChange sale;
        sale.mode = SaleMode::open;
        change(std::move(sale));
        for (const PerformanceId& performance : concert_.performances) {
            for (SeatNumber seat = 1; seat <= mix_.seats; ++seat) {
                tell<BlockSeats>({.performance = performance,
                                  .seats = {seat},
                                  .blocked = false,
                                  .actor = "operator"},
                                 [](const Result<std::int64_t>&) {});
            }
        }
    });
}

}  // namespace concertres::sim
