#include "concertres/admission.hpp"

#include <set>

#include "unit/domain_rows.hpp"

using namespace concertres;
using namespace rows;

namespace {

constexpr DrawSeed seed{1, 2, 3};
constexpr SeatCounts some_free{.free = 1, .held = 1, .sold = 8};

Sale sale(SaleMode mode, std::optional<Time> opens_at = {}) {
    Sale out = open_sale();
    out.mode = mode;
    out.opens_at = opens_at;
    return out;
}

// A place whose pass has become `status`.
Standing ended(PassStatus status) {
    Standing standing = admitted();
    standing.pass->status = status;
    return standing;
}

Standing left_while_waiting() {
    Standing standing = waiting();
    standing.place->status = PlaceStatus::left;
    return standing;
}

JoinRows first_time() {
    return {.line = {.concert = concert_key, .epoch = 2, .next_sequence = 40}};
}

JoinRows again_with(const Standing& latest) {
    JoinRows rows = first_time();
    rows.member = Member{.concert = concert_key, .user = alice, .latest = alices_place};
    rows.latest = latest;
    return rows;
}

JoinFacts join_facts(SaleState state = SaleState::open) {
    return {.user = alice,
            .user_id = id_of(alice),
            .concert = concert_key,
            .state = state,
            .waiting = 10,
            .waiting_max = 11,
            .now = t0};
}

constexpr SaleState all_states[] = {SaleState::scheduled, SaleState::open,     SaleState::paused,
                                    SaleState::draining,  SaleState::sold_out, SaleState::closed};

}  // namespace

// --- The sale ------------------------------------------------------------------------------------

TEST_CASE("the states of a sale have the names of the API") {
    std::vector<std::string_view> names;
    for (const SaleState state : all_states) names.push_back(sale_name(state));
    CHECK(names == std::vector<std::string_view>{"scheduled", "open", "paused", "draining",
                                                 "sold_out", "closed"});
    CHECK(sale_name(static_cast<SaleState>(99)) == "unknown");
}

TEST_CASE("a sale opens exactly when it should") {
    CHECK(state_of(sale(SaleMode::open), some_free, t0) == SaleState::open);
    CHECK(state_of(sale(SaleMode::open, t0), some_free, t0 - tick) == SaleState::scheduled);
    CHECK(state_of(sale(SaleMode::open, t0), some_free, t0) == SaleState::open);
}

TEST_CASE("a sale is sold out when no seat is free or held any more") {
    const Sale open = sale(SaleMode::open);
    CHECK(state_of(open, {.sold = 10}, t0) == SaleState::sold_out);
    CHECK(state_of(open, {.blocked = 1, .sold = 9}, t0) == SaleState::sold_out);
    CHECK(state_of(open, {.held = 1, .sold = 9}, t0) == SaleState::open);
    CHECK(state_of(open, {.free = 1, .sold = 9}, t0) == SaleState::open);
}

TEST_CASE("a sale with nothing reservable left is closed") {
    for (const SaleMode mode :
         {SaleMode::open, SaleMode::paused, SaleMode::draining, SaleMode::closed}) {
        CHECK(state_of(sale(mode), {}, t0) == SaleState::closed);
        CHECK(state_of(sale(mode, t0 + 1h), {}, t0) == SaleState::closed);
    }
}

TEST_CASE("what an operator set goes before the clock, and that before the seats") {
    const SeatCounts sold_out{.sold = 10};
    for (const SeatCounts& counts : {some_free, sold_out}) {
        for (const auto& opens_at : {std::optional<Time>(), std::optional(t0 + 1h)}) {
            CHECK(state_of(sale(SaleMode::closed, opens_at), counts, t0) == SaleState::closed);
            CHECK(state_of(sale(SaleMode::draining, opens_at), counts, t0) == SaleState::draining);
            CHECK(state_of(sale(SaleMode::paused, opens_at), counts, t0) == SaleState::paused);
        }
        CHECK(state_of(sale(SaleMode::open, t0 + 1h), counts, t0) == SaleState::scheduled);
    }
}

TEST_CASE("seats can be held while the sale is open, paused or draining") {
    for (const SaleMode mode : {SaleMode::open, SaleMode::paused, SaleMode::draining}) {
        CHECK(code(check_holdable(sale(mode), starts_at, t0)) == "ok");
        CHECK(code(check_holdable(sale(mode, t0), starts_at, t0)) == "ok");
    }
    CHECK(code(check_holdable(sale(SaleMode::closed), starts_at, t0)) == "sale_closed");
}

