// Walks over a chunked body, byte by byte, and says where it ends. llhttp takes the data out of the
// same bytes; this only judges them, strictly, and counts what is not data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/head.hpp"

namespace concertres::http {

class ChunkGuard {
  public:
    struct Bounds {
        std::size_t body_bytes_max = 0;
        // Of what nobody needs: extensions, leading zeros of a size, trailers.
        std::size_t overhead_bytes_max = 0;
    };

    explicit ChunkGuard(const Bounds& bounds) : bounds_(bounds) {}

    // How many of the bytes are the body's: all of them, unless it ends before. After a fault the
    // number means nothing.
    std::size_t take(std::string_view bytes);

    [[nodiscard]] bool done() const { return state_ == State::done; }
    [[nodiscard]] const std::optional<Fault>& fault() const { return fault_; }

  private:
    enum class State : std::uint8_t {
        size_begin,
        size,
        extension,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer_begin,
        trailer_name,
        trailer_value,
        trailer_lf,
        end_lf,
        done,
    };

    State step(char c);
    State after_size_digit(int digit);
    State after_size();
    State after_trailer_name();
    State expect(char c, char expected, State next);
    State overhead(State next);
    State refuse(Refusal refusal, std::string_view detail);

    Bounds bounds_;
    State state_ = State::size_begin;
    std::uint64_t size_ = 0;  // of this chunk; then what of it is still to come
    int size_digits_ = 0;     // without leading zeros
    std::uint64_t body_bytes_ = 0;
    std::size_t overhead_bytes_ = 0;
    std::string trailer_name_;
    std::optional<Fault> fault_;
};

}  // namespace concertres::http
