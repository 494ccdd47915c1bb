// What becomes of a payment with money from outside, answer by answer of its provider.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "domain/payment_parts.hpp"

namespace concertres {
namespace {

constexpr std::size_t text_max = 200;  // of what a provider says, in bytes

// Cut where a character begins.
std::string kept(std::string text) {
    if (text.size() <= text_max) return text;
    std::size_t end = text_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0u) == 0x80u) --end;
    text.resize(end);
    return text;
}

bool is_live(const HeldRows& held, Time now) {
    return held.reservation.status_at(now) == ReservationStatus::held;
}

// --- Whether it can be sold ----------------------------------------------------------------------

Result<void> check_amount_of(const SettleRows& rows, const GatewayAnswer& answer) {
    if (answer.amount == rows.payment.amount) return {};
    return Error{.code = Errc::amount_invalid,
                 .detail = fmt::format("the provider has {} for it, and the price is {}",
                                       answer.amount.minor, rows.payment.amount.minor),
                 .seats = {}};
}

// What ended before its deadline was given up by somebody, so it is not made anew.
Result<void> check_seats_of(const HeldRows& held, Time now) {
    if (is_live(held, now)) return {};
    if (held.reservation.status_at(now) == ReservationStatus::expired) {
        return check_available(held.seats, now);
    }
    return check_held(held.reservation, now);
}

// What is held counts already; what is past its time has to fit in again.
Result<void> check_limits_of(const SettleRows& rows, const SettleFacts& facts) {
    std::map<PerformanceKey, std::size_t> wanted;
    std::size_t together = 0;
    for (const HeldRows& held : rows.paid) {
        if (is_live(held, facts.now)) continue;
        wanted[held.reservation.performance] += held.seats.size();
        together += held.seats.size();
    }
    if (together == 0) return {};
    const UserKey user = rows.payment.user;
    for (const auto& [performance, seats] : wanted) {
        auto r = check_limit(rows.limits.at({user, performance.value}),
                             facts.limits.per_performance, seats, "performance", facts.now);
        if (!r) return r;
    }
    return check_limit(rows.limits.at({user, rows.payment.concert.value}), facts.limits.per_concert,
                       together, "concert", facts.now);
}

MovementFacts movement_facts(const SettleRows& rows, const SettleFacts& facts, TransferKind kind) {
    return {.kind = kind,
            .amount = rows.payment.amount,
            .id = kind == TransferKind::charge ? facts.charge : facts.transfer,
            .user = rows.payment.user_id,
            .reference = rows.payment.id,
            .fingerprint = kind == TransferKind::charge ? 0 : rows.payment.fingerprint,
            .now = facts.now};
}

// The wallet with the money in it, if all that is to be sold can be sold now.
Result<Movement> check_sale(const SettleRows& rows, const SettleFacts& facts) {
    if (auto r = check_amount_of(rows, facts.answer); !r) return r.error();
    for (const HeldRows& held : rows.paid) {
        if (auto r = check_seats_of(held, facts.now); !r) return r.error();
    }
    if (auto r = check_limits_of(rows, facts); !r) return r.error();
    return move_money(rows.wallet, movement_facts(rows, facts, TransferKind::charge));
}

// --- Failing -------------------------------------------------------------------------------------

// The holds stay as they are: their owner may pay in another way, as long as they last.
void fail(SettleRows& rows, const SettleFacts& facts, PaymentStage owed, std::string reason) {
    Payment& payment = rows.payment;
    payment.status = PaymentStatus::failed;
    payment.stage = owed;
    payment.failure = kept(std::move(reason));
    for (HeldRows& held : rows.paid) {
        CONCERTRES_ASSERT(held.reservation.payment == payment.row);
        held.reservation.payment = {};
    }
    add_events(rows, {.kind = EventKind::payment_failed,
                      .at = facts.now,
                      .user = payment.user_id,
                      .place = payment.place,
                      .payment = payment.id,
                      .detail = payment.failure});
}

std::string reason_of(const GatewayAnswer& answer) {
    return answer.reason.empty()
               ? fmt::format("the provider has {} it", gateway_status_name(answer.status))
               : answer.reason;
}

// --- Selling -------------------------------------------------------------------------------------

void expire_dead(SettleRows& rows, Time now) {
    for (HeldRows& dead : rows.dead) {
        expire_hold(performance_of(rows, dead.reservation), dead, now, rows.events);
        if (dead.reservation.payment == rows.payment.row) dead.reservation.payment = {};
    }
}

