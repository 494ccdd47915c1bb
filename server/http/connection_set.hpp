// The connections of one io_context, and what they share: limits, handler, counters, a coarse
// clock. One timer for all of them looks for deadlines, so that a request moves no timer.
//
// Threads: that of its io_context.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/handler.hpp"
#include "http/listener.hpp"

namespace concertres::http {

class Connection;

// What all connections of a listener share.
struct Shared {
    Limits limits;
    Handler* handler = nullptr;
    Counters counters{};
    // Connections that are open only to be told that there are too many.
    std::atomic<int> being_refused{0};
    // Each answer closes its connection from now on.
    std::atomic<bool> draining{false};
};

class ConnectionSet : public std::enable_shared_from_this<ConnectionSet> {
  public:
    ConnectionSet(boost::asio::io_context& context, std::shared_ptr<Shared> shared);

    [[nodiscard]] boost::asio::io_context& context() { return context_; }
    [[nodiscard]] Shared& shared() { return *shared_; }

    void add(Connection& connection);
    void remove(Connection& connection);
    void close_idle();
    void close_all();

    // When `time` from now has passed for certain: never early, late by two sweeps, and
    // by more where thousands are to be ended at once.
    [[nodiscard]] std::chrono::steady_clock::time_point in(std::chrono::milliseconds time) const {
        return now_ + time + period_;
    }
    // "Date: Tue, 24 Dec 2026 19:00:00 GMT\r\n"
    [[nodiscard]] std::string_view date() const { return date_; }

  private:
    void sweep(std::size_t from);
    void sweep_after(std::chrono::steady_clock::duration rest, std::size_t from);
    void tell_time();

    boost::asio::io_context& context_;
    const std::shared_ptr<Shared> shared_;
    const std::chrono::milliseconds period_;
    boost::asio::steady_timer timer_;
    bool armed_ = false;
    std::vector<Connection*> connections_;
    std::chrono::steady_clock::time_point now_{};
    std::int64_t date_seconds_ = -1;
    std::string date_;
};

}  // namespace concertres::http
