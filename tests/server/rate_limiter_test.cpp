#include "api/rate_limiter.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace concertres::server;
using namespace std::chrono_literals;

namespace {

using Address = boost::asio::ip::address;

Address address(const std::string& text) { return boost::asio::ip::make_address(text); }
Address numbered(std::uint32_t number) { return boost::asio::ip::address_v4(0x0b000000u + number); }

const Address ann = address("192.0.2.1");
const Address bob = address("192.0.2.2");
const auto start = RateLimiter::Clock::time_point() + 1h;

int granted_at(RateLimiter& limiter, const Address& who, RateLimiter::Clock::time_point now) {
    int granted = 0;
    while (limiter.take(who, now)) ++granted;
    return granted;
}

}  // namespace

TEST_CASE("a burst is granted at once, and then one for each interval") {
    RateLimiter limiter({.per_second = 10, .burst = 3});
    CHECK(granted_at(limiter, ann, start) == 3);
    CHECK(granted_at(limiter, ann, start + 99ms) == 0);
    CHECK(granted_at(limiter, ann, start + 100ms) == 1);
    CHECK(granted_at(limiter, ann, start + 299ms) == 1);
    CHECK(granted_at(limiter, ann, start + 300ms) == 1);
}

TEST_CASE("a bucket never has more than its burst, however long the pause") {
    RateLimiter limiter({.per_second = 10, .burst = 3});
    CHECK(granted_at(limiter, ann, start) == 3);
    CHECK(granted_at(limiter, ann, start + 24h) == 3);
}

