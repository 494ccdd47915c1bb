// What storage promises of commits.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include "support/backends.hpp"
#include "support/sample_rows.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

Event charged(UserKey user, std::int64_t number, Time time) {
    return {.stream = {StreamKind::wallet, user.value},
            .number = number,
            .kind = EventKind::wallet_charged,
            .at = time,
            .amount = {100},
            .balance = {100 * number}};
}

Transfer charge(UserKey user, std::int64_t number, Time time) {
    return {.id = {uuid_of(user.value * 1'000'000 + number)},
            .wallet = user,
            .number = number,
            .debit = cash_in,
            .credit = {user.value},
            .amount = {100},
            .balance_after = {100 * number},
            .at = time};
}

}  // namespace

TEST_SUITE_BEGIN("storage contract: commits");

CONCERTRES_BACKEND_TEST("a change set without changes is committed") {
    TestStore store(backend);
    ChangeSet changes;
    changes.at = store->now();
    CHECK(changes.empty());
    CHECK(store->commit(changes) == CommitOutcome::committed);
    CHECK(store->commit(changes) == CommitOutcome::committed);
    CHECK(store->now() >= changes.at);
    const NewConcert concert = add_concert(*store);
    CHECK(store->commit(changes) == CommitOutcome::committed);
    CHECK(same(store->concerts().front(), concert));
}

CONCERTRES_BACKEND_TEST("each commit of a row raises its version by one, and only its own") {
    TestStore store(backend);
    const auto user = new_key<UserKey>(*store);
    const auto other = new_key<UserKey>(*store);
    put(*store, Wallet{.user = other});
    for (std::int64_t i = 1; i <= 50; ++i) {
        put(*store, Wallet{.user = user, .balance = {i}, .next_number = i});
        if (backend.lasts && i % 10 == 0) store.reopen();
        const auto row = read_row<Wallet>(*store, user);
        REQUIRE(row);
        CHECK(row->version == static_cast<std::uint64_t>(i));
        CHECK(row->row.balance == Money{i});
    }
    CHECK(read_row<Wallet>(*store, other)->version == 1);
}

CONCERTRES_BACKEND_TEST("one commit changes some rows, makes others, and leaves the rest") {
    TestStore store(backend);
    const NewConcert concert = add_concert(*store, {.seats = 6});
    const PerformanceKey performance = concert.performances.front().key;
    const Held held = held_seats(*store, performance, {2, 3}, at(1h));
    const UserKey user = held.reservation.user;
    const PerformanceState state{
        .performance = performance, .counts = {.free = 4, .held = 2}, .next_event = 2};
    put(*store, User{held.reservation.user_id, user}, state, held.reservation, held.seats,
        Event{.stream = {StreamKind::performance, performance.value}, .number = 1});
    const Held paid = ended(held, ReservationStatus::paid);
    put(*store, paid.reservation, paid.seats, Wallet{.user = user});
    const auto check_all = [&] {
        CHECK(read_row<Reservation>(*store, held.reservation.row) ==
              Versioned<Reservation>{paid.reservation, 2});
        CHECK(read_row<Seat>(*store, {performance, 2}) == Versioned<Seat>{paid.seats[0], 3});
        CHECK(read_row<Seat>(*store, {performance, 3}) == Versioned<Seat>{paid.seats[1], 3});
        CHECK(read_row<Seat>(*store, {performance, 4})->version == 1);
        CHECK(read_row<PerformanceState>(*store, performance) ==
              Versioned<PerformanceState>{state, 2});
        CHECK(read_row<Wallet>(*store, user)->version == 1);
        CHECK(read_row<User>(*store, held.reservation.user_id)->version == 1);
        const auto seats = store->seats(performance, 0, SIZE_MAX);
        REQUIRE(seats.size() == 6);
        CHECK(seats[1] == paid.seats[0]);
        CHECK(seats[3].status == SeatStatus::free);
    };
    check_all();
    if (!backend.lasts) return;
    store.reopen();
    check_all();
}

