#include "scene.hpp"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <stdexcept>
#include <thread>

namespace bench {

using namespace concertres;

namespace {

// A step that visits each of `count` things once, in an order with no neighbours.
std::uint64_t scattering_step(std::uint64_t count) {
    auto step = static_cast<std::uint64_t>(static_cast<double>(count) * 0.618) | 1u;
    while (std::gcd(step, count) != 1) step += 2;
    return step;
}

ConcertDraft draft_of(const SceneShape& shape, int number) {
    ConcertDraft draft{.title = "Concert " + std::to_string(number),
                       .seats = numbered_seats(shape.seats, Money{50'000}),
                       .room = RoomPolicy{},
                       .limits = {.per_performance = 1'000, .per_concert = 1'000}};
    const OffsetTime first = *parse_rfc3339("2099-01-01T19:00:00+09:00");
    for (int date = 0; date < shape.dates; ++date) {
        draft.performances.push_back({{first.time + std::chrono::days(date), first.utc_offset}});
    }
    return draft;
}

struct Added {
    ConcertId id;
    std::vector<PerformanceId> dates;
};

std::vector<Added> add_concerts(BoxOffice& office, const SceneShape& shape) {
    std::vector<Added> concerts;
    for (int number = 1; number <= shape.concerts; ++number) {
        const auto added = office.add_concert(draft_of(shape, number));
        if (!added) throw std::runtime_error("no concert: " + added.error().detail);
        concerts.push_back({added->id, added->performances});
    }
    return concerts;
}

// Whoever has joined before finds the place again.
std::vector<Buyer> join_all(BoxOffice& office, const SceneShape& shape,
                            const std::vector<Added>& concerts) {
    const auto dates = static_cast<std::size_t>(shape.dates);
    std::vector<Buyer> buyers(shape.all_buyers());
    std::atomic<std::size_t> joined{0};
    std::atomic<bool> refused{false};
    for (std::size_t i = 0; i < buyers.size(); ++i) {
        Buyer& buyer = buyers[i];
        const std::size_t hall = i % shape.halls();
        buyer.user = UserId::from_name("buyer " + std::to_string(i));
        buyer.performance = concerts[hall / dates].dates[hall % dates];
        // Within the inbox's bound.
        while (i - joined > 10'000) std::this_thread::yield();
        office.submit<Join>({.concert = concerts[hall / dates].id, .user = buyer.user},
                            [&](Result<PlaceView> place) {
                                if (place) {
                                    buyer.place = place->number;
                                } else {
                                    refused = true;
                                }
                                ++joined;
                            });
    }
    while (joined < buyers.size()) std::this_thread::yield();
    if (refused) throw std::runtime_error("a buyer may not join");
    return buyers;
}

void admit_all(BoxOffice& office, const std::vector<Added>& concerts) {
    for (const Added& concert : concerts) {
        while (office.tick({concert.id}).value() > 0) {
        }
    }
}

}  // namespace

SceneShape hot_scene() {
    return {.name = "hot", .concerts = 10, .dates = 10, .seats = 1'000, .buyers = 100};
}

SceneShape spread_scene() {
    return {.name = "spread", .concerts = 100, .dates = 10, .seats = 1'000, .buyers = 50};
}

Options scene_options() {
    Options options;
    options.pass_ttl = options.pass_max = options.extend_max = std::chrono::hours(24);
    return options;
}

std::vector<Buyer> build_scene(BoxOffice& office, const SceneShape& shape) {
    const std::vector<Added> concerts = add_concerts(office, shape);
    std::vector<Buyer> buyers = join_all(office, shape, concerts);
    admit_all(office, concerts);
    return buyers;
}

std::vector<Buyer> find_buyers(BoxOffice& office, const SceneShape& shape) {
    std::vector<Added> concerts;
    const auto views = office.concerts();
    if (!views) throw std::runtime_error("no concerts: " + views.error().detail);
    for (const ConcertView& view : *views) concerts.push_back({view.id, view.performances});
    return join_all(office, shape, concerts);
}

HoldOrder::HoldOrder(const SceneShape& shape)
    : buyers_(shape.all_buyers()),
      buyer_step_(scattering_step(buyers_)),
      seats_(static_cast<std::uint64_t>(shape.seats)),
      seat_step_(scattering_step(seats_)),
      taken_(shape.halls()) {}

HoldOrder::Next HoldOrder::next(int seats) {
    Next next{.buyer = static_cast<std::size_t>(count_++ * buyer_step_ % buyers_), .seats = {}};
    std::uint64_t& taken = taken_[next.buyer % taken_.size()];
    for (int i = 0; i < seats; ++i) {
        next.seats.push_back(static_cast<SeatNumber>(taken++ * seat_step_ % seats_ + 1));
    }
    std::ranges::sort(next.seats);
    return next;
}

}  // namespace bench
