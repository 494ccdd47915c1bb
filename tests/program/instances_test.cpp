// Two servers on one PostgreSQL are one box office: what is done at one is seen at the other, a
// seat is sold once and a room lets in no more than its cap; and one of them, or the database, may
// stop, be killed or stand still without anything being lost that was told.
#include "program/instances.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <csignal>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "program/commands.hpp"
#include "program/rush.hpp"
#include "program/server_process.hpp"
#include "server/raw_socket.hpp"
#include "server/test_server.hpp"
#include "support/postgres_server.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;

TEST_CASE("what is done at one server of a database is seen at the other") {
    Instances servers;
    const ImportedSale sale = servers.import(sale_json(3, R"("room": {})"));
    const Reply joined = servers.join(0, "ann", sale);
    REQUIRE(joined.outcome() == "201");
    const std::string ann = joined.text("/token");
    // At once, and though the other signed the token: the keys are the store's.
    const Reply shown = servers.place(1, ann);
    REQUIRE(shown.outcome() == "200");
    CHECK(shown.number("/number") == joined.number("/number"));
    CHECK(servers.join(1, "ann", sale).outcome() == "200");
    REQUIRE(eventually([&] { return servers.status(1, ann) == "admitted"; }));
    const std::string bob = servers.let_in(1, "bob", sale);
    // The other need not have heard that he is in.
    CHECK(servers.hall(0, bob, sale) == "1 available, 2 available, 3 available");

    // Both have looked at the hall, and one listens to it.
    CHECK(servers.hall(0, ann, sale) == "1 available, 2 available, 3 available");
    CHECK(servers.hall(1, ann, sale) == "1 available, 2 available, 3 available");
    RawSocket stream(servers[1].port());
    stream.send("GET /v1/tokens/current/events HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " +
                bob + "\r\n\r\n");
    REQUIRE(stream.receive_head().starts_with("HTTP/1.1 200"));

    const Reply held = servers.hold(0, ann, sale, 1);
    REQUIRE(held.outcome() == "201");
    CHECK(servers.hold(1, bob, sale, 1).outcome() == "409 seat_held");
    CHECK(servers.hold(1, bob, sale, 2).outcome() == "201");
    CHECK(eventually([&] { return servers.hall(1, bob, sale) == "1 held, 2 held, 3 available"; }));
    CHECK(eventually([&] { return servers.hall(0, bob, sale) == "1 held, 2 held, 3 available"; }));
    // Held at one, charged at the other, paid at the first; a repetition is one wherever it comes.
    REQUIRE(servers.charge(1, "ann", ann).outcome() == "201");
    const Reply paid = servers.pay(0, ann, held.text("/reservation_id"));
    REQUIRE(paid.outcome() == "201");
    const Reply again = servers.pay(1, ann, held.text("/reservation_id"));
    CHECK(again.field("Idempotent-Replayed") == "true");
    CHECK(again.text("/payment_id") == paid.text("/payment_id"));
    CHECK(servers.hold(1, ann, sale, 3).outcome() == "403 pass_spent");

    CHECK(eventually([&] { return servers.hall(1, bob, sale) == "1 sold, 2 held, 3 available"; }));
    std::string heard;
    while (!contains(heard, R"({"number":1,"status":"sold"})")) {
        const std::string chunk = stream.receive_chunk();
        REQUIRE(!chunk.empty());
        heard += chunk;
    }
    CHECK(contains(heard, R"("performance_id":")" + sale.performance + '"'));
    for (const std::size_t i : {0u, 1u}) {
        CHECK(eventually([&] {
            const auto metrics = metrics_of(servers[i].operators_url());
            const auto count = [&](const char* state) {
                return metrics.at(fmt::format(R"(concertres_seats{{concert="{}",state="{}"}})",
                                              sale.concert, state));
            };
            return count("sold") == 1 && count("held") == 1 && count("free") == 1;
        }));
    }
    // The running servers' database, audited and explained beside them.
    const Ran told = run_command({"explain", paid.text("/payment_id")}, servers.where());
    CHECK(told.end == "exit 0");
    CHECK(contains(told.out, "payment.completed"));
    CHECK(run_command({"audit", "--server", servers[1].operators_url()}).end == "exit 0");
    CHECK(audit(servers.where()).at("sold") == 1);
    servers.check_stop();
}

TEST_CASE("of many who want one seat at two servers, one gets it") {
    Instances servers;
    const ImportedSale sale = servers.import(sale_json(5, R"("room": {})"));
    std::vector<std::string> tokens;
    for (std::size_t i = 0; i < 12; ++i) {
        tokens.push_back(servers.let_in(i % 2, fmt::format("user {}", i), sale));
    }
    for (int seat = 1; seat <= 5; ++seat) {
        std::vector<std::future<std::string>> asked;
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            asked.push_back(std::async(std::launch::async, [&, i] {
                return servers.hold(i % 2, tokens[i], sale, seat).outcome();
            }));
        }
        int won = 0;
        for (auto& outcome : asked) {
            const std::string text = outcome.get();
            if (text == "201") {
                ++won;
            } else {
                CHECK(text == "409 seat_held");
            }
        }
        CHECK(won == 1);
    }
    CHECK(audit(servers.where()).at("held") == 5);
}

