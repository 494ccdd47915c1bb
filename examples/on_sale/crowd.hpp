// All buyers, on some threads. Whoever goes home is replaced by somebody new, so that the crowd
// does not get smaller before the hall is sold out.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "buyer.hpp"
#include "tally.hpp"

namespace on_sale {

class Crowd {
  public:
    struct Size {
        std::int64_t buyers = 0;
        std::int64_t threads = 0;
    };

    // Lifetime: `scene` outlives it.
    Crowd(const Scene& scene, Size size);
    ~Crowd();
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    // Everybody stops where they are. Throws what a thread has thrown.
    Tally stop();
    // A thread has thrown; stop() says what.
    [[nodiscard]] bool has_failed() const { return failed_; }

  private:
    using Time = std::chrono::steady_clock::time_point;
    struct Worker {
        // By when they act next. An empty one has not come yet.
        std::multimap<Time, std::unique_ptr<Buyer>> buyers;
        Tally tally;
        std::thread thread;
    };

    void run(Worker& worker);
    void act_first(Worker& worker);
    // False: it is time to stop.
    bool sleep_until(Time time);
    void end();

    const Scene& scene_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::atomic<std::int64_t> next_number_{1};
    std::atomic<bool> failed_{false};

    std::mutex mutex_;
    std::condition_variable stopping_;
    bool stop_ = false;
    std::exception_ptr failure_;
};

}  // namespace on_sale
