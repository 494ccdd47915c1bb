#include "support/witness.hpp"

#include <algorithm>
#include <deque>
#include <optional>

#include "support/drawn_order.hpp"

namespace concertres::test {
namespace {

// Enough to see what is wrong; one wrong answer makes many others wrong.
constexpr std::size_t faults_max = 20;

std::string seat_text(SeatNumber number) { return "seat " + std::to_string(number); }

}  // namespace

void Witness::complain(const std::string& what) {
    if (faults_.size() < faults_max) faults_.push_back(what);
}

// --- Seats
// ----------------------------------------------------------------------------------------

void Witness::held(const ReservationView& view) {
    if (view.replayed) {
        expect(holds_.contains(view.id) || view.status != ReservationStatus::held,
               "a replay tells of a hold that nobody was told of");
        return;
    }
    expect(view.status == ReservationStatus::held, "a new hold is not held");
    expect(view.held_until > view.now && view.held_until <= view.extend_until,
           "a hold's end is not after its beginning and within its limit");
    Hold hold{.user = view.user, .performance = view.performance, .until = view.held_until};
    std::int64_t total = 0;
    for (const SeatPrice& seat : view.seats) {
        const SeatId id{view.performance, seat.number};
        total += seat.price.minor;
        expect(seat.price == prices_.at(seat.number),
               seat_text(seat.number) + " has another price");
        expect(!sold_.contains(id), seat_text(seat.number) + " was held though it was sold");
        const auto before = held_by_.find(id);
        if (before != held_by_.end()) {
            expect(holds_.at(before->second).until <= view.now,
                   seat_text(seat.number) + " was held by two at once");
            // Not one of its seats is its owner's any more.
            drop(before->second);
        }
        hold.seats.push_back(seat.number);
    }
    expect(view.total.minor == total, "a hold's total is not the sum of its seats");
    for (const SeatNumber number : hold.seats) held_by_[{view.performance, number}] = view.id;
    expect(holds_.emplace(view.id, hold).second, "two holds have one id");
    check_limits(view);
}

void Witness::check_limits(const ReservationView& view) {
    std::int64_t in_performance = 0;
    std::int64_t in_concert = 0;
    const auto count = [&](PerformanceId performance) {
        ++in_concert;
        if (performance == view.performance) ++in_performance;
    };
    for (const auto& [id, hold] : holds_) {
        if (hold.user != view.user || hold.until <= view.now) continue;
        for (std::size_t i = 0; i < hold.seats.size(); ++i) count(hold.performance);
    }
    for (const auto& [seat, payment] : sold_) {
        if (payments_.at(payment).user == view.user) count(seat.first);
    }
    expect(in_performance <= limits_.per_performance && in_concert <= limits_.per_concert,
           "somebody has more seats than the limit");
}

void Witness::extended(const ReservationView& view) {
    const auto hold = holds_.find(view.id);
    expect(hold != holds_.end(), "a hold was extended that had ended");
    if (hold == holds_.end()) return;
    expect(hold->second.until > view.now, "a dead hold was extended");
    expect(view.held_until >= hold->second.until && view.held_until <= view.extend_until,
           "an extension moved a hold's end back, or beyond its limit");
    hold->second.until = view.held_until;
}

void Witness::released(const ReservationView& view) {
    expect(view.status == ReservationStatus::released, "what was released is not released");
    drop(view.id);
}

void Witness::left(UserId user) {
    std::vector<ReservationId> gone;
    for (const auto& [id, hold] : holds_) {
        if (hold.user == user) gone.push_back(id);
    }
    for (const ReservationId id : gone) drop(id);
}

void Witness::drop(ReservationId id) {
    const auto hold = holds_.find(id);
    if (hold == holds_.end()) return;
    for (const SeatNumber number : hold->second.seats) {
        const auto by = held_by_.find({hold->second.performance, number});
        if (by != held_by_.end() && by->second == id) held_by_.erase(by);
    }
    holds_.erase(hold);
}

// --- Money
// ----------------------------------------------------------------------------------------

void Witness::charged(const ChargeView& view) {
    if (view.replayed) {
        expect(charges_.contains(view.id) && charges_.at(view.id) == view.balance.minor,
               "a charge was answered anew in another way");
        return;
    }
    std::int64_t& balance = balances_[view.user];
    balance += view.amount.minor;
    expect(view.balance.minor == balance, "a charge does not add up");
    expect(charges_.emplace(view.id, balance).second, "two charges have one id");
}

void Witness::paid(const PaymentView& view) {
    if (view.replayed) {
        const auto first = payments_.find(view.id);
        expect(first != payments_.end() && first->second.balance == view.balance &&
                   first->second.reservations == view.reservations &&
                   first->second.released == view.released,
               "a payment was answered anew in another way");
        return;
    }
    std::int64_t amount = 0;
    for (const ReservationId id : view.reservations) {
        const auto hold = holds_.find(id);
        expect(paid_.emplace(id, view.id).second, "a reservation was paid twice");
        expect(hold != holds_.end(), "a hold was paid that had ended");
        if (hold == holds_.end()) continue;
        expect(hold->second.user == view.user, "somebody paid for another's hold");
        expect(hold->second.until > view.now, "a dead hold was paid");
    }
    for (const PaidSeat& paid : view.seats) {
        amount += paid.seat.price.minor;
        expect(sold_.emplace(SeatId{paid.performance, paid.seat.number}, view.id).second,
               seat_text(paid.seat.number) + " was sold twice");
    }
    for (const ReservationId id : view.reservations) drop(id);
    for (const ReservationId id : view.released) drop(id);
    std::int64_t& balance = balances_[view.user];
    balance -= amount;
    expect(view.amount.minor == amount, "a payment is not the price of its seats");
    expect(view.balance.minor == balance && balance >= 0, "a payment does not add up");
    expect(payments_.emplace(view.id, view).second, "two payments have one id");
}

void Witness::refunded(const PaymentView& view) {
    const auto payment = payments_.find(view.id);
    expect(payment != payments_.end(), "a payment was refunded that nobody was told of");
    if (payment == payments_.end() || payment->second.status == PaymentStatus::refunded) return;
    payment->second.status = PaymentStatus::refunded;
    for (const PaidSeat& paid : view.seats) {
        expect(sold_.erase({paid.performance, paid.seat.number}) == 1,
               seat_text(paid.seat.number) + " was refunded though it was not sold");
    }
    std::int64_t& balance = balances_[view.user];
    balance += view.amount.minor;
    expect(view.balance.minor == balance, "a refund does not add up");
}

void Witness::check_wallet(const WalletView& view) {
    expect(view.balance.minor == balances_[view.user], "a wallet is not what its answers came to");
}

void Witness::check_seats(const SeatsView& view) {
    for (const SeatView& seat : view.seats) {
        const bool is_sold = sold_.contains({view.performance, seat.number});
        const auto by = held_by_.find({view.performance, seat.number});
        const bool is_held = by != held_by_.end() && holds_.at(by->second).until > view.now;
        const SeatStatus expected = is_sold   ? SeatStatus::sold
                                    : is_held ? SeatStatus::held
                                              : SeatStatus::free;
        expect(seat.status == expected, seat_text(seat.number) + " is not as the answers have it");
    }
}

// --- The room
// -------------------------------------------------------------------------------------

void Witness::waits(UserId user, PlaceNumber number, std::int64_t position) {
    const auto [last, is_new] = positions_.try_emplace({user, number}, position);
    expect(position >= 1, "somebody waits at no position");
    expect(is_new || position <= last->second, "a position has grown");
    last->second = position;
}

void Witness::check_room(const std::vector<Event>& room, const std::vector<Event>& performances,
                         const RoomPolicy& policy) {
    // Whoever has the smaller number came first; of those who were drawn, whoever has the smaller
    // rank is first. If one is admitted after who is behind it, it was overtaken: a place that was
    // left is never admitted.
    std::optional<EventDraw> draw;
    std::pair<int, std::int64_t> last{-1, 0};
    for (const Event& event : room) {
        if (event.kind == EventKind::room_drawn) {
            expect(!draw && event.draw && policy.draw && last.first < 0,
                   "a line was drawn that was not to be, or twice, or too late");
            draw = event.draw;
        }
        if (event.kind != EventKind::pass_admitted) continue;
        std::pair<int, std::int64_t> standing{1, event.place.value};
        if (draw && event.place.value <= draw->size) {
            const auto rank = rank_by_hand(draw->seed, static_cast<std::uint64_t>(draw->size),
                                           static_cast<std::uint64_t>(event.place.value));
            standing = {0, static_cast<std::int64_t>(rank)};
        }
        expect(standing > last, "somebody was overtaken, or admitted twice");
        last = standing;
    }
    expect(draw.has_value() == policy.draw, "a line was not drawn that was to be");
    if (policy.active_max) check_active(room, performances, *policy.active_max);
    if (policy.window) check_window(room, *policy.window);
}

void Witness::check_active(const std::vector<Event>& room, const std::vector<Event>& performances,
                           std::int64_t active_max) {
    std::map<PlaceNumber, Time> ends;
    for (const Event& event : performances) {
        if (event.kind == EventKind::payment_completed) ends.emplace(event.place, event.at);
    }
    // At one moment ends come before beginnings: what ended made room for what began.
    std::vector<std::pair<Time, int>> changes;
    for (const Event& event : room) {
        if (event.kind == EventKind::pass_admitted) changes.emplace_back(event.at, 1);
        if (event.kind == EventKind::pass_expired || event.kind == EventKind::pass_left) {
            expect(ends.emplace(event.place, event.at).second, "a pass ended twice");
        }
    }
    for (const auto& [place, at] : ends) changes.emplace_back(at, -1);
    std::sort(changes.begin(), changes.end());
    std::int64_t active = 0;
    for (const auto& [at, change] : changes) {
        active += change;
        expect(active <= active_max, "more passes were live than may be");
    }
}

void Witness::check_window(const std::vector<Event>& room, const AdmissionWindow& window) {
    std::deque<Time> within;
    for (const Event& event : room) {
        if (event.kind != EventKind::pass_admitted) continue;
        within.push_back(event.at);
        while (within.front() <= event.at - window.length) within.pop_front();
        expect(static_cast<std::int64_t>(within.size()) <= window.admit_max,
               "more were admitted in one window than may be");
    }
}

}  // namespace concertres::test
