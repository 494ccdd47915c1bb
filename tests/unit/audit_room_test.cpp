// What the audit finds of lines, places and passes: one broken rule at a time.

#include <doctest/doctest.h>

#include "support/shown_sale.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

constexpr Duration tick{1};

PlaceKey place(std::int64_t number) { return {the_concert, {number}}; }

// A room with five people in line, none admitted.
SaleScript five_waiting(RoomPolicy policy = {}) {
    SaleScript script(policy);
    for (const UserKey user : {alice, bob, carol, dave, erin}) script.join(user, t0);
    return script;
}

RoomPolicy two_a_minute() { return {.window = AdmissionWindow{.admit_max = 2, .length = 1min}}; }

}  // namespace

// --- The line ----------------------------------------------------------------------------------

TEST_CASE("somebody who waits behind an admitted place breaks Q1") {
    SaleScript script = five_waiting();
    script.admit(1, t0);
    script.admit(3, t0);
    ShownStore store = script.shown(t0);
    CHECK(broken_rules(store) == "Q1");
    CHECK(finds(store, "Q1", {"place 2", "waits", "place 3 behind it"}));
}

TEST_CASE("an admission before that of a smaller number breaks Q1") {
    SaleScript script = five_waiting();
    script.admit(2, t0);
    script.admit(1, t0);
    ShownStore store = script.shown(t0);
    CHECK(broken_rules(store) == "Q1");
}

TEST_CASE("an admission past a place that was left is clean") {
    SaleScript script = five_waiting();
    script.leave(1, t0);
    script.admit(2, t0);
    ShownStore store = script.shown(t0);
    CHECK(findings_text(store) == "");
}

TEST_CASE("a user who waits twice breaks Q1") {
    SaleScript script = five_waiting();
    script.join(alice, t0 + 1s);
    ShownStore store = script.shown(t0 + 1min);
    CHECK(broken_rules(store) == "Q1");
}

TEST_CASE("a place that is lost breaks Q4") {
    ShownStore store = five_waiting().shown(t0);
    SUBCASE("in the middle") {
        store.remove<Place>(place(3));
        store.remove<Member>({the_concert, carol});
    }
    SUBCASE("two in the middle") {
        store.remove<Place>(place(3));
        store.remove<Member>({the_concert, carol});
        store.remove<Place>(place(4));
        store.remove<Member>({the_concert, dave});
    }
    SUBCASE("the first") {
        store.remove<Place>(place(1));
        store.remove<Member>({the_concert, alice});
    }
    SUBCASE("the last") {
        store.remove<Place>(place(5));
        store.remove<Member>({the_concert, erin});
    }
    SUBCASE("all") {
        store.of<Place>().clear();
        store.of<Member>().clear();
    }
    CHECK(broken_rules(store) == "Q4");
}

TEST_CASE("a line that ends elsewhere than its row says breaks Q4") {
    ShownStore store = five_waiting().shown(t0);
    SUBCASE("before") { store.row<Line>({the_concert, 0}).next_sequence = 5; }
    SUBCASE("behind") { store.row<Line>({the_concert, 0}).next_sequence = 7; }
    SUBCASE("in an epoch that has passed") { store.row<Line>({the_concert, 0}).epoch = -1; }
    SUBCASE("at a concert without a room") { store.row<Sale>(the_concert).room.reset(); }
    CHECK(broken_rules(store) == "Q4");
}

TEST_CASE("a place with a number that is none breaks Q4") {
    ShownStore store = five_waiting().shown(t0);
    SUBCASE("0") {
        store.add(User{.id = id_of(gina), .user = gina});
        store.add(
            Place{.concert = the_concert, .user = gina, .user_id = id_of(gina), .joined_at = t0});
    }
    SUBCASE("below") {
        store.add(User{.id = id_of(gina), .user = gina});
        store.add(Place{.concert = the_concert,
                        .number = {-7},
                        .user = gina,
                        .user_id = id_of(gina),
                        .joined_at = t0});
    }
    CHECK(finds(store, "Q4", {"a place with number"}));
}