TEST_CASE("over time an address gets its rate and no more") {
    RateLimiter limiter({.per_second = 200, .burst = 1'000});
    int granted = 0;
    for (auto now = start; now < start + 10s; now += 1ms) {
        granted += static_cast<bool>(limiter.take(ann, now)) ? 1 : 0;
    }
    // Asked 10,000 times at 1,000 a second: the burst and 200 for each of nearly ten seconds.
    CHECK(granted == 1'000 + 1'999);
}

TEST_CASE("addresses have buckets of their own") {
    RateLimiter limiter({.per_second = 10, .burst = 3});
    CHECK(granted_at(limiter, ann, start) == 3);
    CHECK(granted_at(limiter, bob, start) == 3);
}

TEST_CASE("an IPv6 client is its /64, and a mapped IPv4 address is that address") {
    RateLimiter limiter({.per_second = 10, .burst = 3});
    CHECK(granted_at(limiter, address("2001:db8:0:1::1"), start) == 3);
    CHECK(granted_at(limiter, address("2001:db8:0:1:ffff::2"), start) == 0);
    CHECK(granted_at(limiter, address("2001:db8:0:2::1"), start) == 3);
    CHECK(granted_at(limiter, ann, start) == 3);
    CHECK(granted_at(limiter, address("::ffff:192.0.2.1"), start) == 0);
}

TEST_CASE("loopback is never limited, and a rate of 0 limits nobody") {
    RateLimiter limiter({.per_second = 10, .burst = 3});
    RateLimiter open({.per_second = 0, .burst = 3});
    for (int i = 0; i < 100; ++i) {
        CHECK(limiter.take(address("127.0.0.1"), start));
        CHECK(limiter.take(address("127.9.9.9"), start));
        CHECK(limiter.take(address("::1"), start));
        CHECK(limiter.take(address("::ffff:127.0.0.1"), start));
        CHECK(open.take(ann, start));
    }
    CHECK(limiter.take(address("::1"), start).remaining == 3);
    CHECK(limiter.addresses() == 0);
    CHECK(open.addresses() == 0);
}

TEST_CASE("a turn says what is left, when the bucket is full and when to come again") {
    RateLimiter limiter({.per_second = 2, .burst = 4});
    auto turn = limiter.take(ann, start);
    CHECK(turn.limit == 4);
    CHECK(turn.remaining == 3);
    CHECK(turn.reset == 1s);  // half a second, rounded up
    CHECK(turn.retry_after == 0s);
    (void)limiter.take(ann, start);
    (void)limiter.take(ann, start);
    turn = limiter.take(ann, start);
    CHECK(turn.granted);
    CHECK(turn.remaining == 0);
    CHECK(turn.reset == 2s);
    turn = limiter.take(ann, start);
    CHECK(!turn.granted);
    CHECK(turn.remaining == 0);
    CHECK(turn.reset == 2s);
    CHECK(turn.retry_after == 1s);
    CHECK(limiter.take(ann, start + 1s).remaining == 1);
}

TEST_CASE("a slow rate tells to wait for as long as it takes") {
    RateLimiter limiter({.per_second = 1, .burst = 1});
    CHECK(limiter.take(ann, start));
    const auto turn = limiter.take(ann, start + 1ns);
    CHECK(!turn);
    CHECK(turn.retry_after == 1s);
    CHECK(!limiter.take(ann, start + 999'999'999ns));
    CHECK(limiter.take(ann, start + 1s));
}

TEST_CASE("what is refused takes nothing") {
    RateLimiter limiter({.per_second = 10, .burst = 1});
    CHECK(limiter.take(ann, start));
    for (int i = 0; i < 50; ++i) CHECK(!limiter.take(ann, start + 50ms));
    CHECK(limiter.take(ann, start + 100ms));
}

TEST_CASE("time that goes back a little grants nothing more") {
    RateLimiter limiter({.per_second = 10, .burst = 3});
    CHECK(granted_at(limiter, ann, start) == 3);
    CHECK(granted_at(limiter, ann, start - 5ms) == 0);
    CHECK(limiter.take(ann, start - 5ms).remaining == 0);
}

TEST_CASE("full buckets are forgotten, and no other") {
    RateLimiter limiter({.per_second = 10, .burst = 10});  // full after 1 s
    CHECK(granted_at(limiter, ann, start) == 10);
    // Others come and go for as long as it takes to fill ann's bucket by half.
    for (std::uint32_t i = 0; i < 100; ++i) {
        CHECK(limiter.take(numbered(i), start + std::chrono::milliseconds(5 * i)));
    }
    CHECK(granted_at(limiter, ann, start + 500ms) == 5);
    CHECK(limiter.addresses() == 101);
    // Two changes of generation later only those are left that asked since.
    CHECK(limiter.take(bob, start + 2s));
    CHECK(limiter.take(bob, start + 4s));
    CHECK(limiter.addresses() == 1);
}

TEST_CASE("the table of addresses is bounded, also by those who have many") {
    RateLimiter limiter({.per_second = 1, .burst = 1'000, .addresses_max = 1'000});
    for (std::uint32_t i = 0; i < 20'000; ++i) {
        CHECK(limiter.take(numbered(i), start));
        REQUIRE(limiter.addresses() <= 1'000);
    }
    // The latest are remembered.
    CHECK(limiter.take(numbered(19'999), start).remaining == 998);
    CHECK(limiter.take(numbered(19'600), start).remaining == 998);
}

TEST_CASE("an address that asks without pause is not forgotten when others fill the table") {
    RateLimiter limiter({.per_second = 1, .burst = 100, .addresses_max = 100});
    int granted = 0;
    for (std::uint32_t i = 0; i < 10'000; ++i) {
        (void)limiter.take(numbered(i), start);
        granted += static_cast<bool>(limiter.take(ann, start)) ? 1 : 0;
    }
    CHECK(granted == 100);
}

TEST_CASE("threads share buckets exactly") {
    RateLimiter limiter({.per_second = 1, .burst = 1'000});
    std::atomic<int> granted = 0;
    std::vector<std::thread> threads;
    for (std::uint32_t t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (std::uint32_t i = 0; i < 1'000; ++i) {
                if (limiter.take(ann, start)) ++granted;
                (void)limiter.take(numbered(t * 1'000 + i), start);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(granted == 1'000);
}
