#include "engine/handlers/room_rows.hpp"

#include <algorithm>

namespace concertres {

// --- EndedPasses -------------------------------------------------------------------------------

void EndedPasses::want(UnitOfWork& uow, const RoomLine& line) {
    rows.clear();
    for (const auto& end : line.expiring) {
        if (end.ends_at > uow.now()) break;
        rows.push_back(uow.want<Pass>({line.concert, end.name}));
    }
}

namespace {

// An earlier command of the group may have ended it, or prolonged it.
bool is_due(Read<Pass> row, Time now) {
    CONCERTRES_ASSERT(exists(row));
    return (*row)->status == PassStatus::admitted && (*row)->expires_at <= now;
}

}  // namespace

std::int64_t EndedPasses::count(Time now) const {
    return std::ranges::count_if(rows, [now](Read<Pass> row) { return is_due(row, now); });
}

std::int64_t EndedPasses::expire(UnitOfWork& uow, Sale& sale, std::vector<Event>& events) const {
    std::int64_t expired = 0;
    for (const auto row : rows) {
        if (!is_due(row, uow.now())) continue;
        Pass pass = **row;
        concertres::expire(sale, pass, uow.now(), events);
        uow.put(std::move(pass));
        ++expired;
    }
    return expired;
}

// --- SeatsToCome -------------------------------------------------------------------------------

void SeatsToCome::want(UnitOfWork& uow, const CatalogConcert& concert, bool exact) {
    states.clear();
    dead.clear();
    for (const CatalogPerformance& entry : concert.performances) {
        if (entry.performance.starts_at <= uow.now()) continue;
        states.push_back(uow.want<PerformanceState>(entry.performance.key));
    }
    if (!exact) return;
    const auto holds = uow.want<ExpiringHolds>(0);
    if (!exists(holds)) return;
    for (const auto& end : (*holds)->reservations) {
        if (end.ends_at > uow.now()) break;
        dead.push_back(uow.want<Reservation>(end.name));
    }
}

SeatCounts SeatsToCome::counts(const UnitOfWork& uow) const {
    SeatCounts sum;
    for (const auto state : states) {
        sum.free += (*state)->counts.free;
        sum.blocked += (*state)->counts.blocked;
        sum.held += (*state)->counts.held;
        sum.sold += (*state)->counts.sold;
    }
    for (const auto row : dead) {
        CONCERTRES_ASSERT(exists(row));
        const Reservation& reservation = **row;
        const bool is_dead =
            reservation.status == ReservationStatus::held && reservation.held_until <= uow.now();
        const bool is_ours = std::ranges::any_of(states, [&](Read<PerformanceState> state) {
            return (*state)->performance == reservation.performance;
        });
        if (!is_dead || !is_ours) continue;
        const auto seats = static_cast<std::int64_t>(reservation.seats.size());
        sum.free += seats;
        sum.held -= seats;
    }
    return sum;
}

}  // namespace concertres
