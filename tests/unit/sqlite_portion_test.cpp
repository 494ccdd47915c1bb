// How much is done at once of what others wait for.
#include <doctest/doctest.h>

#include <chrono>

#include "sqlite/portion.hpp"

using namespace std::chrono_literals;

namespace concertres::sqlite {

TEST_SUITE_BEGIN("sqlite: portions");

TEST_CASE("a portion is as large as its time allows, and within its bounds") {
    Portion portion({.min = 100, .first = 10'000, .max = 10'000, .time = 50ms});
    CHECK(portion.amount() == 10'000);
    portion.took(10'000, 50ms);
    CHECK(portion.amount() == 10'000);
    portion.took(10'000, 80ms);
    CHECK(portion.amount() == 6'250);
    portion.took(6'250, 40ms);
    CHECK(portion.amount() == 7'812);
    portion.took(7'812, 0ms);
    CHECK(portion.amount() == 10'000);
    for (int i = 0; i < 10; ++i) portion.took(portion.amount(), 10s);
    CHECK(portion.amount() == 100);
}

TEST_CASE("one that was slow once does not make the next ones tiny") {
    Portion portion({.min = 1, .first = 10'000, .max = 10'000, .time = 50ms});
    portion.took(10'000, 10s);
    CHECK(portion.amount() == 5'000);
    portion.took(5'000, 1ms);
    CHECK(portion.amount() == 10'000);
}

TEST_CASE("less than a portion tells something only where it took too long") {
    Portion portion({.min = 1, .first = 10'000, .max = 10'000, .time = 50ms});
    portion.took(10'000, 100ms);
    CHECK(portion.amount() == 5'000);
    portion.took(10, 50ms);
    portion.took(0, 0ms);
    CHECK(portion.amount() == 5'000);
    portion.took(3'000, 60ms);
    CHECK(portion.amount() == 2'500);
}

TEST_CASE("where least and most are the same, a portion stays") {
    Portion portion({.min = 7, .first = 7, .max = 7, .time = 50ms});
    portion.took(7, 10s);
    CHECK(portion.amount() == 7);
    portion.took(7, 0s);
    CHECK(portion.amount() == 7);
}

TEST_SUITE_END();

}  // namespace concertres::sqlite
