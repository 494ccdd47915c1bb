#include "engine/seat_pictures.hpp"

#include "concertres/assert.hpp"

namespace concertres {

void SeatPictures::Picture::show(const Seat& seat) {
    const auto slot = seating->find(seat.number);
    CONCERTRES_ASSERT(slot);
    if (const auto before = held.find(*slot); before != held.end()) {
        ending.erase({before->second, *slot});
        held.erase(before);
    }
    if (seat.status == SeatStatus::free) {
        free.insert(*slot);
        return;
    }
    free.erase(*slot);
    if (seat.status != SeatStatus::held) return;
    held.emplace(*slot, seat.held_until);
    ending.emplace(seat.held_until, *slot);
}

void SeatPictures::add(PerformanceKey performance, std::span<const Seat> seats) {
    Picture& added = pictures_[performance.value];
    added.seating = &catalog_->at(performance).concert->seating;
    added.free = SeatSet(added.seating->size());
    CONCERTRES_ASSERT(seats.size() == added.seating->size());
    for (const Seat& seat : seats) added.show(seat);
}

void SeatPictures::apply(const ChangeSet& changes) {
    if (pictures_.empty()) return;
    for (const auto& [seat, version] : changes.rows.of<Seat>()) {
        const auto shown = pictures_.find(seat.performance.value);
        if (shown != pictures_.end()) shown->second.show(seat);
    }
}

const SeatSet& SeatPictures::free_at(PerformanceKey performance, Time now) {
    const auto shown = pictures_.find(performance.value);
    CONCERTRES_ASSERT(shown != pictures_.end());
    Picture& picture = shown->second;
    while (!picture.ending.empty() && picture.ending.begin()->first <= now) {
        const SeatSlot slot = picture.ending.begin()->second;
        picture.ending.erase(picture.ending.begin());
        picture.held.erase(slot);
        picture.free.insert(slot);
    }
    return picture.free;
}

}  // namespace concertres
