#include "sim/client.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace concertres::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

bool is_of_pass(Errc code) {
    return code == Errc::not_admitted || code == Errc::pass_expired || code == Errc::pass_spent ||
           code == Errc::pass_left;
}

}  // namespace

Client::Client(World& world, int number)
    : world_(world),
      number_(number),
      user_(UserId::from_name("client " + std::to_string(number))) {}

std::string Client::state() const {
    return "client " + std::to_string(number_) + " " + doing_ + ", place " +
           std::to_string(place_.value);
}

void Client::start() { later(seconds(40), &Client::charge); }

template <class Command>
void Client::ask(Command command, void (Client::*then)(const AnswerTo<Command>&)) {
    world_.ask<Command>(number_, token_, std::move(command),
                        [this, then](const AnswerTo<Command>& answer) { (this->*then)(answer); });
}

void Client::later(Duration most, Act act) {
    const Duration pause = world_.dice().between(Duration(0), most);
    world_.kernel().schedule(world_.kernel().now() + pause, [this, act] { (this->*act)(); });
}

std::string Client::next_key() { return std::to_string(++keys_); }

// --- Coming --------------------------------------------------------------------------------------

void Client::charge() {
    doing_ = "charges";
    Charge command{.user = user_, .key = next_key()};
    command.amount = {world_.dice().between(1, static_cast<std::int64_t>(world_.mix().money_max))};
    if (is_in_ && place_.value > 0 && world_.dice().chance(50)) {
        command.admitted = PlaceAt{world_.concert().id, place_};
    }
    last_charge_ = command;
    ask<Charge>(command, &Client::charged);
}

void Client::charged(const Result<ChargeView>&) {
    if (is_in_) return later(seconds(5), &Client::shop);
    later(seconds(3), &Client::join);
}

void Client::join() {
    doing_ = "joins";
    ++visits_;
    holds_.clear();
    token_.clear();
    is_in_ = false;
    empty_waits_ = 0;
    Join command{.concert = world_.concert().id, .user = user_, .again = visits_ > 1};
    const auto& room = world_.mix().room;
    if (room && !room->classes.empty() && world_.dice().chance(50)) command.line_class = "fans";
    ask<Join>(std::move(command), &Client::joined);
}

void Client::joined(const Result<PlaceView>& answer) {
    if (!answer) {
        if (visits_ > 8 || world_.dice().chance(30)) return go();
        return later(seconds(20), &Client::join);
    }
    place_ = answer->number;
    token_ = place_.value > 0 ? world_.sign(*answer) : std::string();
    wait();
}

void Client::wait() {
    doing_ = "waits";
    ask<GetPlace>({.concert = world_.concert().id, .user = user_, .place = place_},
                  &Client::waited);
}

void Client::waited(const Result<PlaceView>& answer) {
    Dice& dice = world_.dice();
    if (!answer) return later(seconds(2), &Client::join);
    if (answer->status == TokenStatus::admitted) {
        is_in_ = true;
        return later(seconds(8), &Client::shop);
    }
    if (answer->status != TokenStatus::waiting) return lost_pass();
    if (world_.mix().room && world_.mix().room->classes.size() > 1) mark(Mark::two_classes_waited);
    // Whoever waits for seats that do not come back gives up some day.
    const bool is_hopeless = answer->sale == SaleState::sold_out || answer->seats_left == 0;
    if (is_hopeless && ++empty_waits_ > 6) return leave();
    if (world_.is_healed() && ++empty_waits_ > 400) return leave();
    if (dice.chance(2)) return leave();
    if (!world_.is_healed() && dice.chance(world_.mix().absent_percent)) {
        return later(seconds(300), &Client::wait);
    }
    later(seconds(8), &Client::wait);
}

void Client::lost_pass() {
    is_in_ = false;
    if (visits_ < 5 && world_.dice().chance(60)) return later(seconds(10), &Client::join);
    if (!payments_.empty() && world_.dice().chance(30)) return later(seconds(5), &Client::refund);
    go();
}

void Client::go() {
    doing_ = "is gone";
    is_gone_ = true;
}

// --- Shopping ------------------------------------------------------------------------------------

void Client::shop() {
    doing_ = "shops";
    Dice& dice = world_.dice();
    if (++acts_ > world_.mix().acts) return dice.chance(50) ? leave() : go();
    if (mischief()) return misbehave();
    const std::uint64_t what = dice.below(100);
    if (holds_.empty() || what < 15) return hold();
    if (what < 30) return extend();
    if (what < 38) return release();
    if (what < 68) return pay();
    if (what < 76) return pay_at_the_deadline();
    if (what < 80) return leave();
    if (what < 85) return charge();
    if (what < 88) return look_at_wallet();
    if (what < 92) return ask_again();
    if (what < 96 && !payments_.empty()) return refund();
    // So long that a hold ends, and maybe the pass.
    later(world_.mix().options.hold_ttl * 2, &Client::shop);
}

