// A Wire is one client's connection to the server: it sends a request, tells what was heard, and is
// kept for the next. It connects when it has something to send; where a kept connection turns out
// to be closed, it asks once more on a fresh one, as every client does.
//
//   Wire wire(io, endpoint, timeout, [](const Heard& heard) { ... });
//   wire.ask(text);   // and later the function is called, once
//
// Threads: that of its io_context.
// Lifetime: until its io_context runs no more, or nothing is under way.
#pragma once

#include <array>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "load/answer_reader.hpp"

namespace concertres::load {

// What came of a request.
struct Heard {
    int status = 0;              // 0: no answer
    std::string_view failure{};  // why there is none: "connection refused", "no answer in time"
    std::string_view body{};
    std::optional<std::chrono::seconds> retry_after{};
};

class Wire {
  public:
    using Clock = std::chrono::steady_clock;

    // `heard` is called from the io_context alone, never from within ask().
    Wire(boost::asio::io_context& io, const boost::asio::ip::tcp::endpoint& server,
         std::chrono::milliseconds timeout, std::function<void(const Heard&)> heard);
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    // REQUIRES: nothing is under way
    // Lifetime: `text` stays until it is answered.
    void ask(const std::string& text);
    [[nodiscard]] bool busy() const { return busy_; }
    // Whoever has many wires looks now and then: what has waited too long fails.
    void expire(Clock::time_point now);
    // Forgets what is under way.
    void close();

  private:
    using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp,
                                                    boost::asio::io_context::executor_type>;
    using Error = boost::system::error_code;

    void connect();
    void write();
    void read();
    void on_read(const Error& error, std::size_t bytes);
    void fail(const Error& error);
    void end(const Heard& heard);
    void shut();

    boost::asio::io_context& io_;
    boost::asio::ip::tcp::endpoint server_;
    std::chrono::milliseconds timeout_;
    std::function<void(const Heard&)> heard_;
    Socket socket_;
    AnswerReader reader_;
    const std::string* text_ = nullptr;
    std::size_t sent_ = 0;
    Clock::time_point deadline_{};
    // Of what is under way on the socket: what an earlier one says later is not heard.
    std::uint64_t attempt_ = 0;
    bool busy_ = false;
    bool kept_ = false;      // this request goes out on a connection of an earlier one
    bool answered_ = false;  // some of the answer has come
    std::array<char, 4 * 1024> in_;
};

}  // namespace concertres::load
