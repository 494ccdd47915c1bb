// Storage in a PostgreSQL database, for as many instances at once as there are: each opens the same
// database, and commands that name the same rows are serialized there, by row locks. What was
// acknowledged survives the crash of an instance, and of the server as far as its `fsync` and its
// standbys promise.
//
//   BoxOffice office(open_postgres("postgresql://sale@db.example/tickets"));
//
// Needs PostgreSQL 13 or later, and a database of its own or shared: everything is in one schema,
// which is made when it is not there yet. The tables are plain SQL; docs/reference/postgres.md
// explains them.
//
// Threads: as any Storage; each instance opens one of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "concertres/outbox.hpp"
#include "concertres/storage.hpp"

namespace concertres {

// How groups of several instances keep out of each other's way. What is decided, and what is
// refused, is the same; docs/reference/postgres.md says which is quicker when.
enum class Locking : std::uint8_t {
    pessimistic,  // rows are locked as they are read: a group waits for those that it meets
    optimistic,   // rows are read as they are at one moment, and locked and looked at again when
                  // they are written: where one has changed the group is decided anew, and where
                  // that happens again and again it locks them first
};

struct PostgresOptions {
    // Default: the server's, which is the same for all instances. Lifetime: outlives the storage
    Clock* clock = nullptr;
    // Throws unavailable where there is no store yet, instead of making one.
    bool must_exist = false;
    // The schema that holds the tables: another one is another store in the same database.
    std::string schema = "concertres";
    // How long to wait for a connection when the store is opened, and for a server that has gone
    // while it is open: commands are refused (`storage_unavailable`) once this has passed.
    Duration connect_timeout = std::chrono::seconds(3);
    // How long one statement may take, waiting for locks included, before its group is given up and
    // tried again.
    // A server that says nothing for a second longer is taken for gone.
    Duration statement_timeout = std::chrono::seconds(3);
    // How long it is tried to find out what became of a commit whose answer was lost; then the
    // engine stops, as it must not guess.
    Duration settle_timeout = std::chrono::seconds(30);
    // Connections that all instances of this store may have together, each one, when one more is
    // opened; it is refused then. Below the server's `max_connections`, less what others need of
    // it. 0: any number.
    std::int64_t connections_budget = 0;
    Locking locking = Locking::pessimistic;
    // How long others can still follow what this instance committed. One that was stopped for
    // longer than that stops its engine when it is woken: it reads everything anew when reopened.
    Duration follow_window = std::chrono::minutes(5);
};

// What can be said of a connection string without using it.
enum class Conninfo : std::uint8_t { good, malformed, has_password };
// A password has no place in a configuration that others may see; libpq reads it from a file
// (`passfile`) as well.
[[nodiscard]] Conninfo check_conninfo(const std::string& conninfo);

// Opens the schema, or makes it. `conninfo` is libpq's: a URI, or "host=... dbname=...". A URI may
// say among its parameters `pgbouncer=on`: then nothing is kept in a session; and
// `locking=optimistic` or `locking=pessimistic`, in place of that of the options.
// Migrates a schema of an earlier version, in one transaction. Throws StorageError(unavailable,
// newer, foreign, corrupt); the database is then as it was.
[[nodiscard]] std::unique_ptr<Storage> open_postgres(const std::string& conninfo,
                                                     const PostgresOptions& options = {});

// The outbox of the same store, over a connection of its own, which counts as one of the budget's.
// The store must be there. Throws StorageError(unavailable, newer, foreign); a store of an earlier
// version is unavailable until one of its instances has migrated it.
// Threads: one call at a time.
[[nodiscard]] std::unique_ptr<Outbox> open_postgres_outbox(const std::string& conninfo,
                                                           const PostgresOptions& options = {});

}  // namespace concertres
