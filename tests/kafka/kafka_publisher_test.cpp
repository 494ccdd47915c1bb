// Events on their way into Kafka: with librdkafka's mock cluster, or a real one (see
// support/kafka_cluster.hpp).
#include "kafka/kafka_publisher.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "concertres/memory.hpp"
#include "concertres/relay.hpp"
#include "support/kafka_cluster.hpp"
#include "support/outbox_store.hpp"
#include "support/sample_rows.hpp"

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
    KafkaCluster cluster;
    std::unique_ptr<Storage> store = open_memory();
    NewConcert concert = add_concert(*store, {.performances = 5});

    Scene() { store->outbox()->attach("kafka"); }

    [[nodiscard]] KafkaOptions options() const {
        return {.brokers = cluster.brokers(), .topic_prefix = cluster.prefix()};
    }
    void sell(std::size_t performance, int events) {
        append_events(
            *store, {StreamKind::performance, concert.performances[performance].key.value}, events);
    }
    [[nodiscard]] std::string key(std::size_t performance) const {
        return concert.performances[performance].id.to_string();
    }
    [[nodiscard]] std::int64_t behind() const { return store->outbox()->sinks().front().events; }
    // Steps until nothing is behind.
    void drain(Relay& relay) {
        const auto give_up = std::chrono::steady_clock::now() + 60s;
        while (behind() > 0) {
            REQUIRE(std::chrono::steady_clock::now() < give_up);
            std::this_thread::sleep_for(std::min<Duration>(relay.step(), 20ms));
        }
    }
};

RelayOptions quick() {
    return {.sink = "kafka", .lease = 3s, .retry_first = 10ms, .retry_max = 100ms};
}

}  // namespace

TEST_SUITE_BEGIN("kafka");

TEST_CASE("events arrive by key and in order, in the topic of their kind") {
    Scene scene;
    const UserId user = UserId::random();
    const auto wallet = new_key<UserKey>(*scene.store);
    kafka::KafkaPublisher publisher(scene.options());
    Relay relay(*scene.store->outbox(), publisher, quick());
    for (std::size_t i = 0; i < 5; ++i) scene.sell(i, 20);
    append_events(*scene.store, {StreamKind::wallet, wallet.value}, 3, user);
    append_events(*scene.store, {StreamKind::room, scene.concert.concert.key.value}, 2);
    scene.drain(relay);
    scene.sell(2, 30);
    scene.drain(relay);
    CHECK(relay.statistics().published == 135);
    // A real one makes its topics when they are first asked for, which may take too long at first.
    if (scene.cluster.can_fail()) CHECK(publisher.producers() == 1);
    const auto sold = scene.cluster.read("performance", 130);
    if (scene.cluster.can_fail()) CHECK(sold.size() == 130);
    const auto by_key = firsts(sold);
    for (std::size_t i = 0; i < 5; ++i) CHECK(by_key.at(scene.key(i)) == up_to(i == 2 ? 50 : 20));
    CHECK(firsts(scene.cluster.read("wallet", 3)).at(user.to_string()) == up_to(3));
    CHECK(firsts(scene.cluster.read("room", 2)).at(scene.concert.concert.id.to_string()) ==
          up_to(2));
}

TEST_CASE("what the safety of messages hangs on cannot be set otherwise, and faults are told") {
    KafkaOptions options{.brokers = "localhost:9"};
    options.properties = {{"no.such.property", "1"}};
    CHECK_THROWS_AS(static_cast<void>(open_kafka(options)), std::invalid_argument);
    options.properties = {{"acks", "0"}, {"enable.idempotence", "false"}, {"linger.ms", "1"}};
    CHECK_NOTHROW(static_cast<void>(open_kafka(options)));  // idempotence refuses acks=0
    CHECK_THROWS_AS(static_cast<void>(open_kafka({})), std::invalid_argument);
}

TEST_CASE("while no broker answers nothing is marked, and all arrives once they are back") {
    Scene scene;
    if (!scene.cluster.can_fail()) return;
    kafka::KafkaPublisher publisher(scene.options());
    Relay relay(*scene.store->outbox(), publisher, quick());
    scene.sell(0, 10);
    scene.drain(relay);
    scene.cluster.set_down(true);
    for (int i = 0; i < 4; ++i) {
        scene.sell(0, 5);
        scene.sell(1, 5);
        relay.step();
        std::this_thread::sleep_for(50ms);
    }
    CHECK(scene.behind() == 40);
    CHECK(relay.statistics().published == 10);
    CHECK(relay.statistics().failures > 0);
    CHECK(publisher.producers() > 1);
    scene.cluster.set_down(false);
    scene.drain(relay);
    const auto by_key = firsts(scene.cluster.read("performance", 50));
    CHECK(by_key.at(scene.key(0)) == up_to(30));
    CHECK(by_key.at(scene.key(1)) == up_to(20));
}

