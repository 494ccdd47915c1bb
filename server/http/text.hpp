// The alphabets of HTTP/1.1 (RFC 9110 and 9112), and comparing what ignores case.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace concertres::http {

namespace detail {

enum : std::uint8_t { token_bit = 1, target_bit = 2, value_bit = 4, host_bit = 8 };

constexpr std::array<std::uint8_t, 256> make_alphabets() {
    std::array<std::uint8_t, 256> table{};
    auto add = [&](std::string_view letters, int bits) {
        for (char letter : letters) {
            auto& entry = table[static_cast<unsigned char>(letter)];
            entry = static_cast<std::uint8_t>(entry | bits);
        }
    };
    add("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
        token_bit | target_bit | host_bit);
    add("!#$%&'*+-.^_`|~", token_bit);
    add("-._~:/?@!$&'()*+,;=%", target_bit);
    add("-._~", host_bit);
    add("\t", value_bit);
    for (std::size_t byte = 0x20; byte < 256; ++byte) {
        if (byte != 0x7f) table[byte] = static_cast<std::uint8_t>(table[byte] | value_bit);
    }
    return table;
}

inline constexpr std::array<std::uint8_t, 256> alphabets = make_alphabets();

constexpr bool has(char c, std::uint8_t bit) {
    return (alphabets[static_cast<unsigned char>(c)] & bit) != 0;
}

}  // namespace detail

constexpr bool is_token(char c) { return detail::has(c, detail::token_bit); }
// Of a path or query: what RFC 3986 lets stand unescaped, and '%'.
constexpr bool is_target(char c) { return detail::has(c, detail::target_bit); }
// Of a field's value: anything but control bytes.
constexpr bool is_value(char c) { return detail::has(c, detail::value_bit); }
constexpr bool is_host(char c) { return detail::has(c, detail::host_bit); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
// -1 where it is no hexadecimal digit.
constexpr int hex_digit(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

constexpr bool same_ignoring_case(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

// Without the spaces and tabs around it.
constexpr std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

}  // namespace concertres::http
