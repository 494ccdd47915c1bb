// One connection: reads requests, has them answered one at a time and in order, writes the answers.
//
// Everything happens in resume(), which does whatever can be done now and returns when it has to
// wait: for bytes, for room to write, or for the handler. Whoever the connection waits for calls
// resume() again.
//
// Threads: that of its io_context, but for what an Answer does.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/connection_set.hpp"
#include "http/handler.hpp"
#include "http/listener.hpp"
#include "http/outbox.hpp"
#include "http/parser.hpp"
#include "http/stream.hpp"

namespace concertres::http {

using Socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

class Connection : public std::enable_shared_from_this<Connection> {
  public:
    // What it is counted as while it is open.
    enum class Kind : std::uint8_t {
        served,
        refused,  // it is only told that there are too many
    };

    Connection(Socket socket, std::string peer, Kind kind, std::shared_ptr<ConnectionSet> set);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void start();
    // What the set's sweep asks each of its connections.
    [[nodiscard]] bool expire(std::chrono::steady_clock::time_point now);
    [[nodiscard]] bool is_idle() const;
    void close();

  private:
    friend class Answer;
    friend class ConnectionSet;

    // What is being read; each has its deadline.
    enum class Reading : std::uint8_t {
        first,  // nothing has come yet
        idle,   // between two requests
        head,
        body,
        nothing,  // the request is whole
    };

    // Without a response the request was dropped.
    static void deliver(std::shared_ptr<Connection> connection, std::optional<Response> response);
    void keep_answer(std::optional<Response> response);

    void resume();
    void advance();
    bool parse();
    void ask_handler();
    void take_head();
    void take_answer();
    void refuse(Refusal refusal, std::string_view detail);
    void refuse_late(std::string_view detail);

    void now_reading(Reading what);
    void read();
    void on_read(const boost::system::error_code& error, std::size_t bytes);
    void add_to_outbox(Response response, const Outbox::Manner& manner);
    [[nodiscard]] std::chrono::milliseconds time_to_take(std::size_t bytes) const;
    bool flush();
    void on_writable(const boost::system::error_code& error);
    void linger();
    void send_stream();
    void begin_stream();
    void give_up();

    Socket socket_;
    const std::string peer_;
    const Kind kind_;
    const std::shared_ptr<ConnectionSet> set_;
    std::size_t slot_ = 0;  // in set_

    Parser parser_;
    Outbox outbox_;
    std::optional<Response> answer_;  // to the request in parser_, not yet in outbox_
    std::shared_ptr<Stream> stream_;  // the answer's body, while it goes on
    bool chunked_ = false;            // it goes in chunks
    std::shared_ptr<void> held_;      // what the handler keeps for the request in parser_

    bool in_set_ = false;
    bool open_ = true;
    bool receiving_ = false;  // an asynchronous read is under way
    bool writing_ = false;    // the peer's receive window is full
    bool answering_ = false;  // the handler has the request in parser_
    bool closing_ = false;    // nothing is answered any more; what is in outbox_ still goes out
    bool lingering_ = false;  // all is sent; what still comes in is thrown away
    Reading reading_ = Reading::first;
    std::size_t drained_bytes_ = 0;
    std::chrono::steady_clock::time_point read_deadline_{};
    std::chrono::steady_clock::time_point write_deadline_{};
    // Of all that is in outbox_, while its reader is slow.
    static constexpr auto never = std::chrono::steady_clock::time_point::max();
    std::chrono::steady_clock::time_point take_deadline_ = never;

    std::size_t in_begin_ = 0;
    std::size_t in_end_ = 0;
    // Small, for thousands are idle: a head mostly fits, and a body comes in as many parts as it
    // likes.
    std::array<char, 2 * 1024> in_;
};

}  // namespace concertres::http
