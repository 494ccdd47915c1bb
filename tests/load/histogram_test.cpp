#include "load/histogram.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

using namespace concertres::load;

namespace {

Microseconds exact_percentile(const std::vector<std::int64_t>& sorted, double percent) {
    const auto rank = static_cast<std::size_t>(
        std::max(1.0, std::ceil(percent / 100 * static_cast<double>(sorted.size()))));
    return Microseconds(sorted[rank - 1]);
}

// What is promised: never below the exact one, and at most 1/128 above it.
void check_against_exact(const std::vector<std::int64_t>& times) {
    Histogram histogram;
    for (const std::int64_t time : times) histogram.record(Microseconds(time));
    std::vector<std::int64_t> sorted = times;
    std::ranges::sort(sorted);
    for (const double percent : {0.0, 1.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 100.0}) {
        CAPTURE(percent);
        const Microseconds exact = exact_percentile(sorted, percent);
        CHECK(histogram.percentile(percent) >= exact);
        CHECK((histogram.percentile(percent) - exact) * 128 <= exact);
    }
    CHECK(histogram.count() == times.size());
    CHECK(histogram.max() == Microseconds(sorted.back()));
}

}  // namespace

TEST_CASE("percentiles are those of the times, but for less than a hundredth") {
    std::mt19937_64 random(7);
    std::lognormal_distribution<double> skewed(8, 2);
    std::uniform_int_distribution<std::int64_t> even(0, 300);
    std::vector<std::int64_t> long_tailed;
    std::vector<std::int64_t> short_ones;
    for (int i = 0; i < 20'000; ++i) {
        long_tailed.push_back(
            std::min(Histogram::longest.count(), static_cast<std::int64_t>(skewed(random))));
        short_ones.push_back(even(random));
    }
    check_against_exact(long_tailed);
    check_against_exact(short_ones);
    check_against_exact({5});
}

TEST_CASE("every power of two and its neighbours is counted where it belongs") {
    for (std::int64_t power = 1; power < Histogram::longest.count(); power *= 2) {
        for (const std::int64_t time : {power - 1, power, power + 1}) check_against_exact({time});
    }
}

TEST_CASE("an empty histogram has no times") {
    const Histogram histogram;
    CHECK(histogram.count() == 0);
    CHECK(histogram.percentile(99) == Microseconds(0));
    CHECK(histogram.mean() == Microseconds(0));
    CHECK(histogram.max() == Microseconds(0));
}

TEST_CASE("what is beyond its bounds counts as the bound") {
    Histogram histogram;
    histogram.record(Microseconds(-5));
    CHECK(histogram.max() == Microseconds(0));
    histogram.record(std::chrono::hours(100));
    CHECK(histogram.max() == Histogram::longest);
    CHECK(histogram.percentile(100) == Histogram::longest);
    CHECK(Histogram::bytes_max() <= 32 * 1024);
}

TEST_CASE("two histograms added are one of all times") {
    Histogram first;
    Histogram second;
    Histogram all;
    for (int i = 1; i <= 1'000; ++i) {
        (i % 3 == 0 ? first : second).record(Microseconds(i * i));
        all.record(Microseconds(i * i));
    }
    first.add(second);
    CHECK(first.count() == 1'000);
    CHECK(first.mean() == all.mean());
    CHECK(first.max() == all.max());
    for (const double percent : {1.0, 50.0, 99.0}) {
        CHECK(first.percentile(percent) == all.percentile(percent));
    }
    first.clear();
    CHECK(first.count() == 0);
}
