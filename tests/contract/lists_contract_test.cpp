// What storage promises of the lists that are read page by page.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "support/backends.hpp"
#include "support/sample_rows.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

std::vector<PlaceNumber> numbers(const std::vector<Pass>& passes) {
    std::vector<PlaceNumber> result;
    for (const Pass& pass : passes) result.push_back(pass.number);
    return result;
}

template <class Row>
std::vector<KeyOf<Row>> keys(const std::vector<Row>& rows) {
    std::vector<KeyOf<Row>> result;
    for (const Row& row : rows) result.push_back(row.key());
    return result;
}

using Numbers = std::vector<PlaceNumber>;

Numbers numbers_of(const std::vector<Place>& places) {
    Numbers numbers;
    for (const Place& place : places) numbers.push_back(place.number);
    return numbers;
}

}  // namespace

TEST_SUITE_BEGIN("storage contract: lists");

// --- Seats
// ----------------------------------------------------------------------------------------

CONCERTRES_BACKEND_TEST(
    "the seats of a performance are listed by number, strictly above a number") {
    TestStore store(backend);
    const NewConcert concert = add_concert(*store, {.performances = 2, .seats = 10});
    const PerformanceKey performance = concert.performances[1].key;
    put(*store, held_seats(*store, performance, {4}, at(1h)));
    const auto listed = [&](SeatNumber after, std::size_t limit) {
        std::vector<SeatNumber> result;
        for (const Seat& seat : store->seats(performance, after, limit)) {
            CHECK(seat.performance == performance);
            CHECK((seat.status == SeatStatus::held) == (seat.number == 4));
            result.push_back(seat.number);
        }
        return result;
    };
    CHECK(listed(0, 3) == std::vector<SeatNumber>{1, 2, 3});
    CHECK(listed(3, 3) == std::vector<SeatNumber>{4, 5, 6});
    CHECK(listed(8, 3) == std::vector<SeatNumber>{9, 10});
    CHECK(listed(10, 3).empty());
    CHECK(listed(INT32_MAX, 3).empty());
    CHECK(listed(0, 0).empty());
    CHECK(listed(0, SIZE_MAX).size() == 10);
}

// --- Rooms
// ----------------------------------------------------------------------------------------

CONCERTRES_BACKEND_TEST("those who wait are listed by number, strictly above a number") {
    TestStore store(backend);
    const ConcertKey concert = add_concert(*store, {.room = true}).concert.key;
    const ConcertKey other = add_concert(*store, {.room = true}).concert.key;
    const auto user = new_key<UserKey>(*store);
    CHECK(store->waiting(concert, {}, 10).empty());
    for (std::int64_t n : {4, 2, 8, 6}) put(*store, waiting_place(concert, n, user));
    put(*store, waiting_place(other, 5, user));
    put(*store, admitted_place(concert, 1, user, at(1h)));
    Place gone = waiting_place(concert, 3, user);
    gone.status = PlaceStatus::left;
    put(*store, gone);
    if (backend.lasts) store.reopen();
    CHECK(store->waiting(concert, {}, 1) == std::vector{waiting_place(concert, 2, user)});
    CHECK(numbers_of(store->waiting(concert, {}, 10)) == Numbers{{2}, {4}, {6}, {8}});
    CHECK(numbers_of(store->waiting(concert, {}, 4)) == Numbers{{2}, {4}, {6}, {8}});
    CHECK(numbers_of(store->waiting(concert, {}, 2)) == Numbers{{2}, {4}});
    CHECK(store->waiting(concert, {}, 0).empty());
    CHECK(numbers_of(store->waiting(concert, {1}, 2)) == Numbers{{2}, {4}});
    CHECK(numbers_of(store->waiting(concert, {2}, 2)) == Numbers{{4}, {6}});
    CHECK(numbers_of(store->waiting(concert, {5}, 10)) == Numbers{{6}, {8}});
    CHECK(store->waiting(concert, {8}, 10).empty());
    CHECK(store->waiting(concert, {INT64_MAX}, 10).empty());
    CHECK(store->waiting({INT64_MAX}, {}, 10).empty());
}

