// The tables of a store, and how a store of an earlier version becomes one of this version.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "postgres/connection.hpp"

namespace concertres::postgres {

// Makes a store of version `from` one of version `from + 1`.
struct MigrationStep {
    std::int64_t from = 0;
    const char* sql = nullptr;
};

// A version of the tables: how they are made, the steps that lead there from earlier ones, and the
// oldest server that knows all that they need, as libpq numbers them.
struct Schema {
    std::int64_t version = 0;
    const char* create = nullptr;
    std::span<const MigrationStep> steps;
    int server_min = 0;
};

// Those of this library; released ones never change.
[[nodiscard]] std::span<const MigrationStep> migration_steps();
// The one of this library.
[[nodiscard]] const Schema& current_schema();

// Creates the schema and its tables where they are not there, or brings those of an earlier version
// up to date, in one transaction; of several instances one does it and the others wait.
// Throws StorageError(unavailable, foreign, newer); nothing was changed then.
void prepare_tables(Connection& connection, const PostgresOptions& options, const Schema& schema);

}  // namespace concertres::postgres