TEST_CASE("a room lets in no more than its cap over two servers, and the next as one leaves") {
    constexpr int cap = 3;
    Instances servers;
    const ImportedSale sale =
        servers.import(sale_json(5, fmt::format(R"("room": {{"active_max": {}}})", cap)));
    std::vector<std::string> tokens;
    for (std::size_t i = 0; i < 12; ++i) {
        const Reply joined = servers.join(i % 2, fmt::format("user {}", i), sale);
        REQUIRE(joined.outcome() == "201");
        CHECK(joined.number("/number") == static_cast<std::int64_t>(i) + 1);
        tokens.push_back(joined.text("/token"));
    }
    for (std::size_t first = 0; first + cap < tokens.size(); ++first) {
        // Those who are in are the next in line, at either server.
        for (std::size_t i = first; i < tokens.size(); ++i) {
            const bool is_in = i < first + cap;
            if (is_in) {
                CHECK(eventually([&] { return servers.status(i % 2, tokens[i]) == "admitted"; }));
            } else {
                CHECK(servers.status(i % 2, tokens[i]) == "waiting");
            }
        }
        const Reply left = servers.ask(
            first % 2,
            {.method = "DELETE", .target = "/v1/tokens/current", .token = tokens[first]});
        REQUIRE(left.outcome() == "204");
    }
    (void)audit(servers.where());
}

