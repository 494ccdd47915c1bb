#include "webhook/public_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>

namespace concertres::webhook {
namespace {

struct Block4 {
    std::uint32_t address;
    int bits;
};

// IANA's registry of special addresses, multicast and what is reserved.
constexpr auto special4 = std::to_array<Block4>({
    {0x00000000, 8},   // this network, and unspecified
    {0x0a000000, 8},   // private
    {0x64400000, 10},  // behind a provider's NAT
    {0x7f000000, 8},   // loopback
    {0xa9fe0000, 16},  // link-local: clouds tell their machines' secrets there
    {0xac100000, 12},  // private
    {0xc0000000, 24},  // protocols' own
    {0xc0000200, 24},  // documentation
    {0xc0586300, 24},  // relays of 6to4
    {0xc0a80000, 16},  // private
    {0xc6120000, 15},  // benchmarks
    {0xc6336400, 24},  // documentation
    {0xcb007100, 24},  // documentation
    {0xe0000000, 4},   // multicast
    {0xf0000000, 4},   // reserved, and broadcast
});

struct Block6 {
    std::array<std::uint8_t, 4> begin;
    int bits;
};

// Of 2000::/3, outside of which nothing is public: not loopback, unique-local, link-local,
// multicast and IPv4 in IPv6's clothes.
constexpr auto special6 = std::to_array<Block6>({
    {{0x20, 0x01, 0x00, 0x00}, 23},  // protocols' own, tunnels of Teredo among them
    {{0x20, 0x01, 0x0d, 0xb8}, 32},  // documentation
    {{0x20, 0x02, 0x00, 0x00}, 16},  // 6to4: an IPv4 address is inside
    {{0x3f, 0xff, 0x00, 0x00}, 20},  // documentation
});

// 64:ff9b::/96: networks without IPv4 reach an IPv4 address through it, which has the last word.
constexpr std::array<std::uint8_t, 12> nat64 = {0x00, 0x64, 0xff, 0x9b};

std::uint32_t number_of(const std::uint8_t* bytes) {
    return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
           std::uint32_t{bytes[2]} << 8 | std::uint32_t{bytes[3]};
}

bool is_within(std::uint32_t address, std::uint32_t block, int bits) {
    return (address ^ block) >> (32 - bits) == 0;
}

bool is_public4(std::uint32_t address) {
    return std::ranges::none_of(special4, [&](const Block4& block) {
        return is_within(address, block.address, block.bits);
    });
}

bool is_public6(std::span<const std::uint8_t, 16> bytes) {
    if (std::ranges::equal(bytes.first<12>(), nat64)) return is_public4(number_of(&bytes[12]));
    const std::uint32_t begin = number_of(bytes.data());
    return is_within(begin, 0x20000000, 3) &&
           std::ranges::none_of(special6, [&](const Block6& block) {
               return is_within(begin, number_of(block.begin.data()), block.bits);
           });
}

// By copies, as a sockaddr need not be where the other type may be.
template <class Address>
Address as(const sockaddr& address) {
    Address copy;
    std::memcpy(&copy, &address, sizeof copy);
    return copy;
}

}  // namespace

bool is_public(const sockaddr& address) {
    if (address.sa_family == AF_INET) {
        return is_public4(ntohl(as<sockaddr_in>(address).sin_addr.s_addr));
    }
    if (address.sa_family == AF_INET6)
        return is_public6(as<sockaddr_in6>(address).sin6_addr.s6_addr);
    return false;
}

std::string text_of(const sockaddr& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.sa_family == AF_INET) {
        const in_addr four = as<sockaddr_in>(address).sin_addr;
        inet_ntop(AF_INET, &four, text.data(), text.size());
    } else if (address.sa_family == AF_INET6) {
        const in6_addr six = as<sockaddr_in6>(address).sin6_addr;
        inet_ntop(AF_INET6, &six, text.data(), text.size());
    }
    return text.data();
}

}  // namespace concertres::webhook
