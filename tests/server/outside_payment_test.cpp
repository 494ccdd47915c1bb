// Payments with money from outside, over HTTP: the provider is scripted, and each of its answers is
// asked for by hand.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <string>

#include "concertres/payment_settler.hpp"
#include "server/test_server.hpp"
#include "support/scripted_gateway.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;

namespace {

struct Scene {
    Scene() {
        server.services().settler = [this] { return settler.statistics(); };
    }
    Reply pay(const std::string& method, const std::string& key = "pay") {
        return server.ask(
            {.method = "POST",
             .target = "/v1/payments",
             .token = ann.token,
             .body = fmt::format(R"({{"reservation_id": "{}", "method": "{}"}})", hold, method),
             .key = key});
    }
    Reply payment(const Reply& begun) {
        return server.get("/v1/payments/" + begun.text("/payment_id"), ann);
    }
    void settle(int steps = 8) {
        for (int i = 0; i < steps; ++i) settler.step();
    }
    std::string seat() {
        const Reply seats = server.get(
            "/v1/performances/" + sale.performance().to_string() + "/seats?status=all", ann);
        return std::string(seats.at("/seats/0/status").as_string());
    }
    std::string fail(ScriptedGateway::Fault fault) {
        gateway.script = [fault](ScriptedGateway::Call call, const PaymentId&) {
            return call == ScriptedGateway::Call::authorize ? fault : ScriptedGateway::Fault::none;
        };
        const Reply begun = pay("tok_1");
        settle();
        const Reply failed = payment(begun);
        CHECK(failed.at("/paid_at").is_null());
        CHECK(failed.at("/balance").is_null());
        return failed.text("/status") + ": " + failed.text("/failure");
    }

    TestServer server;
    ScriptedGateway gateway;
    PaymentSettler settler{server.office(), gateway, {.currency = "KRW", .clock = &server.clock()}};
    SmallSale sale = server.add();
    Buyer ann = server.buyer("ann", sale.concert);
    std::string hold = server.hold(ann, sale.performance(), {1}).text("/reservation_id");
};

}  // namespace

