// What each index of the SQLite backend is worth: the backend's own queries, with and without it.
#pragma once

#include "settings.hpp"

namespace bench {

// Registers the benchmarks; the stores are made when the first of them runs.
// Lifetime: `settings` outlives them.
void register_queries(const Settings& settings);
// Takes away what they have left on the disk.
void end_queries();

}  // namespace bench
