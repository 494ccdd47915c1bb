// Where a webhook may lead, and who may be at its other end.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "concertres/webhook.hpp"
#include "support/test_certificate.hpp"
#include "webhook/webhook_scene.hpp"

namespace concertres::test {

TEST_SUITE_BEGIN("webhook");

TEST_CASE("no connection is made to an address that is not public, whatever name leads there") {
    Scene scene;
    WebhookOptions options = scene.options();
    options.private_addresses = false;
    const std::string port = std::to_string(scene.receiver.port());
    for (const char* host : {"127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001",
                             "[::ffff:127.0.0.1]", "0.0.0.0", "[::1]"}) {
        CAPTURE(host);
        options.url = std::string("https://") + host + ":" + port + "/events";
        CHECK(contains(error_of(scene, options), "is no public address"));
    }
    CHECK(scene.receiver.connections() == 0);
}

TEST_CASE("no proxy of the environment is asked") {
    Scene scene;
    const WebhookReceiver proxy;
    for (const char* name : {"http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"}) {
        ::setenv(name, ("http://127.0.0.1:" + std::to_string(proxy.port())).c_str(), 1);
    }
    const auto webhook = open_webhook(scene.options());
    CHECK(webhook->publish(scene.some(1), 30s).acknowledged.front() == 1);
    WebhookOptions options = scene.options();
    options.private_addresses = false;
    options.url = "https://127.0.0.1:1/";
    CHECK(contains(error_of(scene, options), "is no public address"));
    for (const char* name : {"http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"}) {
        ::unsetenv(name);
    }
    CHECK(proxy.connections() == 0);
    CHECK(scene.receiver.connections() == 1);
}

TEST_CASE("a certificate is verified: who signed it, and whose it is") {
    Scene scene;
    const TestCertificate certificate("localhost");
    const TestCertificate other("localhost");
    const WebhookReceiver receiver(&certificate);
    WebhookOptions options = scene.options();
    options.url = receiver.url();
    SUBCASE("nobody known signed it") {
        CHECK(contains(error_of(scene, options), "certificate"));
        CHECK(receiver.requests().empty());
    }
    SUBCASE("somebody else signed it") {
        options.ca_file = other.file();
        CHECK(contains(error_of(scene, options), "certificate"));
        CHECK(receiver.requests().empty());
    }
    SUBCASE("it is another's") {
        options.ca_file = certificate.file();
        options.url = "https://127.0.0.1:" + std::to_string(receiver.port()) + "/";
        CHECK(contains(error_of(scene, options), "127.0.0.1"));
        CHECK(receiver.requests().empty());
    }
    SUBCASE("it is good") {
        options.ca_file = certificate.file();
        const auto webhook = open_webhook(options);
        CHECK(webhook->publish(scene.some(3), 30s).acknowledged.front() == 3);
        CHECK(receiver.requests().size() == 3);
    }
}

TEST_CASE("a TLS receiver that goes away between requests and amid one ends nothing but these") {
    Scene scene;
    const TestCertificate certificate("localhost");
    WebhookReceiver receiver(&certificate);
    WebhookOptions options = scene.options();
    options.url = receiver.url();
    options.ca_file = certificate.file();
    const auto webhook = open_webhook(options);
    for (int i = 0; i < 5; ++i) {
        CHECK(webhook->publish(scene.some(1), 30s).acknowledged.front() > 0);
        receiver.set_down(true);
        CHECK(webhook->publish(scene.some(1), 30s).acknowledged.front() == 0);
        receiver.set_down(false);
        receiver.answer_by([](const HookRequest&) {
            return HookAnswer{.body = std::string(9'000, 'x'), .cut = true};
        });
        CHECK(webhook->publish(scene.some(1), 30s).acknowledged.front() == 0);
        receiver.answer_by({});
    }
    CHECK(webhook->publish(scene.some(1), 30s).acknowledged.front() > 0);
    receiver.set_down(true);
}

TEST_CASE(
    "addresses and secrets that cannot be used are refused at the start, without the secret") {
    const auto refusal = [](const WebhookOptions& options) -> std::string {
        try {
            static_cast<void>(open_webhook(options));
        } catch (const std::invalid_argument& refused) {
            CHECK_FALSE(contains(refused.what(), "AAAA"));
            CHECK_FALSE(contains(refused.what(), "hush"));
            return refused.what();
        }
        return "none";
    };
    const std::string good = "https://shop.example/events?a=b";
    CHECK(refusal({.url = good, .secrets = {zeros}}) == "none");
    CHECK(refusal({.url = "http://10.0.0.1/", .secrets = {zeros}, .private_addresses = true}) ==
          "none");
    CHECK(contains(refusal({.url = "http://shop.example/", .secrets = {zeros}}), "must be https"));
    for (const std::string url :
         {"", "shop.example", "ftp://shop.example/", "file:///etc/passwd", "https://"}) {
        CAPTURE(url);
        CHECK(contains(refusal({.url = url, .secrets = {zeros}}), "https://HOST/PATH"));
    }
    CHECK(
        contains(refusal({.url = "https://u:hush@shop.example/", .secrets = {zeros}}), "password"));
    CHECK(contains(refusal({.url = "https://shop.example/#hush", .secrets = {zeros}}), "fragment"));
    CHECK(contains(refusal({.url = good}), "no secret"));
    CHECK(contains(refusal({.url = good, .secrets = {zeros, "whsec_AAAA"}}), "secret 2"));
    CHECK(contains(refusal({.url = good, .secrets = {zeros}, .timeout = 0s}), "time-out"));
}

TEST_SUITE_END();

}  // namespace concertres::test
