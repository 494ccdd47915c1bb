#include "engine/passed_places.hpp"

#include "concertres/assert.hpp"

namespace concertres {

void PassedPlaces::add(PlaceNumber number, const LineIndex::Standing& standing, Time since,
                       bool is_back) {
    if (!places_.try_emplace(number.value, Place{standing, since}).second) return;
    if (is_back) {
        back_.emplace(standing, number);
    } else {
        away_.emplace(since, number);
    }
}

void PassedPlaces::remove(PlaceNumber number) {
    const auto at = places_.find(number.value);
    if (at == places_.end()) return;
    back_.erase(at->second.standing);
    away_.erase({at->second.since, number});
    places_.erase(at);
}

void PassedPlaces::come_back(PlaceNumber number) const {
    const auto at = places_.find(number.value);
    CONCERTRES_ASSERT(at != places_.end());
    std::lock_guard lock(mutex_);
    if (away_.erase({at->second.since, number}) == 0) return;
    back_.emplace(at->second.standing, number);
}

PassedPlaces::Back::iterator PassedPlaces::go_away(Back::iterator at, Time since) const {
    places_.at(at->second.value).since = since;
    away_.emplace(since, at->second);
    return back_.erase(at);
}

std::vector<PlaceNumber> PassedPlaces::away(Time until, std::size_t limit) const {
    std::lock_guard lock(mutex_);
    std::vector<PlaceNumber> found;
    for (const auto& [since, number] : away_) {
        if (since > until || found.size() == limit) break;
        found.push_back(number);
    }
    return found;
}

std::optional<Time> PassedPlaces::first_away() const {
    std::lock_guard lock(mutex_);
    if (away_.empty()) return std::nullopt;
    return away_.begin()->first;
}

}  // namespace concertres
