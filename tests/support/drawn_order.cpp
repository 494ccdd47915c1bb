#include "support/drawn_order.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <memory>
#include <stdexcept>

namespace concertres::test {
namespace {

struct Free {
    void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

// SipHash-2-4 with 64 bits, by OpenSSL.
class Sip {
  public:
    explicit Sip(const DrawSeed& seed)
        : mac_(EVP_MAC_fetch(nullptr, "SIPHASH", nullptr)), keyed_(EVP_MAC_CTX_new(mac_.get())) {
        std::size_t size = 8;
        const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
                                         OSSL_PARAM_construct_end()};
        require(EVP_MAC_init(keyed_.get(), seed.data(), seed.size(), parameters));
    }
    std::uint64_t operator()(std::uint64_t round, std::uint64_t half) const {
        unsigned char bytes[16];
        for (int i = 0; i < 8; ++i) {
            bytes[i] = static_cast<unsigned char>(round >> (8 * i));
            bytes[8 + i] = static_cast<unsigned char>(half >> (8 * i));
        }
        const std::unique_ptr<EVP_MAC_CTX, Free> context(EVP_MAC_CTX_dup(keyed_.get()));
        unsigned char digest[8];
        std::size_t size = 0;
        require(EVP_MAC_update(context.get(), bytes, sizeof bytes));
        require(EVP_MAC_final(context.get(), digest, &size, sizeof digest));
        std::uint64_t value = 0;
        for (int i = 7; i >= 0; --i) value = value << 8 | digest[i];
        return value;
    }

  private:
    static void require(int ok) {
        if (ok != 1) throw std::runtime_error("SipHash failed");
    }

    std::unique_ptr<EVP_MAC, Free> mac_;
    std::unique_ptr<EVP_MAC_CTX, Free> keyed_;
};

}  // namespace

std::uint64_t rank_by_hand(const DrawSeed& seed, std::uint64_t size, std::uint64_t number,
                           std::uint64_t line_class) {
    const Sip sip(seed);
    std::uint64_t a = 16;
    while (a * a < size) a += 2;
    std::uint64_t b = 16;
    while (a * b < size) b += 1;
    std::uint64_t x = number - 1;
    do {
        std::uint64_t left = x / b;
        std::uint64_t right = x % b;
        for (std::uint64_t round = 0; round < 10; ++round) {
            if (round % 2 == 0) {
                left = (left + sip(16 * line_class + round, right) % a) % a;
            } else {
                right = (right + sip(16 * line_class + round, left) % b) % b;
            }
        }
        x = left * b + right;
    } while (x >= size);
    return x;
}

}  // namespace concertres::test
