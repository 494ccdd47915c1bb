// What storage promises of single rows: that what is written is what is read, in every table and
// with any value that a field can have.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "support/backends.hpp"
#include "support/sample_rows.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

constexpr Time last_time{Duration(INT64_MAX)};
const PlaceNumber last_place = PlaceNumber::last_of(PlaceNumber::classes_max - 1);

Uuid all_ones() {
    Uuid uuid;
    uuid.bytes.fill(0xff);
    return uuid;
}

template <class Row>
void check_rows(Storage& storage, const std::vector<Row>& rows, std::uint64_t version) {
    for (const Row& row : rows) {
        CHECK(read_row<Row>(storage, row.key()) == Versioned<Row>{row, version});
    }
}

// Writes the first of each two, then the second over it; `there`: the version before.
template <class Row>
void check_round_trip(TestStore& store, const std::vector<Row>& first,
                      const std::vector<Row>& second, std::uint64_t there = 0) {
    put(*store, first);
    check_rows(*store, first, there + 1);
    if (store.backend().lasts) {
        store.reopen();
        check_rows(*store, first, there + 1);
    }
    put(*store, second);
    check_rows(*store, second, there + 2);
    if (store.backend().lasts) {
        store.reopen();
        check_rows(*store, second, there + 2);
    }
    put(*store, first);
    check_rows(*store, first, there + 3);
}

}  // namespace

TEST_SUITE_BEGIN("storage contract: rows");

CONCERTRES_BACKEND_TEST("users come back as they were written") {
    TestStore store(backend);
    std::vector<User> users;
    for (const Uuid& id : {Uuid{}, uuid_of(1), uuid_of(-1), all_ones(), Uuid::random()}) {
        users.push_back({{id}, new_key<UserKey>(*store)});
    }
    put(*store, users);
    check_rows(*store, users, 1);
    if (!backend.lasts) return;
    store.reopen();
    check_rows(*store, users, 1);
}

CONCERTRES_BACKEND_TEST("wallets come back as they were written") {
    TestStore store(backend);
    const auto a = new_key<UserKey>(*store);
    const auto b = new_key<UserKey>(*store);
    check_round_trip<Wallet>(store, {{a, {0}, 1}, {b, {Money::max_minor}, INT64_MAX}},
                             {{a, {1}, 2}, {b, {0}, 1}});
}

CONCERTRES_BACKEND_TEST("performances' states come back as they were written") {
    TestStore store(backend);
    const NewConcert concert = add_concert(*store, {.performances = 2});
    const PerformanceKey a = concert.performances[0].key;
    const PerformanceKey b = concert.performances[1].key;
    check_round_trip<PerformanceState>(
        store, {{a, {1, 2, 3, 4}, 5}, {b, {0, 0, 0, 10}, INT64_MAX}},
        {{a, {4, 3, 2, 1}, 6}, {b, {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX}, 1}}, 1);
}

