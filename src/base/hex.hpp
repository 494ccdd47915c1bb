// Bytes as hexadecimal digits.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace concertres {

// By the byte of a digit. A table, for the digits of an id are as random as any, and branches would
// be guessed wrongly.
inline constexpr auto hex_values = [] {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (std::uint8_t digit = 0; digit < 16; ++digit) {
        values[static_cast<unsigned char>("0123456789abcdef"[digit])] =
            static_cast<std::int8_t>(digit);
        values[static_cast<unsigned char>("0123456789ABCDEF"[digit])] =
            static_cast<std::int8_t>(digit);
    }
    return values;
}();

// 0..15, in either case, or -1 for what is no hexadecimal digit.
[[nodiscard]] constexpr int hex_value(char c) { return hex_values[static_cast<unsigned char>(c)]; }

// Lower-case, two digits a byte.
[[nodiscard]] std::string to_hex(std::span<const std::uint8_t> bytes);

// As many bytes as `out` has, in either case. False, and `out` is not to be used: the text is
// something else.
[[nodiscard]] bool from_hex(std::string_view text, std::span<std::uint8_t> out);

}  // namespace concertres