CONCERTRES_BACKEND_TEST("those who were passed over are listed apart, and no tick looks at them") {
    TestStore store(backend);
    const ConcertKey concert = add_concert(*store, {.room = true}).concert.key;
    const auto user = new_key<UserKey>(*store);
    CHECK(store->passed(concert, {}, 10).empty());
    for (std::int64_t n : {1, 2, 3, 4, 5}) put(*store, waiting_place(concert, n, user));
    std::vector<Place> passed;
    for (std::int64_t n : {4, 1, 2}) {
        passed.push_back(waiting_place(concert, n, user));
        pass_over(passed.back(), at(1h));
        put(*store, passed.back());
    }
    const auto line_of = [&] { return read_row<RoomLine>(*store, concert)->row.waiting; };
    const auto check = [&](const Numbers& waiting, const Numbers& gone_by) {
        CHECK(numbers_of(store->waiting(concert, {}, 10)) == waiting);
        CHECK(line_of() == waiting);
        CHECK(numbers_of(store->passed(concert, {}, 10)) == gone_by);
    };
    check({{3}, {5}}, {{1}, {2}, {4}});
    if (backend.lasts) store.reopen();
    check({{3}, {5}}, {{1}, {2}, {4}});
    CHECK(store->passed(concert, {1}, 1) == std::vector{passed[2]});
    CHECK(numbers_of(store->passed(concert, {}, 2)) == Numbers{{1}, {2}});
    CHECK(store->passed(concert, {4}, 10).empty());
    CHECK(store->passed(concert, {}, 0).empty());
    CHECK(store->passed({INT64_MAX}, {}, 10).empty());
    passed[0].status = PlaceStatus::left;
    passed[1].status = PlaceStatus::admitted;
    put(*store, passed[0]);
    put(*store, passed[1]);
    check({{3}, {5}}, {{2}});
    if (backend.lasts) store.reopen();
    check({{3}, {5}}, {{2}});
}

CONCERTRES_BACKEND_TEST("live and dead passes marked admitted are listed by number") {
    TestStore store(backend);
    const ConcertKey concert = add_concert(*store, {.room = true}).concert.key;
    const ConcertKey other = add_concert(*store, {.room = true}).concert.key;
    const auto user = new_key<UserKey>(*store);
    CHECK(store->admitted(concert, {}, 10).empty());
    std::vector<Walk> walks;
    for (std::int64_t n : {9, 1, 7, 3, 5}) {
        walks.push_back(admitted_place(concert, n, user, at(-1h)));
        put(*store, walks.back());
    }
    put(*store, admitted_place(other, 4, user, at(1h)));
    put(*store, waiting_place(concert, 11, user));
    const auto check_all = [&](const Numbers& expected) {
        CHECK(numbers(store->admitted(concert, {}, 10)) == expected);
        if (!backend.lasts) return;
        store.reopen();
        CHECK(numbers(store->admitted(concert, {}, 10)) == expected);
    };
    check_all({{1}, {3}, {5}, {7}, {9}});
    CHECK(numbers(store->admitted(concert, {}, 2)) == Numbers{{1}, {3}});
    CHECK(numbers(store->admitted(concert, {3}, 2)) == Numbers{{5}, {7}});
    CHECK(numbers(store->admitted(concert, {4}, 2)) == Numbers{{5}, {7}});
    CHECK(store->admitted(concert, {}, 0).empty());
    CHECK(store->admitted(concert, {9}, 10).empty());
    CHECK(store->admitted({INT64_MAX}, {}, 10).empty());
    put(*store, ended(walks[1], PassStatus::spent));
    put(*store, ended(walks[2], PassStatus::expired));
    put(*store, ended(walks[3], PassStatus::left));
    check_all({{5}, {9}});
    walks[0].pass.expires_at = at(2h);
    walks[0].pass.held = {{1}, {2}};
    put(*store, walks[0].pass);
    CHECK(store->admitted(concert, {5}, 10) == std::vector{walks[0].pass});
}

CONCERTRES_BACKEND_TEST("those who are in are found among many who were") {
    TestStore store(backend);
    const ConcertKey concert = add_concert(*store, {.room = true}).concert.key;
    const auto user = new_key<UserKey>(*store);
    std::vector<Pass> in;
    for (std::int64_t n = 1; n <= 60; ++n) {
        Walk walk = admitted_place(concert, n, user, at(1h));
        walk.pass.held = {{n}};
        put(*store, walk);
        if (n == 1 || n == 10 || n == 11 || n == 20 || n == 60) {
            in.push_back(walk.pass);
        } else {
            put(*store, ended(walk, PassStatus::spent));
        }
    }
    if (backend.lasts) store.reopen();
    CHECK(store->admitted(concert, {}, 100) == in);
    CHECK(store->admitted(concert, {10}, 2) == std::vector{in[2], in[3]});
    in[3].expires_at = at(2h);
    put(*store, in[3]);
    CHECK(store->admitted(concert, {}, 100) == in);
}

