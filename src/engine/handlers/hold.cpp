#include "engine/handlers/hold.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.hpp"

namespace concertres {

void Handler<Hold>::prepare(UnitOfWork& rows) {
    prepared_ = true;
    refusal_ = check_key(command_.key);
    if (refusal_) return;
    at_ = rows.catalog().find(command_.performance);
    if (at_ == nullptr) {
        refusal_ = unknown(Errc::unknown_performance, "performance", command_.performance.uuid);
        return;
    }
    std::ranges::sort(command_.seats);
    refusal_ = check_seats();
    if (!refusal_) refusal_ = check_token(command_.concert, at_->concert->concert);
    if (refusal_) return;
    std::string content(reinterpret_cast<const char*>(command_.performance.uuid.bytes.data()), 16);
    for (const SeatNumber number : command_.seats) {
        content.append(reinterpret_cast<const char*>(&number), sizeof number);
    }
    identity_ =
        identify(rows.ids(), IdentityKind::reservation, command_.user, command_.key, content);
}

std::optional<Error> Handler<Hold>::check_seats() {
    if (command_.seats.empty()) {
        return Error{Errc::request_invalid, "seats: name at least one seat", {}};
    }
    const auto twice = std::ranges::adjacent_find(command_.seats);
    if (twice != command_.seats.end()) {
        return Error{Errc::request_invalid, fmt::format("seats: {} is named twice", *twice), {}};
    }
    Error error{Errc::unknown_seat, {}, {}};
    for (const SeatNumber number : command_.seats) {
        if (at_->concert->seat(number) == nullptr) error.seats.push_back(number);
    }
    if (error.seats.empty()) return std::nullopt;
    if (error.seats.size() > 100) error.seats.resize(100);
    error.detail = fmt::format("this hall has no seat {}", fmt::join(error.seats, ", "));
    return error;
}

void Handler<Hold>::gather(UnitOfWork& rows) {
    if (!prepared_) prepare(rows);
    if (refusal_) return;
    user_ = rows.want<User>(command_.user);
    name_ = rows.want<ReservationName>({identity_.id});
    if (exists(name_)) {
        earlier_ = rows.want<Reservation>((*name_)->named);
        if (exists(earlier_) && (*earlier_)->payment) {
            earlier_payment_ = rows.want<Payment>((*earlier_)->payment);
        }
        return;
    }
    const ConcertKey concert = at_->concert->concert.key;
    const PerformanceKey performance = at_->performance.key;
    standing_.want(rows, concert, command_.place);
    performance_ = rows.want<PerformanceState>(performance);
    seats_.clear();
    dead_.clear();
    std::vector<ReservationKey> in_the_way;
    for (const SeatNumber number : command_.seats) {
        const auto seat = rows.want<Seat>({performance, number});
        seats_.push_back(seat);
        if (exists(seat) && (*seat)->is_dead_hold(rows.now()) &&
            std::ranges::find(in_the_way, (*seat)->reservation) == in_the_way.end()) {
            in_the_way.push_back((*seat)->reservation);
        }
    }
    for (const ReservationKey key : in_the_way) dead_.emplace_back().want(rows, key);
    if (exists(user_)) {
        in_performance_ = rows.want<Limit>({(*user_)->user, performance.value});
        in_concert_ = rows.want<Limit>({(*user_)->user, concert.value});
    }
}

std::vector<ReservedSeat> Handler<Hold>::priced() const {
    std::vector<ReservedSeat> seats;
    seats.reserve(command_.seats.size());
    for (const SeatNumber number : command_.seats) {
        seats.push_back({number, at_->concert->seat(number)->price});
    }
    return seats;
}

HoldRows Handler<Hold>::collect(UserKey user) const {
    HoldRows in;
    in.performance = **performance_;
    for (const auto seat : seats_) in.seats.push_back(**seat);
    for (const ReservationRows& dead : dead_) in.dead.push_back(dead.held());
    in.in_performance = limit_or_empty(in_performance_, user, at_->performance.key.value);
    in.in_concert = limit_or_empty(in_concert_, user, at_->concert->concert.key.value);
    in.standing = standing_.standing();
    in.sale = **standing_.sale;
    return in;
}

Result<ReservationView> Handler<Hold>::decide(UnitOfWork& rows) {
    if (refusal_) return *refusal_;
    if (exists(name_)) {
        const Reservation& earlier = **earlier_;
        if (earlier.fingerprint != identity_.fingerprint) return key_reused();
        std::optional<PaymentId> payment;
        if (earlier.payment) payment = (*earlier_payment_)->id;
        ReservationView view = view_of(rows.catalog(), earlier, payment, rows.now());
        view.replayed = true;
        return view;
    }
    const UserKey user = rows.user_key(user_);
    HoldRows in = collect(user);
    const HoldFacts facts{.row = {rows.new_key()},
                          .id = {identity_.id},
                          .user = user,
                          .user_id = command_.user,
                          .place = command_.place,
                          .concert = at_->concert->concert,
                          .starts_at = at_->performance.starts_at,
                          .seats = priced(),
                          .fingerprint = identity_.fingerprint,
                          .extend_max = rows.options().extend_max,
                          .now = rows.now()};
    if (auto held = hold(in, facts); !held) return held.error();

    if (!*user_) rows.put(User{command_.user, user});
    for (const HeldRows& dead : in.dead) put(rows, dead);
    for (Seat& seat : in.seats) rows.put(seat);
    rows.put(in.performance);
    rows.put(std::move(in.in_performance));
    rows.put(std::move(in.in_concert));
    if (in.standing.pass) rows.put(std::move(*in.standing.pass));
    rows.append(in.events);
    ReservationView view = view_of(rows.catalog(), *in.made, std::nullopt, rows.now());
    rows.put(std::move(*in.made));
    return view;
}

}  // namespace concertres
