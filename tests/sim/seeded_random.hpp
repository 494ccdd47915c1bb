// The random source of a simulation: in its program, what asks the system for random bytes is given
// these instead, so that ids, secrets and draws follow from the seed.
#pragma once

#include <cstdint>

namespace concertres::sim {

void seed_random_source(std::uint64_t seed);

}  // namespace concertres::sim
