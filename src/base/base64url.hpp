// Base64 for URLs and headers (RFC 4648, section 5), without padding.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace concertres {

[[nodiscard]] std::string encode_base64url(std::string_view bytes);

// Each byte string has exactly one text. Nothing for any other: foreign characters, padding, a
// length that cannot be, trailing bits that are not zero.
[[nodiscard]] std::optional<std::string> decode_base64url(std::string_view text);
// The same, into memory of the caller's. False: nothing for it, and `bytes` are anything.
// REQUIRES: bytes.size() == text.size() * 3 / 4
[[nodiscard]] bool decode_base64url(std::string_view text, std::span<char> bytes);

}  // namespace concertres
