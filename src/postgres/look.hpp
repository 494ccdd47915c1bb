// What is known of a database that keeps a store, for people who want to know before they use it.
#pragma once

#include <cstdint>
#include <string>

#include "concertres/postgres.hpp"

namespace concertres::postgres {

// Nothing of it is changed. Needs a connection for a moment.
struct Look {
    std::int64_t server_version = 0;  // 150004 is 15.4
    bool is_standby = false;
    bool has_store = false;  // in the schema that was given
    std::int64_t connections_free = 0;
};
// Throws StorageError(unavailable) where nobody answers, or does not let us in.
[[nodiscard]] Look look_at(const std::string& conninfo, const PostgresOptions& options = {});

}  // namespace concertres::postgres
