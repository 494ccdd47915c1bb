// Servers that take money from outside, by a provider of payments in a process of its own: it
// loses, repeats and stalls, it is gone for a while, and so are they. Nobody pays twice, and every
// payment is settled in the end, on both sides alike.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "concertres/ids.hpp"
#include "program/commands.hpp"
#include "program/server_process.hpp"
#include "server/test_server.hpp"
#include "support/payment_provider.hpp"
#include "support/temp_dir.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

constexpr const char* card = "tok_of_a_card";

// A sale in a folder, its server, and the provider that it asks.
class Shop {
  public:
    explicit Shop(Words flags = {"--payment-timeout-ms", "500"}) : flags_(std::move(flags)) {
        write_file(key_file(), std::string(PaymentProvider::key) + "\n");
        std::filesystem::permissions(key_file(), std::filesystem::perms::owner_read);
        start();
        sale_ = import_sale({"--server", server_->operators_url()}, sale_json(40));
    }

    PaymentProvider provider;

    [[nodiscard]] ServerProcess& server() { return *server_; }
    void start() {
        Words words = {"--payment-url", provider.url(), "--payment-key",
                       key_file(),      "--tick-ms",    "50"};
        words.insert(words.end(), flags_.begin(), flags_.end());
        server_ = std::make_unique<ServerProcess>(
            Serving{.data = folder_.path() / "sale", .arguments = words});
    }
    void kill_and_start() {
        server_->kill();
        start();
    }

    Reply ask(const Ask& ask) {
        http::Client client(server_->url());
        return TestServer::send(client, ask);
    }
    // The token of somebody of that name.
    std::string join(const std::string& name) {
        const Reply joined = ask(
            {.method = "POST",
             .target = "/v1/concerts/" + sale_.concert + "/tokens",
             .body = fmt::format(R"({{"user_id": "{}"}})", UserId::from_name(name).to_string())});
        REQUIRE(joined.outcome() == "200");  // there is no room to wait in
        return joined.text("/token");
    }
    std::string hold(const std::string& token, int seat) {
        const Reply held = ask({.method = "POST",
                                .target = "/v1/reservations",
                                .token = token,
                                .body = fmt::format(R"({{"performance_id": "{}", "seats": [{}]}})",
                                                    sale_.performance, seat),
                                .key = fmt::format("hold-{}", seat)});
        REQUIRE(held.outcome() == "201");
        return held.text("/reservation_id");
    }
    Reply pay(const std::string& token, const std::string& hold, const std::string& method = card) {
        return ask(
            {.method = "POST",
             .target = "/v1/payments",
             .token = token,
             .body = fmt::format(R"({{"reservation_id": "{}", "method": "{}"}})", hold, method),
             .key = "pay-" + hold});
    }

    struct Bought {
        std::string token{};
        std::string hold{};
        PaymentId payment{};
    };
    Bought begin(int seat, const std::string& method = card) {
        Bought bought{.token = join(fmt::format("buyer {}", seat))};
        bought.hold = hold(bought.token, seat);
        const Reply begun = pay(bought.token, bought.hold, method);
        REQUIRE((begun.status == 202 || begun.status == 201));
        bought.payment = *PaymentId::parse(begun.text("/payment_id"));
        return bought;
    }
    std::string status(const Bought& bought) {
        return ask({.target = "/v1/payments/" + bought.payment.to_string(), .token = bought.token})
            .text("/status");
    }
    // False: the seats are another's, or did not stay held for long enough.
    bool buy_from_wallet(const std::string& name, const std::vector<int>& seats) {
        const std::string token = join(name);
        const auto post = [&](const std::string& target, const std::string& body,
                              const std::string& key) {
            return ask(
                {.method = "POST", .target = target, .token = token, .body = body, .key = key});
        };
        REQUIRE(post("/v1/users/" + UserId::from_name(name).to_string() + "/wallet/charges",
                     R"({"amount": 1000000})", "charge")
                    .status == 201);
        const std::string attempt = std::to_string(++attempts_);
        const Reply held = post("/v1/reservations",
                                fmt::format(R"({{"performance_id": "{}", "seats": [{}]}})",
                                            sale_.performance, fmt::join(seats, ", ")),
                                "hold-" + attempt);
        if (held.status != 201) return false;
        return post("/v1/payments",
                    fmt::format(R"({{"reservation_id": "{}"}})", held.text("/reservation_id")),
                    "pay-" + attempt)
                   .status == 201;
    }
    // How it ended, and that both sides say the same of it.
    std::string end_of(const Bought& bought) {
        CAPTURE(bought.payment.to_string());
        REQUIRE(eventually([&] { return status(bought) != "authorizing"; }));
        const std::string ended = status(bought);
        const auto has = [&](const char* effect) {
            return std::ranges::count(provider.effects(bought.payment), effect);
        };
        CHECK(has("captured") <= 1);
        if (ended == "completed") {
            CHECK(has("captured") == 1);
            CHECK(has("refunded") == 0);
            const Reply again = pay(bought.token, bought.hold);
            CHECK(again.outcome() == "201");
            CHECK(again.text("/payment_id") == bought.payment.to_string());
        } else {
            CHECK(eventually([&] { return has("captured") == has("refunded"); }));
        }
        return ended;
    }
    // The server ends; what it leaves is as it must be.
    std::map<std::string, std::int64_t> end() {
        CHECK(server_->stop() == "exit 0");
        CHECK_FALSE(contains(server_->process().err(), PaymentProvider::key));
        CHECK_FALSE(contains(server_->process().err(), card));
        return audit({"--data", (folder_.path() / "sale").string()});
    }

