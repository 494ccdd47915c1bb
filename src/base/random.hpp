// Bytes that nobody can guess, from the system's random source.
// Threads: any, at once.
#pragma once

#include <cstdint>
#include <span>

namespace concertres {

// Throws std::runtime_error when the source fails: an id or a key must never be made of anything
// less.
void fill_random(std::span<std::uint8_t> bytes);

}  // namespace concertres
