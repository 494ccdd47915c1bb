// `ticket verify`, by the program: with a file of keys and without a network, by asking a server,
// and what it says of all that is no good ticket.
#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "concertres/ids.hpp"
#include "http/client.hpp"
#include "program/keyed_server.hpp"
#include "program/rush.hpp"
#include "support/temp_dir.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

// A server with a buyer who has paid for seat 1, and what a door has that asked it for its keys.
struct Door {
    explicit Door(std::vector<std::string> more = {"--tick-ms", "20"})
        : sale(import_rush_sale({"--data", data()}, 10)),
          server({.data = data(), .arguments = std::move(more)}) {
        Shopper(server.url(), sale).buy(told);
        REQUIRE(!told.payment.empty());
        write_file(keys, ask({.target = "/v1/ticket-keys"}).body);
        ticket = ask({.target = "/v1/payments/" + told.payment + "/ticket", .token = told.token})
                     .text("/ticket");
    }
    Reply ask(const Ask& ask) const {
        http::Client client(server.url());
        return TestServer::send(client, ask);
    }
    [[nodiscard]] std::string data() const { return folder.path() / "sale"; }
    [[nodiscard]] Ran verify(const std::string& text, const Words& more = {}) const {
        return run_command({"ticket", "verify", text, "--keys", keys}, more);
    }
    // With `printed` on standard input.
    [[nodiscard]] Ran verify_input(const std::string& printed, const std::string& word) const {
        const std::string script =
            printed + " | " + CONCERTRES_PROGRAM + " ticket verify " + word + " --keys " + keys;
        return run({.arguments = {"-c", script}, .program = "/bin/bash"});
    }

    TempDir folder;
    RushSale sale;
    ServerProcess server;
    Told told{};
    std::string keys = folder.path() / "keys.json";
    std::string ticket;
};

void check_not_good(const Ran& ran, std::string_view why) {
    INFO(ran.out << ran.err);
    CHECK(ran.end == "exit 1");
    CHECK(ran.out.starts_with("NOT good: "));
    CHECK(contains(ran.out, why));
    CHECK(ran.err.empty());
}

std::string flipped(std::string text, std::size_t at) {
    text[at] = text[at] == 'A' ? 'B' : 'A';
    return text;
}

}  // namespace

TEST_CASE("a door without a network is told what a ticket is good for, and what it cannot know") {
    Door door;
    CHECK(door.server.stop() == "exit 0");
    const Ran good = door.verify(door.ticket);
    INFO(good.out << good.err);
    CHECK(good.end == "exit 0");
    CHECK(good.out.starts_with("good: the key "));
    CHECK(contains(good.out, "\npayment " + door.told.payment + ", concert " +
                                 door.sale.bought.concert + ", paid at 20"));
    CHECK(contains(good.out, "\nperformance " + door.sale.bought.performance + ", starts at "));
    CHECK(contains(good.out, "\nseat 1: \"1\"\n"));
    CHECK(contains(good.out, "\na copy is as good as the original: let each seat in once\n"));
    CHECK(contains(good.out, "\nwhether it was refunded since is not known here; --server asks\n"));

    CHECK(door.verify_input("echo '  " + door.ticket + "\r'", "").out == good.out);
    CHECK(door.verify_input("printf %s " + door.ticket, "-").end == "exit 0");
}

TEST_CASE("what is no good ticket is refused, and it is said why") {
    const Door door;
    check_not_good(door.verify(flipped(door.ticket, 60)), "altered");
    check_not_good(door.verify(flipped(door.ticket, door.ticket.size() / 2)), "altered");
    check_not_good(door.verify(door.ticket.substr(0, door.ticket.size() - 4)), "");
    check_not_good(door.verify(door.ticket.substr(0, 40)), "malformed");
    check_not_good(door.verify(door.ticket + "="), "malformed");
    check_not_good(door.verify(""), "malformed");
    check_not_good(door.verify(door.told.token), "this is no ticket of ours");
    check_not_good(door.verify_input("head -c 3000 /dev/urandom", "-"), "malformed");
    check_not_good(door.verify_input("head -c 5000000 /dev/zero | tr '\\0' A", ""), "NOT good");
    check_not_good(door.verify_input("true", ""), "malformed");

    // Another store's key.
    const Door other;
    CHECK(other.told.payment != door.told.payment);
    check_not_good(door.verify(other.ticket), "is not among the keys given");
}