CONCERTRES_BACKEND_TEST("a long line is read page by page without gap or repetition") {
    TestStore store(backend);
    const ConcertKey concert = add_concert(*store, {.room = true}).concert.key;
    const auto user = new_key<UserKey>(*store);
    std::vector<Place> places;
    Numbers expected;
    for (std::int64_t n = 1; n <= 2'500; ++n) {
        places.push_back(waiting_place(concert, n, user));
        expected.push_back({n});
    }
    put(*store, places);
    Numbers read;
    for (PlaceNumber after{};;) {
        const Numbers page = numbers_of(store->waiting(concert, after, 333));
        if (page.empty()) break;
        read.insert(read.end(), page.begin(), page.end());
        after = page.back();
    }
    CHECK(read == expected);
}

// --- A user's
// -------------------------------------------------------------------------------------

CONCERTRES_BACKEND_TEST("a user's reservations are listed from the newest, below a key") {
    TestStore store(backend);
    const NewConcert concert = add_concert(*store, {.performances = 2});
    const auto user = new_key<UserKey>(*store);
    CHECK(store->reservations(user, {}, 10).empty());
    std::vector<Reservation> all;
    for (SeatNumber i = 1; i <= 6; ++i) {
        Held held = held_seats(*store, concert.performances[i % 2].key, {i}, at(1h));
        put(*store, held_seats(*store, concert.performances[i % 2].key, {10}, at(1h)).reservation);
        held.reservation.user = user;
        all.push_back(held.reservation);
    }
    // A key that was given early may be used late.
    for (std::size_t i : {0u, 3u, 1u, 5u, 2u, 4u}) put(*store, all[i]);
    all[3].status = ReservationStatus::paid;
    put(*store, all[3]);
    if (backend.lasts) store.reopen();
    using Found = std::vector<Reservation>;
    CHECK(store->reservations(user, {}, 10) ==
          Found{all[5], all[4], all[3], all[2], all[1], all[0]});
    CHECK(store->reservations(user, {}, 2) == Found{all[5], all[4]});
    CHECK(store->reservations(user, all[4].row, 2) == Found{all[3], all[2]});
    CHECK(store->reservations(user, ReservationKey{all[4].row.value + 1}, 1) == Found{all[4]});
    CHECK(store->reservations(user, all[0].row, 2).empty());
    CHECK(store->reservations(user, ReservationKey{INT64_MAX}, 1) == Found{all[5]});
    CHECK(store->reservations(user, {}, 0).empty());
    CHECK(store->reservations(new_key<UserKey>(*store), {}, 10).empty());
    CHECK(store->reservations({INT64_MAX}, {}, 10).empty());
}

CONCERTRES_BACKEND_TEST("a user's payments are listed from the newest, below a key") {
    TestStore store(backend);
    const auto user = new_key<UserKey>(*store);
    const auto other = new_key<UserKey>(*store);
    CHECK(store->payments(user, {}, 10).empty());
    std::vector<Payment> all;
    for (int i = 0; i < 5; ++i) {
        for (UserKey who : {user, other}) {
            const auto row = new_key<PaymentKey>(*store);
            const Payment payment{.row = row, .id = {uuid_of(row.value)}, .user = who};
            put(*store, payment);
            if (who == user) all.push_back(payment);
        }
    }
    all[2].status = PaymentStatus::refunded;
    put(*store, all[2]);
    if (backend.lasts) store.reopen();
    using Found = std::vector<Payment>;
    CHECK(store->payments(user, {}, 10) == Found{all[4], all[3], all[2], all[1], all[0]});
    CHECK(store->payments(user, {}, 3) == Found{all[4], all[3], all[2]});
    CHECK(store->payments(user, all[3].row, 2) == Found{all[2], all[1]});
    CHECK(store->payments(user, all[0].row, 2).empty());
    CHECK(store->payments(user, {}, 0).empty());
    CHECK(store->payments({INT64_MAX}, {}, 10).empty());
}

