// The page at /docs: what is on sale, a purchase as five calls that one can paste, and a place that
// web/docs fills with all that openapi.json describes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/route.hpp"
#include "api/snapshots.hpp"

namespace concertres::server {

// `origin`: where the caller reached this server, "http://127.0.0.1:8080".
[[nodiscard]] std::string start_page(const OnSale& on_sale, std::string_view origin,
                                     bool needs_api_key, Side side);
// The five calls, as lines of a shell.
[[nodiscard]] std::string purchase_calls(const OnSale::Sample& sample, const UserId& user,
                                         std::string_view origin, bool needs_api_key);

}  // namespace concertres::server
