// Where a stream of bytes is cut into reads; for each input it is the same every time.
#pragma once

#include <algorithm>
#include <random>
#include <string_view>

#include "fuzz/fuzzer.hpp"

namespace concertres::fuzz {

// Gives `take` the bytes in pieces of 1 to `longest`.
template <class Take>
void cut(std::string_view bytes, std::uint64_t seed, std::size_t longest, Take&& take) {
    std::minstd_rand random(static_cast<std::minstd_rand::result_type>(seed));
    while (!bytes.empty()) {
        const std::size_t length = std::min<std::size_t>(1 + random() % longest, bytes.size());
        take(bytes.substr(0, length));
        bytes.remove_prefix(length);
    }
}

}  // namespace concertres::fuzz
