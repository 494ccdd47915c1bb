// What becomes of costs when a store grows: of a command by seats, by reservations in its history
// and by performances; and of an import, an audit and a start, for each seat and reservation.
#pragma once

#include <filesystem>

#include "settings.hpp"

namespace bench {

// Writes the figures to `file` as well, from which docs/growth/ is drawn.
void run_growth(const Settings& settings, const std::filesystem::path& file);

}  // namespace bench
