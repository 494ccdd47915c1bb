// One seed, from beginning to end: people and troubles, then healing, then the last look.
//
//   const Outcome outcome = simulate(draw_mix(7), Trace::silent);
//   if (!outcome.complaints.empty()) ...
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/mix.hpp"
#include "sim/trace.hpp"
#include "sim/world.hpp"

namespace concertres::sim {

struct Outcome {
    std::vector<Complaint> complaints;
    std::uint64_t hash = 0;
    std::int64_t lines = 0;  // of the trace
    std::string last_lines;
};

[[nodiscard]] Outcome simulate(const Mix& mix, Trace::Loudness loudness);

}  // namespace concertres::sim
