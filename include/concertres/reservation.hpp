// A Reservation keeps seats of one performance for one user until a deadline. It ends exactly once:
// paid, released (by its owner, an operator, or the payment of another), or expired (by the clock).
// A paid one may become refunded.
//
// The rules below are pure: they take the rows that a command touches and the time, refuse with
// nothing changed, or change the rows. After the last refusal nothing can fail.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "concertres/admission.hpp"
#include "concertres/catalog.hpp"
#include "concertres/event.hpp"
#include "concertres/ids.hpp"
#include "concertres/money.hpp"
#include "concertres/result.hpp"
#include "concertres/seat.hpp"
#include "concertres/time.hpp"

namespace concertres {

enum class ReservationStatus : std::uint8_t {
    held = 1,
    paid = 2,
    released = 3,
    expired = 4,
    refunded = 5,
};
[[nodiscard]] std::string_view reservation_status_name(ReservationStatus status) noexcept;

// The price is frozen when the seat is held.
struct ReservedSeat {
    SeatNumber number = 0;
    Money price{};

    friend bool operator==(const ReservedSeat&, const ReservedSeat&) = default;
};

struct Reservation {
    ReservationKey row{};
    ReservationId id{};
    UserKey user{};
    UserId user_id{};
    ConcertKey concert{};
    PerformanceKey performance{};
    PlaceNumber place{};
    std::vector<ReservedSeat> seats{};  // by number
    Money total{};
    ReservationStatus status = ReservationStatus::held;
    Time held_at{};
    Time held_until{};
    Time extend_until{};  // held_until never passes it
    // That has paid for it; or that is to pay for it, with money from outside that is on its way.
    PaymentKey payment{};
    std::uint64_t fingerprint = 0;  // of the command that made it

    friend bool operator==(const Reservation&, const Reservation&) = default;

    [[nodiscard]] ReservationKey key() const { return row; }
    [[nodiscard]] ReservationStatus status_at(Time now) const {
        return status == ReservationStatus::held && held_until <= now ? ReservationStatus::expired
                                                                      : status;
    }
};

// Refuses what is not a live hold, by what it has become: reservation_expired,
// reservation_released, already_paid, reservation_refunded.
[[nodiscard]] Result<void> check_held(const Reservation& reservation, Time now);

// --- How many seats a user may have ------------------------------------------------------------

struct LimitKey {
    UserKey user{};
    std::int64_t scope = 0;  // a PerformanceKey or ConcertKey; they come from one sequence

    friend auto operator<=>(const LimitKey&, const LimitKey&) = default;
};

struct LimitEntry {
    ReservationKey reservation{};
    std::int32_t seats = 0;
    Time held_until{};

    friend bool operator==(const LimitEntry&, const LimitEntry&) = default;
};

// What a user has in one performance, or in one concert. Entries past their time count nothing and
// vanish when a command of the same user next writes the row; nobody else writes it.
struct Limit {
    UserKey user{};
    std::int64_t scope = 0;
    std::int32_t paid = 0;
    std::vector<LimitEntry> held{};

    friend bool operator==(const Limit&, const Limit&) = default;

    [[nodiscard]] LimitKey key() const { return {user, scope}; }
    // Seats paid and held at `now`.
    [[nodiscard]] std::int32_t used(Time now) const;
    // Adds the entry, or moves its deadline; drops those past their time.
    void hold(const LimitEntry& entry, Time now);
    void drop(ReservationKey reservation, Time now);
};

// --- Rules -------------------------------------------------------------------------------------

// A reservation with what it holds on to.
struct HeldRows {
    Reservation reservation{};
    std::vector<Seat> seats{};

    friend bool operator==(const HeldRows&, const HeldRows&) = default;
};

struct HoldRows {
    PerformanceState performance{};
    std::vector<Seat> seats{};  // the wanted ones, by number
    // Reservations past their time that still stand on wanted seats, with all of their seats. Where
    // one of these is wanted, it is the same in both places afterwards.
    std::vector<HeldRows> dead{};
    Limit in_performance{};
    Limit in_concert{};
    Standing standing{};
    Sale sale{};
    std::optional<Reservation> made{};
    std::vector<Event> events{};

    friend bool operator==(const HoldRows&, const HoldRows&) = default;
};
struct HoldFacts {
    ReservationKey row{};
    ReservationId id{};
    UserKey user{};
    UserId user_id{};
    PlaceNumber place{};
    Concert concert{};
    Time starts_at{};
    std::vector<ReservedSeat> seats{};  // with today's prices, by number
    // Of these, those that are kept for people of other classes.
    std::vector<SeatNumber> allotted{};
    // What the seats would leave behind and need not (avoidable_orphans); none where that is
    // allowed.
    std::vector<SeatNumber> orphans{};
    std::uint64_t fingerprint = 0;
    Duration extend_max{0};  // from the start of the hold
    Time now{};
};
// Holds all of the seats, or none. A dead hold in the way is expired whole, in the same step.
// Refuses, first match wins: not_admitted, pass_expired, pass_spent, pass_left, sale_not_open,
// sale_closed, seat_allotted, seat_blocked, seat_sold, seat_held, hold_limit, orphan_seat.
// REQUIRES: at least one seat; `rows` are those of `facts`; `dead` has every dead hold on `seats`
[[nodiscard]] Result<void> hold(HoldRows& rows, const HoldFacts& facts);

struct ExtendRows {
    PerformanceState performance{};
    HeldRows held{};
    Limit in_performance{};
    Limit in_concert{};
    Standing standing{};
    std::vector<Event> events{};

    friend bool operator==(const ExtendRows&, const ExtendRows&) = default;
};
// Moves the deadline to min(now + hold_ttl, extend_until), never back, and the pass's end with it.
// Refuses, first match wins: the pass (as hold), check_held, extend_limit (it stands there
// already).
[[nodiscard]] Result<void> extend(ExtendRows& rows, Duration hold_ttl, Time now);

struct EndRows {
    PerformanceState performance{};
    HeldRows held{};
    std::vector<Event> events{};

    friend bool operator==(const EndRows&, const EndRows&) = default;
};
// Why a hold ends before its time: another's payment, an operator, or (neither) its owner's wish.
struct ReleaseCause {
    std::optional<PaymentId> payment{};
    std::string actor{};
};
// A live hold ends before its time and its seats are free. The owner's limits and pass are the
// caller's to write.
// REQUIRES: check_held passes. Whoever calls it has checked who may.
void release(EndRows& rows, const ReleaseCause& cause, Time now);
// A dead hold is tidied up. Its owner's limits and pass stay: what is past its time counts nothing.
// REQUIRES: status held and held_until <= now
void expire(EndRows& rows, Time now);

}  // namespace concertres
