#include "concertres/draw.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <vector>

#include "base/hex.hpp"
#include "support/drawn_order.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

// 0, 1, 2, ..., 15.
DrawSeed rising_seed() {
    DrawSeed seed{};
    std::iota(seed.begin(), seed.end(), std::uint8_t{0});
    return seed;
}

DrawSeed random_seed(std::mt19937_64& random) {
    DrawSeed seed{};
    for (std::uint8_t& byte : seed) byte = static_cast<std::uint8_t>(random());
    return seed;
}

std::vector<std::int64_t> ranks(const DrawSeed& seed, std::int64_t size) {
    const Draw draw(seed, size);
    std::vector<std::int64_t> all;
    for (std::int64_t number = 1; number <= size; ++number) all.push_back(draw.rank_of(number));
    return all;
}

std::vector<std::int64_t> ranks_of(std::int64_t size, const std::vector<std::int64_t>& numbers) {
    const Draw draw(rising_seed(), size);
    std::vector<std::int64_t> found;
    for (const std::int64_t number : numbers) found.push_back(draw.rank_of(number));
    return found;
}

// How far counts are from all being `expected`: about as large as there are counts, for a fair
// draw; beyond count + 5 sqrt(2 count) once in a million.
double unevenness(const std::vector<int>& counts, double expected) {
    double sum = 0;
    for (const int count : counts) {
        sum += (count - expected) * (count - expected) / expected;
    }
    return sum;
}
double most_uneven(std::size_t counts) {
    const auto freedom = static_cast<double>(counts - 1);
    return freedom + 5 * std::sqrt(2 * freedom);
}

}  // namespace

