// The server's logic in front of the box office of a simulation: a command goes as an HTTP request
// to the dispatcher and its handlers, and what they answer is read back from status and JSON, as a
// client would. Bytes and sockets are not in it.
//
//   Door door(office, [](const std::string& what) { ... });
//   const bool goes = door.ask<Hold>(command, token, [](const Result<ReservationView>& answer) {});
//   ... office.step();
//   door.deliver();   // what the box office has answered since
//
// Times of an answer are as the JSON has them, in milliseconds.
//
// Threads: one. It goes after its box office.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/dispatcher.hpp"
#include "api/services.hpp"
#include "concertres/box_office.hpp"

namespace concertres::sim {

// A request, and all that its views point into.
struct DoorRequest {
    http::Method method = http::Method::get;
    std::string path;
    std::vector<std::pair<std::string, std::string>> fields{};
    std::string body{};
};

class Door {
  public:
    // `complain` is told of an answer that cannot be read.
    // Lifetime: `office` lives until nothing more is asked or delivered.
    Door(BoxOffice& office, std::function<void(const std::string&)> complain);
    ~Door();
    Door(const Door&) = delete;
    Door& operator=(const Door&) = delete;

    // False: this command does not go through a server, and nothing happens. Where the box office
    // or the door goes first, `then` is never called.
    template <class Command>
    [[nodiscard]] bool ask(const Command& command, const std::string& token,
                           std::function<void(const AnswerTo<Command>&)> then);
    // Calls back for what has been answered.
    void deliver() { home_.poll(); }

  private:
    void send(DoorRequest request, http::Respond respond);

    std::function<void(const std::string&)> complain_;
    boost::asio::io_context home_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> stays_;
    boost::asio::thread_pool chores_{1};
    server::Snapshots snapshots_;
    server::Live live_;
    server::Metrics metrics_;
    server::Log log_;
    server::RateLimiter token_rate_;
    server::Gate gate_;
    server::Services services_;
    server::Dispatcher dispatcher_;
    std::int64_t requests_ = 0;
};

}  // namespace concertres::sim
