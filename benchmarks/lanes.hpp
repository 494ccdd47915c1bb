// Commands that follow one another in so many lanes at once, and how long each was waited for.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "concertres/error.hpp"
#include "stopwatch.hpp"

namespace bench {

// What a run has done, and how long each command took, in seconds.
struct Done {
    Elapsed elapsed;
    std::size_t commands = 0;
    std::vector<float> waits;
    std::vector<std::size_t> each_second;

    [[nodiscard]] double rate() const { return static_cast<double>(commands) / elapsed.seconds; }
};

// So many lanes, in each of which one command follows the other until it ends; what they do is the
// caller's.
//
// Threads: note() from one at a time, which is the writer's; the others from any.
class Lanes {
  public:
    // Before the first of them submits anything.
    void begin(std::size_t count) {
        under_way_ = count;
        start_ = std::chrono::steady_clock::now();
    }
    // A command has been answered that was submitted then.
    void note(std::chrono::steady_clock::time_point begun) {
        const auto now = std::chrono::steady_clock::now();
        done_.waits.push_back(std::chrono::duration<float>(now - begun).count());
        const auto second = static_cast<std::size_t>((now - start_) / std::chrono::seconds(1));
        if (done_.each_second.size() <= second) done_.each_second.resize(second + 1);
        ++done_.each_second[second];
    }
    // A lane is over; where it was refused, all others are to end as well.
    void end(std::optional<concertres::Error> refused = {}) {
        const std::lock_guard lock(mutex_);
        if (refused) {
            refused_ = std::move(refused);
            stopped_ = true;
        }
        if (--under_way_ == 0) ended_.notify_one();
    }
    [[nodiscard]] bool stopped() const { return stopped_; }
    // For the end of all of them. Throws where a command was refused.
    Done wait(const Stopwatch& watch) {
        std::unique_lock lock(mutex_);
        ended_.wait(lock, [this] { return under_way_ == 0; });
        if (refused_) {
            throw std::runtime_error(
                "a command was refused: " + std::string(concertres::code_name(refused_->code)) +
                ": " + refused_->detail);
        }
        done_.elapsed = watch.elapsed();
        done_.commands = done_.waits.size();
        return std::move(done_);
    }

  private:
    Done done_;
    std::chrono::steady_clock::time_point start_;
    std::mutex mutex_;
    std::condition_variable ended_;
    std::size_t under_way_ = 0;
    std::optional<concertres::Error> refused_;
    std::atomic<bool> stopped_{false};
};

}  // namespace bench
