#include "config/broker_address.hpp"

#include <algorithm>
#include <string_view>

#include "base/json_reader.hpp"

namespace concertres::server {
namespace {

bool is_made_of(const std::string& text, std::string_view marks) {
    return !text.empty() && std::ranges::all_of(text, [&](char c) {
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return is_letter || (c >= '0' && c <= '9') || marks.find(c) != marks.npos;
    });
}

}  // namespace

std::optional<std::string> brokers_fault(const std::string& text) {
    if (text.size() <= 1'000 && is_made_of(text, ".-_:,[]")) return std::nullopt;
    return "must be HOST:PORT,HOST:PORT,..., or off, not " + in_quotes(text);
}

// With what follows it must be a topic's name: 249 characters.
std::optional<std::string> topics_fault(const std::string& text) {
    if (text.size() <= 200 && is_made_of(text, "._-")) return std::nullopt;
    return "must be at most 200 letters, digits, dots, underscores and hyphens, not " +
           in_quotes(text);
}

}  // namespace concertres::server
