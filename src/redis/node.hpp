// A server that is to be kept in touch with: where a connection ends another is opened, later and
// later as long as none succeeds. Behind sentinels these are asked, each time, which server it is.
//
// Threads: that of its io_context.
#pragma once

#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "redis/connection.hpp"

namespace concertres::redis {

class Node : private Connection::Listener {
  public:
    class Owner {
      public:
        virtual ~Owner() = default;
        virtual void on_reply(Node& node, std::unique_ptr<Call> call, Reply reply) = 0;
        virtual void on_failure(std::unique_ptr<Call> call, bool was_sent,
                                const std::string& why) = 0;
        // A connection was lost, or did not come to be.
        virtual void on_down(Node& node, const std::string& why) = 0;
        virtual void on_up(Node& node) = 0;
    };
    // Whom to ask for the server, in place of an endpoint.
    struct Sentinels {
        std::vector<Endpoint> hosts{};
        std::string name{};  // of the master there
    };

    // Lifetime: all of them outlive it.
    Node(boost::asio::io_context& io, const ConnectionSettings& settings, Endpoint to,
         Owner& owner);
    Node(boost::asio::io_context& io, const ConnectionSettings& settings, Sentinels sentinels,
         Owner& owner);
    ~Node() override;
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    // Goes out now, or once there is a connection; fails where there was none a moment ago.
    void send(std::unique_ptr<Call> call);
    // The same, once it is sure that the server is the one that it was.
    void check_and_send(std::unique_ptr<Call> call);
    // What the server answers shows that it is not to be used as it is.
    void reconnect(const std::string& why);

    // Of the server that it has, or had.
    [[nodiscard]] const Endpoint& to() const { return to_; }
    [[nodiscard]] bool is_up() const { return connection_ && connection_->is_ready(); }
    // It could not be reached a moment ago, and nothing waits for it.
    [[nodiscard]] bool is_resting() const { return state_ == State::resting; }

  private:
    enum class State : std::uint8_t { idle, opening, up, resting };

    void on_ready(Connection& connection) override;
    void on_reply(Connection& connection, std::unique_ptr<Call> call, Reply reply) override;
    void on_closed(Connection& connection, const std::string& why,
                   std::deque<std::unique_ptr<Call>> calls, std::size_t unsent) override;

    [[nodiscard]] Connection::Listener& listener() { return *this; }
    void open();
    void connect();
    void ask_next_sentinel();
    void on_sentinel_ready();
    void on_sentinel_reply(const Reply& reply);
    void fail(const std::string& why);
    void fail_late();
    void watch();

    boost::asio::io_context& io_;
    const ConnectionSettings& settings_;
    const ConnectionSettings sentinel_settings_;
    Endpoint to_;
    const Sentinels sentinels_;
    Owner& owner_;
    boost::asio::steady_timer timer_;

    State state_ = State::idle;
    std::string why_;  // it rests
    std::shared_ptr<Connection> connection_;
    std::shared_ptr<Connection> sentinel_;
    std::size_t asked_ = 0;        // sentinels, in this attempt
    std::size_t first_asked_ = 0;  // the one that answered last
    int failures_ = 0;             // in a row
    std::minstd_rand dice_;
    std::deque<std::unique_ptr<Call>> waiting_;
};

}  // namespace concertres::redis