TEST_CASE("nothing can be held before the sale opens, nor from the start of the performance on") {
    const Sale opens_now = sale(SaleMode::open, t0);
    CHECK(code(check_holdable(opens_now, starts_at, t0 - tick)) == "sale_not_open");
    CHECK(code(check_holdable(opens_now, starts_at, t0)) == "ok");
    CHECK(code(check_holdable(opens_now, starts_at, starts_at - tick)) == "ok");
    CHECK(code(check_holdable(opens_now, starts_at, starts_at)) == "sale_closed");
}

TEST_CASE("pausing or draining a sale before it opens does not open it") {
    for (const SaleMode mode : {SaleMode::paused, SaleMode::draining}) {
        CHECK(code(check_holdable(sale(mode, t0 + tick), starts_at, t0)) == "sale_not_open");
    }
}

TEST_CASE("not open goes before closed, but an operator's closing before both") {
    CHECK(code(check_holdable(sale(SaleMode::open, starts_at + 1h), starts_at, starts_at)) ==
          "sale_not_open");
    CHECK(code(check_holdable(sale(SaleMode::closed, t0 + 1h), starts_at, t0)) == "sale_closed");
}

TEST_CASE("a room numbers its events without gaps") {
    Sale state = open_sale();
    Event first;
    Event second;
    state.number(first);
    state.number(second);
    CHECK(first.stream == Stream{StreamKind::room, concert_key.value});
    CHECK(first.number == 1);
    CHECK(second.number == 2);
}

