// What the board learns when a store is opened, or a concert is added.
#include <mutex>
#include <shared_mutex>

#include "engine/board.hpp"

namespace concertres {

void Board::add(const CatalogConcert& concert, const Sale& sale,
                std::span<const PerformanceState> performances) {
    std::unique_lock lock(mutex_);
    Room& added = rooms_[concert.concert.key.value];
    added.sale = sale;
    for (const CatalogPerformance& entry : concert.performances) {
        added.performances.emplace_back(entry.performance.key, entry.performance.starts_at);
    }
    for (const PerformanceState& state : performances) {
        counts_[state.performance.value] = state.counts;
    }
    allotted_.add(concert);
}

void Board::forget(const CatalogConcert& concert) {
    std::unique_lock lock(mutex_);
    rooms_.erase(concert.concert.key.value);
    for (const CatalogPerformance& entry : concert.performances) {
        counts_.erase(entry.performance.key.value);
    }
    allotted_.forget(concert);
}

void Board::restore(ConcertKey concert, std::span<const Place> waiting, Time now) {
    std::unique_lock lock(mutex_);
    Room& at = room(concert);
    for (const Place& place : waiting) {
        at.line.add(place.number, owner(place.user_id), now);
        if (!place.passed_at) continue;
        at.passed->add(place.number, at.line.standing_of(place.number), now, true);
    }
}

void Board::restore(ConcertKey concert, std::span<const Pass> admitted,
                    std::span<const std::optional<HoldEnd>> ends) {
    std::unique_lock lock(mutex_);
    Room& at = room(concert);
    auto end = ends.begin();
    for (const Pass& pass : admitted) {
        Inside inside{pass.user_id, pass.expires_at, {}};
        for (const ReservationKey held : pass.held) {
            // As follow_hold() does: one that was made before there was a room has another place.
            if (*end && (*end)->place == pass.number) inside.holds.emplace_back(held, (*end)->at);
            ++end;
        }
        at.admitted[pass.number.value] = std::move(inside);
        follow_furthest(at, pass.number);
    }
}

void Board::restore(const Line& line) {
    std::unique_lock lock(mutex_);
    follow_outside(room(line.concert), line);
    follow_draw(room(line.concert), line);
}

void Board::restore_given(const Line& line) {
    std::unique_lock lock(mutex_);
    room(line.concert).given[line.line_class] = {line.epoch, line.next_sequence};
}

void Board::restore(std::span<const Seat> seats) {
    std::unique_lock lock(mutex_);
    allotted_.restore(seats);
}

}  // namespace concertres
