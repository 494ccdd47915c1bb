#include "load/profile.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace concertres::load;
using namespace std::chrono_literals;

namespace {

void check_refused(const std::string& toml, std::string_view told) {
    CAPTURE(toml);
    const auto refused = parse_profile(toml, "mine.toml");
    REQUIRE_FALSE(refused);
    INFO(refused.error().detail);
    CHECK(refused.error().detail.find(told) != std::string::npos);
}

}  // namespace

TEST_CASE("every built-in profile can be read, and has thresholds") {
    CHECK(built_in_profiles().size() == 3);
    for (const BuiltIn& built_in : built_in_profiles()) {
        CAPTURE(built_in.name);
        const auto profile = load_profile(std::string(built_in.name));
        REQUIRE(profile);
        CHECK(profile->name == built_in.name);
        CHECK_FALSE(profile->open_loop);
        CHECK_FALSE(profile->thresholds.empty());
    }
    const auto stages = load_profile("stages");
    CHECK(stages->stages.length() == 7min);
    CHECK(stages->stages.value_at(5min) == 150);
    const auto peak = load_profile("peak");
    CHECK(peak->stages.length() == 11min);
    CHECK(peak->stages.value_at(5min) == 1'000);
}

TEST_CASE("a file says what people do, how many they are, and what must come of it") {
    const auto profile = parse_profile(
        "scenario = \"reservation\"\n"
        "rate = [\"10s 500\", \"1m 500\"]\n"
        "connections = 700\n"
        "thresholds = [\"p95 <= 10 ms\", \"hold errors <= 0.1%\"]\n",
        "mine.toml");
    REQUIRE(profile);
    CHECK(profile->scenario == Scenario::reservation);
    CHECK(profile->open_loop);
    CHECK(profile->connections == 700);
    CHECK(profile->stages.highest() == 500);
    CHECK(profile->thresholds.size() == 2);
    const auto users =
        parse_profile("scenario = \"sale\"\nusers = [\"1m 50\"]\nthink-ms = 250\n", "mine.toml");
    REQUIRE(users);
    CHECK_FALSE(users->open_loop);
    CHECK(users->think == 250ms);
}

TEST_CASE("what is wrong in a file is named, with its line") {
    const std::string good = "scenario = \"sale\"\nusers = [\"1m 50\"]\n";
    check_refused("scenario = \"buy\"\nusers = [\"1m 5\"]\n",
                  "mine.toml:1: scenario: must be one of");
    check_refused("scenario = 5\nusers = [\"1m 5\"]\n", "must be a string, not an integer");
    check_refused(good + "rate = [\"1m 5\"]\n", "mine.toml:3: rate: goes not with the other");
    check_refused(good + "scenarios = \"sale\"\n", "did you mean scenario?");
    check_refused(good + "think-ms = -1\n", "think-ms: must be from 0 to 3600000, not -1");
    check_refused(good + "connections = 5\n", "connections goes with rate");
    check_refused(good + "thresholds = [\"p95 <= 10\"]\n", "mine.toml:3: thresholds: a threshold");
    check_refused("users = [\"1m 50\"]\n", "scenario is missing");
    check_refused("scenario = \"sale\"\n", "users, or rate, is missing");
    check_refused("scenario = \"sale\"\nrate = [\"1m 5\"]\nthink-ms = 5\n",
                  "think-ms goes with users");
    check_refused("scenario = \"sale\"\nusers = [\"1m 30000\"]\n", "at most 20000");
    check_refused("scenario = \n", "mine.toml:1:");
    CHECK_FALSE(load_profile("/no/such/file.toml"));
}

TEST_CASE("a name that is none is told beside those that are") {
    const auto refused = load_profile("smokes");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().detail ==
          "there is no profile \"smokes\" (did you mean smoke?); there are smoke, stages, peak, or "
          "give a file: ./mine.toml");
}
