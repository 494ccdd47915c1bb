// A store with events of five performances, and a receiver that they are to get to.
//
//   Scene scene;
//   scene.sell(0, 3);
//   const auto webhook = open_webhook(scene.options());
//   Relay relay(*scene.store->outbox(), *webhook, scene.quick());
//   scene.drain(relay);
//
// Threads: one.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "concertres/memory.hpp"
#include "concertres/relay.hpp"
#include "concertres/webhook.hpp"
#include "support/outbox_store.hpp"
#include "support/sample_rows.hpp"
#include "support/webhook_receiver.hpp"

namespace concertres::test {

using namespace std::chrono_literals;
using Numbers = std::vector<std::int64_t>;

// 32 bytes of zeros, and of ones.
inline const std::string zeros = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
inline const std::string ones = "whsec_//////////////////////////////////////////8=";

inline Numbers up_to(std::int64_t last) {
    Numbers numbers(static_cast<std::size_t>(last));
    std::iota(numbers.begin(), numbers.end(), 1);
    return numbers;
}

struct Scene {
    WebhookReceiver receiver;
    std::unique_ptr<Storage> store = open_memory();
    NewConcert concert = add_concert(*store, {.performances = 5});
    std::vector<std::string> log;

    Scene() { store->outbox()->attach("webhook"); }

    [[nodiscard]] WebhookOptions options() const {
        return {.url = receiver.url(), .secrets = {zeros}, .private_addresses = true};
    }
    [[nodiscard]] RelayOptions quick() {
        return {.sink = "webhook",
                .lease = 3s,
                .retry_first = 10ms,
                .retry_max = 100ms,
                .log = [this](const std::string& line) { log.push_back(line); }};
    }
    void sell(std::size_t performance, int events) {
        append_events(
            *store, {StreamKind::performance, concert.performances[performance].key.value}, events);
    }
    [[nodiscard]] std::string key(std::size_t performance) const {
        return concert.performances[performance].id.to_string();
    }
    [[nodiscard]] std::int64_t behind() const { return store->outbox()->sinks().front().events; }
    [[nodiscard]] bool is_disabled() const {
        return store->outbox()->sinks().front().disabled_at.has_value();
    }
    void drain(Relay& relay) {
        const auto give_up = std::chrono::steady_clock::now() + 60s;
        while (behind() > 0) {
            REQUIRE(std::chrono::steady_clock::now() < give_up);
            std::this_thread::sleep_for(std::min<Duration>(relay.step(), 20ms));
        }
    }
    // What has not arrived yet, of one performance.
    [[nodiscard]] std::vector<Unpublished> some(int events) {
        sell(0, events);
        const Stream stream{StreamKind::performance, concert.performances[0].key.value};
        return {{.stream = stream,
                 .owner = concert.performances[0].id.uuid,
                 .events = store->events(stream, 0, 1'000)}};
    }
};

// What is said where a request fails.
inline std::string error_of(Scene& scene, const WebhookOptions& options) {
    const auto runs = scene.some(1);
    const auto webhook = open_webhook(options);
    const Published published = webhook->publish(runs, 30s);
    CHECK(published.acknowledged == std::vector<std::size_t>{0});
    CHECK(published.failed == std::vector<bool>{true});
    return published.error;
}

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace concertres::test
