// Events on their way to a receiver on loopback, which refuses, stalls and goes away.
#include "webhook/webhook_publisher.hpp"

#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "concertres/cloud_event.hpp"
#include "concertres/relay.hpp"
#include "webhook/webhook_scene.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

// By OpenSSL alone, as a receiver would.
std::string signed_by(char byte, const HookRequest& request) {
    const std::string key(32, byte);
    const std::string text = request.fields.at("webhook-id") + "." +
                             request.fields.at("webhook-timestamp") + "." + request.body;
    std::string digest(32, '\0');
    const auto bytes = [](auto& of) {
        void* untyped = of.data();
        return static_cast<unsigned char*>(untyped);
    };
    std::string message = text;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes(message), message.size(),
         bytes(digest), nullptr);
    std::string base64(45, '\0');
    base64.resize(static_cast<std::size_t>(EVP_EncodeBlock(bytes(base64), bytes(digest), 32)));
    return "v1," + base64;
}

}  // namespace

TEST_SUITE_BEGIN("webhook");

// --- What arrives ------------------------------------------------------------------------------

TEST_CASE("an event is one POST of its CloudEvent, signed over id, time and body") {
    Scene scene;
    const auto webhook = open_webhook(scene.options());
    const auto runs = scene.some(3);
    const Published published = webhook->publish(runs, 30s);
    CHECK(published.acknowledged == std::vector<std::size_t>{3});
    CHECK(published.error.empty());
    const auto requests = scene.receiver.requests();
    REQUIRE(requests.size() == 3);
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    for (std::size_t i = 0; i < 3; ++i) {
        const HookRequest& request = requests[i];
        const Event& event = runs[0].events[i];
        CHECK(request.line == "POST /events HTTP/1.1");
        CHECK(request.body == cloud_event(event, runs[0].owner, "concertres"));
        CHECK(request.fields.at("webhook-id") == cloud_event_id(event, runs[0].owner));
        CHECK_FALSE(contains(request.fields.at("webhook-id"), "."));
        CHECK(request.fields.at("content-type") == "application/cloudevents+json; charset=utf-8");
        CHECK(!request.fields.contains("expect"));
        CHECK(request.fields.at("webhook-signature") == signed_by('\0', request));
        const std::chrono::seconds at(std::stoll(request.fields.at("webhook-timestamp")));
        CHECK(now - at < 5min);
        CHECK(at - now < 5min);
    }
    CHECK(scene.receiver.connections() == 1);
}

TEST_CASE("several secrets each sign, and can be changed while it runs") {
    Scene scene;
    WebhookOptions options = scene.options();
    options.secrets = {ones, zeros};
    const auto webhook = open_webhook(options);
    CHECK(webhook->publish(scene.some(1), 30s).acknowledged.front() == 1);
    webhook->replace_secrets({ones});
    CHECK(webhook->publish(scene.some(1), 30s).acknowledged.front() == 2);
    CHECK_THROWS_AS(webhook->replace_secrets({}), std::invalid_argument);
    CHECK_THROWS_AS(webhook->replace_secrets({zeros, "whsec_"}), std::invalid_argument);
    CHECK(webhook->publish(scene.some(1), 30s).acknowledged.front() == 3);
    const auto requests = scene.receiver.requests();
    CHECK(requests[0].fields.at("webhook-signature") ==
          signed_by('\xff', requests[0]) + " " + signed_by('\0', requests[0]));
    CHECK(requests[1].fields.at("webhook-signature") == signed_by('\xff', requests[1]));
    CHECK(requests.back().fields.at("webhook-signature") == signed_by('\xff', requests.back()));
}

TEST_CASE("a relay takes events of many keys to it, each key's in order and several at once") {
    Scene scene;
    scene.receiver.answer_by([](const HookRequest&) { return HookAnswer{.after = 2ms}; });
    const auto webhook = open_webhook(scene.options());
    Relay relay(*scene.store->outbox(), *webhook, scene.quick());
    for (std::size_t i = 0; i < 5; ++i) scene.sell(i, 40);
    scene.drain(relay);
    const auto firsts = scene.receiver.firsts();
    for (std::size_t i = 0; i < 5; ++i) CHECK(firsts.at(scene.key(i)) == up_to(40));
    CHECK(scene.receiver.requests().size() == 200);
    CHECK(scene.receiver.breaches() == 0);
    CHECK(scene.receiver.connections() == 5);
    CHECK(relay.statistics().failures == 0);
    CHECK(scene.log.empty());
}

TEST_CASE("a slow receiver has as many as it answers in a while, and the rest is no failure") {
    Scene scene;
    scene.receiver.answer_by([](const HookRequest&) { return HookAnswer{.after = 10ms}; });
    const auto webhook = open_webhook(scene.options());
    const Published published = webhook->publish(scene.some(400), 30s);
    CHECK(published.acknowledged.front() > 0);
    CHECK(published.acknowledged.front() < 400);
    CHECK(published.acknowledged.front() == scene.receiver.requests().size());
    CHECK(published.error.empty());
    CHECK(published.failed == std::vector<bool>{false});
    CHECK(scene.receiver.breaches() == 0);
}

