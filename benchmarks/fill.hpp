// Fills a store of the server's, and is killed while it writes more: what restart/run opens again.
#pragma once

#include <cstddef>

#include "settings.hpp"

namespace bench {

// Adds so many transfers, prints "transfers N", and ends with kill -9.
[[noreturn]] void fill_and_die(const Settings& settings, std::size_t transfers);
// Makes a store in which so many reservations are held for an hour, four for each buyer; prints
// "reservations N", and ends likewise.
[[noreturn]] void hold_and_die(const Settings& settings, std::size_t reservations);

}  // namespace bench
