#include "concertres/payment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "domain/payment_parts.hpp"
#include "domain/reservation_parts.hpp"

namespace concertres {
namespace {

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

// What wallet and provider have in common: the pass, check_held, payment_pending.
Result<void> check_payable(const PayRows& rows, const PayFacts& facts) {
    if (auto r = check_admitted(rows.standing, facts.user, facts.now); !r) return r;
    for (const HeldRows& held : rows.paid) {
        if (auto r = check_held(held.reservation, facts.now); !r) return r;
    }
    // A pass pays once, so another of its holds stands in the way as well.
    if (!any_pending(rows.paid, facts.now) && !any_pending(rows.others, facts.now)) return {};
    return Error{.code = Errc::payment_pending,
                 .detail = "a payment for these seats, or with this pass, is on its way already",
                 .seats = {}};
}

Result<std::optional<Movement>> check_pay(const PayRows& rows, const PayFacts& facts) {
    if (auto r = check_payable(rows, facts); !r) return r.error();
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

void apply_pay(PayRows& rows, const PayFacts& facts, std::optional<Movement>&& movement) {
    Payment payment = payment_of(rows, facts);
    for (HeldRows& held : rows.paid) sell(rows, held, facts.row, facts.now);
    Event event{.kind = EventKind::payment_completed,
                .at = facts.now,
                .user = facts.user_id,
                .place = facts.place,
                .payment = facts.id};
    if (movement) event.transfer = facts.transfer;
    Pass* pass = pass_of(rows.standing);
    if (pass != nullptr) {
        spend(*pass);
        event.pass_expires_at = facts.now;
    }
    add_events(rows, event);
    if (pass != nullptr) release_others(rows, payment, facts.now);
    apply_movement(rows, std::move(movement));
    CONCERTRES_ASSERT(rows.wallet.balance == payment.balance_after);
    rows.made = std::move(payment);
}

// --- With money from outside ---------------------------------------------------------------------

void apply_begin(PayRows& rows, const PayFacts& facts) {
    Payment payment = payment_of(rows, facts);
    payment.balance_after = {};
    payment.status = PaymentStatus::authorizing;
    payment.paid_at = {};
    payment.stage = PaymentStage::authorize;
    payment.method = facts.method;
    payment.begun_at = facts.now;
    for (HeldRows& held : rows.paid) held.reservation.payment = facts.row;
    add_events(rows, {.kind = EventKind::payment_authorizing,
                      .at = facts.now,
                      .user = facts.user_id,
                      .place = facts.place,
                      .payment = facts.id});
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
        case PaymentStatus::authorizing:
            return "authorizing";
        case PaymentStatus::failed:
            return "failed";
    }
    return "unknown";
}

std::string_view payment_stage_name(PaymentStage stage) noexcept {
    switch (stage) {
        case PaymentStage::none:
            return "none";
        case PaymentStage::done:
            return "done";
        case PaymentStage::authorize:
            return "authorize";
        case PaymentStage::capture:
            return "capture";
        case PaymentStage::cancel:
            return "cancel";
        case PaymentStage::refund:
            return "refund";
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

Result<void> begin_payment(PayRows& rows, const PayFacts& facts) {
    CONCERTRES_ASSERT(are_of(rows, facts));
    if (auto r = check_payable(rows, facts); !r) return r;
    const Money total = total_of(rows.paid);
    if (total == Money{}) {
        apply_pay(rows, facts, std::nullopt);
        return {};
    }
    const auto charge = move_money(rows.wallet, {.kind = TransferKind::charge,
                                                 .amount = total,
                                                 .id = facts.transfer,
                                                 .user = facts.user_id,
                                                 .reference = facts.id,
                                                 .fingerprint = facts.fingerprint,
                                                 .now = facts.now});
    if (!charge) return charge.error();
    apply_begin(rows, facts);
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
