// Answers: what was said is what is committed, a key means one thing, and a refusal has its reason.
#include <fmt/format.h>

#include <algorithm>

#include "sim/marks.hpp"
#include "sim/model.hpp"

namespace concertres::sim {
namespace {

std::string content_of(const Hold& c) {
    std::string text = c.performance.to_string();
    std::vector<SeatNumber> seats = c.seats;
    std::sort(seats.begin(), seats.end());
    for (const SeatNumber seat : seats) text += fmt::format(" {}", seat);
    if (c.best) text += fmt::format(" best {}", c.best->count);
    for (const AreaSeats& area : c.areas) text += fmt::format(" {} {}", area.section, area.count);
    return text;
}

// How many are asked for without saying which.
std::int64_t unnamed_in(const Hold& c) {
    std::int64_t count = c.best ? c.best->count : 0;
    for (const AreaSeats& area : c.areas) count += area.count;
    return count;
}

std::string content_of(const Pay& c) {
    std::vector<ReservationId> named = c.reservations;
    std::sort(named.begin(), named.end());
    std::string text;
    for (const ReservationId& id : named) text += " " + id.to_string();
    return text;
}

void mark_refusal(Errc code) {
    switch (code) {
#define CONCERTRES_SIM_REFUSAL(name) \
    case Errc::name:                 \
        return mark(Mark::refused_##name);
        CONCERTRES_SIM_REFUSAL(overloaded)
        CONCERTRES_SIM_REFUSAL(request_timeout)
        CONCERTRES_SIM_REFUSAL(draining)
        CONCERTRES_SIM_REFUSAL(engine_failed)
        CONCERTRES_SIM_REFUSAL(not_admitted)
        CONCERTRES_SIM_REFUSAL(pass_expired)
        CONCERTRES_SIM_REFUSAL(pass_spent)
        CONCERTRES_SIM_REFUSAL(pass_left)
        CONCERTRES_SIM_REFUSAL(seat_held)
        CONCERTRES_SIM_REFUSAL(seat_sold)
        CONCERTRES_SIM_REFUSAL(seat_blocked)
        CONCERTRES_SIM_REFUSAL(hold_limit)
        CONCERTRES_SIM_REFUSAL(no_seats_match)
        CONCERTRES_SIM_REFUSAL(extend_limit)
        CONCERTRES_SIM_REFUSAL(reservation_expired)
        CONCERTRES_SIM_REFUSAL(reservation_released)
        CONCERTRES_SIM_REFUSAL(already_paid)
        CONCERTRES_SIM_REFUSAL(reservation_refunded)
        CONCERTRES_SIM_REFUSAL(insufficient_balance)
        CONCERTRES_SIM_REFUSAL(refund_not_allowed)
        CONCERTRES_SIM_REFUSAL(sale_not_open)
        CONCERTRES_SIM_REFUSAL(sale_closed)
        CONCERTRES_SIM_REFUSAL(sold_out)
        CONCERTRES_SIM_REFUSAL(room_closed)
        CONCERTRES_SIM_REFUSAL(room_full)
        CONCERTRES_SIM_REFUSAL(storage_unavailable)
        CONCERTRES_SIM_REFUSAL(clock_jumped)
#undef CONCERTRES_SIM_REFUSAL
        case Errc::key_reused:
            return mark(Mark::key_reused_refused);
        case Errc::unknown_reservation:
            return mark(Mark::stale_owner_refused);
        default:
            return;
    }
}

}  // namespace

bool Model::is_transient(Errc code) {
    return code == Errc::overloaded || code == Errc::request_timeout || code == Errc::draining ||
           code == Errc::engine_failed || code == Errc::storage_full ||
           code == Errc::storage_unavailable || code == Errc::clock_jumped;
}

PerformanceKey Model::key_of(PerformanceId id) const {
    const auto found = performance_keys_.find(id);
    return found == performance_keys_.end() ? PerformanceKey{} : found->second;
}

// A key that is bound is answered with its thing, or, with another content, refused; whatever else
// there would be to say. What comes before the key (a reservation of nobody's) is no answer to it.
void Model::check_key(UserId user, char kind, const std::string& key, const std::string& content,
                      std::optional<Uuid> id, std::optional<Errc> refusal) {
    const auto bound = keys_.find({user, kind, key});
    if (id) {
        if (bound == keys_.end()) {
            keys_[{user, kind, key}] = {content, *id};
            return;
        }
        expect(bound->second.content == content, "I2", "a key was used for two things");
        expect(bound->second.id == *id, "I1", "one key led to two things");
        return;
    }
    if (bound == keys_.end() || is_transient(*refusal) || *refusal == Errc::unknown_reservation) {
        return;
    }
    expect(bound->second.content != content, "I1",
           fmt::format("what was done is refused when it is asked for again: {}",
                       code_name(*refusal)));
    expect(*refusal == Errc::key_reused, "I2", "a key with other content is not refused as that");
}

void Model::check_told(std::int64_t made_in, bool& told, bool replayed, const char* thing) {
    const bool is_new = made_in > commits_at_load_ && !told;
    expect(replayed || is_new, "I1", fmt::format("an earlier {} is answered as a new one", thing));
    expect(!replayed || !is_new, "I1", fmt::format("a new {} is answered as a replay", thing));
    told = true;
}

// Where each command is a group of its own, a refusal can be compared with what is known.
void Model::check_refusal(bool is_so, Errc code, const char* of) {
    mark_refusal(code);
    if (!is_exact() || is_transient(code)) return;
    expect(is_so, "I3", fmt::format("{} is refused without reason: {}", of, code_name(code)));
}

bool Model::justified_by_place(Errc code, UserId user, PlaceNumber number) const {
    if (!sale_.room) return false;
    const auto place = places_.find(number);
    const auto pass = passes_.find(number);
    const bool is_own = place != places_.end() && place->second.user == user;
    const bool has_pass = is_own && pass != passes_.end();
    const PassStatus status = has_pass ? pass->second.status : PassStatus::admitted;
    const bool is_past = has_pass && pass->second.ends <= loaded_;
    switch (code) {
        case Errc::not_admitted:
            if (!is_own) mark(Mark::anothers_place_refused);
            return !is_own || (!has_pass && waits(number));
        case Errc::pass_expired:
            return has_pass &&
                   (status == PassStatus::expired || (status == PassStatus::admitted && is_past));
        case Errc::pass_spent:
            return has_pass && status == PassStatus::spent;
        case Errc::pass_left:
            return is_own && (has_pass ? status == PassStatus::left : !waits(number));
        default:
            return false;
    }
}

bool Model::has_live_pass(UserId user, PlaceNumber place) const {
    if (!sale_.room) return true;
    const auto pass = passes_.find(place);
    return pass != passes_.end() && pass->second.user == user &&
           pass->second.status == PassStatus::admitted && loaded_ < pass->second.ends;
}

bool Model::justified_by_booking(Errc code, UserId user, PlaceNumber place,
                                 ReservationId id) const {
    const auto found = bookings_.find(id);
    if (found == bookings_.end() || found->second.user != user) {
        return code == Errc::unknown_reservation;
    }
    if (!has_live_pass(user, place)) return false;
    const ReservationStatus status = found->second.status;
    switch (code) {
        case Errc::reservation_expired:
            return status == ReservationStatus::expired ||
                   (status == ReservationStatus::held && found->second.until <= loaded_);
        case Errc::reservation_released:
            return status == ReservationStatus::released;
        case Errc::already_paid:
            return status == ReservationStatus::paid;
        case Errc::reservation_refunded:
            return status == ReservationStatus::refunded;
        default:
            return false;
    }
}

bool Model::justified_hold(const Hold& c, Errc code) const {
    const PerformanceKey performance = key_of(c.performance);
    const auto any = [&](auto&& is) {
        return std::any_of(c.seats.begin(), c.seats.end(), [&](SeatNumber number) {
            return is(seats_.at({performance, number}));
        });
    };
    const std::int64_t wanted = unnamed_in(c) + static_cast<std::int64_t>(c.seats.size());
    switch (code) {
        case Errc::seat_held:
            return any([&](const SeatNow& seat) {
                return seat.status == SeatStatus::held && loaded_ < seat.until;
            });
        case Errc::seat_sold:
            return any([](const SeatNow& seat) { return seat.status == SeatStatus::sold; });
        case Errc::seat_blocked:
            return any([](const SeatNow& seat) { return seat.status == SeatStatus::blocked; });
        case Errc::hold_limit:
            return seats_of(c.user, performance, loaded_) + wanted > mix_.limits.per_performance ||
                   seats_of(c.user, std::nullopt, loaded_) + wanted > mix_.limits.per_concert;
        case Errc::no_seats_match:
            // A picture of the hall proposes them, as it was a moment ago.
            if (!group().is_current) return true;
            // Where an area is named, of its seats; else of the others.
            return std::count_if(seats_.begin(), seats_.end(), [&](const auto& seat) {
                       const bool is_dead =
                           seat.second.status == SeatStatus::held && seat.second.until <= loaded_;
                       return seat.first.first == performance &&
                              (seat.first.second > mix_.seats) != c.areas.empty() &&
                              (seat.second.status == SeatStatus::free || is_dead);
                   }) < unnamed_in(c);
        case Errc::sale_not_open:
            return sale_.opens_at && loaded_ < *sale_.opens_at && sale_.mode != SaleMode::closed;
        case Errc::sale_closed:
            return sale_.mode == SaleMode::closed || starts_.at(performance) <= loaded_;
        case Errc::key_reused:
            return true;  // check_key has said
        default:
            return justified_by_place(code, c.user, c.place);
    }
}

void Model::check_view(const ReservationView& view, UserId user) {
    const auto found = bookings_.find(view.id);
    if (found == bookings_.end()) {
        return complain_("D2", "a reservation was answered that is not committed");
    }
    const Booking& booking = found->second;
    std::vector<SeatNumber> numbers;
    std::int64_t total = 0;
    for (const SeatPrice& seat : view.seats) {
        numbers.push_back(seat.number);
        total += seat.price.minor;
    }
    expect(booking.user == user && view.user == user, "S6", "another's reservation was answered");
    expect(numbers == booking.seats, "S7", "a reservation was answered with other seats");
    expect(view.total.minor == total && total == booking.total, "L6",
           "a reservation was answered with another price");
    if (!is_exact()) return;
    const bool is_dead = booking.status == ReservationStatus::held && booking.until <= view.now;
    const ReservationStatus now = is_dead ? ReservationStatus::expired : booking.status;
    expect(view.status == now, "D2", "a reservation was answered in another state than it is in");
    expect(view.held_until == booking.until, "D2",
           "a reservation was answered with another deadline");
}

void Model::answered(const Hold& c, const Result<ReservationView>& answer) {
    if (!answer) {
        check_key(c.user, 'h', c.key, content_of(c), std::nullopt, answer.error().code);
        return check_refusal(justified_hold(c, answer.error().code), answer.error().code, "a hold");
    }
    check_view(*answer, c.user);
    check_key(c.user, 'h', c.key, content_of(c), answer->id.uuid, std::nullopt);
    std::vector<SeatNumber> wanted = c.seats;
    std::sort(wanted.begin(), wanted.end());
    Booking& booking = bookings_[answer->id];
    const std::int64_t unnamed = unnamed_in(c);
    expect(unnamed > 0 ? static_cast<std::int64_t>(booking.seats.size()) == unnamed
                       : booking.seats == wanted,
           "S7", "a hold has not the seats that were asked for");
    expect(booking.performance == key_of(c.performance), "S7", "a hold is of another performance");
    if (c.best) mark(Mark::best_seats_held);
    if (!c.areas.empty()) mark(Mark::standing_held);
    check_told(booking.made_in, booking.told, answer->replayed, "hold");
}

void Model::answered(const Extend& c, const Result<ReservationView>& answer) {
    if (answer) return check_view(*answer, c.user);
    const Errc code = answer.error().code;
    bool is_so = justified_by_place(code, c.user, c.place) ||
                 justified_by_booking(code, c.user, c.place, c.reservation);
    if (code == Errc::extend_limit) {
        const Booking& booking = bookings_[c.reservation];
        Time end = booking.extend_until;
        if (const auto pass = passes_.find(c.place); sale_.room && pass != passes_.end()) {
            end = std::min(end, pass->second.admitted + mix_.options.pass_max);
        }
        is_so = booking.until >= end;
    }
    check_refusal(is_so, code, "an extension");
}

void Model::answered(const Release& c, const Result<ReservationView>& answer) {
    if (answer) {
        expect(answer->status == ReservationStatus::released, "D2", "a release has not released");
        if (!answer->seats.empty()) return check_view(*answer, c.user);
        // Over HTTP it says no more.
        const auto found = bookings_.find(c.reservation);
        const bool is_so = found != bookings_.end() && found->second.user == c.user &&
                           found->second.status == ReservationStatus::released;
        return expect(is_so || !is_exact(), "D2", "a release was answered that is not committed");
    }
    const Errc code = answer.error().code;
    check_refusal(justified_by_place(code, c.user, c.place) ||
                      justified_by_booking(code, c.user, c.place, c.reservation),
                  code, "a release");
}

void Model::answered(const Charge& c, const Result<ChargeView>& answer) {
    const std::string content = std::to_string(c.amount.minor);
    if (!answer) {
        const Errc code = answer.error().code;
        check_key(c.user, 'c', c.key, content, std::nullopt, code);
        const bool is_bad = c.amount.minor < 1 || c.amount.minor > Money::max_minor;
        return check_refusal(
            code == Errc::key_reused || (code == Errc::amount_invalid && is_bad) ||
                (c.admitted && justified_by_place(code, c.user, c.admitted->number)),
            code, "a charge");
    }
    check_key(c.user, 'c', c.key, content, answer->id.uuid, std::nullopt);
    const auto found = charges_.find(answer->id);
    if (found == charges_.end())
        return complain_("D2", "a charge was answered that is not committed");
    Charged& charged = found->second;
    expect(charged.user == c.user && charged.amount == answer->amount.minor &&
               charged.amount == c.amount.minor && charged.balance == answer->balance.minor,
           "I1", "a charge was answered otherwise than it was made");
    check_told(charged.made_in, charged.told, answer->replayed, "charge");
}

void Model::check_view(const PaymentView& view, UserId user) {
    const auto found = purchases_.find(view.id);
    if (found == purchases_.end() || !found->second.has_row) {
        return complain_("D2", "a payment was answered that is not committed");
    }
    const Purchase& purchase = found->second;
    expect(purchase.user == user && view.user == user, "S6", "another's payment was answered");
    expect(view.amount.minor == purchase.amount, "P2",
           "a payment was answered with another amount");
    std::vector<ReservationId> named = view.reservations;
    std::sort(named.begin(), named.end());
    std::vector<ReservationId> paid = purchase.reservations;
    std::sort(paid.begin(), paid.end());
    expect(named == paid, "P2", "a payment was answered for other reservations");
    std::vector<ReservationId> released = view.released;
    std::sort(released.begin(), released.end());
    std::vector<ReservationId> let_go = purchase.released;
    std::sort(let_go.begin(), let_go.end());
    expect(released == let_go, "P1", "a payment was answered as letting go other holds");
}

void Model::answered(const Pay& c, const Result<PaymentView>& answer) {
    if (!answer) {
        const Errc code = answer.error().code;
        check_key(c.user, 'p', c.key, content_of(c), std::nullopt, code);
        std::int64_t price = 0;
        bool by_booking = false;
        for (const ReservationId& id : c.reservations) {
            by_booking = by_booking || justified_by_booking(code, c.user, c.place, id);
            const auto booking = bookings_.find(id);
            if (booking != bookings_.end()) price += booking->second.total;
        }
        std::int64_t balance = 0;
        for (const auto& [key, purse] : purses_) {
            if (purse.user == c.user) balance = purse.balance;
        }
        if (code == Errc::pass_expired) mark(Mark::pass_expired_while_paying);
        if (code == Errc::reservation_expired) mark(Mark::payment_raced_expiry);
        return check_refusal(code == Errc::key_reused || by_booking ||
                                 justified_by_place(code, c.user, c.place) ||
                                 (code == Errc::insufficient_balance && balance < price),
                             code, "a payment");
    }
    check_view(*answer, c.user);
    check_key(c.user, 'p', c.key, content_of(c), answer->id.uuid, std::nullopt);
    Purchase& purchase = purchases_[answer->id];
    if (purchase.amount > 0) {
        expect(answer->balance.minor == purchase.balance, "L4",
               "a payment was answered with another balance");
    }
    if (answer->replayed && sale_.room) mark(Mark::replay_after_pass_was_spent);
    check_told(purchase.made_in, purchase.told, answer->replayed, "payment");
}

void Model::answered(const Refund& c, const Result<PaymentView>& answer) {
    const auto found = purchases_.find(c.payment);
    if (answer) {
        check_view(*answer, c.user);
        expect(answer->status == PaymentStatus::refunded && found != purchases_.end() &&
                   found->second.is_refunded,
               "D2", "a refund was answered that is not committed");
        return;
    }
    const Errc code = answer.error().code;
    const bool is_own = found != purchases_.end() && found->second.user == c.user;
    bool is_late = !mix_.refunds.allowed;
    for (const auto& [performance, starts] : starts_) is_late = is_late || starts <= loaded_;
    check_refusal((code == Errc::unknown_payment && !is_own) ||
                      (code == Errc::refund_not_allowed && is_own && is_late),
                  code, "a refund");
}

// --- The line ------------------------------------------------------------------------------------

void Model::told_position(const PlaceView& view) {
    const auto place = places_.find(view.number);
    if (place == places_.end() || !view.position) return;
    if (view.status != TokenStatus::waiting) return;
    const auto [told, is_first] = place->second.told.try_emplace(by_, *view.position);
    expect(*view.position >= 1, "Q5", "somebody waits at no position");
    expect(is_first || *view.position <= told->second, "Q5",
           fmt::format("position of place {} grew from {} to {}", view.number.value, told->second,
                       *view.position));
    told->second = *view.position;
}

void Model::answered(const Join& c, const Result<PlaceView>& answer) {
    if (!answer) {
        const Errc code = answer.error().code;
        const SaleState state = sale_state(loaded_);
        const auto waiting = std::count_if(places_.begin(), places_.end(),
                                           [&](const auto& p) { return waits(p.first); });
        check_refusal((code == Errc::sold_out && state == SaleState::sold_out &&
                       !(sale_.room && sale_.room->waiting_list)) ||
                          (code == Errc::room_closed &&
                           (state == SaleState::draining || state == SaleState::closed)) ||
                          (code == Errc::room_full &&
                           (waiting >= mix_.options.waiting_max || !group().is_current)),
                      code, "a join");
        if (code == Errc::sold_out) mark(Mark::sold_out);
        return;
    }
    if (!sale_.room) return;
    const auto place = places_.find(answer->number);
    if (place == places_.end())
        return complain_("D2", "a place was answered that is not committed");
    expect(place->second.user == c.user, "Q4", "another's place was answered");
    expect(latest_[c.user] == answer->number || !is_exact(), "Q4",
           "a join is not answered with the latest place");
    if (!answer->made) mark(Mark::joined_again_same_place);
    if (answer->made && c.again && answer->number.sequence() > 1)
        mark(Mark::joined_again_new_place);
    heard(answer->number, answer->now);
    told_position(*answer);
}

void Model::answered(const Leave& c, const Result<PlaceView>& answer) {
    if (answer) return;
    const auto place = places_.find(c.place);
    const bool is_own = place != places_.end() && place->second.user == c.user;
    check_refusal(answer.error().code == Errc::token_invalid && !is_own, answer.error().code,
                  "leaving");
}

void Model::answered(const GetPlace& q, const Result<PlaceView>& answer) {
    if (!answer) {
        const auto place = places_.find(q.place);
        const bool is_own = place != places_.end() && place->second.user == q.user;
        expect(is_transient(answer.error().code) || !is_own || !sale_.room, "Q4",
               "somebody's place is gone");
        return;
    }
    if (answer->status == TokenStatus::waiting) heard(q.place, answer->now);
    told_position(*answer);
}

void Model::answered(const GetWallet& q, const Result<WalletView>& answer) {
    if (!answer) return;
    std::int64_t balance = 0;
    for (const auto& [key, purse] : purses_) {
        if (purse.user == q.user) balance = purse.balance;
    }
    expect(answer->balance.minor == balance, "L4", "a wallet is told to hold another balance");
}

void Model::answered(const Admit& c, const Result<PlaceView>& answer) {
    if (answer) return;
    const Errc code = answer.error().code;
    const bool by_latest = latest_.contains(c.user);
    const SaleState state = sale_state(loaded_);
    bool is_so = false;
    if (code == Errc::unknown_user) is_so = !by_latest;
    if (code == Errc::room_closed) is_so = state == SaleState::closed;
    if (code == Errc::sale_not_open) is_so = sale_.opens_at && loaded_ < *sale_.opens_at;
    if (code == Errc::sold_out) {
        const SeatCounts counts = counts_to_come(loaded_, false);
        is_so = counts.free + counts.held == 0;
    }
    if (code == Errc::room_full) is_so = true;  // whether it was is Q6's to say
    if (by_latest) is_so = is_so || justified_by_place(code, c.user, latest_[c.user]);
    check_refusal(is_so, code, "letting in by hand");
}

}  // namespace concertres::sim
