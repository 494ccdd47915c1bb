// The opening of a sale whose line is drawn: what the draw costs with a million people in it, what
// a poll costs then, and how long it takes to open the store again. Beside it stands a room of the
// same size that lets people in as they came.
#pragma once

#include "settings.hpp"

namespace bench {

void run_draws(const Settings& settings);

}  // namespace bench