  private:
    [[nodiscard]] std::string key_file() const { return folder_.path() / "key"; }

    const Words flags_;
    TempDir folder_;
    std::unique_ptr<ServerProcess> server_;
    ImportedSale sale_;
    int attempts_ = 0;
};

}  // namespace

TEST_CASE("what a provider loses, repeats and stalls is paid once, by servers that are killed") {
    Shop shop;
    for (const char* fault : {"authorize lose 2", "capture lose 2", "capture repeat 2",
                              "authorize busy 2", "capture stall 1", "lookup drop 2",
                              "capture garbage 1", "authorize amount 1 1", "capture cut 1"}) {
        shop.provider.fault(fault);
    }
    std::vector<Shop::Bought> bought;
    for (int seat = 1; seat <= 6; ++seat) bought.push_back(shop.begin(seat));
    shop.kill_and_start();
    for (int seat = 7; seat <= 12; ++seat) bought.push_back(shop.begin(seat));
    shop.provider.kill();
    for (int seat = 13; seat <= 16; ++seat) bought.push_back(shop.begin(seat));
    shop.kill_and_start();
    shop.provider.start();
    const auto refused = shop.begin(17, "tok_declined");
    int completed = 0;
    for (const Shop::Bought& each : bought) completed += shop.end_of(each) == "completed" ? 1 : 0;
    CHECK(completed == 16);
    CHECK(shop.end_of(refused) == "failed");
    const auto counted = shop.end();
    CHECK(counted.at("sold") == 16);
    CHECK(counted.at("held") == 1);
}

TEST_CASE("a provider that is down lets the seats go, and nobody has paid for what went") {
    Shop shop({"--hold-ms", "700", "--payment-timeout-ms", "500"});
    // It takes the money, and cannot say so before the seats are somebody else's.
    shop.provider.fault("capture hang 0");
    shop.provider.fault("lookup drop 0");
    const auto ann = shop.begin(1);
    REQUIRE(eventually([&] {
        const auto effects = shop.provider.effects(ann.payment);
        return std::ranges::count(effects, "captured") == 1;
    }));
    shop.provider.set_down(true);
    const auto ben = shop.begin(2);
    CHECK(shop.status(ben) == "authorizing");
    // Once their holds have ended somebody else buys both, from a wallet.
    REQUIRE(eventually([&] { return shop.buy_from_wallet("other", {1, 2}); }));
    shop.provider.set_down(false);
    shop.provider.clear();
    CHECK(shop.end_of(ben) == "failed");
    CHECK(shop.end_of(ann) == "failed");
    const auto effects = shop.provider.effects(ann.payment);
    CHECK(effects == Words{"authorized", "captured", "refunded"});
    CHECK(shop.end().at("sold") == 2);
}

TEST_CASE("a server ends in time while its provider is silent, and the next goes on") {
    Shop shop({"--payment-timeout-ms", "30000"});
    shop.provider.fault("authorize stall 0");
    const auto ann = shop.begin(1);
    REQUIRE(eventually([&] { return shop.provider.requests("authorize", ann.payment) > 0; }));
    CHECK(shop.server().stop() == "exit 0");
    shop.provider.clear();
    shop.start();
    CHECK(shop.end_of(ann) == "completed");
    CHECK(shop.end().at("sold") == 1);
}

TEST_CASE("a provider that cannot be asked as it is named is refused at the start") {
    const TempDir folder;
    const std::string key = folder.path() / "key";
    write_file(key, std::string(PaymentProvider::key) + "\n");
    std::filesystem::permissions(key, std::filesystem::perms::owner_read);
    const auto refused = [&](const Words& more, const char* end, const char* text) {
        Words words = {"serve", "--demo", "--listen", "127.0.0.1:0", "--admin-listen", "off"};
        words.insert(words.end(), more.begin(), more.end());
        check_refused(run_command(words), end, text);
    };
    refused({"--payment-url", "http://payments.example/v1", "--payment-key", key}, "exit 78",
            "https");
    refused({"--payment-url", "https://payments.example/v1"}, "exit 78",
            "needs payment-key, the file with the key that the provider knows");
    refused({"--payment-key", key}, "exit 78", "goes only with payment-url");
}
