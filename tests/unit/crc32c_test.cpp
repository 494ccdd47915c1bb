#include "base/crc32c.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>

using namespace concertres;

namespace {

// The definition, bit by bit.
std::uint32_t by_definition(std::string_view bytes) {
    std::uint32_t sum = 0xffffffffu;
    for (const char byte : bytes) {
        sum ^= static_cast<unsigned char>(byte);
        for (int bit = 0; bit < 8; ++bit)
            sum = (sum & 1u) != 0 ? (sum >> 1) ^ 0x82f63b78u : sum >> 1;
    }
    return ~sum;
}

std::string random_bytes(std::mt19937& random, std::size_t size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
}

}  // namespace

TEST_CASE("the sums of RFC 3720 and of the usual nine digits come out") {
    std::string rising;
    for (int i = 0; i < 32; ++i) rising += static_cast<char>(i);
    const std::string falling(rising.rbegin(), rising.rend());
    for (const auto& [bytes, sum] : std::initializer_list<std::pair<std::string, std::uint32_t>>{
             {"", 0u},
             {"123456789", 0xe3069283u},
             {std::string(32, '\0'), 0x8a9136aau},
             {std::string(32, '\xff'), 0x62a8ab43u},
             {rising, 0x46dd794eu},
             {falling, 0x113fdb5cu},
         }) {
        CHECK(crc32c(bytes) == sum);
        CHECK(crc32c_by_table(bytes, 0) == sum);
    }
}

TEST_CASE("table, instruction and definition agree at every length and alignment") {
    std::mt19937 random(1);
    const std::string bytes = random_bytes(random, 300);
    for (std::size_t begin = 0; begin < 8; ++begin) {
        for (std::size_t size = 0; begin + size <= bytes.size(); ++size) {
            const std::string_view part = std::string_view(bytes).substr(begin, size);
            const std::uint32_t expected = by_definition(part);
            REQUIRE(crc32c(part) == expected);
            REQUIRE(crc32c_by_table(part, 0) == expected);
            if (has_crc32c_instruction()) REQUIRE(crc32c_by_instruction(part, 0) == expected);
        }
    }
}

TEST_CASE("a sum goes on from where another ended") {
    std::mt19937 random(2);
    const std::string bytes = random_bytes(random, 100);
    const std::string_view all = bytes;
    for (std::size_t cut = 0; cut <= all.size(); ++cut) {
        const std::uint32_t head = crc32c(all.substr(0, cut));
        CHECK(crc32c(all.substr(cut), head) == crc32c(all));
        CHECK(crc32c_by_table(all.substr(cut), head) == crc32c(all));
    }
}

TEST_CASE("any one bit that flips changes the sum") {
    std::mt19937 random(3);
    std::string bytes = random_bytes(random, 64);
    const std::uint32_t sum = crc32c(bytes);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        char& byte = bytes[bit / 8];
        byte = static_cast<char>(byte ^ (1 << (bit % 8)));
        CHECK(crc32c(bytes) != sum);
        byte = static_cast<char>(byte ^ (1 << (bit % 8)));
    }
}
