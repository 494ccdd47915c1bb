#include "crash/memory.hpp"

#include <cstddef>

#include "concertres/assert.hpp"

// glibc's own, which no sanitizer replaces.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_realloc(void* piece, std::size_t size);
void __libc_free(void* piece);
}

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

// --- PlainMemory ---------------------------------------------------------------------------------

namespace {

// Its size stands before each piece, and keeps it aligned.
struct alignas(std::max_align_t) Header {
    int size;
};

void* with_size(void* memory, int size) {
    if (memory == nullptr) return nullptr;
    auto* const header = static_cast<Header*>(memory);
    header->size = size;
    return header + 1;
}
Header* header_of(void* piece) { return static_cast<Header*>(piece) - 1; }
std::size_t whole(int size) { return sizeof(Header) + static_cast<std::size_t>(size); }

const sqlite3_mem_methods plain = {
    [](int size) { return with_size(__libc_malloc(whole(size)), size); },
    [](void* piece) { __libc_free(header_of(piece)); },
    [](void* piece, int size) {
        return with_size(__libc_realloc(header_of(piece), whole(size)), size);
    },
    [](void* piece) { return piece == nullptr ? 0 : header_of(piece)->size; },
    [](int size) { return (size + 7) & ~7; },
    [](void*) { return SQLITE_OK; },
    [](void*) {},
    nullptr,
};

}  // namespace

PlainMemory::PlainMemory() {
    CONCERTRES_ASSERT(sqlite3_shutdown() == SQLITE_OK);
    CONCERTRES_ASSERT(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real) == SQLITE_OK);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);  // nor is it counted
    use(plain);
}

PlainMemory::~PlainMemory() {
    CONCERTRES_ASSERT(sqlite3_shutdown() == SQLITE_OK);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 1);
    use(real);
}

}  // namespace concertres::test
