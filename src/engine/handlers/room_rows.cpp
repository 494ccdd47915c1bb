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
    concert_ = &concert;
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

template <class Visit>
void SeatsToCome::for_each_dead(const UnitOfWork& uow, const Visit& visit) const {
    for (const auto row : dead) {
        CONCERTRES_ASSERT(exists(row));
        const Reservation& reservation = **row;
        const bool is_dead =
            reservation.status == ReservationStatus::held && reservation.held_until <= uow.now();
        const bool is_ours = std::ranges::any_of(states, [&](Read<PerformanceState> state) {
            return (*state)->performance == reservation.performance;
        });
        if (is_dead && is_ours) visit(reservation);
    }
}

SeatCounts SeatsToCome::counts(const UnitOfWork& uow) const {
    SeatCounts sum;
    for (const auto state : states) sum += (*state)->counts;
    for_each_dead(uow, [&](const Reservation& reservation) {
        sum.move(SeatStatus::held, SeatStatus::free,
                 static_cast<std::int64_t>(reservation.seats.size()));
    });
    return sum;
}

namespace {

// Moves seats from what anybody may take to what a class keeps; no more of any status than there
// are, as what a group has done so far is not known of allotments.
void set_aside(SeatCounts& from, SeatCounts& to, const SeatCounts& allotted) {
    const auto move = [&](std::int64_t SeatCounts::*status) {
        const std::int64_t moved = std::min(from.*status, allotted.*status);
        from.*status -= moved;
        to.*status += moved;
    };
    move(&SeatCounts::free);
    move(&SeatCounts::blocked);
    move(&SeatCounts::held);
    move(&SeatCounts::sold);
}

}  // namespace

SeatsByClass SeatsToCome::by_class(const UnitOfWork& uow, const Sale& sale) const {
    SeatsByClass seats{.anybodys = counts(uow), .kept = {}};
    if (!concert_->seating.has_allotments()) return seats;
    // Such a hall has a room with classes: neither it nor any of them is ever taken away.
    const std::vector<RoomClass>& classes = sale.room.value().classes;
    seats.kept.resize(classes.size());
    std::vector<SeatCounts> allotted(seats.kept.size());
    for (std::size_t i = 0; i < seats.kept.size(); ++i) {
        if (classes[i].allotment_released) continue;
        for (const auto state : states) {
            const auto line_class = static_cast<LineClass>(i);
            allotted[i] += uow.board().allotted((*state)->performance, line_class);
        }
    }
    for_each_dead(uow, [&](const Reservation& reservation) {
        for (const ReservedSeat& seat : reservation.seats) {
            const auto kept = kept_for(*concert_->seat(seat.number), sale.room);
            if (!kept || allotted[static_cast<std::size_t>(*kept)].held == 0) continue;
            allotted[static_cast<std::size_t>(*kept)].move(SeatStatus::held, SeatStatus::free, 1);
        }
    });
    for (std::size_t i = 0; i < seats.kept.size(); ++i) {
        set_aside(seats.anybodys, seats.kept[i], allotted[i]);
    }
    return seats;
}

}  // namespace concertres
