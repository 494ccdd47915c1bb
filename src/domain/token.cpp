#include "concertres/token.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/base64url.hpp"
#include "base/bytes.hpp"
#include "base/hmac.hpp"
#include "domain/secret_keys.hpp"

namespace concertres {
namespace {

// The version stands first in every token, and fixes all that follows.
constexpr std::uint8_t token_version = 1;
// Version, purpose, key id; concert, number, user, time of issue.
constexpr std::size_t body_size = 1 + 1 + 4 + 16 + 8 + 16 + 8;
constexpr std::size_t mac_size = std::tuple_size_v<HmacSha256::Digest>;
constexpr std::size_t text_size = ((body_size + mac_size) * 4 + 2) / 3;
// Keeps these MACs apart from whatever else a deployment may sign with the same secret.
constexpr std::string_view mac_domain = "concertres token";

constexpr Duration clock_difference_max = std::chrono::seconds(60);

struct Body {
    std::uint8_t version = token_version;
    std::uint8_t purpose = 0;
    std::uint32_t key_id = 0;
    TokenClaims claims;
};

std::string write_body(const Body& body) {
    std::string bytes;
    bytes.reserve(body_size + mac_size);
    ByteWriter(bytes)
        .u8(body.version)
        .u8(body.purpose)
        .u32(body.key_id)
        .raw(body.claims.concert.uuid.bytes)
        .i64(body.claims.number.value)
        .raw(body.claims.user.uuid.bytes)
        .i64(body.claims.issued_at.time_since_epoch().count());
    CONCERTRES_ASSERT(bytes.size() == body_size);
    return bytes;
}

// REQUIRES: bytes.size() == body_size
Body read_body(std::string_view bytes) {
    ByteReader in(bytes);
    Body body;
    std::int64_t issued_at = 0;
    const bool whole = in.u8(body.version) && in.u8(body.purpose) && in.u32(body.key_id) &&
                       in.raw(body.claims.concert.uuid.bytes) && in.i64(body.claims.number.value) &&
                       in.raw(body.claims.user.uuid.bytes) && in.i64(issued_at) && in.at_end();
    CONCERTRES_ASSERT(whole);
    body.claims.issued_at = Time(Duration(issued_at));
    return body;
}

bool is_in_time(Time issued_at, Time now, Duration max_age) {
    std::int64_t age = 0;
    if (__builtin_sub_overflow(now.time_since_epoch().count(), issued_at.time_since_epoch().count(),
                               &age)) {
        return false;
    }
    return Duration(age) <= max_age && Duration(age) >= -clock_difference_max;
}

}  // namespace

struct TokenKeys::Impl {
    struct Entry {
        std::uint32_t id = 0;
        HmacSha256 mac;
    };
    std::vector<Entry> entries;
};

Result<void> check(const std::vector<TokenKey>& keys) { return check_keys(keys, "token keys"); }

TokenKey::~TokenKey() { OPENSSL_cleanse(secret.data(), secret.size()); }

TokenKeys::TokenKeys(const std::vector<TokenKey>& keys) {
    if (auto valid = check(keys); !valid) throw std::invalid_argument(valid.error().detail);
    auto impl = std::make_shared<Impl>();
    std::string beginning;
    ByteWriter(beginning).text(mac_domain).u32(body_size);
    for (const TokenKey& key : keys) {
        impl->entries.push_back({key.id, HmacSha256(key.secret, beginning)});
    }
    impl_ = std::move(impl);
}

// The one way from keys to a MAC.
struct TokenMac {
    static std::uint32_t signing_id(const TokenKeys& keys) { return entries(keys).front().id; }

    // Nothing where no key has that id. REQUIRES: body.size() == body_size
    static std::optional<HmacSha256::Digest> compute(const TokenKeys& keys, std::uint32_t key_id,
                                                     std::string_view body) {
        for (const auto& entry : entries(keys)) {
            if (entry.id == key_id) return entry.mac(body);
        }
        return std::nullopt;
    }

  private:
    static const std::vector<TokenKeys::Impl::Entry>& entries(const TokenKeys& keys) {
        CONCERTRES_ASSERT(keys.impl_ != nullptr);
        return keys.impl_->entries;
    }
};

std::string sign_token(const TokenKeys& keys, TokenPurpose purpose, const TokenClaims& claims) {
    const std::uint32_t key_id = TokenMac::signing_id(keys);
    std::string bytes = write_body(
        {.purpose = static_cast<std::uint8_t>(purpose), .key_id = key_id, .claims = claims});
    const auto mac = TokenMac::compute(keys, key_id, bytes);
    CONCERTRES_ASSERT(mac.has_value());
    ByteWriter(bytes).raw(*mac);
    return encode_base64url(bytes);
}

Result<TokenClaims> verify_token(const TokenKeys& keys, TokenPurpose purpose,
                                 std::string_view token, Time now, Duration max_age) {
    // Checked before any work, so that a long text costs nothing.
    if (token.size() != text_size) return token_refusal();
    std::array<char, body_size + mac_size> bytes{};
    if (!decode_base64url(token, bytes)) return token_refusal();

    const std::string_view signed_part(bytes.data(), body_size);
    const Body body = read_body(signed_part);
    const auto expected = TokenMac::compute(keys, body.key_id, signed_part);
    HmacSha256::Digest received{};
    std::copy_n(bytes.begin() + body_size, mac_size, received.begin());
    if (!expected || !equal_in_constant_time(*expected, received)) return token_refusal();

    // From here on every word in it is ours.
    if (body.version != token_version || body.purpose != static_cast<std::uint8_t>(purpose) ||
        !is_in_time(body.claims.issued_at, now, max_age)) {
        return token_refusal();
    }
    return body.claims;
}

Error token_refusal() {
    return {.code = Errc::token_invalid,
            .detail = "the token is not valid, or not for this; ask for a new one",
            .seats = {}};
}

}  // namespace concertres
