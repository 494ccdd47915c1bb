// Those of one room who were passed over and have not lost their places: who of them has come back,
// in the order in which they stand, and since when the others are away.
//
// Threads: come_back from any, at once with everything that is const; who changes the rest is alone
// (see Board).
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "concertres/ids.hpp"
#include "concertres/time.hpp"
#include "engine/line_index.hpp"

namespace concertres {

class PassedPlaces {
  public:
    // `is_back`: the user has been heard of since.
    // Not: the user is away, `since` then.
    void add(PlaceNumber number, const LineIndex::Standing& standing, Time since, bool is_back);
    void remove(PlaceNumber number);
    [[nodiscard]] bool contains(PlaceNumber number) const { return places_.contains(number.value); }
    [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(places_.size()); }

    // The user has been heard of. REQUIRES: contains(number)
    void come_back(PlaceNumber number) const;
    // The first `limit` of a class who have come back, in order. Those for whom
    // `silent_since(number)` is something are away again, since then.
    template <class SilentSince>
    [[nodiscard]] std::vector<PlaceNumber> back(LineClass line_class, std::size_t limit,
                                                const SilentSince& silent_since) const {
        std::lock_guard lock(mutex_);
        std::vector<PlaceNumber> found;
        // A standing begins with the class.
        auto at = back_.lower_bound({line_class, INT64_MIN, INT64_MIN, INT64_MIN});
        while (at != back_.end() && at->second.line_class() == line_class && found.size() < limit) {
            if (const std::optional<Time> since = silent_since(at->second)) {
                at = go_away(at, *since);
            } else {
                found.push_back((at++)->second);
            }
        }
        return found;
    }
    // Those who are away since `until` or earlier, the earliest first.
    [[nodiscard]] std::vector<PlaceNumber> away(Time until, std::size_t limit) const;
    // Since when the first of those who are away is.
    [[nodiscard]] std::optional<Time> first_away() const;

    // Where they stand has changed: standing(number) tells where.
    template <class StandingOf>
    void reorder(const StandingOf& standing) {
        back_.clear();
        for (auto& [number, place] : places_) {
            place.standing = standing(PlaceNumber{number});
            const bool is_away = away_.contains({place.since, {number}});
            if (!is_away) back_.emplace(place.standing, PlaceNumber{number});
        }
    }

  private:
    struct Place {
        LineIndex::Standing standing{};
        Time since{};  // if it is away
    };
    using Back = std::map<LineIndex::Standing, PlaceNumber>;

    // REQUIRES: mutex_ is held
    Back::iterator go_away(Back::iterator at, Time since) const;

    // Each of them is in one of the two below; polls change that, and since when one is away.
    mutable boost::unordered_flat_map<std::int64_t, Place> places_;
    mutable std::mutex mutex_;
    mutable Back back_;
    mutable std::set<std::pair<Time, PlaceNumber>> away_;
};

}  // namespace concertres
