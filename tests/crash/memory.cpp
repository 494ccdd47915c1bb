#include "crash/memory.hpp"

#include "concertres/assert.hpp"

namespace concertres::test {
namespace {

sqlite3_mem_methods real;
std::int64_t pieces = 0;
std::int64_t fails_at = 0;
bool goes_on_failing = false;
bool is_on = false;

bool refuses() {
    if (!is_on) return false;
    ++pieces;
    return fails_at != 0 && (pieces == fails_at || (goes_on_failing && pieces > fails_at));
}
void* get(int size) { return refuses() ? nullptr : real.xMalloc(size); }
void* resize(void* piece, int size) { return refuses() ? nullptr : real.xRealloc(piece, size); }

void use(const sqlite3_mem_methods& methods) {
    CONCERTRES_ASSERT(sqlite3_shutdown() == SQLITE_OK);
    CONCERTRES_ASSERT(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK);
    CONCERTRES_ASSERT(sqlite3_initialize() == SQLITE_OK);
}

}  // namespace

FailingMemory::FailingMemory() {
    CONCERTRES_ASSERT(sqlite3_shutdown() == SQLITE_OK);
    CONCERTRES_ASSERT(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real) == SQLITE_OK);
    sqlite3_mem_methods ours = real;
    ours.xMalloc = get;
    ours.xRealloc = resize;
    use(ours);
}

FailingMemory::~FailingMemory() {
    turn(false);
    use(real);
}

std::int64_t FailingMemory::asked() const { return pieces; }

void FailingMemory::fail_at(std::int64_t piece, bool from_then_on) {
    pieces = 0;
    fails_at = piece;
    goes_on_failing = from_then_on;
}

void FailingMemory::turn(bool on) { is_on = on; }

}  // namespace concertres::test
