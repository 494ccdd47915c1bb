// What storage promises of holds and passes that end: it knows when, and leaves it to others to
// compare that with a clock.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "support/backends.hpp"
#include "support/sample_rows.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

using Dead = std::map<PerformanceKey, std::int64_t>;

ExpiringHolds expiring_holds(Storage& storage) {
    const auto row = read_row<ExpiringHolds>(storage, 0);
    REQUIRE(row);
    return row->row;
}

RoomLine room_line(Storage& storage, ConcertKey concert) {
    const auto row = read_row<RoomLine>(storage, concert);
    REQUIRE(row);
    CHECK(row->row.concert == concert);
    return row->row;
}

Held extended(Held held, Time until) {
    held.reservation.held_until = until;
    for (Seat& seat : held.seats) seat.held_until = until;
    return held;
}

}  // namespace

TEST_SUITE_BEGIN("storage contract: deadlines");

// --- Seats
// ----------------------------------------------------------------------------------------

CONCERTRES_BACKEND_TEST("a held seat is dead from its deadline on, and not before") {
    TestStore store(backend);
    const NewConcert concert = add_concert(*store, {.performances = 3});
    const PerformanceKey a = concert.performances[0].key;
    const PerformanceKey b = concert.performances[1].key;
    CHECK(store->dead_seats(at(1000h)).empty());
    put(*store, held_seats(*store, a, {1, 2}, at(10s)));
    put(*store, held_seats(*store, b, {1}, at(10s)));
    put(*store, held_seats(*store, a, {5}, at(20s)));
    const auto check_dead = [&] {
        CHECK(store->dead_seats(at(0s)) == Dead{});
        CHECK(store->dead_seats(at(10s) - 1us) == Dead{});
        CHECK(store->dead_seats(at(10s)) == Dead{{a, 2}, {b, 1}});
        CHECK(store->dead_seats(at(10s) + 1us) == Dead{{a, 2}, {b, 1}});
        CHECK(store->dead_seats(at(20s) - 1us) == Dead{{a, 2}, {b, 1}});
        CHECK(store->dead_seats(at(20s)) == Dead{{a, 3}, {b, 1}});
    };
    check_dead();
    if (!backend.lasts) return;
    store.reopen();
    check_dead();
}

CONCERTRES_BACKEND_TEST("only seats that are still marked held are dead") {
    TestStore store(backend);
    const PerformanceKey performance = add_concert(*store).performances[0].key;
    using enum ReservationStatus;
    const Held a = held_seats(*store, performance, {1}, at(10s));
    const Held b = held_seats(*store, performance, {2}, at(10s));
    const Held c = held_seats(*store, performance, {3}, at(10s));
    const Held d = held_seats(*store, performance, {4}, at(10s));
    for (const Held& held : {a, b, c, d}) put(*store, held);
    put(*store, Seat{.performance = performance, .number = 5, .status = SeatStatus::blocked});
    CHECK(store->dead_seats(at(1h)) == Dead{{performance, 4}});
    put(*store, ended(a, paid));
    CHECK(store->dead_seats(at(1h)) == Dead{{performance, 3}});
    put(*store, ended(b, released));
    put(*store, ended(c, expired));
    CHECK(store->dead_seats(at(1h)) == Dead{{performance, 1}});
    put(*store, extended(d, at(20s)));
    CHECK(store->dead_seats(at(20s) - 1us) == Dead{});
    CHECK(store->dead_seats(at(20s)) == Dead{{performance, 1}});
    if (backend.lasts) store.reopen();
    CHECK(store->dead_seats(at(20s)) == Dead{{performance, 1}});
    put(*store, ended(d, refunded));
    CHECK(store->dead_seats(at(1h)) == Dead{});
}

CONCERTRES_BACKEND_TEST(
    "a reservation that is marked held has its place, and ends at its deadline") {
    TestStore store(backend);
    const PerformanceKey performance = add_concert(*store).performances[0].key;
    using enum ReservationStatus;
    Held a = held_seats(*store, performance, {1}, at(10s));
    a.reservation.place = {7};
    const Held b = held_seats(*store, performance, {2}, at(20s));
    const Held c = held_seats(*store, performance, {3}, at(30s));
    const Held d = held_seats(*store, performance, {4}, at(40s));
    for (const Held& held : {a, b, c, d}) put(*store, held);
    put(*store, ended(b, paid));
    put(*store, ended(c, expired));
    put(*store, extended(d, at(90s)));
    using Ends = std::vector<std::optional<HoldEnd>>;
    const auto check_ends = [&] {
        const auto ends_of = [&](const std::vector<ReservationKey>& keys) {
            return store->ends_of_holds(keys);
        };
        CHECK(ends_of({}) == Ends{});
        // As they were asked for, and one that is not there like any other.
        const ReservationKey none{INT64_MAX};
        const auto key = [](const Held& held) { return held.reservation.row; };
        CHECK(ends_of({key(d), none, key(a), key(b), key(c)}) ==
              Ends{HoldEnd{{}, at(90s)}, std::nullopt, HoldEnd{{7}, at(10s)}, std::nullopt,
                   std::nullopt});
    };
    check_ends();
    if (!backend.lasts) return;
    store.reopen();
    check_ends();
}

