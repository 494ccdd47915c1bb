// What the rules for payments from the wallet, for payments with money from outside and for refunds
// share. `Rows` is PayRows, SettleRows or RefundRows.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "concertres/assert.hpp"
#include "concertres/payment.hpp"
#include "domain/reservation_parts.hpp"

namespace concertres {

[[nodiscard]] inline Money total_of(const std::vector<HeldRows>& held) {
    Money total;
    for (const HeldRows& one : held) {
        const std::optional<Money> sum = checked_add(total, one.reservation.total);
        CONCERTRES_ASSERT(sum);
        total = *sum;
    }
    return total;
}

// Whether money from outside is on its way for one that is still held.
[[nodiscard]] inline bool any_pending(const std::vector<HeldRows>& held, Time now) {
    for (const HeldRows& one : held) {
        const Reservation& reservation = one.reservation;
        if (reservation.payment && reservation.status_at(now) == ReservationStatus::held) {
            return true;
        }
    }
    return false;
}

// The payment's money, and nothing where the seats are free of charge: a movement of 0 is none.
[[nodiscard]] inline Result<std::optional<Movement>> movement_of(const Wallet& wallet,
                                                                 const MovementFacts& facts) {
    if (facts.amount == Money{}) return std::optional<Movement>();
    Result<Movement> movement = move_money(wallet, facts);
    if (!movement) return movement.error();
    return std::optional<Movement>(*std::move(movement));
}

template <class Rows>
void apply_movement(Rows& rows, std::optional<Movement>&& movement) {
    if (!movement) return;
    rows.wallet = movement->wallet;
    rows.transfers.push_back(movement->transfer);
    rows.events.push_back(std::move(movement->event));
}

template <class Rows>
PerformanceState& performance_of(Rows& rows, const Reservation& reservation) {
    const auto found = rows.performances.find(reservation.performance);
    CONCERTRES_ASSERT(found != rows.performances.end());
    return found->second;
}

// change(Limit&) for both limits that the reservation counts in.
template <class Rows, class Change>
void change_limits(Rows& rows, const Reservation& reservation, Change&& change) {
    for (const std::int64_t scope : {reservation.performance.value, reservation.concert.value}) {
        const auto found = rows.limits.find({reservation.user, scope});
        CONCERTRES_ASSERT(found != rows.limits.end());
        change(found->second);
    }
}

// One event in the stream of each performance, with all reservations of it.
template <class Rows>
void add_events(Rows& rows, const Event& common) {
    std::map<PerformanceKey, Event> by_performance;
    for (const HeldRows& one : rows.paid) {
        Event& event =
            by_performance.try_emplace(one.reservation.performance, common).first->second;
        event.items.push_back(item_of(one.reservation));
        event.amount.minor += one.reservation.total.minor;
    }
    for (auto& [performance, event] : by_performance) {
        rows.performances.at(performance).number(event);
        rows.events.push_back(std::move(event));
    }
}

template <class Rows>
void sell(Rows& rows, HeldRows& held, PaymentKey payment, Time now) {
    Reservation& reservation = held.reservation;
    const std::int64_t sold =
        move_seats(held, performance_of(rows, reservation), SeatStatus::held, SeatStatus::sold);
    CONCERTRES_ASSERT(sold == seat_count(reservation));
    reservation.status = ReservationStatus::paid;
    reservation.payment = payment;
    change_limits(rows, reservation, [&](Limit& limit) {
        limit.drop(reservation.row, now);
        limit.paid += seat_count(reservation);
    });
}

inline void spend(Pass& pass) {
    pass.status = PassStatus::spent;
    pass.held.clear();
}

// A pass pays once: what else it holds goes back. What has ended stays as it is.
template <class Rows>
void release_others(Rows& rows, Payment& payment, Time now) {
    for (HeldRows& other : rows.others) {
        const Reservation& reservation = other.reservation;
        if (reservation.status_at(now) != ReservationStatus::held) continue;
        release_hold(performance_of(rows, reservation), other, {.payment = payment.id, .actor = {}},
                     now, rows.events);
        change_limits(rows, reservation, [&](Limit& limit) { limit.drop(reservation.row, now); });
        payment.released.push_back(reservation.row);
    }
}

}  // namespace concertres
