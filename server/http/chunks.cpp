#include "http/chunks.hpp"

#include <algorithm>

#include "http/text.hpp"

namespace concertres::http {

namespace {

// Sizes of more digits do not fit 64 bits.
constexpr int size_digits_max = 16;

}  // namespace

std::size_t ChunkGuard::take(std::string_view bytes) {
    std::size_t i = 0;
    while (i < bytes.size() && !fault_ && state_ != State::done) {
        if (state_ == State::data) {
            const auto skipped = std::min<std::uint64_t>(size_, bytes.size() - i);
            i += static_cast<std::size_t>(skipped);
            size_ -= skipped;
            if (size_ == 0) state_ = State::data_cr;
        } else {
            state_ = step(bytes[i++]);
        }
    }
    return i;
}

ChunkGuard::State ChunkGuard::step(char c) {
    const int digit = hex_digit(c);
    switch (state_) {
        case State::size_begin:
            if (digit < 0) return refuse(Refusal::framing_invalid, "a chunk has no size");
            size_ = 0;
            size_digits_ = 0;
            return after_size_digit(digit);
        case State::size:
            if (digit >= 0) return after_size_digit(digit);
            if (c == ';') return overhead(State::extension);
            return expect(c, '\r', State::size_lf);
        case State::extension:
            if (c == '\r') return State::size_lf;
            if (!is_value(c)) {
                return refuse(Refusal::framing_invalid, "a chunk's extension holds a control byte");
            }
            return overhead(State::extension);
        case State::size_lf:
            if (c != '\n') return expect(c, '\n', State::data);
            return after_size();
        case State::data_cr:
            return expect(c, '\r', State::data_lf);
        case State::data_lf:
            return expect(c, '\n', State::size_begin);
        case State::trailer_begin:
            if (c == '\r') return State::end_lf;
            trailer_name_.clear();
            [[fallthrough]];
        case State::trailer_name:
            if (c == ':' && state_ == State::trailer_name) return after_trailer_name();
            if (!is_token(c)) {
                return refuse(Refusal::framing_invalid, "a trailer's name is malformed");
            }
            trailer_name_ += c;
            return overhead(State::trailer_name);
        case State::trailer_value:
            if (c == '\r') return overhead(State::trailer_lf);
            if (!is_value(c)) {
                return refuse(Refusal::framing_invalid, "a trailer's value holds a control byte");
            }
            return overhead(State::trailer_value);
        case State::trailer_lf:
            if (c != '\n') return expect(c, '\n', State::trailer_begin);
            return overhead(State::trailer_begin);
        case State::end_lf:
            return expect(c, '\n', State::done);
        case State::data:
        case State::done:
            break;
    }
    return state_;
}

ChunkGuard::State ChunkGuard::after_size_digit(int digit) {
    if (size_digits_ == 0 && digit == 0) {
        // The first zero may be all of the size, so it costs nothing.
        return state_ == State::size_begin ? State::size : overhead(State::size);
    }
    if (++size_digits_ > size_digits_max) {
        return refuse(Refusal::framing_invalid, "a chunk's size is too large a number");
    }
    size_ = size_ * 16 + static_cast<std::uint64_t>(digit);
    return State::size;
}

ChunkGuard::State ChunkGuard::after_size() {
    if (size_ == 0) return State::trailer_begin;
    // Not their sum, which could overflow.
    if (size_ > bounds_.body_bytes_max - body_bytes_) {
        return refuse(Refusal::body_too_large, "the body is longer than this request may have");
    }
    body_bytes_ += size_;
    return State::data;
}

// Whoever took such a trailer for a field of the head would see another end of the message. Nobody
// may send one (RFC 9110, 6.5.1), and versions of llhttp differ in which of them they pass.
ChunkGuard::State ChunkGuard::after_trailer_name() {
    if (same_ignoring_case(trailer_name_, "Content-Length") ||
        same_ignoring_case(trailer_name_, "Transfer-Encoding")) {
        return refuse(Refusal::framing_invalid, "a trailer would change where the message ends");
    }
    return overhead(State::trailer_value);
}

ChunkGuard::State ChunkGuard::expect(char c, char expected, State next) {
    if (c == expected) return next;
    return refuse(Refusal::framing_invalid, "a chunk's line does not end in CR LF where it should");
}

ChunkGuard::State ChunkGuard::overhead(State next) {
    if (++overhead_bytes_ > bounds_.overhead_bytes_max) {
        return refuse(Refusal::framing_invalid,
                      "the chunks carry more extensions or trailers than this server reads");
    }
    return next;
}

ChunkGuard::State ChunkGuard::refuse(Refusal refusal, std::string_view detail) {
    fault_ = Fault{refusal, detail};
    return state_;
}

}  // namespace concertres::http
