#include "engine/handlers/reservations.hpp"

namespace concertres {

namespace {

// Ends the hold and writes what it touched but its pass.
ReservationView apply_release(UnitOfWork& rows, const ReservationRows& reservation,
                              const TouchedRows& touched, const ReleaseCause& cause) {
    EndRows in;
    in.held = reservation.held();
    const PerformanceKey performance = in.held.reservation.performance;
    in.performance = touched.performance_states().at(performance);
    release(in, cause, rows.now());
    auto limits = touched.user_limits();
    for (auto& [key, limit] : limits) limit.drop(in.held.reservation.row, rows.now());

    put(rows, in.held);
    rows.put(in.performance);
    put_all(rows, limits);
    rows.append(in.events);
    return view_of(rows.catalog(), in.held.reservation, std::nullopt, rows.now());
}

}  // namespace

void OwnReservation::want(UnitOfWork& rows, const UserId& owner, const ReservationId& id,
                          PlaceNumber place) {
    *this = {};
    user = rows.want<User>(owner);
    name = rows.want<ReservationName>(id);
    if (!exists(name)) return;
    reservation.want(rows, (*name)->named);
    if (!exists(reservation.reservation)) return;
    const Reservation& found = **reservation.reservation;
    if (found.payment) payment = rows.want<Payment>(found.payment);
    standing.want(rows, found.concert, place);
    touched.want(rows, found);
}

std::optional<Error> OwnReservation::check_owner(const ReservationId& id) const {
    if (!exists(user) || !exists(name) || (*reservation.reservation)->user != (*user)->user) {
        return unknown(Errc::unknown_reservation, "reservation of this user with the id", id.uuid);
    }
    return std::nullopt;
}

std::optional<PaymentId> OwnReservation::payment_id() const {
    return exists(payment) ? std::optional((*payment)->id) : std::nullopt;
}

Limit OwnReservation::limit(std::int64_t scope) const {
    return touched.user_limits().at({(*user)->user, scope});
}

void Handler<Extend>::gather(UnitOfWork& rows) {
    own_.want(rows, command_.user, command_.reservation, command_.place);
}

Result<ReservationView> Handler<Extend>::decide(UnitOfWork& rows) {
    if (auto refused = own_.check_owner(command_.reservation)) return *refused;
    ExtendRows in;
    in.held = own_.reservation.held();
    const Reservation& before = in.held.reservation;
    in.performance = own_.touched.performance_states().at(before.performance);
    in.in_performance = own_.limit(before.performance.value);
    in.in_concert = own_.limit(before.concert.value);
    in.standing = own_.standing.standing();
    const Duration ttl = rows.catalog().at(before.concert).concert.hold_ttl;
    if (auto extended = extend(in, ttl, rows.now()); !extended) return extended.error();

    put(rows, in.held);
    rows.put(in.performance);
    rows.put(std::move(in.in_performance));
    rows.put(std::move(in.in_concert));
    if (in.standing.pass) rows.put(std::move(*in.standing.pass));
    rows.append(in.events);
    return view_of(rows.catalog(), in.held.reservation, std::nullopt, rows.now());
}

void Handler<Release>::gather(UnitOfWork& rows) {
    own_.want(rows, command_.user, command_.reservation, command_.place);
}

Result<ReservationView> Handler<Release>::decide(UnitOfWork& rows) {
    if (auto refused = own_.check_owner(command_.reservation)) return *refused;
    Standing standing = own_.standing.standing();
    if (auto admitted = check_admitted(standing, (*own_.user)->user, rows.now()); !admitted) {
        return admitted.error();
    }
    const Reservation& reservation = **own_.reservation.reservation;
    if (reservation.status == ReservationStatus::released) {
        return view_of(rows.catalog(), reservation, own_.payment_id(), rows.now());
    }
    if (auto held = check_held(reservation, rows.now()); !held) return held.error();

    const ReservationKey key = reservation.row;
    ReservationView view = apply_release(rows, own_.reservation, own_.touched, {});
    if (standing.pass) {
        std::erase(standing.pass->held, key);
        rows.put(std::move(*standing.pass));
    }
    return view;
}

// The pass of the owner keeps the reservation in its list: an ended one there counts nothing.
void Handler<AdminRelease>::gather(UnitOfWork& rows) {
    name_ = rows.want<ReservationName>(command_.reservation);
    if (!exists(name_)) return;
    reservation_.want(rows, (*name_)->named);
    if (!exists(reservation_.reservation)) return;
    const Reservation& found = **reservation_.reservation;
    if (found.payment) payment_ = rows.want<Payment>(found.payment);
    touched_.want(rows, found);
}

Result<ReservationView> Handler<AdminRelease>::decide(UnitOfWork& rows) {
    if (!exists(name_)) {
        return unknown(Errc::unknown_reservation, "reservation with the id",
                       command_.reservation.uuid);
    }
    const Reservation& reservation = **reservation_.reservation;
    if (reservation.status == ReservationStatus::released) {
        return view_of(rows.catalog(), reservation, std::nullopt, rows.now());
    }
    if (auto held = check_held(reservation, rows.now()); !held) return held.error();
    return apply_release(rows, reservation_, touched_, {.payment = {}, .actor = command_.actor});
}

}  // namespace concertres
