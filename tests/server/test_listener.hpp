// A listener with its threads, whose handler answers by path what the tests ask of it.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "http/handler.hpp"
#include "http/listener.hpp"
#include "http/stream.hpp"

namespace concertres {

class TestHandler final : public http::Handler {
  public:
    using Held = std::vector<std::pair<std::string, http::Respond>>;
    static constexpr std::size_t body_max = 100;

    [[nodiscard]] http::BodyLeave leave_for_body(const http::Request& request) override {
        if (request.path == "/unread") {
            return {.refused = http::Response{.status = 401, .body = "who are you?"}};
        }
        return {.bytes_max = request.path == "/large" ? 10 * 1024 * 1024 : body_max,
                .held = in_progress_};
    }
    // The body of the last answer to /stream.
    static constexpr std::size_t stream_bytes_max = 100'000;
    [[nodiscard]] std::shared_ptr<http::Stream> stream() {
        const std::lock_guard lock(mutex_);
        return stream_;
    }
    // How many requests with a body are not answered yet.
    [[nodiscard]] long bodies_in_progress() const { return in_progress_.use_count() - 1; }

    void handle(const http::Request& request, http::Respond respond,
                const boost::asio::io_context::executor_type& /*home*/) override {
        if (request.path == "/drop") return;
        if (request.path == "/throw") throw std::runtime_error("this handler always throws");
        if (request.path == "/held") {
            const std::lock_guard lock(mutex_);
            held_.emplace_back(std::string(request.target), std::move(respond));
            changed_.notify_all();
            return;
        }
        http::Response response{.content_type = "text/plain"};
        if (request.path == "/stream") {
            const std::lock_guard lock(mutex_);
            stream_ = response.stream = std::make_shared<http::Stream>(stream_bytes_max);
        } else if (request.path == "/big") {
            response.shared_body = big();
        } else if (request.path == "/million") {
            response.body.assign(1'000'000, 'm');
        } else if (request.path == "/none") {
            response.status = 204;
        } else if (request.path == "/close") {
            response.close = true;
        } else if (request.path == "/large") {
            response.body = std::to_string(request.body.size());
        } else {
            response.body.append(http::method_name(request.method)).append(" ");
            response.body.append(request.target).append(" ").append(request.body);
            response.add_field("X-Peer", request.peer);
        }
        respond(std::move(response));
    }

    [[nodiscard]] http::Response refuse(http::Refusal refusal, std::string_view detail,
                                        std::string_view /*peer*/) override {
        using http::Refusal;
        int status = 400;
        if (refusal == Refusal::request_timeout) status = 408;
        if (refusal == Refusal::body_too_large) status = 413;
        if (refusal == Refusal::target_too_long) status = 414;
        if (refusal == Refusal::head_too_large) status = 431;
        if (refusal == Refusal::internal) status = 500;
        if (refusal == Refusal::overloaded) status = 503;
        if (refusal == Refusal::version_unsupported) status = 505;
        return {.status = status, .content_type = "text/plain", .body = std::string(detail)};
    }

    // The requests for /held: waits for so many, and gives them up in the order they came.
    Held take_held(std::size_t count) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, std::chrono::seconds(10),
                               [&] { return held_.size() >= count; })) {
            throw std::runtime_error("too few requests came");
        }
        return std::exchange(held_, {});
    }
    void forget_held() {
        const std::lock_guard lock(mutex_);
        held_.clear();
    }

    // What /big answers: five million bytes and some.
    static const std::shared_ptr<const std::string>& big() {
        static const std::shared_ptr<const std::string> body = [] {
            std::string text(std::size_t{5} * 1024 * 1024, '\0');
            for (std::size_t i = 0; i < text.size(); ++i) {
                text[i] = static_cast<char>('a' + i % 23);
            }
            return std::make_shared<const std::string>(std::move(text));
        }();
        return body;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    Held held_;
    std::shared_ptr<http::Stream> stream_;
    std::shared_ptr<int> in_progress_ = std::make_shared<int>(0);
};

class TestListener {
  public:
    explicit TestListener(const http::Limits& limits = {}, std::size_t threads = 1) {
        std::vector<boost::asio::io_context*> pointers;
        for (std::size_t i = 0; i < threads; ++i) {
            contexts_.emplace_back(1);
            work_.emplace_back(contexts_.back().get_executor());
            pointers.push_back(&contexts_.back());
        }
        listener_ = std::make_unique<http::Listener>(
            pointers, http::Endpoint{.address = "127.0.0.1"}, limits, handler_);
        listener_->start();
        for (auto& context : contexts_) {
            threads_.emplace_back([&context] { context.run(); });
        }
    }
    ~TestListener() {
        for (auto& context : contexts_) context.stop();
        for (auto& thread : threads_) thread.join();
        listener_.reset();
        handler_.forget_held();  // before the contexts go
    }
    TestListener(const TestListener&) = delete;
    TestListener& operator=(const TestListener&) = delete;

    [[nodiscard]] std::uint16_t port() const { return listener_->port(); }
    [[nodiscard]] const http::Counters& counters() const { return listener_->counters(); }
    http::Listener& listener() { return *listener_; }
    TestHandler& handler() { return handler_; }

  private:
    TestHandler handler_;
    std::list<boost::asio::io_context> contexts_;
    std::list<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
    std::unique_ptr<http::Listener> listener_;
    std::vector<std::thread> threads_;
};

// Waits until `done` is true; false after ten seconds.
template <class Done>
bool eventually(Done&& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!done()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

}  // namespace concertres
