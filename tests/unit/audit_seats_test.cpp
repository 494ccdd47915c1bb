// What the audit finds of seats, reservations and limits: one broken rule at a time.

#include <doctest/doctest.h>

#include "support/shown_sale.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

constexpr Duration tick{1};

// A sale without a room, with a hold by alice: 101 on Monday 1 and 2, from t0 for five minutes.
SaleScript one_hold() {
    SaleScript script(std::nullopt);
    script.charge(alice, {9'000}, t0);
    script.charge(bob, {9'000}, t0);
    script.hold({.row = {101}, .user = alice, .seats = {1, 2}, .at = t0, .until = t0 + 5min});
    return script;
}

SaleScript::Hold bobs_hold(std::vector<SeatNumber> seats, Time at) {
    return {.row = {102}, .user = bob, .seats = std::move(seats), .at = at, .until = at + 5min};
}

}  // namespace

// --- S1, rows ----------------------------------------------------------------------------------

TEST_CASE("a free or blocked seat that names a reservation breaks S1") {
    ShownStore store = a_sale();
    SUBCASE("free, with a reservation") { store.row<Seat>({monday, 5}).reservation = {103}; }
    SUBCASE("free, with a deadline") { store.row<Seat>({monday, 5}).held_until = t0; }
    SUBCASE("blocked, with a reservation") { store.row<Seat>({tuesday, 10}).reservation = {103}; }
    CHECK(broken_rules(store) == "S1");
}

TEST_CASE("a held seat with another deadline than its reservation's breaks S1") {
    ShownStore store = a_sale();
    store.row<Seat>({monday, 3}).held_until += tick;
    CHECK(broken_rules(store) == "S1");
    CHECK(finds(store, "S1", {"seat 3", id_of(ReservationKey{103}).to_string(), "(+1 us)"}));
}

TEST_CASE("a sold seat with a deadline breaks S1") {
    ShownStore store = a_sale();
    store.row<Seat>({monday, 1}).held_until = t0;
    CHECK(broken_rules(store) == "S1");
}

TEST_CASE("a seat that stands for a reservation which does not have it breaks S1") {
    ShownStore store = a_sale();
    SUBCASE("another reservation") { store.row<Seat>({monday, 3}).reservation = {104}; }
    SUBCASE("no reservation that exists") { store.row<Seat>({monday, 3}).reservation = {999}; }
    CHECK(broken_rules(store) == "O1 S1");
    CHECK(finds(store, "S1",
                {"reservation " + id_of(ReservationKey{103}).to_string(), "held", "seat 3"}));
}

TEST_CASE("a seat in a state that goes with no reservation of its own breaks S1") {
    ShownStore store = a_sale();
    Seat& seat = store.row<Seat>({monday, 3});
    SeatCounts& counts = store.row<PerformanceState>(monday).counts;
    --counts.held;
    SUBCASE("sold while the reservation is held") {
        seat.status = SeatStatus::sold;
        seat.held_until = {};
        ++counts.sold;
    }
    SUBCASE("free while the reservation is held") {
        seat = {.performance = monday, .number = 3};
        ++counts.free;
    }
    CHECK(broken_rules(store) == "O1 S1");
}

TEST_CASE("a seat that the hall does not have breaks S1") {
    ShownStore store = a_sale();
    store.row<Seat>({monday, 10}).number = 99;
    CHECK(broken_rules(store) == "S1");
    CHECK(finds(store, "S1", {"seat 99", "hall"}));
    CHECK(finds(store, "S1", {"seat 10", "missing"}));
}

TEST_CASE("a seat of no performance breaks S1") {
    ShownStore store = a_sale();
    store.add(Seat{.performance = {99}, .number = 1});
    CHECK(broken_rules(store) == "S1");
}

TEST_CASE("a seat in a state that does not exist breaks S1") {
    ShownStore store = a_sale();
    store.row<Seat>({monday, 5}).status = static_cast<SeatStatus>(7);
    CHECK(finds(store, "S1", {"seat 5", "unknown (7)"}));
}

TEST_CASE("a reservation in a state that does not exist breaks S1") {
    ShownStore store = a_sale();
    store.row<Reservation>({107}).status = static_cast<ReservationStatus>(0);
    CHECK(broken_rules(store) == "O1 S1");
}

// --- S1, events --------------------------------------------------------------------------------

TEST_CASE("a hold on a seat that is blocked or sold breaks S1") {
    SaleScript script = one_hold();
    SUBCASE("blocked") { script.block(monday, {5}, true, t0); }
    SUBCASE("sold") {
        script.hold({.row = {103}, .user = alice, .seats = {5}, .at = t0, .until = t0 + 5min});
        script.pay({201}, {{103}}, t0);
    }
    script.hold(bobs_hold({5}, t0));
    ShownStore store = script.shown(t0 + 1min);
    CHECK(broken_rules(store) == "S1");
    CHECK(finds(store, "S1", {"seat 5", id_of(ReservationKey{102}).to_string(), "not free"}));
}

TEST_CASE("blocking a seat that is not free, or unblocking one that is not blocked, breaks S1") {
    SaleScript script(std::nullopt);
    SUBCASE("blocked twice") {
        script.block(monday, {5}, true, t0);
        script.block(monday, {5}, true, t0);
    }
    SUBCASE("unblocked") { script.block(monday, {5}, false, t0); }
    ShownStore store = script.shown(t0);
    CHECK(broken_rules(store) == "S1");
}

TEST_CASE("a reservation that ends twice breaks S1") {
    SaleScript script = one_hold();
    script.release({101}, t0 + 1min);
    SUBCASE("released twice") { script.release({101}, t0 + 2min); }
    SUBCASE("expired after that") {
        script.expire({101}, t0 + 5min);
        script.store().row<Reservation>({101}).status = ReservationStatus::released;
    }
    ShownStore store = script.shown(t0 + 5min);
    CHECK(broken_rules(store) == "S1");
}

TEST_CASE("a refund of what is not paid breaks S1") {
    SaleScript script = one_hold();
    script.pay({201}, {{101}}, t0 + 1min);
    script.refund({201}, t0 + 2min);
    Event again = script.store().events_shown.back();
    ++again.number;
    script.store().row<PerformanceState>(monday).next_event += 1;
    script.store().events_shown.push_back(again);
    ShownStore store = script.shown(t0 + 2min);
    CHECK(finds(store, "S1", {"refunded", "not paid"}));
}

TEST_CASE("a hold on a seat that the hall does not have breaks S1") {
    SaleScript script = one_hold();
    script.release({101}, t0 + 1min);
    script.store().row<Reservation>({101}).seats.back().number = 99;
    for (const std::int64_t number : {1, 2}) {
        script.store().event(of_monday, number).items.front().seats = {1, 99};
    }
    ShownStore store = script.shown(t0 + 2min);
    CHECK(broken_rules(store) == "S1");
    CHECK(finds(store, "S1", {"has seat 99, but the hall does not"}));
    CHECK(finds(store, "S1", {"events tell of seat 99"}));
}

TEST_CASE("a seat that is freed by who does not have it breaks S1") {
    SaleScript script = one_hold();
    script.hold(bobs_hold({2}, t0 + 1min));
    script.release({101}, t0 + 2min);
    ShownStore store = script.shown(t0 + 3min);
    CHECK(finds(store, "S1",
                {"seat 2", "was freed by reservation", id_of(ReservationKey{102}).to_string()}));
}

// --- S2 to S7, events --------------------------------------------------------------------------

TEST_CASE("a seat that is sold to two reservations breaks S2") {
    SaleScript script = one_hold();
    script.pay({201}, {{101}}, t0 + 1min);
    script.hold(bobs_hold({2}, t0 + 2min));
    script.pay({202}, {{102}}, t0 + 3min);
    ShownStore store = script.shown(t0 + 3min);
    CHECK(broken_rules(store) == "S1 S2");
    CHECK(finds(store, "S2",
                {"seat 2", id_of(ReservationKey{101}).to_string(),
                 id_of(ReservationKey{102}).to_string()}));
}

TEST_CASE("a seat that is sold again after a refund is clean") {
    SaleScript script = one_hold();
    script.pay({201}, {{101}}, t0 + 1min);
    script.refund({201}, t0 + 2min);
    script.hold(bobs_hold({2}, t0 + 2min));
    script.pay({202}, {{102}}, t0 + 3min);
    ShownStore store = script.shown(t0 + 3min);
    CHECK(findings_text(store) == "");
}

TEST_CASE("counts that are not those of the seats break S3") {
    ShownStore store = a_sale();
    SeatCounts& counts = store.row<PerformanceState>(monday).counts;
    SUBCASE("a sold seat counted as free") {
        --counts.sold;
        ++counts.free;
    }
    SUBCASE("one seat too many") { ++counts.blocked; }
    CHECK(broken_rules(store) == "S3");
}

TEST_CASE("a payment at the deadline breaks S4") {
    SaleScript script = one_hold();
    script.pay({201}, {{101}}, t0 + 5min);
    ShownStore store = script.shown(t0 + 5min);
    CHECK(broken_rules(store) == "S4");
}

TEST_CASE("a payment just before the deadline is clean") {
    SaleScript script = one_hold();
    script.pay({201}, {{101}}, t0 + 5min - tick);
    ShownStore store = script.shown(t0 + 5min);
    CHECK(findings_text(store) == "");
}

TEST_CASE("a payment for what has been released breaks S4") {
    SaleScript script = one_hold();
    script.release({101}, t0 + 1min);
    script.pay({201}, {{101}}, t0 + 2min);
    ShownStore store = script.shown(t0 + 2min);
    CHECK(broken_rules(store) == "S1 S4");
}

TEST_CASE("a hold on a seat that another holds breaks S5") {
    SaleScript script = one_hold();
    script.hold(bobs_hold({2}, t0 + 1min));
    ShownStore store = script.shown(t0 + 2min);
    CHECK(broken_rules(store) == "S1 S5");
    CHECK(finds(store, "S5",
                {"seat 2", id_of(ReservationKey{101}).to_string(),
                 id_of(ReservationKey{102}).to_string()}));
}

TEST_CASE("a hold that is past before it begins breaks S5") {
    SaleScript script(std::nullopt);
    script.hold({.row = {101}, .user = alice, .seats = {1}, .at = t0, .until = t0});
    ShownStore store = script.shown(t0 + 1min);
    CHECK(broken_rules(store) == "S5");
}

TEST_CASE("a deadline that goes back, or past its bound, breaks S5") {
    SaleScript script = one_hold();
    SUBCASE("back") { script.extend({101}, t0 + 1min, t0 + 4min); }
    SUBCASE("past its bound") { script.extend({101}, t0 + 1min, t0 + 16min); }
    ShownStore store = script.shown(t0 + 2min);
    CHECK(broken_rules(store) == "S5");
}

TEST_CASE("a hold that is extended or released at its deadline breaks S6") {
    SaleScript script = one_hold();
    SUBCASE("extended") { script.extend({101}, t0 + 5min, t0 + 9min); }
    SUBCASE("released") { script.release({101}, t0 + 5min); }
    ShownStore store = script.shown(t0 + 6min);
    CHECK(broken_rules(store) == "S6");
}

TEST_CASE("an event about other seats than the reservation has breaks S7") {
    SaleScript script = one_hold();
    script.extend({101}, t0 + 1min, t0 + 6min);
    script.store().event(of_monday, 2).items.front().seats = {1};
    ShownStore store = script.shown(t0 + 2min);
    CHECK(broken_rules(store) == "S7");
}

TEST_CASE("a reservation that has lost a seat breaks S7") {
    SaleScript script = one_hold();
    script.release({101}, t0 + 1min);
    Reservation& reservation = script.store().row<Reservation>({101});
    SUBCASE("one") { reservation.seats.front().price = {2'000}; }
    SUBCASE("all") { reservation.total = {}; }
    SUBCASE("one, and it cost nothing") {
        reservation.seats.front().price = {2'000};
        reservation.seats.back().price = {};
    }
    if (reservation.total == Money{}) {
        reservation.seats.clear();
        script.store().event(of_monday, 1).amount = {};
    } else {
        reservation.seats.pop_back();
    }
    ShownStore store = script.shown(t0 + 2min);
    CHECK(broken_rules(store) == "S7");
}

TEST_CASE("a hold on nothing, or one that lists its seats out of order, breaks S7") {
    SaleScript script = one_hold();
    script.release({101}, t0 + 1min);
    Reservation& reservation = script.store().row<Reservation>({101});
    SUBCASE("nothing") {
        reservation.seats.clear();
        reservation.total = {};
        script.store().event(of_monday, 1).amount = {};
        for (const std::int64_t number : {1, 2}) {
            script.store().event(of_monday, number).items.front().seats.clear();
        }
    }
    SUBCASE("out of order") { std::swap(reservation.seats[0], reservation.seats[1]); }
    ShownStore store = script.shown(t0 + 2min);
    CHECK(broken_rules(store) == "S7");
}

TEST_CASE("a seat that one hold names twice breaks S7") {
    SaleScript script = one_hold();
    script.store().event(of_monday, 1).items.front().seats = {1, 2, 2};
    ShownStore store = script.shown(t0 + 2min);
    CHECK(broken_rules(store) == "S7");
}

// --- S8 ----------------------------------------------------------------------------------------

TEST_CASE("a limit that counts other seats than the user has breaks S8") {
    ShownStore store = a_sale();
    const LimitKey alices{alice, monday.value};
    const LimitKey bobs{bob, monday.value};
    SUBCASE("paid seats") { store.row<Limit>(alices).paid = 1; }
    SUBCASE("paid seats, with no row") { store.remove<Limit>(alices); }
    SUBCASE("a live hold that is not listed") { store.row<Limit>(bobs).held.clear(); }
    SUBCASE("a live hold that is not listed in the concert") {
        store.row<Limit>({bob, the_concert.value}).held.clear();
    }
    SUBCASE("a live hold, with no row") { store.remove<Limit>(bobs); }
    SUBCASE("a hold that is listed twice") {
        auto& held = store.row<Limit>(bobs).held;
        held.push_back(held.front());
    }
    SUBCASE("fewer seats") { store.row<Limit>(bobs).held.front().seats = 0; }
    SUBCASE("another deadline") { store.row<Limit>(bobs).held.front().held_until -= tick; }
    SUBCASE("another's hold") { store.row<Limit>(bobs).held.front().reservation = {106}; }
    SUBCASE("a hold that is none") { store.row<Limit>(bobs).held.front().reservation = {999}; }
    SUBCASE("a hold that was released") {
        store.row<Limit>({frank, tuesday.value}).held.push_back({{107}, 1, t0 + 4min});
    }
    CHECK(broken_rules(store) == "S8");
}

TEST_CASE("more seats than a user may have break S8") {
    SaleScript script(std::nullopt);
    script.hold({.row = {101}, .user = bob, .seats = {1, 2, 3}, .at = t0, .until = t0 + 1min});
    SaleScript::Hold second{
        .row = {102}, .user = bob, .seats = {4, 5}, .at = t0, .until = t0 + 1min};
    SUBCASE("of a performance") {
        script.hold(second);
        ShownStore store = script.shown(t0);
        CHECK(broken_rules(store) == "S8");
        store.time = t0 + 1min;
        CHECK(findings_text(store) == "");
    }
    SUBCASE("of a concert") {
        second.performance = tuesday;
        script.hold(second);
        SaleScript::Hold third{.row = {103},
                               .user = bob,
                               .performance = tuesday,
                               .seats = {6, 7},
                               .at = t0,
                               .until = t0 + 1min};
        script.hold(third);
        ShownStore store = script.shown(t0);
        CHECK(broken_rules(store) == "S8");
        CHECK(finds(store, "S8", {"7 seats", "6 that are allowed"}));
    }
}

// --- C1, O1 ------------------------------------------------------------------------------------

TEST_CASE("a hold that expires before its deadline breaks C1") {
    SaleScript script = one_hold();
    script.expire({101}, t0 + 5min - tick);
    ShownStore store = script.shown(t0 + 6min);
    CHECK(broken_rules(store) == "C1");
}

TEST_CASE("a dead hold that is taken without an event of its end breaks O1") {
    SaleScript script(std::nullopt);
    script.hold({.row = {101}, .user = alice, .seats = {1}, .at = t0, .until = t0 + 5min});
    script.hold(bobs_hold({1}, t0 + 5min));
    script.store().row<Reservation>({101}).status = ReservationStatus::expired;
    ShownStore store = script.shown(t0 + 6min);
    CHECK(broken_rules(store) == "O1");
    CHECK(finds(store, "O1", {"seat 1", "no event says that that one had expired"}));
}

TEST_CASE("a row that is not as the events leave it breaks O1") {
    ShownStore store = a_sale();
    SUBCASE("a seat") {
        store.row<Seat>({monday, 5}).status = SeatStatus::blocked;
        store.row<PerformanceState>(monday).counts.free -= 1;
        store.row<PerformanceState>(monday).counts.blocked += 1;
    }
    SUBCASE("a reservation's state") {
        store.row<Reservation>({107}).status = ReservationStatus::expired;
    }
    SUBCASE("a reservation's deadline") { store.row<Reservation>({107}).held_until -= 1min; }
    SUBCASE("a reservation's start") { store.row<Reservation>({107}).held_at += tick; }
    CHECK(broken_rules(store) == "O1");
}

TEST_CASE("a reservation that no event tells of breaks O1") {
    SaleScript script = one_hold();
    script.release({101}, t0 + 1min);
    Reservation untold = script.store().row<Reservation>({101});
    untold.row = {102};
    untold.id = id_of(ReservationKey{102});
    ShownStore store = script.shown(t0 + 2min);
    SUBCASE("a row without events") { store.add(untold); }
    SUBCASE("events without a row") { store.remove<Reservation>({101}); }
    CHECK(broken_rules(store) == "O1");
}

TEST_CASE("an event about a reservation that was never held there breaks O1") {
    ShownStore store = a_sale();
    Event event = store.events_shown.front();
    REQUIRE(event.kind == EventKind::reservation_held);
    event.kind = EventKind::reservation_released;
    event.stream = of_tuesday;
    event.number = store.row<PerformanceState>(tuesday).next_event++;
    event.at = t0 + 4min;
    const auto room =
        std::find_if(store.events_shown.begin(), store.events_shown.end(),
                     [](const Event& each) { return each.stream.kind == StreamKind::wallet; });
    SUBCASE("another performance's") {}
    SUBCASE("nobody's") { event.items.front().reservation = id_of(ReservationKey{999}); }
    SUBCASE("none") { event.items.clear(); }
    store.events_shown.insert(room, event);
    CHECK(broken_rules(store) == "O1");
}

TEST_CASE("an event about another user than who held the seats breaks O1") {
    SaleScript script = one_hold();
    script.extend({101}, t0 + 1min, t0 + 6min);
    script.store().event(of_monday, 2).user = id_of(bob);
    ShownStore store = script.shown(t0 + 2min);
    CHECK(broken_rules(store) == "O1");
}

TEST_CASE("a seat that costs less than nothing breaks L6") {
    SaleScript script = one_hold();
    Reservation& reservation = script.store().row<Reservation>({101});
    reservation.seats.front().price = {-1};
    reservation.seats.back().price = {2'001};
    ShownStore store = script.shown(t0 + 1min);
    CHECK(broken_rules(store) == "L6");
}

TEST_CASE("a reservation of a performance that is not its concert's breaks D2") {
    SaleScript script = one_hold();
    script.release({101}, t0 + 1min);
    script.store().row<Reservation>({101}).concert = {99};
    ShownStore store = script.shown(t0 + 2min);
    CHECK(broken_rules(store) == "D2");
}
