// What has been committed, counted for Statistics: how long commits took, and what they did to
// reservations, payments and passes.
//
// Threads: the writer counts, any may ask.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "concertres/box_office.hpp"
#include "concertres/storage.hpp"

namespace concertres {

class CommitCounters {
  public:
    // `before`: the wallets that `changes` writes, as they were.
    void count(const ChangeSet& changes, std::span<const Wallet> before, Duration took);
    // Fills in what it counts.
    void tell(Statistics& statistics) const;

  private:
    // One for each EventKind's number. Payments are counted by their rows: a payment has an event
    // in the stream of each performance.
    static constexpr std::size_t kinds = 64;

    using Counter = std::atomic<std::int64_t>;

    void count_paid(Money amount);
    [[nodiscard]] std::int64_t events(EventKind kind) const {
        return events_[static_cast<std::size_t>(kind)];
    }

    std::array<Counter, kinds> events_{};
    Counter payments_completed_{0};
    Counter ledger_imbalance_{0};
    Counter payments_refunded_{0};
    Counter payments_begun_{0};
    Counter payments_failed_{0};
    Counter minor_paid_{0};
    Counter minor_refunded_{0};
    std::array<Counter, CommitTimes::bounds.size() + 1> times_{};
    Counter time_sum_{0};
};

}  // namespace concertres
