// A pgbouncer of the tests' own in front of a PostgreSQL server, in transaction mode. It has few
// connections to that and gives each transaction another one, so whoever relies on what a session
// keeps finds something else.
//
//   Pgbouncer bouncer(postgres_server());
//   auto storage = open_postgres(bouncer.address(database));
//
// Threads: any.
#pragma once

#include <sys/types.h>

#include <string>

#include "support/postgres_server.hpp"
#include "support/temp_dir.hpp"

namespace concertres::test {

class Pgbouncer {
  public:
    // Lifetime: the server outlives it.
    explicit Pgbouncer(const PostgresServer& server);
    Pgbouncer(const Pgbouncer&) = delete;
    Pgbouncer& operator=(const Pgbouncer&) = delete;
    ~Pgbouncer();

    // As the library takes it.
    [[nodiscard]] std::string address(const std::string& database) const;
    // In some session that it has.
    std::string run(const std::string& database, const std::string& sql) const;

  private:
    [[nodiscard]] std::string conninfo(const std::string& database) const;
    void wait_until_ready() const;

    TempDir folder_;  // of the socket and the configuration
    pid_t owner_;
    pid_t pid_ = -1;
};

}  // namespace concertres::test
