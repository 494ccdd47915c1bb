#include "plots/on_sale.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "concertres/assert.hpp"
#include "concertres/memory.hpp"

namespace concertres::test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint64_t crowd_seed = 2'026;

Options options_of() {
    Options options;
    options.running = Running::by_host;
    options.pass_ttl = minutes(3);
    options.tick = seconds(2);
    return options;
}

}  // namespace

OnSale::OnSale(const OnSalePlan& plan)
    : plan_(plan),
      kernel_(clock_, crowd_seed),
      concert_(ConcertId::from_name("an on-sale")),
      performance_(PerformanceId::from_name("an on-sale")) {
    auto storage = open_memory({.clock = &clock_});
    storage->add(new_concert(*storage), {});
    office_ = std::make_unique<BoxOffice>(std::move(storage), options_of());
    kernel_.add(*office_);
    make_crowd();
}

// Past the engine, which would give it ids, and a draw a seed, that nobody can know before.
NewConcert OnSale::new_concert(Storage& storage) const {
    NewConcert made;
    made.concert = {.key = {storage.allocate(1)},
                    .id = concert_,
                    .title = "An on-sale",
                    .hold_ttl = minutes(5)};
    made.performances = {{.key = {storage.allocate(1)},
                          .id = performance_,
                          .concert = made.concert.key,
                          .starts_at = storage.now() + std::chrono::hours(24 * 30),
                          .date = "2027-01-23"}};
    made.seats = numbered_seats(plan_.seats, Money{100});
    made.sale = {.concert = made.concert.key,
                 .opens_at = storage.now() + plan_.opens_after,
                 .room = plan_.room};
    if (plan_.room.draw) made.sale.draw = DrawState{.seed = {2, 0, 2, 6}, .drawn_at = {}};
    return made;
}

// Two of five are there before the hour, the others come when it strikes and after, ever fewer.
void OnSale::make_crowd() {
    for (int i = 0; i < plan_.buyers; ++i) {
        Buyer buyer{.id = UserId::from_name("buyer " + std::to_string(i))};
        const bool is_early = kernel_.random(5) < 2;
        buyer.comes_at = is_early ? Duration(static_cast<std::int64_t>(kernel_.random(
                                        static_cast<std::uint64_t>(plan_.opens_after.count()))))
                                  : plan_.opens_after + about(minutes(3));
        buyer.is_absent = kernel_.random(100) < plan_.absent_percent;
        buyer.is_fan = kernel_.random(100) < plan_.fans_percent;
        buyer.seats = 1 + static_cast<std::int64_t>(kernel_.random(2));
        buyers_.push_back(buyer);
    }
    choose_watched();
}

// Six of those who do ask, spread over the crowd in the order in which it comes.
void OnSale::choose_watched() {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < buyers_.size(); ++i) {
        if (!buyers_[i].is_absent) order.push_back(i);
    }
    std::ranges::sort(order, {}, [&](std::size_t i) { return buyers_[i].comes_at; });
    for (const std::size_t percent : {2u, 15u, 28u, 45u, 60u, 78u}) {
        watched_.push_back(order[order.size() * percent / 100]);
    }
}

Duration OnSale::about(Duration mean) {
    // Exponential, by hand: the library's distributions differ from one to the next.
    const double share = (static_cast<double>(kernel_.random(1'000'000)) + 0.5) / 1'000'000.0;
    return Duration(
        static_cast<std::int64_t>(-std::log(share) * static_cast<double>(mean.count())));
}

void OnSale::later(Duration pause, Kernel::Action action) {
    kernel_.schedule(kernel_.now() + pause, std::move(action));
}

void OnSale::run() {
    for (Buyer& buyer : buyers_) {
        kernel_.schedule(buyer.comes_at, [this, &buyer] { join(buyer); });
    }
    kernel_.spawn(seconds(0), [this]() -> std::optional<Duration> {
        note_moment();
        return between_moments;
    });
    if (plan_.load) {
        kernel_.spawn(seconds(0), [this]() -> std::optional<Duration> {
            const std::int64_t inside = office_->concert({concert_})->admitted;
            const auto heard = office_->report_load(concert_, plan_.load(kernel_.now(), inside));
            CONCERTRES_ASSERT(heard);
            return seconds(1);
        });
    }
    kernel_.run_until(plan_.length);
}

