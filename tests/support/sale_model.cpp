#include "support/sale_model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace concertres::test {

namespace {

constexpr std::int64_t minute = 60'000'000;
constexpr std::int64_t hold_time = 5 * minute;
constexpr std::int64_t extend_time = 15 * minute;
constexpr std::int64_t pass_time = 10 * minute;
constexpr std::int64_t pass_time_max = 30 * minute;

const char* name_of(Act act) {
    static constexpr const char* names[] = {"join", "join_again", "leave",    "tick",
                                            "hold", "extend",     "release",  "charge",
                                            "pay",  "refund",     "pass_time"};
    return names[static_cast<std::size_t>(act)];
}

const char* name_of(SeatStatus status) {
    switch (status) {
        case SeatStatus::free:
            return "free";
        case SeatStatus::blocked:
            return "blocked";
        case SeatStatus::held:
            return "held";
        case SeatStatus::sold:
            return "sold";
    }
    return "";
}

std::string refused(const Error& error) { return std::string(code_name(error.code)); }

}  // namespace

std::string text_of(const SaleStep& step) {
    return fmt::format("U{} {} seats={} named={} amount={} key={} time={}us", step.user,
                       name_of(step.act), fmt::join(step.seats, ","), fmt::join(step.named, ","),
                       step.amount, step.key, step.time.count());
}

ConcertDraft SaleTerms::draft() const {
    ConcertDraft draft = SmallSale::draft(seats_max);
    draft.limits = {.per_performance = seats_per_user, .per_concert = seats_per_user};
    if (room) draft.room = RoomPolicy{};
    return draft;
}

// --- The model: what is ------------------------------------------------------------------------

std::string SaleModel::status_of(const Pass& pass) const {
    return pass.status == "admitted" && now_ >= pass.expires ? "expired" : pass.status;
}

std::string SaleModel::status_of(const Reservation& reservation) const {
    return reservation.status == "held" && now_ >= reservation.until ? "expired"
                                                                     : reservation.status;
}

std::string SaleModel::seat(SeatNumber number) const {
    for (const Reservation& reservation : reservations_) {
        if (std::ranges::find(reservation.seats, number) == reservation.seats.end()) continue;
        const std::string status = status_of(reservation);
        if (status == "held") return "held";
        if (status == "paid") return "sold";
    }
    return "free";
}

std::int32_t SaleModel::used(int user) const {
    std::size_t seats = 0;
    for (const Reservation& reservation : reservations_) {
        const std::string status = status_of(reservation);
        if (reservation.user == user && (status == "held" || status == "paid")) {
            seats += reservation.seats.size();
        }
    }
    return static_cast<std::int32_t>(seats);
}

std::string SaleModel::shown(std::size_t rank) const {
    const Reservation& reservation = reservations_[rank];
    std::string text = fmt::format("#{} {} seats={}", rank, status_of(reservation),
                                   fmt::join(reservation.seats, ","));
    if (status_of(reservation) == "held") {
        text += fmt::format(" until={} extend={}", reservation.until, reservation.extend_until);
    }
    return text;
}

std::string SaleModel::shown_payment(std::size_t rank) const {
    const Payment& payment = payments_[rank];
    return fmt::format("${} {} of={} amount={}", rank,
                       payment.balance_after_refund ? "refunded" : "completed",
                       fmt::join(payment.reservations, ","), payment.amount);
}

std::string SaleModel::state() const {
    std::string text;
    for (SeatNumber number = 1; number <= terms_.seats_max; ++number) {
        text += fmt::format("seat {} {}\n", number, seat(number));
    }
    for (int user = 0; user < SaleTerms::users; ++user) {
        const auto found = wallets_.find(user);
        text += fmt::format("wallet {} {}\n", user, found == wallets_.end() ? 0 : found->second);
    }
    for (std::size_t rank = 0; rank < reservations_.size(); ++rank) text += shown(rank) + '\n';
    return text;
}

// --- The model: what is done -------------------------------------------------------------------

std::string SaleModel::run(const SaleStep& step) {
    switch (step.act) {
        case Act::join:
        case Act::join_again:
            return join(step.user, step.act == Act::join_again);
        case Act::leave:
            return leave(step.user);
        case Act::tick:
            return tick();
        case Act::hold:
            return hold(step);
        case Act::extend:
            return extend(step);
        case Act::release:
            return release(step);
        case Act::charge:
            return charge(step);
        case Act::pay:
            return pay(step);
        case Act::refund:
            return refund(step);
        case Act::pass_time:
            now_ += step.time.count();
            return "time passed";
    }
    return "no such step";
}

