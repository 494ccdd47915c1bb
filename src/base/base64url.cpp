#include "base/base64url.hpp"

#include <array>
#include <cstdint>

#include "concertres/assert.hpp"

namespace concertres {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t foreign = 0xff;

constexpr std::array<std::uint8_t, 256> make_values() {
    std::array<std::uint8_t, 256> values{};
    values.fill(foreign);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    }
    return values;
}

constexpr std::array<std::uint8_t, 256> values = make_values();

}  // namespace

std::string encode_base64url(std::string_view bytes) {
    std::string text((bytes.size() * 4 + 2) / 3, '\0');
    char* out = text.data();
    std::uint32_t pending = 0;
    unsigned pending_bits = 0;
    for (const char byte : bytes) {
        pending = (pending << 8) | static_cast<unsigned char>(byte);
        pending_bits += 8;
        while (pending_bits >= 6) {
            pending_bits -= 6;
            *out++ = alphabet[(pending >> pending_bits) & 0x3fu];
        }
    }
    if (pending_bits > 0) *out = alphabet[(pending << (6 - pending_bits)) & 0x3fu];
    return text;
}

std::optional<std::string> decode_base64url(std::string_view text) {
    std::string bytes(text.size() * 3 / 4, '\0');
    if (!decode_base64url(text, bytes)) return std::nullopt;
    return bytes;
}

bool decode_base64url(std::string_view text, std::span<char> bytes) {
    CONCERTRES_ASSERT(bytes.size() == text.size() * 3 / 4);
    // One character alone holds six bits: less than a byte.
    if (text.size() % 4 == 1) return false;
    char* out = bytes.data();
    std::uint32_t pending = 0;
    unsigned pending_bits = 0;
    for (const char c : text) {
        const std::uint8_t value = values[static_cast<unsigned char>(c)];
        if (value == foreign) return false;
        pending = (pending << 6) | value;
        pending_bits += 6;
        if (pending_bits >= 8) {
            pending_bits -= 8;
            *out++ = static_cast<char>((pending >> pending_bits) & 0xffu);
        }
    }
    return (pending & ((1u << pending_bits) - 1)) == 0;
}

}  // namespace concertres
