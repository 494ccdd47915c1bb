#include "engine/admission_rate.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

constexpr Time t0{Duration(1'800'000'000'000'000)};

void let_in(AdmissionRate& rate, Time at, int count = 1) {
    for (int i = 0; i < count; ++i) rate.note(at);
    rate.settle();
}

}  // namespace

TEST_SUITE_BEGIN("admission rate");

TEST_CASE("a steady flow has narrow bounds, and they narrow with the number of people") {
    AdmissionRate rate;
    for (int second = 0; second <= 200; ++second) let_in(rate, t0 + second * 1s, 10);
    for (const std::int64_t people : {10, 100, 400, 5'000, 100'000}) {
        CAPTURE(people);
        const auto range = rate.until(people, t0 + 200s);
        REQUIRE(range);
        const Duration truth = people * 100ms;
        CHECK(range->min <= truth);
        CHECK(range->max >= truth);
        // A quarter from one measured number to the next, the counting error, and a second.
        const double error = 1 / std::sqrt(static_cast<double>(people));
        CHECK(static_cast<double>((range->max - range->min).count()) <=
              static_cast<double>(truth.count()) * (0.5 + 2.5 * error) + 3e6);
    }
}

TEST_CASE("bursts tell when the next is due, from how long ago the last one was") {
    AdmissionRate rate;
    for (int burst = 0; burst < 5; ++burst) let_in(rate, t0 + burst * 60s, 48);
    const Time last = t0 + 240s;
    for (const Duration since : {Duration(0s), Duration(20s), Duration(50s)}) {
        const auto next = rate.until(48, last + since);
        REQUIRE(next);
        CHECK(next->min <= 60s - since);
        CHECK(next->max >= 60s - since);
        CHECK(next->max <= 80s - since);
        CHECK(next->min >= 40s - since);
    }
    const auto second_burst = rate.until(49, last + 30s);
    REQUIRE(second_burst);
    CHECK(second_burst->min <= 90s);
    CHECK(second_burst->max >= 90s);
}

TEST_CASE("too little to go by is told as nothing") {
    AdmissionRate rate;
    rate.settle();
    CHECK_FALSE(rate.until(1, t0));
    CHECK_FALSE(rate.until(1, t0));
    let_in(rate, t0, 1'000);
    CHECK_FALSE(rate.until(1, t0));
    let_in(rate, t0 + 1s, 1'000);
    CHECK_FALSE(rate.until(1, t0 + 1s));
    let_in(rate, t0 + 2s, 1);
    CHECK(rate.until(1, t0 + 2s));
    rate.clear();
    CHECK_FALSE(rate.until(1, t0 + 2s));
}

TEST_CASE("a rate that has stopped is told as nothing, and comes back with it") {
    AdmissionRate rate;
    for (int i = 0; i < 20; ++i) let_in(rate, t0 + i * 3s);
    const Time last = t0 + 57s;
    CHECK(rate.until(5, last + 8s));
    CHECK_FALSE(rate.until(5, last + 9s));
    let_in(rate, last + 60s);
    const auto range = rate.until(5, last + 60s);
    REQUIRE(range);
    // The gap is what has been seen by now.
    CHECK(range->max >= 60s);
}

TEST_CASE("what is older than five minutes is forgotten") {
    AdmissionRate rate;
    for (int i = 0; i < 100; ++i) let_in(rate, t0 + i * 1s, 100);
    for (int i = 1; i <= 40; ++i) let_in(rate, t0 + 99s + i * 10s);
    const auto range = rate.until(6, t0 + 499s);
    REQUIRE(range);
    CHECK(range->min >= 30s);
    CHECK(range->max <= 100s);
}

TEST_CASE("more people take longer, at best and at worst") {
    std::mt19937_64 random(3);
    AdmissionRate rate;
    Time now = t0;
    for (int i = 0; i < 150; ++i) {
        now += std::chrono::milliseconds(1 + random() % 4'000);
        let_in(rate, now, static_cast<int>(1 + random() % 30));
    }
    auto before = rate.until(1, now).value();
    for (std::int64_t people = 2; people < 4'000; ++people) {
        const auto range = rate.until(people, now).value();
        CHECK(range.min <= range.max);
        // The counting error of few people is the greater one: a fifth, where numbers are small.
        CHECK(range.max + 1s >= before.max - before.max / 5);
        before = range;
    }
    // No number is too large to be asked for.
    CHECK(rate.until(INT64_MAX, now));
}

TEST_SUITE_END();

}  // namespace concertres::test
