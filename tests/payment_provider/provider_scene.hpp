// A provider of payments, and a gateway to it.
//
//   Scene scene;
//   const GatewayPayment payment = scene.payment();
//   CHECK(status_of(scene.gateway->authorize(payment)) == "authorized");
//
// Threads: as PaymentProvider.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "concertres/http_payment_gateway.hpp"
#include "support/payment_provider.hpp"

namespace concertres::test {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

inline HttpPaymentGatewayOptions options_for(const std::string& url) {
    return {.url = url, .key = PaymentProvider::key, .currency = "KRW"};
}

inline GatewayPayment some_payment(const std::string& method = "tok_visa") {
    return {
        .id = PaymentId::random(), .amount = Money{70'000}, .currency = "KRW", .method = method};
}

// "captured 70000", or what is wrong, without the payment's name.
inline std::string told(const Result<GatewayAnswer>& answer) {
    if (answer) {
        static const Words names = {"absent",   "authorized", "captured",
                                    "declined", "voided",     "refunded"};
        return names.at(static_cast<std::size_t>(answer->status)) + ' ' +
               std::to_string(answer->amount.minor);
    }
    CHECK(answer.error().code == Errc::gateway_unavailable);
    // Whatever happened: no secret is told, and which payment it was is.
    const std::string& detail = answer.error().detail;
    CHECK_FALSE(contains(detail, PaymentProvider::key));
    CHECK_FALSE(contains(detail, "tok_"));
    CHECK(detail.starts_with("payment "));
    CHECK(detail.substr(44, 2) == ": ");
    return detail.substr(46);
}

struct Scene {
    PaymentProvider provider;
    std::unique_ptr<HttpPaymentGateway> gateway;

    explicit Scene(const Words& faults = {})
        : provider(faults), gateway(open_http_payment_gateway(options_for(provider.url()))) {}

    void set_timeout(std::chrono::milliseconds timeout) {
        auto options = options_for(provider.url());
        options.timeout = timeout;
        gateway = open_http_payment_gateway(options);
    }
    // By its name, as faults are.
    [[nodiscard]] std::string call(const std::string& step, const GatewayPayment& payment) const {
        if (step == "authorize") return told(gateway->authorize(payment));
        if (step == "capture") return told(gateway->capture(payment));
        if (step == "cancel") return told(gateway->cancel(payment));
        if (step == "refund") return told(gateway->refund(payment));
        REQUIRE(step == "lookup");
        return told(gateway->lookup(payment.id));
    }
    // As far as the step needs it.
    [[nodiscard]] GatewayPayment ready_for(const std::string& step) const {
        GatewayPayment payment = some_payment();
        if (step != "authorize") REQUIRE(call("authorize", payment) == "authorized 70000");
        if (step == "refund") REQUIRE(call("capture", payment) == "captured 70000");
        return payment;
    }
};

}  // namespace concertres::test
