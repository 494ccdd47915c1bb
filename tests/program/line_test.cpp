// `serve --line`: a sale whose line is in a Redis that is away, and comes back empty.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

#include "http/client.hpp"
#include "line/redis_server.hpp"
#include "program/commands.hpp"
#include "program/server_process.hpp"
#include "server/test_server.hpp"
#include "support/temp_dir.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

// A sale into which one is let at a time.
class Shop {
  public:
    explicit Shop(const Words& flags)
        : server({.data = folder.path() / "sale", .arguments = flags}) {}

    Reply ask(const Ask& ask) const {
        http::Client client(server.url());
        return TestServer::send(client, ask);
    }
    Reply join(const ImportedSale& sale, const std::string& name) const {
        return ask(
            {.method = "POST",
             .target = "/v1/concerts/" + sale.concert + "/tokens",
             .body = fmt::format(R"({{"user_id": "{}"}})", UserId::from_name(name).to_string())});
    }
    Reply place(const std::string& token) const {
        return ask({.target = "/v1/tokens/current", .token = token});
    }
    bool is_admitted(const std::string& token) const {
        return eventually([&] {
            const Reply at = place(token);
            return at.status == 200 && at.text("/status") == "admitted";
        });
    }

    TempDir folder;
    ServerProcess server;
};

Words flags_of(const RedisServer& redis) {
    return {"--line",
            redis.address(),
            "--line-timeout-ms",
            "500",
            "--line-rebuild-ms",
            "2000",
            "--tick-ms",
            "50"};
}

}  // namespace

TEST_CASE("while the line is away who is in buys on, and when it was lost tokens bring it back") {
    RedisServer redis;
    Shop shop(flags_of(redis));
    const ImportedSale sale = import_sale({"--server", shop.server.operators_url()},
                                          sale_json(40, R"("room": {"active_max": 1})"));
    const std::string ann = shop.join(sale, "ann").text("/token");
    REQUIRE(shop.is_admitted(ann));
    const Reply bob = shop.join(sale, "bob");
    CHECK(bob.number("/position") == 1);
    const Reply cleo = shop.join(sale, "cleo");
    CHECK(cleo.number("/position") == 2);
    auto metrics = metrics_of(shop.server.operators_url());
    CHECK(metrics.at("concertres_line_reached") == 1);
    CHECK(metrics.at("concertres_line_calls_total") > 3);
    CHECK(metrics.at("concertres_line_away_total") == 0);

    redis.kill();
    CHECK(eventually(
        [&] { return shop.place(bob.text("/token")).outcome() == "503 storage_unavailable"; }));
    const Reply refused = shop.join(sale, "dan");
    CHECK(refused.outcome() == "503 storage_unavailable");
    CHECK(!refused.field("Retry-After").empty());
    const Reply held = shop.ask(
        {.method = "POST",
         .target = "/v1/reservations",
         .token = ann,
         .body = fmt::format(R"({{"performance_id": "{}", "seats": [1]}})", sale.performance),
         .key = "hold"});
    CHECK(held.outcome() == "201");
    metrics = metrics_of(shop.server.operators_url());
    CHECK(metrics.at("concertres_line_reached") == 0);
    CHECK(metrics.at("concertres_line_away_total") > 0);

    redis.start();
    // Cleo is first to ask, and bob stands before her all the same.
    CHECK(eventually([&] { return shop.place(cleo.text("/token")).status == 200; }));
    CHECK(eventually([&] { return shop.place(bob.text("/token")).status == 200; }));
    CHECK(shop.place(bob.text("/token")).number("/number") == bob.number("/number"));
    CHECK(shop.join(sale, "dan").number("/position") == 3);
    REQUIRE(shop.ask({.method = "DELETE", .target = "/v1/tokens/current", .token = ann}).status ==
            204);
    CHECK(shop.is_admitted(bob.text("/token")));
    CHECK(shop.place(cleo.text("/token")).text("/status") == "waiting");
    CHECK(shop.server.stop() == "exit 0");
    (void)audit({"--data", (shop.folder.path() / "sale").string()});
}

TEST_CASE("a server without the line takes nobody into a room that is kept there") {
    RedisServer redis;
    const TempDir folder;
    const std::string data = folder.path() / "sale";
    ImportedSale sale;
    std::string token;
    const auto join = [&](const ServerProcess& server, const std::string& name) {
        http::Client client(server.url());
        return TestServer::send(client, {.method = "POST",
                                         .target = "/v1/concerts/" + sale.concert + "/tokens",
                                         .body = fmt::format(R"({{"user_id": "{}"}})",
                                                             UserId::from_name(name).to_string())});
    };
    {
        ServerProcess server({.data = data, .arguments = flags_of(redis)});
        sale = import_sale({"--server", server.operators_url()}, sale_json(10, R"("room": {})"));
        token = join(server, "ann").text("/token");
        CHECK(server.stop() == "exit 0");
    }
    {
        ServerProcess server({.data = data});
        CHECK(join(server, "bob").outcome() == "503 storage_unavailable");
        CHECK(server.stop() == "exit 0");
    }
    ServerProcess server({.data = data, .arguments = flags_of(redis)});
    CHECK(eventually([&] { return join(server, "bob").status < 300; }));
    CHECK(server.stop() == "exit 0");
}

TEST_CASE("an address of a line that is none is refused at the start") {
    check_refused(run_command({"serve", "--demo", "--listen", "127.0.0.1:0", "--admin-listen",
                               "off", "--line", "redis.example"}),
                  "exit 78", "flag --line: the address of Redis must be like redis://HOST:PORT");
    check_refused(run_command({"audit", "--data", "sale", "--line", "redis://redis.example"}),
                  "exit 64", "--line");
}
