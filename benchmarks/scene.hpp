// A scene is a store on sale: concerts with a waiting room, dates and halls, and buyers who have
// been admitted. Every benchmark of commands plays on one.
//
// Which buyer takes which seat is one fixed order, so that the engine and the bare loop beside it
// write the same rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "concertres/box_office.hpp"

namespace bench {

struct SceneShape {
    std::string name;
    int concerts = 1;
    int dates = 1;  // of each concert
    concertres::SeatNumber seats = 1'000;
    int buyers = 1;  // for each date

    [[nodiscard]] std::size_t halls() const {
        return static_cast<std::size_t>(concerts) * static_cast<std::size_t>(dates);
    }
    [[nodiscard]] std::size_t all_buyers() const {
        return halls() * static_cast<std::size_t>(buyers);
    }
};

// Everybody wants the same hundred evenings: all rows stay at hand.
[[nodiscard]] SceneShape hot_scene();
// A million seats: hardly any seat is touched twice.
[[nodiscard]] SceneShape spread_scene();

// Limits that never refuse: what is measured is how fast commands succeed.
[[nodiscard]] concertres::Options scene_options();

struct Buyer {
    concertres::UserId user;
    concertres::PlaceNumber place;
    concertres::PerformanceId performance;
};

// Adds the concerts, lets all buyers join and be admitted. Buyer `i` goes to hall `i % halls`.
[[nodiscard]] std::vector<Buyer> build_scene(concertres::BoxOffice& office,
                                             const SceneShape& shape);
// The buyers of a scene that was built before.
[[nodiscard]] std::vector<Buyer> find_buyers(concertres::BoxOffice& office,
                                             const SceneShape& shape);

// Buyers in a scattered order, each once before anybody comes again; the seats of a hall likewise.
class HoldOrder {
  public:
    explicit HoldOrder(const SceneShape& shape);

    struct Next {
        std::size_t buyer = 0;
        std::vector<concertres::SeatNumber> seats;  // by number
    };
    Next next(int seats);

  private:
    std::size_t buyers_;
    std::uint64_t count_ = 0;
    std::uint64_t buyer_step_;
    std::uint64_t seats_;
    std::uint64_t seat_step_;
    std::vector<std::uint64_t> taken_;  // of each hall
};

}  // namespace bench
