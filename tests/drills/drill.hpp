// What the drills share: they put a real server under what it must stand, and measure.
//
// In the ordinary tests a drill is small and checks what must hold on any machine; with
// CONCERTRES_DRILLS=1 (./dev chaos) it is of full size, and its times are judged too. They are
// printed always.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "program/commands.hpp"
#include "program/server_process.hpp"

namespace concertres::test {

[[nodiscard]] bool full_size();
// The one of the two that the size of the drill asks for.
template <class Value>
[[nodiscard]] Value sized(Value small, Value full) {
    return full_size() ? full : small;
}
// The threshold of a load that a server can do. No request fails; at full size none is turned away
// either. In the ordinary tests the machine itself may stand still for seconds, and then it is
// right to say no.
[[nodiscard]] inline const char* no_errors() { return sized("failed <= 0%", "errors <= 0%"); }
// Prints what was measured; at full size it must be as wanted.
void judge(bool as_wanted, const std::string& measured);

// For a store whose disk is not what is measured: a neighbour's writing would be. In memory, where
// the system has that.
[[nodiscard]] std::filesystem::path quick_folder();

// This process, and those that it starts, may have as many as the system lets it.
void raise_descriptor_limit();

// What the system knows of a process.
struct Vitals {
    double cpu_seconds = 0;           // user and system
    std::int64_t memory_kib = 0;      // resident now
    std::int64_t memory_max_kib = 0;  // ever (VmHWM)
    std::int64_t descriptors = 0;
};
[[nodiscard]] Vitals vitals_of(pid_t process);

// A disk that takes its time; see support/slow_disk.cpp.
class SlowDisk {
  public:
    struct Speed {
        int sync_us = 0;
        int kib_per_second = 0;  // 0: any
    };
    explicit SlowDisk(Speed speed) : speed_(speed) {}

    // A program that is launched so uses it.
    void add_to(Launch& launch) const;
    // From now on no sync comes to an end.
    void stall() const;
    void go_on() const;

  private:
    [[nodiscard]] std::string file() const { return folder_.path() / "stall"; }

    Speed speed_;
    TempDir folder_;
};

// A concert of many halls of one size, whose room lets everybody in.
[[nodiscard]] std::string halls_json(int halls, int seats);

// Runs `concertres load` with this profile to its end, and gives its report.
[[nodiscard]] boost::json::value put_load(const std::string& url, const std::string& profile);
[[nodiscard]] std::int64_t number_at(const boost::json::value& report, std::string_view pointer);

}  // namespace concertres::test
