// What the audit finds of a pass or a place of which one column alone is not what the others say.

#include <doctest/doctest.h>

#include "support/shown_sale.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

constexpr Duration tick{1};

PlaceKey place(std::int64_t number) { return {the_concert, {number}}; }

std::string text(ReservationKey key) { return id_of(key).to_string(); }

// Alice holds 101 since before the concert had a room, and has extended it as its place 1: no event
// tells which pass that prolonged.
SaleScript extended_into_a_room() {
    SaleScript script(std::nullopt);
    script.hold({.row = {101}, .user = alice, .seats = {1}, .at = t0, .until = t0 + 5min});
    script.change_sale(t0 + 1min);
    script.store().row<Sale>(the_concert).room = RoomPolicy{};
    script.join(alice, t0 + 1min);
    script.admit(1, t0 + 1min);
    ShownStore& store = script.store();
    store.row<Reservation>({101}).place = {1};
    script.extend({101}, t0 + 2min, t0 + 7min);
    store.row<Reservation>({101}).place = {};
    store.events_shown.back().place = {};
    store.row<Pass>(place(1)).held = {{101}};
    return script;
}

}  // namespace

// --- Passes ------------------------------------------------------------------------------------

TEST_CASE("a pass of another id than its place's user breaks Q3") {
    ShownStore store = a_sale();
    store.row<Pass>(place(1)).user_id = id_of(bob);
    CHECK(finds(store, "Q3", {"place 1", id_of(alice).to_string(), "its pass of user"}));
}

TEST_CASE("a payment with a pass that had not begun breaks Q2") {
    ShownStore store = a_sale();
    store.row<Pass>(place(1)).admitted_at = t0 + 51s;
    CHECK(finds(store, "Q2", {id_of(PaymentKey{201}).to_string(), "spent the pass of place 1"}));
}

TEST_CASE("a pass that holds a reservation of another concert breaks S6") {
    ShownStore store = a_sale();
    store.row<Reservation>({103}).concert = {99};
    CHECK(finds(store, "S6", {"the pass of place 2", text({103}), "not its user's"}));
}

TEST_CASE("a hold from a place whose pass is another user's breaks Q3") {
    ShownStore store = a_sale();
    store.row<Reservation>({103}).place = {1};
    CHECK(finds(store, "Q3", {text({103}), "place 1", "no pass of its user"}));
}

TEST_CASE("a live hold that another pass lists than its own breaks P1") {
    SaleScript script;
    for (const UserKey user : {alice, bob}) script.join(user, t0);
    for (const std::int64_t number : {1, 2}) script.admit(number, t0);
    script.hold({{101}, alice, {1}, monday, {1}, t0, t0 + 1min});
    ShownStore store = script.shown(t0 + 30s);
    std::swap(store.row<Pass>(place(1)).held, store.row<Pass>(place(2)).held);
    CHECK(broken_rules(store) == "P1 S6");
    CHECK(finds(store, "P1", {text({101}), "its pass is admitted and does not list it"}));
}

TEST_CASE("a pass may end later than its events say where one of them does not say which it was") {
    ShownStore store = extended_into_a_room().shown(t0 + 3min);
    CHECK(findings_text(store) == "");
    SUBCASE("never earlier") {
        store.row<Pass>(place(1)).expires_at = t0 + 3min - tick;
        CHECK(finds(store, "O1", {"the pass of place 1", "ends at", "by its events at"}));
    }
    SUBCASE("only of a user whose hold it was") {
        store.remove<Reservation>({101});
        CHECK(finds(store, "O1", {text({101}), "does not exist"}));
        CHECK(finds(store, "O1", {"the pass of place 1", "ends at", "by its events at"}));
    }
}

// --- Lines -------------------------------------------------------------------------------------

namespace {

// Alice is of the first class; bob has left his place in the second, and stands in the first.
SaleScript moved_to_another_class() {
    SaleScript script(RoomPolicy{.classes = {{"general", 1}, {"fan_club", 3}}});
    script.join(alice, t0);
    const PlaceNumber left = script.join(bob, t0 + 1s, 1);
    script.leave(left.value, t0 + 1s);
    script.join(bob, t0 + 1s);
    return script;
}

}  // namespace

TEST_CASE("somebody with places in two classes who is no member of the line breaks Q4") {
    ShownStore store = moved_to_another_class().shown(t0 + 2s);
    CHECK(findings_text(store) == "");
    store.remove<Member>({the_concert, bob});
    CHECK(finds(store, "Q4", {id_of(bob).to_string(), "no member of its line"}));
}

TEST_CASE("a line of a class whose first is lost breaks D2, and not by its epoch") {
    ShownStore store = moved_to_another_class().shown(t0 + 2s);
    store.remove<Line>({the_concert, 0});
    CHECK(finds(store, "D2", {"line"}));
    CHECK(!finds(store, "Q4", {"is in epoch"}));
}

TEST_CASE("what a closed loop has left behind at a room without one is clean") {
    SaleScript script;
    script.join(alice, t0);
    const std::string zeros(7, '\0');
    script.store().row<Sale>(the_concert).policy_state =
        "S" + zeros + '\x11' + "L" + zeros + '\x02' + std::string(8, '\0');
    ShownStore store = script.shown(t0);
    CHECK(findings_text(store) == "");
}