void Client::hold() {
    doing_ = "holds";
    Dice& dice = world_.dice();
    const auto& performances = world_.concert().performances;
    Hold command{.user = user_, .place = place_, .key = next_key()};
    command.performance = performances[dice.below(performances.size())];
    const std::int64_t count = dice.between(1, std::min<std::int64_t>(3, world_.mix().seats));
    if (world_.mix().standing > 0 && dice.chance(35)) {
        command.areas = {{"standing", static_cast<std::int32_t>(count)}};
    } else if (dice.chance(20)) {
        command.best = BestSeats{.count = static_cast<std::int32_t>(count)};
    } else {
        std::set<SeatNumber> seats;
        while (static_cast<std::int64_t>(seats.size()) < count) {
            seats.insert(static_cast<SeatNumber>(dice.between(1, world_.mix().seats)));
        }
        command.seats.assign(seats.begin(), seats.end());
    }
    last_hold_ = command;
    ask<Hold>(std::move(command), &Client::held);
}

void Client::held(const Result<ReservationView>& answer) {
    if (!answer && is_of_pass(answer.error().code)) return lost_pass();
    if (!answer &&
        (answer.error().code == Errc::sale_closed || answer.error().code == Errc::seat_sold)) {
        return later(seconds(4), &Client::shop);
    }
    const bool is_new = answer && std::ranges::none_of(holds_, [&](const Kept& kept) {
                            return kept.id == answer->id;
                        });
    if (is_new) holds_.push_back({answer->id, answer->performance});
    later(seconds(6), &Client::shop);
}

void Client::extend() {
    doing_ = "extends";
    const Kept& kept = holds_[world_.dice().below(holds_.size())];
    ask<Extend>({.user = user_, .place = place_, .reservation = kept.id}, &Client::extended);
}

void Client::extended(const Result<ReservationView>& answer) {
    if (!answer && is_of_pass(answer.error().code)) return lost_pass();
    later(seconds(6), &Client::shop);
}

void Client::release() {
    doing_ = "releases";
    const std::size_t chosen = world_.dice().below(holds_.size());
    const ReservationId id = holds_[chosen].id;
    // Most forget what they gave back, some do not.
    if (world_.dice().chance(70))
        holds_.erase(holds_.begin() + static_cast<std::ptrdiff_t>(chosen));
    ask<Release>({.user = user_, .place = place_, .reservation = id}, &Client::released);
}

void Client::released(const Result<ReservationView>& answer) {
    if (!answer && is_of_pass(answer.error().code)) return lost_pass();
    later(seconds(4), &Client::shop);
}

void Client::pay() {
    doing_ = "pays";
    if (holds_.empty()) return later(seconds(1), &Client::shop);
    Dice& dice = world_.dice();
    Pay command{.user = user_, .place = place_, .key = next_key()};
    for (const Kept& kept : holds_) {
        if (command.reservations.empty() || dice.chance(60))
            command.reservations.push_back(kept.id);
    }
    last_payment_ = command;
    ask<Pay>(std::move(command), &Client::paid);
}

