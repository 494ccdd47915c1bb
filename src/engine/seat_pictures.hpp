// Pictures of the halls: which seats are free, for each performance whose best seats somebody has
// asked for, kept in memory from what has been committed. A picture proposes and never decides:
// what it shows as free is looked up in the rows before anybody gets it.
//
// Threads: the writer's.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <set>
#include <span>
#include <utility>

#include "concertres/seat.hpp"
#include "concertres/seating.hpp"
#include "concertres/storage.hpp"
#include "engine/catalog.hpp"

namespace concertres {

class SeatPictures {
  public:
    // Lifetime: `catalog` outlives it.
    explicit SeatPictures(const Catalog& catalog) : catalog_(&catalog) {}

    [[nodiscard]] bool has(PerformanceKey performance) const {
        return pictures_.contains(performance.value);
    }
    // `seats`: all of the performance's, as they are committed.
    void add(PerformanceKey performance, std::span<const Seat> seats);
    void apply(const ChangeSet& changes);
    // Holds that are dead at `now` are free, whether or not anybody has tidied them up.
    // REQUIRES: has(performance)
    [[nodiscard]] const SeatSet& free_at(PerformanceKey performance, Time now);

  private:
    struct Picture {
        const Seating* seating = nullptr;
        SeatSet free;  // as of `at`
        Time at = Time::min();
        // Of the seats that are held, past their ends or not: the end of each, and all in order.
        // The server of a shared store may set its clock back, and then what was dead is not.
        boost::unordered_flat_map<SeatSlot, Time> held;
        std::set<std::pair<Time, SeatSlot>> ending;

        void show(const Seat& seat);
        template <class Visit>
        void for_each_ending(Time from, Time to, const Visit& visit) const;
    };

    const Catalog* catalog_;
    boost::unordered_flat_map<std::int64_t, Picture> pictures_;
};

}  // namespace concertres
