// What the audit finds of allotments.

#include <doctest/doctest.h>

#include "support/shown_sale.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

constexpr LineClass fans = 1;

// Seats 1 and 2 are for people of the second class, of whom bob is one; alice is of the first.
// Each holds one seat that is for anybody, and bob one of his class's.
SaleScript two_holds() {
    SaleScript script(RoomPolicy{.classes = {{"general", 1}, {"fan_club", 1}}});
    for (HallSeat& seat : script.store().catalog.front().seats) {
        if (seat.number <= 2) seat.allotted_to = fans;
    }
    const PlaceNumber of_alice = script.join(alice, t0);
    const PlaceNumber of_bob = script.join(bob, t0, fans);
    script.admit(of_alice.value, t0 + 1s);
    script.admit(of_bob.value, t0 + 1s);
    const auto hold = [&](std::int64_t row, UserKey user, PlaceNumber place, SeatNumber seat) {
        script.hold({.row = {row},
                     .user = user,
                     .place = place,
                     .seats = {seat},
                     .at = t0 + 2s,
                     .until = t0 + 5min});
    };
    hold(101, alice, of_alice, 5);
    hold(102, bob, of_bob, 6);
    hold(103, bob, of_bob, 1);
    return script;
}

// As if alice's hold had been on a seat of the fan club's all the time.
ShownStore with_alice_in_an_allotted_seat(SaleScript script, Time now) {
    for (HallSeat& seat : script.store().catalog.front().seats) {
        if (seat.number == 5) seat.allotted_to = fans;
    }
    return script.shown(now);
}

}  // namespace

TEST_CASE("people of the class in its seats, and anybody in the others, break nothing") {
    ShownStore store = two_holds().shown(t0 + 1min);
    CHECK(broken_rules(store).empty());
}

TEST_CASE("one of another class in a seat that is kept breaks S9") {
    ShownStore store = with_alice_in_an_allotted_seat(two_holds(), t0 + 1min);
    CHECK(broken_rules(store) == "S9");
    CHECK(finds(store, "S9", {id_of(ReservationKey{101}).to_string(), "seat 5", "class 1"}));
}

TEST_CASE("what was held before the room was changed last is not held against it") {
    SaleScript script = two_holds();
    script.change_sale(t0 + 3s);
    ShownStore store = with_alice_in_an_allotted_seat(std::move(script), t0 + 1min);
    CHECK(broken_rules(store).empty());
}

TEST_CASE("a released allotment keeps nobody out") {
    SaleScript script = two_holds();
    script.store().row<Sale>(the_concert).room->classes[1].allotment_released = true;
    ShownStore store = with_alice_in_an_allotted_seat(std::move(script), t0 + 1min);
    CHECK(broken_rules(store).empty());
}

TEST_CASE("a seat that is allotted to no class of the room breaks S9") {
    SaleScript script = two_holds();
    script.store().catalog.front().seats[8].allotted_to = 7;
    ShownStore store = script.shown(t0 + 1min);
    CHECK(broken_rules(store) == "S9");
    CHECK(finds(store, "S9", {"seat 9", "class 7"}));
}

TEST_CASE("a seat that is allotted to a class that no room can have breaks S9, and is told once") {
    SaleScript script = two_holds();
    LineClass line_class = 7;
    SUBCASE("more than there are") {}
    SUBCASE("less than the first") { line_class = -1; }
    // Bob holds it, so that it is looked at once more with what he holds.
    script.store().catalog.front().seats[5].allotted_to = line_class;
    ShownStore store = script.shown(t0 + 1min);
    const AuditReport report = audit(store);
    CHECK(report.findings_total == 1);
    CHECK(finds(store, "S9", {"seat 6", "class " + std::to_string(line_class)}));
}

TEST_CASE("a hall that has allotments, and a concert without a room, break S9 at each such seat") {
    SaleScript script = two_holds();
    script.store().row<Sale>(the_concert).room.reset();
    ShownStore store = script.shown(t0 + 1min);
    for (const std::string seat : {"seat 1", "seat 2"}) {
        CHECK(finds(store, "S9", {seat, "class 1", "its room has 0"}));
    }
    CHECK(!finds(store, "S9", {"reservation"}));
}

TEST_CASE("an area that is in an allotment in part breaks S9") {
    SaleScript script = two_holds();
    std::vector<HallSeat>& hall = script.store().catalog.front().seats;
    for (HallSeat& seat : hall) {
        if (seat.number < 9) continue;
        seat.section = "Standing";
        seat.general = true;
        seat.allotted_to = fans;
    }
    ShownStore whole = script.shown(t0 + 1min);
    CHECK(findings_text(whole) == "");
    SUBCASE("one seat of it in none") { hall.back().allotted_to.reset(); }
    SUBCASE("one seat of it in another") { hall.back().allotted_to = 0; }
    ShownStore store = script.shown(t0 + 1min);
    CHECK(broken_rules(store) == "S9");
    CHECK(finds(store, "S9", {"\"Standing\"", "seats 9 and 10 differ"}));
}
