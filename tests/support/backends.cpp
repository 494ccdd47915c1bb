#include "support/backends.hpp"

#include "concertres/assert.hpp"
#include "concertres/memory.hpp"
#include "concertres/sqlite.hpp"

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

}  // namespace

const std::vector<Backend>& backends() {
    static const std::vector<Backend> all = {
        {.name = "memory", .lasts = false, .open = open_memory_in},
        {.name = "sqlite", .lasts = true, .open = open_sqlite_in},
        {.name = "sqlite without cache", .lasts = true, .open = open_uncached_sqlite_in},
    };
    return all;
}

const Backend& backend_named(const std::string& name) {
    for (const Backend& backend : backends()) {
        if (backend.name == name) return backend;
    }
    assertion_failed(("no backend is called " + name).c_str(), __FILE__, __LINE__);
}

void on_every_backend(void (*body)(const Backend& backend)) {
    for (const Backend& backend : backends()) {
        DOCTEST_SUBCASE(backend.name.c_str()) { body(backend); }
    }
}

}  // namespace concertres::test
