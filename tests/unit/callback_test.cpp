#include "concertres/callback.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

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

TEST_CASE("what a callback owns ends with it, once") {
    const auto shared = std::make_shared<int>(0);
    {
        Callback<void()> first = [shared] {};
        Callback<void()> second = std::move(first);
        first = [] {};
        CHECK(shared.use_count() == 2);
    }
    CHECK(shared.use_count() == 1);
}
