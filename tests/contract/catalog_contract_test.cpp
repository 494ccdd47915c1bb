// What storage promises of concerts, keys and secrets.
#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/backends.hpp"
#include "support/sample_rows.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

// Texts that some backend or other may stumble over. A draft's texts may be any bytes.
const std::vector<std::string> hard_texts = {
    "",
    " ",
    "'; DROP TABLE concerts; --",
    "\"quoted\" and `this` and \\ and %s %n",
    "겨울 노래 — 冬の歌 — Зимние песни — أغاني الشتاء",
    "\xf0\x9f\x8e\xbb\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x8e\xa4 e\xcc\x81",
    "line\nfeed\ttab\x01\x7f",
    std::string("a\0b\0", 4),
    "\xff\xfe not UTF-8 \xc3",
    std::string(500, 'x'),
};

void check_comes_back(TestStore& store, const NewConcert& added) {
    const auto concerts = store->concerts();
    REQUIRE(!concerts.empty());
    const NewConcert& stored = concerts.back();
    CHECK(stored.concert == added.concert);
    CHECK(stored.performances == added.performances);
    CHECK(stored.seats == added.seats);
    CHECK(stored.sale == added.sale);
}

NewConcert concert_with_hard_texts(Storage& storage) {
    NewConcert concert = new_concert(storage, {.performances = 2, .seats = 0});
    SeatNumber number = 1;
    for (const std::string& text : hard_texts) {
        concert.seats.push_back({.number = number++, .label = text});
        concert.seats.push_back({.number = number++, .section = text});
        concert.seats.push_back({.number = number++, .row = text});
        concert.seats.push_back({.number = number++, .plan_id = text});
        concert.seats.push_back({number++, text, text, text, 1, 2, {3}, text, true});
    }
    return concert;
}

}  // namespace

TEST_SUITE_BEGIN("storage contract: catalog");

CONCERTRES_BACKEND_TEST("a new store has no concerts") {
    TestStore store(backend);
    CHECK(store->concerts().empty());
    CHECK(store->seats({1}, 0, SIZE_MAX).empty());
    CHECK(store->performances({1}, Time{}).empty());
}

CONCERTRES_BACKEND_TEST("a concert comes back as it was added, with any text") {
    TestStore store(backend);
    std::vector<NewConcert> added;
    for (const std::string& text : hard_texts) {
        NewConcert concert = concert_with_hard_texts(*store);
        concert.concert.title = text;
        concert.concert.venue = text + text;
        if (text != std::string(500, 'x')) concert.sale.policy_state = text;
        store->add(concert, {});
        check_comes_back(store, concert);
        added.push_back(concert);
    }
    if (backend.lasts) store.reopen();
    const auto concerts = store->concerts();
    REQUIRE(concerts.size() == added.size());
    for (std::size_t i = 0; i < added.size(); ++i) CHECK(same(concerts[i], added[i]));
}

