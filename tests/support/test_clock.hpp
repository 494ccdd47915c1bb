// A clock that only its test moves.
//
//   TestClock clock;
//   auto storage = open_memory({.clock = &clock});
//   clock.advance(5min);      // time passes
//   clock.step_wall(-1h);     // somebody sets the wall clock back; no time passes
//
// Threads: any, at once.
#pragma once

#include <atomic>
#include <chrono>

#include "concertres/assert.hpp"
#include "concertres/time.hpp"

namespace concertres::test {

class TestClock final : public Clock {
  public:
    static constexpr Time default_wall =
        std::chrono::sys_days(std::chrono::year(2026) / 12 / 24) + std::chrono::hours(10);

    explicit TestClock(Time wall = default_wall) : wall_(wall) {}

    [[nodiscard]] Time wall() override { return wall_.load(); }
    [[nodiscard]] Duration elapsed() override { return elapsed_.load(); }

    // Time passes, on the wall too. REQUIRES: 0 or more
    void advance(Duration by) {
        advance_elapsed(by);
        step_wall(by);
    }
    // Time passes while the wall clock stands still. REQUIRES: 0 or more
    void advance_elapsed(Duration by) {
        CONCERTRES_ASSERT(by >= Duration{0});
        elapsed_ = elapsed_.load() + by;
    }
    // The wall clock is set, either way; no time passes.
    void step_wall(Duration by) { wall_ = wall_.load() + by; }
    void set_wall(Time wall) { wall_ = wall; }

  private:
    std::atomic<Time> wall_;
    // A machine has been up for a while when its clock is first read.
    std::atomic<Duration> elapsed_{std::chrono::hours(100)};
};

}  // namespace concertres::test
