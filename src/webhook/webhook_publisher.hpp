// The publisher behind open_webhook(): so many lanes, each of which takes one stream's events after
// the other to the receiver, and one thread that waits for all of them.
#pragma once

#include <curl/curl.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/webhook_signature.hpp"
#include "concertres/webhook.hpp"
#include "curl/easy.hpp"

namespace concertres::webhook {

class WebhookPublisher final : public Webhook {
  public:
    explicit WebhookPublisher(const WebhookOptions& options);
    ~WebhookPublisher() override;
    WebhookPublisher(const WebhookPublisher&) = delete;
    WebhookPublisher& operator=(const WebhookPublisher&) = delete;

    [[nodiscard]] Published publish(std::span<const Unpublished> runs, Duration budget) override;
    void interrupt() override;
    void replace_secrets(const std::vector<std::string>& secrets) override;

  private:
    using Instant = std::chrono::steady_clock::time_point;
    // Keeps its connection from one request to the next.
    struct Lane {
        curl::Request request{};
        curl::Fields fields{};
        std::array<char, CURL_ERROR_SIZE> why{};
        const WebhookOptions* options = nullptr;
        bool busy = false;
        std::size_t run = 0;    // of the publish() that runs
        std::string id{};       // of the event
        std::string body{};     // that is sent
        std::string refused{};  // an address
        std::size_t answer_bytes = 0;
    };

    void prepare(Lane& lane);
    // Whether another request may begin.
    [[nodiscard]] bool may_begin() const;
    void fill_lanes();
    void begin(Lane& lane);
    void end(Lane& lane);
    void await_answers();
    void note_answer(Lane& lane, CURLcode code);
    void note_failure(const Lane& lane, const std::string& why);
    [[nodiscard]] std::string failure_of(const Lane& lane, CURLcode code, long status) const;

    static curl_socket_t open_socket(void* lane, curlsocktype, curl_sockaddr* address);
    static std::size_t count_answer(char*, std::size_t, std::size_t bytes, void* lane);

    const WebhookOptions options_;
    std::mutex secrets_mutex_;
    std::vector<WebhookSecret> secrets_;
    // Before the requests that are in it, which end first.
    std::unique_ptr<CURLM, curl::Clean<curl_multi_cleanup>> all_;
    std::vector<Lane> lanes_;
    std::atomic<bool> interrupted_{false};
    // Requests at once: one, after a publish() in which nothing arrived.
    std::size_t width_;

    // --- of the publish() that runs
    std::span<const Unpublished> runs_;
    std::size_t next_run_ = 0;
    std::size_t busy_ = 0;
    std::size_t failures_ = 0;  // in a row
    bool arrived_ = false;      // any
    Duration timeout_{};
    Instant begin_until_{};
    Instant deadline_{};
    Published published_;
};

}  // namespace concertres::webhook
