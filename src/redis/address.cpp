#include "redis/address.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "concertres/redis.hpp"

namespace concertres::redis {
namespace {

constexpr std::uint16_t server_port = 6379;
constexpr std::uint16_t sentinel_port = 26379;
constexpr std::size_t hosts_max = 64;

Error refusal(std::string what) {
    return {Errc::request_invalid, "the address of Redis " + std::move(what), {}};
}

// No word of an address needs to be encoded, so none is decoded.
bool is_made_of(std::string_view text, std::string_view marks) {
    return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, [&](char c) {
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return is_letter || (c >= '0' && c <= '9') || marks.find(c) != marks.npos;
    });
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
    Number value{};
    const char* const end = text.data() + text.size();
    const auto [rest, fault] = std::from_chars(text.data(), end, value);
    if (fault != std::errc() || rest != end) return std::nullopt;
    return value;
}

// What stands before the first `mark`, which is taken away with it; all of it where there is none.
std::string_view cut(std::string_view& text, char mark) {
    const std::size_t at = text.find(mark);
    const std::string_view before = text.substr(0, at);
    text = at == text.npos ? std::string_view() : text.substr(at + 1);
    return before;
}

std::optional<Error> read_option(std::string_view name, std::string_view value, Address& address) {
    const bool is_file =
        value.starts_with('/') && value.size() <= 4'096 && value.find_first_of("%\n") == value.npos;
    if (name == "cluster") {
        if (value != "on" && value != "off") return refusal("may say cluster=on, or cluster=off");
        address.is_cluster = value == "on";
    } else if (name == "sentinel") {
        if (!is_made_of(value, "._-")) return refusal("must name the master: sentinel=NAME");
        address.sentinel = value;
    } else if (name == "password_file") {
        if (!is_file) return refusal("must name a file from the root: password_file=/FILE");
        address.password_file = value;
    } else if (name == "ca_file") {
        if (!is_file) return refusal("must name a file from the root: ca_file=/FILE");
        address.ca_file = value;
    } else if (name == "prefix") {
        if (!is_made_of(value, "._-:")) {
            return refusal("must have a prefix of letters, digits and ._-: alone");
        }
        address.prefix = value;
    } else {
        return refusal(
            "knows the options cluster, sentinel, password_file, ca_file and prefix, and no other");
    }
    return std::nullopt;
}

std::optional<Error> check_whole(const Address& address) {
    if (address.is_cluster && !address.sentinel.empty()) {
        return refusal("is of a cluster or of sentinels, not of both");
    }
    if (address.is_cluster && address.database != 0) {
        return refusal("is of a cluster, which has no database but 0");
    }
    if (!address.is_cluster && address.sentinel.empty() && address.hosts.size() > 1) {
        return refusal("has several hosts: say cluster=on, or sentinel=NAME");
    }
    if (!address.ca_file.empty() && !address.is_tls) {
        return refusal("has a ca_file, which is for rediss://");
    }
    if (!address.user.empty() && address.password_file.empty()) {
        return refusal("has a user, who needs a password_file");
    }
    return std::nullopt;
}

}  // namespace

std::string Endpoint::text() const {
    const bool is_ipv6 = host.find(':') != host.npos;
    return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t port) {
    Endpoint endpoint{.host = {}, .port = port};
    std::string_view host = text;
    std::optional<std::string_view> digits;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == text.npos) return refusal("has a [ without a ]");
        host = text.substr(1, end - 1);
        const std::string_view rest = text.substr(end + 1);
        if (!rest.empty() && rest.front() != ':') return refusal("has something behind a ]");
        if (!rest.empty()) digits = rest.substr(1);
        if (!is_made_of(host, ":.")) return refusal("has no IPv6 address in its brackets");
    } else {
        const std::size_t colon = text.find(':');
        host = text.substr(0, colon);
        if (colon != text.npos) digits = text.substr(colon + 1);
        if (!is_made_of(host, "._-")) {
            return refusal("must be like redis://HOST:PORT, with more of them behind commas");
        }
    }
    endpoint.host = host;
    if (digits) {
        const auto value = number_of<std::uint16_t>(*digits);
        if (!value || *value == 0) return refusal("has a port that is none");
        endpoint.port = *value;
    }
    return endpoint;
}

Result<Address> parse_address(std::string_view text) {
    Address address;
    std::string_view options = text;
    std::string_view path = cut(options, '?');
    address.is_tls = path.starts_with("rediss://");
    if (!address.is_tls && !path.starts_with("redis://")) {
        return refusal("must be like redis://HOST:PORT, or rediss://HOST:PORT with TLS");
    }
    path.remove_prefix(path.find("//") + 2);
    std::string_view hosts = cut(path, '/');

    while (!options.empty()) {
        std::string_view value = cut(options, '&');
        const std::string_view name = cut(value, '=');
        if (auto fault = read_option(name, value, address)) return std::move(*fault);
    }
    if (!path.empty()) {
        const auto database = number_of<int>(path);
        if (!database || *database < 0) return refusal("has a database that is no number");
        address.database = *database;
    }
    if (const std::size_t at = hosts.rfind('@'); at != hosts.npos) {
        const std::string_view user = hosts.substr(0, at);
        if (user.find(':') != user.npos) {
            return refusal(
                "has a password, which others could see there: write it to a file of mode 0600, "
                "and say password_file=/FILE");
        }
        if (!is_made_of(user, "._-")) return refusal("has a user that is none");
        address.user = user;
        hosts.remove_prefix(at + 1);
    }
    do {
        auto host =
            parse_endpoint(cut(hosts, ','), address.sentinel.empty() ? server_port : sentinel_port);
        if (!host) return host.error();
        address.hosts.push_back(std::move(*host));
    } while (!hosts.empty() && address.hosts.size() < hosts_max);
    if (!hosts.empty()) return refusal("has too many hosts");
    if (auto fault = check_whole(address)) return std::move(*fault);
    return address;
}

}  // namespace concertres::redis

namespace concertres {

Result<void> check_redis_address(const std::string& address) {
    const auto parsed = redis::parse_address(address);
    if (!parsed) return parsed.error();
    return {};
}

}  // namespace concertres