CONCERTRES_BACKEND_TEST("a wallet's transfers are listed from the newest, below a number") {
    TestStore store(backend);
    const auto user = new_key<UserKey>(*store);
    const auto other = new_key<UserKey>(*store);
    CHECK(store->transfers(user, {}, 10).empty());
    std::vector<Transfer> all;
    for (std::int64_t number = 1; number <= 6; ++number) {
        all.push_back({.id = {uuid_of(100 + number)}, .wallet = user, .number = number});
        put(*store, all.back(),
            Transfer{.id = {uuid_of(200 + number)}, .wallet = other, .number = number});
    }
    if (backend.lasts) store.reopen();
    using Found = std::vector<Transfer>;
    CHECK(store->transfers(user, {}, 10) == Found{all[5], all[4], all[3], all[2], all[1], all[0]});
    CHECK(store->transfers(user, {}, 2) == Found{all[5], all[4]});
    CHECK(store->transfers(user, 5, 2) == Found{all[3], all[2]});
    CHECK(store->transfers(user, 2, 10) == Found{all[0]});
    CHECK(store->transfers(user, 7, 1) == Found{all[5]});
    CHECK(store->transfers(user, INT64_MAX, 1) == Found{all[5]});
    CHECK(store->transfers(user, 1, 10).empty());
    CHECK(store->transfers(user, 0, 10).empty());
    CHECK(store->transfers(user, INT64_MIN, 10).empty());
    CHECK(store->transfers(user, {}, 0).empty());
    CHECK(store->transfers({INT64_MAX}, {}, 10).empty());
}

// --- Streams
// --------------------------------------------------------------------------------------

CONCERTRES_BACKEND_TEST("a stream's events are listed in order, strictly above a number") {
    TestStore store(backend);
    const NewConcert concert = add_concert(*store, {.performances = 2});
    const Stream stream{StreamKind::performance, concert.performances[0].key.value};
    const Stream other{StreamKind::performance, concert.performances[1].key.value};
    CHECK(store->events(stream, 0, 10).empty());
    std::vector<Event> all;
    for (std::int64_t number = 1; number <= 6; ++number) {
        all.push_back({.stream = stream, .number = number, .at = at(1s * number)});
        put(*store, all.back(),
            Event{.stream = other, .number = number, .kind = EventKind::seats_blocked});
    }
    if (backend.lasts) store.reopen();
    using Found = std::vector<Event>;
    CHECK(store->events(stream, 0, 10) == all);
    CHECK(store->events(stream, 0, 6) == all);
    CHECK(store->events(stream, 0, 2) == Found{all[0], all[1]});
    CHECK(store->events(stream, 2, 2) == Found{all[2], all[3]});
    CHECK(store->events(stream, 5, 10) == Found{all[5]});
    CHECK(store->events(stream, 6, 10).empty());
    CHECK(store->events(stream, INT64_MAX, 10).empty());
    CHECK(store->events(stream, 0, 0).empty());
    CHECK(store->events({StreamKind::wallet, stream.owner}, 0, 10).empty());
    CHECK(store->events({StreamKind::room, concert.concert.key.value}, 0, 10).empty());
    CHECK(store->events({StreamKind::performance, INT64_MAX}, 0, 10).empty());
}

CONCERTRES_BACKEND_TEST("a long stream is read page by page without gap or repetition") {
    TestStore store(backend);
    const NewConcert concert = add_concert(*store);
    const Stream stream{StreamKind::room, concert.concert.key.value};
    constexpr std::int64_t count = 3'000;
    for (std::int64_t number = 1; number <= count;) {
        std::vector<Event> events;
        while (number <= count && events.size() < 700) {
            events.push_back({.stream = stream,
                              .number = number,
                              .kind = EventKind::pass_admitted,
                              .at = at(1s),
                              .place = {number}});
            ++number;
        }
        put(*store, events);
    }
    if (backend.lasts) store.reopen();
    std::int64_t last = 0;
    bool in_order = true;
    for (;;) {
        const auto page = store->events(stream, last, 333);
        if (page.empty()) break;
        for (const Event& event : page) {
            in_order = in_order && event.number == ++last && event.place.value == last;
        }
    }
    CHECK(in_order);
    CHECK(last == count);
}

TEST_SUITE_END();

}  // namespace concertres::test
