// What can be an answer, and what cannot: without a network.
#include "payment_http/provider_answer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace concertres::payment_http {
namespace {

const PaymentId id = *PaymentId::parse("0b9c7a52-9b1f-4a49-8f8e-0d9b7c1c5a11");
const std::string id_text = id.to_string();

Asked asked(Step step) {
    Asked all{.step = step, .id = id, .currency = "KRW"};
    if (step != Step::lookup) all.amount = Money{70'000};
    return all;
}

std::string body_of(const std::string& status, std::int64_t amount) {
    return R"({"payment_id": ")" + id_text + R"(", "status": ")" + status + R"(", "amount": )" +
           std::to_string(amount) + R"(, "currency": "KRW"})";
}

// "" where it is believed.
std::string doubt(Step step, const std::string& body, long http_status = 200) {
    const Judged judged = read_provider_answer(asked(step), http_status, body);
    const auto* why = std::get_if<std::string>(&judged);
    return why == nullptr ? "" : *why;
}

}  // namespace

TEST_SUITE_BEGIN("payment_provider");

TEST_CASE("each step may be answered with the statuses that it can leave behind, and no other") {
    struct Row {
        Step step;
        std::vector<std::string> statuses;
    };
    const std::vector<Row> rows = {
        {Step::authorize, {"authorized", "captured", "declined", "voided", "refunded"}},
        {Step::capture, {"captured", "declined", "voided", "refunded"}},
        {Step::cancel, {"captured", "declined", "voided", "refunded"}},
        {Step::refund, {"refunded"}},
        {Step::lookup, {"authorized", "captured", "declined", "voided", "refunded"}},
    };
    for (const Row& row : rows) {
        CAPTURE(step_name(row.step));
        for (const std::string status :
             {"absent", "authorized", "captured", "declined", "voided", "refunded"}) {
            CAPTURE(status);
            const bool has_money = status != "declined" && status != "voided";
            const bool may_be = std::ranges::find(row.statuses, status) != row.statuses.end();
            const std::string why = doubt(row.step, body_of(status, has_money ? 70'000 : 0));
            CHECK(why.empty() == may_be);
            // None with money where there is none, and the other way round.
            CHECK_FALSE(doubt(row.step, body_of(status, has_money ? 0 : 70'000)).empty());
        }
    }
}

TEST_CASE("404 is absence where it is looked up, told by the provider itself, and nowhere else") {
    const std::string absent = R"({"payment_id": ")" + id_text + R"(", "status": "absent"})";
    CHECK(doubt(Step::lookup, absent, 404).empty());
    const Judged judged = read_provider_answer(asked(Step::lookup), 404, absent);
    REQUIRE(std::holds_alternative<GatewayAnswer>(judged));
    CHECK(std::get<GatewayAnswer>(judged) == GatewayAnswer{});
    CHECK(doubt(Step::lookup, "not found", 404) ==
          "it answered 404, and its answer is no JSON that can be read");
    CHECK(doubt(Step::lookup, R"({"error": "not found"})", 404) ==
          "its answer's payment_id is missing or malformed");
    CHECK(doubt(Step::lookup, body_of("captured", 70'000), 404) ==
          "it answered 404 with a status that belongs elsewhere");
    CHECK(doubt(Step::lookup, absent, 200) ==
          "it answered 200 with a status that belongs elsewhere");
    for (const Step step : {Step::authorize, Step::capture, Step::cancel, Step::refund}) {
        CHECK(doubt(step, absent, 404) == "it answered 404: it is asked elsewhere");
    }
}

TEST_CASE("what is malformed is told of by the name that the field ought to have") {
    const std::string tail = R"(, "amount": 70000, "currency": "KRW")";
    const std::string head = R"({"payment_id": ")" + id_text + R"(", "status": "captured")";
    CHECK(doubt(Step::capture, head + tail + "}").empty());
    CHECK(doubt(Step::capture, head + tail + R"(, "more": {"a": [1]}})").empty());
    const auto wrong = [&](const std::string& more) { return doubt(Step::capture, head + more); };
    CHECK(wrong(R"(, "currency": "KRW"})") == "its answer has no amount");
    CHECK(wrong(R"(, "amount": 70000})") == "its answer is in another currency");
    for (const char* amount : {"70000.0", "7e4", "\"70000\"", "null", "-70000", "9007199254740992",
                               "18446744073709551616"}) {
        CAPTURE(amount);
        CHECK(wrong(std::string(R"(, "amount": )") + amount + R"(, "currency": "KRW"})") ==
              "its answer's amount is missing or malformed");
    }
    CHECK(wrong(tail + R"(, "reference": 7})") == "its answer's reference is missing or malformed");
    CHECK(wrong(tail + R"(, "reason": ")" + std::string(1'001, 'x') + "\"}") ==
          "its answer's reason is missing or malformed");
    CHECK(wrong(tail + R"(, "reason": "a\nb"})") == "its answer's reason is missing or malformed");
    const std::string unreadable = "its answer is no JSON that can be read";
    CHECK(wrong(tail) == unreadable);
    CHECK(wrong(tail + "} {}") == unreadable);
    // Two readers could take another of them.
    CHECK(wrong(tail + R"(, "amount": 1})") == unreadable);
    CHECK(doubt(Step::capture, "") == unreadable);
    CHECK(doubt(Step::capture, "null") == "its answer is no object");
    CHECK(doubt(Step::capture, "[]") == "its answer is no object");
    CHECK(doubt(Step::capture, std::string(10'000, '[')) == unreadable);
}

TEST_CASE("what is doubted is told in words of our own, not in the provider's") {
    const std::string secret = "sk_live_a_secret_that_comes_back";
    for (const std::string& body :
         {secret, "{\"" + secret + "\": 1, \"" + secret + "\": 2}",
          R"({"payment_id": ")" + secret + R"(", "status": ")" + secret + R"("})",
          R"({"payment_id": ")" + id_text + R"(", "status": ")" + secret + R"("})",
          R"({"payment_id": ")" + id_text + R"(", "status": "captured", "amount": 70000, )" +
              R"("currency": ")" + secret + R"("})"}) {
        for (const long status : {200L, 404L, 500L}) {
            const std::string why = doubt(Step::lookup, body, status);
            CHECK_FALSE(why.empty());
            CHECK(why.find(secret) == std::string::npos);
        }
    }
}

TEST_CASE("a request tells amount, currency and method, as JSON") {
    const boost::json::value body = boost::json::parse(request_body(
        {.id = id, .amount = Money{70'000}, .currency = "KRW", .method = "tok_\"\n\\"}));
    CHECK(body ==
          boost::json::parse(R"({"amount": 70000, "currency": "KRW", "method": "tok_\"\n\\"})"));
}

TEST_SUITE_END();

}  // namespace concertres::payment_http