TEST_CASE("the audit knows a line that is kept outside of the store") {
    SaleScript script;
    script.join(alice, t0 + 2s);
    script.join(bob, t0 + 1s);
    for (const std::int64_t number : {1, 2}) script.admit(number, t0 + 3s);
    ShownStore store = script.shown(t0 + 3s);
    CHECK(broken_rules(store) == "C1");
    store.row<Line>({the_concert, 0}).closed_until = t0;
    SUBCASE("which tells when somebody joined only by the pass") {
        CHECK(findings_text(store) == "");
    }
    SUBCASE("so nobody waits in it") {
        store.row<Place>(place(2)).status = PlaceStatus::waiting;
        CHECK(finds(store, "Q4", {"waits in the store"}));
    }
    SUBCASE("of all classes or none") {
        store.add(Line{.concert = the_concert, .line_class = 1, .closed_until = t0});
        CHECK(finds(store, "Q4", {"kept elsewhere than that of its first"}));
    }
}

TEST_CASE("a line that was rebuilt is clean, with gaps where nobody came back") {
    ShownStore store = five_waiting().shown(t0);
    store.row<Line>({the_concert, 0}) = {
        .concert = the_concert, .epoch = 1, .next_sequence = 1'000};
    store.add(User{.id = id_of(gina), .user = gina});
    const PlaceNumber number = PlaceNumber::of(1, 7);
    store.add(Place{.concert = the_concert,
                    .number = number,
                    .user = gina,
                    .user_id = id_of(gina),
                    .joined_at = t0});
    store.add(Member{.concert = the_concert, .user = gina, .latest = number});
    CHECK(findings_text(store) == "");
}

TEST_CASE("a member whose latest place is another breaks Q4") {
    ShownStore store = five_waiting().shown(t0);
    SUBCASE("one that does not exist") { store.row<Member>({the_concert, alice}).latest = {9}; }
    SUBCASE("another's") { store.row<Member>({the_concert, alice}).latest = {2}; }
    SUBCASE("none, and a place without a member") { store.remove<Member>({the_concert, alice}); }
    SUBCASE("a member without a place") {
        store.add(User{.id = id_of(gina), .user = gina});
        store.add(Member{.concert = the_concert, .user = gina, .latest = {5}});
    }
    CHECK(broken_rules(store) == "Q4");
}

TEST_CASE("a place that was joined before one ahead of it breaks C1") {
    ShownStore store = five_waiting().shown(t0);
    store.row<Place>(place(3)).joined_at -= tick;
    CHECK(broken_rules(store) == "C1");
}

TEST_CASE("whom an operator let in by hand overtook nobody, and the line goes on in order") {
    SaleScript script = five_waiting();
    script.admit(4, t0, "ann");
    script.admit(1, t0 + 1s);
    script.admit(2, t0 + 2s);
    SUBCASE("so it is clean") {
        ShownStore store = script.shown(t0 + 10s);
        CHECK(findings_text(store) == "");
    }
    SUBCASE("without the operator's name it breaks Q1") {
        script.store().event(of_room, 1).actor.clear();
        ShownStore store = script.shown(t0 + 10s);
        CHECK(broken_rules(store) == "Q1");
    }
    SUBCASE("another who is let in before his turn still breaks Q1") {
        script.admit(5, t0 + 3s);
        ShownStore store = script.shown(t0 + 10s);
        CHECK(broken_rules(store) == "Q1");
        CHECK(finds(store, "Q1", {"place 3", "waits", "place 5 behind it"}));
    }
}

// --- Classes -----------------------------------------------------------------------------------

namespace {

// Two of the first class, two of the second, and one who is of both, one after the other.
SaleScript two_classes() {
    SaleScript script(RoomPolicy{.classes = {{"general", 1}, {"fan_club", 3}}});
    script.join(alice, t0);
    script.join(carol, t0, 1);
    script.join(bob, t0 + 1s);
    script.join(dave, t0 + 1s, 1);
    return script;
}

PlaceNumber fan(std::int64_t sequence) {
    return PlaceNumber::of({.line_class = 1, .sequence = sequence});
}

}  // namespace

TEST_CASE("whom it is that was passed over is not overtaken by who comes after that") {
    SaleScript script = five_waiting();
    script.admit(1, t0);
    script.pass_over(2, t0 + 1s);
    script.pass_over(3, t0 + 1s);
    SUBCASE("in the same moment") { script.admit(4, t0 + 1s); }
    SUBCASE("later") { script.admit(4, t0 + 2s); }
    SUBCASE("and comes back") {
        script.admit(5, t0 + 2s);
        // The one in between was not passed over, and has left.
        script.leave(4, t0 + 1s);
        script.admit(2, t0 + 3s);
    }
    ShownStore store = script.shown(t0 + 4s);
    CHECK(findings_text(store) == "");
}

TEST_CASE("who was passed over only after somebody behind was admitted breaks Q1") {
    SaleScript script = five_waiting();
    script.admit(3, t0 + 1s);
    script.pass_over(1, t0 + 2s);
    script.pass_over(2, t0 + 1s);
    script.admit(5, t0 + 3s);
    SUBCASE("and still waits") {}
    SUBCASE("and was admitted in the end") { script.admit(1, t0 + 4s); }
    script.leave(4, t0 + 1s);
    ShownStore store = script.shown(t0 + 4s);
    CHECK(broken_rules(store) == "Q1");
    CHECK(finds(store, "Q1", {"place 1", "place 3 behind it"}));
}

TEST_CASE("a place passed over at a time that cannot be breaks C1, one at no time Q3") {
    SaleScript script = five_waiting();
    script.admit(1, t0 + 2s);
    script.pass_over(2, t0 + 2s);
    ShownStore store = script.shown(t0 + 4s);
    SUBCASE("before it was joined") { store.row<Place>(place(2)).passed_at = t0 - tick; }
    SUBCASE("in the future") { store.row<Place>(place(2)).passed_at = t0 + 4s + tick; }
    SUBCASE("after it was admitted") { store.row<Place>(place(1)).passed_at = t0 + 2s + tick; }
    CHECK(broken_rules(store) == "C1");
}

TEST_CASE("a place that waits and was passed over, or was passed over at no time, breaks Q3") {
    SaleScript script = five_waiting();
    script.pass_over(1, t0);
    ShownStore store = script.shown(t0);
    SUBCASE("without a time") { store.row<Place>(place(1)).passed_at.reset(); }
    SUBCASE("with one") { store.row<Place>(place(2)).passed_at = t0; }
    CHECK(broken_rules(store) == "Q3");
}

TEST_CASE("people of one class who are admitted overtake nobody of another") {
    SaleScript script = two_classes();
    script.admit(fan(1).value, t0 + 2s);
    script.admit(fan(2).value, t0 + 2s);
    script.admit(1, t0 + 3s);
    ShownStore store = script.shown(t0 + 4s);
    CHECK(findings_text(store) == "");
}

TEST_CASE("who is overtaken in a class breaks Q1, whatever the other class does") {
    SaleScript script = two_classes();
    script.admit(1, t0 + 2s);
    script.admit(fan(2).value, t0 + 2s);
    ShownStore store = script.shown(t0 + 4s);
    CHECK(broken_rules(store) == "Q1");
    SUBCASE("and is let in later") {
        script.admit(fan(1).value, t0 + 3s);
        ShownStore later = script.shown(t0 + 4s);
        CHECK(broken_rules(later) == "Q1");
    }
}

TEST_CASE("a user's latest place may be of a class with smaller numbers") {
    SaleScript script = two_classes();
    UserKey user = carol;
    SUBCASE("later") {
        script.leave(fan(1).value, t0 + 2s);
        script.join(carol, t0 + 3s);
    }
    SUBCASE("in the same commit") {
        user = dave;
        script.leave(fan(2).value, t0 + 1s);
        script.join(dave, t0 + 1s);
    }
    ShownStore store = script.shown(t0 + 4s);
    CHECK(findings_text(store) == "");
    store.row<Member>({the_concert, user}).latest = {99};
    CHECK(finds(store, "Q4", {"the latest place of user", "says 99"}));
}

TEST_CASE("who waits in two classes breaks Q1") {
    SaleScript script = two_classes();
    script.join(alice, t0 + 2s, 1);
    ShownStore store = script.shown(t0 + 4s);
    CHECK(broken_rules(store) == "Q1");
}

TEST_CASE("a class that the room has not, or whose line is wrong, breaks Q4") {
    ShownStore store = two_classes().shown(t0 + 4s);
    SUBCASE("one that the room has not") { store.row<Sale>(the_concert).room->classes.pop_back(); }
    SUBCASE("no row") { store.remove<Line>({the_concert, 1}); }
    SUBCASE("in another epoch") { store.row<Line>({the_concert, 1}).epoch = 1; }
    SUBCASE("with another end") { store.row<Line>({the_concert, 1}).next_sequence = 9; }
    CHECK(broken_rules(store) == "Q4");
}

// --- How many ----------------------------------------------------------------------------------

TEST_CASE("more live passes than the policy allows break Q2") {
    SaleScript script = five_waiting({.active_max = 2});
    for (const std::int64_t number : {1, 2, 3}) script.admit(number, t0);
    ShownStore store = script.shown(t0);
    CHECK(broken_rules(store) == "Q2");
    CHECK(finds(store, "Q2", {"place 3", "3 live passes, of 2"}));
    CHECK(finds(store, "Q2", {"3 passes are marked admitted"}));
}

TEST_CASE("whoever is let in by hand counts for the policy like all others") {
    SaleScript script = five_waiting({.active_max = 1});
    script.admit(1, t0);
    script.admit(4, t0 + 1s, "ann");
    ShownStore store = script.shown(t0 + 1s);
    CHECK(broken_rules(store) == "Q2");
}

TEST_CASE("more live passes than a closed loop's ceiling, or a limit out of its bounds, break Q2") {
    const ClosedLoop loop{.floor = 1, .ceiling = 2, .load_max = 0.8};
    SaleScript script = five_waiting({.closed_loop = loop});
    script.admit(1, t0);
    script.admit(2, t0);
    // The settings without a record, and the loop: its limit, and when it moved.
    const auto limit_of = [](char limit) {
        const auto zeros = [](std::size_t count) { return std::string(count, '\0'); };
        return "S" + zeros(7) + '\x11' + "L" + zeros(7) + limit + zeros(8);
    };
    SUBCASE("as many as may be") {
        script.store().row<Sale>(the_concert).policy_state = limit_of(2);
        ShownStore store = script.shown(t0);
        CHECK(findings_text(store) == "");
    }
    SUBCASE("one too many") {
        script.admit(3, t0);
        ShownStore store = script.shown(t0);
        CHECK(broken_rules(store) == "Q2");
        CHECK(finds(store, "Q2", {"place 3", "3 live passes, of 2"}));
    }
    SUBCASE("a limit above the ceiling") {
        script.store().row<Sale>(the_concert).policy_state = limit_of(3);
        ShownStore store = script.shown(t0);
        CHECK(broken_rules(store) == "Q2");
        CHECK(finds(store, "Q2", {"closed loop", "allows 3 live passes"}));
    }
    SUBCASE("a limit below the floor") {
        script.store().row<Sale>(the_concert).policy_state = limit_of(0);
        ShownStore store = script.shown(t0);
        CHECK(broken_rules(store) == "Q2");
    }
}

TEST_CASE("too many passes for a moment only break Q2") {
    SaleScript script = five_waiting({.active_max = 2});
    for (const std::int64_t number : {1, 2, 3}) script.admit(number, t0);
    script.leave(3, t0 + tick);
    ShownStore store = script.shown(t0 + 1min);
    CHECK(broken_rules(store) == "Q2");
}

TEST_CASE("a pass that ended, or was spent, makes room for the next") {
    SaleScript script = five_waiting({.active_max = 1});
    script.charge(alice, {1'000}, t0);
    script.admit(1, t0);
    SUBCASE("left") { script.leave(1, t0 + 1min); }
    SUBCASE("expired") { script.expire_pass(1, t0 + 2min); }
    SUBCASE("spent") {
        script.hold({{101}, alice, {1}, monday, {1}, t0, t0 + 2min});
        script.pay({201}, {{101}}, t0 + 1min, {1});
    }
    script.admit(2, t0 + 2min);
    ShownStore store = script.shown(t0 + 2min);
    CHECK(findings_text(store) == "");
}

TEST_CASE("more admissions in a window than the policy allows break Q2") {
    SaleScript script = five_waiting(two_a_minute());
    script.admit(1, t0);
    script.admit(2, t0 + 30s);
    script.admit(3, t0 + 1min - tick);
    ShownStore store = script.shown(t0 + 1min);
    CHECK(broken_rules(store) == "Q2");
    CHECK(finds(store, "Q2", {"place 3", "number 3 within 60000000 us, of 2"}));
}

TEST_CASE("a window is half-open: an admission at its very end is in the next") {
    SaleScript script = five_waiting(two_a_minute());
    script.admit(1, t0);
    script.admit(2, t0 + 30s);
    script.admit(3, t0 + 1min);
    script.admit(4, t0 + 90s);
    ShownStore store = script.shown(t0 + 90s);
    CHECK(findings_text(store) == "");
}

TEST_CASE("a policy is asked only of admissions since it was set") {
    SaleScript script =
        five_waiting({.active_max = 3, .window = AdmissionWindow{.admit_max = 2, .length = 1min}});
    for (const std::int64_t number : {1, 2, 3, 4}) script.admit(number, t0);
    script.change_sale(t0 + 1s);
    SUBCASE("none since") {
        ShownStore store = script.shown(t0 + 10s);
        CHECK(findings_text(store) == "");
    }
    SUBCASE("one since, with those before it") {
        script.admit(5, t0 + 2s);
        ShownStore store = script.shown(t0 + 10s);
        CHECK(broken_rules(store) == "Q2");
        CHECK(finds(store, "Q2", {"5 live passes"}));
        CHECK(finds(store, "Q2", {"number 5 within"}));
    }
}

TEST_CASE("a pass that ends after its ceiling, or before it begins, breaks Q2") {
    ShownStore store = a_sale();
    Pass& pass = store.row<Pass>(place(2));
    SUBCASE("ceiling") { pass.ceiling = pass.expires_at - tick; }
    SUBCASE("admission") {
        pass.admitted_at = pass.expires_at + tick;
        for (Event& event : store.events_shown) {
            const bool is_its = event.kind == EventKind::pass_admitted && event.place.value == 2;
            if (is_its) pass.ceiling = pass.admitted_at;
        }
    }
    CHECK(finds(store, "Q2", {}));
}

TEST_CASE("a hold that outlives its pass breaks Q2") {
    SaleScript script = five_waiting();
    script.admit(1, t0);
    script.hold({{101}, alice, {1}, monday, {1}, t0, t0 + 3min});
    script.store().row<Pass>(place(1)).expires_at -= tick;
    script.store().event(of_monday, 1).pass_expires_at -= tick;
    ShownStore store = script.shown(t0 + 1min);
    CHECK(broken_rules(store) == "Q2");
}

TEST_CASE("a payment with a pass that had ended breaks Q2") {
    SaleScript script = five_waiting();
    script.charge(alice, {1'000}, t0);
    script.admit(1, t0);
    script.hold({{101}, alice, {1}, monday, {1}, t0, t0 + 3min});
    script.pay({201}, {{101}}, t0 + 3min, {1});
    ShownStore store = script.shown(t0 + 3min);
    CHECK(broken_rules(store) == "Q2 S4");
}

// --- Passes ------------------------------------------------------------------------------------

TEST_CASE("a place that is admitted twice breaks Q3") {
    SaleScript script = five_waiting();
    script.admit(1, t0);
    Event again = script.store().events_shown.back();
    again.number = 2;
    script.store().row<Sale>(the_concert).next_event = 3;
    script.store().events_shown.push_back(again);
    ShownStore store = script.shown(t0);
    CHECK(finds(store, "Q3", {"place 1", "admitted twice"}));
}

TEST_CASE("a place and a pass that do not match break Q3") {
    SaleScript script = five_waiting();
    script.admit(1, t0);
    ShownStore store = script.shown(t0);
    SUBCASE("a place without its pass") { store.remove<Pass>(place(1)); }
    SUBCASE("a pass of a place that waits") {
        store.row<Place>(place(1)).status = PlaceStatus::waiting;
    }
    SUBCASE("a pass of a place that left") {
        store.row<Place>(place(1)).status = PlaceStatus::left;
    }
    SUBCASE("a pass of another user") {
        store.row<Pass>(place(1)).user = bob;
        store.row<Pass>(place(1)).user_id = id_of(bob);
    }
    SUBCASE("a pass that was admitted at another time") {
        store.row<Pass>(place(1)).admitted_at -= tick;
    }
    SUBCASE("a pass that no event tells of") {
        store.events_shown.clear();
        store.row<Sale>(the_concert).next_event = 1;
    }
    CHECK(broken_rules(store) == "Q3");
}

TEST_CASE("a place in a state that does not exist breaks Q3") {
    ShownStore store = five_waiting().shown(t0);
    store.row<Place>(place(1)).status = static_cast<PlaceStatus>(9);
    CHECK(broken_rules(store) == "Q3");
}

TEST_CASE("a pass in a state that does not exist breaks Q3") {
    ShownStore store = a_sale();
    store.row<Pass>(place(2)).status = static_cast<PassStatus>(9);
    CHECK(finds(store, "Q3", {"place 2", "unknown (9)"}));
}

TEST_CASE("a pass that ends twice, or without having begun, breaks Q3") {
    SaleScript script = five_waiting();
    script.admit(1, t0);
    SUBCASE("twice") {
        script.leave(1, t0 + 1s);
        script.leave(1, t0 + 2s);
    }
    SUBCASE("given back after its end") { script.leave(1, t0 + 2min); }
    SUBCASE("not begun") {
        script.admit(2, t0);
        script.leave(2, t0 + 1s);
        auto& events = script.store().events_shown;
        events.erase(events.begin() + 1);
        events.back().number = 2;
        script.store().row<Sale>(the_concert).next_event = 3;
    }
    ShownStore store = script.shown(t0 + 3min);
    CHECK(broken_rules(store) == "Q3");
}

TEST_CASE("a pass that expires before its end breaks C1") {
    SaleScript script = five_waiting();
    script.admit(1, t0);
    script.expire_pass(1, t0 + 2min - tick);
    ShownStore store = script.shown(t0 + 3min);
    CHECK(broken_rules(store) == "C1");
}

TEST_CASE("a pass that is not as its events leave it breaks O1") {
    SaleScript script = five_waiting();
    script.admit(1, t0);
    script.admit(2, t0);
    script.expire_pass(2, t0 + 2min);
    ShownStore store = script.shown(t0 + 3min);
    SUBCASE("expired without an event") { store.row<Pass>(place(1)).status = PassStatus::expired; }
    SUBCASE("left instead of expired") { store.row<Pass>(place(2)).status = PassStatus::left; }
    SUBCASE("admitted instead of expired") {
        store.row<Pass>(place(2)).status = PassStatus::admitted;
    }
    SUBCASE("told of another user") { store.event(of_room, 3).user = id_of(carol); }
    SUBCASE("with another end") { store.row<Pass>(place(1)).expires_at += tick; }
    CHECK(broken_rules(store) == "O1");
}

TEST_CASE("a pass that holds what is not its user's breaks S6") {
    SaleScript script = five_waiting();
    script.admit(1, t0);
    script.admit(2, t0);
    script.hold({{101}, alice, {1}, monday, {1}, t0, t0 + 1min});
    ShownStore store = script.shown(t0 + 30s);
    SUBCASE("another's") { store.row<Pass>(place(2)).held.push_back({101}); }
    SUBCASE("nobody's") { store.row<Pass>(place(1)).held.push_back({999}); }
    SUBCASE("twice the same") { store.row<Pass>(place(1)).held.push_back({101}); }
    CHECK(broken_rules(store) == "S6");
}

TEST_CASE("a pass that is spent without a payment, or not spent by one, breaks P1") {
    ShownStore store = a_sale();
    SUBCASE("not spent") { store.row<Pass>(place(1)).status = PassStatus::admitted; }
    SUBCASE("spent by nobody") {
        SaleScript script = five_waiting();
        script.admit(1, t0);
        store = script.shown(t0);
        store.row<Pass>(place(1)).status = PassStatus::spent;
    }
    SUBCASE("spent, and still holding") { store.row<Pass>(place(1)).held.push_back({102}); }
    CHECK(finds(store, "P1", {}));
}

TEST_CASE("a payment that spends another user's pass breaks P1") {
    SaleScript script = five_waiting();
    script.charge(alice, {1'000}, t0);
    script.admit(1, t0);
    script.admit(2, t0);
    script.hold({{101}, alice, {1}, monday, {1}, t0, t0 + 2min});
    script.pay({201}, {{101}}, t0 + 1min, {2});
    ShownStore store = script.shown(t0 + 1min);
    CHECK(broken_rules(store) == "P1");
    CHECK(finds(store, "P1", {"place 2", "not that user's"}));
}

TEST_CASE("a pass that is spent and given back breaks P1") {
    SaleScript script = five_waiting();
    script.charge(alice, {1'000}, t0);
    script.admit(1, t0);
    script.hold({{101}, alice, {1}, monday, {1}, t0, t0 + 2min});
    script.pay({201}, {{101}}, t0 + 1min, {1});
    script.leave(1, t0 + 1min);
    ShownStore store = script.shown(t0 + 1min);
    CHECK(broken_rules(store) == "P1");
    CHECK(finds(store, "P1", {"place 1", "spent, and ended besides"}));
}

TEST_CASE("a hold that its pass does not list, or that outlives its payment, breaks P1") {
    SaleScript script = five_waiting();
    script.charge(alice, {1'000}, t0);
    script.admit(1, t0);
    script.hold({{101}, alice, {1}, monday, {1}, t0, t0 + 2min});
    script.hold({{102}, alice, {1}, monday, {2}, t0, t0 + 2min});
    SUBCASE("not listed") { script.store().row<Pass>(place(1)).held = {{101}}; }
    SUBCASE("not let go by a payment") {
        script.store().row<Pass>(place(1)).held = {{101}};
        script.pay({201}, {{101}}, t0 + 1min, {1});
    }
    ShownStore store = script.shown(t0 + 1min);
    CHECK(broken_rules(store) == "P1");
    CHECK(finds(store, "P1", {id_of(ReservationKey{102}).to_string(), "not list it"}));
}

TEST_CASE("a pass that two payments spend breaks P1") {
    SaleScript script = five_waiting();
    script.charge(alice, {2'000}, t0);
    script.admit(1, t0);
    script.hold({{101}, alice, {1}, monday, {1}, t0, t0 + 2min});
    script.pay({201}, {{101}}, t0 + 1min, {1});
    script.hold({{102}, alice, {1}, monday, {2}, t0 + 1min, t0 + 2min});
    script.pay({202}, {{102}}, t0 + 1min, {1});
    ShownStore store = script.shown(t0 + 1min);
    CHECK(broken_rules(store) == "P1");
}

TEST_CASE("a hold from a place that has no pass breaks Q3") {
    SaleScript script = five_waiting();
    script.admit(1, t0);
    script.hold({{101}, alice, {1}, monday, {1}, t0, t0 + 1min});
    script.release({101}, t0 + 1s);
    script.store().row<Reservation>({101}).place = {2};
    script.store().event(of_monday, 1).place = {2};
    ShownStore store = script.shown(t0 + 1min);
    CHECK(broken_rules(store) == "Q3");
}
