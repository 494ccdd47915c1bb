// The body of an answer that goes on: whoever answers keeps a Stream, puts it into the Response,
// and pushes what is to be sent, until the reader goes, proves too slow, or end() is called. Then
// the connection closes.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "concertres/callback.hpp"

namespace concertres::http {

class Stream {
  public:
    using Text = std::shared_ptr<const std::string>;

    // So much may wait for a slow reader; one who would let more wait is cut off.
    explicit Stream(std::size_t waiting_bytes_max) : waiting_bytes_max_(waiting_bytes_max) {}
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    // False: nobody reads any more, and nothing is sent.
    bool push(Text text);
    bool push(std::string text) {
        return push(std::make_shared<const std::string>(std::move(text)));
    }
    // Nothing is pushed after this; what waits still goes out.
    void end();
    // Nobody reads any more: what waits is forgotten.
    void abandon();
    // What follows cannot be had: the connection breaks off, so that the reader does not take what
    // came so far for all of it.
    void cut();
    // Calls `taken` once, as soon as nothing waits for the reader: who pushes no more than one part
    // before it is never too fast. It is forgotten where the stream ends before that.
    // Threads: the connection's, or the caller's where nothing waits
    void when_taken(Callback<void()> taken);
    [[nodiscard]] bool is_open() const;

  private:
    friend class Connection;

    enum class State : std::uint8_t { open, ended, cut };
    struct Taken {
        std::vector<Text> texts;
        State state = State::open;
    };

    // `wake` is called once for each time that something came after take().
    void attach(Callback<void()> wake);
    Taken take();
    [[nodiscard]] bool is_cut() const;
    void forget();  // REQUIRES: as below
    void wake();    // REQUIRES: mutex_ is held

    const std::size_t waiting_bytes_max_;
    mutable std::mutex mutex_;
    State state_ = State::open;
    std::vector<Text> waiting_;
    std::size_t waiting_bytes_ = 0;
    bool woken_ = false;
    Callback<void()> wake_;
    Callback<void()> on_taken_;
};

}  // namespace concertres::http