CONCERTRES_BACKEND_TEST("a seat that is taken from a dead hold counts with its new deadline") {
    TestStore store(backend);
    const PerformanceKey performance = add_concert(*store).performances[0].key;
    const Held dead = held_seats(*store, performance, {1, 2}, at(10s));
    put(*store, dead);
    const Held next = held_seats(*store, performance, {2}, at(30s));
    const Held over = ended(dead, ReservationStatus::expired);
    put(*store, over.reservation, over.seats[0], next.reservation, next.seats);
    CHECK(store->dead_seats(at(10s)) == Dead{});
    CHECK(store->dead_seats(at(30s)) == Dead{{performance, 1}});
}

// --- The next deadline
// ----------------------------------------------------------------------------

CONCERTRES_BACKEND_TEST("the next deadline is the earliest end of a hold or a pass") {
    TestStore store(backend);
    const NewConcert concert = add_concert(*store, {.room = true});
    const NewConcert other = add_concert(*store, {.room = true});
    CHECK(store->next_deadline() == std::nullopt);
    const auto user = new_key<UserKey>(*store);
    put(*store, waiting_place(concert.concert.key, 9, user));
    CHECK(store->next_deadline() == std::nullopt);
    const Held a = held_seats(*store, concert.performances[0].key, {1}, at(30s));
    const Held b = held_seats(*store, concert.performances[0].key, {2}, at(50s));
    const Walk c = admitted_place(concert.concert.key, 1, user, at(20s));
    const Walk d = admitted_place(other.concert.key, 1, user, at(40s));
    const auto check_next = [&](std::optional<Time> next) {
        CHECK(store->next_deadline() == next);
        if (!backend.lasts) return;
        store.reopen();
        CHECK(store->next_deadline() == next);
    };
    put(*store, b);
    check_next(at(50s));
    put(*store, d);
    check_next(at(40s));
    put(*store, a);
    check_next(at(30s));
    put(*store, c);
    check_next(at(20s));
    put(*store, ended(c, PassStatus::spent));
    check_next(at(30s));
    put(*store, ended(a, ReservationStatus::expired));
    check_next(at(40s));
    put(*store, ended(d, PassStatus::left));
    check_next(at(50s));
    put(*store, extended(b, at(60s)));
    check_next(at(60s));
    put(*store, ended(b, ReservationStatus::paid));
    check_next(std::nullopt);
}

// --- Holds
// ----------------------------------------------------------------------------------------

CONCERTRES_BACKEND_TEST("the holds that end first are found with their deadlines, in order") {
    TestStore store(backend);
    const PerformanceKey performance = add_concert(*store).performances[0].key;
    CHECK(expiring_holds(*store).reservations.empty());
    std::vector<Held> holds;
    for (Duration end : {30s, 10s, 50s, 20s, 40s}) {
        const auto number = static_cast<SeatNumber>(holds.size()) + 1;
        holds.push_back(held_seats(*store, performance, {number}, at(end)));
        put(*store, holds.back());
    }
    const auto check_order = [&](const std::vector<std::size_t>& expected) {
        std::vector<EndOf<ReservationKey>> ends;
        for (std::size_t i : expected) {
            ends.push_back({holds[i].reservation.row, holds[i].reservation.held_until});
        }
        CHECK(expiring_holds(*store).reservations == ends);
        if (!backend.lasts) return;
        store.reopen();
        CHECK(expiring_holds(*store).reservations == ends);
    };
    check_order({1, 3, 0, 4, 2});
    put(*store, ended(holds[3], ReservationStatus::paid));
    put(*store, ended(holds[0], ReservationStatus::released));
    check_order({1, 4, 2});
    holds[1] = extended(holds[1], at(45s));
    put(*store, holds[1]);
    check_order({4, 1, 2});
    for (std::size_t i : {1u, 2u, 4u}) put(*store, ended(holds[i], ReservationStatus::expired));
    check_order({});
}

