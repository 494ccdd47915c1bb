// An hour at a box office that was busy before: always the same one, but for what fails in it.
//
//   Hour hour(seed);
//   std::int64_t calls = 0;
//   hour.live({.before = [&](const DiskCall&) { return ++calls, SQLITE_OK; }});
//   for (std::int64_t n = 1; n <= calls; ++n) check(hour.live(fail_at(n)));
//
// It ends with a crash; then the store is opened again, and a second time as a power cut at that
// moment might have left it. What must hold: nothing is told after the engine has failed; what was
// told is there; the store is in a state that was, or in the one that was under way; and all that
// recovery.hpp asks for. Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "crash/busy_day.hpp"
#include "crash/disk.hpp"
#include "support/faulty_vfs.hpp"

namespace concertres::test {

// What fails: not while the test itself looks at the store.
struct HourFault {
    std::function<int(const DiskCall&)> before{};
    std::function<int(const DiskCall&)> before_read{};
    std::function<int(const DiskCall&)> after{};
    std::function<void(bool is_on)> other{};  // is turned on and off with them
    bool spares_opening = false;              // nothing fails before the store is open
};

struct LivedHour {
    std::string fault{};   // nothing is wrong
    bool refused = false;  // the store was not opened
    bool stopped = false;  // the engine failed
    int full = 0;          // commands that were refused for want of space
    std::size_t commits = 0;
};

class Hour {
  public:
    explicit Hour(std::uint64_t seed);

    LivedHour live(const HourFault& fault);

  private:
    struct Life {
        LivedHour lived;
        BusyDay day;
        std::vector<StoreContents> states;  // the first: that of the start
        std::optional<DiskLog> log;
        FolderImage left;
        std::string told{};  // of each that was asked, whether it was
    };
    [[nodiscard]] Life crash_after(const HourFault& fault);
    void open_and_act(Life& life, const std::filesystem::path& folder,
                      const std::function<void(bool)>& turn) const;
    [[nodiscard]] std::string nothing_told_after_failure(const BusyDay& day) const;
    [[nodiscard]] std::string wrong_after(const Life& life, const FolderImage& image);
    [[nodiscard]] std::string look(const Life& life, const std::filesystem::path& folder) const;

    std::uint64_t seed_;
    mutable TestClock clock_;  // reading it is no change
    BusyDay day_;
    FolderImage start_;
    StoreContents before_;
    std::vector<StoreContents> calm_states_;  // of the hour in which nothing fails
    std::map<std::pair<std::string, std::string>, std::string> known_;  // told, the file's bytes
};

}  // namespace concertres::test
