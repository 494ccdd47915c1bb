// What the rules for reservations and for payments share.
#pragma once

#include <vector>

#include "concertres/admission.hpp"
#include "concertres/event.hpp"
#include "concertres/reservation.hpp"
#include "concertres/seat.hpp"
#include "concertres/time.hpp"

namespace concertres {

// The pass that holds the reservations and pays; none at a concert without a room.
// REQUIRES: check_admitted passes
[[nodiscard]] Pass* pass_of(Standing& standing);

[[nodiscard]] EventItem item_of(const Reservation& reservation);

[[nodiscard]] std::int32_t seat_count(const Reservation& reservation);

// Those of the seats that still stand for the reservation in `from` go to `to`, and the
// performance's counts with them. Returns how many did.
// REQUIRES: `to` is free or sold; all rows are of one performance
std::int64_t move_seats(HeldRows& rows, PerformanceState& performance, SeatStatus from,
                        SeatStatus to);

// release() on rows that stand among others.
void release_hold(PerformanceState& performance, HeldRows& held, const ReleaseCause& cause,
                  Time now, std::vector<Event>& events);

}  // namespace concertres
