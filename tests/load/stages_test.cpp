#include "load/stages.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace concertres::load;
using namespace std::chrono_literals;

namespace {

Stages stages_of(const std::vector<std::string>& texts) {
    auto stages = parse_stages(texts);
    REQUIRE(stages);
    return *stages;
}

double seconds(Nanoseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

TEST_CASE("a stage goes evenly from the last target to its own") {
    const Stages stages = stages_of({"1m 50", "3m 100", "1m 150", "2m 0"});
    CHECK(stages.length() == 7min);
    CHECK(stages.highest() == 150);
    CHECK(stages.value_at(0s) == 0);
    CHECK(stages.value_at(30s) == 25);
    CHECK(stages.value_at(1min) == 50);
    CHECK(stages.value_at(150s) == 75);
    CHECK(stages.value_at(5min) == 150);
    CHECK(stages.value_at(6min) == 75);
    CHECK(stages.value_at(7min) == 0);
    CHECK(stages.value_at(8min) == 0);
}

TEST_CASE("a stage that lasts no time jumps") {
    const Stages stages = stages_of({"0s 10", "2s 10"});
    CHECK(stages.value_at(0s) == 10);
    CHECK(stages.value_at(1s) == 10);
    CHECK(stages.length() == 2s);
}

TEST_CASE("arrivals at an even rate come at even times") {
    const Stages stages = stages_of({"0s 100", "2s 100"});
    CHECK(stages.arrivals() == 200);
    CHECK(stages.arrival(0) == Nanoseconds(0));
    CHECK(seconds(stages.arrival(50).value()) == doctest::Approx(0.5));
    CHECK(seconds(stages.arrival(199).value()) == doctest::Approx(1.99));
    CHECK_FALSE(stages.arrival(200));
    CHECK_FALSE(stages.arrival(-1));
}

TEST_CASE("as many arrive until a time as the area below the rates says") {
    const Stages stages = stages_of({"2s 10", "0s 40", "1s 40", "4s 0", "1s 0", "1s 5"});
    const double area = 10 + 40 + 80 + 0 + 2.5;
    CHECK(stages.arrivals() == static_cast<std::int64_t>(area));
    Nanoseconds last{-1};
    for (std::int64_t i = 0; i < stages.arrivals(); ++i) {
        CAPTURE(i);
        const Nanoseconds at = stages.arrival(i).value();
        CHECK(at > last);
        last = at;
        // By hand for the first stage, a triangle: t^2 * 10/4 = i.
        if (i < 10) CHECK(seconds(at) == doctest::Approx(std::sqrt(static_cast<double>(i) * 0.4)));
        if (i >= 10 && i < 50) {
            CHECK(seconds(at) == doctest::Approx(2 + static_cast<double>(i - 10) / 40));
        }
    }
    CHECK(last <= stages.length());
}

TEST_CASE("scaled stages have the same targets in another time") {
    const Stages stages = stages_of({"1m 50", "2m 0"}).scaled(0.5);
    CHECK(stages.length() == 90s);
    CHECK(stages.value_at(15s) == 25);
}

TEST_CASE("lengths have a unit") {
    CHECK(parse_length("250ms") == Nanoseconds(250ms));
    CHECK(parse_length("30s") == Nanoseconds(30s));
    CHECK(parse_length("5m") == Nanoseconds(5min));
    CHECK(parse_length("24h") == Nanoseconds(24h));
    for (const char* text :
         {"", "5", "s", "-1s", "1.5s", "5 s", "1d", "25h", "99999999999s", "5sx"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_length(text));
    }
    CHECK(shown_length(250ms) == "250ms");
    CHECK(shown_length(1500ms) == "1.5s");
    CHECK(shown_length(90s) == "1m30s");
    CHECK(shown_length(7min) == "7m");
}

TEST_CASE("stages that are none are refused, and named") {
    for (const char* text :
         {"", "1m", "1m ", "1m x", "1m 1.5", "1m -1", "x 5", "1m  5", "1m 2000000"}) {
        CAPTURE(text);
        const auto refused = parse_stages({"10s 5", text});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().detail.find("not \"" + std::string(text)) != std::string::npos);
    }
    CHECK_FALSE(parse_stages({}));
    CHECK_FALSE(parse_stages({"0s 5"}));
    CHECK_FALSE(parse_stages({"1m 0"}));
    CHECK_FALSE(parse_stages({"20h 1", "5h 1"}));
}
