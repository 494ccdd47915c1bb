#include "support/witness.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

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

void Witness::held(const ReservationView& view, PlaceNumber place) {
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
        const auto allotted = allotted_.find(seat.number);
        expect(allotted == allotted_.end() || allotted->second == place.line_class(),
               seat_text(seat.number) + " was held though it is kept for another class");
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

void Witness::heard(PlaceNumber number, Time at) {
    waited_[number].heard.insert(at);
    waited_[number].asked = at;
}

void Witness::all_heard(Time at) {
    for (auto& [number, waited] : waited_) {
        if (!waited.gone && !waited.lost) waited.heard.insert(at);
    }
}

void Witness::gone(PlaceNumber number, Time at) {
    Waited& waited = waited_[number];
    waited.gone = std::min(waited.gone.value_or(at), at);
}

void Witness::lost(PlaceNumber number, Time at) { waited_[number].lost = at; }

std::optional<Time> Witness::Waited::heard_before(Time at) const {
    const auto after = heard.upper_bound(at);
    return after == heard.begin() ? std::nullopt : std::optional(*std::prev(after));
}

Witness::Standing Witness::standing_of(PlaceNumber number,
                                       const std::map<LineClass, EventDraw>& draws) {
    const LineClass line_class = number.line_class();
    const std::int64_t sequence = number.value % (std::int64_t{1} << 36);
    const auto draw = draws.find(line_class);
    if (draw == draws.end() || sequence > draw->second.size) return {1, number.value};
    const auto rank =
        rank_by_hand(draw->second.seed, static_cast<std::uint64_t>(draw->second.size),
                     static_cast<std::uint64_t>(sequence), static_cast<std::uint64_t>(line_class));
    return {0, static_cast<std::int64_t>(rank)};
}

void Witness::check_room(const std::vector<Event>& room, const std::vector<Event>& performances,
                         const RoomPolicy& policy) {
    const std::vector<Admitted> admitted = admissions(room, policy);
    const std::map<PlaceNumber, Time> ended = ends(room, performances);
    check_line(room, policy);
    check_active(ended, admitted);
    check_window(admitted);
    check_seat_for_each(performances, admitted, ended);
}

std::vector<Witness::Admitted> Witness::admissions(const std::vector<Event>& room,
                                                   const RoomPolicy& first) {
    std::vector<Admitted> found;
    const RoomPolicy* policy = &first;
    std::size_t changed = 0;
    for (const Event& event : room) {
        if (event.kind == EventKind::sale_changed) {
            expect(changed < changes_.size(), "a room was changed by nobody");
            if (changed < changes_.size()) policy = &changes_[changed++];
        }
        if (event.kind == EventKind::pass_admitted) found.push_back({&event, policy});
    }
    return found;
}

void Witness::check_line(const std::vector<Event>& room, const RoomPolicy& policy) {
    std::map<LineClass, EventDraw> draws;
    std::map<LineClass, Standing> last;
    bool any_admitted = false;
    for (const Event& event : room) {
        if (event.kind == EventKind::room_drawn) {
            expect(event.draw && policy.draw && !any_admitted,
                   "a line was drawn that was not to be, or too late");
            expect(draws.emplace(event.draw->line_class, *event.draw).second,
                   "a line was drawn twice");
        }
        if (event.kind != EventKind::pass_admitted) continue;
        any_admitted = true;
        if (policy.no_shows) {
            check_there(event, draws, *policy.no_shows);
        } else {
            check_order(event, draws, last);
        }
    }
    expect(draws.contains(0) == policy.draw, "a line was not drawn that was to be");
    if (policy.no_shows) check_lost(*policy.no_shows);
}

// Whoever has the smaller number of a class came first; of those who were drawn, whoever has the
// smaller rank is first. If one is admitted after who is behind it, it was overtaken: a place that
// was left is never admitted.
void Witness::check_order(const Event& admitted, const std::map<LineClass, EventDraw>& draws,
                          std::map<LineClass, Standing>& last) {
    const Standing standing = standing_of(admitted.place, draws);
    const auto [before, is_first] = last.try_emplace(admitted.place.line_class(), standing);
    expect(is_first || standing > before->second, "somebody was overtaken, or admitted twice");
    before->second = standing;
}

void Witness::check_there(const Event& admitted, const std::map<LineClass, EventDraw>& draws,
                          const NoShows& rule) {
    // Times are kept to the second; and whoever comes back is found by the next tick.
    constexpr auto slack = std::chrono::seconds(3);
    const auto at = admitted.at;
    const auto own = waited_[admitted.place].heard_before(at);
    expect(own && at - *own <= rule.silent_after + slack,
           "somebody was admitted who was not there");
    const Standing standing = standing_of(admitted.place, draws);
    for (const auto& [number, waited] : waited_) {
        if (number.line_class() != admitted.place.line_class()) continue;
        if (waited.gone && *waited.gone <= at) continue;
        if (waited.heard.empty() || *waited.heard.begin() > at) continue;
        const auto heard = waited.heard_before(at - slack);
        const bool is_there = heard && at - *heard <= rule.silent_after && !waited.lost;
        if (number == admitted.place || standing < standing_of(number, draws)) continue;
        expect(!is_there, "somebody who was there was overtaken");
        ++passed_by_;
    }
    Waited& admitted_now = waited_[admitted.place];
    expect(!std::exchange(admitted_now.admitted, true), "somebody was admitted twice");
    // Who leaves later gives back the pass.
    expect(admitted_now.gone.value_or(at) >= at, "somebody was admitted after leaving");
    gone(admitted.place, at);
}

void Witness::check_lost(const NoShows& rule) {
    for (const auto& [number, waited] : waited_) {
        if (!waited.lost) continue;
        expect(waited.asked && *waited.lost - *waited.asked > rule.silent_after,
               "a place was lost whose user had just been heard of");
        const auto silent = waited.first_silence(rule.silent_after);
        expect(silent && *waited.lost - *silent >= rule.silent_after + rule.grace,
               "a place was lost before its grace was over");
    }
}

std::optional<Time> Witness::Waited::first_silence(Duration longer_than) const {
    for (auto at = heard.begin(); at != heard.end(); ++at) {
        const auto next = std::next(at);
        if (next == heard.end() || *next - *at > longer_than) return *at;
    }
    return std::nullopt;
}

std::map<PlaceNumber, Time> Witness::ends(const std::vector<Event>& room,
                                          const std::vector<Event>& performances) {
    std::map<PlaceNumber, Time> ends;
    for (const Event& event : performances) {
        if (event.kind == EventKind::payment_completed) ends.emplace(event.place, event.at);
    }
    for (const Event& event : room) {
        if (event.kind == EventKind::pass_expired || event.kind == EventKind::pass_left) {
            expect(ends.emplace(event.place, event.at).second, "a pass ended twice");
        }
    }
    return ends;
}

void Witness::check_active(const std::map<PlaceNumber, Time>& ends,
                           const std::vector<Admitted>& admitted) {
    // At one moment ends come before beginnings: what ended made room for what began.
    struct Change {
        Time at;
        int by = 0;
        std::int64_t most = INT64_MAX;
    };
    std::vector<Change> changes;
    for (const auto& [event, policy] : admitted) {
        std::int64_t most = policy->active_max.value_or(INT64_MAX);
        if (policy->closed_loop) most = std::min(most, policy->closed_loop->ceiling);
        changes.push_back({event->at, 1, most});
    }
    for (const auto& [place, at] : ends) changes.push_back({.at = at, .by = -1});
    std::ranges::stable_sort(changes, {},
                             [](const Change& change) { return std::pair(change.at, change.by); });
    std::int64_t active = 0;
    for (const Change& change : changes) {
        active += change.by;
        expect(active <= change.most, "more passes were live than may be");
    }
}

void Witness::check_window(const std::vector<Admitted>& admitted) {
    for (std::size_t i = 0; i < admitted.size(); ++i) {
        const auto& window = admitted[i].policy->window;
        if (!window) continue;
        std::int64_t within = 0;
        for (std::size_t j = i + 1; j-- > 0;) {
            if (admitted[j].event->at <= admitted[i].event->at - window->length) break;
            ++within;
        }
        expect(within <= window->admit_max, "more were admitted in one window than may be");
    }
}

}  // namespace concertres::test
