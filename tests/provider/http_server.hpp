// A small HTTP server that may also do what none should: answer with half an answer, with two, or
// with nothing. A thread for each connection.
//
//   HttpServer server(0, [](const HttpRequest& request) { return HttpReply{.body = "{}"}; });
//
// Threads: any. What it has begun when it is closed goes on; only the answer gets nowhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace concertres::test {

struct HttpRequest {
    std::string method{};
    std::string path{};
    std::map<std::string, std::string> fields{};  // by name in lower case
    std::string body{};
};

enum class Sending : std::uint8_t { whole, nothing, half, twice };

struct HttpReply {
    int status = 200;
    std::string fields{};  // each with its line's end
    std::string body{};
    std::chrono::milliseconds after{0};
    Sending sending = Sending::whole;
};

class HttpServer {
  public:
    using Handler = std::function<HttpReply(const HttpRequest&)>;

    // On this port of loopback; 0: on a free one.
    HttpServer(std::uint16_t port, Handler handler);
    ~HttpServer();  // nobody listens, and who was connected no more is
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    struct Shared;

    std::uint16_t port_ = 0;
    std::shared_ptr<Shared> shared_;
};

}  // namespace concertres::test
