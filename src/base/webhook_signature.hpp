// How a webhook is signed: as the Standard Webhooks say, so that receivers find a library for it.
//
//   const auto secret = read_webhook_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
//   header = webhook_signature(std::span(&*secret, 1), id, "1798106400", body);  // "v1,g0hM9S..."
//
// Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace concertres {

using WebhookSecret = std::vector<std::uint8_t>;

// Of "whsec_" and base64 with its padding. Nothing for any other text, or fewer than 24 or more
// than 64 bytes.
[[nodiscard]] std::optional<WebhookSecret> read_webhook_secret(std::string_view text);

// HMAC-SHA256 over "id.timestamp.body" by each of the secrets, with a blank between: a receiver
// knows at least one of them while they are changed.
[[nodiscard]] std::string webhook_signature(std::span<const WebhookSecret> secrets,
                                            std::string_view id, std::string_view timestamp,
                                            std::string_view body);

}  // namespace concertres
