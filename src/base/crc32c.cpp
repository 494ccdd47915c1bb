#include "base/crc32c.hpp"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

#include "concertres/assert.hpp"

namespace concertres {
namespace {

constexpr std::uint32_t polynomial = 0x82f63b78u;  // bit-reversed

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

// tables[k][b] is what byte b does to the sum when k more bytes follow it.
constexpr Tables make_tables() {
    Tables tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t sum = byte;
        for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1) ^ ((sum & 1u) * polynomial);
        tables[0][byte] = sum;
    }
    for (std::size_t k = 1; k < tables.size(); ++k) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const std::uint32_t before = tables[k - 1][byte];
            tables[k][byte] = (before >> 8) ^ tables[0][before & 0xffu];
        }
    }
    return tables;
}

constexpr Tables tables = make_tables();

std::uint64_t load_little_endian(const char* bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}

}  // namespace

std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t seed) {
    std::uint32_t sum = ~seed;
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
        const std::uint64_t word = load_little_endian(bytes.data()) ^ sum;
        sum = 0;
        for (std::size_t i = 0; i < 8; ++i) sum ^= tables[7 - i][(word >> (8 * i)) & 0xffu];
    }
    for (const char byte : bytes) {
        sum = (sum >> 8) ^ tables[0][(sum ^ static_cast<unsigned char>(byte)) & 0xffu];
    }
    return ~sum;
}

#if defined(__x86_64__)

bool has_crc32c_instruction() {
    static const bool has = __builtin_cpu_supports("sse4.2") != 0;
    return has;
}

__attribute__((target("sse4.2"))) std::uint32_t crc32c_by_instruction(std::string_view bytes,
                                                                      std::uint32_t seed) {
    std::uint64_t sum = ~seed;
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
        sum = _mm_crc32_u64(sum, load_little_endian(bytes.data()));
    }
    auto narrow = static_cast<std::uint32_t>(sum);
    for (const char byte : bytes) {
        narrow = _mm_crc32_u8(narrow, static_cast<unsigned char>(byte));
    }
    return ~narrow;
}

#else

bool has_crc32c_instruction() { return false; }

std::uint32_t crc32c_by_instruction(std::string_view, std::uint32_t) {
    CONCERTRES_ASSERT(has_crc32c_instruction());
    return 0;
}

#endif

std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed) {
    return has_crc32c_instruction() ? crc32c_by_instruction(bytes, seed)
                                    : crc32c_by_table(bytes, seed);
}

}  // namespace concertres
