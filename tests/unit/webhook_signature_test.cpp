#include "base/webhook_signature.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace concertres;

namespace {

constexpr std::string_view published_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

std::string of_zeros(std::size_t bytes) {
    std::string text = "whsec_" + std::string(bytes / 3 * 4, 'A');
    if (bytes % 3 == 1) text += "AA==";
    if (bytes % 3 == 2) text += "AAA=";
    return text;
}

}  // namespace

TEST_CASE("the example that Standard Webhooks publish comes out") {
    const auto secret = read_webhook_secret(published_secret);
    REQUIRE(secret);
    CHECK(webhook_signature(std::vector<WebhookSecret>{*secret}, "msg_p5jXN8AQM9LWM0D4loKWxJek",
                            "1614265330", R"({"test": 2432232314})") ==
          "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST_CASE("each secret signs, in their order") {
    const auto first = read_webhook_secret(published_secret);
    const auto second = read_webhook_secret(of_zeros(32));
    REQUIRE(first);
    REQUIRE(second);
    const auto sign = [](const std::vector<WebhookSecret>& secrets) {
        return webhook_signature(secrets, "id", "1", "body");
    };
    CHECK(sign({*first, *second}) == sign({*first}) + " " + sign({*second}));
    CHECK(sign({*first}) != sign({*second}));
}

TEST_CASE("a secret is whsec_ and the base64 of 24 to 64 bytes, and nothing else") {
    for (std::size_t bytes = 0; bytes < 80; ++bytes) {
        CAPTURE(bytes);
        const auto secret = read_webhook_secret(of_zeros(bytes));
        CHECK(secret.has_value() == (bytes >= 24 && bytes <= 64));
        if (secret) CHECK(*secret == WebhookSecret(bytes));
    }
    const std::string good(32, 'a');
    CHECK(read_webhook_secret("whsec_+/" + good + "aa"));
    for (const std::string& text :
         {good, "WHSEC_" + good, "whsec_ " + good, "whsec_" + good + "\n", "whsec_-_" + good + "aa",
          "whsec_" + good + "a", "whsec_" + good + "===A",
          "whsec_" + good + "A===", "whsec_" + good + "ab=="}) {
        CAPTURE(text);
        CHECK_FALSE(read_webhook_secret(text));
    }
}
