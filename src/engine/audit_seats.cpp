// Seats and reservations: rows against rows, and rows against what the events say.

#include <algorithm>

#include "engine/audit_checks.hpp"

namespace concertres {
namespace {

class SeatChecks {
  public:
    SeatChecks(const Audited& audited, Findings& findings)
        : audited_(&audited), rows_(&audited.rows), findings_(&findings) {}

    void check() {
        for (const Seat& seat : rows_->seats) {
            check_seat(seat);
            check_replayed(seat);
        }
        for (const Reservation& reservation : rows_->reservations) {
            check_reservation(reservation);
            check_its_seats(reservation);
            check_replayed(reservation);
        }
        for (const ShownPerformance& performance : rows_->performances) check_hall(performance);
        for (const PerformanceState& state : rows_->states) check_counts(state);
        check_told();
    }

  private:
    void check_seat(const Seat& seat);
    void check_reserved(const Seat& seat);
    void check_replayed(const Seat& seat);
    void check_reservation(const Reservation& reservation);
    void check_its_seats(const Reservation& reservation);
    void check_replayed(const Reservation& reservation);
    void check_payment_told(const Reservation& reservation, const ReplayedReservation& told);
    void check_hall(const ShownPerformance& performance);
    void check_counts(const PerformanceState& state);
    void check_told();

