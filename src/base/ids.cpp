#include "concertres/ids.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <bit>
#include <stdexcept>

#include "base/hex.hpp"
#include "base/random.hpp"

namespace concertres {
namespace {

// Drawn once, at random. It must never change: every UUID that was made from a name follows from
// it.
constexpr std::array<std::uint8_t, 16> name_space = {
    0x6c, 0x79, 0x15, 0xde, 0x02, 0xee, 0x4d, 0x6e, 0x86, 0x65, 0x68, 0x48, 0x2c, 0xd3, 0x39, 0x39};

constexpr std::size_t text_size = 36;

constexpr bool is_dash_at(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

void set_version(Uuid& uuid, unsigned version) {
    uuid.bytes[6] = static_cast<std::uint8_t>((uuid.bytes[6] & 0x0fu) | (version << 4));
    uuid.bytes[8] = static_cast<std::uint8_t>((uuid.bytes[8] & 0x3fu) | 0x80u);
}

}  // namespace

std::string Uuid::to_string() const {
    std::string text;
    append_to(text);
    return text;
}

void Uuid::append_to(std::string& text) const {
    constexpr char digits[] = "0123456789abcdef";
    std::array<char, text_size> all{};
    all.fill('-');
    std::size_t at = 0;
    for (const std::uint8_t byte : bytes) {
        if (is_dash_at(at)) ++at;
        all[at++] = digits[byte >> 4];
        all[at++] = digits[byte & 0x0fu];
    }
    text.append(all.data(), all.size());
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
    if (text.size() != text_size) return std::nullopt;
    Uuid uuid;
    std::size_t at = 0;
    for (std::uint8_t& byte : uuid.bytes) {
        if (is_dash_at(at) && text[at++] != '-') return std::nullopt;
        const int high = hex_value(text[at]);
        const int low = hex_value(text[at + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        byte = static_cast<std::uint8_t>(high << 4 | low);
        at += 2;
    }
    return uuid;
}

Uuid Uuid::from_name(std::string_view name) {
    std::string input(name_space.begin(), name_space.end());
    input += name;
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    // SHA-1 is what version 5 prescribes; nothing here leans on its strength.
    if (EVP_Digest(input.data(), input.size(), digest.data(), nullptr, EVP_sha1(), nullptr) != 1) {
        throw std::runtime_error("SHA-1 is not available");
    }
    Uuid uuid;
    std::copy_n(digest.begin(), uuid.bytes.size(), uuid.bytes.begin());
    set_version(uuid, 5);
    return uuid;
}

Uuid Uuid::random() {
    Uuid uuid;
    fill_random(uuid.bytes);
    set_version(uuid, 4);
    return uuid;
}

const detail::HashSecret& detail::hash_secret() noexcept {
    static const HashSecret secret = [] {
        std::array<std::uint8_t, sizeof(HashSecret)> bytes{};
        fill_random(bytes);
        return std::bit_cast<HashSecret>(bytes);
    }();
    return secret;
}

}  // namespace concertres
