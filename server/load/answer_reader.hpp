// Reads the answers of a server from the bytes of its connection, one after the other.
//
//   AnswerReader reader;
//   while (reader.feed(received) && !reader.complete()) ...
//   use(reader.status(), reader.body());
//   reader.next();
//
// Threads: one at a time.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace concertres::load {

class AnswerReader {
  public:
    AnswerReader();
    ~AnswerReader();
    AnswerReader(AnswerReader&&) noexcept;
    AnswerReader& operator=(AnswerReader&&) noexcept;

    // False: this is no answer to one request in HTTP/1.1; nothing that follows can be read.
    [[nodiscard]] bool feed(std::string_view bytes);
    // The connection has ended, which is what ends an answer without a length. False: amid one.
    [[nodiscard]] bool feed_end();
    [[nodiscard]] bool complete() const;
    // For the answer to the next request.
    void next();

    // REQUIRES: complete()
    [[nodiscard]] int status() const;
    [[nodiscard]] const std::string& body() const;
    [[nodiscard]] bool keep_alive() const;
    // Of a Retry-After in seconds.
    [[nodiscard]] std::optional<std::chrono::seconds> retry_after() const;

  private:
    struct Engine;
    std::unique_ptr<Engine> engine_;
};

}  // namespace concertres::load