std::string SaleModel::join(int user, bool again) {
    if (!terms_.room) return "place 0 admitted";
    const auto latest = passes_.find(user);
    const bool has_ended = latest != passes_.end() && status_of(latest->second) != "waiting" &&
                           status_of(latest->second) != "admitted";
    if (latest == passes_.end() || (has_ended && again)) {
        passes_[user] = {.number = next_number_++};
    }
    return fmt::format("place {} {}", passes_[user].number, status_of(passes_[user]));
}

std::string SaleModel::leave(int user) {
    if (!terms_.room) {
        release_holds(user);
        return "place 0 admitted";
    }
    const auto latest = passes_.find(user);
    if (latest == passes_.end()) return "token_invalid";
    Pass& pass = latest->second;
    const std::string status = status_of(pass);
    if (status == "admitted") release_holds(user);
    if (status == "admitted" || status == "waiting") pass.status = "left";
    return fmt::format("place {} {}", pass.number, status_of(pass));
}

std::string SaleModel::tick() {
    int admitted = 0;
    for (auto& [user, pass] : passes_) {
        if (pass.status != "waiting") continue;
        pass = {pass.number, "admitted", now_ + pass_time, now_ + pass_time_max};
        ++admitted;
    }
    return fmt::format("admitted {}", admitted);
}

void SaleModel::release_holds(int user) {
    for (Reservation& reservation : reservations_) {
        if (reservation.user == user && status_of(reservation) == "held") {
            reservation.status = "released";
        }
    }
}

std::string SaleModel::refusal_of_pass(int user) const {
    if (!terms_.room) return "";
    const auto latest = passes_.find(user);
    if (latest == passes_.end()) return "not_admitted";
    const std::string status = status_of(latest->second);
    if (status == "admitted") return "";
    return status == "waiting" ? "not_admitted" : "pass_" + status;
}

std::string SaleModel::refusal_of_hold(const SaleStep& step) const {
    if (std::string why = refusal_of_pass(step.user); !why.empty()) return why;
    for (const char* taken : {"sold", "held"}) {
        for (const SeatNumber number : step.seats) {
            if (seat(number) == taken) return std::string("seat_") + taken;
        }
    }
    const auto wanted = static_cast<std::int32_t>(step.seats.size());
    return used(step.user) + wanted > terms_.seats_per_user ? "hold_limit" : "";
}

std::string SaleModel::hold(const SaleStep& step) {
    const std::string content = fmt::format("{}", fmt::join(step.seats, ","));
    const auto made = keys_.find({step.act, step.user, step.key});
    if (made != keys_.end()) {
        return made->second.content == content ? shown(made->second.rank) + " replayed"
                                               : "key_reused";
    }
    if (std::string why = refusal_of_hold(step); !why.empty()) return why;
    Reservation reservation{.user = step.user, .seats = step.seats};
    reservation.extend_until = now_ + extend_time;
    if (terms_.room) {
        Pass& pass = passes_.at(step.user);
        reservation.extend_until = std::min(reservation.extend_until, pass.ceiling);
        reservation.until = std::min(now_ + hold_time, reservation.extend_until);
        pass.expires = std::max(pass.expires, reservation.until);
    } else {
        reservation.until = now_ + hold_time;
    }
    reservations_.push_back(reservation);
    keys_[{step.act, step.user, step.key}] = {content, reservations_.size() - 1, 0};
    return shown(reservations_.size() - 1);
}

std::string SaleModel::extend(const SaleStep& step) {
    const std::size_t rank = step.named.front();
    if (rank >= reservations_.size() || reservations_[rank].user != step.user) {
        return "unknown_reservation";
    }
    Reservation& reservation = reservations_[rank];
    if (std::string why = refusal_of_pass(step.user); !why.empty()) return why;
    const std::string status = status_of(reservation);
    if (status == "paid") return "already_paid";
    if (status != "held") return "reservation_" + status;
    if (reservation.until == reservation.extend_until) return "extend_limit";
    reservation.until = std::min(now_ + hold_time, reservation.extend_until);
    if (terms_.room) {
        Pass& pass = passes_.at(step.user);
        pass.expires = std::max(pass.expires, reservation.until);
    }
    return shown(rank);
}

std::string SaleModel::release(const SaleStep& step) {
    const std::size_t rank = step.named.front();
    if (rank >= reservations_.size() || reservations_[rank].user != step.user) {
        return "unknown_reservation";
    }
    Reservation& reservation = reservations_[rank];
    if (std::string why = refusal_of_pass(step.user); !why.empty()) return why;
    const std::string status = status_of(reservation);
    if (status == "paid") return "already_paid";
    if (status != "held" && status != "released") return "reservation_" + status;
    reservation.status = "released";
    return shown(rank);
}