CONCERTRES_BACKEND_TEST("a change set of 10,000 rows is committed whole") {
    TestStore store(backend);
    constexpr SeatNumber count = 2'000;
    const NewConcert concert = add_concert(*store, {.seats = count});
    const PerformanceKey performance = concert.performances.front().key;
    ChangeSet changes;
    changes.at = store->now();
    std::vector<Held> all;
    for (SeatNumber number = 1; number <= count; ++number) {
        const Held held = held_seats(*store, performance, {number}, at(1h));
        const UserKey user = held.reservation.user;
        changes.rows.of<User>().push_back({{held.reservation.user_id, user}, 1});
        changes.rows.of<Wallet>().push_back({{.user = user, .balance = {100}}, 1});
        changes.rows.of<Limit>().push_back({{user, performance.value, 1, {}}, 1});
        changes.rows.of<Reservation>().push_back({held.reservation, 1});
        changes.rows.of<Seat>().push_back({held.seats.front(), 2});
        changes.transfers.push_back(charge(user, 1, changes.at));
        changes.events.push_back(charged(user, 1, changes.at));
        all.push_back(held);
    }
    REQUIRE(changes.rows.size() == 10'000);
    REQUIRE(store->commit(changes) == CommitOutcome::committed);
    if (backend.lasts) store.reopen();
    bool whole = true;
    for (const Held& held : all) {
        const Reservation& reservation = held.reservation;
        const auto row = read_row<Reservation>(*store, reservation.row);
        whole = whole && row && row->row == reservation;
        const auto wallet = read_row<Wallet>(*store, reservation.user);
        whole = whole && wallet && wallet->row.balance == Money{100};
        whole = whole && read_row<User>(*store, reservation.user_id).has_value();
        whole = whole && read_row<Limit>(*store, {reservation.user, performance.value});
        whole = whole && store->transfers(reservation.user, {}, 2).size() == 1;
        whole =
            whole && store->events({StreamKind::wallet, reservation.user.value}, 0, 2).size() == 1;
    }
    CHECK(whole);
    std::vector<Seat> seats = store->seats(performance, 0, SIZE_MAX);
    REQUIRE(seats.size() == static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < seats.size(); ++i) whole = whole && seats[i] == all[i].seats[0];
    CHECK(whole);
}

CONCERTRES_BACKEND_TEST("many small commits leave what one large commit leaves") {
    TestStore store(backend);
    const NewConcert concert = add_concert(*store, {.seats = 100});
    const PerformanceKey performance = concert.performances.front().key;
    for (int round = 0; round < 3; ++round) {
        for (SeatNumber number = 1; number <= 100; ++number) {
            const Held held = held_seats(*store, performance, {number}, at(1h));
            put(*store, held);
            put(*store, ended(held, ReservationStatus::released));
            store->tidy();
        }
    }
    if (backend.lasts) store.reopen();
    for (const Seat& seat : store->seats(performance, 0, SIZE_MAX)) {
        CHECK(seat.status == SeatStatus::free);
        CHECK(read_row<Seat>(*store, seat.key())->version == 7);
    }
}

CONCERTRES_BACKEND_TEST("storage may be tidied at any time, and shows the same") {
    TestStore store(backend);
    store->tidy();
    const NewConcert concert = add_concert(*store);
    store->tidy();
    const Held held = held_seats(*store, concert.performances.front().key, {1}, at(1h));
    put(*store, held);
    store->tidy();
    store->tidy();
    CHECK(read_row<Reservation>(*store, held.reservation.row)->row == held.reservation);
    if (!backend.lasts) return;
    store.reopen();
    CHECK(read_row<Reservation>(*store, held.reservation.row)->row == held.reservation);
}

// --- What is appended
// -----------------------------------------------------------------------------

CONCERTRES_BACKEND_TEST("transfers and events of one commit continue those of the one before") {
    TestStore store(backend);
    const auto a = new_key<UserKey>(*store);
    const auto b = new_key<UserKey>(*store);
    const Time now = store->now();
    std::int64_t last = 0;
    for (int commit = 0; commit < 5; ++commit) {
        std::vector<Transfer> transfers;
        std::vector<Event> events;
        for (int i = 0; i <= commit; ++i) {
            ++last;
            for (UserKey user : {a, b}) {
                transfers.push_back(charge(user, last, now));
                events.push_back(charged(user, last, now));
            }
        }
        put(*store, transfers, events);
        if (backend.lasts && commit == 2) store.reopen();
    }
    REQUIRE(last == 15);
    for (UserKey user : {a, b}) {
        const auto events = store->events({StreamKind::wallet, user.value}, 0, 100);
        const auto transfers = store->transfers(user, {}, 100);
        REQUIRE(events.size() == 15);
        REQUIRE(transfers.size() == 15);
        for (std::int64_t i = 0; i < 15; ++i) {
            const auto n = static_cast<std::size_t>(i);
            CHECK(events[n] == charged(user, i + 1, now));
            CHECK(transfers[n] == charge(user, 15 - i, now));
        }
    }
}

CONCERTRES_BACKEND_TEST("after it was reopened, a store has all that was committed, and goes on") {
    if (!backend.lasts) return;
    TestClock clock;
    TestStore store(backend, &clock);
    const NewConcert concert = add_concert(*store, {.seats = 20, .room = true});
    const ConcertKey key = concert.concert.key;
    const PerformanceKey performance = concert.performances.front().key;
    std::vector<Held> all;
    for (SeatNumber number = 1; number <= 20; ++number) {
        clock.advance(1s);
        const Held held = held_seats(*store, performance, {number}, store->now() + 5min);
        const UserKey user = held.reservation.user;
        put(*store, User{held.reservation.user_id, user}, Member{key, user, {number}},
            Wallet{.user = user, .balance = {100}, .next_number = 2},
            admitted_place(key, number, user, store->now() + 10min).place,
            admitted_place(key, number, user, store->now() + 10min).pass, held.reservation,
            held.seats, charge(user, 1, store->now()), charged(user, 1, store->now()));
        all.push_back(held);
        store.reopen();
    }
    CHECK(same(store->concerts().front(), concert));
    CHECK(store->admitted(key, {}, 100).size() == 20);
    CHECK(read_row<ExpiringHolds>(*store, 0)->row.reservations.size() == 20);
    for (const Held& held : all) {
        const UserKey user = held.reservation.user;
        CHECK(read_row<User>(*store, held.reservation.user_id)->row.user == user);
        CHECK(read_row<Wallet>(*store, user)->row.balance == Money{100});
        CHECK(store->reservations(user, {}, 10) == std::vector{held.reservation});
        CHECK(store->transfers(user, {}, 10).size() == 1);
        CHECK(store->events({StreamKind::wallet, user.value}, 0, 10).size() == 1);
        CHECK(read_row<Seat>(*store, held.seats[0].key())->row == held.seats[0]);
    }
}

TEST_SUITE_END();

}  // namespace concertres::test