// Worked out by a program in another language, from the text in draw.hpp. Whoever changes one of
// them changes the order of draws that have been published.
TEST_CASE("the orders of one seed are what they have always been") {
    using Ranks = std::vector<std::int64_t>;
    const DrawSeed seed = rising_seed();
    CHECK(ranks(seed, 0) == Ranks{});
    CHECK(ranks(seed, 1) == Ranks{0});
    CHECK(ranks(seed, 2) == Ranks{0, 1});
    CHECK(ranks(seed, 3) == Ranks{0, 1, 2});
    CHECK(ranks(seed, 5) == Ranks{3, 4, 2, 0, 1});
    CHECK(ranks(seed, 10) == Ranks{9, 5, 2, 0, 8, 7, 1, 4, 6, 3});
    CHECK(ranks_of(256, {1, 2, 128, 256}) == Ranks{177, 183, 36, 223});
    CHECK(ranks_of(257, {1, 2, 128, 257}) == Ranks{247, 51, 26, 103});
    CHECK(ranks_of(1'000, {1, 2, 500, 1'000}) == Ranks{184, 991, 20, 510});
    CHECK(ranks_of(1'000'000, {1, 2, 500'000, 1'000'000}) ==
          Ranks{970'851, 985'936, 829'421, 745'140});
    CHECK(to_hex(commitment_of(seed)) ==
          "be45cb2605bf36bebde684841a28f0fd43c69850a3dce5fedba69928ee3a8991");
}

TEST_CASE("a second program that knows only the description comes to the same order") {
    std::mt19937_64 random(3);
    for (const std::int64_t size : {1, 2, 7, 255, 256, 257, 272, 300, 999, 40'000, 123'457}) {
        CAPTURE(size);
        const DrawSeed seed = random_seed(random);
        const Draw draw(seed, size);
        for (int i = 0; i < 20; ++i) {
            const auto number = 1 + static_cast<std::int64_t>(random()) % size;
            const std::int64_t asked = number < 1 ? number + size : number;
            CHECK(static_cast<std::uint64_t>(draw.rank_of(asked)) ==
                  rank_by_hand(seed, static_cast<std::uint64_t>(size),
                               static_cast<std::uint64_t>(asked)));
        }
    }
}

TEST_CASE("every number has one rank, and every rank one number") {
    std::mt19937_64 random(1);
    std::vector<std::int64_t> sizes = {255, 256,   257,   272,   288,  289,
                                       324, 1'000, 1'023, 1'024, 5'003};
    for (std::int64_t size = 1; size <= 40; ++size) sizes.push_back(size);
    for (const std::int64_t size : sizes) {
        CAPTURE(size);
        const Draw draw(random_seed(random), size);
        std::vector<bool> taken(static_cast<std::size_t>(size));
        for (std::int64_t number = 1; number <= size; ++number) {
            const std::int64_t rank = draw.rank_of(number);
            REQUIRE(rank >= 0);
            REQUIRE(rank < size);
            REQUIRE_FALSE(taken[static_cast<std::size_t>(rank)]);
            taken[static_cast<std::size_t>(rank)] = true;
            REQUIRE(draw.sequence_at(rank) == number);
        }
    }
}

TEST_CASE("ranks and numbers answer each other in draws as large as there may be") {
    std::mt19937_64 random(2);
    for (const std::int64_t size : {std::int64_t{1'000'000}, std::int64_t{999'983},
                                    std::int64_t{10'000'019}, Draw::size_max, Draw::size_max - 1}) {
        const Draw draw(random_seed(random), size);
        for (int i = 0; i < 200; ++i) {
            const std::int64_t number =
                1 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(size));
            const std::int64_t rank = draw.rank_of(number);
            REQUIRE(rank >= 0);
            REQUIRE(rank < size);
            REQUIRE(draw.sequence_at(rank) == number);
        }
    }
}

TEST_CASE("every order of three and of four comes up about as often as any other") {
    std::mt19937_64 random(4);
    for (const std::int64_t size : {3, 4}) {
        std::map<std::vector<std::int64_t>, int> seen;
        constexpr int draws = 2'400;
        for (int i = 0; i < draws; ++i) ++seen[ranks(random_seed(random), size)];
        const std::size_t orders = size == 3 ? 6 : 24;
        REQUIRE(seen.size() == orders);
        std::vector<int> counts;
        for (const auto& [order, count] : seen) counts.push_back(count);
        CHECK(unevenness(counts, draws / static_cast<double>(orders)) < most_uneven(orders));
    }
}

TEST_CASE("anybody may be the first, and the last, whenever they came") {
    std::mt19937_64 random(5);
    for (const std::int64_t size : {10, 300}) {
        constexpr int draws = 6'000;
        std::vector<int> first(static_cast<std::size_t>(size));
        std::vector<int> last(static_cast<std::size_t>(size));
        std::vector<int> of_the_first(static_cast<std::size_t>(size));
        for (int i = 0; i < draws; ++i) {
            const Draw draw(random_seed(random), size);
            ++first[static_cast<std::size_t>(draw.sequence_at(0) - 1)];
            ++last[static_cast<std::size_t>(draw.sequence_at(size - 1) - 1)];
            ++of_the_first[static_cast<std::size_t>(draw.rank_of(1))];
        }
        const double expected = draws / static_cast<double>(size);
        const double bound = most_uneven(static_cast<std::size_t>(size));
        CHECK(unevenness(first, expected) < bound);
        CHECK(unevenness(last, expected) < bound);
        CHECK(unevenness(of_the_first, expected) < bound);
    }
}

TEST_CASE("who came together is not let in together") {
    std::mt19937_64 random(6);
    // The distance of neighbours' ranks is a third of the size, on the average of a fair order.
    constexpr std::int64_t size = 10'000;
    double sum = 0;
    const Draw draw(random_seed(random), size);
    for (std::int64_t number = 1; number < size; ++number) {
        sum += static_cast<double>(std::abs(draw.rank_of(number) - draw.rank_of(number + 1)));
    }
    CHECK(sum / (size - 1) > 0.32 * size);
    CHECK(sum / (size - 1) < 0.35 * size);
}

TEST_CASE("one bit of the seed makes another order, and another commitment") {
    DrawSeed other = rising_seed();
    other[15] ^= 1;
    CHECK(ranks(other, 100) != ranks(rising_seed(), 100));
    CHECK(commitment_of(other) != commitment_of(rising_seed()));
}

TEST_CASE("a draw covers the numbers of its epoch up to its size") {
    const Drawn drawn{.epoch = 1, .size = 3};
    CHECK(drawn.covers(PlaceNumber::of(1, 1)));
    CHECK(drawn.covers(PlaceNumber::of(1, 3)));
    CHECK_FALSE(drawn.covers(PlaceNumber::of(1, 4)));
    CHECK_FALSE(drawn.covers(PlaceNumber::of(0, 1)));
    CHECK_FALSE(drawn.covers(PlaceNumber::of(2, 1)));
    CHECK_FALSE(drawn.covers({}));
}

TEST_CASE("each class has an order of its own from the one seed, and the first the plain one") {
    const DrawSeed seed = rising_seed();
    std::vector<std::vector<std::int64_t>> orders;
    for (LineClass line_class = 0; line_class < PlaceNumber::classes_max; ++line_class) {
        const Draw draw(seed, {.line_class = line_class, .epoch = 2, .size = 40});
        std::vector<std::int64_t> order;
        for (std::int64_t number = 1; number <= 40; ++number) {
            const std::int64_t rank = draw.rank_of(number);
            CHECK(static_cast<std::uint64_t>(rank) ==
                  rank_by_hand(seed, 40, static_cast<std::uint64_t>(number),
                               static_cast<std::uint64_t>(line_class)));
            CHECK(draw.sequence_at(rank) == number);
            order.push_back(rank);
        }
        CHECK(std::ranges::find(orders, order) == orders.end());
        orders.push_back(order);
    }
    CHECK(orders.front() == ranks(seed, 40));
}

TEST_CASE("a draw covers no number of another class") {
    const Drawn drawn{.line_class = 2, .size = 3};
    CHECK(drawn.covers(PlaceNumber::of({.line_class = 2, .sequence = 3})));
    CHECK_FALSE(drawn.covers(PlaceNumber::of(0, 3)));
    CHECK_FALSE(drawn.covers(PlaceNumber::of({.line_class = 3, .sequence = 3})));
}
