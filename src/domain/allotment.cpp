#include "domain/allotment.hpp"

#include <algorithm>

#include "concertres/assert.hpp"

namespace concertres {
namespace {

std::int64_t left(const SeatCounts& counts) { return counts.free + counts.held; }

}  // namespace

SeatCounts SeatsByClass::open_to(LineClass line_class) const {
    SeatCounts open = anybodys;
    const auto own = static_cast<std::size_t>(line_class);
    if (own < kept.size()) open += kept[own];
    return open;
}

SeatCounts SeatsByClass::total() const {
    SeatCounts sum = anybodys;
    for (const SeatCounts& counts : kept) sum += counts;
    return sum;
}

SeatTurns turns_while_any_is_left(const SeatsByClass& seats) {
    if (seats.kept.empty() || left(seats.anybodys) > 0) return {};
    SeatTurns turns{.own = {}, .common = 0};
    for (const SeatCounts& own : seats.kept) {
        turns.own.push_back(left(own) > 0 ? SeatTurns::no_limit : 0);
    }
    return turns;
}

SeatTurns a_seat_for_each(const SeatsByClass& seats, std::span<const std::int64_t> seeking) {
    if (seats.kept.empty()) return {};  // the total is limit enough
    CONCERTRES_ASSERT(seeking.size() == seats.kept.size());
    SeatTurns turns;
    std::int64_t common = seats.anybodys.free;
    for (std::size_t i = 0; i < seeking.size(); ++i) {
        const std::int64_t spare = seats.kept[i].free - seeking[i];
        turns.own.push_back(std::max<std::int64_t>(0, spare));
        common += std::min<std::int64_t>(0, spare);
    }
    turns.common = std::max<std::int64_t>(0, common);
    return turns;
}

std::int64_t seats_sought(const SeatsByClass& seats, std::span<const std::int64_t> seeking) {
    std::int64_t own = 0;
    std::int64_t others = 0;
    for (std::size_t i = 0; i < seeking.size(); ++i) {
        const std::int64_t free = i < seats.kept.size() ? seats.kept[i].free : 0;
        own += std::min(seeking[i], free);
        others += std::max<std::int64_t>(0, seeking[i] - free);
    }
    return own + std::min(others, seats.anybodys.free);
}

}  // namespace concertres
