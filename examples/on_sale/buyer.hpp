// One buyer. Joins the line, waits, looks around, holds seats and pays for them; or loses patience,
// changes their mind, forgets the time. What has been reached is in the box office, not here: a
// buyer of the same number finds it again when the program is started again.
#pragma once

#include <concertres/concertres.hpp>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "hall.hpp"
#include "tally.hpp"

namespace on_sale {

// What all buyers share. Lifetime: what it refers to outlives them.
struct Scene {
    concertres::BoxOffice& office;
    const Hall& hall;
    concertres::ConcertId concert;
    concertres::Duration hold;  // how long seats are kept; decides how quick buyers are
    concertres::Duration tick;  // how often people are let in
    std::uint64_t seed = 0;
    std::string start;  // another one on each start, so that no two choices of seats share a key
};

// Threads: one at a time.
class Buyer {
  public:
    // How long until the buyer does the next thing; nothing: the buyer has gone home.
    using Next = std::optional<concertres::Duration>;

    Buyer(const Scene& scene, std::int64_t number, Tally& tally);

    Next act();

  private:
    enum class Step { join, wait, look, choose, hold, decide, pay };

    Next join();
    Next wait();
    Next look();
    Next find_nothing();
    Next choose();
    Next hold();
    Next decide();
    Next pay();

    Next enter(const concertres::PlaceView& place);
    Next refused(const concertres::Error& error);
    Next pass_ended();
    bool charge();
    void pay_again(const concertres::Pay& command, const concertres::PaymentView& paid);

    Next go_on(Step step, concertres::Duration after) {
        step_ = step;
        return after;
    }
    static Next go_home() { return std::nullopt; }
    // About that part of the time that seats are kept.
    concertres::Duration think(double part);
    bool by_chance(double probability);

    const Scene& scene_;
    Tally& tally_;
    std::minstd_rand random_;
    concertres::UserId user_;
    Step step_ = Step::join;
    bool again_ = false;  // wants a new place
    concertres::PlaceNumber place_;
    std::optional<std::int64_t> position_;  // as told last
    concertres::Duration patience_{0};      // in line
    std::chrono::steady_clock::time_point joined_;
    std::size_t party_ = 1;
    concertres::PerformanceId performance_;
    std::vector<concertres::SeatNumber> chosen_;
    int choices_ = 0;  // so far
    std::optional<concertres::ReservationView> held_;
};

}  // namespace on_sale
