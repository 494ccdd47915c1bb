#include "crash/recorded_day.hpp"

#include <algorithm>

namespace concertres::test {

RecordedDay::RecordedDay(const DayPlan& plan)
    : day_(plan.seed, plan.backs_up ? backups_.path() : std::filesystem::path()) {
    FaultyVfs vfs;
    const Seeded seeded(plan.seed);
    vfs.skips_syncs = true;
    log_.emplace(folder_.path());
    copies_.emplace(backups_.path());
    vfs.before = [&](const DiskCall& call) {
        note(call, plan);
        return SQLITE_OK;
    };
    auto opened = open_store(folder_.path(), clock_);
    sqlite::SqliteStorage& store = *opened;
    if (!plan.sabotage.empty()) store.connection().database().exec(plan.sabotage);
    states_.push_back({everything_in(store), store.now()});
    {
        BoxOffice office(std::move(opened), {.running = Running::by_host});
        const auto after_step = [&] { note_step(store); };
        day_.begin(office, after_step);
        for (int i = 0; i < plan.acts; ++i) day_.act(office, clock_, after_step);
        vfs.before = nullptr;  // how it is closed is of no interest
    }
    check_backups(*copies_);
}

void RecordedDay::note(const DiskCall& call, const DayPlan& plan) {
    if (plan.sync_lies && call.kind == DiskCall::sync) return;
    const bool is_copy = call.file.find(".partial-") != std::string_view::npos;
    (is_copy ? copies_ : log_)->note(call);
}

void RecordedDay::note_step(sqlite::SqliteStorage& store) {
    if (log_->size() != seen_) {
        seen_ = log_->size();
        StoreContents contents = everything_in(store);
        if (!(contents == states_.back().contents)) {
            states_.push_back({std::move(contents), store.now()});
        }
    }
    steps_.push_back({log_->size(), states_.size() - 1});
}

std::optional<std::size_t> RecordedDay::state_of(const StoreContents& contents) const {
    for (std::size_t i = states_.size(); i-- > 0;) {
        if (states_[i].contents == contents) return i;
    }
    return std::nullopt;
}

std::size_t RecordedDay::told_by(std::size_t position) const {
    std::size_t state = 0;
    for (const auto& asked : day_.asked()) {
        if (asked->told && step_of(*asked).log_size <= position) {
            state = std::max(state, step_of(*asked).state);
        }
    }
    return state;
}

std::vector<const Asked*> RecordedDay::told_in(std::size_t state) const {
    std::vector<const Asked*> found;
    for (const auto& asked : day_.asked()) {
        if (asked->told && step_of(*asked).state <= state) found.push_back(asked.get());
    }
    return found;
}

std::vector<const Asked*> RecordedDay::under_way_after(std::size_t state) const {
    std::vector<const Asked*> found;
    for (const auto& asked : day_.asked()) {
        if (asked->told && step_of(*asked).state == state + 1) found.push_back(asked.get());
    }
    return found;
}

std::map<std::string, std::size_t> RecordedDay::happened() const {
    std::map<std::string, std::size_t> times;
    for (const auto& asked : day_.asked()) times[asked->what] += asked->told ? 1 : 0;
    StoreContents last = states_.back().contents;
    for (const Reservation& row : last.of<Reservation>()) {
        times["a hold ended"] += row.status == ReservationStatus::expired ? 1 : 0;
    }
    for (const Pass& row : last.of<Pass>()) {
        times["a pass ended"] += row.status == PassStatus::expired ? 1 : 0;
    }
    for (const DiskLog::Told& told : log_->told()) {
        const bool of_checkpoint = told.kind == DiskCall::write &&
                                   log_->names()[static_cast<std::size_t>(told.file)] == store_name;
        times["a checkpoint wrote"] += of_checkpoint ? 1 : 0;
    }
    return times;
}

void RecordedDay::check_backups(const DiskLog& copies) {
    Disk disk(copies);
    while (disk.next()) {
    }
    for (const auto& made : day_.made_backups()) {
        const auto complain = [&](const std::string& what) {
            backup_faults_.push_back(made.file.filename().string() + ": " + what);
        };
        const std::string partial = made.file.filename().string() + ".partial-";
        const auto name = std::ranges::find_if(
            copies.names(), [&](const std::string& known) { return known.starts_with(partial); });
        if (name == copies.names().end() || disk.synced(*name) != bytes_of(made.file)) {
            complain("it had its name before all of it was on the disk");
        }
        for (const Finding& finding : audit(*open_sqlite(made.file)).findings) {
            complain(finding.rule + ": " + finding.what);
        }
    }
}

}  // namespace concertres::test
