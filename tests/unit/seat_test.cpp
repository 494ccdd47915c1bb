#include "concertres/seat.hpp"

#include "unit/domain_rows.hpp"

using namespace concertres;
using namespace rows;

namespace {

constexpr ReservationKey somebodys{90};

Seat seat(SeatNumber number, SeatStatus status, Time held_until = {}) {
    Seat out{.performance = monday, .number = number, .status = status};
    if (status == SeatStatus::held || status == SeatStatus::sold) out.reservation = somebodys;
    if (status == SeatStatus::held) out.held_until = held_until;
    return out;
}

BlockRows rows_of(std::vector<Seat> seats) {
    return {.performance = {.performance = monday,
                            .counts = {.free = 10, .blocked = 10, .held = 10, .sold = 10},
                            .next_event = 7},
            .seats = std::move(seats),
            .events = {}};
}

}  // namespace

TEST_CASE("a hold is dead exactly at its deadline, and alive a microsecond before") {
    const Seat held = seat(1, SeatStatus::held, t0);
    CHECK(held.status_at(t0 - tick) == SeatStatus::held);
    CHECK_FALSE(held.is_dead_hold(t0 - tick));
    CHECK(held.status_at(t0) == SeatStatus::free);
    CHECK(held.is_dead_hold(t0));
}

TEST_CASE("time changes nothing of seats that are not held") {
    for (const SeatStatus status : {SeatStatus::free, SeatStatus::blocked, SeatStatus::sold}) {
        CHECK(seat(1, status).status_at(t0) == status);
        CHECK_FALSE(seat(1, status).is_dead_hold(t0));
    }
}

TEST_CASE("counts move between states, and their sum stays") {
    SeatCounts counts{.free = 5, .blocked = 4, .held = 3, .sold = 2};
    counts.move(SeatStatus::free, SeatStatus::held, 2);
    counts.move(SeatStatus::held, SeatStatus::sold, 5);
    counts.move(SeatStatus::blocked, SeatStatus::free, 4);
    counts.move(SeatStatus::free, SeatStatus::free, 1);
    CHECK(counts == SeatCounts{.free = 7, .blocked = 0, .held = 0, .sold = 7});
    CHECK(counts.total() == 14);
}

TEST_CASE("a count that would fall below 0 is a bug") {
    SeatCounts counts{.free = 5};
    CHECK_THROWS_AS(counts.move(SeatStatus::free, SeatStatus::held, 6), AssertionFailed);
    CHECK_THROWS_AS(counts.move(SeatStatus::held, SeatStatus::free, 1), AssertionFailed);
    CHECK_THROWS_AS(counts.move(SeatStatus::held, SeatStatus::free, -1), AssertionFailed);
    CHECK(counts == SeatCounts{.free = 5});
}

TEST_CASE("a performance numbers its events without gaps") {
    PerformanceState state{.performance = monday};
    Event first;
    Event second;
    state.number(first);
    state.number(second);
    CHECK(first.stream == Stream{StreamKind::performance, monday.value});
    CHECK(first.number == 1);
    CHECK(second.number == 2);
    CHECK(state.next_event == 3);
    CHECK_THROWS_AS(state.number(second), AssertionFailed);
}

TEST_CASE("free seats are available, and so are those of dead holds") {
    const Seat seats[] = {seat(1, SeatStatus::free), seat(2, SeatStatus::held, t0)};
    CHECK(code(check_available(seats, t0)) == "ok");
    CHECK(code(check_available(seats, t0 - tick)) == "seat_held");
    CHECK(code(check_available({}, t0)) == "ok");
}

