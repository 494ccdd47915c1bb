// What a very long line costs: a room with ten million waiting beside one with a thousand. Memory
// for each who waits, a poll with its token, joining, leaving and admitting, in memory and durable,
// and opening the store again.
#pragma once

#include "settings.hpp"

namespace bench {

void run_line(const Settings& settings);

}  // namespace bench
