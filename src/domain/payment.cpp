#include "concertres/payment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "domain/reservation_parts.hpp"

namespace concertres {
namespace {

Money total_of(const std::vector<HeldRows>& held) {
    Money total;
    for (const HeldRows& one : held) {
        const std::optional<Money> sum = checked_add(total, one.reservation.total);
        CONCERTRES_ASSERT(sum);
        total = *sum;
    }
    return total;
}

// The payment's money, and nothing where the seats are free of charge: a movement of 0 is none.
Result<std::optional<Movement>> movement_of(const Wallet& wallet, const MovementFacts& facts) {
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

// --- Pay -----------------------------------------------------------------------------------------

bool are_of(const PayRows& rows, const PayFacts& facts) {
    std::set<ReservationKey> seen;
    const auto is_new_and_theirs = [&](const HeldRows& held) {
        return seen.insert(held.reservation.row).second && held.reservation.user == facts.user &&
               held.reservation.concert == facts.concert;
    };
    return !rows.paid.empty() && rows.wallet.user == facts.user &&
           std::all_of(rows.paid.begin(), rows.paid.end(), is_new_and_theirs) &&
           std::all_of(rows.others.begin(), rows.others.end(), is_new_and_theirs);
}

Result<std::optional<Movement>> check_pay(const PayRows& rows, const PayFacts& facts) {
    if (auto r = check_admitted(rows.standing, facts.user, facts.now); !r) return r.error();
    for (const HeldRows& held : rows.paid) {
        if (auto r = check_held(held.reservation, facts.now); !r) return r.error();
    }
    return movement_of(rows.wallet, {.kind = TransferKind::payment,
                                     .amount = total_of(rows.paid),
                                     .id = facts.transfer,
                                     .user = facts.user_id,
                                     .reference = facts.id,
                                     .fingerprint = facts.fingerprint,
                                     .now = facts.now});
}

Payment payment_of(const PayRows& rows, const PayFacts& facts) {
    Payment payment{.row = facts.row,
                    .id = facts.id,
                    .user = facts.user,
                    .user_id = facts.user_id,
                    .concert = facts.concert,
                    .place = facts.place,
                    .reservations = {},
                    .released = {},
                    .amount = total_of(rows.paid),
                    .balance_after = {rows.wallet.balance.minor - total_of(rows.paid).minor},
                    .status = PaymentStatus::completed,
                    .paid_at = facts.now,
                    .refunded_at = {},
                    .fingerprint = facts.fingerprint};
    for (const HeldRows& held : rows.paid) payment.reservations.push_back(held.reservation.row);
    return payment;
}

void sell(PayRows& rows, HeldRows& held, const PayFacts& facts) {
    Reservation& reservation = held.reservation;
    const std::int64_t sold =
        move_seats(held, performance_of(rows, reservation), SeatStatus::held, SeatStatus::sold);
    CONCERTRES_ASSERT(sold == seat_count(reservation));
    reservation.status = ReservationStatus::paid;
    reservation.payment = facts.row;
    change_limits(rows, reservation, [&](Limit& limit) {
        limit.drop(reservation.row, facts.now);
        limit.paid += seat_count(reservation);
    });
}

// A pass pays once: what else it holds goes back. What has ended stays as it is.
void release_others(PayRows& rows, Payment& payment, Time now) {
    for (HeldRows& other : rows.others) {
        const Reservation& reservation = other.reservation;
        if (reservation.status_at(now) != ReservationStatus::held) continue;
        release_hold(performance_of(rows, reservation), other, {.payment = payment.id, .actor = {}},
                     now, rows.events);
        change_limits(rows, reservation, [&](Limit& limit) { limit.drop(reservation.row, now); });
        payment.released.push_back(reservation.row);
    }
}

void apply_pay(PayRows& rows, const PayFacts& facts, std::optional<Movement>&& movement) {
    Payment payment = payment_of(rows, facts);
    for (HeldRows& held : rows.paid) sell(rows, held, facts);
    Event event{.kind = EventKind::payment_completed,
                .at = facts.now,
                .user = facts.user_id,
                .place = facts.place,
                .payment = facts.id};
    if (movement) event.transfer = facts.transfer;
    Pass* pass = pass_of(rows.standing);
    if (pass != nullptr) {
        pass->status = PassStatus::spent;
        pass->held.clear();
        event.pass_expires_at = facts.now;
    }
    add_events(rows, event);
    if (pass != nullptr) release_others(rows, payment, facts.now);
    apply_movement(rows, std::move(movement));
    CONCERTRES_ASSERT(rows.wallet.balance == payment.balance_after);
    rows.made = std::move(payment);
}

// --- Refund --------------------------------------------------------------------------------------

Result<std::optional<Movement>> check_refund(const RefundRows& rows, const RefundFacts& facts) {
    const auto last = refundable_until(facts.policy, facts.first_starts_at);
    if (!last) {
        return Error{.code = Errc::refund_not_allowed,
                     .detail = "this concert gives no money back",
                     .seats = {}};
    }
    if (facts.now > *last) {
        return Error{.code = Errc::refund_not_allowed,
                     .detail = fmt::format("money was given back until {}", to_rfc3339(*last)),
                     .seats = {}};
    }
    return movement_of(rows.wallet, {.kind = TransferKind::refund,
                                     .amount = rows.payment.amount,
                                     .id = facts.transfer,
                                     .user = rows.payment.user_id,
                                     .reference = rows.payment.id,
                                     .fingerprint = 0,
                                     .now = facts.now});
}

void give_back(RefundRows& rows, HeldRows& paid) {
    Reservation& reservation = paid.reservation;
    CONCERTRES_ASSERT(reservation.status == ReservationStatus::paid &&
                      reservation.payment == rows.payment.row);
    const std::int64_t freed =
        move_seats(paid, performance_of(rows, reservation), SeatStatus::sold, SeatStatus::free);
    CONCERTRES_ASSERT(freed == seat_count(reservation));
    reservation.status = ReservationStatus::refunded;
    change_limits(rows, reservation, [&](Limit& limit) {
        limit.paid -= seat_count(reservation);
        CONCERTRES_ASSERT(limit.paid >= 0);
    });
}

void apply_refund(RefundRows& rows, const RefundFacts& facts, std::optional<Movement>&& movement) {
    for (HeldRows& paid : rows.paid) give_back(rows, paid);
    Event event{.kind = EventKind::payment_refunded,
                .at = facts.now,
                .user = rows.payment.user_id,
                .place = rows.payment.place,
                .payment = rows.payment.id};
    if (movement) event.transfer = facts.transfer;
    add_events(rows, event);
    apply_movement(rows, std::move(movement));
    rows.payment.status = PaymentStatus::refunded;
    rows.payment.refunded_at = facts.now;
}

}  // namespace

std::string_view payment_status_name(PaymentStatus status) noexcept {
    switch (status) {
        case PaymentStatus::completed:
            return "completed";
        case PaymentStatus::refunded:
            return "refunded";
    }
    return "unknown";
}

Result<void> pay(PayRows& rows, const PayFacts& facts) {
    CONCERTRES_ASSERT(are_of(rows, facts));
    Result<std::optional<Movement>> movement = check_pay(rows, facts);
    if (!movement) return movement.error();
    apply_pay(rows, facts, *std::move(movement));
    return {};
}

std::optional<Time> refundable_until(const RefundPolicy& policy, Time first_starts_at) {
    if (!policy.allowed) return std::nullopt;
    return first_starts_at - policy.until_before_start;
}

Result<void> refund(RefundRows& rows, const RefundFacts& facts) {
    CONCERTRES_ASSERT(rows.payment.status == PaymentStatus::completed);
    CONCERTRES_ASSERT(rows.paid.size() == rows.payment.reservations.size());
    CONCERTRES_ASSERT(total_of(rows.paid) == rows.payment.amount);
    Result<std::optional<Movement>> movement = check_refund(rows, facts);
    if (!movement) return movement.error();
    apply_refund(rows, facts, *std::move(movement));
    return {};
}

}  // namespace concertres
