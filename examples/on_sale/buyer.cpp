#include "buyer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace on_sale {

using namespace concertres;
using Clock = std::chrono::steady_clock;

namespace {

Duration since(Clock::time_point start) {
    return std::chrono::duration_cast<Duration>(Clock::now() - start);
}

// What buyers are like.
constexpr double impatient = 0.05;     // leave the line when it takes too long
constexpr double gives_back = 0.08;    // releases the seats
constexpr double forgets = 0.07;       // lets the hold end
constexpr double vanishes = 0.03;      // is never heard of again; the pass ends by itself
constexpr double takes_time = 0.10;    // extends the hold
constexpr double pays_at_once = 0.10;  // and is told that money is missing
constexpr double double_clicks = 0.05;

}  // namespace

Buyer::Buyer(const Scene& scene, std::int64_t number, Tally& tally)
    : scene_(scene),
      tally_(tally),
      user_(UserId::from_name(fmt::format("{} buyer {}", scene.concert.to_string(), number))) {
    std::seed_seq seed{scene.seed, static_cast<std::uint64_t>(number)};
    random_.seed(seed);
    std::discrete_distribution<std::size_t> parties{0, 20, 50, 13, 17};
    party_ = parties(random_);
    patience_ = by_chance(impatient) ? think(1.0) : Duration::max();
}

Buyer::Next Buyer::act() {
    switch (step_) {
        case Step::join:
            return join();
        case Step::wait:
            return wait();
        case Step::look:
            return look();
        case Step::choose:
            return choose();
        case Step::hold:
            return hold();
        case Step::decide:
            return decide();
        case Step::pay:
            return pay();
    }
    return go_home();
}

// --- In line ---------------------------------------------------------------------------------

Buyer::Next Buyer::join() {
    auto place = scene_.office.join({.concert = scene_.concert, .user = user_, .again = again_});
    if (!place) return refused(place.error());
    place_ = place->number;
    if (place->made) {
        if (!again_) ++tally_.came;
    } else if (place->status == TokenStatus::waiting || place->status == TokenStatus::admitted) {
        ++tally_.came_back;
    } else {
        return go_home();  // was here before this start, and is through
    }
    joined_ = Clock::now();
    if (place->status == TokenStatus::admitted) return enter(*place);
    position_ = place->position;
    return go_on(Step::wait, std::min(place->poll_after, scene_.tick));
}

Buyer::Next Buyer::wait() {
    const Duration waited = since(joined_);
    if (waited > patience_) {
        ++tally_.left_line;
        (void)scene_.office.leave({.concert = scene_.concert, .user = user_, .place = place_});
        return go_home();
    }
    ++tally_.questions;
    auto place = scene_.office.place(
        {.concert = scene_.concert, .user = user_, .place = place_, .last = position_});
    if (!place) return refused(place.error());
    if (place->status == TokenStatus::waiting) {
        if (place->sale == SaleState::sold_out) return go_home();
        position_ = place->position;
        // Buyers in a hurry ask more often than they are told to.
        return go_on(Step::wait, std::min(place->poll_after, scene_.tick));
    }
    tally_.longest_wait = std::max(tally_.longest_wait, waited);
    if (place->status != TokenStatus::admitted) return pass_ended();
    return go_on(Step::look, think(0.03));
}

// Admitted; maybe some time ago, with seats already held when the program ended.
Buyer::Next Buyer::enter(const PlaceView& place) {
    if (place.made) return go_on(Step::look, think(0.03));
    ++tally_.questions;
    auto mine = scene_.office.call(ListReservations{.user = user_, .limit = 10});
    if (!mine) return refused(mine.error());
    auto held = std::ranges::find(*mine, ReservationStatus::held, &ReservationView::status);
    if (held == mine->end()) return go_on(Step::look, think(0.03));
    held_ = *held;
    return go_on(Step::pay, think(0.03));
}

// --- Seats -----------------------------------------------------------------------------------

Buyer::Next Buyer::look() {
    ++tally_.questions;
    auto dates = scene_.office.dates({.concert = scene_.concert});
    if (!dates) return refused(dates.error());
    if (dates->empty()) return find_nothing();
    std::uniform_int_distribution<std::size_t> any(0, dates->size() - 1);
    performance_ = (*dates)[any(random_)].performance;
    return go_on(Step::choose, think(0.08));
}

// All is taken just now. Some seats may come back, as long as the pass lasts.
Buyer::Next Buyer::find_nothing() {
    ++tally_.questions;
    auto place = scene_.office.place({.concert = scene_.concert, .user = user_, .place = place_});
    if (!place) return refused(place.error());
    if (place->sale == SaleState::sold_out) return go_home();
    if (place->status != TokenStatus::admitted) return pass_ended();
    return go_on(Step::look, think(0.1));
}

Buyer::Next Buyer::choose() {
    ++tally_.questions;
    auto seats = scene_.office.seats({.performance = performance_});
    if (!seats) return refused(seats.error());
    chosen_ = scene_.hall.choose(seats->seats, party_, random_);
    if (chosen_.empty()) return find_nothing();
    return go_on(Step::hold, think(0.04));
}

