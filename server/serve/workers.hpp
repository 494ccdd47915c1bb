// The contexts that serve connections, and a thread for each.
//
// Threads: that of the server.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <exception>
#include <memory>
#include <span>
#include <string_view>
#include <thread>
#include <vector>

#include "log/log.hpp"

namespace concertres::server {

class Workers {
  public:
    Workers(std::size_t count, Log& log) : log_(log) {
        for (std::size_t i = 0; i < count; ++i) {
            contexts_.push_back(std::make_unique<boost::asio::io_context>(1));
            guards_.emplace_back(contexts_.back()->get_executor());
            pointers_.push_back(contexts_.back().get());
        }
    }
    ~Workers() { stop(); }
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    [[nodiscard]] std::span<boost::asio::io_context* const> contexts() const { return pointers_; }
    void start() {
        for (auto& context : contexts_) {
            threads_.emplace_back([this, &context] { run(*context); });
        }
    }
    void stop() {
        for (auto& context : contexts_) context->stop();
        for (std::thread& thread : threads_) thread.join();
        threads_.clear();
    }

  private:
    // What a handler throws ends its request, which is answered with 500, and nothing else.
    void run(boost::asio::io_context& context) {
        for (;;) {
            try {
                context.run();
                return;
            } catch (const std::exception& failure) {
                log_.line(LogLevel::error, "a handler failed",
                          {{"detail", std::string_view(failure.what())}});
            }
        }
    }

    using Guard = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;

    Log& log_;
    std::vector<std::unique_ptr<boost::asio::io_context>> contexts_;
    std::vector<Guard> guards_;
    std::vector<boost::asio::io_context*> pointers_;
    std::vector<std::thread> threads_;
};

}  // namespace concertres::server
