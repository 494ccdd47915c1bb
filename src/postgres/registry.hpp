// The connections that instances have to a store. Each holds a lock that it shares with the others
// for as long as it lasts, so the server knows of those that are there, and of none that has gone.
#pragma once

#include <cstdint>

#include "postgres/connection.hpp"

namespace concertres::postgres {

// Registers a connection. Of several instances that start at once one after the other is let in.
// Throws StorageError(unavailable) where there would be more than `budget`; 0: any number.
// REQUIRES: the tables are there
void enter(Connection& connection, std::int64_t budget);

}  // namespace concertres::postgres
