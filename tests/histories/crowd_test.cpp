// Real clients over real sockets against the program: whatever they were told can have happened one
// thing after another.
#include "histories/crowd.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "histories/bank.hpp"
#include "histories/caller.hpp"
#include "histories/cutting_proxy.hpp"
#include "histories/faults.hpp"
#include "line/redis_server.hpp"
#include "program/commands.hpp"
#include "program/instances.hpp"
#include "program/server_process.hpp"
#include "support/temp_dir.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

const std::vector<std::string> quick_ticks{"--tick-ms", "20", "--log-level", "warning"};

void check_linearizable(const History& history) {
    const HistoryCounts counts = counts_of(history);
    MESSAGE(fmt::format(
        "{} answers ({} good, {} refused, {} replayed, {} of a key reused), {} lost",
        counts.answered, counts.good, counts.refused, counts.replayed, counts.reused, counts.lost));
    const std::vector<std::string> faults = faults_of(history);
    INFO(fmt::format("{}", fmt::join(faults, "\n")));
    CHECK(faults.empty());
    CHECK(counts.good > counts.answered / 4);
    CHECK(counts.refused > 0);
    CHECK(counts.replayed > 0);
    CHECK(counts.reused > 0);
    CHECK(counts.failed == 0);
}

}  // namespace

TEST_CASE("what sixty-four clients are told has an order in which it happened") {
    const TempDir folder;
    ServerProcess server({.data = folder.path(), .arguments = quick_ticks});
    const auto stage = set_stage(server, {.users = 32});
    Crowd crowd(*stage, {.clients = 64, .calls = 30, .seed = 1});
    const History history = crowd.end();
    check_linearizable(history);
    CHECK(counts_of(history).lost == 0);
    check_books(server, *stage, history);
    CHECK(server.stop() == "exit 0");
}

TEST_CASE("it has one also where answers are lost on the way and asked for again") {
    const TempDir folder;
    ServerProcess server({.data = folder.path(), .arguments = quick_ticks});
    const auto stage = set_stage(server, {.users = 8});
    CuttingProxy proxy({.upstream = stage->addresses.front(), .seed = 2, .cut_percent = 15});
    stage->addresses = {{.port = proxy.port()}};
    Crowd crowd(*stage, {.clients = 16, .calls = 80, .seed = 2});
    const History history = crowd.end();
    check_linearizable(history);
    CHECK(proxy.cuts() > 50);
    CHECK(counts_of(history).lost > 50);
    check_books(server, *stage, history);
    CHECK(server.stop() == "exit 0");
}

TEST_CASE("it has one also over a kill -9 and a restart in the middle") {
    const TempDir folder;
    // No client has this address for its own end, so the port is free for the next server.
    Serving serving{.data = folder.path(), .listen = "127.0.0.8:0", .arguments = quick_ticks};
    auto first = std::make_unique<ServerProcess>(serving);
    serving.listen = first->address();
    const auto stage = set_stage(*first, {.users = 12});
    Crowd crowd(*stage, {.clients = 24, .calls = 60, .seed = 3});
    REQUIRE(crowd.comes_to(24 * 25));
    first->kill();
    ServerProcess second(serving);
    const History history = crowd.end();
    check_linearizable(history);
    CHECK(counts_of(history).lost > 0);
    check_books(second, *stage, history);
    CHECK(second.stop() == "exit 0");
    audit({"--data", folder.path()});
}

TEST_CASE("it has one also over three servers of one database, one killed and one standing still") {
    const SharedDatabase database;
    // Each with rows locked in the way of its own.
    const std::string address = database.address();
    Instances servers({address + "&locking=optimistic", address, address + "&locking=optimistic"});
    const auto stage = set_stage(servers[2], {.users = 12});
    for (const std::size_t i : {0u, 1u}) {
        stage->addresses.push_back(address_of(servers[i]));
        for (const ImportedSale& sale : stage->sales) REQUIRE(servers.knows(i, sale.concert));
    }
    stage->history.shows_late = true;
    Crowd crowd(*stage, {.clients = 24, .calls = 60, .seed = 4});
    REQUIRE(crowd.comes_to(24 * 15));
    servers[0].kill();
    REQUIRE(crowd.comes_to(24 * 25));
    servers[1].process().signal(SIGSTOP);
    // Longer than it may keep rows locked, and shorter than people wait for an answer.
    std::this_thread::sleep_for(std::chrono::seconds(5));
    servers[1].process().signal(SIGCONT);
    const History history = crowd.end();
    check_linearizable(history);
    CHECK(counts_of(history).lost > 0);
    check_books(servers[2], *stage, history);
    for (const std::size_t i : {1u, 2u}) CHECK(servers[i].stop() == "exit 0");
    audit(servers.where());
}

TEST_CASE("it has one also where a Redis keeps who waits, for two servers, one of them killed") {
    const SharedDatabase database;
    RedisServer redis;
    const auto start = [&] {
        return std::make_unique<ServerProcess>(Serving{
            .data = {},
            .store = database.address(),
            .arguments = {"--tick-ms", "20", "--log-level", "warning", "--line", redis.address()}});
    };
    const auto one = start();
    const auto two = start();
    const auto stage = set_stage(*two, {.users = 12});
    stage->addresses.push_back(address_of(*one));
    http::Client client(one->url());
    for (const ImportedSale& sale : stage->sales) {
        REQUIRE(eventually([&] {
            const Reply known = TestServer::send(client, {.target = "/v1/concerts"});
            return known.body.find(sale.concert) != std::string::npos;
        }));
    }
    stage->history.shows_late = true;
    Crowd crowd(*stage, {.clients = 24, .calls = 60, .seed = 5});
    REQUIRE(crowd.comes_to(24 * 25));
    one->kill();
    const History history = crowd.end();
    check_linearizable(history);
    CHECK(redis.command({"KEYS", "*"}).elements.size() >= 2);
    check_books(*two, *stage, history);
    CHECK(two->stop() == "exit 0");
    audit({"--store", database.address()});
}

TEST_CASE("seats, money and keys have one also where the Redis is killed, wiped and stands still") {
    const TempDir folder;
    RedisServer redis;
    ServerProcess server(
        {.data = folder.path(),
         .arguments = {"--tick-ms", "20", "--log-level", "error", "--line", redis.address(),
                       "--line-timeout-ms", "300", "--line-rebuild-ms", "500"}});
    const auto stage = set_stage(server, {.users = 12});
    stage->history.shows_late = true;
    stage->history.loses_line = true;
    Crowd crowd(*stage, {.clients = 24, .calls = 120, .seed = 6});
    REQUIRE(crowd.comes_to(24 * 20));
    redis.command({"FLUSHALL"});
    REQUIRE(crowd.comes_to(24 * 40));
    redis.kill();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    redis.start();
    REQUIRE(crowd.comes_to(24 * 70));
    redis.pause();
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    redis.resume();
    const History history = crowd.end();
    check_linearizable(history);
    check_books(server, *stage, history);
    CHECK(server.stop() == "exit 0");
    audit({"--data", folder.path()});
}
