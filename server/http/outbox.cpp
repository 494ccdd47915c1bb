#include "http/outbox.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "concertres/assert.hpp"

namespace concertres::http {

namespace {

// Up to here copying a body costs less than one more buffer of the gathering write.
constexpr std::size_t copied_bytes_max = 4 * 1024;
constexpr std::size_t text_bytes_full = 64 * 1024;
// What a connection keeps for its next answers; more is given back.
constexpr std::size_t text_bytes_kept = 16 * 1024;

std::string_view status_line(int status) {
    switch (status) {
        case 200:
            return "HTTP/1.1 200 OK\r\n";
        case 201:
            return "HTTP/1.1 201 Created\r\n";
        case 202:
            return "HTTP/1.1 202 Accepted\r\n";
        case 204:
            return "HTTP/1.1 204 No Content\r\n";
        case 301:
            return "HTTP/1.1 301 Moved Permanently\r\n";
        case 302:
            return "HTTP/1.1 302 Found\r\n";
        case 303:
            return "HTTP/1.1 303 See Other\r\n";
        case 304:
            return "HTTP/1.1 304 Not Modified\r\n";
        case 307:
            return "HTTP/1.1 307 Temporary Redirect\r\n";
        case 308:
            return "HTTP/1.1 308 Permanent Redirect\r\n";
        case 400:
            return "HTTP/1.1 400 Bad Request\r\n";
        case 401:
            return "HTTP/1.1 401 Unauthorized\r\n";
        case 402:
            return "HTTP/1.1 402 Payment Required\r\n";
        case 403:
            return "HTTP/1.1 403 Forbidden\r\n";
        case 404:
            return "HTTP/1.1 404 Not Found\r\n";
        case 405:
            return "HTTP/1.1 405 Method Not Allowed\r\n";
        case 406:
            return "HTTP/1.1 406 Not Acceptable\r\n";
        case 408:
            return "HTTP/1.1 408 Request Timeout\r\n";
        case 409:
            return "HTTP/1.1 409 Conflict\r\n";
        case 411:
            return "HTTP/1.1 411 Length Required\r\n";
        case 412:
            return "HTTP/1.1 412 Precondition Failed\r\n";
        case 413:
            return "HTTP/1.1 413 Content Too Large\r\n";
        case 414:
            return "HTTP/1.1 414 URI Too Long\r\n";
        case 415:
            return "HTTP/1.1 415 Unsupported Media Type\r\n";
        case 422:
            return "HTTP/1.1 422 Unprocessable Content\r\n";
        case 429:
            return "HTTP/1.1 429 Too Many Requests\r\n";
        case 431:
            return "HTTP/1.1 431 Request Header Fields Too Large\r\n";
        case 500:
            return "HTTP/1.1 500 Internal Server Error\r\n";
        case 501:
            return "HTTP/1.1 501 Not Implemented\r\n";
        case 502:
            return "HTTP/1.1 502 Bad Gateway\r\n";
        case 503:
            return "HTTP/1.1 503 Service Unavailable\r\n";
        case 504:
            return "HTTP/1.1 504 Gateway Timeout\r\n";
        case 505:
            return "HTTP/1.1 505 HTTP Version Not Supported\r\n";
        default:
            return {};
    }
}

void append_number(std::string& text, std::size_t number) {
    char digits[20];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), number).ptr;
    text.append(digits, end);
}

void append_status(std::string& text, int status) {
    const auto line = status_line(status);
    if (!line.empty()) {
        text += line;
        return;
    }
    CONCERTRES_ASSERT(status >= 200 && status <= 599);
    text += "HTTP/1.1 ";
    append_number(text, static_cast<std::size_t>(status));
    text += " \r\n";  // a reason may be empty, the space before it may not be missing
}

}  // namespace

void Outbox::add(Response& response, const Manner& manner) {
    // No answer to anything has a body with these, nor its length.
    const bool bodiless = response.status == 204 || response.status == 304;

    Piece& piece = text_piece();
    const std::size_t before = text_.size();
    append_status(text_, response.status);
    text_ += manner.date;
    if (!response.content_type.empty() && !bodiless) {
        text_.append("Content-Type: ").append(response.content_type).append("\r\n");
    }
    if (response.stream) {
        if (manner.chunked) text_ += "Transfer-Encoding: chunked\r\n";
    } else if (!bodiless) {
        text_ += "Content-Length: ";
        append_number(text_, response.content().size());
        text_ += "\r\n";
    }
    text_ += response.fields;
    if (manner.close) {
        text_ += "Connection: close\r\n";
    } else if (manner.says_keep_alive) {
        text_ += "Connection: keep-alive\r\n";
    }
    text_ += "\r\n";

    const bool with_body = !bodiless && !manner.without_body && !response.content().empty();
    const bool copied = with_body && response.content().size() <= copied_bytes_max;
    if (copied) text_ += response.content();
    piece.end = text_.size();
    pending_bytes_ += text_.size() - before;
    if (!with_body || copied) return;
    if (!response.shared_body) {
        response.shared_body = std::make_shared<const std::string>(std::move(response.body));
    }
    add_body(std::move(response.shared_body));
}

void Outbox::add_body(std::shared_ptr<const std::string> body) {
    const std::size_t size = body->size();
    pending_bytes_ += size;
    pieces_.push_back({.begin = 0, .end = size, .body = std::move(body)});
}

void Outbox::add_part(std::shared_ptr<const std::string> part, bool chunked) {
    if (chunked) add_text(fmt::format("{:x}\r\n", part->size()));
    if (part->size() <= copied_bytes_max) {
        add_text(*part);
    } else {
        add_body(std::move(part));
    }
    if (chunked) add_text("\r\n");
}

void Outbox::add_text(std::string_view text) {
    Piece& piece = text_piece();
    text_ += text;
    piece.end = text_.size();
    pending_bytes_ += text.size();
}

// The piece that ends where text_ ends.
Outbox::Piece& Outbox::text_piece() {
    if (pieces_.empty() || pieces_.back().body) {
        pieces_.push_back({.begin = text_.size(), .end = text_.size()});
    }
    return pieces_.back();
}

bool Outbox::full() const {
    return text_.size() >= text_bytes_full || pieces_.size() - first_ >= buffers_max;
}

std::span<const boost::asio::const_buffer> Outbox::buffers() {
    std::size_t count = 0;
    for (std::size_t i = first_; i < pieces_.size() && count < buffers_max; ++i) {
        const Piece& piece = pieces_[i];
        const char* data = piece.body ? piece.body->data() : text_.data();
        buffers_[count++] = {data + piece.begin, piece.end - piece.begin};
    }
    return {buffers_.data(), count};
}

void Outbox::sent(std::size_t bytes) {
    pending_bytes_ -= bytes;
    while (bytes > 0) {
        CONCERTRES_ASSERT(first_ < pieces_.size());
        Piece& piece = pieces_[first_];
        const std::size_t part = std::min(bytes, piece.end - piece.begin);
        piece.begin += part;
        bytes -= part;
        if (piece.begin < piece.end) return;
        piece.body.reset();
        ++first_;
    }
    if (empty()) clear();
}

void Outbox::clear() {
    pieces_.clear();
    first_ = 0;
    text_.clear();
    if (text_.capacity() > text_bytes_kept) text_.shrink_to_fit();
}

}  // namespace concertres::http
