// How fast a sale may go: a whole purchase in memory, on one core; on SQLite a burst, a minute of
// it without a pause, and how long a caller waits. Beside them bare loops that write as many bytes
// into a SQLite file, just as durably.
#pragma once

#include "settings.hpp"

namespace bench {

void run_burst(const Settings& settings);

}  // namespace bench
