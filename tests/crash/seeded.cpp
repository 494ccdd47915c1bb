// OpenSSL 3 would have a provider of our own in place of this; for a test it is too much.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crash/seeded.hpp"

#include <openssl/rand.h>
#include <sqlite3.h>

#include <random>

#include "concertres/assert.hpp"

namespace concertres::test {
namespace {

std::mt19937_64 source;
const RAND_METHOD* real_method = nullptr;
sqlite3_vfs* vfs = nullptr;
int (*real_randomness)(sqlite3_vfs*, int, char*) = nullptr;

int fill(unsigned char* bytes, int size) {
    for (int i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(source());
    return 1;
}
int fill_for_sqlite(sqlite3_vfs*, int size, char* bytes) {
    for (int i = 0; i < size; ++i) bytes[i] = static_cast<char>(source());
    return size;
}

const RAND_METHOD seeded_method = {nullptr, fill, nullptr, nullptr, fill, nullptr};

}  // namespace

Seeded::Seeded(std::uint64_t seed) {
    CONCERTRES_ASSERT(real_method == nullptr);
    source.seed(seed);
    real_method = RAND_get_rand_method();
    RAND_set_rand_method(&seeded_method);
    vfs = sqlite3_vfs_find(nullptr);
    real_randomness = vfs->xRandomness;
    vfs->xRandomness = fill_for_sqlite;
    sqlite3_randomness(0, nullptr);  // it is to ask again
}

Seeded::~Seeded() {
    RAND_set_rand_method(real_method);
    real_method = nullptr;
    vfs->xRandomness = real_randomness;
    sqlite3_randomness(0, nullptr);
}

}  // namespace concertres::test
