#include "base/hmac.hpp"

#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace concertres;

namespace {

std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string hex(const HmacSha256::Digest& digest) {
    std::string text;
    for (const std::uint8_t byte : digest) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

HmacSha256::Digest by_openssl(std::string_view key, std::string_view message) {
    HmacSha256::Digest digest{};
    unsigned size = 0;
    REQUIRE(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(message).data(),
                 message.size(), digest.data(), &size) != nullptr);
    return digest;
}

}  // namespace

TEST_CASE("the vectors of RFC 4231 come out") {
    CHECK(hex(HmacSha256(bytes_of(std::string(20, '\x0b')))("Hi There")) ==
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    CHECK(hex(HmacSha256(bytes_of("Jefe"))("what do ya want for nothing?")) ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(hex(HmacSha256(bytes_of(std::string(131, '\xaa')))(
              "Test Using Larger Than Block-Size Key - Hash Key First")) ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("keys and messages of every length agree with OpenSSL's own HMAC") {
    for (std::size_t key_size = 1; key_size < 140; ++key_size) {
        const std::string key(key_size, static_cast<char>(key_size));
        const HmacSha256 mac(bytes_of(key));
        const std::string message(key_size * 7 % 200, 'm');
        CAPTURE(key_size);
        CHECK(mac(message) == by_openssl(key, message));
    }
}

TEST_CASE("one key serves many messages, in any order") {
    const HmacSha256 a(bytes_of("a"));
    const HmacSha256 b(bytes_of("b"));
    const auto first = a("message");
    CHECK(b("message") != first);
    CHECK(a("other") != first);
    CHECK(a("") == by_openssl("a", ""));
    CHECK(a("message") == first);
}

TEST_CASE("threads may share one key") {
    const HmacSha256 mac(bytes_of("shared"));
    const auto expected = mac("message");
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 2'000; ++i) {
                if (mac("message") != expected) ++wrong;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == 0);
}

TEST_CASE("the comparison sees every bit, and the length") {
    const auto digest = HmacSha256(bytes_of("key"))("message");
    auto other = digest;
    CHECK(equal_in_constant_time(digest, other));
    for (std::size_t bit = 0; bit < other.size() * 8; ++bit) {
        other[bit / 8] = static_cast<std::uint8_t>(other[bit / 8] ^ (1u << (bit % 8)));
        CHECK_FALSE(equal_in_constant_time(digest, other));
        other[bit / 8] = digest[bit / 8];
    }
    CHECK_FALSE(equal_in_constant_time(digest, std::span(digest).first(31)));
    CHECK(equal_in_constant_time({}, {}));
}