CONCERTRES_BACKEND_TEST("a concert comes back with the extreme values of its fields") {
    TestStore store(backend);
    NewConcert concert = new_concert(*store, {.performances = 3, .seats = 0});
    concert.concert.id = {Uuid{}};
    concert.concert.limits = {INT32_MAX, INT32_MAX};
    concert.concert.hold_ttl = std::chrono::days(3650);
    concert.concert.refunds = {false, Duration(INT64_MAX)};
    concert.concert.orphans = OrphanRule::refused;
    concert.performances[0].starts_at = Time{};
    concert.performances[0].utc_offset = -1439min;
    concert.performances[1].starts_at = Time(Duration(INT64_MAX));
    concert.performances[1].utc_offset = 1439min;
    concert.performances[1].date = "9999-12-31";
    concert.performances[1].id.uuid.bytes.fill(0xff);
    concert.performances[2].date = "";
    const double least = std::numeric_limits<double>::denorm_min();
    const double most = std::numeric_limits<double>::max();
    // In no order, and with gaps: both are kept.
    concert.seats.push_back({.number = INT32_MAX, .x = most, .y = -most});
    concert.seats.push_back({.number = 1, .x = least, .y = -least});
    concert.seats.push_back({.number = 40'000, .x = 0.1, .y = 1.0 / 3});
    concert.seats.push_back({.number = 2, .price = {Money::max_minor}});
    store->add(concert, {});
    check_comes_back(store, concert);
    if (backend.lasts) {
        store.reopen();
        check_comes_back(store, concert);
    }
}

CONCERTRES_BACKEND_TEST("every part of a sale is kept, alone and with the others") {
    TestStore store(backend);
    std::vector<Sale> sales(16);
    sales[1].room = RoomPolicy{};  // a room that limits nothing is not the same as no room
    sales[2].room = RoomPolicy{.active_max = INT64_MAX};
    sales[3].room = RoomPolicy{.window = AdmissionWindow{INT64_MAX, Duration(INT64_MAX)}};
    sales[4].room = RoomPolicy{.pass_ttl = Duration(1)};
    sales[5].room = RoomPolicy{.custom = "members first"};
    sales[6].room = RoomPolicy{1, AdmissionWindow{1, Duration(1)}, Duration(1), "x"};
    sales[7].opens_at = Time{};
    sales[9].room = RoomPolicy{.draw = true, .classes = {{"only", 3}}};
    sales[9].draw = DrawState{.seed = {7}, .drawn_at = {}};
    sales[10].draw = DrawState{.seed = {}, .drawn_at = Time{}};
    sales[11].room = RoomPolicy{.waiting_list = true};
    sales[12].room = RoomPolicy{.closed_loop = ClosedLoop{.ceiling = 9, .load_max = 0.8}};
    sales[13].room = RoomPolicy{.closed_loop = ClosedLoop{.ceiling = 9, .commit_max = 20ms}};
    sales[14].room = RoomPolicy{.closed_loop = ClosedLoop{.ceiling = 9, .seats_per_pass_min = 2}};
    sales[15].room = RoomPolicy{.no_shows = NoShows{Duration(INT64_MAX), Duration(1)}};
    sales[8].opens_at = Time(Duration(INT64_MAX));
    sales[8].mode = SaleMode::closed;
    sales[8].next_event = INT64_MAX;
    sales[8].policy_state = std::string("\0\xff\x80 bytes\0", 11);
    std::vector<NewConcert> added;
    for (const Sale& sale : sales) {
        NewConcert concert = new_concert(*store);
        concert.sale = sale;
        concert.sale.concert = concert.concert.key;
        store->add(concert, {});
        check_comes_back(store, concert);
        added.push_back(concert);
    }
    if (!backend.lasts) return;
    store.reopen();
    const auto concerts = store->concerts();
    REQUIRE(concerts.size() == added.size());
    for (std::size_t i = 0; i < added.size(); ++i) CHECK(concerts[i].sale == added[i].sale);
}

CONCERTRES_BACKEND_TEST("concerts come back in the order in which they were added") {
    TestStore store(backend);
    NewConcert first = new_concert(*store);
    NewConcert second = new_concert(*store);
    NewConcert third = new_concert(*store);
    store->add(second, {});
    store->add(third, {});
    store->add(first, {});
    const auto check_order = [&] {
        const auto concerts = store->concerts();
        REQUIRE(concerts.size() == 3);
        CHECK(same(concerts[0], second));
        CHECK(same(concerts[1], third));
        CHECK(same(concerts[2], first));
    };
    check_order();
    if (!backend.lasts) return;
    store.reopen();
    check_order();
}

CONCERTRES_BACKEND_TEST("the sale that comes with a concert is the sale as it stands") {
    TestStore store(backend);
    const NewConcert concert = add_concert(*store);
    Sale sale = concert.sale;
    sale.mode = SaleMode::paused;
    sale.room = RoomPolicy{.active_max = 7};
    sale.policy_state = "state";
    put(*store, sale);
    CHECK(store->concerts().front().sale == sale);
    if (!backend.lasts) return;
    store.reopen();
    CHECK(store->concerts().front().sale == sale);
}

CONCERTRES_BACKEND_TEST("a new concert has a free seat for every seat of every performance") {
    TestStore store(backend);
    NewConcert concert = new_concert(*store, {.performances = 3, .seats = 0});
    for (SeatNumber number : {900, 3, 2, 50}) concert.seats.push_back({.number = number});
    store->add(concert, {});
    const std::vector<SeatNumber> by_number = {2, 3, 50, 900};
    const auto check_seats = [&] {
        for (const Performance& performance : concert.performances) {
            const auto seats = store->seats(performance.key, 0, SIZE_MAX);
            REQUIRE(seats.size() == 4);
            for (std::size_t i = 0; i < seats.size(); ++i) {
                CHECK(seats[i] == Seat{.performance = performance.key, .number = by_number[i]});
                CHECK(read_row<Seat>(*store, seats[i].key()) == Versioned<Seat>{seats[i], 1});
            }
        }
    };
    check_seats();
    if (!backend.lasts) return;
    store.reopen();
    check_seats();
}

CONCERTRES_BACKEND_TEST("a new concert has its sale, its line and its performances' states") {
    TestStore store(backend);
    for (bool room : {false, true}) {
        const NewConcert concert =
            add_concert(*store, {.performances = 2, .seats = 7, .room = room});
        const ConcertKey key = concert.concert.key;
        CHECK(read_row<Sale>(*store, key) == Versioned<Sale>{concert.sale, 1});
        CHECK(read_row<Line>(*store, {key, 0}) == Versioned<Line>{Line{.concert = key}, 1});
        CHECK_FALSE(read_row<Line>(*store, {key, 1}));
        for (const Performance& performance : concert.performances) {
            PerformanceState state{.performance = performance.key, .counts = {.free = 7}};
            CHECK(read_row<PerformanceState>(*store, performance.key) ==
                  Versioned<PerformanceState>{state, 1});
        }
    }
}

CONCERTRES_BACKEND_TEST("the seats of one concert stay while another is added") {
    TestStore store(backend);
    const NewConcert first = add_concert(*store, {.seats = 5});
    const PerformanceKey performance = first.performances.front().key;
    const Held held = held_seats(*store, performance, {2, 3}, at(1h));
    put(*store, held);
    add_concert(*store, {.seats = 9});
    const auto seats = store->seats(performance, 0, SIZE_MAX);
    REQUIRE(seats.size() == 5);
    CHECK(seats[0].status == SeatStatus::free);
    CHECK(seats[1] == held.seats[0]);
    CHECK(seats[2] == held.seats[1]);
}

CONCERTRES_BACKEND_TEST("progress is told while a concert is added, up to the end") {
    TestStore store(backend);
    const NewConcert concert = new_concert(*store, {.performances = 4, .seats = 3'000});
    std::size_t last = 0;
    std::size_t calls = 0;
    std::size_t whole = 0;
    store->add(concert, [&](std::size_t done, std::size_t total) {
        CHECK(done >= last);
        CHECK(done <= total);
        if (calls++ > 0) CHECK(total == whole);
        whole = total;
        last = done;
    });
    CHECK(calls > 0);
    CHECK(last == whole);
    for (const Performance& performance : concert.performances) {
        CHECK(store->seats(performance.key, 0, SIZE_MAX).size() == 3'000);
    }
}

CONCERTRES_BACKEND_TEST("performances are those that start after a time, by start") {
    TestStore store(backend);
    add_concert(*store, {.performances = 2});
    NewConcert concert = new_concert(*store, {.performances = 4});
    const std::vector<Duration> starts = {30h, 10h, 40h, 20h};
    for (std::size_t i = 0; i < starts.size(); ++i) {
        concert.performances[i].starts_at = at(starts[i]);
    }
    store->add(concert, {});
    add_concert(*store, {.performances = 2});
    const auto after = [&](Time time) {
        std::vector<PerformanceKey> keys;
        for (const auto& state : store->performances(concert.concert.key, time)) {
            keys.push_back(state.performance);
        }
        return keys;
    };
    const auto key = [&](std::size_t i) { return concert.performances[i].key; };
    using Keys = std::vector<PerformanceKey>;
    CHECK(after(Time{}) == Keys{key(1), key(3), key(0), key(2)});
    CHECK(after(at(10h) - 1us) == Keys{key(1), key(3), key(0), key(2)});
    CHECK(after(at(10h)) == Keys{key(3), key(0), key(2)});
    CHECK(after(at(30h)) == Keys{key(2)});
    CHECK(after(at(40h)).empty());
}

CONCERTRES_BACKEND_TEST("performances come as they stand") {
    TestStore store(backend);
    const NewConcert concert = add_concert(*store, {.performances = 2, .seats = 4});
    PerformanceState state{.performance = concert.performances[1].key,
                           .counts = {.free = 1, .blocked = 1, .held = 1, .sold = 1},
                           .next_event = 77};
    put(*store, state);
    const auto states = store->performances(concert.concert.key, Time{});
    REQUIRE(states.size() == 2);
    CHECK(states[0].counts == SeatCounts{.free = 4});
    CHECK(states[1] == state);
}

// --- Keys
// -----------------------------------------------------------------------------------------

CONCERTRES_BACKEND_TEST("keys are above 0 and never given twice") {
    TestStore store(backend);
    std::int64_t next = 1;
    for (std::size_t count : {1u, 1u, 100u, 5'000u, 1u, 70'000u, 3u}) {
        const std::int64_t first = store->allocate(count);
        CHECK(first >= next);
        next = first + static_cast<std::int64_t>(count);
    }
    CHECK(next < 1'000'000);  // they are dense, or nearly so
}

CONCERTRES_BACKEND_TEST("a key that a row has is not given again after the store was reopened") {
    if (!backend.lasts) return;
    TestStore store(backend);
    // Each time the last key that was given is the key of something else.
    const auto check_fresh = [&](std::int64_t used, const char* what) {
        CAPTURE(what);
        store.reopen();
        CHECK(store->allocate(1) > used);
    };
    const NewConcert concert = add_concert(*store);
    check_fresh(concert.performances.back().key.value, "performance");
    NewConcert other = new_concert(*store);
    other.concert.key = new_key<ConcertKey>(*store);
    other.performances.front().concert = other.concert.key;
    other.sale.concert = other.concert.key;
    store->add(other, {});
    check_fresh(other.concert.key.value, "concert");
    const auto user = new_key<UserKey>(*store);
    put(*store, User{{uuid_of(user.value)}, user});
    check_fresh(user.value, "user");
    const auto reservation = new_key<ReservationKey>(*store);
    put(*store, Reservation{.row = reservation,
                            .id = {uuid_of(reservation.value)},
                            .user = user,
                            .performance = concert.performances.front().key});
    check_fresh(reservation.value, "reservation");
    const auto payment = new_key<PaymentKey>(*store);
    put(*store, Payment{.row = payment, .id = {uuid_of(payment.value)}, .user = user});
    check_fresh(payment.value, "payment");
}

// --- Secrets
// --------------------------------------------------------------------------------------

CONCERTRES_BACKEND_TEST("a store has secrets of its own, made once") {
    TestStore one(backend);
    TestStore other(backend);
    const StoreSecrets secrets = one->secrets();
    REQUIRE(!secrets.tokens.empty());
    CHECK(secrets.ids != other->secrets().ids);
    CHECK(secrets.tokens.front().secret != other->secrets().tokens.front().secret);
    CHECK(secrets.ids != std::array<std::uint8_t, 16>{});
    CHECK(secrets.tokens.front().secret != std::array<std::uint8_t, 32>{});
    if (!backend.lasts) return;
    one.reopen();
    REQUIRE(one->secrets().tokens.size() == secrets.tokens.size());
    CHECK(one->secrets().ids == secrets.ids);
    CHECK(one->secrets().tokens.front().id == secrets.tokens.front().id);
    CHECK(one->secrets().tokens.front().secret == secrets.tokens.front().secret);
}

TEST_SUITE_END();

}  // namespace concertres::test