CONCERTRES_BACKEND_TEST("of many holds, the batch that ends first is found") {
    TestStore store(backend);
    constexpr SeatNumber count = 700;
    const PerformanceKey performance = add_concert(*store, {.seats = count}).performances[0].key;
    std::vector<EndOf<ReservationKey>> ends;
    std::vector<Reservation> reservations;
    std::vector<Seat> seats;
    for (SeatNumber i = 0; i < count; ++i) {
        const Held held = held_seats(*store, performance, {i + 1}, at(1s * ((i * 577) % count)));
        reservations.push_back(held.reservation);
        seats.push_back(held.seats.front());
        ends.push_back({held.reservation.row, held.reservation.held_until});
    }
    put(*store, reservations, seats);
    if (backend.lasts) store.reopen();
    std::sort(ends.begin(), ends.end(),
              [](const auto& a, const auto& b) { return a.ends_at < b.ends_at; });
    ends.resize(ExpiringHolds::batch);
    CHECK(expiring_holds(*store).reservations == ends);
}

CONCERTRES_BACKEND_TEST("holds that end together are all found, in the order of their keys") {
    TestStore store(backend);
    const PerformanceKey performance = add_concert(*store, {.seats = 600}).performances[0].key;
    std::vector<Reservation> reservations;
    for (SeatNumber i = 1; i <= 600; ++i) {
        reservations.push_back(held_seats(*store, performance, {i}, at(10s)).reservation);
    }
    put(*store, std::vector(reservations.rbegin(), reservations.rend()));
    if (backend.lasts) store.reopen();
    const auto found = expiring_holds(*store).reservations;
    REQUIRE(found.size() == ExpiringHolds::batch);
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i].name == reservations[i].row);
}

// --- Rooms
// ----------------------------------------------------------------------------------------

CONCERTRES_BACKEND_TEST("an empty room has nobody in it") {
    TestStore store(backend);
    const ConcertKey concert = add_concert(*store, {.room = true}).concert.key;
    CHECK(room_line(*store, concert) == RoomLine{.concert = concert});
}

CONCERTRES_BACKEND_TEST("a room knows who waits and which passes end first") {
    TestStore store(backend);
    const ConcertKey concert = add_concert(*store, {.room = true}).concert.key;
    const ConcertKey other = add_concert(*store, {.room = true}).concert.key;
    const auto user = new_key<UserKey>(*store);
    put(*store, waiting_place(other, 1, user), admitted_place(other, 2, user, at(1s)).place,
        admitted_place(other, 2, user, at(1s)).pass);
    put(*store, waiting_place(concert, 6, user), waiting_place(concert, 5, user));
    std::vector<Walk> walks;
    for (Duration end : {30s, 10s, 20s}) {
        const auto sequence = static_cast<std::int64_t>(walks.size()) + 1;
        walks.push_back(admitted_place(concert, sequence, user, at(end)));
        put(*store, walks.back());
    }
    const auto check_line = [&](const RoomLine& expected) {
        CHECK(room_line(*store, concert) == expected);
        if (!backend.lasts) return;
        store.reopen();
        CHECK(room_line(*store, concert) == expected);
    };
    check_line({concert, 3, {{5}, {6}}, {{{2}, at(10s)}, {{3}, at(20s)}, {{1}, at(30s)}}});
    put(*store, ended(walks[1], PassStatus::expired));
    check_line({concert, 2, {{5}, {6}}, {{{3}, at(20s)}, {{1}, at(30s)}}});
    walks[2].pass.expires_at = at(40s);
    put(*store, walks[2].pass);
    check_line({concert, 2, {{5}, {6}}, {{{1}, at(30s)}, {{3}, at(40s)}}});
    Place gone = waiting_place(concert, 5, user);
    gone.status = PlaceStatus::left;
    put(*store, gone);
    put(*store, admitted_place(concert, 6, user, at(35s)));
    check_line({concert, 3, {}, {{{1}, at(30s)}, {{6}, at(35s)}, {{3}, at(40s)}}});
    put(*store, ended(walks[0], PassStatus::spent));
    put(*store, ended(walks[2], PassStatus::left));
    check_line({concert, 1, {}, {{{6}, at(35s)}}});
}