    const Audited* audited_;
    const AuditRows* rows_;
    Findings* findings_;
    AuditMap<PerformanceKey, SeatCounts> counts_;
    AuditMap<PerformanceKey, std::int64_t> hall_seats_;  // rows that are of the hall
};

bool holds(const Reservation& reservation, SeatNumber number) {
    return std::any_of(reservation.seats.begin(), reservation.seats.end(),
                       [number](const ReservedSeat& seat) { return seat.number == number; });
}

std::int64_t* count_of(SeatCounts& counts, SeatStatus status) {
    switch (status) {
        case SeatStatus::free:
            return &counts.free;
        case SeatStatus::blocked:
            return &counts.blocked;
        case SeatStatus::held:
            return &counts.held;
        case SeatStatus::sold:
            return &counts.sold;
    }
    return nullptr;
}

// --- Seats -------------------------------------------------------------------------------------

void SeatChecks::check_seat(const Seat& seat) {
    const ShownConcert* hall = rows_->hall_of(seat.performance);
    if (!findings_->expect(hall != nullptr, "S1",
                           "seat {} is of performance {}, which does not exist", seat.number,
                           name(*rows_, seat.performance))) {
        return;
    }
    if (findings_->expect(hall->has(seat.number), "S1",
                          "performance {} has a seat {}, but its hall does not",
                          name(*rows_, seat.performance), seat.number)) {
        ++hall_seats_[seat.performance];
    }
    std::int64_t* count = count_of(counts_[seat.performance], seat.status);
    if (!findings_->expect(count != nullptr, "S1", "seat {} of performance {} is {}", seat.number,
                           name(*rows_, seat.performance), seat.status)) {
        return;
    }
    ++*count;
    if (seat.status == SeatStatus::held || seat.status == SeatStatus::sold) {
        check_reserved(seat);
    } else {
        findings_->expect(!seat.reservation && seat.held_until == Time{}, "S1",
                          "seat {} of performance {} is {}, but names reservation {} until {}",
                          seat.number, name(*rows_, seat.performance), seat.status,
                          name(*rows_, seat.reservation), At{seat.held_until});
    }
}

void SeatChecks::check_reserved(const Seat& seat) {
    const Reservation* found = rows_->reservations.find(seat.reservation);
    if (!findings_->expect(found != nullptr, "S1",
                           "seat {} of performance {} is {} for reservation {}, which does not "
                           "exist",
                           seat.number, name(*rows_, seat.performance), seat.status,
                           name(*rows_, seat.reservation))) {
        return;
    }
    const bool is_held = seat.status == SeatStatus::held;
    const ReservationStatus expected = is_held ? ReservationStatus::held : ReservationStatus::paid;
    findings_->expect(found->status == expected, "S1",
                      "seat {} of performance {} is {} for reservation {}, which is {}, expected "
                      "{}",
                      seat.number, name(*rows_, seat.performance), seat.status, found->id,
                      found->status, expected);
    const Time until = is_held ? found->held_until : Time{};
    findings_->expect(seat.held_until == until, "S1",
                      "seat {} of performance {} is {} for reservation {} until {}, expected {}",
                      seat.number, name(*rows_, seat.performance), seat.status, found->id,
                      At{seat.held_until}, At{until});
    findings_->expect(found->performance == seat.performance && holds(*found, seat.number), "S1",
                      "seat {} of performance {} is {} for reservation {}, which does not have it",
                      seat.number, name(*rows_, seat.performance), seat.status, found->id);
}

void SeatChecks::check_replayed(const Seat& seat) {
    const ReplayedSeat* told = audited_->seats->seats().find(seat.key());
    const SeatStatus status = told == nullptr ? SeatStatus::free : told->status;
    findings_->expect(seat.status == status, "O1",
                      "seat {} of performance {} is {}, but the events leave it {}", seat.number,
                      name(*rows_, seat.performance), seat.status, status);
    if (seat.status != status || told == nullptr || told->reservation.is_nil()) return;
    const Reservation* found = rows_->reservations.find(seat.reservation);
    findings_->expect(found != nullptr && found->id == told->reservation, "O1",
                      "seat {} of performance {} is {} for reservation {}, but by the events for "
                      "{}",
                      seat.number, name(*rows_, seat.performance), seat.status,
                      name(*rows_, seat.reservation), told->reservation);
}

// --- Reservations ------------------------------------------------------------------------------

void SeatChecks::check_reservation(const Reservation& reservation) {
    findings_->expect(is_known(reservation.status), "S1", "reservation {} is {}", reservation.id,
                      reservation.status);
    findings_->expect(!reservation.seats.empty(), "S7", "reservation {} has no seat",
                      reservation.id);
    findings_->expect(std::adjacent_find(reservation.seats.begin(), reservation.seats.end(),
                                         [](const ReservedSeat& a, const ReservedSeat& b) {
                                             return a.number >= b.number;
                                         }) == reservation.seats.end(),
                      "S7", "reservation {} lists its seats out of order, or one twice",
                      reservation.id);
    findings_->expect(reservation.held_at < reservation.held_until &&
                          reservation.held_until <= reservation.extend_until,
                      "S5", "reservation {} was held at {} until {}, and may be extended until {}",
                      reservation.id, At{reservation.held_at}, At{reservation.held_until},
                      At{reservation.extend_until});
    const ShownPerformance* performance = rows_->performances.find(reservation.performance);
    findings_->expect(performance != nullptr && performance->concert == reservation.concert, "D2",
                      "reservation {} is of performance {} of concert {}, which does not exist",
                      reservation.id, name(*rows_, reservation.performance),
                      name(*rows_, reservation.concert));
    Wide total = 0;
    for (const ReservedSeat& seat : reservation.seats) {
        total += seat.price.minor;
        findings_->expect(seat.price.minor >= 0 && seat.price.minor <= Money::max_minor, "L6",
                          "seat {} of reservation {} costs {}", seat.number, reservation.id,
                          seat.price);
    }
    findings_->expect(total == reservation.total.minor, "L6",
                      "reservation {} costs {}, but its seats {}", reservation.id,
                      reservation.total, total);
}

// All of them stand for it as long as it is held or paid: a hold is all or nothing.
void SeatChecks::check_its_seats(const Reservation& reservation) {
    const ShownConcert* hall = rows_->hall_of(reservation.performance);
    for (const ReservedSeat& reserved : reservation.seats) {
        findings_->expect(hall == nullptr || hall->has(reserved.number), "S1",
                          "reservation {} has seat {}, but the hall does not", reservation.id,
                          reserved.number);
        if (reservation.status != ReservationStatus::held &&
            reservation.status != ReservationStatus::paid) {
            continue;
        }
        const Seat* seat = rows_->seats.find({reservation.performance, reserved.number});
        findings_->expect(seat != nullptr && seat->reservation == reservation.row, "S1",
                          "reservation {} is {}, but its seat {} is {} for reservation {}",
                          reservation.id, reservation.status, reserved.number,
                          seat == nullptr ? SeatStatus::free : seat->status,
                          name(*rows_, seat == nullptr ? ReservationKey{} : seat->reservation));
    }
}

void SeatChecks::check_replayed(const Reservation& reservation) {
    const ReplayedReservation* told = audited_->seats->reservations().find(reservation.id);
    if (!findings_->expect(told != nullptr, "O1", "no event tells of reservation {}",
                           reservation.id)) {
        return;
    }
    findings_->expect(reservation.status == told->status, "O1",
                      "reservation {} is {}, but the events leave it {}", reservation.id,
                      reservation.status, told->status);
    findings_->expect(reservation.held_at == told->held_at, "O1",
                      "reservation {} was held at {}, by its event at {}", reservation.id,
                      At{reservation.held_at}, At{told->held_at});
    findings_->expect(reservation.held_until == told->held_until, "O1",
                      "reservation {} is held until {}, by its events until {}", reservation.id,
                      At{reservation.held_until}, At{told->held_until});
    findings_->expect(reservation.performance == told->performance &&
                          reservation.user_id == told->user && reservation.place == told->place,
                      "O1",
                      "reservation {} is of performance {}, user {} and place {}, by its events of "
                      "{}, {} and {}",
                      reservation.id, name(*rows_, reservation.performance), reservation.user_id,
                      reservation.place, name(*rows_, told->performance), told->user, told->place);
    findings_->expect(reservation.total == told->amount, "L6",
                      "reservation {} costs {}, but it was held for {}", reservation.id,
                      reservation.total, told->amount);
    std::vector<SeatNumber> numbers;
    numbers.reserve(reservation.seats.size());
    for (const ReservedSeat& seat : reservation.seats) numbers.push_back(seat.number);
    std::sort(numbers.begin(), numbers.end());
    findings_->expect(numbers == told->seats, "S7",
                      "reservation {} has {} seats that are not the {} seats it was held with",
                      reservation.id, numbers.size(), told->seats.size());
    check_payment_told(reservation, *told);
}

void SeatChecks::check_payment_told(const Reservation& reservation,
                                    const ReplayedReservation& told) {
    const Payment* payment = rows_->payments.find(reservation.payment);
    const PaymentId paid_by = payment == nullptr ? PaymentId{} : payment->id;
    const PaymentId told_by = told.payment.is_nil() ? told.asked_by : told.payment;
    findings_->expect(paid_by == told_by, "P2",
                      "reservation {} was paid with payment {}, by its events with {}",
                      reservation.id, paid_by, told_by);
}

// --- Performances ------------------------------------------------------------------------------

void SeatChecks::check_hall(const ShownPerformance& performance) {
    const ShownConcert* hall = rows_->hall_of(performance.row);
    if (hall == nullptr) return;
    const auto found = hall_seats_.find(performance.row);
    const std::int64_t there = found == hall_seats_.end() ? 0 : found->second;
    if (there == static_cast<std::int64_t>(hall->seats.size())) return;
    for (const SeatNumber number : hall->seats) {
        findings_->expect(rows_->seats.find({performance.row, number}) != nullptr, "S1",
                          "seat {} of performance {} is missing", number, performance.id);
    }
}

void SeatChecks::check_counts(const PerformanceState& state) {
    const auto found = counts_.find(state.performance);
    const SeatCounts counted = found == counts_.end() ? SeatCounts{} : found->second;
    const SeatCounts& kept = state.counts;
    findings_->expect(kept == counted, "S3",
                      "performance {} counts {} free, {} blocked, {} held and {} sold seats, but "
                      "its seats are {}, {}, {} and {}",
                      name(*rows_, state.performance), kept.free, kept.blocked, kept.held,
                      kept.sold, counted.free, counted.blocked, counted.held, counted.sold);
    const ShownConcert* hall = rows_->hall_of(state.performance);
    if (hall == nullptr) return;
    const Wide total = Wide{kept.free} + kept.blocked + kept.held + kept.sold;
    findings_->expect(total == static_cast<Wide>(hall->seats.size()), "S3",
                      "performance {} counts {} seats, but its hall has {}",
                      name(*rows_, state.performance), total, hall->seats.size());
}

// What events tell of, and no row shows.
void SeatChecks::check_told() {
    for (const ReplayedReservation& told : audited_->seats->reservations()) {
        findings_->expect(rows_->reservation(told.id) != nullptr, "O1",
                          "events tell of reservation {}, which does not exist", told.id);
    }
    for (const ReplayedSeat& told : audited_->seats->seats()) {
        findings_->expect(rows_->seats.find(told.seat) != nullptr, "S1",
                          "events tell of seat {} of performance {}, which does not exist",
                          told.seat.number, name(*rows_, told.seat.performance));
    }
}

}  // namespace

void check_seats(const Audited& audited, Findings& findings) {
    SeatChecks(audited, findings).check();
}

}  // namespace concertres
