#include "concertres/relay.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "concertres/memory.hpp"
#include "relay/leases.hpp"
#include "support/fake_broker.hpp"
#include "support/outbox_store.hpp"
#include "support/sample_rows.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;
using Numbers = std::vector<std::int64_t>;

Numbers up_to(std::int64_t last) {
    Numbers numbers(static_cast<std::size_t>(last));
    std::iota(numbers.begin(), numbers.end(), 1);
    return numbers;
}

struct Scene {
    TestClock clock;
    std::unique_ptr<Storage> store = open_memory({.clock = &clock});
    NewConcert concert = add_concert(*store, {.performances = 20, .room = true});
    FakeBroker broker;
    FakePublisher publisher{broker};
    std::vector<std::string> log;

    Scene() { store->outbox()->attach("sink"); }

    [[nodiscard]] RelayOptions options(const std::string& name = "a") {
        return {
            .sink = "sink", .relay = name, .clock = &clock, .log = [this](const std::string& line) {
                log.push_back(line);
            }};
    }
    void sell(int events, std::size_t performance = 0) {
        append_events(
            *store, {StreamKind::performance, concert.performances[performance].key.value}, events);
    }
    [[nodiscard]] Uuid owner(std::size_t performance = 0) const {
        return concert.performances[performance].id.uuid;
    }
    // Steps until it waits; at most this often.
    static Duration settle(Relay& relay, int steps_max = 100) {
        for (int i = 0; i < steps_max; ++i) {
            if (const Duration wait = relay.step(); wait > 0ms) return wait;
        }
        FAIL("it never waits");
        return {};
    }
    [[nodiscard]] std::int64_t behind() const { return store->outbox()->sinks().front().events; }
};

}  // namespace

TEST_SUITE_BEGIN("relay");

TEST_CASE("a relay passes on what is committed, in order, and marks it") {
    Scene scene;
    Relay relay(*scene.store->outbox(), scene.publisher, scene.options());
    CHECK(Scene::settle(relay) == RelayOptions{}.poll);
    scene.sell(3);
    scene.sell(2, 1);
    scene.sell(2);
    scene.clock.advance(5s);
    CHECK(Scene::settle(relay) > 0ms);
    CHECK(scene.broker.arrived[scene.owner()] == up_to(5));
    CHECK(scene.broker.arrived[scene.owner(1)] == up_to(2));
    CHECK(scene.behind() == 0);
    CHECK(relay.statistics().published == 7);
    CHECK(relay.statistics().shards == outbox_shards);
    CHECK(relay.statistics().failures == 0);
}

TEST_CASE("many events of one stream and many streams are passed on in batches") {
    Scene scene;
    RelayOptions options = scene.options();
    options.batch_max = 7;
    Relay relay(*scene.store->outbox(), scene.publisher, options);
    for (std::size_t i = 0; i < 20; ++i) scene.sell(static_cast<int>(1 + i % 13), i);
    scene.sell(40, 3);
    Scene::settle(relay);
    CHECK(scene.behind() == 0);
    for (std::size_t i = 0; i < 20; ++i) {
        const auto sold = static_cast<std::int64_t>(1 + i % 13) + (i == 3 ? 40 : 0);
        CHECK(scene.broker.arrived[scene.owner(i)] == up_to(sold));
    }
}

TEST_CASE("what is not acknowledged is not marked, and given again later") {
    Scene scene;
    Relay relay(*scene.store->outbox(), scene.publisher, scene.options());
    scene.sell(3);
    SUBCASE("it never arrived") { scene.broker.is_down = true; }
    SUBCASE("it arrived, and nobody said so") { scene.publisher.loses_answers = true; }
    CHECK(Scene::settle(relay) > 0ms);
    CHECK(scene.behind() == 3);
    CHECK(relay.statistics().published == 0);
    CHECK(relay.statistics().failures == 1);
    CHECK(scene.log.size() == 1);
    scene.broker.is_down = false;
    scene.publisher.loses_answers = false;
    scene.clock.advance(1s);
    Scene::settle(relay);
    CHECK(scene.behind() == 0);
    CHECK(scene.broker.firsts(scene.owner()) == up_to(3));
}

