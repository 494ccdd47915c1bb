// The seats of every performance: a vector each, by number. No seat is made by a commit; all of a
// hall's come with its concert.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "memory/table.hpp"

namespace concertres::memory {

struct Hall {
    std::vector<Slot<Seat>> seats;

    [[nodiscard]] Slot<Seat>* find(SeatNumber number);
};

// Free seats with these numbers.
// REQUIRES: `sorted` is not empty, in order and without repetition
[[nodiscard]] Hall new_hall(PerformanceKey performance, const std::vector<SeatNumber>& sorted);

class SeatRows {
  public:
    void add(PerformanceKey performance, Hall hall, const Group& group);

    [[nodiscard]] const Hall* hall(PerformanceKey performance) const {
        return index_.find(performance.value);
    }
    [[nodiscard]] Slot<Seat>* find(const SeatKey& key) const;
    Slot<Seat>& find_or_make(const SeatKey& key, const Group&);
    template <class Visit>
    void for_each(Visit&& visit) const {
        index_.for_each([&](const Hall& hall) {
            for (const Slot<Seat>& slot : hall.seats) visit(slot);
        });
    }

  private:
    Pool<Hall> halls_;
    DenseIndex<Hall> index_;
};

using SeatTable = Table<Seat, SeatRows>;

}  // namespace concertres::memory
