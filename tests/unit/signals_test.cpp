#include "engine/signals.hpp"

#include <doctest/doctest.h>

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

constexpr Time t0{Duration(1'800'000'000'000'000)};

}  // namespace

TEST_SUITE_BEGIN("signals");

TEST_CASE("a load is believed until it is stale, each concert's apart") {
    Signals signals;
    CHECK_FALSE(signals.load({1}, t0, 10s));
    signals.report_load({1}, 0.5, t0);
    signals.report_load({2}, 0.7, t0 + 5s);
    CHECK(signals.load({1}, t0 + 10s, 10s) == 0.5);
    CHECK_FALSE(signals.load({1}, t0 + 10s + Duration(1), 10s));
    CHECK(signals.load({2}, t0 + 15s, 10s) == 0.7);
    signals.report_load({1}, 0.9, t0 + 20s);
    CHECK(signals.load({1}, t0 + 20s, 10s) == 0.9);
}

TEST_CASE("the time of commits is smoothed: one slow one is an eighth of it") {
    Signals signals;
    CHECK_FALSE(signals.commit_time());
    signals.note_commit(8ms);
    CHECK(signals.commit_time() == Duration(8ms));
    signals.note_commit(16ms);
    CHECK(signals.commit_time() == Duration(9ms));
    for (int i = 0; i < 100; ++i) signals.note_commit(1ms);
    CHECK(*signals.commit_time() < 1100us);
}

TEST_SUITE_END();

}  // namespace concertres::test
