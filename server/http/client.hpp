// A small blocking HTTP/1.1 client, for the commands that talk to a running server and for tests.
//
//   Client client("http://127.0.0.1:8081");
//   Reply reply = client.send({.method = "POST", .target = "/admin/v1/audit"});
//
// Of a stream of events it reads the head alone, and closes it.
// Keeps its connection; asks once more on a fresh one where a kept connection had been closed.
// Threads: one at a time.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace concertres::http {

struct Call {
    std::string method = "GET";
    std::string target = "/";
    std::vector<std::pair<std::string, std::string>> fields{};
    std::optional<std::string> body{};  // absent: none is sent, nor its length
};

struct Reply {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> fields{};
    std::string body{};

    [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const;
};

class Client {
  public:
    // "http://host[:port]" without a path. Throws std::invalid_argument for anything else.
    // `timeout` is the longest wait for one answer.
    explicit Client(std::string_view url,
                    std::chrono::milliseconds timeout = std::chrono::seconds(30));
    ~Client();
    Client(Client&&) noexcept;
    Client& operator=(Client&&) noexcept;

    // Throws std::system_error where no whole answer comes: refused, closed, too late, malformed.
    Reply send(const Call& call);

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace concertres::http