// As near to the end of the hold as the network lets it.
void Client::pay_at_the_deadline() {
    const auto until = world_.model().end_of(holds_.front().id);
    if (!world_.office() || !until) return pay();
    const Duration left = *until - world_.office()->now();
    constexpr std::array earlier = {Duration(0), Duration(0), Duration(1), Duration(2'000)};
    const Duration early = earlier[world_.dice().below(earlier.size())];
    if (left <= early) return pay();
    mark(Mark::pay_at_deadline);
    world_.kernel().schedule(world_.kernel().now() + left - early, [this] {
        world_.hurry();
        pay();
    });
}

void Client::paid(const Result<PaymentView>& answer) {
    if (!answer && is_of_pass(answer.error().code)) return lost_pass();
    if (!answer) {
        // What may have ended is dropped by most; who is too poor goes on.
        if (answer.error().code != Errc::insufficient_balance) holds_.clear();
        return later(seconds(5), &Client::shop);
    }
    if (std::ranges::find(payments_, answer->id) == payments_.end())
        payments_.push_back(answer->id);
    bought_.insert(bought_.end(), answer->reservations.begin(), answer->reservations.end());
    holds_.clear();
    // Some try what a spent pass still opens.
    if (world_.dice().chance(50)) return later(seconds(3), &Client::ask_again);
    if (world_.mix().room) return lost_pass();
    later(seconds(5), &Client::shop);
}

// The same again, though it has been answered: it is the same thing.
void Client::ask_again() {
    doing_ = "asks again";
    const std::uint64_t what = world_.dice().below(3);
    if (what == 0 && last_hold_) return ask<Hold>(*last_hold_, &Client::held);
    if (what == 1 && last_payment_) return ask<Pay>(*last_payment_, &Client::paid);
    if (last_charge_) return ask<Charge>(*last_charge_, &Client::charged);
    later(seconds(1), &Client::shop);
}

void Client::refund() {
    doing_ = "refunds";
    const PaymentId payment = payments_[world_.dice().below(payments_.size())];
    ask<Refund>({.user = user_, .payment = payment}, &Client::refunded);
}

void Client::refunded(const Result<PaymentView>&) {
    if (is_in_) return later(seconds(4), &Client::shop);
    lost_pass();
}

// What it had: it is paid, or its money was given back.
void Client::use_bought() {
    Dice& dice = world_.dice();
    if (bought_.empty()) return use_anothers();
    const ReservationId id = bought_[dice.below(bought_.size())];
    if (dice.chance(50)) {
        return ask<Extend>({.user = user_, .place = place_, .reservation = id}, &Client::extended);
    }
    Pay command{.user = user_, .place = place_, .reservations = {id}, .key = next_key()};
    ask<Pay>(std::move(command), &Client::paid);
}

void Client::leave() {
    doing_ = "leaves";
    is_in_ = false;
    ask<Leave>({.concert = world_.concert().id, .user = user_, .place = place_}, &Client::left);
}

void Client::left(const Result<PlaceView>&) { lost_pass(); }

void Client::look_at_wallet() {
    doing_ = "looks at its wallet";
    ask<GetWallet>({.user = user_}, &Client::saw_wallet);
}

void Client::saw_wallet(const Result<WalletView>&) { later(seconds(3), &Client::shop); }

// --- What one may not ----------------------------------------------------------------------------

void Client::misbehave() {
    doing_ = "misbehaves";
    Dice& dice = world_.dice();
    switch (dice.below(8)) {
        case 0: {  // A key that has been used, for something else.
            if (!last_hold_) return hold();
            Hold other = *last_hold_;
            other.best.reset();
            other.areas.clear();
            other.seats = {static_cast<SeatNumber>(dice.between(1, world_.mix().seats))};
            return ask<Hold>(std::move(other), &Client::held);
        }
        case 1: {
            if (!last_charge_) return charge();
            Charge other = *last_charge_;
            other.amount.minor += 1;
            return ask<Charge>(other, &Client::charged);
        }
        case 2:  // Money from nowhere.
            return ask<Charge>(
                {.user = user_, .amount = {-dice.between(0, 500)}, .key = next_key()},
                &Client::charged);
        case 3:
            return forge();
        case 4: {  // An earlier payment's key, for what is held now.
            if (!last_payment_ || holds_.empty()) return use_anothers();
            Pay other = *last_payment_;
            other.reservations = {holds_.front().id};
            return ask<Pay>(std::move(other), &Client::paid);
        }
        case 5:
        case 6:
            return use_bought();
        default:
            return use_anothers();
    }
}

// What another holds, with its own place; or another's place.
void Client::use_anothers() {
    Dice& dice = world_.dice();
    const auto all = world_.model().reservations();
    if (all.empty()) return hold();
    const ReservationId id = all[dice.below(all.size())];
    const std::uint64_t what = dice.below(4);
    if (what == 0) {
        return ask<Release>({.user = user_, .place = place_, .reservation = id}, &Client::released);
    }
    if (what == 1) {
        return ask<Extend>({.user = user_, .place = place_, .reservation = id}, &Client::extended);
    }
    if (what == 2) {
        Pay command{.user = user_, .place = place_, .reservations = {id}, .key = next_key()};
        return ask<Pay>(std::move(command), &Client::paid);
    }
    // Past the door, which would say whose place it is.
    Hold command{.user = user_, .key = next_key()};
    command.place = {1 + static_cast<std::int64_t>(dice.below(6))};
    command.performance = world_.concert().performances.front();
    command.seats = {static_cast<SeatNumber>(dice.between(1, world_.mix().seats))};
    world_.ask<Hold>(number_, {}, std::move(command),
                     [this](const Result<ReservationView>& answer) { held(answer); });
}

// A token of which one bit is another opens nothing.
void Client::forge() {
    if (token_.empty() || world_.office() == nullptr) return hold();
    std::string forged = token_;
    char& changed = forged[world_.dice().below(forged.size())];
    changed = changed == 'A' ? 'B' : 'A';
    if (forged == token_) return hold();
    if (world_.office()->verify(forged)) world_.complain("T1", "a forged token is believed");
    if (!world_.office()->verify(token_)) world_.complain("T6", "a good token is not believed");
    mark(Mark::forged_token_refused);
    later(seconds(2), &Client::shop);
}

}  // namespace concertres::sim
