// The address of a webhook.
#pragma once

#include <optional>
#include <string>

namespace concertres::server {

// What is wrong with it, to be read after the setting's name. It is not repeated, as some have a
// secret in them.
[[nodiscard]] std::optional<std::string> webhook_fault(const std::string& text);
// REQUIRES: nothing is wrong with it
[[nodiscard]] bool is_plain_http(const std::string& text);
// "https://shop.example": what may be told of it.
// REQUIRES: nothing is wrong with it
[[nodiscard]] std::string origin_of(const std::string& text);

}  // namespace concertres::server
