// Base64 for URLs and headers (RFC 4648, section 5), without padding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace concertres {

[[nodiscard]] std::string encode_base64url(std::string_view bytes);

// Each byte string has exactly one text. Nothing for any other: foreign characters, padding, a
// length that cannot be, trailing bits that are not zero.
[[nodiscard]] std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace concertres
