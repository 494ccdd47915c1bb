// The rules of a line that is kept outside of storage: when it may begin, and what storage counts.
#include <doctest/doctest.h>

#include <chrono>
#include <vector>

#include "concertres/admission.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

constexpr ConcertKey concert{7};
constexpr Time t0{std::chrono::seconds(1'800'000'000)};

Line line_of(LineClass line_class) { return {.concert = concert, .line_class = line_class}; }

Sale sale_with_room() { return {.concert = concert, .room = RoomPolicy{.active_max = 5}}; }

}  // namespace

TEST_SUITE_BEGIN("a line outside: rules");

TEST_CASE("a line may leave storage as long as nobody has joined it and it is not to be drawn") {
    Sale sale = sale_with_room();
    std::vector<Line> lines{line_of(0)};
    REQUIRE(may_leave_storage(sale, lines));
    SUBCASE("not where there is no room") { sale.room.reset(); }
    SUBCASE("not where it will be drawn") { sale.room->draw = true; }
    SUBCASE("not where it once was to be drawn, and has a seed") { sale.draw = DrawState{}; }
    SUBCASE("not where somebody has joined its first class") { lines[0].next_sequence = 2; }
    SUBCASE("not where somebody has joined another class") { lines.push_back(line_of(1)); }
    SUBCASE("not where it is outside already") { lines[0].closed_until = Time{}; }
    CHECK_FALSE(may_leave_storage(sale, lines));
}

TEST_CASE("the line of the first class says whether the room's line is outside, and none says no") {
    std::vector<Line> lines{line_of(1), line_of(0)};
    CHECK_FALSE(closed_until(lines));
    lines[1].closed_until = t0;
    CHECK(closed_until(lines) == t0);
    lines.pop_back();
    CHECK_FALSE(closed_until(lines));
    CHECK_FALSE(closed_until({}));
}

TEST_CASE("a sale whose line is outside may have any room, or none, that is not drawn") {
    Sale sale = sale_with_room();
    CHECK(check_outside(sale));
    sale.room->draw = true;
    const auto refused = check_outside(sale);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::request_invalid);
    CHECK(refused.error().faults.at(0).pointer == "/draw");
    sale.room.reset();
    CHECK(check_outside(sale));
}

TEST_CASE("a line is raised above storage's epoch and above its own, in all classes") {
    std::vector<Line> lines{line_of(0), line_of(1)};
    lines[0].epoch = lines[1].epoch = 4;
    lines[0].next_sequence = 10'001;
    SUBCASE("storage's is higher") {
        REQUIRE(raise_epoch(lines, 2, t0));
        CHECK(lines[0].epoch == 5);
    }
    SUBCASE("its own is") {
        REQUIRE(raise_epoch(lines, 9, t0));
        CHECK(lines[0].epoch == 10);
    }
    CHECK(lines[1].epoch == lines[0].epoch);
    CHECK(lines[0].next_sequence == 1);
    CHECK(lines[0].closed_until == t0);
    CHECK_FALSE(lines[1].closed_until);
}

TEST_CASE("the last epoch is one that a number can have, and there is none after it") {
    constexpr std::int64_t last = PlaceNumber::epochs_max - 1;
    std::vector<Line> lines{line_of(0)};
    REQUIRE(raise_epoch(lines, last - 1, t0));
    CHECK(lines[0].epoch == last);
    CHECK(PlaceNumber::of(lines[0].epoch, 1).epoch() == last);
    const std::vector<Line> before = lines;
    const auto refused = raise_epoch(lines, 0, t0 + 1min);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::room_closed);
    CHECK(refused.error().detail.find("epochs") != std::string::npos);
    CHECK(lines == before);
}

TEST_CASE("the last number is one that a place can have, and there is none after it") {
    Line line = line_of(0);
    line.next_sequence = PlaceNumber::sequences_max - 10;
    CHECK(reserve_numbers(line, 10).value() == PlaceNumber::sequences_max - 10);
    CHECK(line.next_sequence == PlaceNumber::sequences_max);
    const Line before = line;
    const auto refused = reserve_numbers(line, 1);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::room_closed);
    CHECK(refused.error().detail.find("numbers") != std::string::npos);
    CHECK(line == before);
    CHECK_FALSE(reserve_numbers(line, 10'000));
}

TEST_SUITE_END();

}  // namespace concertres::test
