// The server's clock, as it was last told, carried on by this machine's own until it is told again.
//
// Threads: any.
#pragma once

#include <atomic>

#include "concertres/time.hpp"

namespace concertres::postgres {

class ServerClock {
  public:
    explicit ServerClock(Time server) { tell(server); }

    // It is, or was a moment ago, this late at the server.
    void tell(Time server) {
        offset_.store(server.time_since_epoch() - system_clock().elapsed(),
                      std::memory_order_relaxed);
    }
    [[nodiscard]] Time now() const {
        return Time(offset_.load(std::memory_order_relaxed) + system_clock().elapsed());
    }

  private:
    std::atomic<Duration> offset_;
};

}  // namespace concertres::postgres
