// "Did you mean ...?" for names that people misspell.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace concertres::server {

// The known word that was most likely meant, or nothing where none is near.
[[nodiscard]] std::optional<std::string_view> nearest_word(std::string_view word,
                                                           std::span<const std::string_view> known);

}  // namespace concertres::server
