// How many seats of each allotment are in which state, kept in memory from what has been committed.
// Of halls without allotments it keeps nothing.
//
// Threads: one at a time; the board guards it.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <span>

#include "concertres/seat.hpp"
#include "concertres/storage.hpp"
#include "engine/catalog.hpp"

namespace concertres {

class AllottedSeats {
  public:
    // A new concert: all of its seats are free.
    void add(const CatalogConcert& concert);
    void forget(const CatalogConcert& concert);
    // Seats as they are stored; those in no allotment are passed by. REQUIRES: has(each
    // performance)
    void restore(std::span<const Seat> seats);
    void apply(const ChangeSet& changes);

    [[nodiscard]] bool has(PerformanceKey performance) const {
        return shown_.contains(performance.value);
    }
    // REQUIRES: has(performance)
    [[nodiscard]] SeatCounts counts(PerformanceKey performance, LineClass line_class) const;

  private:
    struct Shown {
        const CatalogConcert* concert = nullptr;
        boost::unordered_flat_map<SeatNumber, SeatStatus> seats;
        std::map<LineClass, SeatCounts> counts;
    };

    void show(Shown& shown, const Seat& seat);

    boost::unordered_flat_map<std::int64_t, Shown> shown_;  // by performance
};

}  // namespace concertres