TEST_CASE("money from outside buys the seats once the provider has taken it, and no sooner") {
    Scene at;
    const Reply begun = at.pay("tok_1");
    CHECK(begun.outcome() == "202");
    CHECK(begun.text("/status") == "authorizing");
    CHECK(begun.at("/paid_at").is_null());
    CHECK(begun.at("/balance").is_null());
    CHECK(begun.at("/failure").is_null());
    CHECK(begun.number("/amount/amount") == 50'000);
    CHECK(at.seat() == "held");
    CHECK(
        at.server.get("/v1/payments/" + begun.text("/payment_id") + "/ticket", at.ann).outcome() ==
        "409 payment_pending");
    CHECK(at.server.refund(at.ann, begun.text("/payment_id")).outcome() == "409 payment_pending");
    // A wallet cannot pay for the same meanwhile.
    REQUIRE(at.server.charge(at.ann, 50'000).status == 201);
    CHECK(at.server.pay(at.ann, {at.hold}).outcome() == "409 payment_pending");
    CHECK(at.pay("tok_2").outcome() == "422 key_reused");

    at.settle();
    const Reply again = at.pay("tok_1");
    CHECK(again.outcome() == "201");
    CHECK(again.field("Idempotent-Replayed") == "true");
    CHECK(again.text("/payment_id") == begun.text("/payment_id"));
    CHECK(again.text("/status") == "completed");
    CHECK(again.number("/balance/amount") == 50'000);  // as it was before
    CHECK(at.payment(begun).text("/paid_at") == again.text("/paid_at"));
    CHECK(at.server.get("/v1/reservations/" + at.hold, at.ann).text("/status") == "paid");
    const auto account = at.gateway.account(*PaymentId::parse(begun.text("/payment_id")));
    CHECK(account.status == GatewayStatus::captured);
    CHECK(account.captures == 1);
    CHECK(account.method == "tok_1");
    CHECK(at.server.place(at.ann).text("/status") == "spent");
    CHECK(at.server.office().audit()->clean());
}

TEST_CASE("a provider that declines leaves the hold, which can be paid in another way") {
    Scene at;
    CHECK(at.fail(ScriptedGateway::Fault::declined) == "failed: no money");
    CHECK(at.seat() == "held");
    REQUIRE(at.server.charge(at.ann, 50'000).status == 201);
    CHECK(at.server.pay(at.ann, {at.hold}).outcome() == "201");
    CHECK(at.server.office().audit()->clean());
}

TEST_CASE("a payment that failed has no ticket, and nothing to give back") {
    Scene at;
    const std::string why = at.fail(ScriptedGateway::Fault::other_sum);
    CHECK(why.starts_with("failed: the provider has 49999 for it"));
    const Reply all = at.server.get("/v1/payments", at.ann);
    const std::string payment = all.text("/payments/0/payment_id");
    CHECK(at.server.get("/v1/payments/" + payment + "/ticket", at.ann).outcome() ==
          "404 unknown_payment");
    CHECK(at.server.refund(at.ann, payment).outcome() == "409 refund_not_allowed");
}

TEST_CASE("seats that went to somebody else meanwhile give the money back") {
    Scene at;
    at.gateway.script = [](ScriptedGateway::Call, const PaymentId&) {
        return ScriptedGateway::Fault::lost_after;
    };
    const Reply begun = at.pay("tok_1");
    at.settle(2);
    at.server.clock().advance(6min);
    const Buyer bob = at.server.buyer("bob", at.sale.concert);
    REQUIRE(at.server.hold(bob, at.sale.performance(), {1}).status == 201);
    at.gateway.script = nullptr;
    for (int i = 0; i < 20; ++i) {
        at.server.clock().advance(1min);
        at.settle(2);
    }
    CHECK(at.payment(begun).text("/status") == "failed");
    const auto account = at.gateway.account(*PaymentId::parse(begun.text("/payment_id")));
    CHECK((account.status == GatewayStatus::voided || account.status == GatewayStatus::refunded));
    CHECK(at.server.office().audit()->clean());
}

TEST_CASE("a method is refused where it is none, and where there is nobody to take the money") {
    Scene at;
    using Faults = std::vector<std::string>;
    CHECK(at.pay("").faults() == Faults{"/method out_of_range"});
    CHECK(at.pay("a b").faults() == Faults{"/method malformed"});
    CHECK(at.pay(std::string(256, 'a')).faults() == Faults{"/method out_of_range"});
    CHECK(at.server
              .ask({.method = "POST",
                    .target = "/v1/payments",
                    .token = at.ann.token,
                    .body = fmt::format(R"({{"reservation_id": "{}", "method": 7}})", at.hold),
                    .key = "pay"})
              .faults() == Faults{"/method wrong_type"});
    at.server.services().settler = nullptr;
    const Reply alone = at.pay("tok_1");
    CHECK(alone.outcome() == "400 request_invalid");
    CHECK(alone.faults() == Faults{"/method unknown_field"});
    CHECK(at.server.get("/v1/payments", at.ann).at("/payments").as_array().empty());
}

TEST_CASE("what is open is counted, and what the provider answered") {
    Scene at;
    (void)at.pay("tok_1");
    at.settle(1);
    const auto metrics = [&] { return at.server.ask_operators({.target = "/metrics"}).body; };
    CHECK(metrics().find("concertres_payments_open 1") != std::string::npos);
    at.settle();
    CHECK(metrics().find("concertres_payments_open 0") != std::string::npos);
    CHECK(metrics().find(R"(concertres_payment_provider_calls_total{status="captured"} 1)") !=
          std::string::npos);
    CHECK(metrics().find(R"(concertres_payments_committed_total{outcome="begun"} 1)") !=
          std::string::npos);
}
