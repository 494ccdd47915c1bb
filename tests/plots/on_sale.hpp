// One on-sale in virtual time: a crowd that knows the hour, a hall that is smaller than the crowd,
// and a room. The same crowd comes to every room, so that what differs is the room's policy.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/storage.hpp"
#include "support/kernel.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {

struct OnSalePlan {
    RoomPolicy room;
    int buyers = 800;
    SeatNumber seats = 600;
    Duration opens_after = std::chrono::minutes(10);
    // How many of a hundred wait without ever asking again.
    std::uint64_t absent_percent = 0;
    std::uint64_t fans_percent = 0;    // of the class "fan_club"
    std::uint64_t refund_percent = 0;  // of those who have bought, ten minutes later
    // What the host reports each second, by how many are inside; nothing: it does not.
    std::function<double(Duration at, std::int64_t inside)> load{};
    Duration length = std::chrono::minutes(40);
};

// How things stand at one moment.
struct OnSaleMoment {
    Duration at{0};
    std::int64_t let_in = 0;  // in all
    std::int64_t inside = 0;
    std::int64_t sold = 0;
    std::optional<std::int64_t> limit{};                 // of a closed loop
    std::vector<std::optional<std::int64_t>> positions;  // of those who are watched
};

class OnSale {
  public:
    static constexpr Duration between_moments = std::chrono::seconds(15);

    explicit OnSale(const OnSalePlan& plan);

    void run();

    [[nodiscard]] const std::vector<OnSaleMoment>& moments() const { return moments_; }
    struct Buyer {
        UserId id{};
        PlaceNumber place{};
        Duration comes_at{0};
        bool is_absent = false;
        bool is_fan = false;
        std::int64_t seats = 1;
    };
    // Of those who are watched, the earliest first.
    [[nodiscard]] const Buyer& watched(std::size_t i) const { return buyers_[watched_[i]]; }
    [[nodiscard]] std::size_t watched_count() const { return watched_.size(); }

  private:
    [[nodiscard]] NewConcert new_concert(Storage& storage) const;
    void make_crowd();
    void choose_watched();
    void note_moment();
    void join(Buyer& buyer);
    void ask_again(Buyer& buyer, const PlaceView& view);
    void shop(Buyer& buyer);
    void hold(Buyer& buyer, int tries);
    void pay(const Buyer& buyer, ReservationId reservation);
    void give_back(const Buyer& buyer, PaymentId payment);
    void leave(const Buyer& buyer);
    void later(Duration pause, Kernel::Action action);
    [[nodiscard]] Duration about(Duration mean);

    OnSalePlan plan_;
    TestClock clock_;
    Kernel kernel_;
    std::unique_ptr<BoxOffice> office_;
    ConcertId concert_;
    PerformanceId performance_;
    std::vector<Buyer> buyers_;
    std::vector<std::size_t> watched_;
    std::vector<OnSaleMoment> moments_;
    std::int64_t let_in_ = 0;
    std::int64_t seen_events_ = 0;
};

}  // namespace concertres::test
