// Rows for the tests of the pure rules: a concert with two performances and a waiting room, and two
// users. Whatever a test does not say is as in an ordinary sale.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "concertres/payment.hpp"
#include "concertres/reservation.hpp"

namespace rows {

using namespace concertres;
using namespace std::chrono_literals;

inline constexpr Time t0{std::chrono::seconds(1'800'000'000)};
inline constexpr Time starts_at = t0 + std::chrono::days(30);
// The least that two times differ by.
inline constexpr Duration tick{1};

inline constexpr ConcertKey concert_key{1};
inline constexpr PerformanceKey monday{2};
inline constexpr PerformanceKey tuesday{3};
inline constexpr UserKey alice{11};
inline constexpr UserKey bob{12};
inline constexpr PlaceNumber alices_place{5};
inline constexpr Money price{10'000};

inline UserId id_of(UserKey user) {
    return UserId::from_name("user " + std::to_string(user.value));
}
inline ReservationId id_of(ReservationKey row) {
    return ReservationId::from_name("reservation " + std::to_string(row.value));
}

// "ok", or the name of the refusal.
template <class T>
std::string code(const Result<T>& result) {
    return result ? "ok" : std::string(code_name(result.error().code));
}

inline Concert concert() {
    return {.key = concert_key,
            .id = ConcertId::from_name("concert"),
            .title = "Winter Songs",
            .hold_ttl = 5min};
}

inline Sale open_sale() { return {.concert = concert_key, .room = RoomPolicy{}}; }

// 100 seats, of which `held` and `sold` are not free.
inline PerformanceState performance(PerformanceKey key, std::int64_t held = 0,
                                    std::int64_t sold = 0) {
    return {.performance = key,
            .counts = {.free = 100 - held - sold, .held = held, .sold = sold},
            .next_event = 7};
}

inline Standing waiting(UserKey user = alice) {
    return {.has_room = true,
            .place = Place{.concert = concert_key,
                           .number = alices_place,
                           .user = user,
                           .user_id = id_of(user),
                           .status = PlaceStatus::waiting,
                           .joined_at = t0 - 1h}};
}

// Admitted at t0, for ten minutes, and for thirty at most.
inline Standing admitted(UserKey user = alice) {
    Standing standing = waiting(user);
    standing.place->status = PlaceStatus::admitted;
    standing.pass = Pass{.concert = concert_key,
                         .number = alices_place,
                         .user = user,
                         .user_id = id_of(user),
                         .admitted_at = t0,
                         .expires_at = t0 + 10min,
                         .ceiling = t0 + 30min};
    return standing;
}

inline Standing no_room() { return {}; }

// A reservation held at t0 until `until`, with the seats that stand for it.
inline HeldRows held(ReservationKey row, PerformanceKey performance,
                     const std::vector<SeatNumber>& numbers, Time until = t0 + 5min,
                     UserKey user = alice) {
    HeldRows rows;
    rows.reservation = {.row = row,
                        .id = id_of(row),
                        .user = user,
                        .user_id = id_of(user),
                        .concert = concert_key,
                        .performance = performance,
                        .place = alices_place,
                        .held_at = t0,
                        .held_until = until,
                        .extend_until = t0 + 15min};
    for (const SeatNumber number : numbers) {
        rows.reservation.seats.push_back({number, price});
        rows.reservation.total.minor += price.minor;
        rows.seats.push_back({.performance = performance,
                              .number = number,
                              .status = SeatStatus::held,
                              .reservation = row,
                              .held_until = until});
    }
    return rows;
}

inline LimitEntry entry_of(const HeldRows& rows) {
    return {rows.reservation.row, static_cast<std::int32_t>(rows.seats.size()),
            rows.reservation.held_until};
}

// Every seat of a reservation is in the state that goes with the reservation's own.
inline void check_seats(const HeldRows& rows) {
    const Reservation& reservation = rows.reservation;
    for (const Seat& seat : rows.seats) {
        CAPTURE(seat.number);
        switch (reservation.status) {
            case ReservationStatus::held:
                CHECK(seat == Seat{.performance = reservation.performance,
                                   .number = seat.number,
                                   .status = SeatStatus::held,
                                   .reservation = reservation.row,
                                   .held_until = reservation.held_until});
                break;
            case ReservationStatus::paid:
                CHECK(seat == Seat{.performance = reservation.performance,
                                   .number = seat.number,
                                   .status = SeatStatus::sold,
                                   .reservation = reservation.row});
                break;
            default:
                CHECK(seat == Seat{.performance = reservation.performance,
                                   .number = seat.number,
                                   .status = SeatStatus::free});
        }
    }
}

}  // namespace rows
