// Files that are part of the program, made at build time (tools/embed.cpp).
#pragma once

#include <span>
#include <string_view>

namespace concertres::server {

struct Asset {
    std::string_view name;  // "web/style.css", "openapi.json"
    std::string_view content_type;
    std::string_view etag;  // in quotes
    std::string_view bytes;
    std::string_view gzip;
};

[[nodiscard]] std::span<const Asset> all_assets();
// REQUIRES: there is one
[[nodiscard]] const Asset& asset(std::string_view name);

}  // namespace concertres::server
