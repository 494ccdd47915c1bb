// Allotments: seats that only people of one class of the room may take, and what that means for how
// many are let in. See HallSeat::allotted_to and kept_for().
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "concertres/ids.hpp"
#include "concertres/seat.hpp"

namespace concertres {

// Seats by who may take them.
struct SeatsByClass {
    SeatCounts anybodys{};
    std::vector<SeatCounts> kept{};  // for the people of each class alone; empty: none are

    // Those that people of this class may take.
    [[nodiscard]] SeatCounts open_to(LineClass line_class) const;
    [[nodiscard]] SeatCounts total() const;
};

// For how many people there are seats: first each class's own are used, then those in common.
struct SeatTurns {
    static constexpr std::int64_t no_limit = INT64_MAX;

    std::vector<std::int64_t> own{};  // by class; empty: no limit
    std::int64_t common = no_limit;

    [[nodiscard]] std::int64_t own_of(std::size_t line_class) const {
        return own.empty() ? no_limit : own[line_class];
    }
    [[nodiscard]] bool has_any(LineClass line_class) const {
        return common > 0 || own_of(static_cast<std::size_t>(line_class)) > 0;
    }
};

// No limit for a class that has any seat, free or held; nobody of a class for which all are sold.
[[nodiscard]] SeatTurns turns_while_any_is_left(const SeatsByClass& seats);

// A seat for everybody who is let in, as of a waiting list: one that is free now, and that none of
// those who are in and hold nothing yet (`seeking`, by class) may be about to take. They are
// counted on the own seats of their class first, which is how the most people find one.
[[nodiscard]] SeatTurns a_seat_for_each(const SeatsByClass& seats,
                                        std::span<const std::int64_t> seeking);
// How many free seats that is which they may take: fewer than they are where some find none.
[[nodiscard]] std::int64_t seats_sought(const SeatsByClass& seats,
                                        std::span<const std::int64_t> seeking);

}  // namespace concertres
