#include "base/random.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <climits>
#include <stdexcept>

namespace concertres {

void fill_random(std::span<std::uint8_t> bytes) {
    while (!bytes.empty()) {
        const std::size_t count = std::min<std::size_t>(bytes.size(), INT_MAX);
        if (RAND_bytes(bytes.data(), static_cast<int>(count)) != 1) {
            throw std::runtime_error("the system's random source failed");
        }
        bytes = bytes.subspan(count);
    }
}

}  // namespace concertres
