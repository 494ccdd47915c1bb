// A Listener accepts connections on one address and lets a Handler answer what comes in. HTTP/1.1
// with keep-alive and pipelining, answered in order, one request of a connection at a time.
//
//   Listener listener(contexts, {.address = "127.0.0.1", .port = 8080}, limits, handler);
//   listener.start();
//   ... listener.stop_accepting(); listener.close_idle(); ... listener.close_all();
//
// Threads: each connection belongs to one io_context, which one thread runs. start, stop_accepting,
// close_* and counters: any.
// Lifetime: the contexts outlive the listener and every Respond, called or not. The handler
// outlives every connection, so the contexts have stopped before it goes.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "http/handler.hpp"

namespace concertres::http {

// Every bound of a connection. 0 is no value for any of them.
struct Limits {
    std::size_t head_bytes_max = 16 * 1024;
    std::size_t fields_max = 64;
    std::size_t target_bytes_max = 2 * 1024;
    std::size_t chunk_overhead_bytes_max = 4 * 1024;
    std::size_t connections_max = 10'000;
    std::chrono::milliseconds head_timeout = std::chrono::seconds(10);
    std::chrono::milliseconds body_timeout = std::chrono::seconds(30);
    // Between two requests of a connection.
    std::chrono::milliseconds idle_timeout = std::chrono::seconds(75);
    // Without a byte taken by who reads the answer.
    std::chrono::milliseconds write_timeout = std::chrono::seconds(30);
    // All of an answer is to be taken within write_timeout and its length at this speed: what it is
    // made of is kept as long, and a reader who takes a byte now and then could keep it for ever.
    std::size_t take_bytes_per_second_min = 8 * 1024;
};

struct Endpoint {
    std::string address;     // "127.0.0.1", "::1", "0.0.0.0"
    std::uint16_t port = 0;  // 0: a free one is picked
};

// Read at any time; each only grows, but for `open`.
struct Counters {
    std::atomic<std::int64_t> open{0};
    std::atomic<std::int64_t> accepted{0};
    std::atomic<std::int64_t> refused{0};  // too many connections, or no descriptor was left
    std::atomic<std::int64_t> timed_out{0};
    std::atomic<std::int64_t> framing{0};  // messages that were refused
    std::atomic<std::int64_t> bytes_in{0};
    std::atomic<std::int64_t> bytes_out{0};
};

class Listener {
  public:
    // Binds at once. Throws std::system_error, saying which address and why.
    Listener(std::span<boost::asio::io_context* const> contexts, const Endpoint& endpoint,
             const Limits& limits, Handler& handler);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] const Counters& counters() const;

    void start();
    // No further connection is taken, and what is answered from now on closes its connection.
    void stop_accepting();
    // Closes the connections on which no request is being read or answered.
    void close_idle();
    void close_all();

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace concertres::http
