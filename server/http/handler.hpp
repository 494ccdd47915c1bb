// What a listener asks of whoever answers its requests.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "concertres/callback.hpp"
#include "http/message.hpp"

namespace concertres::http {

// Answers one request. Called exactly once, on any thread; a request whose Respond is destroyed
// without having been called is answered with 500, so that nobody waits for ever.
using Respond = Callback<void(Response)>;

// Why a message is answered without a word of its handler.
enum class Refusal : std::uint8_t {
    framing_invalid,      // 400
    request_timeout,      // 408: head or body did not arrive in time
    body_too_large,       // 413
    target_too_long,      // 414
    head_too_large,       // 431
    internal,             // 500: its handler dropped it
    overloaded,           // 503: too many connections
    version_unsupported,  // 505
};

// Whether a request may send its body, and how long that may be.
struct BodyLeave {
    std::size_t bytes_max = 0;
    // Instead of reading it: the answer, after which the connection closes.
    std::optional<Response> refused{};
    // Kept until the request is answered.
    std::shared_ptr<void> held{};
};

class Handler {
  public:
    virtual ~Handler() = default;

    // Asked after the head of a request that brings a body, before any of it is read.
    // Threads: the connection's.
    [[nodiscard]] virtual BodyLeave leave_for_body(const Request& request) = 0;
    // Answers through `respond`, at once or later. What is posted to `home` runs on the
    // connection's thread.
    // Lifetime: `request` lives until `respond` is called.
    // Threads: the connection's.
    virtual void handle(const Request& request, Respond respond,
                        const boost::asio::io_context::executor_type& home) = 0;
    // The answer to a message that was refused; its connection closes. `detail` is for people.
    // Threads: the connection's.
    [[nodiscard]] virtual Response refuse(Refusal refusal, std::string_view detail,
                                          std::string_view peer) = 0;
};

}  // namespace concertres::http
