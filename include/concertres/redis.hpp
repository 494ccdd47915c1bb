// A line (line.hpp) in Redis 6.2 or later, for rooms so long, or asked after by so many, that they
// are better kept out of the storage: one server, one behind sentinels, or a cluster.
//
//   const auto line = open_redis_line("redis://redis.example/0");
//   const auto line = open_redis_line("rediss://sale@a.example,b.example?cluster=on"
//                                     "&password_file=/etc/concertres/redis&ca_file=/etc/ca.pem");
//   const auto line = open_redis_line("redis://a.example,b.example,c.example?sentinel=mymaster");
//
// An address is redis://[USER@]HOST[:PORT][,HOST[:PORT]...][/DATABASE][?OPTION=VALUE&...], and
// rediss:// with TLS, where certificates and the names in them are verified. Options: cluster=on;
// sentinel=NAME, and then the hosts are sentinels (by default at port 26379); password_file=FILE,
// which is read anew with every connection; ca_file=FILE, the only certificates that are trusted
// then; prefix=WORD, what all keys begin with (by default concertres). A host that is an IPv6
// address stands in brackets.
//
// What Redis acknowledged it may lose in a fail-over, and after a crash. So each connection asks
// which process it has come to, in which history of data, and a line is good only where its epoch
// was begun: a restart, a fail-over and a promotion make it `lost`, also where in truth nothing is.
// A server that may evict keys is not used.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "concertres/line.hpp"
#include "concertres/result.hpp"

namespace concertres {

struct RedisOptions {
    // Of one call, from when it is made; of a connection too. A server that says nothing for so
    // long is given up, and what was under way there is `unknown`.
    Duration timeout = std::chrono::seconds(1);
    // Calls that wait or are under way; what is beyond is `away` at once.
    std::size_t calls_max = 16'384;
    // Told why a server cannot be used, once for each reason in a row, and that it can again.
    // Threads: one of the line's own; it neither throws nor blocks.
    std::function<void(const std::string&)> log{};
};

// How a line in Redis fares. All but `is_reached` only grow.
struct RedisCounters {
    bool is_reached = false;  // there was a connection that can be used, just now
    std::uint64_t calls = 0;
    std::uint64_t away = 0;     // of them, how many came to that
    std::uint64_t unknown = 0;  // likewise
    std::uint64_t connections = 0;
    std::uint64_t redirections = 0;
};

class RedisLine : public LineStore {
  public:
    [[nodiscard]] virtual RedisCounters counters() const = 0;
};

// Whether it is an address. Refuses: request_invalid. The text has no part of the address in it
// that could be a password.
[[nodiscard]] Result<void> check_redis_address(const std::string& address);

// Connects with the first call; one that cannot be reached is `away`. Calls that are under way when
// the line ends are answered first, with `unknown`. Throws std::invalid_argument for what
// check_redis_address() refuses.
[[nodiscard]] std::unique_ptr<RedisLine> open_redis_line(const std::string& address,
                                                         const RedisOptions& options = {});

}  // namespace concertres
