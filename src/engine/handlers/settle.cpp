#include "engine/handlers/settle.hpp"

#include <algorithm>

namespace concertres {

namespace {

// One that failed is not: its money may have been taken all the same.
bool is_over(const Payment& payment) {
    return payment.status == PaymentStatus::completed || payment.status == PaymentStatus::refunded;
}

}  // namespace

void Handler<SettlePayment>::gather(UnitOfWork& rows) {
    name_ = rows.want<PaymentName>(command_.payment);
    if (!exists(name_)) return;
    payment_.want(rows, (*name_)->named);
    if (!exists(payment_.payment) || is_over(**payment_.payment)) return;
    const Payment& payment = **payment_.payment;
    touched_ = {};
    for (const ReservationRows& row : payment_.paid) {
        if (exists(row.reservation)) touched_.want(rows, **row.reservation);
    }
    standing_.want(rows, payment.concert, payment.place);
    wallet_ = rows.want<Wallet>(payment.user);
    gather_others(rows);
    gather_dead(rows);
}

void Handler<SettlePayment>::gather_others(UnitOfWork& rows) {
    others_.clear();
    const Payment& payment = **payment_.payment;
    if (!exists(standing_.pass)) return;
    for (const ReservationKey key : (*standing_.pass)->held) {
        if (std::ranges::find(payment.reservations, key) != payment.reservations.end()) continue;
        others_.emplace_back().want(rows, key);
        if (exists(others_.back().reservation)) {
            touched_.want(rows, **others_.back().reservation);
        }
    }
}

// The seats of what is past its time may be held by others that are past theirs.
void Handler<SettlePayment>::gather_dead(UnitOfWork& rows) {
    std::vector<ReservationKey> in_the_way;
    for (const ReservationRows& row : payment_.paid) {
        if (!exists(row.reservation)) continue;
        for (const auto seat : row.seats) {
            if (exists(seat) && (*seat)->is_dead_hold(rows.now()) &&
                std::ranges::find(in_the_way, (*seat)->reservation) == in_the_way.end()) {
                in_the_way.push_back((*seat)->reservation);
            }
        }
    }
    dead_.clear();
    for (const ReservationKey key : in_the_way) dead_.emplace_back().want(rows, key);
}

SettleRows Handler<SettlePayment>::collect() const {
    SettleRows in;
    in.payment = **payment_.payment;
    for (const ReservationRows& row : payment_.paid) in.paid.push_back(row.held());
    for (const ReservationRows& row : others_) in.others.push_back(row.held());
    for (const ReservationRows& row : dead_) in.dead.push_back(row.held());
    in.performances = touched_.performance_states();
    in.limits = touched_.user_limits();
    in.wallet = wallet_or_empty(wallet_, in.payment.user);
    in.standing = standing_.standing();
    return in;
}

SettleFacts Handler<SettlePayment>::facts(UnitOfWork& rows, const SettleRows& in) const {
    const Concert& concert = rows.catalog().at(in.payment.concert).concert;
    SettleFacts facts{
        .answer = command_.answer,
        .charge = {follow(rows.ids(), IdentityKind::capture, in.payment.id.uuid)},
        .transfer = {follow(rows.ids(), IdentityKind::sale, in.payment.id.uuid)},
        .renewals = {},
        .limits = concert.limits,
        .hold_ttl = concert.hold_ttl,
        .now = rows.now(),
    };
    for (const HeldRows& held : in.paid) {
        Renewal& renewal = facts.renewals.emplace_back();
        if (held.reservation.status_at(rows.now()) == ReservationStatus::held) continue;
        renewal.row = {rows.new_key()};
        renewal.id = {follow(rows.ids(), IdentityKind::renewal, held.reservation.id.uuid)};
    }
    return facts;
}

Result<PaymentView> Handler<SettlePayment>::decide(UnitOfWork& rows) {
    if (!exists(name_) || (*payment_.payment)->stage == PaymentStage::none) {
        return unknown(Errc::unknown_payment, "payment with a provider with the id",
                       command_.payment.uuid);
    }
    if (is_over(**payment_.payment)) return payment_.view(rows.catalog(), rows.now());
    SettleRows in = collect();
    if (!settle(in, facts(rows, in))) return payment_.view(rows.catalog(), rows.now());
    put_back(rows, in);
    return view(rows, in);
}

void Handler<SettlePayment>::put_back(UnitOfWork& rows, SettleRows& in) const {
    if (in.payment.status == PaymentStatus::completed) {
        put_sold(rows, in);
    } else {
        for (std::size_t i = 0; i < in.paid.size(); ++i) {
            if (in.paid[i].reservation != **payment_.paid[i].reservation) {
                rows.put(in.paid[i].reservation);
            }
        }
    }
    if (!in.events.empty()) put_all(rows, in.performances);
    rows.append(in.events);
    rows.put(in.payment);
}

// What has ended is written before what takes its seats.
void Handler<SettlePayment>::put_sold(UnitOfWork& rows, SettleRows& in) {
    for (const HeldRows& dead : in.dead) put(rows, dead);
    for (const Reservation& former : in.former) rows.put(former);
    for (const HeldRows& paid : in.paid) put(rows, paid);
    for (const HeldRows& other : in.others) {
        const auto& let_go = in.payment.released;
        if (std::ranges::find(let_go, other.reservation.row) != let_go.end()) put(rows, other);
    }
    put_all(rows, in.limits);
    rows.put(in.wallet);
    if (in.standing.pass) rows.put(std::move(*in.standing.pass));
    for (Transfer& transfer : in.transfers) rows.append(std::move(transfer));
}

PaymentView Handler<SettlePayment>::view(const UnitOfWork& rows, const SettleRows& in) {
    std::vector<Reservation> paid;
    for (const HeldRows& held : in.paid) paid.push_back(held.reservation);
    std::vector<Reservation> released;
    for (const HeldRows& other : in.others) {
        const auto& let_go = in.payment.released;
        if (std::ranges::find(let_go, other.reservation.row) != let_go.end()) {
            released.push_back(other.reservation);
        }
    }
    return view_of(rows.catalog(), in.payment, paid, released, rows.now());
}

}  // namespace concertres
