// The order of a draw, worked out from what draw.hpp says of the algorithm and not with its code:
// what somebody would write who does not believe us.
#pragma once

#include <cstdint>

#include "concertres/draw.hpp"
#include "concertres/ids.hpp"

namespace concertres::test {

// How many are before `number`, from 0, of `size` who were drawn of that class. Slow.
[[nodiscard]] std::uint64_t rank_by_hand(const DrawSeed& seed, std::uint64_t size,
                                         std::uint64_t number, std::uint64_t line_class = 0);

}  // namespace concertres::test
