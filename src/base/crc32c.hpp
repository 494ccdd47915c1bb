// CRC-32C (Castagnoli): the check sum over each record that is kept, so that the audit finds a
// flipped byte. It guards against accidents, not against people.
//
//   std::uint32_t sum = crc32c(tail, crc32c(head));   // == crc32c(head + tail)
//
// Threads: any, at once.
#pragma once

#include <cstdint>
#include <string_view>

namespace concertres {

// By the processor's own instruction where it has one.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0);

// The two ways to get there, which tests compare.
[[nodiscard]] std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t seed);
[[nodiscard]] bool has_crc32c_instruction();
// REQUIRES: has_crc32c_instruction()
[[nodiscard]] std::uint32_t crc32c_by_instruction(std::string_view bytes, std::uint32_t seed);

}  // namespace concertres
