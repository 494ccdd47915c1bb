// Sends each call to the server that has its slot, and again where it was not done: to where a
// server says that the slot is now, or a moment later. What may have been done is never sent again.
//
// Threads: that of its io_context.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "redis/node.hpp"

namespace concertres::redis {

// Of a key, by what stands between its braces.
[[nodiscard]] int slot_of(std::string_view tag);

class Router : private Node::Owner {
  public:
    // Told of how it fares.
    class Observer {
      public:
        virtual ~Observer() = default;
        virtual void on_trouble(const std::string& why) = 0;
        virtual void on_connection() = 0;
        virtual void on_redirection() = 0;
        virtual void on_reached(bool is_reached) = 0;
    };

    // Lifetime: all of them outlive it.
    Router(boost::asio::io_context& io, const Address& address, const ConnectionSettings& settings,
           Observer& observer);
    ~Router() override;
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;

    // Is answered before the call's deadline, or soon after.
    void send(std::unique_ptr<Call> call);

  private:
    // Slots are where they were from `first` on, up to the next one's.
    using SlotMap = std::map<int, Endpoint>;

    void on_reply(Node& node, std::unique_ptr<Call> call, Reply reply) override;
    void on_failure(std::unique_ptr<Call> call, bool was_sent, const std::string& why) override;
    void on_down(Node& node, const std::string& why) override;
    void on_up(Node& node) override;

    [[nodiscard]] bool has_slots(const Endpoint& endpoint) const;
    // Null: there are too many.
    Node* node_at(const Endpoint& to);
    void send_to(const Endpoint& to, std::unique_ptr<Call> call);
    // False: the error is the call's own answer.
    bool follow_error(Node& node, std::unique_ptr<Call>& call, const Reply& reply);
    void redirect(const Node& node, std::unique_ptr<Call> call, const std::string& where,
                  bool is_asking);
    void send_later(std::unique_ptr<Call> call);
    void look_up_slots();
    void on_slots(const Node& node, const Reply& reply);
    void on_no_slots(const std::string& why);
    void tell_reached();

    boost::asio::io_context& io_;
    const Address& address_;
    const ConnectionSettings& settings_;
    Observer& observer_;
    bool is_ending_ = false;

    std::map<Endpoint, std::unique_ptr<Node>> nodes_;  // of a cluster
    std::unique_ptr<Node> only_;                       // else
    SlotMap slots_;
    bool is_looking_up_ = false;
    std::size_t next_seed_ = 0;
    Instant next_look_up_{};
    std::vector<std::unique_ptr<Call>> unrouted_;
    std::map<std::uint64_t, std::unique_ptr<boost::asio::steady_timer>> later_;
    std::uint64_t next_later_ = 0;
};

}  // namespace concertres::redis