TEST_CASE("a broker that is slow is waited for") {
    Scene scene;
    if (!scene.cluster.can_fail()) return;
    scene.cluster.set_round_trip(300);
    kafka::KafkaPublisher publisher(scene.options());
    Relay relay(*scene.store->outbox(), publisher, quick());
    for (std::size_t i = 0; i < 5; ++i) scene.sell(i, 50);
    scene.drain(relay);
    const auto by_key = firsts(scene.cluster.read("performance", 250));
    for (std::size_t i = 0; i < 5; ++i) CHECK(by_key.at(scene.key(i)) == up_to(50));
}

TEST_CASE("a broker that refuses leaves no gap, be it for a moment or for good") {
    Scene scene;
    if (!scene.cluster.can_fail()) return;
    kafka::KafkaPublisher publisher(scene.options());
    Relay relay(*scene.store->outbox(), publisher, quick());
    scene.sell(0, 3);
    scene.drain(relay);
    SUBCASE("it has too few replicas for a moment") { scene.cluster.refuse_produce(19, 3); }
    SUBCASE("it answers that the request timed out") { scene.cluster.refuse_produce(7, 2); }
    SUBCASE("the message is not allowed") { scene.cluster.refuse_produce(29, 1); }
    SUBCASE("the sequence is wrong: the producer is lost") { scene.cluster.refuse_produce(45, 1); }
    for (int i = 0; i < 10; ++i) {
        scene.sell(0, 20);
        scene.sell(1, 20);
        relay.step();
    }
    scene.drain(relay);
    const auto by_key = firsts(scene.cluster.read("performance", 403));
    CHECK(by_key.at(scene.key(0)) == up_to(203));
    CHECK(by_key.at(scene.key(1)) == up_to(200));
}

TEST_CASE("a publisher that is interrupted ends soon") {
    Scene scene;
    if (!scene.cluster.can_fail()) return;
    scene.cluster.set_down(true);
    kafka::KafkaPublisher publisher(scene.options());
    RelayOptions options = quick();
    options.lease = 10min;
    Relay relay(*scene.store->outbox(), publisher, options);
    scene.sell(0, 5);
    std::jthread thread([&](const std::stop_token& stop) { relay.run(stop); });
    std::this_thread::sleep_for(100ms);
    thread.request_stop();
    thread.join();  // and does not wait for ten minutes
    CHECK(scene.behind() == 5);
}

TEST_CASE("relays that come and go with brokers that fail leave no gap in any key") {
    Scene scene;
    std::vector<std::unique_ptr<kafka::KafkaPublisher>> publishers;
    std::vector<std::unique_ptr<Relay>> relays;
    const auto add_relay = [&] {
        publishers.push_back(std::make_unique<kafka::KafkaPublisher>(scene.options()));
        RelayOptions options = quick();
        options.lease = 300ms;
        relays.push_back(
            std::make_unique<Relay>(*scene.store->outbox(), *publishers.back(), options));
    };
    add_relay();
    add_relay();
    for (int round = 0; round < 30; ++round) {
        for (std::size_t i = 0; i < 5; ++i) scene.sell(i, 7);
        if (scene.cluster.can_fail() && round % 10 == 3) scene.cluster.set_down(true);
        if (scene.cluster.can_fail() && round % 10 == 6) scene.cluster.set_down(false);
        if (scene.cluster.can_fail() && round % 7 == 2) scene.cluster.refuse_produce(45, 1);
        if (round % 8 == 5) {  // killed: it says goodbye to nobody
            relays.erase(relays.begin());
            publishers.erase(publishers.begin());
            add_relay();
        }
        for (const auto& relay : relays) relay->step();
    }
    if (scene.cluster.can_fail()) scene.cluster.set_down(false);
    const auto give_up = std::chrono::steady_clock::now() + 60s;
    while (scene.behind() > 0) {
        REQUIRE(std::chrono::steady_clock::now() < give_up);
        for (const auto& relay : relays) relay->step();
        std::this_thread::sleep_for(10ms);
    }
    const auto by_key = firsts(scene.cluster.read("performance", 5 * 210));
    for (std::size_t i = 0; i < 5; ++i) CHECK(by_key.at(scene.key(i)) == up_to(210));
}

TEST_SUITE_END();

}  // namespace concertres::test
