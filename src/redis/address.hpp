// Where a line in Redis is: redis.hpp says what an address looks like.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/result.hpp"

namespace concertres::redis {

struct Endpoint {
    std::string host;
    std::uint16_t port = 0;

    friend auto operator<=>(const Endpoint&, const Endpoint&) = default;

    [[nodiscard]] std::string text() const;
};

struct Address {
    std::vector<Endpoint> hosts{};
    bool is_tls = false;
    bool is_cluster = false;
    std::string sentinel{};  // the master's name there; empty: the hosts are servers
    std::string user{};
    std::string password_file{};
    std::string ca_file{};
    int database = 0;
    std::string prefix = "concertres";
};

// Refuses: request_invalid, saying what is wrong. There may be a password in what is no address, so
// that is not repeated.
[[nodiscard]] Result<Address> parse_address(std::string_view text);

// HOST:PORT, [HOST]:PORT, or either without a port. Refuses: request_invalid
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t port);

}  // namespace concertres::redis
