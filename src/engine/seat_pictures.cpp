#include "engine/seat_pictures.hpp"

#include <limits>

#include "concertres/assert.hpp"

namespace concertres {

void SeatPictures::Picture::show(const Seat& seat) {
    const auto slot = seating->find(seat.number);
    CONCERTRES_ASSERT(slot);
    if (const auto before = held.find(*slot); before != held.end()) {
        ending.erase({before->second, *slot});
        held.erase(before);
    }
    if (seat.status == SeatStatus::held) {
        held.emplace(*slot, seat.held_until);
        ending.emplace(seat.held_until, *slot);
    }
    if (seat.status_at(at) == SeatStatus::free) {
        free.insert(*slot);
    } else {
        free.erase(*slot);
    }
}

// Of the holds, those that end after `from` and not after `to`.
template <class Visit>
void SeatPictures::Picture::for_each_ending(Time from, Time to, const Visit& visit) const {
    const auto first = ending.upper_bound({from, std::numeric_limits<SeatSlot>::max()});
    for (auto end = first; end != ending.end() && end->first <= to; ++end) visit(end->second);
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
    picture.for_each_ending(picture.at, now, [&](SeatSlot slot) { picture.free.insert(slot); });
    picture.for_each_ending(now, picture.at, [&](SeatSlot slot) { picture.free.erase(slot); });
    picture.at = now;
    return picture.free;
}

}  // namespace concertres
