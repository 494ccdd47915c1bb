// The server's clock, as it was last told, carried on by this machine's own until it is told again.
// One that has moved by more than `move_max` against this machine's since is not believed: time
// goes on as it went before, until the clock is back or an operator confirms that it is right now.
//
//   ServerClock clock(told, shared);
//   clock.tell(told);
//   if (clock.jump() != Duration{}) refuse();
//
// Instances share what they see of it in a row of the store, so that one which is opened in the
// meantime goes by the same time as the others, and so that one confirmation is enough for all.
//
// Threads: now() and jump() any, the rest one at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "concertres/time.hpp"

namespace concertres::postgres {

class ServerClock {
  public:
    static constexpr Duration move_max = std::chrono::seconds(2);

    // The server's clock was read at some moment between these two of this machine's own clock.
    struct Told {
        Time server{};
        Duration asked{};
        Duration heard{};
    };
    struct Shared {
        std::int64_t confirmations = 0;
        Duration jump{};  // that instances have seen and do not believe; 0: none
    };

    ServerClock(const Told& told, const Shared& shared) { trust(told, shared); }

    void tell(const Told& told);
    // Gives the jump that is to be shared from now on, where that is another one.
    [[nodiscard]] std::optional<Duration> tell(const Told& told, const Shared& shared);

    [[nodiscard]] Time now() const {
        return Time(offset_.load(std::memory_order_relaxed) + system_clock().elapsed());
    }
    // By how much the server's clock is ahead of the time that is gone by; 0: it is believed.
    [[nodiscard]] Duration jump() const { return jump_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::int64_t confirmations() const { return confirmations_; }

  private:
    void trust(const Told& told, const Shared& shared);

    std::atomic<Duration> offset_{};  // of store time against this machine's clock
    std::atomic<Duration> jump_{};
    std::int64_t confirmations_ = 0;
    Duration trusted_at_{};
    bool has_seen_jump_ = false;  // so it is for this instance to say when it is over
};

}  // namespace concertres::postgres
