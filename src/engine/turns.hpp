// Turns: a mutex that is given in the order in which it was asked for. Who lets it go and asks
// again at once comes after everybody who waits, which a std::mutex does not promise.
//
// Threads: any.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace concertres {

class Turns {
  public:
    void lock() {
        std::unique_lock lock(mutex_);
        const std::uint64_t mine = next_++;
        moved_on_.wait(lock, [&] { return now_ == mine; });
    }
    // Only where nobody has it or waits for it.
    [[nodiscard]] bool try_lock() {
        std::lock_guard lock(mutex_);
        if (now_ != next_) return false;
        ++next_;
        return true;
    }
    void unlock() {
        std::lock_guard lock(mutex_);
        ++now_;
        if (now_ != next_) moved_on_.notify_all();
    }

  private:
    std::mutex mutex_;
    std::condition_variable moved_on_;
    std::uint64_t next_ = 0;  // given to the next who asks
    std::uint64_t now_ = 0;   // whose turn it is
};

}  // namespace concertres
