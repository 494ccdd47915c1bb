// Asked with every poll. OpenSSL's older interface has states that are plain values, and copying
// one allocates nothing, where EVP_MD_CTX_copy_ex does so twice a message.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/hmac.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <stdexcept>

#include "concertres/assert.hpp"

namespace concertres {
namespace {

constexpr std::size_t block_size = 64;
using Block = std::array<std::uint8_t, block_size>;

void require(bool ok) {
    if (!ok) throw std::runtime_error("SHA-256 failed in OpenSSL");
}

void update(SHA256_CTX& state, const void* bytes, std::size_t size) {
    require(SHA256_Update(&state, bytes, size) == 1);
}

void finish(SHA256_CTX& state, HmacSha256::Digest& digest) {
    require(SHA256_Final(digest.data(), &state) == 1);
}

void start(SHA256_CTX& state, const Block& key, unsigned pad) {
    Block padded{};
    std::transform(key.begin(), key.end(), padded.begin(),
                   [pad](unsigned byte) { return static_cast<std::uint8_t>(byte ^ pad); });
    const bool ok =
        SHA256_Init(&state) == 1 && SHA256_Update(&state, padded.data(), padded.size()) == 1;
    OPENSSL_cleanse(padded.data(), padded.size());
    require(ok);
}

}  // namespace

// SHA-256 after the first block of each of the two hashes that make an HMAC: the key's part, which
// every message shares. Both are only ever copied from, so calls share them freely.
struct HmacSha256::Impl {
    Impl() = default;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() {
        OPENSSL_cleanse(&inner, sizeof inner);
        OPENSSL_cleanse(&outer, sizeof outer);
    }

    SHA256_CTX inner{};
    SHA256_CTX outer{};
};

HmacSha256::HmacSha256(std::span<const std::uint8_t> key, std::string_view beginning)
    : impl_(std::make_unique<Impl>()) {
    Block block{};
    if (key.size() <= block_size) {
        std::copy(key.begin(), key.end(), block.begin());
    } else {
        require(SHA256(key.data(), key.size(), block.data()) != nullptr);
    }
    start(impl_->inner, block, 0x36u);
    start(impl_->outer, block, 0x5cu);
    OPENSSL_cleanse(block.data(), block.size());
    update(impl_->inner, beginning.data(), beginning.size());
}

HmacSha256::HmacSha256(HmacSha256&&) noexcept = default;
HmacSha256& HmacSha256::operator=(HmacSha256&&) noexcept = default;
HmacSha256::~HmacSha256() = default;

HmacSha256::Digest HmacSha256::operator()(std::string_view rest) const {
    CONCERTRES_ASSERT(impl_ != nullptr);
    SHA256_CTX state = impl_->inner;
    Digest digest{};
    update(state, rest.data(), rest.size());
    finish(state, digest);
    state = impl_->outer;
    update(state, digest.data(), digest.size());
    finish(state, digest);
    OPENSSL_cleanse(&state, sizeof state);
    return digest;
}

bool equal_in_constant_time(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace concertres