TEST_CASE("an operator changes what is named, and nothing else") {
    const Sale before = sale(SaleMode::open, t0);
    Sale state = before;
    auto r = change_sale(state, {.mode = SaleMode::paused, .actor = "op"}, seed, t0);
    REQUIRE(code(r) == "ok");
    CHECK(*r == Event{.stream = {StreamKind::room, concert_key.value},
                      .number = 1,
                      .kind = EventKind::sale_changed,
                      .at = t0,
                      .actor = "op",
                      .detail = "sale: paused"});
    Sale expected = before;
    expected.mode = SaleMode::paused;
    expected.next_event = 2;
    CHECK(state == expected);

    r = change_sale(state, {.opens_at = t0 + 1h}, seed, t0);
    CHECK(r->number == 2);
    CHECK(r->detail == "opens at: " + to_rfc3339(t0 + 1h));
    expected.opens_at = t0 + 1h;
    expected.next_event = 3;
    CHECK(state == expected);

    const RoomPolicy room{.active_max = 50,
                          .window = AdmissionWindow{20, 1'500us},
                          .pass_ttl = 2min,
                          .custom = "fair"};
    r = change_sale(state, {.mode = SaleMode::open, .room = room}, seed, t0);
    CHECK(r->detail ==
          "sale: open; room: at most 50 at once, at most 20 per 1500 us, passes for 120000 ms, "
          "policy fair");
    CHECK(state.room == room);
    CHECK(state.mode == SaleMode::open);
    CHECK(state.opens_at == t0 + 1h);
    CHECK(change_sale(state, {.room = RoomPolicy{}}, seed, t0)->detail ==
          "room: any number at once");
    CHECK(change_sale(state, {}, seed, t0)->detail == "nothing");
}

TEST_CASE("a patch changes what it names, and nothing else") {
    Sale state = open_sale();
    state.room = RoomPolicy{.active_max = 50, .window = AdmissionWindow{20, 1s}, .custom = "fair"};
    RoomPatch fewer;
    fewer.active_max.emplace(10);
    RoomPatch no_window;
    no_window.window.emplace();
    REQUIRE(change_sale(state, {.patch = fewer}, seed, t0));
    CHECK(state.room ==
          RoomPolicy{.active_max = 10, .window = AdmissionWindow{20, 1s}, .custom = "fair"});
    CHECK(change_sale(state, {.patch = no_window}, seed, t0)->detail ==
          "room: at most 10 at once, policy fair");
    CHECK(state.room == RoomPolicy{.active_max = 10, .custom = "fair"});

    RoomPatch longer;
    longer.pass_ttl.emplace(2min);
    REQUIRE(change_sale(state, {.room = RoomPolicy{.active_max = 7}, .patch = longer}, seed, t0));
    CHECK(state.room == RoomPolicy{.active_max = 7, .pass_ttl = 2min});
    state.room.reset();
    REQUIRE(change_sale(state, {.patch = RoomPatch{}}, seed, t0));
    CHECK(state.room == RoomPolicy{});

    RoomPatch bad;
    bad.active_max.emplace(0);
    const Sale before = state;
    CHECK(code(change_sale(state, {.patch = bad}, seed, t0)) == "request_invalid");
    CHECK(state == before);
}

TEST_CASE("every mode is told by its name") {
    Sale state = open_sale();
    std::set<std::string> details;
    for (const SaleMode mode :
         {SaleMode::open, SaleMode::paused, SaleMode::draining, SaleMode::closed}) {
        details.insert(change_sale(state, {.mode = mode}, seed, t0)->detail);
    }
    CHECK(details ==
          std::set<std::string>{"sale: open", "sale: paused", "sale: draining", "sale: closed"});
}

TEST_CASE("a policy that cannot be is refused, and nothing changes") {
    const RoomPolicy bad[] = {{.active_max = 0},
                              {.window = AdmissionWindow{0, 1s}},
                              {.window = AdmissionWindow{1, Duration(0)}},
                              {.pass_ttl = Duration(0)}};
    for (const RoomPolicy& room : bad) {
        const Sale before = sale(SaleMode::open, t0);
        Sale state = before;
        const SaleChange change{.mode = SaleMode::closed, .room = room, .opens_at = t0 + 1h};
        CHECK(code(change_sale(state, change, seed, t0)) == "request_invalid");
        CHECK(state == before);
    }
}

TEST_CASE("an operator's change of the policy loses no admission") {
    Sale state = open_sale();
    const RoomPolicy limited{.window = AdmissionWindow{5, 1min}};
    state.policy_state = policy_of(RoomPolicy{})->record("", 5, t0);
    REQUIRE(change_sale(state, {.room = limited}, seed, t0 + 1s));
    const auto quota = [&](Time now) {
        return policy_of(limited)->quota({}, state.policy_state, now);
    };
    CHECK(quota(t0 + 1s) == 0);
    REQUIRE(change_sale(state, {.room = RoomPolicy{.active_max = 9}}, seed, t0 + 2s));
    REQUIRE(change_sale(state, {.room = limited}, seed, t0 + 3s));
    CHECK(quota(t0 + 1min - tick) == 0);
    CHECK(quota(t0 + 1min) == 5);
}

TEST_CASE("a room that is made where none was begins with nothing recorded") {
    Sale state{.concert = concert_key};
    REQUIRE(change_sale(state, {.room = RoomPolicy{.active_max = 9}}, seed, t0));
    CHECK(state.policy_state.empty());
    CHECK(state.room->active_max == 9);
}

TEST_CASE("setting the room again mends a record that cannot be read") {
    Sale state = open_sale();
    state.policy_state = "no record";
    const RoomPolicy limited{.window = AdmissionWindow{5, 1min}};
    REQUIRE(change_sale(state, {.room = limited}, seed, t0));
    CHECK(policy_of(limited)->quota({}, state.policy_state, t0) == 0);
    CHECK(policy_of(limited)->quota({}, state.policy_state, t0 + 1min) == 5);
}

// --- Standing ------------------------------------------------------------------------------------

TEST_CASE("without a room everybody is admitted") {
    CHECK(code(check_admitted(no_room(), alice, t0)) == "ok");
    CHECK(status_of(no_room(), t0) == TokenStatus::admitted);
}

TEST_CASE("a place that waits is not admitted, and neither is another's nor none at all") {
    CHECK(code(check_admitted(waiting(), alice, t0)) == "not_admitted");
    CHECK(code(check_admitted(admitted(bob), alice, t0)) == "not_admitted");
    CHECK(code(check_admitted({.has_room = true}, alice, t0)) == "not_admitted");
    CHECK(code(check_admitted(admitted(), alice, t0)) == "ok");
}

TEST_CASE("another's place is not admitted, whatever became of it") {
    Standing others = admitted(bob);
    others.pass->status = PassStatus::spent;
    CHECK(code(check_admitted(others, alice, t0)) == "not_admitted");
}

TEST_CASE("a pass ends exactly at its time") {
    const Time end = admitted().pass->expires_at;
    CHECK(code(check_admitted(admitted(), alice, end - tick)) == "ok");
    CHECK(status_of(admitted(), end - tick) == TokenStatus::admitted);
    CHECK(code(check_admitted(admitted(), alice, end)) == "pass_expired");
    CHECK(status_of(admitted(), end) == TokenStatus::expired);
}

TEST_CASE("a pass that was ended stays what it became") {
    for (const Time now : {t0, t0 + 1h}) {
        CHECK(code(check_admitted(ended(PassStatus::spent), alice, now)) == "pass_spent");
        CHECK(code(check_admitted(ended(PassStatus::expired), alice, now)) == "pass_expired");
        CHECK(code(check_admitted(ended(PassStatus::left), alice, now)) == "pass_left");
        CHECK(code(check_admitted(left_while_waiting(), alice, now)) == "pass_left");
        CHECK(status_of(ended(PassStatus::spent), now) == TokenStatus::spent);
        CHECK(status_of(ended(PassStatus::expired), now) == TokenStatus::expired);
        CHECK(status_of(ended(PassStatus::left), now) == TokenStatus::left);
        CHECK(status_of(left_while_waiting(), now) == TokenStatus::left);
        CHECK(status_of(waiting(), now) == TokenStatus::waiting);
    }
}

TEST_CASE("once there is a pass, it alone tells whose it is and what became of it") {
    Standing standing = admitted();
    standing.place.reset();
    CHECK(code(check_admitted(standing, alice, t0)) == "ok");
    CHECK(code(check_admitted(standing, bob, t0)) == "not_admitted");
    CHECK(status_of(standing, t0) == TokenStatus::admitted);
    CHECK(status_of(standing, t0 + 10min) == TokenStatus::expired);
}

TEST_CASE("an admitted place without its pass is a bug") {
    Standing standing = admitted();
    standing.pass.reset();
    CHECK_THROWS_AS((void)status_of(standing, t0), AssertionFailed);
}

TEST_CASE("what became of a token has the names of the API") {
    std::vector<std::string_view> names;
    for (const TokenStatus status : {TokenStatus::waiting, TokenStatus::admitted,
                                     TokenStatus::spent, TokenStatus::expired, TokenStatus::left}) {
        names.push_back(token_status_name(status));
    }
    CHECK(names ==
          std::vector<std::string_view>{"waiting", "admitted", "spent", "expired", "left"});
    CHECK(token_status_name(static_cast<TokenStatus>(99)) == "unknown");
}

// --- Joining -------------------------------------------------------------------------------------

// Seed defect: the order of the line came from the clocks of instances, and from ids at a tie.
TEST_CASE("a new place stands at the end of the line, by the line's own number") {
    JoinRows rows = first_time();
    const auto number = join(rows, join_facts());
    REQUIRE(code(number) == "ok");
    CHECK(*number == PlaceNumber::of(2, 40));
    CHECK(rows.made == Place{.concert = concert_key,
                             .number = *number,
                             .user = alice,
                             .user_id = id_of(alice),
                             .status = PlaceStatus::waiting,
                             .joined_at = t0});
    CHECK(rows.member == Member{.concert = concert_key, .user = alice, .latest = *number});
    CHECK(rows.line.next_sequence == 41);

    JoinRows next{.line = rows.line};
    JoinFacts facts = join_facts();
    facts.user = bob;
    CHECK(*join(next, facts) == PlaceNumber::of(2, 41));
}

// Seed defect: asking for a token again sent the user to the back of the line.
TEST_CASE("a place that is live is returned as it is, in whatever state the sale is") {
    for (const Standing& live : {waiting(), admitted()}) {
        for (const SaleState state : all_states) {
            for (const bool again : {false, true}) {
                const JoinRows before = again_with(live);
                JoinRows rows = before;
                JoinFacts facts = join_facts(state);
                facts.again = again;
                facts.waiting = facts.waiting_max;
                const auto number = join(rows, facts);
                REQUIRE(code(number) == "ok");
                CHECK(*number == alices_place);
                CHECK(rows == before);
            }
        }
    }
}

TEST_CASE("a place that has ended is returned too, unless a new one is asked for") {
    Standing past = admitted();
    past.pass->expires_at = t0;
    for (const Standing& old : {ended(PassStatus::spent), ended(PassStatus::expired),
                                ended(PassStatus::left), left_while_waiting(), past}) {
        const JoinRows before = again_with(old);
        for (const SaleState state : all_states) {
            JoinRows rows = before;
            CHECK(*join(rows, join_facts(state)) == alices_place);
            CHECK(rows == before);
        }
        JoinRows rows = before;
        JoinFacts facts = join_facts();
        facts.again = true;
        CHECK(*join(rows, facts) == PlaceNumber::of(2, 40));
        CHECK(rows.member->latest == PlaceNumber::of(2, 40));
        CHECK(rows.made.has_value());
    }
}

TEST_CASE("a new place can be had while the sale is scheduled, open or paused") {
    for (const SaleState state : {SaleState::scheduled, SaleState::open, SaleState::paused}) {
        JoinRows rows = first_time();
        CHECK(code(join(rows, join_facts(state))) == "ok");
    }
}

TEST_CASE("a new place is refused with nothing changed where none can be had") {
    const auto refused = [](const JoinFacts& facts, JoinRows rows = first_time()) {
        const JoinRows before = rows;
        const auto r = join(rows, facts);
        CHECK(rows == before);
        return code(r);
    };
    CHECK(refused(join_facts(SaleState::sold_out)) == "sold_out");
    CHECK(refused(join_facts(SaleState::draining)) == "room_closed");
    CHECK(refused(join_facts(SaleState::closed)) == "room_closed");

    JoinFacts full = join_facts();
    full.waiting = full.waiting_max;
    CHECK(refused(full) == "room_full");
    full.state = SaleState::closed;
    CHECK(refused(full) == "room_closed");
    full.state = SaleState::sold_out;
    CHECK(refused(full) == "sold_out");

    JoinFacts again = join_facts(SaleState::sold_out);
    again.again = true;
    CHECK(refused(again, again_with(ended(PassStatus::spent))) == "sold_out");
}

TEST_CASE("with a waiting list a new place can be had while it is sold out, and else as ever") {
    JoinFacts facts = join_facts(SaleState::sold_out);
    facts.waiting_list = true;
    JoinRows rows = first_time();
    CHECK(code(join(rows, facts)) == "ok");
    rows = first_time();
    facts.waiting = facts.waiting_max;
    CHECK(code(join(rows, facts)) == "room_full");
    facts.state = SaleState::closed;
    CHECK(code(join(rows, facts)) == "room_closed");
}

TEST_CASE("the last one who fits into the line is taken") {
    JoinRows rows = first_time();
    JoinFacts facts = join_facts();
    facts.waiting = facts.waiting_max - 1;
    CHECK(code(join(rows, facts)) == "ok");
}

// --- No-shows ------------------------------------------------------------------------------------

TEST_CASE("who has not been heard of for longer than the rule allows is not there") {
    const NoShows rule{.silent_after = 90s, .grace = 5min};
    CHECK(!is_silent(rule, t0, t0));
    CHECK(!is_silent(rule, t0, t0 + 90s));
    CHECK(is_silent(rule, t0, t0 + 90s + Duration(1)));
}

TEST_CASE("a place that was passed over still waits, for everybody who asks") {
    Standing standing = waiting();
    pass_over(*standing.place, t0);
    CHECK(standing.place->passed_at == t0);
    CHECK(standing.place->waits());
    CHECK(status_of(standing, t0) == TokenStatus::waiting);
    CHECK(code(check_admitted(standing, alice, t0)) == "not_admitted");
    JoinRows rows = first_time();
    rows.member = Member{.concert = concert_key, .user = alice, .latest = alices_place};
    rows.latest = standing;
    CHECK(join(rows, join_facts()).value() == alices_place);
    CHECK(!rows.made);
    CHECK_THROWS_AS(pass_over(*standing.place, t0), AssertionFailed);
}

TEST_CASE("who was passed over is admitted like all others, and the place keeps when it was") {
    Sale state = open_sale();
    Place place = *waiting().place;
    pass_over(place, t0);
    std::vector<Event> events;
    CHECK(admit(state, place, {.ttl = 1min, .max = 1min}, t0 + 1s, events).admitted_at == t0 + 1s);
    CHECK(place.status == PlaceStatus::admitted);
    CHECK(place.passed_at == t0);
}

TEST_CASE("a place that was passed over is lost from the end of its grace on, and says so") {
    const NoShows rule{.silent_after = 90s, .grace = 5min};
    Standing standing = waiting();
    Place& place = *standing.place;
    pass_over(place, t0);
    CHECK(!is_grace_over(rule, place, t0 + 5min - Duration(1)));
    CHECK_THROWS_AS(lose(rule, place, t0 + 5min - Duration(1)), AssertionFailed);
    CHECK(is_grace_over(rule, place, t0 + 5min));
    lose(rule, place, t0 + 5min);
    CHECK(place.is_lost());
    const auto refused = check_admitted(standing, alice, t0 + 5min);
    CHECK(code(refused) == "pass_left");
    CHECK(refused.error().detail.find("the place is lost: its turn came at ") == 0);
}

TEST_CASE("who gives up a place that was passed over has not lost it") {
    Standing standing = waiting();
    pass_over(*standing.place, t0);
    leave(*standing.place);
    CHECK(!standing.place->is_lost());
    CHECK(status_of(standing, t0) == TokenStatus::left);
    CHECK_THROWS_AS(leave(*standing.place), AssertionFailed);
}

// --- Passes --------------------------------------------------------------------------------------

TEST_CASE("an admitted place gets a pass with an end and a ceiling") {
    Sale state = open_sale();
    Place place = *waiting().place;
    std::vector<Event> events;
    const Pass pass = admit(state, place, {.ttl = 10min, .max = 30min}, t0, events);
    CHECK(place.status == PlaceStatus::admitted);
    CHECK(pass == Pass{.concert = concert_key,
                       .number = alices_place,
                       .user = alice,
                       .user_id = id_of(alice),
                       .status = PassStatus::admitted,
                       .admitted_at = t0,
                       .expires_at = t0 + 10min,
                       .ceiling = t0 + 30min});
    CHECK(events == std::vector<Event>{{.stream = {StreamKind::room, concert_key.value},
                                        .number = 1,
                                        .kind = EventKind::pass_admitted,
                                        .at = t0,
                                        .user = id_of(alice),
                                        .place = alices_place,
                                        .pass_expires_at = t0 + 10min}});
}

TEST_CASE("an admission by hand names the operator, and is like any other else") {
    Sale state = open_sale();
    Sale other = open_sale();
    Place place = *waiting().place;
    Place same = place;
    std::vector<Event> by_hand;
    std::vector<Event> by_tick;
    const PassTerms terms{.ttl = 10min, .max = 30min};
    CHECK(admit(state, place, terms, t0, by_hand, "ann") == admit(other, same, terms, t0, by_tick));
    CHECK(by_hand.at(0).actor == "ann");
    by_hand[0].actor.clear();
    CHECK(by_hand == by_tick);
}

TEST_CASE("an operator can let somebody in while the sale is open, paused or draining") {
    Sale state = open_sale();
    state.opens_at = t0;
    const SeatCounts some{.free = 0, .blocked = 1, .held = 1, .sold = 8};
    const SeatCounts none{.free = 0, .blocked = 1, .held = 0, .sold = 9};
    for (const SaleMode mode : {SaleMode::open, SaleMode::paused, SaleMode::draining}) {
        state.mode = mode;
        CHECK(code(check_admit_by_hand(state, some, t0)) == "ok");
        CHECK(code(check_admit_by_hand(state, none, t0)) == "sold_out");
        CHECK(code(check_admit_by_hand(state, none, t0 - tick)) == "sale_not_open");
        // No performance is to come.
        CHECK(code(check_admit_by_hand(state, {}, t0 - tick)) == "room_closed");
    }
    state.mode = SaleMode::closed;
    CHECK(code(check_admit_by_hand(state, some, t0)) == "room_closed");
}

TEST_CASE("a room that is full says by which limits") {
    Sale state = open_sale();
    state.room = RoomPolicy{
        .active_max = 50,
        .closed_loop = ClosedLoop{.floor = 2, .ceiling = 90, .load_max = 0.5, .commit_max = 20ms},
        .waiting_list = true};
    const Error full = full_room(state, {.admitted = 50, .seats_free = 7});
    CHECK(full.code == Errc::room_full);
    CHECK(
        full.detail ==
        "50 are in, 7 seats are free, and the room lets in nobody more just now (room: at most 50 "
        "at once, 2 to 90 at once by a closed loop (load up to 0.5, commits within 20 ms; +1 or "
        "down to 50% every 1000 ms), with a waiting list): raise what limits it, or try again "
        "when somebody has left");
}

TEST_CASE("a pass never lives past its ceiling") {
    Sale state = open_sale();
    Place place = *waiting().place;
    std::vector<Event> events;
    CHECK(admit(state, place, {.ttl = 40min, .max = 30min}, t0, events).expires_at == t0 + 30min);
}

TEST_CASE("a place is admitted once") {
    Sale state = open_sale();
    std::vector<Event> events;
    for (const Standing& standing : {admitted(), left_while_waiting()}) {
        Place place = *standing.place;
        CHECK_THROWS_AS((void)admit(state, place, {.ttl = 1min, .max = 1min}, t0, events),
                        AssertionFailed);
    }
    CHECK(events.empty());
}

TEST_CASE("a pass past its time is marked, and told of once") {
    Sale state = open_sale();
    Pass pass = *admitted().pass;
    std::vector<Event> events;
    CHECK_THROWS_AS(expire(state, pass, pass.expires_at - tick, events), AssertionFailed);
    expire(state, pass, pass.expires_at, events);
    CHECK(pass.status == PassStatus::expired);
    CHECK(events == std::vector<Event>{{.stream = {StreamKind::room, concert_key.value},
                                        .number = 1,
                                        .kind = EventKind::pass_expired,
                                        .at = t0 + 10min,
                                        .user = id_of(alice),
                                        .place = alices_place}});
    CHECK_THROWS_AS(expire(state, pass, pass.expires_at, events), AssertionFailed);
    CHECK(events.size() == 1);
}

TEST_CASE("a pass that is given back has left, and still names what it held") {
    Sale state = open_sale();
    Pass pass = *admitted().pass;
    pass.held = {ReservationKey{21}};
    std::vector<Event> events;
    give_back(state, pass, t0 + 1min, events);
    CHECK(pass.status == PassStatus::left);
    CHECK(pass.held == std::vector<ReservationKey>{ReservationKey{21}});
    REQUIRE(events.size() == 1);
    CHECK(events[0].kind == EventKind::pass_left);
    CHECK(events[0].number == 1);
    CHECK_THROWS_AS(give_back(state, pass, t0 + 1min, events), AssertionFailed);
}

TEST_CASE("a pass past its time cannot be given back") {
    Sale state = open_sale();
    Pass pass = *admitted().pass;
    std::vector<Event> events;
    CHECK_THROWS_AS(give_back(state, pass, pass.expires_at, events), AssertionFailed);
}

// --- When to ask again ---------------------------------------------------------------------------

TEST_CASE("one asks again after a tenth of the wait") {
    CHECK(poll_after(1, 100s, 0.5) == 10s);
    CHECK(poll_after(1'000'000, 100s, 0.5) == 10s);
    CHECK(poll_after(1, 100s, 0.0) == 8s);
    CHECK(poll_after(1, 100s, 0.75) == 11s);
}

TEST_CASE("one asks again after 1 s at least and 60 s at most, spread at both ends too") {
    for (const double jitter : {0.0, 0.25, 0.5, 0.999999}) {
        for (const auto& eta : {std::optional<Duration>(), std::optional<Duration>(0s),
                                std::optional<Duration>(-5s), std::optional<Duration>(1s),
                                std::optional<Duration>(3'000h), std::optional(Duration::max())}) {
            for (const std::int64_t ahead : {std::int64_t{-1}, std::int64_t{0}, INT64_MAX}) {
                const Duration after = poll_after(ahead, eta, jitter);
                CHECK(after >= 1s);
                CHECK(after <= 60s);
            }
        }
    }
    CHECK(poll_after(0, 0s, 0.0) == 1s);
    CHECK(poll_after(0, 0s, 0.5) == 1'250ms);
    CHECK(poll_after(0, 3'000h, 0.0) == 40s);
    CHECK(poll_after(0, 3'000h, 0.5) == 50s);
}

TEST_CASE("where the wait is not known, those far from the front ask less often") {
    CHECK(poll_after(0, {}, 0.5) == 1'250ms);
    CHECK(poll_after(1'000, {}, 0.5) == 10s);
    CHECK(poll_after(1'000'000, {}, 0.5) == 50s);
}

TEST_CASE("a jitter out of [0, 1) is a bug") {
    CHECK_THROWS_AS((void)poll_after(1, {}, 1.0), AssertionFailed);
    CHECK_THROWS_AS((void)poll_after(1, {}, -0.1), AssertionFailed);
}
