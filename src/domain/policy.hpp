// The bytes that admission policies remember between ticks, seen from outside of the policies.
#pragma once

#include <string>
#include <string_view>

#include "concertres/time.hpp"

namespace concertres {

// The bytes that a room goes on with when an operator changes its policy. Its record of admissions
// stays, so that those of the last minute still count; what another custom policy remembered goes.
// A record that cannot be read becomes "any number, just now".
[[nodiscard]] std::string carried_over(std::string_view state, bool same_custom, Time now);

}  // namespace concertres