CONCERTRES_BACKEND_TEST("sales come back as they were written") {
    TestStore store(backend);
    Sale a = add_concert(*store).sale;
    Sale b = add_concert(*store, {.room = true}).sale;
    const std::vector<Sale> at_first = {a, b};
    a.mode = SaleMode::draining;
    a.opens_at = last_time;
    a.room = RoomPolicy{INT64_MAX, AdmissionWindow{1, 1s}, 1us, "'none'"};
    a.policy_state = std::string(100'000, '\0');
    a.next_event = INT64_MAX;
    b.mode = SaleMode::closed;
    b.opens_at = Time{};
    b.room = RoomPolicy{};
    b.policy_state = "\xff\x01";
    a.room->draw = true;
    a.room->waiting_list = true;
    a.room->no_shows = NoShows{90s, 1s};
    a.room->closed_loop = ClosedLoop{.floor = 1,
                                     .ceiling = INT64_MAX,
                                     .add = INT64_MAX,
                                     .cut = 99,
                                     .every = 1us,
                                     .load_max = 0.1,
                                     .commit_max = 1us,
                                     .seats_per_pass_min = INT64_MAX};
    a.draw = DrawState{.seed = {0xff, 0, 1}, .drawn_at = {}};
    b.draw = DrawState{.seed = {1}, .drawn_at = last_time};
    a.room->classes = {{"general", 1}, {"fan_club", RoomClass::weight_max}};
    b.room->classes = {{"a-b_c9", 7}};
    a.share_state = std::string("S\0\xff", 3);
    check_round_trip<Sale>(store, {a, b}, at_first, 1);
}

CONCERTRES_BACKEND_TEST("lines come back as they were written") {
    TestStore store(backend);
    const ConcertKey a = add_concert(*store).concert.key;
    const ConcertKey b = add_concert(*store).concert.key;
    check_round_trip<Line>(store,
                           {{.concert = a, .next_sequence = 2},
                            {.concert = b, .epoch = INT64_MAX, .next_sequence = INT64_MAX}},
                           {{.concert = a, .epoch = 1, .closed_until = Time{Duration{7}}},
                            {.concert = b, .drawn = Drawn{.size = 9}}},
                           1);
}

CONCERTRES_BACKEND_TEST("lines of further classes come with whoever joins them first") {
    TestStore store(backend);
    const ConcertKey a = add_concert(*store).concert.key;
    const ConcertKey b = add_concert(*store).concert.key;
    const Drawn drawn{
        .line_class = 15, .epoch = INT64_MAX, .size = INT64_MAX, .next_rank = INT64_MAX};
    check_round_trip<Line>(store,
                           {{.concert = a, .line_class = 1},
                            {.concert = a, .line_class = 15, .epoch = 3, .next_sequence = 8},
                            {.concert = b, .line_class = 1, .next_sequence = 5}},
                           {{.concert = a, .line_class = 1, .epoch = 4, .next_sequence = 1},
                            {.concert = a, .line_class = 15, .epoch = 4, .drawn = drawn},
                            {.concert = b, .line_class = 1, .next_sequence = 6}});
}

CONCERTRES_BACKEND_TEST("members come back as they were written") {
    TestStore store(backend);
    const ConcertKey concert = add_concert(*store).concert.key;
    const ConcertKey other = add_concert(*store).concert.key;
    const auto user = new_key<UserKey>(*store);
    const auto second = new_key<UserKey>(*store);
    check_round_trip<Member>(
        store, {{concert, user, {1}}, {other, user, {2}}, {concert, second, last_place}},
        {{concert, user, {4}}, {other, user, last_place}, {concert, second, {1}}});
}

CONCERTRES_BACKEND_TEST("places come back as they were written") {
    TestStore store(backend);
    const ConcertKey concert = add_concert(*store).concert.key;
    const ConcertKey other = add_concert(*store).concert.key;
    const auto user = new_key<UserKey>(*store);
    using enum PlaceStatus;
    check_round_trip<Place>(store,
                            {{concert, {1}, user, {Uuid{}}, waiting, Time{}},
                             {other, {1}, user, {all_ones()}, waiting, last_time},
                             {concert, {5}, user, {uuid_of(4)}, passed, at(1us), Time{}},
                             {concert, last_place, user, {uuid_of(3)}, left, at(1us)}},
                            {{concert, {1}, user, {Uuid{}}, admitted, Time{}},
                             {other, {1}, user, {all_ones()}, left, last_time, last_time},
                             {concert, {5}, user, {uuid_of(4)}, admitted, at(1us), Time{}},
                             {concert, last_place, user, {uuid_of(3)}, waiting, at(2us)}});
}

CONCERTRES_BACKEND_TEST("passes come back as they were written") {
    TestStore store(backend);
    const ConcertKey concert = add_concert(*store).concert.key;
    const ConcertKey other = add_concert(*store).concert.key;
    const auto user = new_key<UserKey>(*store);
    std::vector<ReservationKey> many;
    for (std::int64_t i = 1; i <= 1'000; ++i) many.push_back({i});
    using enum PassStatus;
    const Time t = at(1us);
    check_round_trip<Pass>(
        store,
        {{concert, {1}, user, {Uuid{}}, admitted, Time{}, Time{}, Time{}, {}},
         {other, {1}, user, {all_ones()}, spent, last_time, last_time, last_time, {{INT64_MAX}}},
         {concert, last_place, user, {uuid_of(1)}, left, t, t + 1us, t + 2us, many}},
        {{concert, {1}, user, {Uuid{}}, expired, t, t + 1us, t + 2us, many},
         {other, {1}, user, {all_ones()}, admitted, t, t, t, {{2}, {1}}},
         {concert, last_place, user, {uuid_of(1)}, admitted, t, last_time, last_time, {}}});
}

CONCERTRES_BACKEND_TEST("limits come back as they were written") {
    TestStore store(backend);
    const auto user = new_key<UserKey>(*store);
    const auto second = new_key<UserKey>(*store);
    const NewConcert concert = add_concert(*store);
    const std::int64_t a = concert.concert.key.value;
    const std::int64_t b = concert.performances.front().key.value;
    std::vector<LimitEntry> many;
    for (std::int64_t i = 1; i <= 1'000; ++i) many.push_back({{i}, 1, at(Duration(i))});
    check_round_trip<Limit>(
        store,
        {{user, a, 0, {}}, {user, b, INT32_MAX, many}, {second, a, 1, {{{7}, 1, last_time}}}},
        {{user, a, 3, many}, {user, b, 0, {}}, {second, a, 1, {{{7}, INT32_MAX, Time{}}}}});
}

CONCERTRES_BACKEND_TEST("reservations come back as they were written") {
    TestStore store(backend);
    const auto user = new_key<UserKey>(*store);
    const NewConcert concert = add_concert(*store);
    std::vector<Reservation> first(3);
    for (Reservation& row : first) {
        row.row = new_key<ReservationKey>(*store);
        row.id = {uuid_of(row.row.value)};
        row.user = user;
        row.concert = concert.concert.key;
        row.performance = concert.performances.front().key;
    }
    first[0].id = {all_ones()};
    first[0].user_id = {all_ones()};
    first[0].place = last_place;
    for (SeatNumber i = 1; i <= 1'000; ++i) first[0].seats.push_back({i, {i}});
    first[0].total = {Money::max_minor};
    first[0].held_at = first[0].held_until = first[0].extend_until = last_time;
    first[0].fingerprint = UINT64_MAX;
    first[1].seats = {{INT32_MAX, {Money::max_minor}}, {1, {0}}};
    first[1].status = ReservationStatus::expired;
    first[1].fingerprint = std::uint64_t{1} << 63;
    std::vector<Reservation> second = first;
    second[0].status = ReservationStatus::paid;
    second[0].payment = {INT64_MAX};
    second[0].seats = {{3, {4}}};
    second[1].status = ReservationStatus::refunded;
    second[1].held_until = at(5us);
    second[2].status = ReservationStatus::released;
    check_round_trip(store, first, second);
}

CONCERTRES_BACKEND_TEST("payments come back as they were written") {
    TestStore store(backend);
    const auto user = new_key<UserKey>(*store);
    std::vector<Payment> first(3);
    for (Payment& row : first) {
        row.row = new_key<PaymentKey>(*store);
        row.id = {uuid_of(row.row.value)};
        row.user = user;
    }
    first[0].id = {all_ones()};
    first[0].user_id = {all_ones()};
    first[0].concert = {INT64_MAX};
    first[0].place = last_place;
    for (std::int64_t i = 1; i <= 1'000; ++i) {
        first[0].reservations.push_back({i});
        first[0].released.push_back({INT64_MAX - i});
    }
    first[0].amount = first[0].balance_after = {Money::max_minor};
    first[0].paid_at = last_time;
    first[0].fingerprint = UINT64_MAX;
    first[1].reservations = {{3}, {1}, {2}};
    std::vector<Payment> second = first;
    for (Payment& row : second) {
        row.status = PaymentStatus::refunded;
        row.refunded_at = last_time;
    }
    check_round_trip(store, first, second);
}

CONCERTRES_BACKEND_TEST("seats come back as they were written") {
    TestStore store(backend);
    NewConcert concert = new_concert(*store, {.performances = 2, .seats = 0});
    for (SeatNumber number : {1, 2, 70'000, INT32_MAX}) {
        concert.seats.push_back({.number = number});
    }
    store->add(concert, {});
    const PerformanceKey a = concert.performances[0].key;
    const PerformanceKey b = concert.performances[1].key;
    const ReservationKey far{INT64_MAX};
    using enum SeatStatus;
    check_round_trip<Seat>(store,
                           {{a, 1, held, {1}, at(1us)},
                            {a, 2, blocked, {}, {}},
                            {b, 1, sold, far, {}},
                            {a, INT32_MAX, held, far, last_time},
                            {b, 70'000, free, {}, {}}},
                           {{a, 1, held, {2}, Time{}},
                            {a, 2, free, {}, {}},
                            {b, 1, free, {}, {}},
                            {a, INT32_MAX, sold, {3}, {}},
                            {b, 70'000, held, {4}, last_time}},
                           1);
    CHECK(read_row<Seat>(*store, {b, 2})->row == Seat{.performance = b, .number = 2});
}

CONCERTRES_BACKEND_TEST("transfers come back as they were written") {
    TestStore store(backend);
    const auto user = new_key<UserKey>(*store);
    const auto other = new_key<UserKey>(*store);
    const Account wallet{user.value};
    const Transfer charge{.id = {all_ones()},
                          .wallet = user,
                          .number = 1,
                          .debit = cash_in,
                          .credit = wallet,
                          .amount = {Money::max_minor},
                          .balance_after = {Money::max_minor},
                          .at = last_time,
                          .fingerprint = UINT64_MAX};
    const Transfer payment{.id = {uuid_of(7)},
                           .wallet = user,
                           .number = 2,
                           .kind = TransferKind::payment,
                           .debit = wallet,
                           .credit = sales,
                           .amount = {1},
                           .balance_after = {0},
                           .reference = {all_ones()}};
    const Transfer refund{.id = {Uuid{}},
                          .wallet = other,
                          .number = 1,
                          .kind = TransferKind::refund,
                          .debit = refunds,
                          .credit = {other.value},
                          .amount = {1},
                          .reference = {uuid_of(3)},
                          .fingerprint = 1};
    put(*store, charge, payment);
    put(*store, refund);
    const auto check_transfers = [&] {
        for (const Transfer& transfer : {charge, payment, refund}) {
            const auto found = read_row<Transfer>(*store, transfer.id);
            REQUIRE(found);
            CHECK(found->row == transfer);
        }
    };
    check_transfers();
    if (!backend.lasts) return;
    store.reopen();
    check_transfers();
}

CONCERTRES_BACKEND_TEST("events come back as they were written") {
    TestStore store(backend);
    const NewConcert concert = add_concert(*store);
    const auto user = new_key<UserKey>(*store);
    using enum EventKind;
    const std::vector<EventKind> kinds = {
        reservation_held,    reservation_extended, reservation_released,
        reservation_expired, payment_completed,    payment_refunded,
        payment_authorizing, payment_failed,       seats_blocked,
        seats_unblocked,     wallet_charged,       wallet_paid,
        wallet_refunded,     pass_admitted,        pass_expired,
        pass_left,           sale_changed,         room_drawn};
    for (const Stream& stream :
         {Stream{StreamKind::performance, concert.performances.front().key.value},
          Stream{StreamKind::wallet, user.value},
          Stream{StreamKind::room, concert.concert.key.value}}) {
        std::vector<Event> events;
        const auto add = [&](Event event) {
            event.stream = stream;
            event.number = static_cast<std::int64_t>(events.size()) + 1;
            events.push_back(std::move(event));
        };
        for (EventKind kind : kinds) add({.kind = kind});
        std::vector<SeatNumber> seats;
        for (SeatNumber i = 1; i <= 1'000; ++i) seats.push_back(i);
        add({.kind = room_drawn, .draw = EventDraw{.seed = {0xff, 1}, .epoch = 1, .size = 9}});
        add({.at = last_time,
             .user = {all_ones()},
             .place = last_place,
             .payment = {all_ones()},
             .transfer = {all_ones()},
             .items = {{{uuid_of(1)}, seats}, {{uuid_of(2)}, {INT32_MAX}}, {}, {{}, {1}}},
             .amount = {Money::max_minor},
             .balance = {Money::max_minor},
             .until = last_time,
             .pass_expires_at = last_time,
             .actor = "운영자 \"\\\n\t\x01 </script>",
             .detail = std::string(10'000, 'd')});
        add({.items = {{}}});
        add({.until = Time(1us)});
        put(*store, events);
        CHECK(store->events(stream, 0, 1'000) == events);
        if (!backend.lasts) continue;
        store.reopen();
        CHECK(store->events(stream, 0, 1'000) == events);
    }
}

TEST_SUITE_END();

}  // namespace concertres::test