// Maybe too late: others look at the same seats.
Buyer::Next Buyer::hold() {
    Hold command{.user = user_,
                 .place = place_,
                 .performance = performance_,
                 .seats = std::move(chosen_),
                 .key = fmt::format("hold-{}-{}", scene_.start, ++choices_)};
    const auto start = Clock::now();
    auto held = scene_.office.hold(std::move(command));
    tally_.holds.push_back(since(start));
    if (!held) {
        step_ = Step::choose;
        return refused(held.error());
    }
    held_ = std::move(*held);
    return go_on(Step::decide, think(0.15));
}

Buyer::Next Buyer::decide() {
    if (by_chance(vanishes)) {
        ++tally_.let_go;
        return go_home();
    }
    if (by_chance(forgets)) {
        ++tally_.let_go;
        // Comes back to seats that somebody else may have by then.
        return go_on(Step::pay, held_->held_for);
    }
    if (by_chance(gives_back)) {
        auto released =
            scene_.office.release({.user = user_, .place = place_, .reservation = held_->id});
        if (!released) return refused(released.error());
        ++tally_.gave_back;
        if (by_chance(0.5)) return go_on(Step::look, think(0.1));
        (void)scene_.office.leave({.concert = scene_.concert, .user = user_, .place = place_});
        return go_home();
    }
    if (by_chance(takes_time)) {
        auto extended =
            scene_.office.extend({.user = user_, .place = place_, .reservation = held_->id});
        if (!extended) return refused(extended.error());
    }
    return go_on(Step::pay, think(0.1));
}

// --- Money -----------------------------------------------------------------------------------

Buyer::Next Buyer::pay() {
    const bool has_charged = !by_chance(pays_at_once) && charge();
    // The key is the reservation's: whoever asks twice, also after a restart, pays once.
    const Pay command{.user = user_,
                      .place = place_,
                      .reservations = {held_->id},
                      .key = fmt::format("pay-{}", held_->id.to_string())};
    const auto start = Clock::now();
    auto paid = scene_.office.pay(command);
    tally_.payments.push_back(since(start));
    if (!paid && paid.error().code == Errc::insufficient_balance && !has_charged) {
        ++tally_.refusals[paid.error().code];
        if (!charge()) return go_on(Step::pay, think(0.05));
        paid = scene_.office.pay(command);
    }
    if (!paid) return refused(paid.error());
    ++tally_.bought;
    if (by_chance(double_clicks)) pay_again(command, *paid);
    return go_home();
}

// Puts in what the seats cost. Again for the same reservation: no effect.
bool Buyer::charge() {
    auto charged = scene_.office.charge({.user = user_,
                                         .amount = held_->total,
                                         .key = fmt::format("charge-{}", held_->id.to_string()),
                                         .admitted = PlaceAt{scene_.concert, place_}});
    if (!charged) ++tally_.refusals[charged.error().code];
    return charged.has_value();
}

void Buyer::pay_again(const Pay& command, const PaymentView& paid) {
    auto again = scene_.office.pay(command);
    if (again && again->replayed && again->id == paid.id) ++tally_.replayed;
}

// --- Refusals --------------------------------------------------------------------------------

Buyer::Next Buyer::refused(const Error& error) {
    ++tally_.refusals[error.code];
    switch (error.code) {
        case Errc::seat_held:
        case Errc::seat_sold:
        case Errc::seat_blocked:
            return go_on(Step::choose, think(0.02));
        case Errc::hold_limit:
            if (party_ == 1) return go_home();
            --party_;
            return go_on(Step::choose, think(0.02));
        case Errc::reservation_expired:
        case Errc::reservation_released:
            return go_on(Step::look, think(0.05));
        case Errc::pass_expired:
            return pass_ended();
        case Errc::overloaded:
        case Errc::request_timeout:
        case Errc::storage_full:
            return go_on(step_, std::chrono::milliseconds(500));
        case Errc::sold_out:
        case Errc::room_closed:
        case Errc::room_full:
        case Errc::sale_closed:
        case Errc::pass_spent:
        case Errc::pass_left:
            return go_home();
        default:
            break;
    }
    // Nothing that a buyer does here leads to any other.
    throw std::runtime_error(fmt::format("{}: {}", code_name(error.code), error.detail));
}

// Too slow. Half of them queue up once more.
Buyer::Next Buyer::pass_ended() {
    held_.reset();
    again_ = true;
    return by_chance(0.5) ? go_on(Step::join, think(0.1)) : go_home();
}

Duration Buyer::think(double part) {
    std::uniform_real_distribution<double> about(0.4, 1.6);
    return Duration(static_cast<std::int64_t>(static_cast<double>(scene_.hold.count()) * part *
                                              about(random_)));
}

bool Buyer::by_chance(double probability) {
    return std::bernoulli_distribution(probability)(random_);
}

}  // namespace on_sale
