// A Histogram keeps how long things took, in a bounded number of counters: whatever is recorded, a
// percentile is at most 1/128 above the exact one, and never below it.
//
//   Histogram times;
//   times.record(std::chrono::microseconds(1'250));
//   std::chrono::microseconds p95 = times.percentile(95);
//
// Below 256 us each microsecond has a counter of its own; above, each doubling is cut into 128.
//
// Threads: one at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace concertres::load {

using Microseconds = std::chrono::microseconds;

class Histogram {
  public:
    // What is longer, almost five hours, counts as this.
    static constexpr Microseconds longest{(std::int64_t{1} << 34) - 1};

    // What is below nothing counts as nothing.
    void record(Microseconds time);
    void add(const Histogram& other);
    void clear();

    [[nodiscard]] std::uint64_t count() const { return count_; }
    // The least time that so many percent of all, rounded up to whole ones, did not exceed: 0 where
    // there is none. It is never above max().
    [[nodiscard]] Microseconds percentile(double percent) const;
    [[nodiscard]] Microseconds max() const { return max_; }
    [[nodiscard]] Microseconds mean() const;

    // Of all counters.
    [[nodiscard]] static std::size_t bytes_max();

  private:
    [[nodiscard]] static std::size_t index_of(std::int64_t time);
    // The longest time that the counter counts.
    [[nodiscard]] static std::int64_t end_of(std::size_t index);

    std::vector<std::uint64_t> counts_{};  // grown to the longest time seen
    std::uint64_t count_ = 0;
    std::int64_t sum_ = 0;
    Microseconds max_{0};
};

}  // namespace concertres::load
