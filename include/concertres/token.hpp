// A Token is the signed credential that names a room, a place in its line and a user. Whoever has
// the keys verifies it without any look-up. It is text for URLs and headers, 115 characters long,
// and says nothing of what became of the place since: that is asked of the engine.
//
//   TokenKeys keys({{.id = 2, .secret = fresh}, {.id = 1, .secret = previous}});
//   std::string token = sign_token(keys, TokenPurpose::place, {concert, number, user, now});
//   Result<TokenClaims> claims = verify_token(keys, TokenPurpose::place, token, now, days(7));
//
// A token is HMAC-SHA256 over its version, purpose, key id and claims. The key id alone says by
// which algorithm it is verified: a token cannot choose.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/ids.hpp"
#include "concertres/result.hpp"
#include "concertres/time.hpp"

namespace concertres {

// What a token opens; a token for one purpose is worth nothing for another. Written into tokens:
// the numbers never change.
enum class TokenPurpose : std::uint8_t { place = 1 };

// Overwrites its secret when it ends, so that none lies about in freed memory.
struct TokenKey {
    std::uint32_t id = 0;
    std::array<std::uint8_t, 32> secret{};

    ~TokenKey();
};

// What a deployment's keys must be. Refuses: request_invalid (there is none; two have one id; a
// secret is all zeros, so nobody has set it).
[[nodiscard]] Result<void> check(const std::vector<TokenKey>& keys);

// The keys of a deployment: the first signs, all verify. To rotate, give every instance the new key
// as the last, then as the first, and take the old one away once its tokens are past their age: no
// token fails on the way.
// Threads: const calls from any, at once. Copies share the same keys and cost a pointer.
class TokenKeys {
  public:
    // Throws std::invalid_argument, with the detail, for keys that check() refuses.
    explicit TokenKeys(const std::vector<TokenKey>& keys);

  private:
    friend struct TokenMac;
    struct Impl;
    std::shared_ptr<const Impl> impl_;
};

// What a token says. It is what was signed, no more: whether the place exists is the engine's to
// know.
struct TokenClaims {
    ConcertId concert{};
    PlaceNumber number{};
    UserId user{};
    Time issued_at{};

    friend bool operator==(const TokenClaims&, const TokenClaims&) = default;
};

[[nodiscard]] std::string sign_token(const TokenKeys& keys, TokenPurpose purpose,
                                     const TokenClaims& claims);

// Returns what was signed. `now` is store time: a token is good until it is older than `max_age`,
// and unless it was issued more than 60 s after `now`, which allows for instances whose clocks
// differ.
// Refuses: token_invalid, with one and the same text whatever is wrong.
[[nodiscard]] Result<TokenClaims> verify_token(const TokenKeys& keys, TokenPurpose purpose,
                                               std::string_view token, Time now, Duration max_age);

// That refusal, for who finds that a token is another room's: nobody can tell the two apart.
[[nodiscard]] Error token_refusal();

}  // namespace concertres
