// Who receives webhooks, for tests: a small HTTP server that keeps what arrives and answers as it
// is told, a thread for each connection.
//
//   WebhookReceiver receiver;
//   receiver.answer_by([](const HookRequest& request) { return HookAnswer{.status = 503}; });
//   ...
//   CHECK(receiver.firsts().at(owner) == Numbers{1, 2, 3});
//   CHECK(receiver.breaches() == 0);
//
// Threads: any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/test_certificate.hpp"

namespace concertres::test {

struct HookRequest {
    std::string line{};                           // "POST /events HTTP/1.1"
    std::map<std::string, std::string> fields{};  // by name in lower case
    std::string body{};
    // Of the event that is the body.
    std::string key{};
    std::int64_t sequence = 0;
};

struct HookAnswer {
    int status = 200;
    std::string fields{};  // each with its line's end
    std::string body{};
    std::chrono::milliseconds after{0};
    bool cut = false;  // the connection closes amid the answer
};

class WebhookReceiver {
  public:
    using AnswerBy = std::function<HookAnswer(const HookRequest&)>;

    // On a free port of loopback; over TLS where there is a certificate.
    // Lifetime: the certificate outlives it
    explicit WebhookReceiver(const TestCertificate* certificate = nullptr);
    ~WebhookReceiver();
    WebhookReceiver(const WebhookReceiver&) = delete;
    WebhookReceiver& operator=(const WebhookReceiver&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url(const std::string& path = "/events") const {
        return (certificate_ ? "https://localhost:" : "http://127.0.0.1:") + std::to_string(port_) +
               path;
    }
    // From the next request on; without it all are granted.
    void answer_by(AnswerBy answer_by);
    // Nobody listens, and who was connected no more is.
    void set_down(bool is_down);

    [[nodiscard]] std::vector<HookRequest> requests() const;
    [[nodiscard]] std::size_t connections() const;
    // By key the sequences that were granted, as a consumer that drops repetitions has them.
    [[nodiscard]] std::map<std::string, std::vector<std::int64_t>> firsts() const;
    // Requests that came before the event before theirs, of the same key, was granted.
    [[nodiscard]] std::size_t breaches() const;

  private:
    struct Peer {
        int fd = -1;
        std::thread thread{};
    };

    void listen();
    void accept_all(int listener);
    void serve(Peer& peer);
    [[nodiscard]] HookAnswer note(HookRequest request);
    void close_all();

    const TestCertificate* const certificate_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::uint16_t port_ = 0;
    int listener_ = -1;
    bool closing_ = false;
    std::thread accepting_;
    std::list<Peer> peers_;
    AnswerBy answer_by_;
    std::size_t connections_ = 0;
    std::vector<HookRequest> requests_;
    std::map<std::string, std::vector<std::int64_t>> firsts_;
    std::size_t breaches_ = 0;
};

}  // namespace concertres::test
