// Ed25519 (RFC 8032): signatures that anybody checks who has the public key.
//
//   const Ed25519Key key(seed);
//   const auto signature = key.sign(message);
//   if (!verify_ed25519(key.public_key(), message, signature)) refuse();
//
// Threads: const calls from any, at once.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace concertres {

class Ed25519Key {
  public:
    using Seed = std::array<std::uint8_t, 32>;
    using PublicKey = std::array<std::uint8_t, 32>;
    using Signature = std::array<std::uint8_t, 64>;

    explicit Ed25519Key(const Seed& seed);
    Ed25519Key(Ed25519Key&&) noexcept;
    Ed25519Key& operator=(Ed25519Key&&) noexcept;
    ~Ed25519Key();

    [[nodiscard]] PublicKey public_key() const;
    // Always the same for one message.
    [[nodiscard]] Signature sign(std::string_view message) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

[[nodiscard]] bool verify_ed25519(const Ed25519Key::PublicKey& key, std::string_view message,
                                  std::span<const std::uint8_t> signature);

}  // namespace concertres
