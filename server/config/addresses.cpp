#include "config/addresses.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <charconv>
#include <utility>

#include "base/json_reader.hpp"

namespace concertres::server {
namespace {

namespace ip = boost::asio::ip;

Error invalid(std::string detail) { return {Errc::request_invalid, std::move(detail), {}}; }

// Digits alone: no sign, no blank, nothing after them.
std::optional<unsigned> parse_digits(std::string_view text, unsigned max) {
    unsigned value = 0;
    const char* end = text.data() + text.size();
    auto [stop, fault] = std::from_chars(text.data(), end, value);
    if (fault != std::errc() || stop != end || value > max) return std::nullopt;
    return value;
}

std::array<std::uint8_t, 16> bytes_of(const Address& address) {
    std::array<std::uint8_t, 16> bytes{};
    if (address.is_v4()) {
        const auto four = address.to_v4().to_bytes();
        std::copy(four.begin(), four.end(), bytes.begin());
    } else {
        const auto sixteen = address.to_v6().to_bytes();
        std::copy(sixteen.begin(), sixteen.end(), bytes.begin());
    }
    return bytes;
}

// The bits that byte `index` has in a prefix of this length.
std::uint8_t mask_of(unsigned prefix, std::size_t index) {
    const std::size_t bits =
        std::min<std::size_t>(8, prefix - std::min<std::size_t>(prefix, index * 8));
    return static_cast<std::uint8_t>(0xffu << (8 - bits));
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// An entry of X-Forwarded-For. Some proxies append the port: 192.0.2.1:4711, [2001:db8::1]:4711.
std::optional<Address> parse_hop(std::string_view entry) {
    if (auto address = parse_address(entry)) return address;
    std::string_view host = entry;
    if (entry.starts_with('[')) {
        const std::size_t end = entry.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        host = entry.substr(1, end - 1);
        entry.remove_prefix(end + 1);
        if (entry.empty()) return parse_address(host);
        if (entry.front() != ':') return std::nullopt;
        entry.remove_prefix(1);
    } else {
        const std::size_t colon = entry.find(':');
        if (colon == std::string_view::npos) return std::nullopt;
        host = entry.substr(0, colon);
        entry.remove_prefix(colon + 1);
    }
    if (!parse_digits(entry, 65'535)) return std::nullopt;
    return parse_address(host);
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
    // A zone (fe80::1%eth0) names a network of one machine; no list of addresses can mean that.
    if (text.find('%') != std::string_view::npos || text.size() > 64) return std::nullopt;
    boost::system::error_code fault;
    Address address = ip::make_address(std::string(text), fault);
    if (fault) return std::nullopt;
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return ip::make_address_v4(ip::v4_mapped, address.to_v6());
    }
    return address;
}

Result<http::Endpoint> parse_endpoint(std::string_view text) {
    const Error fault =
        invalid("must be an IP address and a port, like 127.0.0.1:8080 or [::1]:8080, not " +
                in_quotes(text));
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return fault;
    const auto port = parse_digits(text.substr(colon + 1), 65'535);
    std::string_view host = text.substr(0, colon);
    const bool in_brackets = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
    if (in_brackets) host = host.substr(1, host.size() - 2);
    // Checked, but kept as it was written: an address mapped into IPv6 is listened on as such.
    const auto address = parse_address(host);
    const bool has_colons = host.find(':') != std::string_view::npos;
    if (!port || !address || in_brackets != has_colons) return fault;
    return http::Endpoint{.address = std::string(host), .port = static_cast<std::uint16_t>(*port)};
}

std::string to_string(const http::Endpoint& endpoint) {
    const bool is_v6 = endpoint.address.find(':') != std::string::npos;
    return is_v6 ? fmt::format("[{}]:{}", endpoint.address, endpoint.port)
                 : fmt::format("{}:{}", endpoint.address, endpoint.port);
}

Result<Cidr> Cidr::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto address = parse_address(text.substr(0, slash));
    if (!address) {
        return invalid("must be a range of addresses, like 10.0.0.0/8 or 2001:db8::/32, not " +
                       in_quotes(text));
    }
    Cidr cidr;
    cidr.is_v4_ = address->is_v4();
    cidr.bytes_ = bytes_of(*address);
    const unsigned bits = cidr.is_v4_ ? 32 : 128;
    cidr.prefix_ = bits;
    if (slash == std::string_view::npos) return cidr;

    auto prefix = parse_digits(text.substr(slash + 1), 128);
    // ::ffff:10.0.0.0/104 is 10.0.0.0/8.
    const bool was_mapped = cidr.is_v4_ && text.find(':') < slash;
    if (was_mapped) prefix = prefix && *prefix >= 96 ? std::optional(*prefix - 96) : std::nullopt;
    if (!prefix || *prefix > bits) {
        return invalid(fmt::format("must have a prefix of 0 to {} bits after the slash, not {}",
                                   bits, in_quotes(text)));
    }
    cidr.prefix_ = *prefix;
    const auto given = cidr.bytes_;
    for (std::size_t i = 0; i < cidr.bytes_.size(); ++i) cidr.bytes_[i] &= mask_of(*prefix, i);
    if (given != cidr.bytes_) {
        return invalid(fmt::format("has bits after its prefix: {}; that range is {}",
                                   in_quotes(text), cidr.to_string()));
    }
    return cidr;
}

bool Cidr::contains(const Address& given) const {
    Address address = given;
    if (given.is_v6() && given.to_v6().is_v4_mapped()) {
        address = ip::make_address_v4(ip::v4_mapped, given.to_v6());
    }
    if (address.is_v4() != is_v4_) return false;
    const auto bytes = bytes_of(address);
    for (std::size_t i = 0; i * 8 < prefix_; ++i) {
        if ((bytes[i] & mask_of(prefix_, i)) != bytes_[i]) return false;
    }
    return true;
}

std::string Cidr::to_string() const {
    if (!is_v4_) return fmt::format("{}/{}", ip::address_v6(bytes_).to_string(), prefix_);
    const ip::address_v4 address({bytes_[0], bytes_[1], bytes_[2], bytes_[3]});
    return fmt::format("{}/{}", address.to_string(), prefix_);
}

Address client_address(std::string_view peer, std::span<const std::string_view> forwarded_for,
                       std::span<const Cidr> trusted) {
    auto is_trusted = [trusted](const Address& address) {
        return std::any_of(trusted.begin(), trusted.end(),
                           [&](const Cidr& cidr) { return cidr.contains(address); });
    };
    // A peer may have a zone, which says through which of our interfaces it came.
    Address client = parse_address(peer.substr(0, peer.find('%'))).value_or(Address());
    for (std::size_t i = forwarded_for.size(); i-- > 0;) {
        std::string_view rest = forwarded_for[i];
        bool more = true;
        while (more) {
            if (!is_trusted(client)) return client;
            const std::size_t comma = rest.rfind(',');
            more = comma != std::string_view::npos;
            const auto hop = parse_hop(trimmed(more ? rest.substr(comma + 1) : rest));
            if (!hop) return client;
            client = *hop;
            if (more) rest = rest.substr(0, comma);
        }
    }
    return client;
}

Result<std::string> parse_origin(const std::string& text) {
    std::string_view rest = text;
    bool is_origin = false;
    for (std::string_view scheme : {"https://", "http://"}) {
        if (!rest.starts_with(scheme)) continue;
        rest.remove_prefix(scheme.size());
        is_origin = !rest.empty();
        break;
    }
    constexpr std::string_view in_host = "abcdefghijklmnopqrstuvwxyz0123456789-._:[]";
    is_origin = is_origin && rest.find_first_not_of(in_host) == std::string_view::npos;
    if (is_origin) return text;
    return Error{Errc::request_invalid,
                 "must be what a browser sends as Origin, like https://tickets.example.org, "
                 "in lower case and without a path, not " +
                     in_quotes(text),
                 {}};
}

}  // namespace concertres::server
