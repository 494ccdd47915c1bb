// The bytes that admission policies remember between ticks, seen from outside of the policies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "concertres/catalog.hpp"
#include "concertres/time.hpp"

namespace concertres {

// The bytes that a room goes on with when an operator changes its policy. Its record of admissions
// stays, so that those of the last minute still count; what another custom policy remembered goes.
// A record that cannot be read becomes "any number, just now". `loop` is that of the new policy:
// one that goes on keeps its limit, within its new bounds.
[[nodiscard]] std::string carried_over(std::string_view state, bool same_custom, Time now,
                                       const std::optional<ClosedLoop>& loop = {});

// The limit of the closed loop that a room's bytes keep; nothing where there is none.
[[nodiscard]] std::optional<std::int64_t> stored_limit(std::string_view state);

}  // namespace concertres
