#include "live/held_reservations.hpp"

#include <algorithm>

#include "concertres/assert.hpp"

namespace concertres::live {

void HeldReservations::change(const Reservation& after) {
    const auto held = holds_.find(after.row);
    const bool is_held = after.status == ReservationStatus::held;
    if (held != holds_.end()) {
        if (is_held && held->second.until == after.held_until) return;
        count_out(held->second.until);
        holds_.erase(held);
    }
    if (!is_held) return;
    add(after.row, {.until = after.held_until,
                    .place = after.place,
                    .performance = after.performance,
                    .seats = static_cast<std::int64_t>(after.seats.size())});
}

void HeldReservations::add(ReservationKey key, const Hold& hold) {
    holds_.insert_or_assign(key, hold);
    Ending& ending = by_deadline_.find_or_make(hold.until);
    // One that was moved away and comes back stands there twice, which also counts as not sorted.
    ending.sorted = ending.sorted && (ending.keys.empty() || ending.keys.back() < key);
    ending.keys.push_back(key);
    ++ending.held;
}

std::vector<std::optional<HoldEnd>> HeldReservations::ends(
    std::span<const ReservationKey> keys) const {
    std::vector<std::optional<HoldEnd>> ends;
    ends.reserve(keys.size());
    for (const ReservationKey key : keys) {
        const auto held = holds_.find(key);
        ends.push_back(held == holds_.end()
                           ? std::nullopt
                           : std::optional(HoldEnd{held->second.place, held->second.until}));
    }
    return ends;
}

void HeldReservations::count_out(Time deadline) {
    if (--by_deadline_.get(deadline).held == 0) by_deadline_.erase(deadline);
}

const HeldReservations::Hold* HeldReservations::find(ReservationKey key, Time deadline) const {
    const auto held = holds_.find(key);
    return held != holds_.end() && held->second.until == deadline ? &held->second : nullptr;
}

void HeldReservations::tidy_up(Ending& ending, Time deadline) const {
    auto& keys = ending.keys;
    std::erase_if(keys, [&](ReservationKey key) { return find(key, deadline) == nullptr; });
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    CONCERTRES_ASSERT(keys.size() == ending.held);
    ending.front = 0;
    ending.sorted = true;
}

ExpiringHolds HeldReservations::batch() {
    ExpiringHolds holds;
    for (auto& [deadline, ending] : by_deadline_) {
        const auto& keys = ending.keys;
        // As many have ended as are passed over: tidying up costs no more than that did.
        const bool sparse = keys.size() - ending.front > 2 * ending.held + ExpiringHolds::batch;
        if (sparse || !ending.sorted) tidy_up(ending, deadline);
        while (find(keys[ending.front], deadline) == nullptr) ++ending.front;
        for (std::size_t i = ending.front; i < keys.size(); ++i) {
            if (holds.reservations.size() == ExpiringHolds::batch) return holds;
            if (find(keys[i], deadline) == nullptr) continue;
            holds.reservations.push_back({keys[i], deadline});
        }
    }
    return holds;
}

std::map<PerformanceKey, std::int64_t> HeldReservations::dead_seats(Time now) {
    std::map<PerformanceKey, std::int64_t> dead;
    for (auto& [deadline, ending] : by_deadline_) {
        if (deadline > now) break;
        if (!ending.sorted) tidy_up(ending, deadline);
        for (std::size_t i = ending.front; i < ending.keys.size(); ++i) {
            const Hold* hold = find(ending.keys[i], deadline);
            if (hold != nullptr && hold->seats > 0) dead[hold->performance] += hold->seats;
        }
    }
    return dead;
}

}  // namespace concertres::live
