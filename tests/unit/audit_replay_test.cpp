// What the audit finds where events tell one step that could not follow what they told before, or a
// row has one column that they tell differently.

#include <doctest/doctest.h>

#include "support/shown_sale.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

std::string text(ReservationKey key) { return id_of(key).to_string(); }

// A sale without a room, with a hold by alice: 101 on Monday 1 and 2, from t0 for five minutes.
SaleScript one_hold() {
    SaleScript script(std::nullopt);
    script.charge(alice, {9'000}, t0);
    script.hold({.row = {101}, .user = alice, .seats = {1, 2}, .at = t0, .until = t0 + 5min});
    return script;
}

}  // namespace

TEST_CASE("an extension of what has been released breaks S6") {
    SaleScript script = one_hold();
    script.release({101}, t0 + 1min);
    script.extend({101}, t0 + 2min, t0 + 6min);
    ShownStore store = script.shown(t0 + 2min);
    CHECK(finds(store, "S6", {text({101}), "was extended", "when it was released"}));
}

TEST_CASE("a seat that is freed by who has it, and was blocked meanwhile, breaks S1") {
    SaleScript script = one_hold();
    script.block(monday, {2}, true, t0 + 1min);
    script.release({101}, t0 + 2min);
    ShownStore store = script.shown(t0 + 3min);
    CHECK(finds(store, "S1", {"seat 2", "was freed by reservation " + text({101}), "blocked"}));
}

TEST_CASE("a seat that is sold to one while another holds it breaks S1") {
    SaleScript script = one_hold();
    script.hold({.row = {102}, .user = bob, .seats = {2}, .at = t0, .until = t0 + 5min});
    script.pay({201}, {{101}}, t0 + 1min);
    ShownStore store = script.shown(t0 + 1min);
    CHECK(finds(store, "S1",
                {"seat 2", "sold to reservation " + text({101}), "held for " + text({102})}));
}

TEST_CASE("a seat that stands for a reservation of its performance which has others breaks S1") {
    ShownStore store = a_sale();
    Seat& seat = store.row<Seat>({monday, 5});
    seat = store.row<Seat>({monday, 3});
    seat.number = 5;
    CHECK(finds(store, "S1", {"seat 5", text({103}), "does not have it"}));
    CHECK(!finds(store, "S1", {"seat 3"}));
}

TEST_CASE("a reservation of another user than its events tell breaks O1") {
    ShownStore store = one_hold().shown(t0 + 1min);
    SUBCASE("the user") {
        store.row<Reservation>({101}).user_id = id_of(bob);
        CHECK(finds(store, "O1", {text({101}), id_of(bob).to_string(), "by its events of"}));
    }
    SUBCASE("the place") {
        store.row<Reservation>({101}).place = {7};
        CHECK(finds(store, "O1", {text({101}), "place 7", "by its events of"}));
    }
}

TEST_CASE("a performance that has lost all of its seats breaks S1 at each") {
    ShownStore store = a_sale();
    std::erase_if(store.of<Seat>(), [](const Seat& seat) { return seat.performance == tuesday; });
    for (SeatNumber number = 1; number <= seats_each; ++number) {
        CHECK(finds(store, "S1", {"seat " + std::to_string(number) + " of", "is missing"}));
    }
    CHECK(finds(store, "S3", {id_of(tuesday).to_string()}));
}
