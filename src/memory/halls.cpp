#include "memory/halls.hpp"

#include <algorithm>

namespace concertres::memory {

Slot<Seat>* Hall::find(SeatNumber number) {
    // Most halls are numbered without gaps, and then the place of a seat is known.
    const std::int64_t guess = std::int64_t{number} - seats.front().stored.row.number;
    if (guess < 0) return nullptr;
    if (guess < static_cast<std::int64_t>(seats.size())) {
        Slot<Seat>& slot = seats[static_cast<std::size_t>(guess)];
        if (slot.stored.row.number == number) return &slot;
    }
    const auto at = std::lower_bound(
        seats.begin(), seats.end(), number,
        [](const Slot<Seat>& slot, SeatNumber wanted) { return slot.stored.row.number < wanted; });
    return at != seats.end() && at->stored.row.number == number ? &*at : nullptr;
}

Hall new_hall(PerformanceKey performance, const std::vector<SeatNumber>& sorted) {
    CONCERTRES_ASSERT(!sorted.empty());
    CONCERTRES_ASSERT(std::adjacent_find(sorted.begin(), sorted.end(), std::greater_equal<>{}) ==
                      sorted.end());
    Hall hall;
    hall.seats.resize(sorted.size());
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        Versioned<Seat>& stored = hall.seats[i].stored;
        stored.row.performance = performance;
        stored.row.number = sorted[i];
        stored.version = 1;
    }
    return hall;
}

void SeatRows::add(PerformanceKey performance, Hall hall, const Group& group) {
    Hall*& entry = index_.at(performance.value, group.key_end);
    CONCERTRES_ASSERT(entry == nullptr);
    entry = &halls_.make();
    *entry = std::move(hall);
}

Slot<Seat>* SeatRows::find(const SeatKey& key) const {
    Hall* hall = index_.find(key.performance.value);
    return hall ? hall->find(key.number) : nullptr;
}

Slot<Seat>& SeatRows::find_or_make(const SeatKey& key, const Group&) {
    Slot<Seat>* slot = find(key);
    CONCERTRES_ASSERT(slot != nullptr);
    return *slot;
}

}  // namespace concertres::memory
