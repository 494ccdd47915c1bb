#include "base/siphash.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace concertres;

namespace {

// The reference vectors' secret and messages: 0, 1, 2, ...
KeyedHash::Secret rising_secret() {
    KeyedHash::Secret secret{};
    for (std::size_t i = 0; i < secret.size(); ++i) secret[i] = static_cast<std::uint8_t>(i);
    return secret;
}

std::string rising(std::size_t size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(i);
    return bytes;
}

std::string hex(const KeyedHash::Digest& digest) {
    std::string text;
    for (const std::uint8_t byte : digest) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

}  // namespace

TEST_CASE("the reference vectors of SipHash-2-4 with 128 bits come out") {
    const KeyedHash hash(rising_secret());
    CHECK(hex(hash(rising(0))) == "a3817f04ba25a8e66df67214c7550293");
    CHECK(hex(hash(rising(1))) == "da87c1d86b99af44347659119b22fc45");
    CHECK(hex(hash(rising(2))) == "8177228da4a45dc7fca38bdef60affe4");
    CHECK(hex(hash(rising(7))) == "a1f1ebbed8dbc153c0b84aa61ff08239");
    CHECK(hex(hash(rising(8))) == "3b62a9ba6258f5610f83e264f31497b4");
    CHECK(hex(hash(rising(15))) == "5493e99933b0a8117e08ec0f97cfc3d9");
    CHECK(hex(hash(rising(16))) == "6ee2a4ca67b054bbfd3315bf85230577");
    CHECK(hex(hash(rising(63))) == "5150d1772f50834a503e069a973fbd7c");
}

TEST_CASE("the same bytes hash the same, call after call") {
    const KeyedHash hash(rising_secret());
    const auto first = hash("reservation");
    static_cast<void>(hash("something else"));
    CHECK(hash("reservation") == first);
    CHECK(KeyedHash(rising_secret())("reservation") == first);
}

TEST_CASE("another secret gives another hash") {
    KeyedHash::Secret secret = rising_secret();
    const auto first = KeyedHash(secret)("reservation");
    secret[15] ^= 1;
    CHECK(KeyedHash(secret)("reservation") != first);
}

TEST_CASE("a hash may move; using what it moved from is a bug") {
    KeyedHash first(rising_secret());
    const auto digest = first("x");
    const KeyedHash second = std::move(first);
    CHECK(second("x") == digest);
    CHECK_THROWS(static_cast<void>(first("x")));
}

TEST_CASE("threads may share one hash") {
    const KeyedHash hash(rising_secret());
    std::vector<KeyedHash::Digest> expected;
    for (std::size_t i = 0; i < 64; ++i) expected.push_back(hash(rising(i)));
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (std::size_t i = 0; i < 2'000; ++i) {
                if (hash(rising(i % 64)) != expected[i % 64]) ++wrong;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == 0);
}

TEST_CASE("the reference vector of SipHash-2-4 with 64 bits comes out for two words") {
    const auto key = siphash_key(rising_secret());
    CHECK(key[0] == 0x0706050403020100u);
    CHECK(key[1] == 0x0f0e0d0c0b0a0908u);
    CHECK(siphash_2_4(key, key[0], key[1]) == 0x3f2acc7f57c29bdbu);
}
