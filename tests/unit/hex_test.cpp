#include "base/hex.hpp"

#include <doctest/doctest.h>

#include <array>

#include "base/sha256.hpp"

using namespace concertres;

TEST_CASE("bytes are two lower-case digits each, and are read in either case") {
    const std::array<std::uint8_t, 4> bytes{0x00, 0x9f, 0xa0, 0xff};
    CHECK(to_hex(bytes) == "009fa0ff");
    std::array<std::uint8_t, 4> read{};
    CHECK(from_hex("009fa0ff", read));
    CHECK(read == bytes);
    CHECK(from_hex("009FA0Ff", read));
    CHECK(read == bytes);
}

TEST_CASE("what is not as many digits is not read") {
    std::array<std::uint8_t, 2> read{};
    for (const char* text : {"", "0", "000", "00000", "00g0", "0x00", " 000"}) {
        CAPTURE(text);
        CHECK_FALSE(from_hex(text, read));
    }
}

TEST_CASE("SHA-256 gives what its standard says") {
    CHECK(to_hex(sha256({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    const std::array<std::uint8_t, 3> abc{'a', 'b', 'c'};
    CHECK(to_hex(sha256(abc)) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
