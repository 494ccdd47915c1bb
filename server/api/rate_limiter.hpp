// How often one client may ask for something that costs: a bucket of tokens for each address,
// filled at a steady rate up to its burst. What is asked with an empty bucket is refused and takes
// nothing.
//
//   RateLimiter limiter({.per_second = 200, .burst = 1000});
//   if (auto turn = limiter.take(client, now); !turn) return too_many(turn.retry_after);
//
// The table of addresses is bounded; what is forgotten first are buckets that are full again, which
// is no loss. An IPv6 client is its /64, because that is what one subscriber has. Loopback is never
// limited: it is the operator, or a proxy that somebody forgot to trust.
//
// Threads: any, at once.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace concertres::server {

class RateLimiter {
  public:
    using Clock = std::chrono::steady_clock;

    struct Rate {
        std::int64_t per_second = 200;  // 0: no limit
        std::int64_t burst = 1'000;     // at least 1
        // About 64 bytes each. Beyond it, addresses that asked longest ago are forgotten: they
        // start again with a full bucket, which harms nobody else.
        std::size_t addresses_max = 100'000;
    };

    // What one request was told. The names are those of the RateLimit header fields.
    struct Turn {
        bool granted = true;
        std::int64_t limit = 0;
        std::int64_t remaining = 0;
        std::chrono::seconds reset{0};        // until the bucket is full, rounded up
        std::chrono::seconds retry_after{0};  // until the next is granted; 0 where this one was

        explicit operator bool() const { return granted; }
    };

    explicit RateLimiter(const Rate& rate);

    // `now` never goes back by much: time before what was seen is as good as the latest.
    [[nodiscard]] Turn take(const boost::asio::ip::address& address, Clock::time_point now);
    [[nodiscard]] std::size_t addresses() const;

  private:
    struct Hash {
        std::uint64_t seed;
        std::size_t operator()(std::uint64_t key) const noexcept;
    };
    // When the bucket of each address is full again: that is all there is to know of it.
    using Buckets = std::unordered_map<std::uint64_t, Clock::time_point, Hash>;

    Clock::time_point& bucket_of(std::uint64_t key, Clock::time_point now, Buckets& forgotten);

    const Rate rate_;
    const Clock::duration interval_;  // between two tokens
    const Clock::duration capacity_;  // from empty to full
    const Hash hash_;
    mutable std::mutex mutex_;
    // Two generations: what was asked lately, and what was not since the last change. Whatever
    // falls out of the second has not been asked for as long as a bucket takes to fill.
    Buckets lately_;
    Buckets before_;
    Clock::time_point changed_{};
};

}  // namespace concertres::server
