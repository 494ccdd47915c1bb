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

std::string conninfo_of(const std::string& database) {
    return postgres_server().conninfo(database);
}

void drop_postgres_in(const path& directory) {
    const std::string database = database_in(directory);
    if (!database.empty()) postgres_server().drop_database(database);
}

}  // namespace

Backend postgres_backend(std::string name, Locking locking,
                         std::string (*conninfo_of)(const std::string& database)) {
    const auto open = [=](const path& directory, Clock* clock) {
        std::string database = database_in(directory);
        if (database.empty()) {
            database = postgres_server().make_database();
            std::ofstream(database_file(directory)) << database;
        }
        return open_postgres(conninfo_of(database), {.clock = clock, .locking = locking});
    };
    const auto open_outbox = [=](const path& directory, Clock* clock) {
        return open_postgres_outbox(conninfo_of(database_in(directory)), {.clock = clock});
    };
    return {.name = std::move(name),
            .lasts = true,
            .copies = false,
            .shared = true,
            .open = open,
            .open_outbox = open_outbox,
            .drop = drop_postgres_in};
}

namespace {

std::vector<Backend>& all_backends() {
    const auto alone = [](std::string name, bool lasts, auto* open) {
        return Backend{.name = std::move(name),
                       .lasts = lasts,
                       .copies = lasts,
                       .shared = false,
                       .open = open,
                       .open_outbox = {},
                       .drop = {}};
    };
    static std::vector<Backend> all = {
        alone("memory", false, open_memory_in),
        alone("sqlite", true, open_sqlite_in),
        alone("sqlite without cache", true, open_uncached_sqlite_in),
        postgres_backend("postgres", Locking::pessimistic, conninfo_of),
        postgres_backend("postgres that locks late", Locking::optimistic, conninfo_of),
    };
    return all;
}

}  // namespace

const std::vector<Backend>& backends() { return all_backends(); }

void add_backend(Backend backend) { all_backends().push_back(std::move(backend)); }

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
