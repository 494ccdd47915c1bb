// Sequence diagrams of flows: a life line for each actor, an arrow for each step.
#pragma once

#include <string>

#include "plots/flows.hpp"

namespace concertres::test {

[[nodiscard]] std::string to_svg(const Flow& flow);

}  // namespace concertres::test
