// Each call of the port, to a provider in a process of its own that does as it is told.
#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "payment_provider/provider_scene.hpp"

namespace concertres::test {
namespace {

std::string refusal_of(const HttpPaymentGatewayOptions& options) {
    try {
        static_cast<void>(open_http_payment_gateway(options));
    } catch (const std::invalid_argument& refused) {
        CHECK_FALSE(contains(refused.what(), PaymentProvider::key));
        return refused.what();
    }
    return "";
}

}  // namespace

TEST_SUITE_BEGIN("payment_provider");

// --- What it does ------------------------------------------------------------------------------

TEST_CASE("a payment is authorized, captured and refunded, and looked up in between") {
    const Scene scene;
    const GatewayPayment payment = some_payment();
    CHECK(scene.call("lookup", payment) == "absent 0");
    CHECK(scene.call("authorize", payment) == "authorized 70000");
    CHECK(scene.call("lookup", payment) == "authorized 70000");
    CHECK(scene.call("capture", payment) == "captured 70000");
    CHECK(scene.call("lookup", payment) == "captured 70000");
    CHECK(scene.call("refund", payment) == "refunded 70000");
    CHECK(scene.call("lookup", payment) == "refunded 70000");
    CHECK(scene.provider.effects(payment.id) == Words{"authorized", "captured", "refunded"});
    CHECK(scene.provider.effects().front() == payment.id.to_string() + " authorized 70000 KRW");
}

TEST_CASE("the provider's name for it, and its reason to decline, are passed on") {
    const Scene scene;
    const auto authorized = scene.gateway->authorize(some_payment());
    REQUIRE(authorized);
    CHECK(authorized->reference.starts_with("ref-"));
    CHECK(authorized->reason.empty());
    const GatewayPayment payment = some_payment("tok_declined");
    const auto declined = scene.gateway->authorize(payment);
    REQUIRE(declined);
    CHECK(declined->status == GatewayStatus::declined);
    CHECK(declined->amount == Money{0});
    CHECK(declined->reason == "card refused");
    CHECK(scene.call("capture", payment) == "declined 0");
    CHECK(scene.call("cancel", payment) == "declined 0");
    CHECK(scene.provider.effects(payment.id) == Words{"declined"});
}

TEST_CASE("what was set aside is let go, and can be taken no more") {
    const Scene scene;
    const GatewayPayment payment = scene.ready_for("cancel");
    CHECK(scene.call("cancel", payment) == "voided 0");
    CHECK(scene.call("capture", payment) == "voided 0");
    CHECK(scene.call("refund", payment) ==
          "refund: it answered with a status that the call cannot lead to");
    CHECK(scene.call("lookup", payment) == "voided 0");
    CHECK(scene.provider.effects(payment.id) == Words{"authorized", "voided"});
}

TEST_CASE("what is cancelled before it was ever authorized cannot be authorized later") {
    const Scene scene;
    const GatewayPayment payment = some_payment();
    CHECK(scene.call("cancel", payment) == "voided 0");
    CHECK(scene.call("authorize", payment) == "voided 0");
    CHECK(scene.call("lookup", payment) == "voided 0");
    CHECK(scene.provider.effects(payment.id) == Words{"voided"});
}

TEST_CASE("a call that the state does not allow is answered with the state") {
    const Scene scene;
    const GatewayPayment held = scene.ready_for("capture");
    CHECK(scene.call("refund", held) ==
          "refund: it answered with a status that the call cannot lead to");
    const GatewayPayment taken = scene.ready_for("refund");
    CHECK(scene.call("cancel", taken) == "captured 70000");
    CHECK(scene.provider.effects(held.id) == Words{"authorized"});
    CHECK(scene.provider.effects(taken.id) == Words{"authorized", "captured"});
}

TEST_CASE("the same call sent again moves money once, and is answered as before") {
    const Scene scene;
    const GatewayPayment payment = some_payment();
    for (const std::string step : {"authorize", "capture", "refund"}) {
        CAPTURE(step);
        const std::string first = scene.call(step, payment);
        for (int i = 0; i < 3; ++i) CHECK(scene.call(step, payment) == first);
        CHECK(scene.provider.requests(step, payment.id) == 4);
    }
    CHECK(scene.provider.effects(payment.id) == Words{"authorized", "captured", "refunded"});
}

TEST_CASE("what buyers' pages and hosts put into a method arrives as it is") {
    const Scene scene;
    CHECK(scene.call("authorize", some_payment("tok_\"},{\\\n\r\n€")) == "authorized 70000");
    CHECK(scene.call("authorize", some_payment("")) == "authorized 70000");
    GatewayPayment most = some_payment();
    most.amount = Money{Money::max_minor};
    CHECK(scene.call("authorize", most) == "authorized " + std::to_string(Money::max_minor));
}

TEST_CASE("sixteen threads at once each have their own answers") {
    const Scene scene;
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    std::vector<PaymentId> ids(64);
    const GatewayPayment shared = scene.ready_for("capture");
    for (std::size_t i = 0; i < 16; ++i) {
        threads.emplace_back([&, i] {
            for (std::size_t j = 0; j < 4; ++j) {
                GatewayPayment payment = some_payment();
                payment.amount = Money{static_cast<std::int64_t>(1'000 + 4 * i + j)};
                ids[4 * i + j] = payment.id;
                const auto authorized = scene.gateway->authorize(payment);
                const auto captured = scene.gateway->capture(payment);
                const auto found = scene.gateway->lookup(payment.id);
                const bool well = authorized && authorized->amount == payment.amount && captured &&
                                  captured->status == GatewayStatus::captured &&
                                  captured->amount == payment.amount && found &&
                                  *found == *captured;
                // All capture the same one, too.
                const auto one = scene.gateway->capture(shared);
                if (!well || !one || one->status != GatewayStatus::captured) ++wrong;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == 0);
    for (const PaymentId id : ids) {
        CHECK(scene.provider.effects(id) == Words{"authorized", "captured"});
    }
    CHECK(scene.provider.effects(shared.id) == Words{"authorized", "captured"});
}

TEST_CASE("a provider that starts again has forgotten nothing") {
    Scene scene;
    const GatewayPayment payment = scene.ready_for("capture");
    scene.provider.kill();
    CHECK(contains(scene.call("capture", payment), "capture: "));
    scene.provider.start();
    CHECK(scene.call("lookup", payment) == "authorized 70000");
    CHECK(scene.call("capture", payment) == "captured 70000");
    CHECK(scene.provider.effects(payment.id) == Words{"authorized", "captured"});
}

// --- Keys and addresses ------------------------------------------------------------------------

TEST_CASE("a key that the provider does not know is told of, and can be changed while it runs") {
    const Scene scene;
    const GatewayPayment payment = some_payment();
    scene.gateway->replace_key("sk_test_that_nobody_knows");
    for (const std::string step : {"authorize", "lookup"}) {
        const std::string answer = scene.call(step, payment);
        CHECK(answer == step + ": it answered 401: the key may be wrong");
    }
    CHECK_THROWS_AS(scene.gateway->replace_key("short"), std::invalid_argument);
    scene.gateway->replace_key(PaymentProvider::key);
    CHECK(scene.call("authorize", payment) == "authorized 70000");
}

TEST_CASE("a payment in another currency than the sale's is not sent") {
    const Scene scene;
    GatewayPayment payment = some_payment();
    payment.currency = "EUR";
    CHECK(scene.call("authorize", payment) == "authorize: it was not sent: it is not in KRW");
    CHECK(scene.provider.requests("authorize", payment.id) == 0);
}

TEST_CASE("an address that is wrong is answered by 404, which is not taken for absence") {
    const Scene scene;
    auto options = options_for(scene.provider.url() + "/elsewhere");
    const auto gateway = open_http_payment_gateway(options);
    const GatewayPayment payment = scene.ready_for("capture");
    CHECK(contains(told(gateway->lookup(payment.id)), "it answered 404"));
    CHECK(contains(told(gateway->capture(payment)), "it answered 404"));
    // A slash at its end is not one.
    options.url = scene.provider.url() + "/";
    CHECK(told(open_http_payment_gateway(options)->lookup(payment.id)) == "authorized 70000");
}

TEST_CASE("http is for this machine, unless it is allowed") {
    auto options = options_for("https://payments.example/v1");
    CHECK(refusal_of(options).empty());
    for (const char* here :
         {"http://127.0.0.1:8/v1", "http://127.3.2.1", "http://localhost/v1", "http://[::1]:80"}) {
        CAPTURE(here);
        options.url = here;
        CHECK(refusal_of(options).empty());
    }
    for (const char* there : {"http://payments.example/v1", "http://10.0.0.7", "http://[::2]/",
                              "http://localhost.example", "http://127.0.0.1.example"}) {
        CAPTURE(there);
        options.url = there;
        options.plain_http = false;
        CHECK(contains(refusal_of(options), "must be https"));
        options.plain_http = true;
        CHECK(refusal_of(options).empty());
    }
    for (const char* none : {"", "payments.example", "ftp://127.0.0.1/", "file:///etc/passwd",
                             "https://", "https://a:b@payments.example/", "https://a@x.example",
                             "https://payments.example/?key=1", "https://payments.example/#a"}) {
        CAPTURE(none);
        options.url = none;
        CHECK(contains(refusal_of(options), "the address"));
    }
}

TEST_CASE("options that cannot be used are refused") {
    const auto good = options_for("https://payments.example/v1");
    for (const std::string& key :
         {std::string(), std::string("short"), std::string(5'000, 'k'),
          std::string("a key with blanks in it"), std::string("a-key\r\nX-Evil: 1-and-more"),
          std::string("a-key-with-\xc3\xa9-in-it")}) {
        auto options = good;
        options.key = key;
        CHECK(contains(refusal_of(options), "the key"));
    }
    for (const char* currency : {"", "krw", "KRWX", "K1W"}) {
        auto options = good;
        options.currency = currency;
        CHECK(contains(refusal_of(options), "the currency"));
    }
    for (const Duration timeout : {Duration(0), Duration(-1), Duration(999), Duration(301s)}) {
        auto options = good;
        options.timeout = timeout;
        CHECK(contains(refusal_of(options), "time-out"));
        options = good;
        options.connect_timeout = timeout;
        CHECK(contains(refusal_of(options), "time-out"));
    }
}

TEST_SUITE_END();

}  // namespace concertres::test
