// What whoever lets people in reads of a room, beside its line: the passes that have ended, and the
// seats of performances to come.
#pragma once

#include <cstdint>
#include <vector>

#include "domain/allotment.hpp"
#include "engine/handlers/common.hpp"

namespace concertres {

// Passes past their time that are still marked admitted: at most a batch of them.
struct EndedPasses {
    std::vector<Read<Pass>> rows;

    void want(UnitOfWork& uow, const RoomLine& line);
    // REQUIRES: all read
    [[nodiscard]] std::int64_t count(Time now) const;
    // Marks them, with their events; the answer is how many.
    std::int64_t expire(UnitOfWork& uow, Sale& sale, std::vector<Event>& events) const;
    // There may be more of them.
    [[nodiscard]] bool is_full() const { return rows.size() == RoomLine::batch; }
};

// The seats of a concert's performances that have not started.
struct SeatsToCome {
    std::vector<Read<PerformanceState>> states;
    std::vector<Read<Reservation>> dead;  // that have ended, but are still marked held

    // `exact`: seats of holds past their time are looked for, so that they count as free at once
    // and not only when they have been swept.
    void want(UnitOfWork& uow, const CatalogConcert& concert, bool exact);
    // REQUIRES: all read
    [[nodiscard]] SeatCounts counts(const UnitOfWork& uow) const;
    // The same by who may take them. Of allotments it goes by the last commit. REQUIRES: a room
    [[nodiscard]] SeatsByClass by_class(const UnitOfWork& uow, const Sale& sale) const;

  private:
    const CatalogConcert* concert_ = nullptr;
    // visit(reservation) for each that is dead and of these performances.
    template <class Visit>
    void for_each_dead(const UnitOfWork& uow, const Visit& visit) const;
};

}  // namespace concertres
