// A busy day on a disk that is written down, and what was in the store after each of its commits.
// What is found after a crash must be one of these states, with all that had been told by then.
//
//   RecordedDay day({.seed = 7, .acts = 60});
//   const std::size_t least = day.told_by(position);   // in the disk's log
//   const std::size_t found = day.state_of(everything_in(*store));
//
// Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crash/busy_day.hpp"
#include "crash/disk.hpp"
#include "crash/seeded.hpp"
#include "sqlite/sqlite_storage.hpp"
#include "support/temp_dir.hpp"

namespace concertres::test {

// The name of the store in its folder.
inline constexpr const char* store_name = "sale.db";
// So small that every few commits there is a checkpoint.
[[nodiscard]] inline SqliteOptions store_options(Clock& clock) {
    return {.clock = &clock, .wal_bytes_max = 200'000, .journal_bytes_max = 20'000};
}
inline std::unique_ptr<sqlite::SqliteStorage> open_store(const std::filesystem::path& folder,
                                                         Clock& clock) {
    return sqlite::open_with(folder / store_name, store_options(clock), sqlite::current_schema());
}

struct DayPlan {
    std::uint64_t seed = 1;
    int acts = 150;
    bool backs_up = true;
    // What is wrong with this one: SQL for the connection, from outside, once it is open...
    std::string sabotage{};
    // ...or a disk that says that it has synced, and keeps nothing.
    bool sync_lies = false;
};

class RecordedDay {
  public:
    // Lives the day, from before there is a store until its last commit; it is not closed.
    explicit RecordedDay(const DayPlan& plan);

    [[nodiscard]] const DiskLog& log() const { return *log_; }
    struct State {
        StoreContents contents;
        Time at;  // the latest that may have been stamped on it
    };
    [[nodiscard]] const std::vector<State>& states() const { return states_; }
    // The number of the state that has these contents: the last of them.
    [[nodiscard]] std::optional<std::size_t> state_of(const StoreContents& contents) const;
    // The earliest state that has all that was told before the log came to this length.
    [[nodiscard]] std::size_t told_by(std::size_t position) const;

    // What was told and is in this state; and what was under way when it was left for the next.
    [[nodiscard]] std::vector<const Asked*> told_in(std::size_t state) const;
    [[nodiscard]] std::vector<const Asked*> under_way_after(std::size_t state) const;

    // What happened in it, how often: what was told, holds and passes that ended by themselves, and
    // writes of checkpoints.
    [[nodiscard]] std::map<std::string, std::size_t> happened() const;
    // What is wrong with its backups: each is whole, on the disk, and clean.
    [[nodiscard]] std::vector<std::string> backup_faults() const { return backup_faults_; }

  private:
    struct Step {
        std::size_t log_size;
        std::size_t state;
    };
    void note(const DiskCall& call, const DayPlan& plan);
    void note_step(sqlite::SqliteStorage& store);
    void check_backups(const DiskLog& copies);
    [[nodiscard]] const Step& step_of(const Asked& asked) const { return steps_[asked.step]; }

    TempDir folder_;
    TempDir backups_;
    TestClock clock_;
    std::optional<DiskLog> log_;
    std::optional<DiskLog> copies_;
    std::vector<State> states_;
    std::vector<Step> steps_;
    std::size_t seen_ = 0;  // of the log, when the store was last looked at
    BusyDay day_;
    std::vector<std::string> backup_faults_;
};

}  // namespace concertres::test
