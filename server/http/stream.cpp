#include "http/stream.hpp"

#include <utility>

namespace concertres::http {

bool Stream::push(Text text) {
    const std::lock_guard lock(mutex_);
    if (state_ != State::open) return false;
    if (text->empty()) return true;  // as a chunk it would be the last one
    waiting_bytes_ += text->size();
    if (waiting_bytes_ > waiting_bytes_max_) {
        forget();
        woken_ = false;  // a connection that cannot write has not taken what it was woken for
    } else {
        waiting_.push_back(std::move(text));
    }
    wake();
    return state_ == State::open;
}

void Stream::end() {
    const std::lock_guard lock(mutex_);
    if (state_ != State::open) return;
    state_ = State::ended;
    wake();
}

void Stream::abandon() {
    const std::lock_guard lock(mutex_);
    forget();
}

void Stream::cut() {
    const std::lock_guard lock(mutex_);
    if (state_ != State::open) return;
    forget();
    woken_ = false;
    wake();
}

void Stream::when_taken(Callback<void()> taken) {
    {
        const std::lock_guard lock(mutex_);
        if (state_ != State::open) return;
        if (!waiting_.empty()) {
            on_taken_ = std::move(taken);
            return;
        }
    }
    taken();
}

void Stream::forget() {
    state_ = State::cut;
    waiting_.clear();
    on_taken_ = {};
}

bool Stream::is_open() const {
    const std::lock_guard lock(mutex_);
    return state_ == State::open;
}

void Stream::attach(Callback<void()> wake) {
    const std::lock_guard lock(mutex_);
    wake_ = std::move(wake);
}

bool Stream::is_cut() const {
    const std::lock_guard lock(mutex_);
    return state_ == State::cut;
}

Stream::Taken Stream::take() {
    Taken all;
    Callback<void()> taken;
    {
        const std::lock_guard lock(mutex_);
        woken_ = false;
        waiting_bytes_ = 0;
        all = {std::exchange(waiting_, {}), state_};
        taken = std::exchange(on_taken_, {});
    }
    if (taken) taken();
    return all;
}

// The callback may only post.
void Stream::wake() {
    if (!std::exchange(woken_, true) && wake_) wake_();
}

}  // namespace concertres::http
