#include "api/rate_limiter.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <utility>

#include "base/random.hpp"
#include "concertres/assert.hpp"

namespace concertres::server {
namespace {

namespace ip = boost::asio::ip;

ip::address unmapped(const ip::address& address) {
    if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

// The /64 of an IPv6 address; an IPv4 address takes the place of a multicast range, from which
// nothing ever comes.
std::uint64_t key_of(const ip::address& address) {
    if (address.is_v4()) return 0xffff'ffff'0000'0000u | address.to_v4().to_uint();
    const auto bytes = address.to_v6().to_bytes();
    std::uint64_t key = 0;
    for (std::size_t i = 0; i < 8; ++i) key = key << 8 | bytes[i];
    return key;
}

std::chrono::seconds rounded_up(RateLimiter::Clock::duration duration) {
    return std::chrono::ceil<std::chrono::seconds>(duration);
}

std::uint64_t random_seed() {
    std::array<std::uint8_t, 8> bytes{};
    fill_random(bytes);
    std::uint64_t seed = 0;
    for (std::uint8_t byte : bytes) seed = seed << 8 | byte;
    return seed;
}

}  // namespace

// Whoever has many addresses must not choose those that share a slot of the table: so the slot
// depends on a secret, mixed in before and after the first multiplication.
std::size_t RateLimiter::Hash::operator()(std::uint64_t key) const noexcept {
    std::uint64_t mixed = (key ^ seed) * 0x9e3779b97f4a7c15u;
    mixed ^= mixed >> 32 ^ seed >> 17;
    mixed *= 0xd6e8feb86659fd93u;
    return static_cast<std::size_t>(mixed ^ mixed >> 32);
}

RateLimiter::RateLimiter(const Rate& rate)
    : rate_(rate),
      interval_(rate.per_second > 0 ? Clock::duration(std::chrono::seconds(1)) / rate.per_second
                                    : Clock::duration(0)),
      capacity_(interval_ * rate.burst),
      hash_{random_seed()},
      lately_(0, hash_),
      before_(lately_) {
    CONCERTRES_ASSERT(rate.per_second >= 0 && rate.burst >= 1 && rate.addresses_max >= 2);
}

RateLimiter::Turn RateLimiter::take(const ip::address& given, Clock::time_point now) {
    const ip::address address = unmapped(given);
    Turn turn{.granted = true, .limit = rate_.burst, .remaining = rate_.burst};
    if (rate_.per_second == 0 || address.is_loopback()) return turn;

    // Outlives the lock: to free a whole generation takes milliseconds, for which nobody waits.
    Buckets forgotten(0, hash_);
    const std::scoped_lock lock(mutex_);
    Clock::time_point& full_at = bucket_of(key_of(address), now, forgotten);
    const Clock::time_point after = std::max(full_at, now) + interval_;
    turn.granted = after - now <= capacity_;
    if (turn.granted) {
        full_at = after;
    } else {
        turn.retry_after = rounded_up(after - now - capacity_);
    }
    const Clock::duration missing = std::max(full_at - now, Clock::duration(0));
    turn.remaining = std::max<std::int64_t>(0, (capacity_ - missing) / interval_);
    turn.reset = rounded_up(missing);
    return turn;
}

std::size_t RateLimiter::addresses() const {
    const std::scoped_lock lock(mutex_);
    return lately_.size() + before_.size();
}

// A new bucket is full. Changes the generations when the last change is a whole filling time ago,
// or when this one has become half of what is allowed.
RateLimiter::Clock::time_point& RateLimiter::bucket_of(std::uint64_t key, Clock::time_point now,
                                                       Buckets& forgotten) {
    auto found = lately_.find(key);
    if (now - changed_ >= capacity_ ||
        (found == lately_.end() && lately_.size() >= rate_.addresses_max / 2)) {
        std::swap(forgotten, before_);
        std::swap(before_, lately_);
        changed_ = now;
        found = lately_.end();
    }
    if (found != lately_.end()) return found->second;

    Clock::time_point full_at = now;
    if (auto old = before_.find(key); old != before_.end()) {
        full_at = old->second;
        before_.erase(old);
    }
    return lately_.emplace(key, full_at).first->second;
}

}  // namespace concertres::server