TEST_CASE("blocked goes before sold, and sold before held, over all seats") {
    std::vector<Seat> seats = {seat(1, SeatStatus::free),     seat(2, SeatStatus::held, t0 + tick),
                               seat(3, SeatStatus::held, t0), seat(4, SeatStatus::sold),
                               seat(5, SeatStatus::blocked),  seat(6, SeatStatus::blocked)};
    auto r = check_available(seats, t0);
    CHECK(code(r) == "seat_blocked");
    CHECK(r.error().seats == std::vector<SeatNumber>{5, 6});
    CHECK(r.error().detail == "these seats are not for sale");

    seats.resize(4);
    r = check_available(seats, t0);
    CHECK(code(r) == "seat_sold");
    CHECK(r.error().seats == std::vector<SeatNumber>{4});
    CHECK(r.error().detail == "this seat is sold");

    seats.resize(3);
    r = check_available(seats, t0);
    CHECK(code(r) == "seat_held");
    CHECK(r.error().seats == std::vector<SeatNumber>{2});
}

TEST_CASE("blocking takes free seats out of the sale with one event") {
    BlockRows rows = rows_of(
        {seat(1, SeatStatus::free), seat(2, SeatStatus::blocked), seat(3, SeatStatus::free)});
    REQUIRE(code(set_blocked(rows, true, "op", t0)) == "ok");
    for (const Seat& s : rows.seats) CHECK(s == seat(s.number, SeatStatus::blocked));
    CHECK(rows.performance.counts == SeatCounts{.free = 8, .blocked = 12, .held = 10, .sold = 10});
    CHECK(rows.performance.next_event == 8);
    CHECK(rows.events == std::vector<Event>{{.stream = {StreamKind::performance, monday.value},
                                             .number = 7,
                                             .kind = EventKind::seats_blocked,
                                             .at = t0,
                                             .items = {{.seats = {1, 3}}},
                                             .actor = "op"}});
}

TEST_CASE("unblocking puts blocked seats back") {
    BlockRows rows = rows_of({seat(1, SeatStatus::free), seat(2, SeatStatus::blocked)});
    REQUIRE(code(set_blocked(rows, false, "op", t0)) == "ok");
    CHECK(rows.seats[1] == seat(2, SeatStatus::free));
    CHECK(rows.performance.counts == SeatCounts{.free = 11, .blocked = 9, .held = 10, .sold = 10});
    REQUIRE(rows.events.size() == 1);
    CHECK(rows.events[0].kind == EventKind::seats_unblocked);
    CHECK(rows.events[0].items == std::vector<EventItem>{{.seats = {2}}});
}

TEST_CASE("where all seats are as wanted, nothing changes and nothing is told") {
    for (const bool blocked : {true, false}) {
        const SeatStatus status = blocked ? SeatStatus::blocked : SeatStatus::free;
        const BlockRows before = rows_of({seat(1, status), seat(2, status)});
        BlockRows rows = before;
        CHECK(code(set_blocked(rows, blocked, "op", t0)) == "ok");
        CHECK(rows == before);
    }
}

TEST_CASE("seats that are sold or held are not blocked, and nothing changes; sold goes first") {
    for (const bool blocked : {true, false}) {
        const BlockRows both =
            rows_of({seat(1, SeatStatus::free), seat(2, SeatStatus::held, t0 + tick),
                     seat(3, SeatStatus::sold), seat(4, SeatStatus::blocked)});
        BlockRows rows = both;
        auto r = set_blocked(rows, blocked, "op", t0);
        CHECK(code(r) == "seat_sold");
        CHECK(r.error().seats == std::vector<SeatNumber>{3});
        CHECK(rows == both);

        const BlockRows only_held = rows_of({both.seats[0], both.seats[1]});
        rows = only_held;
        r = set_blocked(rows, blocked, "op", t0);
        CHECK(code(r) == "seat_held");
        CHECK(r.error().seats == std::vector<SeatNumber>{2});
        CHECK(rows == only_held);
    }
}

TEST_CASE("blocking a seat under a dead hold, before that has been tidied up, is a bug") {
    BlockRows rows = rows_of({seat(1, SeatStatus::held, t0)});
    CHECK_THROWS_AS((void)set_blocked(rows, true, "op", t0), AssertionFailed);
}