std::string SaleModel::charge(const SaleStep& step) {
    if (step.amount < 1) return "amount_invalid";
    const std::string content = std::to_string(step.amount);
    const auto made = keys_.find({step.act, step.user, step.key});
    if (made != keys_.end()) {
        if (made->second.content != content) return "key_reused";
        return fmt::format("balance {} replayed", made->second.balance_after);
    }
    wallets_[step.user] += step.amount;
    keys_[{step.act, step.user, step.key}] = {content, 0, wallets_[step.user]};
    return fmt::format("balance {}", wallets_[step.user]);
}

std::string SaleModel::pay(const SaleStep& step) {
    for (const std::size_t rank : step.named) {
        if (rank >= reservations_.size() || reservations_[rank].user != step.user) {
            return "unknown_reservation";
        }
    }
    const std::string content = fmt::format("{}", fmt::join(step.named, ","));
    const auto made = keys_.find({step.act, step.user, step.key});
    if (made != keys_.end()) {
        if (made->second.content != content) return "key_reused";
        return fmt::format("{} balance={} replayed", shown_payment(made->second.rank),
                           payments_[made->second.rank].balance_after);
    }
    if (std::string why = refusal_of_pass(step.user); !why.empty()) return why;
    Payment payment{.user = step.user, .reservations = step.named};
    for (const std::size_t rank : step.named) {
        const std::string status = status_of(reservations_[rank]);
        if (status == "paid") return "already_paid";
        if (status != "held") return "reservation_" + status;
        payment.amount +=
            SaleTerms::price * static_cast<std::int64_t>(reservations_[rank].seats.size());
    }
    if (wallets_[step.user] < payment.amount) return "insufficient_balance";
    wallets_[step.user] -= payment.amount;
    payment.balance_after = wallets_[step.user];
    for (const std::size_t rank : step.named) reservations_[rank].status = "paid";
    if (terms_.room) {
        release_holds(step.user);
        passes_.at(step.user).status = "spent";
    }
    payments_.push_back(payment);
    keys_[{step.act, step.user, step.key}] = {content, payments_.size() - 1, 0};
    return fmt::format("{} balance={}", shown_payment(payments_.size() - 1), payment.balance_after);
}

std::string SaleModel::refund(const SaleStep& step) {
    const std::size_t rank = step.named.front();
    if (rank >= payments_.size() || payments_[rank].user != step.user) return "unknown_payment";
    Payment& payment = payments_[rank];
    if (!payment.balance_after_refund) {
        wallets_[step.user] += payment.amount;
        payment.balance_after_refund = wallets_[step.user];
        for (const std::size_t paid : payment.reservations) {
            reservations_[paid].status = "refunded";
        }
    }
    return fmt::format("{} balance={}", shown_payment(rank), *payment.balance_after_refund);
}

// --- The same, said to a box office ------------------------------------------------------------

template <class Command>
AnswerTo<Command> SaleDriver::ask(Command command) {
    std::optional<AnswerTo<Command>> answer;
    office_->submit(std::move(command),
                    [&](AnswerTo<Command> given) { answer.emplace(std::move(given)); });
    while (office_->step()) continue;
    return std::move(answer.value());
}

void SaleDriver::use(BoxOffice& office) {
    const bool is_first = office_ == nullptr;
    office_ = &office;
    if (!is_first) {
        // Who waits is let in at once.
        while (office_->step()) continue;
        return;
    }
    const auto added = ask(AddConcert{terms_.draft(), {}});
    sale_ = {added.value().id, added.value().performances};
    started_ = office.now();
}

ReservationId SaleDriver::reservation(std::size_t rank) const {
    return rank < reservations_.size() ? reservations_[rank]
                                       : ReservationId::from_name("none " + std::to_string(rank));
}

PlaceNumber SaleDriver::place(int user) const {
    const auto found = places_.find(user);
    return found == places_.end() ? PlaceNumber{} : found->second;
}

std::string SaleDriver::shown(const ReservationView& view) {
    auto found = std::ranges::find(reservations_, view.id);
    if (found == reservations_.end()) found = reservations_.insert(found, view.id);
    std::vector<SeatNumber> seats;
    for (const SeatPrice& seat : view.seats) seats.push_back(seat.number);
    std::string text = fmt::format("#{} {} seats={}", found - reservations_.begin(),
                                   reservation_status_name(view.status), fmt::join(seats, ","));
    if (view.status == ReservationStatus::held) {
        text += fmt::format(" until={} extend={}", (view.held_until - started_).count(),
                            (view.extend_until - started_).count());
    }
    return text + (view.replayed ? " replayed" : "");
}

