// What a hall looks like to whoever takes the best there is: for tests, from the events of a sale.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/seating.hpp"
#include "support/small_sale.hpp"

namespace concertres::test {

// Replays the holds of a performance in the order in which they were committed: each of them, one
// that took the best, came in as few groups as were to be had at its turn; and no seat was taken
// twice. Gives what is free in the end.
// REQUIRES: nothing but holds has happened, and all took the best
inline std::size_t check_best_holds(BoxOffice& office, const SmallSale& sale,
                                    const std::vector<HallSeat>& hall) {
    const Seating seating(hall);
    SeatSet free(seating.size(), true);
    std::size_t left = seating.size();
    const auto seats = office.seats({.performance = sale.performance(), .all = true});
    REQUIRE(seats);
    for (std::int64_t after = 0;;) {
        const auto events =
            office.call(ListEvents{.performance = sale.performance(), .after = after});
        REQUIRE(events);
        if (events->empty()) break;
        after = events->back().number;
        for (const Event& event : *events) {
            REQUIRE(event.kind == EventKind::reservation_held);
            const std::vector<SeatNumber>& taken = event.items.at(0).seats;
            const auto best =
                choose_best(seating, free, {.count = static_cast<std::int32_t>(taken.size())});
            REQUIRE(best);
            std::vector<SeatSlot> slots;
            for (const SeatNumber number : taken) slots.push_back(seating.find(number).value());
            std::ranges::sort(slots);
            std::int32_t groups = 0;
            for (std::size_t i = 0; i < slots.size(); ++i) {
                CHECK(free.contains(slots[i]));
                const bool goes_on = i > 0 && slots[i] == slots[i - 1] + 1 &&
                                     &seating.bench_of(slots[i]) == &seating.bench_of(slots[i - 1]);
                if (!goes_on) ++groups;
                free.erase(slots[i]);
            }
            CHECK(groups <= best->groups);
            left -= taken.size();
        }
    }
    CHECK(left == static_cast<std::size_t>(
                      std::ranges::count(seats->seats, SeatStatus::free, &SeatView::status)));
    return left;
}

}  // namespace concertres::test
