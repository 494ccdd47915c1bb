// A provider under TLS: who it is, is verified.
#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <string>

#include "payment_provider/provider_scene.hpp"
#include "support/webhook_receiver.hpp"

namespace concertres::test {
namespace {

// Whatever is looked up is captured.
HookAnswer captured(const HookRequest& request) {
    const std::string path = request.line.substr(0, request.line.rfind(' '));
    return {.body = R"({"payment_id": ")" + path.substr(path.rfind('/') + 1) +
                    R"(", "status": "captured", "amount": 5, "currency": "KRW"})"};
}

}  // namespace

TEST_SUITE_BEGIN("payment_provider");

TEST_CASE("a provider whose certificate is trusted is asked, on one connection, with the key") {
    const TestCertificate certificate("localhost");
    WebhookReceiver provider(&certificate);
    provider.answer_by(captured);
    auto options = options_for(provider.url("/v1"));
    options.ca_file = certificate.file();
    const auto gateway = open_http_payment_gateway(options);
    const PaymentId id = PaymentId::random();
    for (int i = 0; i < 3; ++i) CHECK(told(gateway->lookup(id)) == "captured 5");
    CHECK(provider.connections() == 1);
    const HookRequest request = provider.requests().front();
    CHECK(request.line == "GET /v1/payments/" + id.to_string() + " HTTP/1.1");
    CHECK(request.fields.at("authorization") == std::string("Bearer ") + PaymentProvider::key);
    CHECK_FALSE(request.fields.contains("idempotency-key"));
    CHECK_FALSE(request.fields.contains("content-type"));
}

TEST_CASE("a provider that cannot show who it is gets no request") {
    const TestCertificate certificate("localhost");
    const TestCertificate elsewhere("elsewhere.example");
    const TestCertificate* shown = &certificate;
    std::string trusted;
    SUBCASE("nobody trusted has signed it") {}
    SUBCASE("another one is trusted") { trusted = elsewhere.file(); }
    SUBCASE("it is of another name") {
        shown = &elsewhere;
        trusted = elsewhere.file();
    }
    SUBCASE("there is no such file") { trusted = "/no/such/file.pem"; }
    WebhookReceiver provider(shown);
    provider.answer_by(captured);
    auto options = options_for(provider.url("/v1"));
    options.ca_file = trusted;
    const auto gateway = open_http_payment_gateway(options);
    CHECK(told(gateway->lookup(PaymentId::random())).starts_with("lookup: "));
    CHECK_FALSE(gateway->capture(some_payment()));
    CHECK(provider.requests().empty());
}

TEST_CASE("a provider that never ends its handshake is given up at the time-out to connect") {
    // It waits for the end of what it takes for the head of a request.
    const PaymentProvider provider;
    auto options = options_for("https://127.0.0.1:" + std::to_string(provider.port()) + "/v1");
    options.connect_timeout = 300ms;
    options.timeout = 60s;
    const auto gateway = open_http_payment_gateway(options);
    const auto began = std::chrono::steady_clock::now();
    const std::string answer = told(gateway->capture(some_payment()));
    CHECK_MESSAGE(contains(answer, "time"), answer);  // "SSL connection timeout"
    const auto took = std::chrono::steady_clock::now() - began;
    CHECK(took > 250ms);
    CHECK(took < 20s);
}

TEST_CASE("a redirect is not followed, and takes the key nowhere") {
    WebhookReceiver provider;
    WebhookReceiver other;
    other.answer_by(captured);
    provider.answer_by([&](const HookRequest&) {
        return HookAnswer{.status = 307, .fields = "Location: " + other.url("/v1") + "\r\n"};
    });
    const auto gateway = open_http_payment_gateway(options_for(provider.url("/v1")));
    CHECK(told(gateway->lookup(PaymentId::random())) ==
          "lookup: it answered 307, and redirects are not followed");
    CHECK(other.connections() == 0);
}

TEST_CASE("an answer of more than 64 KiB is not read to its end, head and body together") {
    WebhookReceiver provider;
    std::size_t padding = 0;
    bool in_head = false;
    provider.answer_by([&](const HookRequest& request) {
        HookAnswer answer = captured(request);
        if (in_head) {
            for (std::size_t i = 0; i < padding; i += 1'000) {
                answer.fields += "X-More: " + std::string(990, 'x') + "\r\n";
            }
        } else {
            answer.body += std::string(padding, ' ');
        }
        return answer;
    });
    const auto gateway = open_http_payment_gateway(options_for(provider.url("/v1")));
    for (const bool at_head : {false, true}) {
        in_head = at_head;
        padding = 60'000;
        CHECK(told(gateway->lookup(PaymentId::random())) == "captured 5");
        padding = 70'000;
        CHECK(told(gateway->lookup(PaymentId::random())) == "lookup: its answer is too long");
    }
}

TEST_SUITE_END();

}  // namespace concertres::test