std::string SaleDriver::shown(const PaymentView& view) {
    auto found = std::ranges::find(payments_, view.id);
    if (found == payments_.end()) found = payments_.insert(found, view.id);
    std::vector<std::ptrdiff_t> of;
    for (const ReservationId& id : view.reservations) {
        of.push_back(std::ranges::find(reservations_, id) - reservations_.begin());
    }
    return fmt::format("${} {} of={} amount={} balance={}{}", found - payments_.begin(),
                       payment_status_name(view.status), fmt::join(of, ","), view.amount.minor,
                       view.balance.minor, view.replayed ? " replayed" : "");
}

std::string SaleDriver::run(const SaleStep& step) {
    const UserId user = SmallSale::user(step.user);
    const auto told = [&](const auto& answer) {
        return answer ? shown(*answer) : refused(answer.error());
    };
    switch (step.act) {
        case Act::join:
        case Act::join_again:
        case Act::leave:
        case Act::tick:
            return run_of_place(step);
        case Act::charge:
        case Act::pay:
        case Act::refund:
            return run_of_money(step);
        case Act::hold:
            return told(ask(Hold{.user = user,
                                 .place = place(step.user),
                                 .concert = sale_.concert,
                                 .performance = sale_.performance(),
                                 .seats = step.seats,
                                 .key = std::to_string(step.key)}));
        case Act::extend:
            return told(ask(
                Extend{user, place(step.user), sale_.concert, reservation(step.named.front())}));
        case Act::release:
            return told(ask(
                Release{user, place(step.user), sale_.concert, reservation(step.named.front())}));
        case Act::pass_time:
            clock_->advance(step.time);
            while (office_->step()) continue;
            return "time passed";
    }
    return "no such step";
}

std::string SaleDriver::run_of_place(const SaleStep& step) {
    const UserId user = SmallSale::user(step.user);
    if (step.act == Act::tick) {
        const auto admitted = ask(Tick{sale_.concert});
        return admitted ? fmt::format("admitted {}", *admitted) : refused(admitted.error());
    }
    const auto view =
        step.act == Act::leave
            ? ask(Leave{sale_.concert, user, place(step.user)})
            : ask(Join{
                  .concert = sale_.concert, .user = user, .again = step.act == Act::join_again});
    if (!view) return refused(view.error());
    places_[step.user] = view->number;
    return fmt::format("place {} {}", view->number.value, token_status_name(view->status));
}

std::string SaleDriver::run_of_money(const SaleStep& step) {
    const UserId user = SmallSale::user(step.user);
    const auto told = [&](const auto& answer) {
        return answer ? shown(*answer) : refused(answer.error());
    };
    if (step.act == Act::refund) {
        const std::size_t rank = step.named.front();
        return told(ask(Refund{
            user, sale_.concert,
            rank < payments_.size() ? payments_[rank] : PaymentId::from_name("there is none")}));
    }
    if (step.act == Act::pay) {
        Pay pay{.user = user,
                .place = place(step.user),
                .concert = sale_.concert,
                .key = std::to_string(step.key)};
        for (const std::size_t rank : step.named) pay.reservations.push_back(reservation(rank));
        return told(ask(std::move(pay)));
    }
    const auto charged =
        ask(Charge{.user = user, .amount = Money{step.amount}, .key = std::to_string(step.key)});
    if (!charged) return refused(charged.error());
    return fmt::format("balance {}{}", charged->balance.minor,
                       charged->replayed ? " replayed" : "");
}

std::string SaleDriver::state() {
    std::string text;
    const auto seats = ask(ListSeats{.performance = sale_.performance(), .all = true});
    for (const SeatView& seat : seats.value().seats) {
        text += fmt::format("seat {} {}\n", seat.number, name_of(seat.status));
    }
    for (int user = 0; user < SaleTerms::users; ++user) {
        text += fmt::format("wallet {} {}\n", user,
                            ask(GetWallet{SmallSale::user(user)}).value().balance.minor);
    }
    std::map<std::size_t, std::string> lines;
    for (int user = 0; user < SaleTerms::users; ++user) {
        const auto views = ask(ListReservations{.user = SmallSale::user(user)});
        for (const ReservationView& view : views.value()) {
            const auto found = std::ranges::find(reservations_, view.id);
            lines[static_cast<std::size_t>(found - reservations_.begin())] = shown(view);
        }
    }
    for (const auto& [rank, line] : lines) text += line + '\n';
    return text;
}

}  // namespace concertres::test
