// The bytes of answers on their way out: heads and small bodies in one text, large bodies as they
// are, so that one gathering write sends many answers.
//
// Threads: one at a time.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace concertres::http {

class Outbox {
  public:
    // How an answer is put, which is the connection's to decide.
    struct Manner {
        std::string_view date;      // "Date: ...\r\n"
        bool without_body = false;  // it answers HEAD
        bool close = false;
        bool chunked = false;          // its body comes in chunks, or, without that, until the end
        bool says_keep_alive = false;  // HTTP/1.0 closes unless told otherwise
    };

    // Takes from the response what it need not copy.
    void add(Response& response, const Manner& manner);
    void add_text(std::string_view text);
    // A part of a body that goes on; an empty one ends it where it is chunked.
    void add_part(std::shared_ptr<const std::string> part, bool chunked);

    [[nodiscard]] bool empty() const { return first_ == pieces_.size(); }
    [[nodiscard]] std::size_t pending_bytes() const { return pending_bytes_; }
    // So much waits that it should go before more is added.
    [[nodiscard]] bool full() const;
    // What goes next.
    // Lifetime: until anything else here is called.
    [[nodiscard]] std::span<const boost::asio::const_buffer> buffers();
    void sent(std::size_t bytes);

  private:
    static constexpr std::size_t buffers_max = 16;

    // A part of text_, or a body of its own.
    struct Piece {
        std::size_t begin = 0;
        std::size_t end = 0;
        std::shared_ptr<const std::string> body{};
    };

    Piece& text_piece();
    void add_body(std::shared_ptr<const std::string> body);
    void clear();

    std::string text_;
    std::vector<Piece> pieces_;
    std::size_t first_ = 0;  // of those not wholly sent
    std::size_t pending_bytes_ = 0;
    std::array<boost::asio::const_buffer, buffers_max> buffers_;
};

}  // namespace concertres::http