TEST_CASE("the pauses between attempts grow, by chance up to a half shorter, and have a bound") {
    Scene scene;
    RelayOptions options = scene.options();
    options.retry_first = 100ms;
    options.retry_max = 2s;
    Relay relay(*scene.store->outbox(), scene.publisher, options);
    scene.sell(1);
    scene.broker.is_down = true;
    Duration longest = 100ms;
    for (std::size_t attempt = 1; attempt <= 8; ++attempt) {
        CAPTURE(attempt);
        while (scene.publisher.budgets.size() < attempt) scene.clock.advance(relay.step());
        const Duration before = scene.clock.elapsed();
        while (scene.publisher.budgets.size() == attempt) scene.clock.advance(relay.step());
        // The relay looks when its leases are due, and every `poll`.
        const Duration pause = scene.clock.elapsed() - before;
        CHECK(pause >= longest / 2);
        CHECK(pause <= longest + options.poll);
        longest = std::min<Duration>(longest * 2, 2s);
    }
    scene.broker.is_down = false;
    for (int i = 0; i < 100 && scene.behind() > 0; ++i) scene.clock.advance(relay.step());
    CHECK(scene.behind() == 0);
}

TEST_CASE("a stream that is refused holds up no other") {
    Scene scene;
    Relay relay(*scene.store->outbox(), scene.publisher, scene.options());
    scene.broker.refuses.insert(scene.owner(0));
    for (int i = 0; i < 10; ++i) {
        scene.sell(1, 0);
        scene.sell(1, 1);
        Scene::settle(relay);
        scene.clock.advance(100ms);
    }
    CHECK(scene.broker.arrived[scene.owner(1)].size() >= 9);
    CHECK(scene.broker.arrived[scene.owner(0)].empty());
    scene.broker.refuses.clear();
    scene.clock.advance(2min);
    Scene::settle(relay);
    scene.clock.advance(2min);
    Scene::settle(relay);
    CHECK(scene.broker.arrived[scene.owner(0)] == up_to(10));
}

TEST_CASE("a key that was not tried is not put off for one that failed") {
    Scene scene;
    RelayOptions options = scene.options();
    options.retry_first = options.retry_max = 1min;
    Relay relay(*scene.store->outbox(), scene.publisher, options);
    scene.publisher.gives_up_after = 1;
    scene.broker.refuses.insert(scene.owner(0));
    scene.sell(1, 0);
    scene.sell(2, 1);
    for (Duration begin = scene.clock.elapsed(); scene.clock.elapsed() < begin + 20s;) {
        scene.clock.advance(std::max<Duration>(relay.step(), 1ms));
    }
    CHECK(scene.broker.arrived[scene.owner(1)] == up_to(2));
    CHECK(scene.publisher.tried == std::vector<Uuid>{scene.owner(0), scene.owner(1)});
    // What waits is known to: how long it has.
    CHECK(relay.statistics().lag >= 19s);
}

