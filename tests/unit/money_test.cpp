#include "concertres/money.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace concertres;

namespace {

constexpr Money most{Money::max_minor};
constexpr Money least{-Money::max_minor};

}  // namespace

TEST_CASE("money adds and subtracts") {
    CHECK(checked_add(Money{50'000}, Money{1}) == Money{50'001});
    CHECK(checked_add(Money{50'000}, Money{-60'000}) == Money{-10'000});
    CHECK(checked_subtract(Money{50'000}, Money{1}) == Money{49'999});
    CHECK(checked_subtract(Money{1}, Money{50'000}) == Money{-49'999});
}

TEST_CASE("a sum may reach the bounds and not pass them") {
    CHECK(checked_add(Money{Money::max_minor - 1}, Money{1}) == most);
    CHECK_FALSE(checked_add(most, Money{1}));
    CHECK(checked_subtract(Money{1 - Money::max_minor}, Money{1}) == least);
    CHECK_FALSE(checked_subtract(least, Money{1}));
    CHECK(checked_add(most, least) == Money{0});
    CHECK_FALSE(checked_subtract(most, least));
}

TEST_CASE("money out of all bounds is refused, not wrapped") {
    constexpr Money huge{std::numeric_limits<std::int64_t>::max()};
    constexpr Money tiny{std::numeric_limits<std::int64_t>::min()};
    CHECK_FALSE(checked_add(huge, Money{1}));
    CHECK_FALSE(checked_add(huge, huge));
    CHECK_FALSE(checked_add(tiny, tiny));
    CHECK_FALSE(checked_subtract(tiny, Money{1}));
    CHECK_FALSE(checked_subtract(Money{0}, tiny));
    CHECK_FALSE(checked_add(huge, Money{0}));
}

TEST_CASE("the greatest amount is one that a double keeps exactly") {
    CHECK(static_cast<std::int64_t>(static_cast<double>(Money::max_minor)) == Money::max_minor);
    CHECK(Money::max_minor == 9'007'199'254'740'991);
}
