#include "engine/line_index.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>

using namespace concertres;

TEST_CASE("an empty line has nobody ahead of anybody") {
    const LineIndex line;
    CHECK(line.size() == 0);
    CHECK(line.ahead_of({1}) == 0);
    CHECK(!line.contains({1}));
}

TEST_CASE("adding twice and removing who is not there changes nothing") {
    LineIndex line;
    line.add({5});
    line.add({5});
    line.remove({6});
    CHECK(line.size() == 1);
    line.remove({5});
    line.remove({5});
    CHECK(line.size() == 0);
}

TEST_CASE("people ahead are exactly the smaller numbers that wait, over any mixture of changes") {
    std::mt19937_64 random(7);
    LineIndex line;
    std::set<std::int64_t> model;
    for (int step = 0; step < 20'000; ++step) {
        const auto number = static_cast<std::int64_t>(random() % 5'000);
        if (random() % 3 != 0) {
            line.add({number});
            model.insert(number);
        } else {
            line.remove({number});
            model.erase(number);
        }
        if (step % 50 != 0) continue;
        const auto asked = static_cast<std::int64_t>(random() % 6'000);
        const auto ahead = std::distance(model.begin(), model.lower_bound(asked));
        REQUIRE(line.ahead_of({asked}) == ahead);
        REQUIRE(line.contains({asked}) == model.contains(asked));
        REQUIRE(line.size() == static_cast<std::int64_t>(model.size()));
    }
}

TEST_CASE("a number that waits is its owner's, and that is forgotten when it waits no more") {
    LineIndex line;
    for (std::int64_t i = 1; i <= 5'000; ++i) {
        line.add(PlaceNumber::of(0, i), static_cast<LineIndex::Owner>(i));
        line.add(PlaceNumber::of(1, i), static_cast<LineIndex::Owner>(i + 10'000));
    }
    for (std::int64_t i = 1; i <= 5'000; i += i % 512 < 400 ? 1 : 2) line.remove({i});
    for (std::int64_t i = 1; i <= 5'000; ++i) {
        if (line.contains({i})) REQUIRE(line.owner_of({i}) == i);
        REQUIRE(line.owner_of(PlaceNumber::of(1, i)) == i + 10'000);
    }
    line.remove({5'000});
    line.add({5'000}, 7);
    CHECK(line.owner_of({5'000}) == 7);
}

TEST_CASE("a later epoch queues behind every earlier one") {
    LineIndex line;
    for (std::int64_t i = 1; i <= 1'000; ++i) line.add(PlaceNumber::of(0, i));
    line.add(PlaceNumber::of(2, 1));
    line.add(PlaceNumber::of(2, 9));
    CHECK(line.ahead_of(PlaceNumber::of(0, 500)) == 499);
    CHECK(line.ahead_of(PlaceNumber::of(1, 1)) == 1'000);
    CHECK(line.ahead_of(PlaceNumber::of(2, 9)) == 1'001);
}