TEST_CASE("keys of a kind that is refused starve no other kind, though each attempt ends at one") {
    Scene scene;
    Relay relay(*scene.store->outbox(), scene.publisher, scene.options());
    scene.publisher.gives_up_after = 1;
    for (std::size_t i = 0; i < 20; ++i) scene.broker.refuses.insert(scene.owner(i));
    for (int round = 0; round < 10; ++round) {
        for (std::size_t i = 0; i < 20; ++i) scene.sell(5, i);
        append_events(*scene.store, {StreamKind::room, scene.concert.concert.key.value}, 3);
        const Duration begin = scene.clock.elapsed();
        while (scene.clock.elapsed() < begin + 5min) {
            scene.clock.advance(std::max<Duration>(relay.step(), 1ms));
        }
    }
    CHECK(scene.broker.arrived[scene.concert.concert.id.uuid] == up_to(30));
    CHECK(scene.behind() == 1'000);
}

TEST_CASE("a refused key is tried less and less often, whatever arrives of others") {
    Scene scene;
    Relay relay(*scene.store->outbox(), scene.publisher, scene.options());
    scene.broker.refuses.insert(scene.owner(0));
    scene.sell(1, 0);
    const Duration begin = scene.clock.elapsed();
    while (scene.clock.elapsed() < begin + 2min) {
        scene.sell(1, 1);
        for (int i = 0; i < 4; ++i) {
            Scene::settle(relay);
            scene.clock.advance(250ms);
        }
    }
    // After 0.1 to 0.2 s, 0.2 to 0.4, ... 30 to 60.
    CHECK(std::ranges::count(scene.publisher.tried, scene.owner(0)) <= 12);
    CHECK(scene.broker.arrived[scene.owner(1)].size() >= 60);
}

TEST_CASE("what is interrupted is no failure") {
    Scene scene;
    RelayOptions options = scene.options();
    options.failures_max = 1;
    Relay relay(*scene.store->outbox(), scene.publisher, options);
    scene.sell(3);
    scene.publisher.time_for = 0;
    CHECK(relay.step() == options.poll);
    CHECK(relay.statistics().failures == 0);
    CHECK(!scene.store->outbox()->sinks().front().disabled_at);
    CHECK(scene.log.empty());
    scene.publisher.time_for.reset();
    Scene::settle(relay);
    CHECK(scene.behind() == 0);
}

TEST_CASE("of a stream that is far behind a batch has no more than it may") {
    Scene scene;
    RelayOptions options = scene.options();
    options.batch_max = 40;
    options.run_max = 10;
    Relay relay(*scene.store->outbox(), scene.publisher, options);
    for (std::size_t i = 0; i < 4; ++i) scene.sell(100, i);
    relay.step();
    for (std::size_t i = 0; i < 4; ++i) CHECK(scene.broker.arrived[scene.owner(i)] == up_to(10));
    Scene::settle(relay);
    for (std::size_t i = 0; i < 4; ++i) CHECK(scene.broker.arrived[scene.owner(i)] == up_to(100));
}

TEST_CASE("what there was no time for is given again at once, and is no failure") {
    Scene scene;
    Relay relay(*scene.store->outbox(), scene.publisher, scene.options());
    scene.sell(7, 0);
    scene.sell(4, 1);
    scene.publisher.time_for = 3;
    CHECK(Scene::settle(relay) == RelayOptions{}.poll);  // the clock stood still
    CHECK(scene.broker.arrived[scene.owner(0)] == up_to(7));
    CHECK(scene.broker.arrived[scene.owner(1)] == up_to(4));
    CHECK(relay.statistics().failures == 0);
    CHECK(scene.publisher.budgets.size() == 4);
    CHECK(scene.log.empty());
}

TEST_CASE("a sink that asks for a pause has it, up to the bound") {
    Scene scene;
    Relay relay(*scene.store->outbox(), scene.publisher, scene.options());
    scene.sell(1);
    scene.broker.is_down = true;
    Duration asked{};
    SUBCASE("of half a minute") { scene.publisher.asks_to_wait = asked = 30s; }
    SUBCASE("of an hour") {
        scene.publisher.asks_to_wait = 1h;
        asked = RelayOptions{}.retry_max;
    }
    const auto begin = scene.clock.elapsed();
    while (scene.publisher.budgets.size() < 2) {
        scene.sell(1, 1);
        scene.clock.advance(std::max<Duration>(relay.step(), 1ms));
    }
    CHECK(scene.clock.elapsed() - begin >= asked);
    CHECK(scene.clock.elapsed() - begin < asked + 2s);
}

TEST_CASE("a sink is disabled after so many attempts in vain, and goes on once it is rewound") {
    Scene scene;
    RelayOptions options = scene.options();
    options.failures_max = 3;
    Relay relay(*scene.store->outbox(), scene.publisher, options);
    scene.sell(2);
    scene.broker.is_down = true;
    for (int i = 0; i < 100; ++i) scene.clock.advance(relay.step());
    CHECK(scene.publisher.budgets.size() == 3);
    CHECK(relay.statistics().disabled);
    CHECK(scene.store->outbox()->sinks().front().disabled_at);
    CHECK(scene.log.back().find("disabled") != std::string::npos);
    scene.broker.is_down = false;
    scene.sell(1);
    for (int i = 0; i < 100; ++i) scene.clock.advance(relay.step());
    CHECK(scene.broker.arrived.empty());
    scene.store->outbox()->rewind("sink", Time::min());
    for (int i = 0; i < 100 && scene.behind() > 0; ++i) scene.clock.advance(relay.step());
    CHECK(scene.broker.arrived[scene.owner()] == up_to(3));
    CHECK(!relay.statistics().disabled);
}

TEST_CASE("whoever finds a sink disabled says so, and counts from nought once it is enabled") {
    Scene scene;
    RelayOptions options = scene.options();
    options.failures_max = 3;
    Relay relay(*scene.store->outbox(), scene.publisher, options);
    scene.store->outbox()->disable("sink");
    relay.step();
    REQUIRE(scene.log.size() == 1);
    CHECK(scene.log.back().find("it is disabled") != std::string::npos);
    scene.broker.is_down = true;
    scene.publisher.asks_to_wait = 5s;  // the leases are due before
    scene.sell(1);
    for (int i = 0; i < 4; ++i) {
        CAPTURE(i);
        scene.store->outbox()->enable("sink");
        const std::size_t before = scene.publisher.budgets.size();
        while (scene.publisher.budgets.size() < before + 2) {
            scene.clock.advance(std::max<Duration>(relay.step(), 1ms));
        }
        CHECK(!scene.store->outbox()->sinks().front().disabled_at);
        scene.store->outbox()->disable("sink");  // by another
        while (!relay.statistics().disabled) scene.clock.advance(relay.step());
    }
    CHECK(std::ranges::count_if(scene.log, [](const std::string& line) {
              return line.find("sink: it is enabled") == 0;
          }) == 4);
}

TEST_CASE("a relay that is woken after its leases have ended leaves no gap and moves no mark") {
    Scene scene;
    FakePublisher of_other(scene.broker);
    Relay other(*scene.store->outbox(), of_other, scene.options("b"));
    Relay stopped(*scene.store->outbox(), scene.publisher, scene.options("a"));
    scene.sell(5);
    // It sleeps with all but the last sent.
    scene.publisher.before_last = [&] {
        scene.publisher.before_last = {};
        scene.clock.advance(1min);
        Scene::settle(other);
        scene.sell(3);
        Scene::settle(other);
        CHECK(scene.behind() == 0);
        scene.sell(2);
    };
    stopped.step();
    CHECK(stopped.statistics().fenced == outbox_shards);
    CHECK(stopped.statistics().published == 0);
    CHECK(scene.behind() == 2);
    Scene::settle(other);
    CHECK(scene.behind() == 0);
    CHECK(scene.broker.firsts(scene.owner()) == up_to(10));
    CHECK(scene.broker.by_id.size() == 10);
}

TEST_CASE("a relay gives the publisher less time than its leases have left") {
    Scene scene;
    Relay relay(*scene.store->outbox(), scene.publisher, scene.options());
    Scene::settle(relay);
    scene.sell(1);
    scene.clock.advance(3s);
    relay.step();
    REQUIRE(scene.publisher.budgets.size() == 1);
    CHECK(scene.publisher.budgets.front() <= 5s);  // 10 s, less 3, less a fifth
    CHECK(scene.publisher.budgets.front() > 4s);
}

TEST_CASE("relays share what there is, and one that leaves is replaced at once") {
    Scene scene;
    FakePublisher of_b(scene.broker);
    Relay a(*scene.store->outbox(), scene.publisher, scene.options("a"));
    Relay b(*scene.store->outbox(), of_b, scene.options("b"));
    for (int i = 0; i < 4; ++i) {
        Scene::settle(a);
        Scene::settle(b);
        scene.clock.advance(RelayOptions{}.lease / 3);
    }
    CHECK(a.statistics().shards == outbox_shards / 2);
    CHECK(b.statistics().shards == outbox_shards / 2);
    for (std::size_t i = 0; i < 20; ++i) scene.sell(2, i);
    Scene::settle(a);
    Scene::settle(b);
    CHECK(scene.behind() == 0);
    CHECK(a.statistics().published + b.statistics().published == 40);
    CHECK(a.statistics().published > 0);
    CHECK(b.statistics().published > 0);
    for (std::size_t i = 0; i < 20; ++i) CHECK(scene.broker.arrived[scene.owner(i)] == up_to(2));
    b.leave();
    scene.clock.advance(RelayOptions{}.lease / 3);
    Scene::settle(a);
    CHECK(a.statistics().shards == outbox_shards);
}

TEST_CASE("a relay on a thread of its own stops when it is told to") {
    Scene scene;
    scene.sell(3);
    Relay relay(*scene.store->outbox(), scene.publisher, scene.options());
    std::jthread thread([&](const std::stop_token& stop) { relay.run(stop); });
    while (relay.statistics().published < 3) std::this_thread::yield();
    thread.request_stop();
    thread.join();
    CHECK(scene.broker.arrived[scene.owner()] == up_to(3));
    CHECK(scene.store->outbox()->claim("sink", "b", 10s).leases.size() == outbox_shards);
}

TEST_CASE("a stream's shard is the same for ever") {
    CHECK(shard_of({StreamKind::performance, 1}) == 28);
    CHECK(shard_of({StreamKind::wallet, 1}) == 44);
    CHECK(shard_of({StreamKind::room, 123'456'789}) == 38);
    std::vector<int> streams(outbox_shards);
    for (std::int64_t owner = 0; owner < 64'000; ++owner) {
        ++streams[static_cast<std::size_t>(shard_of({StreamKind::wallet, owner}))];
    }
    for (const int count : streams) CHECK((count > 800 && count < 1'200));
}

TEST_CASE("shards that do not divide are shared as evenly as they can be") {
    Leases leases;
    const Time now{1h};
    for (const char* relay : {"a", "b", "c", "a", "b", "c", "a", "b", "c"}) {
        static_cast<void>(leases.claim(relay, now, 10s));
    }
    CHECK(leases.claim("a", now, 10s).size() == 22);
    CHECK(leases.claim("b", now, 10s).size() == 21);
    CHECK(leases.claim("c", now, 10s).size() == 21);
    // One is gone; its shards are free once its leases have ended.
    CHECK(leases.claim("a", now + 9s, 10s).size() == 22);
    CHECK(leases.claim("a", now + 10s, 10s).size() == outbox_shards);
}

TEST_SUITE_END();

}  // namespace concertres::test