// --- What fails --------------------------------------------------------------------------------

TEST_CASE("what is not granted is not acknowledged, and why is told") {
    Scene scene;
    const auto options = scene.options();
    HookAnswer answer;
    std::string told;
    SUBCASE("a failure") {
        answer.status = 500;
        told = "it answered 500";
    }
    SUBCASE("a redirect, which is not followed") {
        answer = {.status = 301, .fields = "Location: " + scene.receiver.url("/other") + "\r\n"};
        told = "it answered 301, and redirects are not followed";
    }
    SUBCASE("a redirect that keeps the method") {
        answer = {.status = 308, .fields = "Location: " + scene.receiver.url("/other") + "\r\n"};
        told = "it answered 308, and redirects are not followed";
    }
    SUBCASE("an answer that breaks off") {
        answer = {.body = std::string(1'000, 'x'), .cut = true};
        told = " bytes ";  // how many are missing; versions of curl word it differently
    }
    SUBCASE("an answer without an end") {
        answer = {.body = std::string(100'000, 'x')};
        told = "its answer is too long";
    }
    scene.receiver.answer_by([answer](const HookRequest&) { return answer; });
    const std::string error = error_of(scene, options);
    CAPTURE(error);
    CHECK(contains(error, told));
    CHECK(scene.receiver.requests().size() == 1);
}

TEST_CASE("a receiver that stalls is given up after the time-out, and one that is away at once") {
    Scene scene;
    WebhookOptions options = scene.options();
    SUBCASE("it never answers") {
        scene.receiver.answer_by([](const HookRequest&) { return HookAnswer{.after = 1h}; });
        options.timeout = 200ms;
        CHECK(contains(error_of(scene, options), "timed out"));
    }
    SUBCASE("nobody listens") {
        scene.receiver.set_down(true);
        CHECK(contains(error_of(scene, options), "connect"));
    }
}

TEST_CASE("while it fails it is asked once at a time, and after a pause that it asks for") {
    Scene scene;
    scene.receiver.answer_by([](const HookRequest&) {
        return HookAnswer{.status = 429, .fields = "Retry-After: 7\r\n"};
    });
    for (std::size_t i = 0; i < 5; ++i) scene.sell(i, 3);
    const auto claimed = scene.store->outbox()->claim("webhook", "test", 1h);
    const auto runs = scene.store->outbox()->take("webhook", claimed.leases, {});
    REQUIRE(runs.size() == 5);
    WebhookOptions options = scene.options();
    options.connections = 3;
    const auto webhook = open_webhook(options);
    Published published = webhook->publish(runs, 30s);
    CHECK(published.wait == 7s);
    CHECK(published.acknowledged == std::vector<std::size_t>(5, 0));
    CHECK(scene.receiver.requests().size() <= 3);
    const auto before = scene.receiver.requests().size();
    CHECK(static_cast<std::size_t>(std::ranges::count(published.failed, true)) == before);
    published = webhook->publish(runs, 30s);
    CHECK(scene.receiver.requests().size() == before + 1);
    CHECK(published.failed == std::vector<bool>{true, false, false, false, false});
    // It is back.
    scene.receiver.answer_by({});
    published = webhook->publish(runs, 30s);
    CHECK(published.wait == 0s);
    CHECK(published.acknowledged == std::vector<std::size_t>(5, 3));
    CHECK(scene.receiver.breaches() == 0);
}

TEST_CASE("an event that is refused holds up its own key and no other, and none goes before it") {
    Scene scene;
    const std::string refused = scene.key(2);
    scene.receiver.answer_by([refused](const HookRequest& request) {
        return HookAnswer{.status = request.key == refused && request.sequence == 4 ? 400 : 200};
    });
    const auto webhook = open_webhook(scene.options());
    Relay relay(*scene.store->outbox(), *webhook, scene.quick());
    for (int round = 0; round < 10; ++round) {
        for (std::size_t i = 0; i < 5; ++i) scene.sell(i, 2);
        relay.step();
    }
    const auto give_up = std::chrono::steady_clock::now() + 60s;
    while (scene.behind() > 17) {
        REQUIRE(std::chrono::steady_clock::now() < give_up);
        std::this_thread::sleep_for(std::min<Duration>(relay.step(), 20ms));
    }
    for (std::size_t i = 0; i < 5; ++i) {
        CHECK(scene.receiver.firsts().at(scene.key(i)) == up_to(i == 2 ? 3 : 20));
    }
    scene.receiver.answer_by({});
    scene.drain(relay);
    CHECK(scene.receiver.firsts().at(refused) == up_to(20));
    CHECK(scene.receiver.breaches() == 0);
}

TEST_CASE("a receiver that fails at random and goes away gets all, in order of each key") {
    Scene scene;
    int count = 0;
    scene.receiver.answer_by([&count](const HookRequest&) {
        ++count;
        if (count % 7 == 3) return HookAnswer{.status = 503};
        if (count % 11 == 5) return HookAnswer{.body = std::string(500, 'x'), .cut = true};
        if (count % 13 == 6) return HookAnswer{.after = 300ms};
        return HookAnswer{};
    });
    WebhookOptions options = scene.options();
    options.timeout = 100ms;
    std::vector<std::unique_ptr<Webhook>> webhooks;
    std::vector<std::unique_ptr<Relay>> relays;
    const auto add_relay = [&] {
        webhooks.push_back(open_webhook(options));
        RelayOptions quick = scene.quick();
        quick.lease = 400ms;
        relays.push_back(std::make_unique<Relay>(*scene.store->outbox(), *webhooks.back(), quick));
    };
    add_relay();
    add_relay();
    for (int round = 0; round < 30; ++round) {
        for (std::size_t i = 0; i < 5; ++i) scene.sell(i, 3);
        if (round % 10 == 3) scene.receiver.set_down(true);
        if (round % 10 == 6) scene.receiver.set_down(false);
        if (round % 8 == 5) {  // killed: it says goodbye to nobody
            relays.erase(relays.begin());
            webhooks.erase(webhooks.begin());
            add_relay();
        }
        for (const auto& relay : relays) relay->step();
    }
    scene.receiver.set_down(false);
    const auto give_up = std::chrono::steady_clock::now() + 120s;
    while (scene.behind() > 0) {
        REQUIRE(std::chrono::steady_clock::now() < give_up);
        for (const auto& relay : relays) relay->step();
        std::this_thread::sleep_for(5ms);
    }
    for (std::size_t i = 0; i < 5; ++i) {
        CHECK(scene.receiver.firsts().at(scene.key(i)) == up_to(90));
    }
    CHECK(scene.receiver.breaches() == 0);
}

TEST_CASE("a receiver that is away for too long is left alone, also by others, until enabled") {
    Scene scene;
    scene.receiver.answer_by([](const HookRequest&) { return HookAnswer{.status = 500}; });
    const auto webhook = open_webhook(scene.options());
    RelayOptions options = scene.quick();
    options.failures_max = 4;
    Relay relay(*scene.store->outbox(), *webhook, options);
    scene.sell(0, 3);
    const auto give_up = std::chrono::steady_clock::now() + 60s;
    while (!relay.statistics().disabled) {
        REQUIRE(std::chrono::steady_clock::now() < give_up);
        std::this_thread::sleep_for(std::min<Duration>(relay.step(), 20ms));
    }
    CHECK(scene.is_disabled());
    CHECK(scene.receiver.requests().size() == 4);
    CHECK(contains(scene.log.back(), "disabled"));
    // It is well again, and nobody asks.
    scene.receiver.answer_by({});
    const auto other_webhook = open_webhook(scene.options());
    Relay other(*scene.store->outbox(), *other_webhook, options);
    for (int i = 0; i < 20; ++i) {
        relay.step();
        other.step();
    }
    CHECK(other.statistics().disabled);
    CHECK(scene.receiver.requests().size() == 4);
    CHECK(scene.behind() == 3);
    scene.store->outbox()->enable("webhook");
    CHECK_FALSE(scene.is_disabled());
    const auto until = std::chrono::steady_clock::now() + 60s;
    while (scene.behind() > 0) {
        REQUIRE(std::chrono::steady_clock::now() < until);
        relay.step();
        other.step();
        std::this_thread::sleep_for(20ms);
    }
    CHECK(scene.receiver.firsts().at(scene.key(0)) == up_to(3));
}

TEST_CASE("a publisher that is interrupted ends soon, and what it left is no failure") {
    Scene scene;
    scene.receiver.answer_by([](const HookRequest&) { return HookAnswer{.after = 1h}; });
    WebhookOptions options = scene.options();
    options.timeout = 10min;
    const auto webhook = open_webhook(options);
    RelayOptions quick = scene.quick();
    quick.lease = 1h;
    quick.failures_max = 1;
    Relay relay(*scene.store->outbox(), *webhook, quick);
    scene.sell(0, 5);
    std::jthread thread([&](const std::stop_token& stop) { relay.run(stop); });
    while (scene.receiver.requests().empty()) std::this_thread::sleep_for(5ms);
    thread.request_stop();
    thread.join();  // and does not wait for ten minutes
    CHECK(scene.behind() == 5);
    CHECK_FALSE(scene.is_disabled());
    CHECK(relay.statistics().failures == 0);
    CHECK(scene.log.empty());
}

TEST_SUITE_END();

}  // namespace concertres::test
