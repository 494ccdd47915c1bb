// SHA-256 of some bytes.
//
// Threads: any, at once.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace concertres {

[[nodiscard]] std::array<std::uint8_t, 32> sha256(std::span<const std::uint8_t> bytes);

}  // namespace concertres
