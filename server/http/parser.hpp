// Turns the bytes of a connection into requests, one after another.
//
//   Parser::Fed fed = parser.feed(bytes);  // `fed.taken` of them are used up
//   if (fed.step == Parser::Step::head && !parser.accept_body(bytes_max)) refuse(parser.fault());
//   if (fed.step == Parser::Step::request) { answer(parser.request()); parser.next(); }
//
// Two readers see every byte: llhttp, which parses, and ours (head.hpp, chunks.hpp), which is
// stricter. A message passes only if both read it as the same message with the same end.
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/chunks.hpp"
#include "http/head.hpp"
#include "http/listener.hpp"
#include "http/message.hpp"

namespace concertres::http {

class Parser {
  public:
    enum class Step : std::uint8_t {
        more,     // all bytes are taken, the message goes on
        head,     // the head is there and a body follows: accept_body() is due
        request,  // request() is whole; next() is due
        refused,  // fault() says why; nothing can be fed any more
    };
    struct Fed {
        Step step = Step::more;
        std::size_t taken = 0;  // of the bytes given; never one beyond the message
    };

    // Lifetime: `limits` outlives the parser.
    explicit Parser(const Limits& limits);
    ~Parser();
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;

    Fed feed(std::string_view bytes);
    // How long the body may be. False: it says itself that it is longer, and the message is
    // refused. REQUIRES: the last step was `head`
    [[nodiscard]] bool accept_body(std::size_t bytes_max);
    // Forgets the message and what was read of it.
    void next();

    // Whether no byte of a message has been taken since the last one; an empty line is none.
    [[nodiscard]] bool at_start() const { return stage_ == Stage::head && text_.empty(); }
    // Lifetime of all that follows: until next().
    // REQUIRES: step `head` or `request` was reached
    [[nodiscard]] const Head& head() const { return head_; }
    [[nodiscard]] const Request& request() const { return head_.request; }
    [[nodiscard]] Request& request() { return head_.request; }
    // REQUIRES: step `refused` was reached, or accept_body() was false
    [[nodiscard]] const Fault& fault() const { return *fault_; }

  private:
    enum class Stage : std::uint8_t { head, body_awaits_bound, body, complete, refused };
    struct Engine;

    Fed feed_head(std::string_view bytes);
    Fed feed_body(std::string_view bytes);
    std::optional<Fault> check_unfinished_line() const;
    std::optional<Fault> check_line();
    std::optional<Fault> read_head();
    std::optional<Fault> read_lines();
    std::optional<Fault> parse_head();
    Step refuse(const Fault& fault);
    Step complete();

    const Limits& limits_;
    Stage stage_ = Stage::head;
    std::string text_;  // of the head, as sent
    std::size_t line_begin_ = 0;
    std::size_t lines_ = 0;
    bool skipped_empty_line_ = false;
    Head head_;
    std::string body_;
    std::uint64_t body_bytes_left_ = 0;  // where there is a Content-Length
    ChunkGuard chunks_;
    std::unique_ptr<Engine> engine_;
    std::optional<Fault> fault_;
};

// Whether the llhttp that is linked refuses what only its strict mode refuses. For a test: all the
// rest of this server stands on it.
[[nodiscard]] bool llhttp_is_strict();

}  // namespace concertres::http
