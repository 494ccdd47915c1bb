// HmacSha256 is HMAC-SHA256 (RFC 2104) under one key, prepared once and then quick. What all
// messages begin with may be prepared too.
//
//   HmacSha256 mac(secret);
//   if (!equal_in_constant_time(mac(message), received)) refuse();
//
// Threads: const calls from any, at once.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace concertres {

class HmacSha256 {
  public:
    using Digest = std::array<std::uint8_t, 32>;

    explicit HmacSha256(std::span<const std::uint8_t> key, std::string_view beginning = {});
    HmacSha256(HmacSha256&&) noexcept;
    HmacSha256& operator=(HmacSha256&&) noexcept;
    ~HmacSha256();

    // Of the beginning and `rest`. Allocates nothing.
    [[nodiscard]] Digest operator()(std::string_view rest) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Takes the same time wherever the two differ. Lengths are no secret: other lengths differ at once.
[[nodiscard]] bool equal_in_constant_time(std::span<const std::uint8_t> a,
                                          std::span<const std::uint8_t> b);

}  // namespace concertres
