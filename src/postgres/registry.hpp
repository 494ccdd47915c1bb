// The connections that instances have to a store. Each holds a lock that it shares with the others
// for as long as it lasts, so the server knows of those that are there, and of none that has gone.
#pragma once

#include <cstdint>
#include <string>

#include "postgres/connection.hpp"

namespace concertres::postgres {

// Registers a connection. Of several instances that start at once one after the other is let in.
// Throws StorageError(unavailable) where there would be more than `budget`; 0: any number.
// REQUIRES: the tables are there
void enter(Connection& connection, std::int64_t budget);

// Throws StorageError(in_use) where anybody is registered: the tables of `format` may not be
// changed under them. Those behind a pgbouncer are not seen. REQUIRES: the tables are there
void require_alone(Connection& connection, const std::string& name, std::int64_t format);

}  // namespace concertres::postgres
