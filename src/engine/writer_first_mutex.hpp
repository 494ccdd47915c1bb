// A shared mutex whose writer is not kept out by readers. Those of a std::shared_mutex may (and
// with glibc do) come in as long as one of them is inside, so that a crowd keeps a writer out for
// ever. Here whoever comes to read while a writer waits lets it go first. So a writer waits only
// for those who were inside, or on their way in, when it came; and a reader for one writer.
//
//   std::unique_lock lock(mutex);   // to write
//   std::shared_lock lock(mutex);   // to read: one load more than with a std::shared_mutex
//
// Threads: any. REQUIRES: whoever reads does not lock it again
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <shared_mutex>

namespace concertres {

class WriterFirstMutex {
  public:
    void lock() {
        one_writer_.lock();
        phase_.fetch_add(1);
        mutex_.lock();
    }
    void unlock() {
        mutex_.unlock();
        phase_.fetch_add(1);
        phase_.notify_all();
        one_writer_.unlock();
    }
    void lock_shared() {
        // Not in a loop: who has let one writer go first has its turn.
        if (const std::uint32_t phase = phase_.load(); phase % 2 == 1) phase_.wait(phase);
        mutex_.lock_shared();
    }
    void unlock_shared() { mutex_.unlock_shared(); }

  private:
    std::mutex one_writer_;
    std::shared_mutex mutex_;
    std::atomic<std::uint32_t> phase_{0};  // odd: a writer waits, or is inside
};

}  // namespace concertres