// Its former reservation is either among the dead, or was ended by somebody before.
void renew(SettleRows& rows, HeldRows& held, const Renewal& renewal, const SettleFacts& facts) {
    Reservation former = held.reservation;
    held = renew_hold(performance_of(rows, former), former, renewal, facts.hold_ttl, facts.now,
                      rows.events);
    const bool is_dead = std::any_of(rows.dead.begin(), rows.dead.end(), [&](const HeldRows& dead) {
        return dead.reservation.row == former.row;
    });
    if (is_dead) return;
    former.payment = {};
    rows.former.push_back(std::move(former));
}

void renew_all(SettleRows& rows, const SettleFacts& facts) {
    expire_dead(rows, facts.now);
    for (std::size_t i = 0; i < rows.paid.size(); ++i) {
        if (is_live(rows.paid[i], facts.now)) continue;
        renew(rows, rows.paid[i], facts.renewals[i], facts);
        rows.payment.reservations[i] = facts.renewals[i].row;
    }
}

// The pass that is still live. Where another payment with it is on its way it pays once all the
// same: what that one is for goes back with the pass's other holds, and so does its money.
Pass* pass_to_spend(SettleRows& rows, Time now) {
    if (!check_admitted(rows.standing, rows.payment.user, now)) return nullptr;
    return pass_of(rows.standing);
}

void complete(SettleRows& rows, const SettleFacts& facts, Movement&& charge) {
    Payment& payment = rows.payment;
    renew_all(rows, facts);
    apply_movement(rows, std::move(charge));
    auto paid = move_money(rows.wallet, movement_facts(rows, facts, TransferKind::payment));
    CONCERTRES_ASSERT(paid);
    apply_movement(rows, *std::move(paid));
    for (HeldRows& held : rows.paid) sell(rows, held, payment.row, facts.now);
    Event event{.kind = EventKind::payment_completed,
                .at = facts.now,
                .user = payment.user_id,
                .place = payment.place,
                .payment = payment.id,
                .transfer = facts.transfer};
    Pass* pass = pass_to_spend(rows, facts.now);
    if (pass != nullptr) {
        spend(*pass);
        event.pass_expires_at = facts.now;
    }
    add_events(rows, event);
    if (pass != nullptr) release_others(rows, payment, facts.now);
    payment.status = PaymentStatus::completed;
    payment.stage = PaymentStage::done;
    payment.paid_at = facts.now;
    payment.balance_after = rows.wallet.balance;
}

// --- Answer by answer ----------------------------------------------------------------------------

bool settle_authorizing(SettleRows& rows, const SettleFacts& facts) {
    switch (facts.answer.status) {
        case GatewayStatus::absent:
            return false;
        case GatewayStatus::authorized: {
            if (auto sale = check_sale(rows, facts); !sale) {
                fail(rows, facts, PaymentStage::cancel, sale.error().detail);
                return true;
            }
            return std::exchange(rows.payment.stage, PaymentStage::capture) !=
                   PaymentStage::capture;
        }
        case GatewayStatus::captured: {
            if (auto sale = check_sale(rows, facts); !sale) {
                fail(rows, facts, PaymentStage::refund, sale.error().detail);
            } else {
                complete(rows, facts, *std::move(sale));
            }
            return true;
        }
        case GatewayStatus::declined:
        case GatewayStatus::voided:
        case GatewayStatus::refunded:
            fail(rows, facts, PaymentStage::done, reason_of(facts.answer));
            return true;
    }
    return false;
}

// Money that was taken is owed until it has gone back, whatever else is said; and also where it was
// taken after all had seemed to be over.
bool settle_failed(Payment& payment, GatewayStatus status) {
    switch (status) {
        case GatewayStatus::absent:
        case GatewayStatus::authorized:
            return false;
        case GatewayStatus::captured:
            return std::exchange(payment.stage, PaymentStage::refund) != PaymentStage::refund;
        case GatewayStatus::declined:
        case GatewayStatus::voided:
            if (payment.stage == PaymentStage::refund) return false;
            [[fallthrough]];
        case GatewayStatus::refunded:
            return std::exchange(payment.stage, PaymentStage::done) != PaymentStage::done;
    }
    return false;
}

}  // namespace

bool settle(SettleRows& rows, const SettleFacts& facts) {
    CONCERTRES_ASSERT(rows.payment.stage != PaymentStage::none);
    CONCERTRES_ASSERT(rows.paid.size() == rows.payment.reservations.size());
    CONCERTRES_ASSERT(rows.paid.size() == facts.renewals.size());
    bool changed = false;
    if (rows.payment.status == PaymentStatus::authorizing) {
        changed = settle_authorizing(rows, facts);
    } else if (rows.payment.status == PaymentStatus::failed) {
        changed = settle_failed(rows.payment, facts.answer.status);
    }
    if (changed && !facts.answer.reference.empty()) {
        rows.payment.reference = kept(facts.answer.reference);
    }
    return changed;
}

}  // namespace concertres