TEST_CASE("one of two servers is killed amid a rush, and the other goes on") {
    Instances servers;
    const RushSale sale = servers.import_rush(2'000);
    std::vector<Told> told;
    Rush survivor(servers[1].url(), sale, {.threads = 3, .first_buyer = 1'000});
    for (int kill = 1; kill <= 3; ++kill) {
        Rush rush(servers[0].url(), sale, {.threads = 3, .first_buyer = 200 * kill});
        REQUIRE(rush.comes_to(5));
        servers[0].kill();
        REQUIRE(eventually([&] { return rush.is_over(); }));
        join_lists(told, rush.end());
        REQUIRE(survivor.comes_to(survivor.paid() + 5));
        servers.restart(0);
    }
    join_lists(told, survivor.end());
    check_nothing_lost(servers, 1, sale, told);
}

TEST_CASE("a server that stands still and is woken is in nobody's way, and goes on") {
    Instances servers;
    const RushSale sale = servers.import_rush(2'000);
    Rush stopped(servers[0].url(), sale, {.threads = 3});
    Rush survivor(servers[1].url(), sale, {.threads = 3, .first_buyer = 1'000});
    REQUIRE(stopped.comes_to(5));
    servers[0].process().signal(SIGSTOP);
    // Longer than it may keep rows locked.
    const auto until = std::chrono::steady_clock::now() + 7s;
    REQUIRE(survivor.comes_to(survivor.paid() + 5));
    std::this_thread::sleep_until(until);
    REQUIRE(survivor.comes_to(survivor.paid() + 5));
    servers[0].process().signal(SIGCONT);
    REQUIRE(stopped.comes_to(stopped.paid() + 5));
    std::vector<Told> told = stopped.end();
    join_lists(told, survivor.end());
    check_nothing_lost(servers, 0, sale, told);
    servers.check_stop();
}

TEST_CASE("the database crashes amid a rush: requests are refused in time, and nothing is lost") {
    Instances servers;
    const RushSale sale = servers.import_rush(2'000);
    std::vector<std::unique_ptr<Rush>> rushes;
    for (const std::size_t i : {0u, 1u}) {
        rushes.push_back(std::make_unique<Rush>(
            servers[i].url(), sale,
            Rush::Shape{.threads = 2, .first_buyer = static_cast<int>(i) * 1'000}));
        REQUIRE(rushes.back()->comes_to(5));
    }
    durable_postgres().kill();
    const Reply refused = servers.join(0, "late", sale.queued);
    CHECK(refused.status == 503);
    CHECK(refused.has_field("Retry-After"));
    durable_postgres().start();
    std::vector<Told> told;
    for (auto& rush : rushes) {
        REQUIRE(rush->comes_to(rush->paid() + 5));
        join_lists(told, rush->end());
    }
    for (const Told& buyer : told) {
        CHECK(!buyer.cut_off);
        for (const std::string& refusal : buyer.refusals) CHECK(refusal.starts_with("503 "));
    }
    check_nothing_lost(servers, 1, sale, told);
    servers.check_stop();
}

TEST_CASE("servers refuse to sell while the database's clock has jumped, and say so in readyz") {
    Instances servers;
    const ImportedSale sale = servers.import(sale_json(3, R"("room": {})"));
    const std::string ann = servers.let_in(0, "ann", sale);
    const auto set_ahead = [&](const char* by) {
        servers.database().run(fmt::format(
            "CREATE OR REPLACE FUNCTION concertres.store_time() RETURNS bigint LANGUAGE sql"
            " VOLATILE AS 'SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + {}'",
            by));
    };
    const auto all_say = [&](const std::string& outcome) {
        for (const std::size_t i : {0u, 1u}) {
            CHECK(eventually(
                [&] { return servers.ask(i, {.target = "/readyz"}).outcome() == outcome; }));
        }
    };
    all_say("200");
    set_ahead("3600000000");
    all_say("503 clock_jumped");
    const Reply refused = servers.hold(0, ann, sale, 1);
    CHECK(refused.outcome() == "503 clock_jumped");
    CHECK(refused.has_field("Retry-After"));
    CHECK(servers.status(1, ann) == "admitted");
    const auto jump = metrics_of(servers[1].operators_url()).at("concertres_clock_jump_seconds");
    CHECK(jump > 3'590);
    // A server that is started now is no wiser than the others; nobody needs to wait for one.
    servers.restart(1);
    CHECK(servers.ask(1, {.target = "/readyz"}).outcome() == "503 clock_jumped");
    set_ahead("0");
    all_say("200");
    CHECK(servers.hold(1, ann, sale, 1).outcome() == "201");
    servers.check_stop();
}

TEST_CASE("a database that is not there is named without its password, and the exit code is 69") {
    const TempDir folder;
    const std::string password_file = folder.path() / "pgpass";
    write_file(password_file, "*:*:*:*:hush-hush\n");
    std::filesystem::permissions(password_file, std::filesystem::perms::owner_read);
    const std::string address =
        "postgres://sale@127.0.0.1:1/tickets?passfile=" + password_file + "&connect_timeout=2";
    for (const Words& command :
         {Words{"serve", "--listen", "127.0.0.1:0", "--admin-listen", "off"}, Words{"audit"}}) {
        const Ran ran = run_command(command, {"--store", address});
        check_refused(ran, "exit 69", "the PostgreSQL database tickets at 127.0.0.1");
        CHECK(!contains(ran.err, "hush"));
    }
    for (const Words& command : {Words{"serve"}, Words{"audit"}, Words{"import", "hall.json"}}) {
        const Ran ran = run_command(command, {"--store", "postgres://sale:hush-hush@db/tickets"});
        check_refused(ran, command[0] == "serve" ? "exit 78" : "exit 64", "passfile");
        CHECK(!contains(ran.err, "hush"));
    }
}

TEST_CASE("what only reads makes no tables, and a server more than the budget is refused") {
    PostgresServer& postgres = durable_postgres();
    const std::string database = postgres.make_database();
    const std::string address = postgres.address(database);
    check_refused(run_command({"audit"}, {"--store", address}), "exit 69", "there is no store in");
    CHECK(postgres.run(database,
                       "SELECT count(*) FROM pg_namespace WHERE nspname = 'concertres'") == "0");
    {
        const std::vector<std::string> budget{"--db-connections-budget", "1"};
        ServerProcess server({.store = address, .arguments = budget});
        const Ran second = run_command(
            {"serve", "--listen", "127.0.0.1:0", "--admin-listen", "off", "--store", address},
            budget);
        check_refused(second, "exit 69", "the budget is 1");
        CHECK(server.stop() == "exit 0");
    }
    check_refused(run_command({"backup", "copy.db"}, {"--store", address}), "exit 64", "pg_dump");
    postgres.drop_database(database);
}
