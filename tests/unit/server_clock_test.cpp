// What a store believes of its server's clock, and what instances tell each other of it.
#include "postgres/server_clock.hpp"

#include <doctest/doctest.h>

#include <chrono>

namespace concertres::test {
namespace {

using namespace std::chrono_literals;
using postgres::ServerClock;

constexpr Time noon = Time(std::chrono::sys_days(std::chrono::year(2026) / 12 / 24)) + 12h;

// Told at `at` of this machine's own clock, without delay; the server's clock is `ahead` of noon.
ServerClock::Told told(Duration at, Duration ahead = {}) { return {noon + at + ahead, at, at}; }

// It goes by a server's clock that was so far ahead of noon.
void check_goes_by(const ServerClock& clock, Duration ahead) {
    const Duration before = system_clock().elapsed();
    const Duration offset = clock.now() - noon;
    const Duration after = system_clock().elapsed();
    CHECK(offset >= before + ahead);
    CHECK(offset <= after + ahead);
}

}  // namespace

TEST_SUITE_BEGIN("postgres: the server's clock");

TEST_CASE("a clock that is moved by two seconds is followed, one that is moved by more is not") {
    for (const int sign : {1, -1}) {
        ServerClock clock(told(0s), {});
        clock.tell(told(1s, sign * 2s));
        CHECK(clock.jump() == 0s);
        check_goes_by(clock, sign * 2s);
        // It is compared with what was told last: a slow drift never adds up.
        clock.tell(told(2s, sign * 4s));
        CHECK(clock.jump() == 0s);
        clock.tell(told(3s, sign * (6s + 1us)));
        CHECK(clock.jump() == sign * (2s + 1us));
        check_goes_by(clock, sign * 4s);
        // However long it lasts, until it is back.
        clock.tell(told(1h, sign * 6001ms));
        CHECK(clock.jump() == sign * 2001ms);
        check_goes_by(clock, sign * 4s);
        clock.tell(told(2h, sign * 5s));
        CHECK(clock.jump() == 0s);
        check_goes_by(clock, sign * 5s);
    }
}

TEST_CASE("an answer that was long on its way is no jump, and moves nothing") {
    ServerClock clock(told(0s), {});
    // Read when it was asked for, heard a minute later: this process stood still.
    clock.tell({noon + 10s, 10s, 70s});
    CHECK(clock.jump() == 0s);
    check_goes_by(clock, 0s);
    // Read only when the locks were there.
    clock.tell({noon + 140s, 80s, 140s});
    CHECK(clock.jump() == 0s);
    check_goes_by(clock, 0s);
    // No delay explains these.
    clock.tell({noon + 203s, 150s, 200s});
    CHECK(clock.jump() == 3s);
    clock.tell({noon + 297s, 300s, 310s});
    CHECK(clock.jump() == -3s);
    check_goes_by(clock, 0s);
}

TEST_CASE("a jump is shared once, and taken back by who has shared it") {
    ServerClock clock(told(0s), {});
    CHECK_FALSE(clock.tell(told(10s), {}));
    CHECK(clock.tell(told(20s, 1h), {}) == 1h);
    CHECK_FALSE(clock.tell(told(21s, 1h), {0, 1h}));
    // Another jump on top of it is another one.
    CHECK(clock.tell(told(22s, 2h), {0, 1h}) == 2h);
    CHECK(clock.tell(told(23s), {0, 2h}) == 0s);
    CHECK_FALSE(clock.tell(told(24s), {}));
    // What others have seen, and this one has not, is theirs to take back.
    CHECK_FALSE(clock.tell(told(30s), {0, 1h}));
    CHECK(clock.jump() == 0s);
}

TEST_CASE("who is opened while the others refuse goes by their time, and refuses too") {
    ServerClock late(told(0s, 1h), {0, 1h});
    CHECK(late.jump() == 1h);
    check_goes_by(late, 0s);
    CHECK(late.tell(told(5s), {0, 1h}) == 0s);
    CHECK(late.jump() == 0s);

    // So does one that was opened a moment before the others have noticed.
    ServerClock early(told(0s, 1h), {});
    CHECK_FALSE(early.tell(told(500ms, 1h), {0, 1h}));
    CHECK(early.jump() == 1h);
    check_goes_by(early, 0s);
}

TEST_CASE("one confirmation is enough for all, and also for who stood still meanwhile") {
    ServerClock seeing(told(0s), {});
    ServerClock standing_still(told(0s), {});
    CHECK(seeing.tell(told(1s, 1h), {}) == 1h);
    for (ServerClock* clock : {&seeing, &standing_still}) {
        CHECK_FALSE(clock->tell(told(10s, 1h), {1, 0s}));
        CHECK(clock->jump() == 0s);
        check_goes_by(*clock, 1h);
    }
    // Two jumps later, of which the second is not confirmed.
    CHECK_FALSE(standing_still.tell(told(100s, 3h), {2, 1h}));
    CHECK(standing_still.jump() == 1h);
    check_goes_by(standing_still, 2h);
}

TEST_SUITE_END();

}  // namespace concertres::test
