#include "engine/handlers/reservations.hpp"

namespace concertres {

namespace {

// Ends the hold and writes what it touched but its pass.
ReservationView apply_release(UnitOfWork& rows, const ReservationRows& reservation,
                              const AroundHold& around, const ReleaseCause& cause) {
    EndRows in{.performance = **around.performance, .held = reservation.held(), .events = {}};
    const Reservation& held = in.held.reservation;
    release(in, cause, rows.now());
    for (const auto& [row, scope] : {std::pair(around.in_performance, held.performance.value),
                                     std::pair(around.in_concert, held.concert.value)}) {
        Limit limit = limit_or_empty(row, held.user, scope);
        limit.drop(held.row, rows.now());
        rows.put(std::move(limit));
    }
    put(rows, in.held);
    rows.put(in.performance);
    rows.append(in.events);
    return view_of(rows.catalog(), held, std::nullopt, rows.now());
}

}  // namespace

void AroundHold::want(UnitOfWork& rows, const Reservation& reservation) {
    performance = rows.want<PerformanceState>(reservation.performance);
    in_performance = rows.want<Limit>({reservation.user, reservation.performance.value});
    in_concert = rows.want<Limit>({reservation.user, reservation.concert.value});
}

void OwnReservation::want(UnitOfWork& rows, const UserId& owner, const ReservationId& id,
                          PlaceNumber place) {
    reservation.reservation = nullptr;
    user = rows.want<User>(owner);
    name = rows.want<ReservationName>(id);
    if (!exists(name)) return;
    reservation.want(rows, (*name)->named);
    if (!exists(reservation.reservation)) return;
    const Reservation& found = **reservation.reservation;
    standing.want(rows, found.concert, place);
    around.want(rows, found);
}

std::optional<Error> OwnReservation::check_owner(const Catalog& catalog, const ReservationId& id,
                                                 const ConcertId& proven) const {
    if (!exists(user) || !exists(name) || (*reservation.reservation)->user != (*user)->user) {
        return unknown(Errc::unknown_reservation, "reservation of this user with the id", id.uuid);
    }
    return check_token(proven, catalog.at((*reservation.reservation)->concert).concert);
}

void Handler<Extend>::gather(UnitOfWork& rows) {
    own_.want(rows, command_.user, command_.reservation, command_.place);
}

Result<ReservationView> Handler<Extend>::decide(UnitOfWork& rows) {
    auto refused = own_.check_owner(rows.catalog(), command_.reservation, command_.concert);
    if (refused) return *refused;
    ExtendRows in;
    in.held = own_.reservation.held();
    const Reservation& before = in.held.reservation;
    in.performance = **own_.around.performance;
    in.in_performance =
        limit_or_empty(own_.around.in_performance, before.user, before.performance.value);
    in.in_concert = limit_or_empty(own_.around.in_concert, before.user, before.concert.value);
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
    auto refused = own_.check_owner(rows.catalog(), command_.reservation, command_.concert);
    if (refused) return *refused;
    Standing standing = own_.standing.standing();
    if (auto admitted = check_admitted(standing, (*own_.user)->user, rows.now()); !admitted) {
        return admitted.error();
    }
    const Reservation& reservation = **own_.reservation.reservation;
    if (reservation.status == ReservationStatus::released) {
        return view_of(rows.catalog(), reservation, std::nullopt, rows.now());
    }
    if (auto held = check_held(reservation, rows.now()); !held) return held.error();

    const ReservationKey key = reservation.row;
    ReservationView view = apply_release(rows, own_.reservation, own_.around, {});
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
    around_.want(rows, **reservation_.reservation);
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
    return apply_release(rows, reservation_, around_, {.payment = {}, .actor = command_.actor});
}

}  // namespace concertres
