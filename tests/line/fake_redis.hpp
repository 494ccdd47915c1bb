// A server that says hello as Redis does, and answers everything else as a test wants it: what no
// real server can be brought to say at the right moment.
//
//   FakeRedis fake([](const std::vector<std::string>& words) { return "-TRYAGAIN\r\n"; });
//   const auto line = open_redis_line(fake.address());
//
// Threads: any; `answer` is called on those of the connections, one at a time.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace concertres::test {

class FakeRedis {
  public:
    // The bytes to be sent; nothing at all: the connection ends.
    using Answer = std::function<std::optional<std::string>(const std::vector<std::string>&)>;

    explicit FakeRedis(Answer answer);
    FakeRedis(const FakeRedis&) = delete;
    FakeRedis& operator=(const FakeRedis&) = delete;
    ~FakeRedis();

    [[nodiscard]] int port() const { return port_; }
    [[nodiscard]] std::string endpoint() const { return "127.0.0.1:" + std::to_string(port_); }
    [[nodiscard]] std::string address() const { return "redis://" + endpoint(); }
    [[nodiscard]] int connections() const { return count_; }
    // How it answers INFO from now on.
    void set_info(const std::string& info);
    // How it answers another command of the hello; else +OK.
    void set_hello(const std::string& command, const std::string& bytes);

    // What INFO says of a server that is good.
    [[nodiscard]] static std::string good_info();
    // As RESP.
    [[nodiscard]] static std::string text(const std::string& text);

  private:
    void accept_all();
    void serve(int client);
    std::optional<std::string> answer_to(const std::vector<std::string>& words);

    Answer answer_;
    std::mutex mutex_;
    std::string info_ = good_info();
    std::string hello_command_;
    std::string hello_bytes_;
    std::atomic<bool> stopping_{false};
    std::atomic<int> count_{0};
    int listener_ = -1;
    int port_ = 0;
    std::list<std::thread> connections_;
    std::thread acceptor_;
};

}  // namespace concertres::test
