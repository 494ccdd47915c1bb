#include "concertres/callback.hpp"

#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace concertres;

TEST_CASE("a callback calls what it was made from") {
    Callback<int(int, int)> add = [](int a, int b) { return a + b; };
    REQUIRE(add);
    CHECK(add(2, 3) == 5);
}

TEST_CASE("a callback may own what cannot be copied") {
    auto owned = std::make_unique<int>(7);
    Callback<int()> read = [owned = std::move(owned)] { return *owned; };
    CHECK(read() == 7);
    static_assert(!std::is_copy_constructible_v<Callback<int()>>);
}

TEST_CASE("a callback that moved away is empty, and calling an empty one is a bug") {
    Callback<void()> first = [] {};
    Callback<void()> second = std::move(first);
    CHECK(second);
    CHECK_FALSE(first);
    CHECK_THROWS_AS(first(), AssertionFailed);
    CHECK_THROWS_AS(Callback<void()>{}(), AssertionFailed);
}

TEST_CASE("arguments pass through: references stay, what cannot be copied moves") {
    Callback<void(int&)> increment = [](int& value) { ++value; };
    int value = 1;
    increment(value);
    CHECK(value == 2);

    Callback<int(std::unique_ptr<int>)> take = [](std::unique_ptr<int> given) { return *given; };
    CHECK(take(std::make_unique<int>(9)) == 9);
}

TEST_CASE("a callback keeps its state from call to call") {
    Callback<int()> count = [n = 0]() mutable { return ++n; };
    count();
    CHECK(count() == 2);
}

TEST_CASE("a callback made from a named function object copies it") {
    const auto function = [text = std::string("kept")] { return text; };
    Callback<std::string()> callback = function;
    CHECK(callback() == "kept");
    CHECK(function() == "kept");
}

TEST_CASE("what a callback owns ends with it, once, whether it is small or large") {
    const auto shared = std::make_shared<int>(0);
    const std::array<char, 200> more{};
    {
        Callback<long()> small = [shared] { return shared.use_count(); };
        Callback<long()> large = [shared, more] { return shared.use_count() + more[7]; };
        CHECK(small() == 3);
        CHECK(large() == 3);
        Callback<long()> first = std::move(small);
        Callback<long()> second = std::move(large);
        CHECK(first() == 3);
        CHECK(second() == 3);
        std::swap(first, second);
        CHECK(first() == 3);
        CHECK(second() == 3);
        small = [] { return 0L; };
        large = std::move(small);
        CHECK(large() == 0);
        first = std::move(second);
        CHECK(first() == 2);
    }
    CHECK(shared.use_count() == 1);
}

namespace {

// It may throw when it moves, so it is never moved.
struct Awkward {
    Awkward() = default;
    Awkward(Awkward&& other) : moves(other.moves + 1) {}
    int operator()() const { return moves; }
    int moves = 0;
};

}  // namespace

TEST_CASE("what could throw when it moves stays where it is") {
    Callback<int()> first = Awkward();
    const int moves = first();
    Callback<int()> second = std::move(first);
    Callback<int()> third;
    third = std::move(second);
    CHECK(third() == moves);
}

TEST_CASE("callbacks stay whole while a vector of them grows") {
    std::vector<Callback<std::string()>> all;
    for (int i = 0; i < 100; ++i) {
        all.emplace_back(
            [text = std::make_shared<std::string>(std::to_string(i))] { return *text; });
    }
    for (std::size_t i = 0; i < all.size(); ++i) CHECK(all[i]() == std::to_string(i));
}
