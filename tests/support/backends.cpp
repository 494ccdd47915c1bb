#include "support/backends.hpp"

#include <fstream>

#include "concertres/assert.hpp"
#include "concertres/memory.hpp"
#include "concertres/postgres.hpp"
#include "concertres/sqlite.hpp"
#include "support/postgres_server.hpp"

namespace concertres::test {
namespace {

using std::filesystem::path;

std::unique_ptr<Storage> open_memory_in(const path&, Clock* clock) {
    return open_memory({.clock = clock});
}

std::unique_ptr<Storage> open_sqlite_in(const path& directory, Clock* clock) {
    return open_sqlite(directory / "store.db", {.clock = clock});
}

// The same file with next to no cache, so that every row is read back from it, and with its journal
// folded into the tables a little with every commit.
std::unique_ptr<Storage> open_uncached_sqlite_in(const path& directory, Clock* clock) {
    return open_sqlite(directory / "store.db",
                       {.clock = clock, .journal_bytes_max = 0, .cached_rows_max = 1});
}

// The directory of a store in PostgreSQL has the name of its database in it.
path database_file(const path& directory) { return directory / "database"; }

std::string database_in(const path& directory) {
    std::string name;
    std::ifstream(database_file(directory)) >> name;
    return name;
}

template <Locking locking>
std::unique_ptr<Storage> open_postgres_in(const path& directory, Clock* clock) {
    std::string database = database_in(directory);
    if (database.empty()) {
        database = postgres_server().make_database();
        std::ofstream(database_file(directory)) << database;
    }
    return open_postgres(postgres_server().conninfo(database), {.clock = clock, .locking = locking});
}

std::unique_ptr<Outbox> open_postgres_outbox_in(const path& directory, Clock* clock) {
    return open_postgres_outbox(postgres_server().conninfo(database_in(directory)),
                                {.clock = clock});
}

void drop_postgres_in(const path& directory) {
    const std::string database = database_in(directory);
    if (!database.empty()) postgres_server().drop_database(database);
}

}  // namespace

const std::vector<Backend>& backends() {
    static const std::vector<Backend> all = {
        {.name = "memory",
         .lasts = false,
         .copies = false,
         .open = open_memory_in,
         .open_outbox = {},
         .drop = {}},
        {.name = "sqlite",
         .lasts = true,
         .copies = true,
         .open = open_sqlite_in,
         .open_outbox = {},
         .drop = {}},
        {.name = "sqlite without cache",
         .lasts = true,
         .copies = true,
         .open = open_uncached_sqlite_in,
         .open_outbox = {},
         .drop = {}},
        {.name = "postgres",
         .lasts = true,
         .copies = false,
         .shared = true,
         .open = open_postgres_in<Locking::pessimistic>,
         .open_outbox = open_postgres_outbox_in,
         .drop = drop_postgres_in},
        {.name = "postgres that locks late",
         .lasts = true,
         .copies = false,
         .shared = true,
         .open = open_postgres_in<Locking::optimistic>,
         .open_outbox = open_postgres_outbox_in,
         .drop = drop_postgres_in},
    };
    return all;
}

const Backend& backend_named(const std::string& name) {
    for (const Backend& backend : backends()) {
        if (backend.name == name) return backend;
    }
    assertion_failed(("no backend is called " + name).c_str(), __FILE__, __LINE__);
}

namespace {

void on_each(void (*body)(const Backend& backend), bool only_shared) {
    for (const Backend& backend : backends()) {
        if (only_shared && !backend.shared) continue;
        DOCTEST_SUBCASE(backend.name.c_str()) { body(backend); }
    }
}

}  // namespace

void on_every_backend(void (*body)(const Backend& backend)) { on_each(body, false); }

void on_every_shared_backend(void (*body)(const Backend& backend)) { on_each(body, true); }

}  // namespace concertres::test
