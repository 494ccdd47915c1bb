// The reservations that are marked held, by deadline. A hold that ends is only counted out, because
// most end long before anybody asks for them; who asks passes over what is left of it.
//
// Threads: one.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "concertres/storage.hpp"
#include "live/by_time.hpp"

namespace concertres::live {

class HeldReservations {
  public:
    // What is committed of a reservation, each time that it changes.
    void change(const Reservation& after);
    // One that is held.
    struct Hold {
        Time until{};
        PlaceNumber place{};
        PerformanceKey performance{};
        std::int64_t seats = 0;
    };
    void add(ReservationKey key, const Hold& hold);

    [[nodiscard]] std::optional<Time> first() const { return by_deadline_.first(); }
    // Of each, in their order; nothing of one that is not held.
    [[nodiscard]] std::vector<std::optional<HoldEnd>> ends(
        std::span<const ReservationKey> keys) const;
    // Those that end first.
    [[nodiscard]] ExpiringHolds batch();
    // Seats of those that end at `now` or earlier; none: not in it.
    [[nodiscard]] std::map<PerformanceKey, std::int64_t> dead_seats(Time now);

  private:
    // What ends at one time.
    struct Ending {
        std::vector<ReservationKey> keys;
        std::size_t front = 0;  // keys before this one are held no more
        std::size_t held = 0;   // keys that are, above 0
        bool sorted = true;     // and each there once
    };
    [[nodiscard]] const Hold* find(ReservationKey key, Time deadline) const;
    void count_out(Time deadline);
    void tidy_up(Ending& ending, Time deadline) const;

    boost::unordered_flat_map<ReservationKey, Hold, std::hash<ReservationKey>> holds_;
    ByTime<Ending> by_deadline_;
};

}  // namespace concertres::live
