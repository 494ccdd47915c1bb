#include "support/scenario_answers.hpp"

#include <fmt/format.h>

namespace concertres::test {
namespace {

std::string text(std::int64_t number) { return std::to_string(number); }
std::string text(Money money) { return std::to_string(money.minor); }
std::string text(Duration duration) { return duration_text(duration); }
std::string yes_or_no(bool yes) { return yes ? "yes" : "no"; }
template <class T>
std::string text(const std::optional<T>& value) {
    return value ? text(*value) : "none";
}
std::string text(const std::optional<double>& value) {
    return value ? fmt::format("{}", *value) : "none";
}

Answer listed(std::vector<std::string> words) {
    if (words.empty()) words.emplace_back("none");
    return {.words = std::move(words), .whole = true};
}

std::vector<SeatNumber> numbers_of(const std::vector<SeatPrice>& seats) {
    std::vector<SeatNumber> numbers;
    for (const SeatPrice& seat : seats) numbers.push_back(seat.number);
    return numbers;
}

}  // namespace

std::string_view seat_status_text(SeatStatus status) {
    switch (status) {
        case SeatStatus::free:
            return "available";
        case SeatStatus::blocked:
            return "blocked";
        case SeatStatus::held:
            return "held";
        case SeatStatus::sold:
            return "sold";
    }
    return "?";
}

std::string_view transfer_kind_text(TransferKind kind) {
    switch (kind) {
        case TransferKind::charge:
            return "charge";
        case TransferKind::payment:
            return "payment";
        case TransferKind::refund:
            return "refund";
    }
    return "?";
}

Answer Answers::operator()(const PlaceView& view) const {
    Answer answer{.words = {std::string(token_status_name(view.status))}};
    if (view.position) answer.words.push_back(text(*view.position));
    answer.fields = {{"number", text(names_->written(view.number))},
                     {"class", view.line_class.empty() ? "none" : view.line_class},
                     {"made", yes_or_no(view.made)},
                     {"latest", yes_or_no(view.latest)},
                     {"position", text(view.position)},
                     {"ahead", text(view.ahead)},
                     {"eta", text(view.eta)},
                     {"eta_min", text(view.eta_min)},
                     {"eta_max", text(view.eta_max)},
                     {"sale", std::string(sale_name(view.sale))},
                     {"seats_left", text(view.seats_left)},
                     {"seats_held", text(view.seats_held)},
                     {"pass_until", "none"},
                     {"pass_for", "none"}};
    if (view.pass_expires_at) {
        answer.fields["pass_until"] = at(*view.pass_expires_at);
        answer.fields["pass_for"] = duration_text(*view.pass_expires_at - view.now);
    }
    return answer;
}

Answer Answers::operator()(const ReservationView& view) const {
    std::vector<std::string> prices;
    for (const SeatPrice& seat : view.seats) prices.push_back(text(seat.price));
    return {.words = {std::string(reservation_status_name(view.status))},
            .fields = {{"for", duration_text(view.held_for)},
                       {"until", at(view.held_until)},
                       {"extend_until", at(view.extend_until)},
                       {"user", names_->name(view.user)},
                       {"concert", names_->name(view.concert)},
                       {"performance", names_->name(view.performance)},
                       {"date", view.date},
                       {"seats", numbers_text(numbers_of(view.seats))},
                       {"prices", join_text(prices, ',')},
                       {"total", text(view.total)},
                       {"payment", view.payment ? names_->name(*view.payment) : "none"},
                       {"replayed", yes_or_no(view.replayed)}}};
}

Answer Answers::operator()(const PaymentView& view) const {
    std::vector<std::string> seats;
    for (const PaidSeat& paid : view.seats) {
        seats.push_back(names_->name(paid.performance) + ":" + text(paid.seat.number));
    }
    return {.words = {std::string(payment_status_name(view.status))},
            .fields = {{"amount", text(view.amount)},
                       {"balance", text(view.balance)},
                       {"user", names_->name(view.user)},
                       {"concert", names_->name(view.concert)},
                       {"reservations", names_->list(view.reservations)},
                       {"released", names_->list(view.released)},
                       {"seats", join_text(seats, ',')},
                       {"paid_at", at(view.paid_at)},
                       {"refunded_at", view.refunded_at ? at(*view.refunded_at) : "none"},
                       {"replayed", yes_or_no(view.replayed)}}};
}

Answer Answers::operator()(const ChargeView& view) const {
    return {.words = {"charged"},
            .fields = {{"amount", text(view.amount)},
                       {"balance", text(view.balance)},
                       {"user", names_->name(view.user)},
                       {"replayed", yes_or_no(view.replayed)}}};
}

Answer Answers::operator()(const ConcertView& view) const {
    Answer answer{.words = {std::string(sale_name(view.sale))},
                  .fields = {{"title", view.title},
                             {"opens_at", view.opens_at ? at(*view.opens_at) : "none"},
                             {"waiting", text(view.waiting)},
                             {"passed_over", text(view.passed_over)},
                             {"admitted", text(view.admitted)},
                             {"free", text(view.seats.free)},
                             {"blocked", text(view.seats.blocked)},
                             {"held", text(view.seats.held)},
                             {"sold", text(view.seats.sold)},
                             {"performances", names_->list(view.performances)},
                             {"room", yes_or_no(view.room.has_value())}}};
    if (view.room) answer.fields["active"] = text(view.room->active_max);
    if (view.loop) {
        answer.fields["limit"] = text(view.loop->limit);
        answer.fields["load"] = text(view.loop->load);
        answer.fields["seats_per_pass"] = text(view.loop->seats_per_pass);
    }
    std::vector<std::string> waiting;
    for (const std::int64_t people : view.class_waiting) waiting.push_back(text(people));
    answer.fields["classes"] = waiting.empty() ? "none" : join_text(waiting, ',');
    return answer;
}

Answer Answers::operator()(const DrawView& view) const {
    if (!view.drawn_at) return {.words = {"planned"}};
    std::vector<std::string> sizes;
    std::vector<std::string> next;
    for (const DrawnLine& line : view.lines) {
        sizes.push_back(text(line.drawn.size));
        next.push_back(text(line.drawn.next_rank));
    }
    return {.words = {"drawn"},
            .fields = {{"size", join_text(sizes, ',')},
                       {"at", at(*view.drawn_at)},
                       {"next", join_text(next, ',')}}};
}

Answer Answers::operator()(const std::vector<ConcertView>& list) const {
    std::vector<std::string> words;
    for (const ConcertView& view : list) {
        words.push_back(names_->name(view.id) + ":" + std::string(sale_name(view.sale)));
    }
    return listed(std::move(words));
}

Answer Answers::operator()(const std::vector<DateView>& list) const {
    std::vector<std::string> words;
    for (const DateView& view : list) {
        words.push_back(names_->name(view.performance) + ":" + view.date + ":" +
                        text(view.seats_available) + "/" + text(view.seats_total));
    }
    return listed(std::move(words));
}

Answer Answers::operator()(const SeatsView& view) const {
    std::map<SeatStatus, std::vector<SeatNumber>> by_status;
    for (const SeatView& seat : view.seats) by_status[seat.status].push_back(seat.number);
    std::vector<std::string> words;
    for (const auto& [status, numbers] : by_status) {
        words.push_back(std::string(seat_status_text(status)) + ":" + numbers_text(numbers));
    }
    for (const AreaView& area : view.areas) {
        words.push_back(area.section + ":" + text(area.seats.free) + "/" + text(area.seats.held) +
                        "/" + text(area.seats.sold) + "/" + text(area.seats.blocked));
    }
    Answer answer = listed(std::move(words));
    answer.fields = {{"revision", text(view.revision)}, {"date", view.date}};
    return answer;
}

Answer Answers::operator()(const WalletView& view) const {
    return {.words = {text(view.balance)}, .fields = {{"user", names_->name(view.user)}}};
}

Answer Answers::operator()(const ReportView& view) const {
    std::vector<std::string> words{text(view.takings)};
    for (const PerformanceReport& each : view.performances) {
        words.push_back(names_->name(each.id) + ":" + text(each.seats.free) + "/" +
                        text(each.seats.held) + "/" + text(each.seats.sold) + "/" +
                        text(each.seats.blocked) + ":" + text(each.takings));
    }
    Answer answer = listed(std::move(words));
    answer.fields = {{"concert", names_->name(view.concert.id)},
                     {"waiting", text(view.concert.waiting)},
                     {"admitted", text(view.concert.admitted)}};
    return answer;
}

Answer Answers::operator()(const Explanation& view) const {
    std::vector<std::string> words{std::string(explained_name(view.kind))};
    for (const ToldEvent& told : view.events) {
        words.push_back(names_->name(UserId{told.owner}) + ":" +
                        std::string(event_name(told.event.kind)));
    }
    Answer answer = listed(std::move(words));
    // Fields have no spaces.
    std::string state = view.state;
    std::replace(state.begin(), state.end(), ' ', '_');
    answer.fields = {{"total", text(view.total)}, {"state", state.substr(0, state.find(';'))}};
    const auto tells = [&view](const char* words_of) {
        return yes_or_no(view.state.find(words_of) != std::string::npos);
    };
    answer.fields["passed_over"] = tells("; passed over at ");
    answer.fields["lost"] = tells(", and lost: ");
    return answer;
}

Answer Answers::operator()(const std::vector<ReservationView>& list) const {
    std::vector<std::string> words;
    for (const ReservationView& view : list) {
        words.push_back(names_->name(view.id) + ":" +
                        std::string(reservation_status_name(view.status)));
    }
    return listed(std::move(words));
}

Answer Answers::operator()(const std::vector<PaymentView>& list) const {
    std::vector<std::string> words;
    for (const PaymentView& view : list) {
        words.push_back(names_->name(view.id) + ":" +
                        std::string(payment_status_name(view.status)));
    }
    return listed(std::move(words));
}

Answer Answers::operator()(const std::vector<Transfer>& list) const {
    std::vector<std::string> words;
    for (const Transfer& transfer : list) {
        words.push_back(std::string(transfer_kind_text(transfer.kind)) + ":" +
                        text(transfer.amount) + ":" + text(transfer.balance_after));
    }
    return listed(std::move(words));
}

Answer Answers::operator()(const std::vector<Event>& list) const {
    std::vector<std::string> words;
    for (const Event& event : list) words.emplace_back(event_name(event.kind));
    return listed(std::move(words));
}

Answer Answers::operator()(PerformanceId performance) const {
    return {.words = {names_->name(performance)}};
}

Answer Answers::operator()(std::int64_t count) const { return {.words = {text(count)}}; }

Answer Answers::refusal(const Error& error) {
    Answer answer{
        .words = {std::string(code_name(error.code))}, .refused = true, .detail = error.detail};
    if (!error.seats.empty()) answer.fields["seats"] = numbers_text(error.seats);
    return answer;
}

}  // namespace concertres::test
