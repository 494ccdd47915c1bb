#include "base/ed25519.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <stdexcept>

#include "concertres/assert.hpp"

namespace concertres {
namespace {

struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Context = std::unique_ptr<EVP_MD_CTX, Free>;

void require(bool ok) {
    if (!ok) throw std::runtime_error("Ed25519 failed in OpenSSL");
}

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

struct Ed25519Key::Impl {
    Key key;
};

Ed25519Key::Ed25519Key(const Seed& seed) : impl_(std::make_unique<Impl>()) {
    impl_->key.reset(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
    require(impl_->key != nullptr);
}

Ed25519Key::Ed25519Key(Ed25519Key&&) noexcept = default;
Ed25519Key& Ed25519Key::operator=(Ed25519Key&&) noexcept = default;
Ed25519Key::~Ed25519Key() = default;

Ed25519Key::PublicKey Ed25519Key::public_key() const {
    CONCERTRES_ASSERT(impl_ != nullptr);
    PublicKey bytes{};
    std::size_t size = bytes.size();
    require(EVP_PKEY_get_raw_public_key(impl_->key.get(), bytes.data(), &size) == 1);
    CONCERTRES_ASSERT(size == bytes.size());
    return bytes;
}

Ed25519Key::Signature Ed25519Key::sign(std::string_view message) const {
    CONCERTRES_ASSERT(impl_ != nullptr);
    const Context context(EVP_MD_CTX_new());
    require(context != nullptr);
    Signature signature{};
    std::size_t size = signature.size();
    require(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, impl_->key.get()) == 1 &&
            EVP_DigestSign(context.get(), signature.data(), &size, bytes_of(message),
                           message.size()) == 1);
    CONCERTRES_ASSERT(size == signature.size());
    return signature;
}

bool verify_ed25519(const Ed25519Key::PublicKey& key, std::string_view message,
                    std::span<const std::uint8_t> signature) {
    const Key parsed(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
    const Context context(EVP_MD_CTX_new());
    require(parsed != nullptr && context != nullptr);
    const bool good =
        EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, parsed.get()) == 1 &&
        EVP_DigestVerify(context.get(), signature.data(), signature.size(), bytes_of(message),
                         message.size()) == 1;
    if (!good) ERR_clear_error();  // a bad signature leaves its reason behind, for this thread
    return good;
}

}  // namespace concertres