TEST_CASE("a door that asks the server is told of a refund, and of a payment that it has not") {
    const Door door;
    const Words where{"--server", door.server.operators_url()};
    const Ran good = run_command({"ticket", "verify", door.ticket}, where);
    INFO(good.out << good.err);
    CHECK(good.end == "exit 0");
    CHECK(contains(good.out, "\nthe payment stands, as the server knows it now\n"));
    check_not_good(run_command({"ticket", "verify", flipped(door.ticket, 60)}, where), "altered");

    const Reply refunded = door.ask({.method = "POST",
                                     .target = "/v1/payments/" + door.told.payment + "/refund",
                                     .token = door.told.token});
    REQUIRE(refunded.outcome() == "200");
    check_not_good(run_command({"ticket", "verify", door.ticket}, where), "refunded at 20");
    // Nobody who asks nobody can know.
    CHECK(door.verify(door.ticket).end == "exit 0");

    check_refused(run_command({"ticket", "verify", door.ticket, "--server", door.server.url()}),
                  "exit 69", "is not the operators' address of a server");
    check_refused(run_command({"ticket", "verify", door.ticket, "--server", "http://127.0.0.1:1"}),
                  "exit 69", "does not answer");
}

TEST_CASE("a command line or keys that are wrong are no verdict on the ticket") {
    const TempDir folder;
    const std::string keys = folder.path() / "keys.json";
    write_file(keys, R"({"keys": [{"key_id": 1, "algorithm": "RSA", "public_key": "AA"}]})");
    const auto run_with = [](const Words& words) { return run_command({"ticket"}, words); };
    check_refused(run_with({}), "exit 64", "verify, what is to be done, is missing");
    check_refused(run_with({"check", "x", "--keys", keys}), "exit 64", "must be verify");
    check_refused(run_with({"verify", "x"}), "exit 64", "give exactly one of --keys FILE");
    check_refused(run_with({"verify", "x", "--keys", keys, "--server", "http://a:1"}), "exit 64",
                  "give exactly one of --keys FILE");
    check_refused(run_with({"verify", "x", "y", "--keys", keys}), "exit 64",
                  "argument \"y\": nothing more is expected");
    check_refused(run_with({"verify", "x", "--keys", keys, "--admin-key", keys}), "exit 64",
                  "flag --admin-key: goes with --server");
    check_refused(run_with({"verify", "x", "--keys", "/nowhere"}), "exit 78",
                  "/nowhere cannot be read as keys");
    check_refused(run_with({"verify", "x", "--keys", folder.path()}), "exit 78",
                  "cannot be read as keys");
    check_refused(run_with({"verify", "x", "--keys", keys}), "exit 78", "/keys/0/algorithm");
    const Ran help = run_command({"ticket", "--help"});
    CHECK(help.end == "exit 0");
    CHECK(contains(help.out, "\nExit codes:\n  0   the ticket is good\n"));
}

TEST_CASE(
    "tickets are signed with the keys of a file, which SIGHUP reads anew, and no log has them") {
    const TempDir folder;
    const std::string file = folder.path() / "ticket-keys";
    const auto set = [&](const std::string& text) {
        write_file(file + ".new", text);
        std::filesystem::permissions(file + ".new", std::filesystem::perms::owner_read);
        std::filesystem::rename(file + ".new", file);
    };
    set(key_1);
    Door door({"--tick-ms", "20", "--ticket-keys", file, "--log-level", "debug"});
    CHECK(contains(door.verify(door.ticket).out, "good: the key 1 has signed this"));

    set(key_2 + key_1);
    door.server.process().signal(SIGHUP);
    CHECK(door.server.process().says("reload: keys and log level were read anew"));
    const Reply keys = door.ask({.target = "/v1/ticket-keys"});
    CHECK(keys.number("/keys/0/key_id") == 2);
    CHECK(keys.number("/keys/1/key_id") == 1);
    const std::string after = door.ask({.target = "/v1/payments/" + door.told.payment + "/ticket",
                                        .token = door.told.token})
                                  .text("/ticket");
    check_not_good(door.verify(after), "it names the key 2, which is not among the keys given");
    write_file(door.keys, keys.body);
    CHECK(contains(door.verify(after).out, "good: the key 2 has signed this"));
    CHECK(contains(door.verify(door.ticket).out, "good: the key 1 has signed this"));

    CHECK(door.server.stop() == "exit 0");
    for (const std::string& secret : {std::string(42, 'B'), std::string(42, 'C')}) {
        CHECK(!contains(door.server.process().err(), secret));
        CHECK(!contains(keys.body, secret));
    }
}

TEST_CASE("a store signs with one key of its own, also after it was opened again") {
    Door door;
    const std::string before = read_file(door.keys);
    CHECK(door.server.stop() == "exit 0");
    ServerProcess again({.data = door.data(), .arguments = {"--tick-ms", "20"}});
    http::Client client(again.url());
    CHECK(TestServer::send(client, {.target = "/v1/ticket-keys"}).body == before);
    CHECK(TestServer::send(client, {.target = "/v1/payments/" + door.told.payment + "/ticket",
                                    .token = door.told.token})
              .text("/ticket") == door.ticket);
}
