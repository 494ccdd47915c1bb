// The lists that stand in a row's column.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "columns/lists.hpp"

namespace concertres::test {
namespace {

template <class Item>
std::string written(const std::vector<Item>& items) {
    std::string text = "what was there before";
    columns::write_list(text, items);
    return text;
}
template <class Item>
void check_round_trip(const std::vector<Item>& items, const std::string& text) {
    CHECK(written(items) == text);
    std::vector<Item> read = {Item{}, Item{}};
    REQUIRE(columns::read_list(text, read));
    CHECK(read == items);
}

}  // namespace

TEST_SUITE_BEGIN("columns: lists");

TEST_CASE("lists are written as JSON, and read back") {
    check_round_trip<ReservationKey>({}, "[]");
    check_round_trip<ReservationKey>({{7}}, "[7]");
    check_round_trip<ReservationKey>({{INT64_MIN}, {0}, {INT64_MAX}},
                                     "[-9223372036854775808,0,9223372036854775807]");
    check_round_trip<ReservedSeat>({}, "[]");
    check_round_trip<ReservedSeat>({{7, {50'000}}, {INT32_MAX, {Money::max_minor}}},
                                   "[[7,50000],[2147483647,9007199254740991]]");
    check_round_trip<LimitEntry>(
        {{{3}, 2, Time(Duration(5))}, {{4}, INT32_MIN, Time(Duration(INT64_MIN))}},
        "[[3,2,5],[4,-2147483648,-9223372036854775808]]");
}

TEST_CASE("what is no such list is refused") {
    std::vector<ReservationKey> keys;
    for (const char* text :
         {"",     "[",    "]",     "[]]",    "[] ",  " []",   "[1",    "[1,",
          "[1,]", "[,1]", "[1 ]",  "[1][2]", "[+1]", "[01x]", "[1.5]", "[9223372036854775808]",
          "{}",   "null", "[[1]]", "1"}) {
        CAPTURE(text);
        CHECK(!columns::read_list(text, keys));
    }
    std::vector<ReservedSeat> seats;
    for (const char* text : {"[1]", "[[1]]", "[[1,2,3]]", "[[1,2]", "[[1,2],]", "[[1,2][3,4]]",
                             "[[2147483648,1]]", "[[]]"}) {
        CAPTURE(text);
        CHECK(!columns::read_list(text, seats));
    }
}

TEST_SUITE_END();

}  // namespace concertres::test
