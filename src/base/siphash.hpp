// KeyedHash is SipHash-2-4 with 128 bits: a short, quick hash that nobody can predict or steer
// without the secret. The ids of what keyed commands make come from it.
//
//   KeyedHash hash(secret);
//   ReservationId id{Uuid{hash(bytes)}};
//
// Threads: const calls from any, at once.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace concertres {

class KeyedHash {
  public:
    using Secret = std::array<std::uint8_t, 16>;
    using Digest = std::array<std::uint8_t, 16>;

    explicit KeyedHash(std::span<const std::uint8_t, 16> secret);
    KeyedHash(KeyedHash&&) noexcept;
    KeyedHash& operator=(KeyedHash&&) noexcept;
    ~KeyedHash();

    [[nodiscard]] Digest operator()(std::string_view bytes) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// --- 64 bits of two words ----------------------------------------------------------------------

// The key as the two words that it is made of.
[[nodiscard]] std::array<std::uint64_t, 2> siphash_key(std::span<const std::uint8_t, 16> secret);

// SipHash-2-4 with the 64-bit result of 16 bytes: `a`, then `b`, each with its lowest byte first.
// By hand rather than by OpenSSL, which takes some 70 ns: a draw asks ten times for every place.
[[nodiscard]] std::uint64_t siphash_2_4(const std::array<std::uint64_t, 2>& key, std::uint64_t a,
                                        std::uint64_t b);

}  // namespace concertres