void OnSale::note_moment() {
    const auto view = office_->concert({concert_});
    CONCERTRES_ASSERT(view);
    OnSaleMoment moment{.at = kernel_.now(),
                        .let_in = let_in_,
                        .inside = view->admitted,
                        .sold = view->seats.sold,
                        .limit = view->loop ? std::optional(view->loop->limit) : std::nullopt,
                        .positions = {}};
    for (const std::size_t i : watched_) {
        const Buyer& buyer = buyers_[i];
        const auto place = office_->place_in_memory(
            {.concert = concert_, .user = buyer.id, .place = buyer.place, .last = {}});
        const bool is_there = place && place->status != TokenStatus::expired;
        moment.positions.push_back(is_there ? place->position : std::nullopt);
    }
    moments_.push_back(std::move(moment));
    // How many were let in is in the room's events; they are counted by the next moment.
    office_->submit<ListEvents>(
        {.performance = {}, .wallet = {}, .room = concert_, .after = seen_events_, .limit = 1'000},
        [this](const Result<std::vector<Event>>& events) {
            CONCERTRES_ASSERT(events);
            for (const Event& event : *events) {
                if (event.kind == EventKind::pass_admitted) ++let_in_;
                seen_events_ = event.number;
            }
        });
}

// --- What a buyer does ---------------------------------------------------------------------------

void OnSale::join(Buyer& buyer) {
    office_->submit<Charge>(
        {.user = buyer.id, .amount = Money{1'000}, .key = "money", .admitted = {}},
        [](const Result<ChargeView>& charged) { CONCERTRES_ASSERT(charged); });
    Join command{.concert = concert_, .user = buyer.id};
    if (buyer.is_fan) command.line_class = "fan_club";
    office_->submit<Join>(std::move(command), [this, &buyer](const Result<PlaceView>& place) {
        if (!place) return;  // it is sold out
        buyer.place = place->number;
        if (!buyer.is_absent) ask_again(buyer, *place);
    });
}

void OnSale::ask_again(Buyer& buyer, const PlaceView& view) {
    if (view.status == TokenStatus::admitted) return shop(buyer);
    if (view.status != TokenStatus::waiting) return;
    later(view.poll_after, [this, &buyer] {
        const auto now = office_->place_in_memory(
            {.concert = concert_, .user = buyer.id, .place = buyer.place, .last = {}});
        if (now) ask_again(buyer, *now);
    });
}

// Of a hundred, eight look at the seats and go away without a word, four give up their place.
void OnSale::shop(Buyer& buyer) {
    const std::uint64_t dice = kernel_.random(100);
    if (dice < 8) return;
    const Duration looking = seconds(10) + about(seconds(30));
    if (dice < 12) return later(looking, [this, &buyer] { leave(buyer); });
    later(looking, [this, &buyer] { hold(buyer, 0); });
}

void OnSale::hold(Buyer& buyer, int tries) {
    Hold command{.user = buyer.id,
                 .place = buyer.place,
                 .performance = performance_,
                 .key = "hold-" + std::to_string(tries)};
    command.best = BestSeats{.count = static_cast<std::int32_t>(buyer.seats)};
    office_->submit<Hold>(std::move(command), [this, &buyer,
                                               tries](const Result<ReservationView>& held) {
        if (held) {
            const ReservationId id = held->id;
            return later(seconds(10) + about(seconds(30)), [this, &buyer, id] { pay(buyer, id); });
        }
        // Others hold what is left: some of it may come back.
        if (held.error().code == Errc::no_seats_match && tries < 5) {
            return later(seconds(20), [this, &buyer, tries] { hold(buyer, tries + 1); });
        }
        leave(buyer);
    });
}

void OnSale::pay(const Buyer& buyer, ReservationId reservation) {
    office_->submit<Pay>(
        {.user = buyer.id, .place = buyer.place, .reservations = {reservation}, .key = "pay"},
        [this, &buyer](const Result<PaymentView>& paid) {
            if (!paid || kernel_.random(100) >= plan_.refund_percent) return;
            const PaymentId id = paid->id;
            later(minutes(10), [this, &buyer, id] { give_back(buyer, id); });
        });
}

void OnSale::give_back(const Buyer& buyer, PaymentId payment) {
    office_->submit<Refund>({.user = buyer.id, .concert = concert_, .payment = payment},
                            [](const Result<PaymentView>&) {});
}

void OnSale::leave(const Buyer& buyer) {
    office_->submit<Leave>({.concert = concert_, .user = buyer.id, .place = buyer.place},
                           [](const Result<PlaceView>&) {});
}

}  // namespace concertres::test
