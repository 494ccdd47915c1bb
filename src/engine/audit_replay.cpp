#include "engine/audit_replay.hpp"

#include <algorithm>

namespace concertres {
namespace {

std::vector<SeatNumber> sorted(std::vector<SeatNumber> seats) {
    std::sort(seats.begin(), seats.end());
    return seats;
}

}  // namespace

void SeatReplay::apply(const Event& event) {
    switch (event.kind) {
        case EventKind::reservation_held:
            return hold(event);
        case EventKind::reservation_extended:
            return extend(event);
        case EventKind::reservation_released:
            return end(event, ReservationStatus::released);
        case EventKind::reservation_expired:
            return end(event, ReservationStatus::expired);
        case EventKind::payment_completed:
            return pay(event);
        case EventKind::payment_refunded:
            return refund(event);
        case EventKind::payment_authorizing:
            return ask(event);
        case EventKind::payment_failed:
            return fail(event);
        case EventKind::seats_blocked:
            return block(event, true);
        case EventKind::seats_unblocked:
            return block(event, false);
        default:
            // A kind that belongs to no performance: the streams' check tells of it.
            return;
    }
}

// --- What events name --------------------------------------------------------------------------

bool SeatReplay::check_one_item(const Event& event) {
    return findings_->expect(event.items.size() == 1, "O1",
                             "event {} of performance {} names {} reservations, expected one",
                             event.number, performance(event), event.items.size());
}

ReplayedReservation* SeatReplay::find(const Event& event, const EventItem& item) {
    ReplayedReservation* found = reservations_.find(item.reservation);
    const bool is_here =
        found != nullptr && found->performance == PerformanceKey{event.stream.owner};
    if (!findings_->expect(is_here, "O1",
                           "event {} of performance {} is about reservation {}, which no event "
                           "there has held",
                           event.number, performance(event), item.reservation)) {
        return nullptr;
    }
    findings_->expect(sorted(item.seats) == found->seats, "S7",
                      "event {} of performance {} names {} seats of reservation {}, which held "
                      "{}: expected the same seats",
                      event.number, performance(event), item.seats.size(), found->id,
                      found->seats.size());
    findings_->expect(event.user == found->user, "O1",
                      "event {} of performance {} says that reservation {} is of user {}, but "
                      "user {} held it",
                      event.number, performance(event), found->id, event.user, found->user);
    return found;
}

// What a pass becomes is told with the place that the reservation was held from. One that was held
// when the concert had no room yet, and extended since, does not tell which pass that prolonged.
void SeatReplay::prolong_pass(const Event& event, ReplayedReservation& reservation) const {
    if (event.pass_expires_at == Time{}) return;
    if (reservation.has_room) {
        reservation.pass_expires_at = std::max(reservation.pass_expires_at, event.pass_expires_at);
    } else {
        reservation.extended_into_room = true;
    }
}

// --- Holds -------------------------------------------------------------------------------------

void SeatReplay::hold(const Event& event) {
    if (!check_one_item(event)) return;
    const EventItem& item = event.items.front();
    ReplayedReservation made{.id = item.reservation,
                             .performance = {event.stream.owner},
                             .user = event.user,
                             .place = event.place,
                             .seats = sorted(item.seats),
                             .amount = event.amount,
                             .held_at = event.at,
                             .held_until = event.until,
                             .has_room = event.pass_expires_at != Time{}};
    prolong_pass(event, made);
    findings_->expect(made.held_until > event.at, "S5",
                      "reservation {} was held at {} until {}, which was past already", made.id,
                      At{event.at}, At{event.until});
    findings_->expect(!made.seats.empty(), "S7", "reservation {} was held without a seat", made.id);
    if (!reservations_.add(made)) {
        findings_->add("I1", "reservation {} was held twice: again by event {} of performance {}",
                       made.id, event.number, performance(event));
        return;
    }
    for (const SeatNumber number : made.seats) take(event, number, made);
}

void SeatReplay::take(const Event& event, SeatNumber number, const ReplayedReservation& by) {
    ReplayedSeat& taken = seat(by.performance, number);
    if (taken.status == SeatStatus::held && taken.reservation == by.id) {
        findings_->add("S7", "reservation {} was held with seat {} named twice", by.id, number);
    } else if (taken.status == SeatStatus::held) {
        const bool is_dead = reservations_.find(taken.reservation)->held_until <= event.at;
        findings_->add(is_dead ? "O1" : "S5",
                       "seat {} of performance {} was held by reservation {} at {}, while {} held "
                       "it{}",
                       number, performance(event), by.id, At{event.at}, taken.reservation,
                       is_dead ? ": no event says that that one had expired" : "");
    } else {
        findings_->expect(taken.status == SeatStatus::free, "S1",
                          "seat {} of performance {} was held by reservation {} at {}, but it was "
                          "{}, not free",
                          number, performance(event), by.id, At{event.at}, taken.status);
    }
    taken.status = SeatStatus::held;
    taken.reservation = by.id;
}

void SeatReplay::extend(const Event& event) {
    if (!check_one_item(event)) return;
    ReplayedReservation* held = find(event, event.items.front());
    if (held == nullptr) return;
    findings_->expect(held->status == ReservationStatus::held && event.at < held->held_until, "S6",
                      "reservation {} was extended at {}, when it was {} and ended at {}", held->id,
                      At{event.at}, held->status, At{held->held_until});
    findings_->expect(event.until >= held->held_until, "S5",
                      "reservation {} was extended from {} back to {}", held->id,
                      At{held->held_until}, At{event.until});
    held->held_until = event.until;
    prolong_pass(event, *held);
}

void SeatReplay::end(const Event& event, ReservationStatus status) {
    if (!check_one_item(event)) return;
    ReplayedReservation* held = find(event, event.items.front());
    if (held == nullptr) return;
    if (!findings_->expect(held->status == ReservationStatus::held, "S1",
                           "reservation {} was {} at {}, but it was {} already, not held", held->id,
                           status, At{event.at}, held->status)) {
        return;
    }
    if (status == ReservationStatus::released) {
        findings_->expect(event.at < held->held_until, "S6",
                          "reservation {} was released at {}, but it had ended at {}", held->id,
                          At{event.at}, At{held->held_until});
        held->released_by = event.payment;
    } else {
        findings_->expect(event.at >= held->held_until, "C1",
                          "reservation {} expired at {}, before its end at {}", held->id,
                          At{event.at}, At{held->held_until});
    }
    held->status = status;
    for (const SeatNumber number : held->seats) free(number, SeatStatus::held, *held);
}

void SeatReplay::free(SeatNumber number, SeatStatus from, const ReplayedReservation& of) {
    ReplayedSeat& freed = seat(of.performance, number);
    if (freed.paid_by == of.id) freed.paid_by = {};
    const bool is_its = freed.status == from && freed.reservation == of.id;
    if (!findings_->expect(is_its, "S1",
                           "seat {} of performance {} was freed by reservation {}, but it was {} "
                           "for {}",
                           number, name(*rows_, of.performance), of.id, freed.status,
                           freed.reservation)) {
        return;
    }
    freed.status = SeatStatus::free;
    freed.reservation = {};
}

// --- Payments ----------------------------------------------------------------------------------

void SeatReplay::ask(const Event& event) {
    ReplayedPayment& asked = payment(event);
    // Whether it failed may be known by now from the stream of another performance.
    findings_->expect(!asked.is_begun || asked.begun_at == event.at, "P1",
                      "payment {} begins by event {} of {}, but it has begun before", asked.id,
                      event.number, performance(event));
    asked.is_begun = true;
    asked.begun_at = event.at;
    asked.asked += event.amount.minor;
    for (const EventItem& item : event.items) {
        ReplayedReservation* held = find(event, item);
        if (held == nullptr) continue;
        findings_->expect(
            held->status == ReservationStatus::held && event.at < held->held_until, "S4",
            "payment {} begins at {} for reservation {}, when it was {} and ended at {}", asked.id,
            At{event.at}, held->id, held->status, At{held->held_until});
        findings_->expect(held->asked_by.is_nil(), "P3",
                          "reservation {} is to be paid twice, by payments {} and {}", held->id,
                          held->asked_by, asked.id);
        held->asked_by = asked.id;
        asked.reservations_asked.push_back(held->id);
    }
}

void SeatReplay::fail(const Event& event) {
    ReplayedPayment& failed = payment(event);
    findings_->expect(failed.is_begun && !failed.is_paid, "P1",
                      "payment {} fails by event {} of {}, but it was {}", failed.id, event.number,
                      performance(event), failed.is_paid ? "paid" : "not begun");
    failed.is_failed = true;
    let_go(failed, event);
}

// What it was to pay for in this performance is asked for no more.
void SeatReplay::let_go(const ReplayedPayment& payment, const Event& event) {
    for (const ReservationId& id : payment.reservations_asked) {
        ReplayedReservation* asked = reservations_.find(id);
        if (asked->performance != PerformanceKey{event.stream.owner}) continue;
        if (asked->asked_by == payment.id) asked->asked_by = {};
    }
}

void SeatReplay::pay(const Event& event) {
    ReplayedPayment& paid = payment(event);
    findings_->expect(!paid.is_paid || (paid.paid_at == event.at && paid.user == event.user &&
                                        paid.transfer == event.transfer &&
                                        paid.spends_pass == (event.pass_expires_at != Time{})),
                      "P1", "payment {} is told of differently by two events: see event {} of {}",
                      paid.id, event.number, performance(event));
    paid.is_paid = true;
    paid.paid_at = event.at;
    paid.transfer = event.transfer;
    // It tells when the pass was spent, which is now.
    paid.spends_pass = event.pass_expires_at != Time{};
    paid.amount += event.amount.minor;
    findings_->expect(!paid.is_failed, "P1", "payment {} is paid by event {} of {}, but it failed",
                      paid.id, event.number, performance(event));
    let_go(paid, event);
    findings_->expect(!event.items.empty(), "P2", "payment {} paid for nothing, by event {} of {}",
                      paid.id, event.number, performance(event));
    Wide price = 0;
    for (const EventItem& item : event.items) {
        ReplayedReservation* held = find(event, item);
        if (held == nullptr) continue;
        ++paid.reservations;
        price += held->amount.minor;
        pay(event, *held);
    }
    findings_->expect(price == event.amount.minor, "L6",
                      "payment {} paid {} by event {} of {}, but its reservations were held for {}",
                      paid.id, event.amount, event.number, performance(event), price);
}

void SeatReplay::pay(const Event& event, ReplayedReservation& reservation) {
    if (reservation.status == ReservationStatus::paid) {
        findings_->add("P3", "reservation {} was paid twice, by payments {} and {}", reservation.id,
                       reservation.payment, event.payment);
        return;
    }
    findings_->expect(reservation.asked_by.is_nil(), "P3",
                      "reservation {} was paid by payment {}, while payment {} was on its way",
                      reservation.id, event.payment, reservation.asked_by);
    findings_->expect(
        reservation.status == ReservationStatus::held && event.at < reservation.held_until, "S4",
        "reservation {} was paid at {}, when it was {} and ended at {}", reservation.id,
        At{event.at}, reservation.status, At{reservation.held_until});
    reservation.status = ReservationStatus::paid;
    reservation.payment = event.payment;
    for (const SeatNumber number : reservation.seats) sell(number, reservation);
}

void SeatReplay::sell(SeatNumber number, const ReplayedReservation& to) {
    ReplayedSeat& sold = seat(to.performance, number);
    if (!sold.paid_by.is_nil()) {
        findings_->add("S2", "seat {} of performance {} was sold twice: to reservations {} and {}",
                       number, name(*rows_, to.performance), sold.paid_by, to.id);
    } else {
        findings_->expect(sold.status == SeatStatus::held && sold.reservation == to.id, "S1",
                          "seat {} of performance {} was sold to reservation {}, but it was {} for "
                          "{}",
                          number, name(*rows_, to.performance), to.id, sold.status,
                          sold.reservation);
    }
    sold.status = SeatStatus::sold;
    sold.reservation = to.id;
    sold.paid_by = to.id;
}

void SeatReplay::refund(const Event& event) {
    ReplayedPayment& paid = payment(event);
    findings_->expect(
        !paid.is_refunded ||
            (paid.refunded_at == event.at && paid.refund_transfer == event.transfer),
        "P1", "the refund of payment {} is told of differently by two events: see event {} of {}",
        paid.id, event.number, performance(event));
    paid.is_refunded = true;
    paid.refunded_at = event.at;
    paid.refund_transfer = event.transfer;
    paid.refunded += event.amount.minor;
    for (const EventItem& item : event.items) {
        ReplayedReservation* held = find(event, item);
        if (held == nullptr) continue;
        ++paid.reservations_refunded;
        refund(event, *held);
    }
}

void SeatReplay::refund(const Event& event, ReplayedReservation& reservation) {
    if (!findings_->expect(reservation.status == ReservationStatus::paid, "S1",
                           "reservation {} was refunded at {}, but it was {}, not paid",
                           reservation.id, At{event.at}, reservation.status)) {
        return;
    }
    findings_->expect(reservation.payment == event.payment, "P2",
                      "reservation {} was refunded with payment {}, but {} had paid it",
                      reservation.id, event.payment, reservation.payment);
    reservation.status = ReservationStatus::refunded;
    for (const SeatNumber number : reservation.seats) free(number, SeatStatus::sold, reservation);
}

// --- Operators ---------------------------------------------------------------------------------

void SeatReplay::block(const Event& event, bool blocked) {
    const SeatStatus from = blocked ? SeatStatus::free : SeatStatus::blocked;
    const SeatStatus to = blocked ? SeatStatus::blocked : SeatStatus::free;
    if (!check_one_item(event)) return;
    for (const SeatNumber number : event.items.front().seats) {
        ReplayedSeat& changed = seat({event.stream.owner}, number);
        findings_->expect(changed.status == from, "S1",
                          "seat {} of performance {} was made {} by event {}, but it was {}, not "
                          "{}",
                          number, performance(event), to, event.number, changed.status, from);
        changed.status = to;
        changed.reservation = {};
    }
}

}  // namespace concertres
