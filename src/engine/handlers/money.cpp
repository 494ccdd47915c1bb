#include "engine/handlers/money.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.hpp"

namespace concertres {

// --- Charge ------------------------------------------------------------------------------------

void Handler<Charge>::prepare(UnitOfWork& rows) {
    prepared_ = true;
    refusal_ = check_key(command_.key);
    if (refusal_) return;
    if (auto amount = check_amount(command_.amount); !amount) {
        refusal_ = amount.error();
        return;
    }
    if (command_.admitted) {
        concert_ = rows.catalog().find(command_.admitted->concert);
        if (concert_ == nullptr) {
            refusal_ = unknown(Errc::unknown_concert, "concert", command_.admitted->concert.uuid);
            return;
        }
    }
    std::string content;
    ByteWriter(content).i64(command_.amount.minor);
    identity_ = identify(rows.ids(), IdentityKind::charge, command_.user, command_.key, content);
}

void Handler<Charge>::gather(UnitOfWork& rows) {
    if (!prepared_) prepare(rows);
    if (refusal_) return;
    user_ = rows.want<User>(command_.user);
    earlier_ = rows.want<Transfer>({identity_.id});
    if (exists(user_)) wallet_ = rows.want<Wallet>((*user_)->user);
    if (concert_ != nullptr) {
        standing_.want(rows, concert_->concert.key, command_.admitted->number);
    }
}

ChargeView Handler<Charge>::view(const Transfer& transfer, Time now) const {
    return {.id = transfer.id,
            .user = command_.user,
            .amount = transfer.amount,
            .balance = transfer.balance_after,
            .now = now};
}

Result<ChargeView> Handler<Charge>::decide(UnitOfWork& rows) {
    if (refusal_) return *refusal_;
    if (exists(earlier_)) {
        if ((*earlier_)->fingerprint != identity_.fingerprint) return key_reused();
        ChargeView earlier = view(**earlier_, rows.now());
        earlier.replayed = true;
        return earlier;
    }
    const UserKey user = rows.user_key(user_);
    if (concert_ != nullptr) {
        auto admitted = check_admitted(standing_.standing(), user, rows.now());
        if (!admitted) return admitted.error();
    }
    const MovementFacts facts{.kind = TransferKind::charge,
                              .amount = command_.amount,
                              .id = {identity_.id},
                              .user = command_.user,
                              .reference = {},
                              .fingerprint = identity_.fingerprint,
                              .now = rows.now()};
    auto moved = move_money(wallet_or_empty(wallet_, user), facts);
    if (!moved) return moved.error();

    if (!*user_) rows.put(User{command_.user, user});
    rows.put(moved->wallet);
    rows.append(moved->transfer);
    std::vector<Event> events{std::move(moved->event)};
    rows.append(events);
    return view(moved->transfer, rows.now());
}

// --- Pay ---------------------------------------------------------------------------------------

namespace {

bool is_method(std::string_view method) {
    return method.size() <= 255 &&
           std::ranges::all_of(method, [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

void Handler<Pay>::prepare(UnitOfWork& rows) {
    prepared_ = true;
    refusal_ = check_key(command_.key);
    if (refusal_) return;
    const auto& named = command_.reservations;
    if (named.empty() || named.size() > rows.options().reservations_per_payment) {
        refusal_ = Error{Errc::request_invalid,
                         fmt::format("reservations: name 1 to {} of them",
                                     rows.options().reservations_per_payment),
                         {}};
        return;
    }
    auto sorted = named;
    std::ranges::sort(sorted);
    if (std::ranges::adjacent_find(sorted) != sorted.end()) {
        refusal_ = Error{Errc::request_invalid, "reservations: one is named twice", {}};
        return;
    }
    if (!is_method(command_.method)) {
        refusal_ = Error{Errc::request_invalid,
                         "method: must be 1 to 255 visible ASCII characters, or not be given",
                         {}};
        return;
    }
    // With a method the length is none that ids alone have.
    std::string content = command_.method;
    if (!content.empty()) content.push_back('\0');
    for (const ReservationId& id : sorted) ByteWriter(content).raw(id.uuid.bytes);
    if (!command_.method.empty() && content.size() % 16 == 0) content.push_back('\0');
    identity_ = identify(rows.ids(), IdentityKind::payment, command_.user, command_.key, content);
}

void Handler<Pay>::gather(UnitOfWork& rows) {
    if (!prepared_) prepare(rows);
    if (refusal_) return;
    user_ = rows.want<User>(command_.user);
    name_ = rows.want<PaymentName>({identity_.id});
    names_.clear();
    paid_.clear();
    for (const ReservationId& id : command_.reservations) {
        names_.push_back(rows.want<ReservationName>(id));
        if (exists(names_.back())) paid_.emplace_back().want(rows, (*names_.back())->named);
    }
    if (exists(name_)) {
        earlier_.want(rows, (*name_)->named);
        return;
    }
    touched_ = {};
    for (const ReservationRows& row : paid_) {
        if (exists(row.reservation)) touched_.want(rows, **row.reservation);
    }
    if (paid_.empty() || !exists(paid_.front().reservation)) return;
    standing_.want(rows, (*paid_.front().reservation)->concert, command_.place);
    gather_others(rows);
    if (exists(user_)) wallet_ = rows.want<Wallet>((*user_)->user);
}

void Handler<Pay>::gather_others(UnitOfWork& rows) {
    others_.clear();
    // Another's pass refuses the payment; what it holds is none of this user's.
    if (!exists(standing_.pass) || (*standing_.pass)->user_id != command_.user) return;
    for (const ReservationKey key : (*standing_.pass)->held) {
        const bool is_paid = std::ranges::any_of(
            names_, [&](const auto name) { return exists(name) && (*name)->named == key; });
        if (is_paid) continue;
        others_.emplace_back().want(rows, key);
        if (exists(others_.back().reservation)) {
            touched_.want(rows, **others_.back().reservation);
        }
    }
}

// Refuses: unknown_reservation, request_invalid, token_invalid.
std::optional<Error> Handler<Pay>::check_reservations(const Catalog& catalog) const {
    for (std::size_t i = 0; i < names_.size(); ++i) {
        const bool own = exists(names_[i]) && exists(user_) && paid_.size() == names_.size() &&
                         (*paid_[i].reservation)->user == (*user_)->user;
        const bool missing = !exists(names_[i]);
        if (missing || (paid_.size() == names_.size() && !own)) {
            return unknown(Errc::unknown_reservation, "reservation of this user with the id",
                           command_.reservations[i].uuid);
        }
    }
    for (const ReservationRows& row : paid_) {
        if ((*row.reservation)->concert != (*paid_.front().reservation)->concert) {
            return Error{Errc::request_invalid,
                         "reservations: one payment pays for one concert; these are of two",
                         {}};
        }
    }
    const ConcertKey concert = (*paid_.front().reservation)->concert;
    return check_token(command_.concert, catalog.at(concert).concert);
}

PayRows Handler<Pay>::collect() const {
    PayRows in;
    for (const ReservationRows& row : paid_) in.paid.push_back(row.held());
    for (const ReservationRows& row : others_) in.others.push_back(row.held());
    in.performances = touched_.performance_states();
    in.limits = touched_.user_limits();
    in.wallet = wallet_or_empty(wallet_, (*user_)->user);
    in.standing = standing_.standing();
    return in;
}

Result<PaymentView> Handler<Pay>::decide(UnitOfWork& rows) {
    if (refusal_) return *refusal_;
    if (auto refused = check_reservations(rows.catalog())) return *refused;
    if (exists(name_)) {
        if ((*earlier_.payment)->fingerprint != identity_.fingerprint) return key_reused();
        PaymentView view = earlier_.view(rows.catalog(), rows.now());
        view.replayed = true;
        return view;
    }
    PayRows in = collect();
    const PayFacts facts{
        .row = {rows.new_key()},
        .id = {identity_.id},
        .transfer = {follow(rows.ids(), IdentityKind::sale, identity_.id)},
        .user = (*user_)->user,
        .user_id = command_.user,
        .concert = in.paid.front().reservation.concert,
        .place = command_.place,
        .fingerprint = identity_.fingerprint,
        .method = command_.method,
        .now = rows.now(),
    };
    auto paid = command_.method.empty() ? pay(in, facts) : begin_payment(in, facts);
    if (!paid) return paid.error();
    return is_open(in.made->stage) ? put_begun(rows, in) : put_back(rows, in);
}

PaymentView Handler<Pay>::put_begun(UnitOfWork& rows, PayRows& in) {
    std::vector<Reservation> asked;
    for (const HeldRows& held : in.paid) {
        asked.push_back(held.reservation);
        rows.put(held.reservation);
    }
    put_all(rows, in.performances);
    rows.append(in.events);
    PaymentView view = view_of(rows.catalog(), *in.made, asked, {}, rows.now());
    rows.put(std::move(*in.made));
    return view;
}

PaymentView Handler<Pay>::put_back(UnitOfWork& rows, PayRows& in) const {
    std::vector<Reservation> paid;
    std::vector<Reservation> released;
    for (const HeldRows& held : in.paid) {
        paid.push_back(held.reservation);
        put(rows, held);
    }
    for (const HeldRows& held : in.others) {
        const auto& let_go = in.made->released;
        if (std::ranges::find(let_go, held.reservation.row) == let_go.end()) continue;
        released.push_back(held.reservation);
        put(rows, held);
    }
    put_all(rows, in.performances);
    put_all(rows, in.limits);
    rows.put(in.wallet);
    if (in.standing.pass) rows.put(std::move(*in.standing.pass));
    for (Transfer& transfer : in.transfers) rows.append(std::move(transfer));
    rows.append(in.events);
    PaymentView view = view_of(rows.catalog(), *in.made, paid, released, rows.now());
    rows.put(std::move(*in.made));
    return view;
}

// --- Refund ------------------------------------------------------------------------------------

void Handler<Refund>::gather(UnitOfWork& rows) {
    user_ = rows.want<User>(command_.user);
    name_ = rows.want<PaymentName>(command_.payment);
    if (!exists(name_)) return;
    payment_.want(rows, (*name_)->named);
    touched_ = {};
    for (const ReservationRows& row : payment_.paid) {
        if (exists(row.reservation)) touched_.want(rows, **row.reservation);
    }
    if (exists(user_)) wallet_ = rows.want<Wallet>((*user_)->user);
    earlier_ = rows.want<Transfer>(refund_id(rows));
}

namespace {

// Lets one that was refunded pass: that is answered as it is.
std::optional<Error> check_completed(PaymentStatus status) {
    if (status == PaymentStatus::authorizing) {
        return Error{Errc::payment_pending, "the payment is on its way: nothing is paid yet", {}};
    }
    if (status == PaymentStatus::failed) {
        return Error{Errc::refund_not_allowed,
                     "the payment failed, and nothing was bought: what a provider has taken, it "
                     "gives back by itself",
                     {}};
    }
    return std::nullopt;
}

}  // namespace

TransferId Handler<Refund>::refund_id(const UnitOfWork& rows) const {
    return {follow(rows.ids(), IdentityKind::refund, command_.payment.uuid)};
}

Result<PaymentView> Handler<Refund>::decide(UnitOfWork& rows) {
    if (!exists(user_) || !exists(name_) || (*payment_.payment)->user != (*user_)->user) {
        return unknown(Errc::unknown_payment, "payment of this user with the id",
                       command_.payment.uuid);
    }
    const Concert& concert = rows.catalog().at((*payment_.payment)->concert).concert;
    if (auto refused = check_token(command_.concert, concert)) return *refused;
    if (auto refused = check_completed((*payment_.payment)->status)) return *refused;
    if ((*payment_.payment)->status == PaymentStatus::refunded) {
        PaymentView view = payment_.view(rows.catalog(), rows.now());
        // Seats that were free of charge moved no money.
        view.balance = exists(earlier_) ? (*earlier_)->balance_after
                                        : wallet_or_empty(wallet_, (*user_)->user).balance;
        return view;
    }
    RefundRows in;
    in.payment = **payment_.payment;
    Time first = Time::max();
    for (const ReservationRows& row : payment_.paid) {
        in.paid.push_back(row.held());
        const PerformanceKey at = in.paid.back().reservation.performance;
        first = std::min(first, rows.catalog().at(at).performance.starts_at);
    }
    in.performances = touched_.performance_states();
    in.limits = touched_.user_limits();
    in.wallet = wallet_or_empty(wallet_, (*user_)->user);
    const RefundFacts facts{.transfer = refund_id(rows),
                            .policy = concert.refunds,
                            .first_starts_at = first,
                            .now = rows.now()};
    if (auto refunded = refund(in, facts); !refunded) return refunded.error();

    std::vector<Reservation> paid;
    for (const HeldRows& held : in.paid) {
        paid.push_back(held.reservation);
        put(rows, held);
    }
    std::vector<Reservation> released;
    released.reserve(payment_.released.size());
    for (const auto row : payment_.released) released.push_back(**row);
    put_all(rows, in.performances);
    put_all(rows, in.limits);
    rows.put(in.wallet);
    for (const Transfer& transfer : in.transfers) rows.append(transfer);
    rows.append(in.events);
    PaymentView view = view_of(rows.catalog(), in.payment, paid, released, rows.now());
    view.balance = in.wallet.balance;
    rows.put(std::move(in.payment));
    return view;
}

}  // namespace concertres
