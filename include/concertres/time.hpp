// Time. One clock decides: *store time*, taken where commits are serialized. It is microseconds
// since 1970 in UTC. Callers send durations, never timestamps.
//
// A store reads the wall once, when it is opened, and from then on counts how much time has passed;
// so a wall clock that is stepped by an hour while it is open frees, sells and admits nothing
// early.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace concertres {

using Duration = std::chrono::microseconds;
using Time = std::chrono::sys_time<Duration>;

// Where a store gets its time from. Tests give one of their own.
// Threads: called from the writer's thread and from queries at once.
class Clock {
  public:
    virtual ~Clock() = default;

    // What the wall says; read once per open.
    [[nodiscard]] virtual Time wall() = 0;
    // Time elapsed since some fixed moment, sleep included; never goes back.
    [[nodiscard]] virtual Duration elapsed() = 0;
};

// CLOCK_REALTIME and CLOCK_BOOTTIME.
[[nodiscard]] Clock& system_clock();

// Store time of an embedded store: max(mark, wall at open) + time elapsed since.
class StoreClock {
  public:
    // `mark` is the latest time that the store has ever stamped on a commit.
    // Lifetime: `clock` outlives it.
    StoreClock(Clock& clock, Time mark);

    [[nodiscard]] Time now() const;

  private:
    Clock* clock_;
    Time origin_;
    Duration opened_;
};

// RFC 3339 with milliseconds, cut, in UTC: 2026-12-24T10:00:00.000Z. A time out of the years 0 to
// 9999 is written as the nearest in them.
[[nodiscard]] std::string to_rfc3339(Time time);
void append_rfc3339(std::string& text, Time time);
// The same with an offset from UTC kept: 2026-12-24T19:00:00.000+09:00.
[[nodiscard]] std::string to_rfc3339(Time time, std::chrono::minutes utc_offset);
// The local date in that offset: 2026-12-24.
[[nodiscard]] std::string local_date(Time time, std::chrono::minutes utc_offset);

struct OffsetTime {
    Time time{};
    std::chrono::minutes utc_offset{0};

    friend bool operator==(const OffsetTime&, const OffsetTime&) = default;
};
// RFC 3339 with an offset or Z; fractions up to microseconds (more digits are refused); years 1970
// to 9999, as written and in UTC. Nothing for anything else, the 30th of February and leap seconds
// included.
[[nodiscard]] std::optional<OffsetTime> parse_rfc3339(std::string_view text);
// YYYY-MM-DD of the calendar, years 1970 to 9999.
[[nodiscard]] bool is_date(std::string_view text);

}  // namespace concertres
