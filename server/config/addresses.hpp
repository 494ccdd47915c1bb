// Addresses as people write them in a configuration, and the question of who it is that calls when
// a proxy stands in between.
//
//   auto office = Cidr::parse("10.0.0.0/8");
//   Address client = client_address(request.peer, forwarded_for, trusted_proxies);
//
// An IPv4 address that arrives as IPv6 (::ffff:10.0.0.1) is that IPv4 address everywhere here.
//
// Threads: any.
#pragma once

#include <array>
#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "concertres/result.hpp"
#include "http/listener.hpp"

namespace concertres::server {

using Address = boost::asio::ip::address;

// Of the two families' literal forms, without port, brackets and zone.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);

// "127.0.0.1:8080", "[::1]:8080". Refuses: request_invalid.
[[nodiscard]] Result<http::Endpoint> parse_endpoint(std::string_view text);
[[nodiscard]] std::string to_string(const http::Endpoint& endpoint);

// A range of addresses that share their first bits.
class Cidr {
  public:
    // "10.0.0.0/8", "2001:db8::/32", or one address alone. Refuses: request_invalid, also bits
    // after the prefix: whoever wrote 10.1.2.3/8 meant something else.
    [[nodiscard]] static Result<Cidr> parse(std::string_view text);

    [[nodiscard]] bool contains(const Address& address) const;
    [[nodiscard]] std::string to_string() const;

    friend bool operator==(const Cidr&, const Cidr&) = default;

  private:
    Cidr() = default;

    bool is_v4_ = true;
    std::array<std::uint8_t, 16> bytes_{};  // an IPv4 address has the first four
    unsigned prefix_ = 0;
};

// Who called: the peer, or, where the peer is a trusted proxy, whom it says it speaks for. The
// X-Forwarded-For fields, in the order in which they came, are read from the right, because each
// proxy appends what it saw; the first address that is not a trusted proxy's is the answer, since
// whatever stands to its left is that caller's own claim. An entry that is no address ends the
// walk at the proxy that passed it on. A peer that is no address is 0.0.0.0.
[[nodiscard]] Address client_address(std::string_view peer,
                                     std::span<const std::string_view> forwarded_for,
                                     std::span<const Cidr> trusted);

// What a browser sends as Origin: scheme, host and perhaps a port, nothing after it.
// Refuses: request_invalid.
[[nodiscard]] Result<std::string> parse_origin(const std::string& text);

}  // namespace concertres::server
