#include "sim/seeded_random.hpp"

#include <random>
#include <span>

#include "base/random.hpp"

namespace concertres {
namespace {

std::mt19937_64& source() {
    static std::mt19937_64 random;
    return random;
}

}  // namespace

// Stands in for the library's own: a program's own definition comes before one in an archive, so
// the library is linked without src/base/random.cpp.
void fill_random(std::span<std::uint8_t> bytes) {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(source()());
}

namespace sim {

void seed_random_source(std::uint64_t seed) { source().seed(seed); }

}  // namespace sim
}  // namespace concertres
