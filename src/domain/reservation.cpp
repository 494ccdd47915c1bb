#include "concertres/reservation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "domain/reservation_parts.hpp"

namespace concertres {
namespace {

Error refusal(Errc code, std::string detail) {
    return {.code = code, .detail = std::move(detail), .seats = {}};
}

// --- The end -------------------------------------------------------------------------------------

Event event_of(EventKind kind, const Reservation& reservation, Time now) {
    return {.kind = kind,
            .at = now,
            .user = reservation.user_id,
            .place = reservation.place,
            .items = {item_of(reservation)}};
}

void end_hold(PerformanceState& performance, HeldRows& held, ReservationStatus status, Event event,
              std::vector<Event>& events) {
    CONCERTRES_ASSERT(held.reservation.status == ReservationStatus::held);
    move_seats(held, performance, SeatStatus::held, SeatStatus::free);
    held.reservation.status = status;
    performance.number(event);
    events.push_back(std::move(event));
}

// --- Hold ----------------------------------------------------------------------------------------

Result<void> check_orphans(const std::vector<SeatNumber>& orphans) {
    if (orphans.empty()) return {};
    return Error{Errc::orphan_seat,
                 fmt::format("the choice leaves a single free seat ({}) which nobody will want: "
                             "move by one, or take other seats of the row",
                             fmt::join(orphans, ", ")),
                 orphans};
}

Result<void> check_allotted(const std::vector<SeatNumber>& allotted) {
    if (allotted.empty()) return {};
    return Error{Errc::seat_allotted,
                 fmt::format("{} kept for people of another class of the waiting room",
                             allotted.size() == 1 ? "this seat is" : "these seats are"),
                 allotted};
}

Result<void> check_hold(const HoldRows& rows, const HoldFacts& facts) {
    const SeatLimits& limits = facts.concert.limits;
    const std::size_t wanted = facts.seats.size();
    if (auto r = check_admitted(rows.standing, facts.user, facts.now); !r) return r;
    if (auto r = check_holdable(rows.sale, facts.starts_at, facts.now); !r) return r;
    if (auto r = check_allotted(facts.allotted); !r) return r;
    if (auto r = check_available(rows.seats, facts.now); !r) return r;
    if (auto r = check_limit(rows.in_performance, limits.per_performance, wanted, "performance",
                             facts.now);
        !r) {
        return r;
    }
    if (auto r = check_limit(rows.in_concert, limits.per_concert, wanted, "concert", facts.now);
        !r) {
        return r;
    }
    return check_orphans(facts.orphans);
}

bool are_of(const HoldRows& rows, const HoldFacts& facts) {
    const PerformanceKey performance = rows.performance.performance;
    return !facts.seats.empty() && rows.sale.concert == facts.concert.key &&
           rows.in_performance.key() == LimitKey{facts.user, performance.value} &&
           rows.in_concert.key() == LimitKey{facts.user, facts.concert.key.value} &&
           std::equal(rows.seats.begin(), rows.seats.end(), facts.seats.begin(), facts.seats.end(),
                      [&](const Seat& seat, const ReservedSeat& wanted) {
                          return seat.performance == performance && seat.number == wanted.number;
                      }) &&
           std::adjacent_find(facts.seats.begin(), facts.seats.end(),
                              [](const ReservedSeat& a, const ReservedSeat& b) {
                                  return a.number >= b.number;
                              }) == facts.seats.end();
}

bool dead_are_loaded(const HoldRows& rows, Time now) {
    return std::all_of(rows.seats.begin(), rows.seats.end(), [&](const Seat& seat) {
        return !seat.is_dead_hold(now) ||
               std::any_of(rows.dead.begin(), rows.dead.end(), [&](const HeldRows& dead) {
                   return dead.reservation.row == seat.reservation;
               });
    });
}

Money total_of(const std::vector<ReservedSeat>& seats) {
    Money total;
    for (const ReservedSeat& seat : seats) {
        const std::optional<Money> sum = checked_add(total, seat.price);
        CONCERTRES_ASSERT(seat.price.minor >= 0 && sum);
        total = *sum;
    }
    return total;
}

Reservation reservation_of(const HoldRows& rows, const HoldFacts& facts, const Pass* pass) {
    Time extend_until = facts.now + facts.extend_max;
    if (pass != nullptr) extend_until = std::min(extend_until, pass->ceiling);
    const Time held_until = std::min(facts.now + facts.concert.hold_ttl, extend_until);
    CONCERTRES_ASSERT(held_until > facts.now);
    return {.row = facts.row,
            .id = facts.id,
            .user = facts.user,
            .user_id = facts.user_id,
            .concert = facts.concert.key,
            .performance = rows.performance.performance,
            .place = facts.place,
            .seats = facts.seats,
            .total = total_of(facts.seats),
            .status = ReservationStatus::held,
            .held_at = facts.now,
            .held_until = held_until,
            .extend_until = extend_until,
            .payment = {},
            .fingerprint = facts.fingerprint};
}

// The wanted seats, in both places where they may stand.
void take_seats(HoldRows& rows, const Reservation& made) {
    for (Seat& seat : rows.seats) {
        seat.status = SeatStatus::held;
        seat.reservation = made.row;
        seat.held_until = made.held_until;
    }
    for (HeldRows& dead : rows.dead) {
        for (Seat& seat : dead.seats) {
            const auto taken = std::find_if(rows.seats.begin(), rows.seats.end(),
                                            [&](const Seat& s) { return s.key() == seat.key(); });
            if (taken != rows.seats.end()) seat = *taken;
        }
    }
    rows.performance.counts.move(SeatStatus::free, SeatStatus::held,
                                 static_cast<std::int64_t>(rows.seats.size()));
}

// A pass lives as long as what it holds. Of that it lists what the user's limit still lists: the
// others are past their time, and the list stays as short as the limit.
void keep_pass(Pass& pass, const Reservation& reservation, const Limit& in_concert) {
    std::erase_if(pass.held, [&](ReservationKey held) {
        return std::none_of(in_concert.held.begin(), in_concert.held.end(),
                            [&](const LimitEntry& entry) { return entry.reservation == held; });
    });
    if (std::find(pass.held.begin(), pass.held.end(), reservation.row) == pass.held.end()) {
        pass.held.push_back(reservation.row);
    }
    pass.expires_at = std::max(pass.expires_at, reservation.held_until);
    CONCERTRES_ASSERT(pass.expires_at <= pass.ceiling);
}

// The event of a hold or an extension, with what it made of the deadline and of the pass.
Event event_of_hold(EventKind kind, const Reservation& reservation, const Pass* pass, Time now) {
    Event event = event_of(kind, reservation, now);
    event.until = reservation.held_until;
    if (pass != nullptr) event.pass_expires_at = pass->expires_at;
    return event;
}

void apply_hold(HoldRows& rows, const HoldFacts& facts) {
    Pass* pass = pass_of(rows.standing);
    Reservation made = reservation_of(rows, facts, pass);
    for (HeldRows& dead : rows.dead) {
        expire_hold(rows.performance, dead, facts.now, rows.events);
    }
    take_seats(rows, made);
    const LimitEntry entry{made.row, seat_count(made), made.held_until};
    rows.in_performance.hold(entry, facts.now);
    rows.in_concert.hold(entry, facts.now);
    if (pass != nullptr) keep_pass(*pass, made, rows.in_concert);

    Event event = event_of_hold(EventKind::reservation_held, made, pass, facts.now);
    event.amount = made.total;
    rows.performance.number(event);
    rows.events.push_back(std::move(event));
    rows.made = std::move(made);
}

// --- Extend --------------------------------------------------------------------------------------

// A hold from before there was a room may reach beyond the pass that its owner has now.
Time extension_end(const ExtendRows& rows) {
    const Time end = rows.held.reservation.extend_until;
    return rows.standing.has_room ? std::min(end, rows.standing.pass->ceiling) : end;
}

Result<void> check_extend(const ExtendRows& rows, Time now) {
    const Reservation& reservation = rows.held.reservation;
    if (auto r = check_admitted(rows.standing, reservation.user, now); !r) return r;
    if (auto r = check_held(reservation, now); !r) return r;
    if (reservation.held_until < extension_end(rows)) return {};
    return refusal(Errc::extend_limit,
                   fmt::format("the hold ends at {} and cannot be extended further",
                               to_rfc3339(reservation.held_until)));
}

void apply_extend(ExtendRows& rows, Duration hold_ttl, Time now) {
    Reservation& reservation = rows.held.reservation;
    // Never sooner than it was promised, if the hold time has been made shorter since.
    reservation.held_until =
        std::max(reservation.held_until, std::min(now + hold_ttl, extension_end(rows)));
    for (Seat& seat : rows.held.seats) {
        CONCERTRES_ASSERT(seat.status == SeatStatus::held && seat.reservation == reservation.row);
        seat.held_until = reservation.held_until;
    }
    const LimitEntry entry{reservation.row, seat_count(reservation), reservation.held_until};
    rows.in_performance.hold(entry, now);
    rows.in_concert.hold(entry, now);
    Pass* pass = pass_of(rows.standing);
    if (pass != nullptr) keep_pass(*pass, reservation, rows.in_concert);

    Event event = event_of_hold(EventKind::reservation_extended, reservation, pass, now);
    rows.performance.number(event);
    rows.events.push_back(std::move(event));
}

}  // namespace

std::string_view reservation_status_name(ReservationStatus status) noexcept {
    switch (status) {
        case ReservationStatus::held:
            return "held";
        case ReservationStatus::paid:
            return "paid";
        case ReservationStatus::released:
            return "released";
        case ReservationStatus::expired:
            return "expired";
        case ReservationStatus::refunded:
            return "refunded";
    }
    return "unknown";
}

Result<void> check_held(const Reservation& reservation, Time now) {
    switch (reservation.status_at(now)) {
        case ReservationStatus::held:
            return {};
        case ReservationStatus::expired:
            return refusal(Errc::reservation_expired,
                           fmt::format("the hold ended at {}", to_rfc3339(reservation.held_until)));
        case ReservationStatus::released:
            return refusal(Errc::reservation_released, "the seats have been given back");
        case ReservationStatus::paid:
            return refusal(Errc::already_paid, "the reservation is paid");
        case ReservationStatus::refunded:
            return refusal(Errc::reservation_refunded, "the reservation was paid and refunded");
    }
    CONCERTRES_ASSERT(false && "no such status");
    return {};
}

// --- What is shared with payments ----------------------------------------------------------------

Pass* pass_of(Standing& standing) {
    if (!standing.has_room) return nullptr;
    CONCERTRES_ASSERT(standing.pass);
    return &*standing.pass;
}

EventItem item_of(const Reservation& reservation) {
    EventItem item{.reservation = reservation.id, .seats = {}};
    for (const ReservedSeat& seat : reservation.seats) item.seats.push_back(seat.number);
    return item;
}

std::int32_t seat_count(const Reservation& reservation) {
    return static_cast<std::int32_t>(reservation.seats.size());
}

std::int64_t move_seats(HeldRows& rows, PerformanceState& performance, SeatStatus from,
                        SeatStatus to) {
    CONCERTRES_ASSERT(to == SeatStatus::free || to == SeatStatus::sold);
    CONCERTRES_ASSERT(rows.reservation.performance == performance.performance);
    std::int64_t moved = 0;
    for (Seat& seat : rows.seats) {
        CONCERTRES_ASSERT(seat.performance == performance.performance);
        if (seat.status != from || seat.reservation != rows.reservation.row) continue;
        seat.status = to;
        seat.held_until = {};
        if (to == SeatStatus::free) seat.reservation = {};
        ++moved;
    }
    performance.counts.move(from, to, moved);
    return moved;
}

void expire_hold(PerformanceState& performance, HeldRows& held, Time now,
                 std::vector<Event>& events) {
    CONCERTRES_ASSERT(held.reservation.status_at(now) == ReservationStatus::expired);
    end_hold(performance, held, ReservationStatus::expired,
             event_of(EventKind::reservation_expired, held.reservation, now), events);
}

Result<void> check_limit(const Limit& limit, std::int32_t seats_max, std::size_t wanted,
                         std::string_view scope, Time now) {
    const std::int32_t used = limit.used(now);
    if (static_cast<std::int64_t>(used) + static_cast<std::int64_t>(wanted) <= seats_max) return {};
    return refusal(Errc::hold_limit,
                   fmt::format("{} seats of this {} are allowed, the user has {}, and {} more are "
                               "wanted",
                               seats_max, scope, used, wanted));
}

HeldRows renew_hold(PerformanceState& performance, const Reservation& former,
                    const Renewal& renewal, Duration ttl, Time now, std::vector<Event>& events) {
    HeldRows made{.reservation = former, .seats = {}};
    Reservation& reservation = made.reservation;
    reservation.row = renewal.row;
    reservation.id = renewal.id;
    reservation.status = ReservationStatus::held;
    reservation.held_at = now;
    reservation.held_until = now + ttl;
    reservation.extend_until = reservation.held_until;
    reservation.fingerprint = 0;  // no command has made it
    for (const ReservedSeat& seat : reservation.seats) {
        made.seats.push_back({.performance = performance.performance,
                              .number = seat.number,
                              .status = SeatStatus::held,
                              .reservation = reservation.row,
                              .held_until = reservation.held_until});
    }
    performance.counts.move(SeatStatus::free, SeatStatus::held, seat_count(reservation));
    Event event = event_of_hold(EventKind::reservation_held, reservation, nullptr, now);
    event.amount = reservation.total;
    performance.number(event);
    events.push_back(std::move(event));
    return made;
}

void release_hold(PerformanceState& performance, HeldRows& held, const ReleaseCause& cause,
                  Time now, std::vector<Event>& events) {
    CONCERTRES_ASSERT(held.reservation.status_at(now) == ReservationStatus::held);
    Event event = event_of(EventKind::reservation_released, held.reservation, now);
    event.payment = cause.payment.value_or(PaymentId{});
    event.actor = cause.actor;
    end_hold(performance, held, ReservationStatus::released, std::move(event), events);
}

// --- Limits --------------------------------------------------------------------------------------

std::int32_t Limit::used(Time now) const {
    std::int32_t seats = paid;
    for (const LimitEntry& entry : held) {
        if (entry.held_until > now) seats += entry.seats;
    }
    return seats;
}

void Limit::hold(const LimitEntry& entry, Time now) {
    drop(entry.reservation, now);
    held.push_back(entry);
}

void Limit::drop(ReservationKey reservation, Time now) {
    std::erase_if(held, [&](const LimitEntry& entry) {
        return entry.reservation == reservation || entry.held_until <= now;
    });
}

// --- Rules ---------------------------------------------------------------------------------------

Result<void> hold(HoldRows& rows, const HoldFacts& facts) {
    CONCERTRES_ASSERT(are_of(rows, facts));
    if (auto r = check_hold(rows, facts); !r) return r;
    CONCERTRES_ASSERT(dead_are_loaded(rows, facts.now));
    apply_hold(rows, facts);
    return {};
}

Result<void> extend(ExtendRows& rows, Duration hold_ttl, Time now) {
    if (auto r = check_extend(rows, now); !r) return r;
    apply_extend(rows, hold_ttl, now);
    return {};
}

void release(EndRows& rows, const ReleaseCause& cause, Time now) {
    release_hold(rows.performance, rows.held, cause, now, rows.events);
}

void expire(EndRows& rows, Time now) { expire_hold(rows.performance, rows.held, now, rows.events); }

}  // namespace concertres
