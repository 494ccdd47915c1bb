// Dice are drawn from a seed, the same on every compiler.
#pragma once

#include <cstdint>
#include <random>

#include "concertres/time.hpp"

namespace concertres::sim {

class Dice {
  public:
    explicit Dice(std::uint64_t seed) : random_(seed * 0x9e3779b97f4a7c15u + 1) {}

    [[nodiscard]] std::uint64_t word() { return random_(); }
    // In [0, bound).
    [[nodiscard]] std::uint64_t below(std::uint64_t bound) {
        return bound <= 1 ? 0 : random_() % bound;
    }
    // In [least, most].
    [[nodiscard]] std::int64_t between(std::int64_t least, std::int64_t most) {
        return least +
               static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most - least) + 1));
    }
    [[nodiscard]] Duration between(Duration least, Duration most) {
        return Duration(between(least.count(), most.count()));
    }
    [[nodiscard]] bool chance(std::uint64_t percent) { return below(100) < percent; }

  private:
    std::mt19937_64 random_;
};

}  // namespace concertres::sim
