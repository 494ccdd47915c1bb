#include "support/sample_rows.hpp"

#include <cstring>

namespace concertres::test {

using std::chrono::days;
using std::chrono::minutes;

Uuid uuid_of(std::int64_t number) {
    Uuid uuid;
    std::memcpy(uuid.bytes.data() + 8, &number, sizeof(number));
    uuid.bytes[0] = 0xab;
    return uuid;
}

NewConcert new_concert(Storage& storage, const Shape& shape) {
    NewConcert concert;
    const auto key = new_key<ConcertKey>(storage);
    concert.concert = {.key = key,
                       .id = {uuid_of(key.value)},
                       .title = "Winter Songs",
                       .venue = "Town Hall",
                       .hold_ttl = minutes(5)};
    for (int i = 0; i < shape.performances; ++i) {
        const auto performance = new_key<PerformanceKey>(storage);
        const Time starts_at = TestClock::default_wall + days(30 + i);
        concert.performances.push_back({.key = performance,
                                        .id = {uuid_of(performance.value)},
                                        .concert = key,
                                        .starts_at = starts_at,
                                        .utc_offset = minutes(540),
                                        .date = local_date(starts_at, minutes(540))});
    }
    for (SeatNumber number = 1; number <= shape.seats; ++number) {
        concert.seats.push_back(
            {.number = number, .label = std::to_string(number), .price = {50'000}});
    }
    concert.sale.concert = key;
    if (shape.room) concert.sale.room = RoomPolicy{.active_max = 100};
    return concert;
}

NewConcert add_concert(Storage& storage, const Shape& shape) {
    NewConcert concert = new_concert(storage, shape);
    storage.add(concert, {});
    return concert;
}

bool same(const NewConcert& a, const NewConcert& b) {
    return a.concert == b.concert && a.performances == b.performances && a.seats == b.seats &&
           a.sale == b.sale;
}

Held held_seats(Storage& storage, PerformanceKey performance, const std::vector<SeatNumber>& seats,
                Time until) {
    Held held;
    Reservation& reservation = held.reservation;
    reservation.row = new_key<ReservationKey>(storage);
    reservation.id = {uuid_of(reservation.row.value)};
    reservation.user = new_key<UserKey>(storage);
    reservation.user_id = {uuid_of(reservation.user.value)};
    reservation.performance = performance;
    reservation.held_at = until - minutes(5);
    reservation.held_until = until;
    reservation.extend_until = until + minutes(10);
    for (SeatNumber number : seats) {
        reservation.seats.push_back({number, {50'000}});
        reservation.total.minor += 50'000;
        held.seats.push_back({.performance = performance,
                              .number = number,
                              .status = SeatStatus::held,
                              .reservation = reservation.row,
                              .held_until = until});
    }
    return held;
}

Held ended(Held held, ReservationStatus as) {
    held.reservation.status = as;
    for (Seat& seat : held.seats) {
        const bool sold = as == ReservationStatus::paid;
        seat.status = sold ? SeatStatus::sold : SeatStatus::free;
        if (!sold) seat.reservation = {};
        seat.held_until = {};
    }
    return held;
}

void put(Storage& storage, const Held& held) { put(storage, held.reservation, held.seats); }

Place waiting_place(ConcertKey concert, std::int64_t sequence, UserKey user) {
    return {.concert = concert,
            .number = PlaceNumber::of(0, sequence),
            .user = user,
            .user_id = {uuid_of(user.value)},
            .joined_at = TestClock::default_wall};
}

Walk admitted_place(ConcertKey concert, std::int64_t sequence, UserKey user, Time until) {
    Walk walk;
    walk.place = waiting_place(concert, sequence, user);
    walk.place.status = PlaceStatus::admitted;
    walk.pass = {.concert = concert,
                 .number = walk.place.number,
                 .user = user,
                 .user_id = walk.place.user_id,
                 .admitted_at = until - minutes(10),
                 .expires_at = until,
                 .ceiling = until + minutes(20)};
    return walk;
}

Walk ended(Walk walk, PassStatus as) {
    walk.pass.status = as;
    return walk;
}

void put(Storage& storage, const Walk& walk) { put(storage, walk.place, walk.pass); }

}  // namespace concertres::test
