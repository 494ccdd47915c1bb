// A connection to one server: TCP or TLS, from the name to the end. Commands go out together as
// they come, and answers are matched to them in order. It never begins anew: see node.hpp.
//
// Before it is ready it has logged in, has the scripts loaded, and has asked the server which
// process it is; it asks that every second, and ends where the answer has changed.
//
// Threads: that of its io_context.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "concertres/callback.hpp"
#include "redis/address.hpp"
#include "redis/reply.hpp"

namespace concertres::redis {

using Instant = std::chrono::steady_clock::time_point;

// What a call came to: an answer, or why there is none, and whether it may have been done.
struct Outcome {
    std::optional<Reply> reply{};
    bool was_sent = false;
    std::string why{};
};

// One command, on its way. Whoever asked is answered once, also where it is given up.
struct Call {
    Call() = default;
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    ~Call() {
        if (done) answer({.reply = {}, .was_sent = true, .why = "the line has ended"});
    }

    void answer(Outcome outcome) {
        auto asker = std::move(done);
        asker(std::move(outcome));
    }

    std::vector<std::string> words{};
    std::size_t home_at = 0;  // which word is the home of whom it goes to; 0: none
    int slot = 0;             // of a cluster
    bool is_asking = false;   // it goes where its slot is about to be
    int redirections = 0;
    bool is_checked = false;  // it goes to whom it was thought to, as far as can be known
    Instant deadline{};
    Callback<void(Outcome)> done{};
};

struct ConnectionSettings {
    std::chrono::microseconds timeout{};
    std::string user{};
    std::string password_file{};
    int database = 0;
    boost::asio::ssl::context* tls = nullptr;  // null: none
    // Nothing is said before the first call: for a sentinel.
    bool is_bare = false;
};

class Connection : public std::enable_shared_from_this<Connection> {
  public:
    class Listener {
      public:
        virtual ~Listener() = default;
        virtual void on_ready(Connection& connection) = 0;
        virtual void on_reply(Connection& connection, std::unique_ptr<Call> call, Reply reply) = 0;
        // Once, and nothing comes after it. Of the calls the last `unsent` were never sent.
        virtual void on_closed(Connection& connection, const std::string& why,
                               std::deque<std::unique_ptr<Call>> calls, std::size_t unsent) = 0;
    };

    // Lifetime: all of them outlive it, but the listener: see leave().
    Connection(boost::asio::io_context& io, const ConnectionSettings& settings, Endpoint to,
               Listener& listener);

    void open();
    // REQUIRES: ready
    void send(std::unique_ptr<Call> call);
    // The same once the server has said again which process it is, and is that still. REQUIRES:
    // ready
    void check_and_send(std::unique_ptr<Call> call);
    // Ends it, with on_closed().
    void close(const std::string& why);
    // The listener is told nothing any more; what is under way is nobody's.
    void leave();

    [[nodiscard]] const Endpoint& to() const { return to_; }
    [[nodiscard]] bool is_ready() const { return is_ready_; }

  private:
    using tcp = boost::asio::ip::tcp;
    using error_code = boost::system::error_code;

    void connect(const tcp::resolver::results_type& found);
    void on_connected();
    void say_hello();
    void queue(std::vector<std::string> words);
    void put(std::unique_ptr<Call> call);
    void flush();
    void write();
    void read();
    void on_bytes(std::size_t size);
    void on_answer(std::unique_ptr<Call> call, Reply reply);
    void on_own_answer(const Call& call, const Reply& reply);
    void watch();
    void look_at_clock();
    [[nodiscard]] std::optional<std::string> password() const;
    template <class Use>
    void with_stream(Use&& use);

    boost::asio::io_context& io_;
    const ConnectionSettings& settings_;
    const Endpoint to_;
    Listener* listener_;
    tcp::resolver resolver_;
    tcp::socket socket_;
    std::optional<boost::asio::ssl::stream<tcp::socket&>> tls_;
    boost::asio::steady_timer timer_;
    Instant open_until_{};
    Instant next_check_{};

    std::string home_;
    bool is_ready_ = false;
    bool is_closed_ = false;
    std::size_t hello_left_ = 0;  // answers, before it is ready

    // Sent or not, in order; whatever has no `done` is this connection's own.
    std::deque<std::unique_ptr<Call>> calls_;
    std::size_t unsent_ = 0;
    std::vector<std::unique_ptr<Call>> held_;  // until the next answer to INFO
    std::string next_;                         // to be written
    std::string writing_;                      // being written
    bool is_writing_ = false;
    bool is_flush_due_ = false;
    std::array<char, 65'536> bytes_;
    ReplyReader reader_;
};

}  // namespace concertres::redis
