// What the rules for reservations and for payments share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "concertres/admission.hpp"
#include "concertres/event.hpp"
#include "concertres/payment.hpp"
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

// Takes free seats anew for what a former reservation held until its deadline, until now + ttl.
// REQUIRES: they are free, and counted so
[[nodiscard]] HeldRows renew_hold(PerformanceState& performance, const Reservation& former,
                                  const Renewal& renewal, Duration ttl, Time now,
                                  std::vector<Event>& events);

// expire() on rows that stand among others.
void expire_hold(PerformanceState& performance, HeldRows& held, Time now,
                 std::vector<Event>& events);

// Refuses: hold_limit.
[[nodiscard]] Result<void> check_limit(const Limit& limit, std::int32_t seats_max,
                                       std::size_t wanted, std::string_view scope, Time now);

// release() on rows that stand among others.
void release_hold(PerformanceState& performance, HeldRows& held, const ReleaseCause& cause,
                  Time now, std::vector<Event>& events);

}  // namespace concertres
