// Commands a second: the engine on memory and on SQLite, beside the bare loop.
#pragma once

#include "settings.hpp"

namespace bench {

// Prints its rows. Throws where a command is refused, or where the engine and the bare loop have
// not written the same rows. A target that is missed is told and no more: times are for people.
void run_commands(const Settings& settings);

}  // namespace bench
