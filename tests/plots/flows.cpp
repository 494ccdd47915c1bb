#include "plots/flows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

#include "api/route.hpp"
#include "concertres/assert.hpp"
#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "plots/recording_storage.hpp"
#include "support/kernel.hpp"
#include "support/small_sale.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

// "POST /v1/reservations": how the call is made over HTTP.
std::string over_http(std::string_view operation) {
    const auto routes = server::all_routes();
    const auto route = std::ranges::find(routes, operation, &server::Route::operation);
    CONCERTRES_ASSERT(route != routes.end());
    return fmt::format("{} {}", http::method_name(route->method), route->path);
}

std::string won(Money money) { return fmt::format("{} won", money.minor); }

class Purchase {
  public:
    Purchase() : kernel_(clock_), office_(watched(), options()) {
        kernel_.add(office_);
        ConcertDraft draft = SmallSale::draft();
        draft.room = RoomPolicy{.active_max = 100};
        const ConcertView added = ask(AddConcert{std::move(draft), {}});
        sale_ = {added.id, added.performances};
    }

    std::vector<Flow> flows() {
        join();
        look();
        reserve();
        charge();
        pay();
        return std::move(flows_);
    }

  private:
    static Options options() {
        Options options;
        options.running = Running::by_host;
        options.tick = 1h;  // rooms let in when they are told to
        options.sweeps = false;
        return options;
    }
    std::unique_ptr<Storage> watched() {
        return std::make_unique<RecordingStorage>(
            open_memory({.clock = &clock_}), [this](const StorageTalk& talk) {
                if (flows_.empty()) return;
                say(Actor::box_office, Actor::storage, talk.asked);
                say(Actor::storage, Actor::box_office, {talk.answered}, true);
            });
    }

    void begin(std::string name, std::string title) {
        flows_.push_back({std::move(name), std::move(title), {}});
    }
    void say(Actor from, Actor to, std::vector<std::string> lines, bool is_answer = false) {
        flows_.back().steps.push_back({from, to, is_answer, std::move(lines)});
    }
    void answer(std::vector<std::string> lines) {
        say(Actor::box_office, Actor::caller, std::move(lines), true);
    }

    // REQUIRES: it is not refused
    template <class Command>
    typename Command::Answer ask(Command command) {
        std::optional<AnswerTo<Command>> given;
        office_.submit<Command>(std::move(command),
                                [&](AnswerTo<Command> answer) { given = std::move(answer); });
        kernel_.run_until(kernel_.now() + 1ms);
        CONCERTRES_ASSERT(given && *given);
        return std::move(**given);
    }

    // Of their place.
    std::string_view status_in_memory() {
        const auto place = office_.place_in_memory(
            {.concert = sale_.concert, .user = user_, .place = place_, .last = {}});
        CONCERTRES_ASSERT(place);
        return token_status_name(place->status);
    }

    void join();
    void look();
    void reserve();
    void charge();
    void pay();

    TestClock clock_;
    std::vector<Flow> flows_;
    Kernel kernel_;
    BoxOffice office_;
    SmallSale sale_;
    UserId user_ = SmallSale::user(1);
    PlaceNumber place_{};
    ReservationId reservation_{};
    Money total_{};
};

std::string minutes_of(Duration duration) {
    return fmt::format("{} min", std::chrono::floor<std::chrono::minutes>(duration).count());
}

void Purchase::join() {
    begin("token", "A token: a place in the line, and being let in");
    say(Actor::caller, Actor::box_office, {"Join", over_http("askForToken")});
    const PlaceView joined = ask(Join{.concert = sale_.concert, .user = user_});
    place_ = joined.number;
    answer({fmt::format("{}, position {}, and a token", token_status_name(joined.status),
                        joined.position.value_or(0))});

    say(Actor::box_office, Actor::box_office, {"Tick, by itself, each second"});
    const std::int64_t admitted = ask(Tick{sale_.concert});
    say(Actor::box_office, Actor::box_office, {fmt::format("{} was let in", admitted)}, true);

    say(Actor::caller, Actor::box_office, {"where do I stand?", over_http("getToken")});
    answer({fmt::format("{}, told from memory", status_in_memory())});
}

void Purchase::look() {
    begin("dates", "Dates and seats");
    say(Actor::caller, Actor::box_office, {"ListDates", over_http("listDates")});
    const auto dates = ask(ListDates{.concert = sale_.concert});
    answer({fmt::format("{} date, {} seats available", dates.size(), dates[0].seats_available)});

    say(Actor::caller, Actor::box_office, {"ListSeats", over_http("listSeats")});
    const SeatsView seats = ask(ListSeats{.performance = sale_.performance()});
    answer({fmt::format("{} seats, as of event {}", seats.seats.size(), seats.revision)});
}

void Purchase::reserve() {
    begin("reservation", "A reservation of two seats");
    say(Actor::caller, Actor::box_office, {"Hold seats 7 and 8", over_http("reserve")});
    const ReservationView held = ask(Hold{.user = user_,
                                          .place = place_,
                                          .performance = sale_.performance(),
                                          .seats = {7, 8},
                                          .key = "hold"});
    reservation_ = held.id;
    total_ = held.total;
    answer({fmt::format("held for {}, {}", minutes_of(held.held_for), won(held.total))});
}

void Purchase::charge() {
    begin("charge", "A charge of the wallet");
    say(Actor::caller, Actor::box_office,
        {fmt::format("Charge {}", won(total_)), over_http("chargeWallet")});
    const ChargeView charged = ask(Charge{.user = user_,
                                          .amount = total_,
                                          .key = "charge",
                                          .admitted = PlaceAt{sale_.concert, place_}});
    answer({fmt::format("charged, the balance is {}", won(charged.balance))});
}

void Purchase::pay() {
    begin("payment", "A payment");
    say(Actor::caller, Actor::box_office, {"Pay for the reservation", over_http("pay")});
    const PaymentView paid =
        ask(Pay{.user = user_, .place = place_, .reservations = {reservation_}, .key = "pay"});
    answer({fmt::format("{} seats are theirs, {} paid", paid.seats.size(), won(paid.amount))});
    // The same once more, as if the answer had been lost.
    say(Actor::caller, Actor::box_office, {"the same again, with the same key"});
    const PaymentView again =
        ask(Pay{.user = user_, .place = place_, .reservations = {reservation_}, .key = "pay"});
    CONCERTRES_ASSERT(again.id == paid.id);
    answer({again.replayed ? "the same payment, replayed" : "another payment"});
}

}  // namespace

std::vector<Flow> purchase_flows() { return Purchase().flows(); }

}  // namespace concertres::test
