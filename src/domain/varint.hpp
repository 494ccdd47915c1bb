// Numbers of few bytes, for what is stored often: seven bits a byte, the lowest first; the last
// byte has its high bit clear.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace concertres {

inline void put_varint(std::string& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out += static_cast<char>(0x80u | (value & 0x7fu));
    out += static_cast<char>(value);
}

// Takes a number of at most 63 bits from the front. False: there is none.
[[nodiscard]] inline bool take_varint(std::string_view& in, std::int64_t& out) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 63 && !in.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(in.front());
        in.remove_prefix(1);
        value |= std::uint64_t{byte & 0x7fu} << shift;
        if ((byte & 0x80u) != 0) continue;
        out = static_cast<std::int64_t>(value);
        return true;
    }
    return false;
}

}  // namespace concertres