CONCERTRES_BACKEND_TEST("of a long line and many passes, a room shows the first batch of each") {
    TestStore store(backend);
    const ConcertKey concert = add_concert(*store, {.room = true}).concert.key;
    const auto user = new_key<UserKey>(*store);
    constexpr int count = 700;
    std::vector<Place> places;
    std::vector<Pass> passes;
    RoomLine expected{.concert = concert, .admitted = count};
    for (int i = 0; i < count; ++i) {
        const Walk walk = admitted_place(concert, i + 1, user, at(1s * ((i * 577) % count)));
        places.push_back(walk.place);
        passes.push_back(walk.pass);
        expected.expiring.push_back({walk.pass.number, walk.pass.expires_at});
        places.push_back(waiting_place(concert, 2 * count - i, user));
        expected.waiting.push_back(PlaceNumber::of(0, count + 1 + i));
    }
    put(*store, places, passes);
    if (backend.lasts) store.reopen();
    std::sort(expected.expiring.begin(), expected.expiring.end(),
              [](const auto& a, const auto& b) { return a.ends_at < b.ends_at; });
    expected.expiring.resize(RoomLine::batch);
    expected.waiting.resize(RoomLine::batch);
    CHECK(room_line(*store, concert) == expected);
}

CONCERTRES_BACKEND_TEST("passes that end together are found in the order of their numbers") {
    TestStore store(backend);
    const ConcertKey concert = add_concert(*store, {.room = true}).concert.key;
    const auto user = new_key<UserKey>(*store);
    std::vector<Pass> passes;
    for (int i = 600; i >= 1; --i) passes.push_back(admitted_place(concert, i, user, at(9s)).pass);
    put(*store, passes);
    if (backend.lasts) store.reopen();
    const RoomLine line = room_line(*store, concert);
    CHECK(line.admitted == 600);
    REQUIRE(line.expiring.size() == RoomLine::batch);
    for (std::size_t i = 0; i < line.expiring.size(); ++i) {
        CHECK(line.expiring[i].name == PlaceNumber::of(0, static_cast<std::int64_t>(i) + 1));
    }
}

CONCERTRES_BACKEND_TEST("places of a later epoch wait behind those of an earlier one") {
    TestStore store(backend);
    const ConcertKey concert = add_concert(*store, {.room = true}).concert.key;
    const auto user = new_key<UserKey>(*store);
    std::vector<Place> places;
    std::vector<PlaceNumber> numbers;
    for (std::int64_t epoch : {3, 0, 1}) {
        for (std::int64_t sequence : {2, 1}) {
            Place place = waiting_place(concert, sequence, user);
            place.number = PlaceNumber::of(epoch, sequence);
            places.push_back(place);
            numbers.push_back(place.number);
        }
    }
    put(*store, places);
    std::sort(numbers.begin(), numbers.end());
    CHECK(room_line(*store, concert).waiting == numbers);
    const std::vector<Place> later = store->waiting(concert, PlaceNumber::of(0, 2), 10);
    CHECK(std::equal(later.begin(), later.end(), numbers.begin() + 2, numbers.end(),
                     [](const Place& place, PlaceNumber n) { return place.number == n; }));
}

CONCERTRES_BACKEND_TEST("of each class a room shows the first batch, class by class") {
    TestStore store(backend);
    const ConcertKey concert = add_concert(*store, {.room = true}).concert.key;
    const auto user = new_key<UserKey>(*store);
    std::vector<Place> places;
    RoomLine expected{.concert = concert};
    const auto line_up = [&](LineClass line_class, std::int64_t first, std::int64_t last) {
        for (std::int64_t i = first; i <= last; ++i) {
            Place place = waiting_place(concert, i, user);
            place.number = PlaceNumber::of({line_class, i % 2, i});
            places.push_back(place);
        }
        std::vector<PlaceNumber> numbers;
        for (const Place& place : places) numbers.push_back(place.number);
        std::sort(numbers.begin(), numbers.end());
        std::erase_if(numbers, [&](PlaceNumber n) { return n.line_class() != line_class; });
        if (numbers.size() > RoomLine::batch) numbers.resize(RoomLine::batch);
        expected.waiting.insert(expected.waiting.end(), numbers.begin(), numbers.end());
    };
    constexpr auto batch = static_cast<std::int64_t>(RoomLine::batch);
    SUBCASE("where all have more than a batch") {
        line_up(0, 1, 700);
        line_up(1, 1, 600);
        line_up(15, 3, 900);
    }
    SUBCASE("where the first is empty, and others are short") {
        line_up(2, 5, 5);
        line_up(3, 1, batch);
        line_up(9, 1, batch + 1);
        line_up(10, 4, 6);
    }
    SUBCASE("where the last number of a class waits") {
        places.push_back(waiting_place(concert, 1, user));
        places.back().number = PlaceNumber::last_of(4);
        expected.waiting.push_back(places.back().number);
        line_up(5, 1, 2);
    }
    put(*store, places);
    CHECK(room_line(*store, concert) == expected);
    if (!backend.lasts) return;
    store.reopen();
    CHECK(room_line(*store, concert) == expected);
}

TEST_SUITE_END();

}  // namespace concertres::test
