// Holds alone, as the benchmark of the server sends them: many buyers, each seat once, on a concert
// of many dates without a waiting room. The yardstick beside which the server is measured.
#pragma once

#include <cstddef>

#include "settings.hpp"

namespace bench {

// Prints "rate N": commands a second, all of them durable.
void run_holds(const Settings& settings, std::size_t in_flight);

}  // namespace bench
