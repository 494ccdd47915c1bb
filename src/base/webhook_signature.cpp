#include "base/webhook_signature.hpp"

#include <algorithm>
#include <cstddef>

#include "base/base64url.hpp"
#include "base/hmac.hpp"

namespace concertres {
namespace {

constexpr std::string_view secret_prefix = "whsec_";
constexpr std::string_view signature_prefix = "v1,";
constexpr std::size_t secret_bytes_min = 24;
constexpr std::size_t secret_bytes_max = 64;

// Base64 for anywhere has two other characters, and fills the last group up.
std::string encode_base64(std::string_view bytes) {
    std::string text = encode_base64url(bytes);
    std::ranges::replace(text, '-', '+');
    std::ranges::replace(text, '_', '/');
    text.append((4 - text.size() % 4) % 4, '=');
    return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
    if (text.size() % 4 != 0 || text.find_first_of("-_") != text.npos) return std::nullopt;
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
    std::string url(text);
    std::ranges::replace(url, '+', '-');
    std::ranges::replace(url, '/', '_');
    return decode_base64url(url);
}

}  // namespace

std::optional<WebhookSecret> read_webhook_secret(std::string_view text) {
    if (!text.starts_with(secret_prefix)) return std::nullopt;
    const auto bytes = decode_base64(text.substr(secret_prefix.size()));
    if (!bytes || bytes->size() < secret_bytes_min || bytes->size() > secret_bytes_max) {
        return std::nullopt;
    }
    return WebhookSecret(bytes->begin(), bytes->end());
}

std::string webhook_signature(std::span<const WebhookSecret> secrets, std::string_view id,
                              std::string_view timestamp, std::string_view body) {
    std::string signed_text;
    signed_text.reserve(id.size() + timestamp.size() + body.size() + 2);
    signed_text.append(id).append(1, '.').append(timestamp).append(1, '.').append(body);
    std::string header;
    for (const WebhookSecret& secret : secrets) {
        if (!header.empty()) header += ' ';
        const HmacSha256::Digest digest = HmacSha256(secret)(signed_text);
        header += signature_prefix;
        header += encode_base64(std::string(digest.begin(), digest.end()));
    }
    return header;
}

}  // namespace concertres
