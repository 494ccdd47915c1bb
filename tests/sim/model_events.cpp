// What events say, followed in plain maps: seats, reservations, payments, wallets.
#include <fmt/format.h>

#include <algorithm>

#include "sim/marks.hpp"
#include "sim/model.hpp"

namespace concertres::sim {
namespace {

std::string text_of(const Event& event) {
    return fmt::format("{} (event {} of stream {}/{})", event_name(event.kind), event.number,
                       static_cast<int>(event.stream.kind), event.stream.owner);
}

}  // namespace

void Model::on(const Event& event) {
    auto& log = log_[event.stream];
    expect(event.number == static_cast<std::int64_t>(log.size()) + 1, "O3",
           text_of(event) + " does not follow the last of its stream");
    expect(event.at == loaded_, "O1", text_of(event) + " is not of the commit's time");
    expect(log.empty() || event.at >= log.back().at, "C1", text_of(event) + " is before its last");
    log.push_back(event);
    switch (event.kind) {
        case EventKind::reservation_held:
            return on_held(event);
        case EventKind::reservation_extended:
            return on_extended(event);
        case EventKind::reservation_released:
        case EventKind::reservation_expired:
            return on_ended(event);
        case EventKind::payment_completed:
            return on_paid(event);
        case EventKind::payment_refunded:
            return on_refunded(event);
        case EventKind::payment_authorizing:
        case EventKind::payment_failed:
            return complain_("P4", "a payment with money from outside, which nobody makes here");
        case EventKind::seats_blocked:
        case EventKind::seats_unblocked:
            return on_blocked(event);
        case EventKind::wallet_charged:
        case EventKind::wallet_paid:
        case EventKind::wallet_refunded:
            return on_wallet(event);
        case EventKind::pass_admitted:
            return on_admitted(event);
        case EventKind::pass_expired:
        case EventKind::pass_left:
            return on_pass(event);
        case EventKind::sale_changed:
        case EventKind::room_drawn:
            return on_sale(event);
    }
    complain_("O1", "an event of no kind");
}

// Only a live pass, of this user, opens anything.
void Model::check_pass_opens(const Event& event) {
    if (!sale_.room) return;
    const auto pass = passes_.find(event.place);
    if (pass == passes_.end() || pass->second.user != event.user) {
        return complain_("T5", text_of(event) + " by who has no pass");
    }
    expect(pass->second.status == PassStatus::admitted, "T5",
           text_of(event) + " with a pass that has been spent, or has ended");
    expect(event.at < pass->second.ends, "T4", text_of(event) + " with a pass past its time");
    if (event.kind == EventKind::payment_completed) return;
    expect(event.pass_expires_at >= pass->second.ends &&
               event.pass_expires_at <= pass->second.admitted + mix_.options.pass_max,
           "T4", text_of(event) + " moved the pass's end back, or beyond its ceiling");
    expect(event.until <= event.pass_expires_at, "T4", text_of(event) + " outlives its pass");
    pass->second.ends = event.pass_expires_at;
    passes_touched_.insert(event.place);
}

void Model::on_held(const Event& event) {
    check_pass_opens(event);
    if (event.items.size() != 1 || event.items.front().seats.empty()) {
        return complain_("O1", "a hold that does not say which seats");
    }
    const PerformanceKey performance{event.stream.owner};
    const EventItem& item = event.items.front();
    Booking booking{.user = event.user,
                    .performance = performance,
                    .place = event.place,
                    .seats = item.seats,
                    .held_at = event.at,
                    .until = event.until,
                    .made_in = commits_};
    expect(event.at < event.until && event.until <= event.at + mix_.options.hold_ttl, "S4",
           "a hold is longer than holds are");
    expect(sale_.mode != SaleMode::closed && (!sale_.opens_at || *sale_.opens_at <= event.at), "C1",
           "a hold at a sale that is not open");
    for (const SeatNumber number : item.seats) {
        SeatNow& seat = seats_[{performance, number}];
        const std::string name = fmt::format("seat {}", number);
        expect(seat.status != SeatStatus::sold, "S2", name + " was held though it is sold");
        expect(seat.status != SeatStatus::blocked, "S1", name + " was held though it is blocked");
        expect(seat.status != SeatStatus::held || seat.until <= event.at, "S5",
               name + " was held though another's hold lives");
        expect(seat.status != SeatStatus::held, "S1",
               name + " was taken from a hold that no event has ended");
        seat = {SeatStatus::held, item.reservation, event.until};
        seats_touched_.insert({performance, number});
        const auto expired = seats_expired_.find({performance, number});
        if (expired != seats_expired_.end() && expired->second != event.user) {
            mark(Mark::dead_hold_taken_by_another);
        }
        booking.total += prices_[number];
    }
    expect(event.amount.minor == booking.total, "L6", "a hold's price is not that of its seats");
    bookings_touched_.insert(item.reservation);
    expect(bookings_.emplace(item.reservation, booking).second, "I1",
           "one reservation was made twice");
}

Model::Booking* Model::booking_of(const Event& event) {
    if (event.items.size() != 1) {
        complain_("O1", text_of(event) + " does not name one reservation");
        return nullptr;
    }
    const auto found = bookings_.find(event.items.front().reservation);
    if (found == bookings_.end()) {
        complain_("O1", text_of(event) + " is of a reservation that was never held");
        return nullptr;
    }
    bookings_touched_.insert(found->first);
    expect(found->second.seats == event.items.front().seats, "S7",
           text_of(event) + " names other seats than were held");
    expect(found->second.status == ReservationStatus::held, "S1",
           text_of(event) + " is of a reservation that had ended");
    return &found->second;
}

void Model::on_extended(const Event& event) {
    check_pass_opens(event);
    Booking* booking = booking_of(event);
    if (booking == nullptr) return;
    expect(booking->user == event.user, "S6", "a hold was extended by another");
    expect(event.at < booking->until, "S4", "a dead hold was extended");
    expect(
        event.until >= booking->until && event.until <= booking->held_at + mix_.options.extend_max,
        "S4", "an extension moved a hold's end back, or beyond its limit");
    booking->until = event.until;
    for (const SeatNumber number : booking->seats) {
        seats_[{booking->performance, number}].until = event.until;
        seats_touched_.insert({booking->performance, number});
    }
}

void Model::free_seats(const Booking& booking, ReservationId id) {
    for (const SeatNumber number : booking.seats) {
        SeatNow& seat = seats_[{booking.performance, number}];
        expect(seat.by == id, "S6", fmt::format("seat {} was freed by who had lost it", number));
        seat = {};
        seats_touched_.insert({booking.performance, number});
    }
}

void Model::on_ended(const Event& event) {
    Booking* booking = booking_of(event);
    if (booking == nullptr) return;
    expect(event.user == booking->user, "S6", "a hold was ended for another than its owner");
    if (event.kind == EventKind::reservation_expired) {
        expect(booking->until <= event.at, "C1", "a hold was expired before its time");
        booking->status = ReservationStatus::expired;
        for (const SeatNumber number : booking->seats) {
            seats_expired_[{booking->performance, number}] = booking->user;
        }
    } else {
        expect(event.at < booking->until, "S4", "a dead hold was released");
        booking->status = ReservationStatus::released;
        if (!event.actor.empty()) mark(Mark::released_by_operator);
        if (event.payment != PaymentId{}) {
            mark(Mark::payment_released_other_holds);
            purchases_[event.payment].released.push_back(event.items.front().reservation);
            expect(booking->place == event.place, "P1", "a payment let go another pass's hold");
        }
    }
    free_seats(*booking, event.items.front().reservation);
}

// A payment over two performances has an event in each.
void Model::on_paid(const Event& event) {
    const bool is_first = !purchases_touched_.contains(event.payment);
    if (is_first) {
        expect(!purchases_.contains(event.payment), "P3", "a payment was completed twice");
        check_pass_opens(event);
    } else {
        mark(Mark::payment_over_two_performances);
    }
    purchases_touched_.insert(event.payment);
    Purchase& purchase = purchases_[event.payment];
    purchase.user = event.user;
    purchase.place = event.place;
    purchase.paid_at = event.at;
    purchase.made_in = commits_;
    std::int64_t amount = 0;
    for (const EventItem& item : event.items) {
        const auto found = bookings_.find(item.reservation);
        if (found == bookings_.end()) {
            complain_("P2", "what was never held was paid");
            continue;
        }
        Booking& booking = found->second;
        bookings_touched_.insert(item.reservation);
        expect(booking.user == event.user, "S6", "another's hold was paid");
        expect(booking.status != ReservationStatus::paid, "P3", "a reservation was paid twice");
        expect(booking.status == ReservationStatus::held, "S6", "what had ended was paid");
        expect(event.at < booking.until, "S4", "a dead hold was paid");
        expect(booking.seats == item.seats, "S7", "other seats were paid than were held");
        if (booking.until - event.at <= std::chrono::milliseconds(20)) {
            mark(Mark::pay_just_before_deadline);
        }
        booking.status = ReservationStatus::paid;
        booking.payment = event.payment;
        for (const SeatNumber number : booking.seats) {
            SeatNow& seat = seats_[{booking.performance, number}];
            expect(seat.status != SeatStatus::sold, "S2",
                   fmt::format("seat {} was sold twice", number));
            expect(seat.by == item.reservation, "S6",
                   fmt::format("seat {} was sold to who had lost it", number));
            if (seats_refunded_.contains({booking.performance, number})) {
                mark(Mark::refunded_seat_sold_again);
            }
            seat = {SeatStatus::sold, item.reservation, {}};
            seats_touched_.insert({booking.performance, number});
        }
        purchase.reservations.push_back(item.reservation);
        amount += booking.total;
    }
    expect(event.amount.minor == amount, "L6", "a payment is not the price of what was held");
    purchase.amount += amount;
    if (!sale_.room) return;
    PassNow& pass = passes_[event.place];
    pass.status = PassStatus::spent;
    passes_touched_.insert(event.place);
}

void Model::on_refunded(const Event& event) {
    const auto found = purchases_.find(event.payment);
    if (found == purchases_.end()) return complain_("P2", "what was never paid was refunded");
    Purchase& purchase = found->second;
    const bool is_first = purchases_touched_.insert(event.payment).second;
    expect(!is_first || !purchase.is_refunded, "P3", "a payment was refunded twice");
    expect(purchase.user == event.user, "S6", "another's payment was refunded");
    expect(mix_.refunds.allowed, "P2", "money was given back where none is");
    purchase.is_refunded = true;
    purchase.refunded_in = commits_;
    mark(Mark::refunded);
    std::int64_t amount = 0;
    for (const EventItem& item : event.items) {
        Booking& booking = bookings_[item.reservation];
        bookings_touched_.insert(item.reservation);
        expect(booking.status == ReservationStatus::paid && booking.payment == event.payment, "P2",
               "a refund frees what its payment did not pay for");
        booking.status = ReservationStatus::refunded;
        amount += booking.total;
        for (const SeatNumber number : booking.seats) {
            seats_refunded_.insert({booking.performance, number});
        }
        free_seats(booking, item.reservation);
    }
    expect(event.amount.minor == amount, "L6", "a refund is not the price of its seats");
}

void Model::on_blocked(const Event& event) {
    const bool blocked = event.kind == EventKind::seats_blocked;
    if (blocked) mark(Mark::seats_were_blocked);
    for (const EventItem& item : event.items) {
        for (const SeatNumber number : item.seats) {
            SeatNow& seat = seats_[{PerformanceKey{event.stream.owner}, number}];
            const SeatStatus before = blocked ? SeatStatus::free : SeatStatus::blocked;
            expect(seat.status == before, "S1",
                   fmt::format("seat {} was blocked, or put back, from another state", number));
            seat = {};
            if (blocked) seat.status = SeatStatus::blocked;
            seats_touched_.insert({PerformanceKey{event.stream.owner}, number});
        }
    }
}

void Model::on_wallet(const Event& event) {
    Purse& purse = purses_[UserKey{event.stream.owner}];
    purse.user = event.user;
    const bool is_out = event.kind == EventKind::wallet_paid;
    expect(event.amount.minor >= 1 && event.amount.minor <= Money::max_minor, "L6",
           "an amount out of bounds was moved");
    purse.balance += is_out ? -event.amount.minor : event.amount.minor;
    purse.next = event.number + 1;
    expect(purse.balance >= 0, "L3", "a wallet is below zero");
    expect(event.balance.minor == purse.balance, "L4",
           "an event tells another balance than its movements come to");
    transfers_announced_.insert(event.transfer);
    if (event.kind == EventKind::wallet_charged) {
        const Charged charged{event.user, event.amount.minor, purse.balance, commits_, false};
        expect(charges_.emplace(event.transfer, charged).second, "I1", "a charge was made twice");
        return;
    }
    const auto purchase = purchases_.find(event.payment);
    if (purchase == purchases_.end() || !purchases_touched_.contains(event.payment)) {
        return complain_("P1", "money moved for a payment, and not in the payment's commit");
    }
    expect(purchase->second.amount == event.amount.minor, "P2",
           "the money that moved is not the payment's");
    if (is_out) purchase->second.balance = purse.balance;
}

}  // namespace concertres::sim
