#include "base/sha256.hpp"

#include <openssl/evp.h>

#include <stdexcept>

namespace concertres {

std::array<std::uint8_t, 32> sha256(std::span<const std::uint8_t> bytes) {
    std::array<std::uint8_t, 32> digest{};
    std::size_t size = 0;
    const int ok =
        EVP_Q_digest(nullptr, "SHA256", nullptr, bytes.data(), bytes.size(), digest.data(), &size);
    if (ok != 1 || size != digest.size()) throw std::runtime_error("SHA-256 failed in OpenSSL");
    return digest;
}

}  // namespace concertres
