#include "concertres/time.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace concertres;
using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::sys_days;

namespace {

class FakeClock final : public Clock {
  public:
    Time wall() override { return wall_now; }
    Duration elapsed() override { return elapsed_now; }

    Time wall_now{1'000s};
    Duration elapsed_now{5s};
};

Time time_of(std::string_view text) {
    const auto parsed = parse_rfc3339(text);
    REQUIRE(parsed);
    return parsed->time;
}

bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int days_in(int year, int month) {
    if (month == 2) return is_leap(year) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

std::string padded(int value, std::size_t width) {
    const std::string digits = std::to_string(value);
    return std::string(width - digits.size(), '0') + digits;
}

}  // namespace

TEST_CASE("a time is written in UTC with milliseconds, cut") {
    CHECK(to_rfc3339(Time{}) == "1970-01-01T00:00:00.000Z");
    CHECK(to_rfc3339(Time(1'234'567us)) == "1970-01-01T00:00:01.234Z");
    CHECK(to_rfc3339(Time(999us)) == "1970-01-01T00:00:00.000Z");
    CHECK(to_rfc3339(Time(sys_days(std::chrono::year(2026) / 12 / 24)) + 10h) ==
          "2026-12-24T10:00:00.000Z");
}

TEST_CASE("a time is written with its offset kept") {
    const Time time = time_of("2026-12-24T10:00:00Z");
    CHECK(to_rfc3339(time, 9h) == "2026-12-24T19:00:00.000+09:00");
    CHECK(to_rfc3339(time, 0min) == "2026-12-24T10:00:00.000+00:00");
    CHECK(to_rfc3339(time, -(3h + 30min)) == "2026-12-24T06:30:00.000-03:30");
    CHECK(to_rfc3339(time, -30min) == "2026-12-24T09:30:00.000-00:30");
    CHECK(to_rfc3339(time, 14h) == "2026-12-25T00:00:00.000+14:00");
}

TEST_CASE("the local date is that of the offset") {
    const Time time = time_of("2026-12-31T20:00:00Z");
    CHECK(local_date(time, 0min) == "2026-12-31");
    CHECK(local_date(time, 9h) == "2027-01-01");
    CHECK(local_date(Time{}, -1min) == "1969-12-31");
}

TEST_CASE("a time that RFC 3339 cannot write is written as the nearest that it can") {
    CHECK(to_rfc3339(Time::max()) == "9999-12-31T23:59:59.999Z");
    CHECK(to_rfc3339(Time::max(), 9h) == "9999-12-31T23:59:59.999+09:00");
    CHECK(to_rfc3339(Time::min()) == "0000-01-01T00:00:00.000Z");
    CHECK(to_rfc3339(Time::min(), -9h) == "0000-01-01T00:00:00.000-09:00");
    CHECK(to_rfc3339(Time(-1us)) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("a time reads with an offset or Z") {
    CHECK(time_of("1970-01-01T00:00:00Z") == Time{});
    CHECK(time_of("2026-12-24T19:00:00+09:00") == time_of("2026-12-24T10:00:00Z"));
    CHECK(time_of("2026-12-24T06:30:00-03:30") == time_of("2026-12-24T10:00:00z"));
    CHECK(time_of("2026-12-24t10:00:00-00:00") == time_of("2026-12-24T10:00:00Z"));
    CHECK(parse_rfc3339("2026-12-24T19:00:00+09:00")->utc_offset == 9h);
    CHECK(parse_rfc3339("2026-12-24T06:30:00-03:30")->utc_offset == -(3h + 30min));
    CHECK(parse_rfc3339("2026-12-24T06:30:00Z")->utc_offset == 0min);
}

TEST_CASE("fractions read up to microseconds") {
    const Time whole = time_of("2026-12-24T10:00:00Z");
    CHECK(time_of("2026-12-24T10:00:00.5Z") == whole + 500ms);
    CHECK(time_of("2026-12-24T10:00:00.05Z") == whole + 50ms);
    CHECK(time_of("2026-12-24T10:00:00.000001Z") == whole + 1us);
    CHECK(time_of("2026-12-24T10:00:00.999999+00:00") == whole + 999'999us);
    CHECK_FALSE(parse_rfc3339("2026-12-24T10:00:00.0000001Z"));
    CHECK_FALSE(parse_rfc3339("2026-12-24T10:00:00.Z"));
    CHECK_FALSE(parse_rfc3339("2026-12-24T10:00:00,5Z"));
}

TEST_CASE("what is no time of the calendar is refused") {
    for (const std::string_view text : {
             "",
             "2026-12-24",
             "2026-12-24T10:00:00",
             "2026-12-24 10:00:00Z",
             "2026-12-24T10:00Z",
             "2026-12-24T10:00:00Z ",
             " 2026-12-24T10:00:00Z",
             "2026-12-24T10:00:00+0900",
             "2026-12-24T10:00:00+09",
             "2026-12-24T10:00:00+24:00",
             "2026-12-24T10:00:00+09:60",
             "2026-12-24T10:00:00Z+09:00",
             "2026-12-24T24:00:00Z",
             "2026-12-24T23:60:00Z",
             "2026-12-31T23:59:60Z",
             "2026-1-24T10:00:00Z",
             "2026-00-24T10:00:00Z",
             "2026-13-24T10:00:00Z",
             "2026-12-00T10:00:00Z",
             "2026-12-32T10:00:00Z",
             "2026-02-30T10:00:00Z",
             "2026-02-29T10:00:00Z",
             "2100-02-29T10:00:00Z",
             "2026-04-31T10:00:00Z",
             "02026-12-24T10:00:00Z",
             "+026-12-24T10:00:00Z",
             "20x6-12-24T10:00:00Z",
             "1969-12-31T23:59:59Z",
         }) {
        CAPTURE(text);
        CHECK_FALSE(parse_rfc3339(text));
    }
}

TEST_CASE("the range ends at both ends, as written and in UTC") {
    CHECK(parse_rfc3339("1970-01-01T09:00:00+09:00"));
    CHECK_FALSE(parse_rfc3339("1970-01-01T08:59:59+09:00"));
    CHECK_FALSE(parse_rfc3339("1969-12-31T23:00:00-09:00"));
    CHECK(parse_rfc3339("9999-12-31T23:59:59.999999Z"));
    CHECK(parse_rfc3339("9999-12-31T14:59:59-09:00"));
    CHECK_FALSE(parse_rfc3339("9999-12-31T15:00:00-09:00"));
}

TEST_CASE("every cut of a written time is refused") {
    const std::string_view text = "2026-12-24T19:00:00.000+09:00";
    REQUIRE(parse_rfc3339(text));
    for (std::size_t size = 0; size < text.size(); ++size) {
        CAPTURE(size);
        CHECK_FALSE(parse_rfc3339(text.substr(0, size)));
    }
}

TEST_CASE("the calendar counts as a plain count of days does, from 1970 to 9999") {
    int day_number = 0;
    int wrong = 0;
    for (int year = 1970; year <= 9999; ++year) {
        for (int month = 1; month <= 12; ++month) {
            const int last = days_in(year, month);
            const std::string prefix = padded(year, 4) + '-' + padded(month, 2) + '-';
            // The first and the last day, and that the next one is none: the rest lie between.
            const std::string first_date = prefix + "01";
            const std::string last_date = prefix + padded(last, 2);
            if (local_date(Time(days(day_number)), 0min) != first_date) ++wrong;
            if (local_date(Time(days(day_number + last - 1)), 0min) != last_date) ++wrong;
            if (!is_date(last_date) || is_date(prefix + padded(last + 1, 2))) ++wrong;
            if (time_of(last_date + "T00:00:00Z") != Time(days(day_number + last - 1))) ++wrong;
            day_number += last;
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("what was written reads back, to the millisecond") {
    for (const auto& [time, offset] : std::vector<OffsetTime>{
             {Time{}, 0min},
             {Time(123'456ms), 9h},
             {time_of("2028-02-29T23:59:59.999Z"), -(11h + 30min)},
             {time_of("9999-12-31T23:59:59.001Z"), -(23h + 59min)},
         }) {
        const auto back = parse_rfc3339(to_rfc3339(time, offset));
        REQUIRE(back);
        CHECK(*back == OffsetTime{time, offset});
    }
}

TEST_CASE("a date is YYYY-MM-DD of the calendar") {
    CHECK(is_date("2026-12-24"));
    CHECK(is_date("2028-02-29"));
    for (const std::string_view text : {"", "2026-12-2", "2026-12-244", "2026/12/24", "2026-02-29",
                                        "1969-12-31", "24-12-2026", "2026-12-24T", "2026-12--4"}) {
        CAPTURE(text);
        CHECK_FALSE(is_date(text));
    }
}

TEST_CASE("the system's clocks go on") {
    Clock& clock = system_clock();
    const Duration before = clock.elapsed();
    CHECK(clock.elapsed() >= before);
    CHECK(before > 0s);
    CHECK(clock.wall() > time_of("2020-01-01T00:00:00Z"));
}

TEST_CASE("store time starts at the wall's and runs on with what elapses") {
    FakeClock clock;
    const StoreClock store(clock, Time{});
    CHECK(store.now() == Time(1'000s));
    clock.elapsed_now += 3s;
    CHECK(store.now() == Time(1'003s));
}

TEST_CASE("a wall clock that is stepped while the store is open changes nothing") {
    FakeClock clock;
    const StoreClock store(clock, Time{});
    clock.wall_now += 1h;
    CHECK(store.now() == Time(1'000s));
    clock.wall_now -= 2h;
    CHECK(store.now() == Time(1'000s));
}

TEST_CASE("across a restart store time does not go back behind its mark") {
    FakeClock clock;
    const Time mark{5'000s};
    const StoreClock store(clock, mark);
    CHECK(store.now() == mark);
    clock.elapsed_now += 1us;
    CHECK(store.now() == mark + 1us);
}
