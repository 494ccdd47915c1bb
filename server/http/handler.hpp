// What a listener asks of whoever answers its requests.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "concertres/callback.hpp"
#include "http/message.hpp"

namespace concertres::http {

// Answers one request. Called exactly once, on any thread; a request whose Respond is destroyed
// without having been called is answered with 500, so that nobody waits for ever.
using Respond = Callback<void(Response)>;

// Why a message was refused before anybody looked at what it asks for.
enum class Refusal : std::uint8_t {
    framing_invalid,      // 400
    request_timeout,      // 408: head or body did not arrive in time
    length_required,      // 411
    body_too_large,       // 413
    target_too_long,      // 414
    head_too_large,       // 431
    overloaded,           // 503: too many connections
    version_unsupported,  // 505
};

class Handler {
  public:
    virtual ~Handler() = default;

    // How many bytes of body this request may have, by its method and path; asked after the head.
    [[nodiscard]] virtual std::size_t body_bytes_max(Method method,
                                                     std::string_view path) const = 0;
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
