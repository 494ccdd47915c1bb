// How much to do at once of what others wait for: as much as takes about as long as they may wait,
// by how long the last portion took.
//
//   Portion portion({.min = 100, .first = 1'000, .max = 10'000, .time = 10ms});
//   do(portion.amount());
//   portion.took(portion.amount(), elapsed);
//
// Threads: one.
#pragma once

#include <algorithm>
#include <cstdint>

#include "concertres/time.hpp"

namespace concertres::sqlite {

class Portion {
  public:
    struct Bounds {
        std::int64_t min = 1;
        std::int64_t first = 1;  // before anything is known
        std::int64_t max = 1;
        Duration time{};
    };

    // REQUIRES: 1 <= min <= first <= max
    explicit Portion(const Bounds& bounds) : bounds_(bounds), amount_(bounds.first) {}

    [[nodiscard]] std::int64_t amount() const { return amount_; }
    [[nodiscard]] std::int64_t max() const { return bounds_.max; }
    // It becomes no more than twice or half of what it was: one that a neighbour on the disk has
    // slowed down does not make the next ones tiny. What was less than a portion, and did not take
    // too long, says nothing.
    void took(std::int64_t done, Duration time) {
        if (done < amount_ && time <= bounds_.time) return;
        const auto ratio = static_cast<double>(bounds_.time.count()) /
                           static_cast<double>(std::max<std::int64_t>(time.count(), 1));
        const auto least = static_cast<double>(std::max(bounds_.min, amount_ / 2));
        const auto most = static_cast<double>(std::min(bounds_.max, 2 * amount_));
        amount_ =
            static_cast<std::int64_t>(std::clamp(static_cast<double>(done) * ratio, least, most));
    }

  private:
    Bounds bounds_;
    std::int64_t amount_;
};

}  // namespace concertres::sqlite
