// The program and its commands `audit`, `explain` and `backup`: what they print, and the exit codes
// that their help promises.
#include <SQLiteCpp/Database.h>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "concertres/ids.hpp"
#include "program/commands.hpp"
#include "program/rush.hpp"
#include "program/server_process.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

// A sale in which one buyer has bought a seat, held in a folder that nobody has open.
struct BoughtSale {
    BoughtSale() : sale(import_rush_sale({"--data", data()}, 10)) {
        ServerProcess server({.data = data(), .arguments = {"--tick-ms", "20"}});
        Shopper(server.url(), sale).buy(told);
        REQUIRE(!told.payment.empty());
        REQUIRE(server.stop() == "exit 0");
    }
    [[nodiscard]] std::string data() const { return folder.path() / "sale"; }

    TempDir folder;
    RushSale sale;
    Told told{};
};

// What `explain` tells of all that the buyer did.
void check_explained(const BoughtSale& bought, const Words& where) {
    const auto explain = [&](Words what) {
        what.insert(what.begin(), "explain");
        const Ran ran = run_command(std::move(what), where);
        INFO(ran.err);
        CHECK(ran.end == "exit 0");
        return ran.out;
    };
    const Told& told = bought.told;
    const std::string user = UserId::from_name(fmt::format("buyer {}", told.buyer)).to_string();
    const std::string reservation = explain({told.reservation});
    CHECK(reservation.starts_with(
        fmt::format("reservation {}: paid, payment {}; seats 1 for 50000, user {}\n",
                    told.reservation, told.payment, user)));
    CHECK(contains(reservation, " reservation.held "));
    CHECK(contains(reservation, " payment.completed "));
    CHECK(explain({told.payment}).starts_with("payment " + told.payment + ": completed at "));
    CHECK(explain({user}).starts_with("user " + user + ": the wallet holds 0\n"));
    const ImportedSale& sale = bought.sale.bought;
    CHECK(explain({sale.performance, "--seat", "1"})
              .starts_with(fmt::format("seat 1 of {}: bought by user {}, reservation {}\n",
                                       sale.performance, user, told.reservation)));
    CHECK(explain({sale.concert, "--place", std::to_string(told.place)})
              .starts_with(fmt::format("place {} of {}: spent; ", told.place, sale.concert)));
    CHECK(explain({sale.concert}).starts_with("concert " + sale.concert + ": "));
    const auto json = boost::json::parse(explain({told.payment, "--json"}));
    CHECK(json.at("id").as_string() == told.payment);
    CHECK(json.at("events").as_array().size() == 2);
}

}  // namespace

// --- The program -------------------------------------------------------------------------------

TEST_CASE("the program tells its version, its commands, and what it does not know") {
    CHECK(run_command({"version"}).out.starts_with("concertres 0."));
    CHECK(run_command({"--version"}).out == run_command({"version"}).out);
    const Ran help = run_command({"help"});
    CHECK(help.end == "exit 0");
    CHECK(run_command({"--help"}).out == help.out);
    const Ran nothing = run_command({});
    CHECK(nothing.end == "exit 64");
    CHECK(nothing.out.empty());
    CHECK(nothing.err == help.out);
    check_refused(run_command({"imprt"}), "exit 64",
                  "there is no command \"imprt\"; did you mean import?\n");
    check_refused(run_command({"audit", "--dat", "x"}), "exit 64", "did you mean --data?");
    check_refused(run_command({"help", "serv"}), "exit 64", "did you mean serve?");
}

TEST_CASE("each command has a help, and it says what the exit codes are") {
    for (const std::string command :
         {"serve", "import", "audit", "explain", "backup", "ticket", "doctor", "version", "help"}) {
        const Ran ran = run_command({command, "--help"});
        INFO(command, ": ", ran.err);
        CHECK(ran.end == "exit 0");
        CHECK(ran.out.starts_with("usage: concertres " + command));
        CHECK(contains(ran.out, "\nExit codes:\n"));
        CHECK(contains(ran.out, "\nExample:\n"));
    }
    CHECK(run_command({"help", "audit"}).out == run_command({"audit", "--help"}).out);
}

TEST_CASE("the configuration is printed without keys, and checked without a start") {
    const TempDir folder;
    const std::string key = folder.path() / "admin-key";
    write_file(key, "a-key-that-is-secret\n");
    std::filesystem::permissions(key, std::filesystem::perms::owner_read);
    const Words settings{"--data", folder.path() / "sale", "--admin-key", key, "--hold-ms", "9000"};
    const Ran printed = run_command({"serve", "--print-config"}, settings);
    CHECK(printed.end == "exit 0");
    CHECK(contains(printed.out, "\nhold-ms = 9000  # flag --hold-ms\n"));
    CHECK(contains(printed.out, "\nadmin-key = \"" + key + "\""));
    CHECK(!contains(printed.out, "a-key-that-is-secret"));

    // What is printed is a configuration.
    write_file(folder.path() / "again.toml", printed.out);
    const Ran checked =
        run_command({"serve", "--check-config", "--config", folder.path() / "again.toml"});
    CHECK(checked.end == "exit 0");
    CHECK(checked.out == "the configuration is good\n");
    CHECK(!std::filesystem::exists(folder.path() / "sale"));

    check_refused(run_command({"serve", "--check-config", "--token-keys", "/nowhere"}, settings),
                  "exit 78", "token-keys: cannot read /nowhere");
    check_refused(run_command({"serve", "--demo", "--hold-ms", "5s"}), "exit 78",
                  "flag --hold-ms: must be a whole number of milliseconds");
    check_refused(run({.arguments = {"serve", "--demo"},
                       .environment = {{"CONCERTRES_LISTN", "127.0.0.1:0"}}}),
                  "exit 78", "did you mean CONCERTRES_LISTEN?");
    check_refused(run_command({"serve"}), "exit 64", "data is needed");
    check_refused(run_command({"serve", "now"}), "exit 64", "serve takes flags only");
}

TEST_CASE("what cannot be printed is a failure, and no crash") {
    const BoughtSale bought;
    // More than what a buffer takes, and less.
    const Words commands[] = {{"version"},
                              {"serve", "--help"},
                              {"serve", "--print-config"},
                              {"audit", "--data", bought.data()},
                              {"explain", bought.told.payment, "--json", "--data", bought.data()}};
    for (const Words& command : commands) {
        const Ran full = run({.arguments = command, .out = "/dev/full"});
        INFO(command.front(), ": ", full.err);
        CHECK(full.end == "exit 1");
        CHECK(full.err == "concertres: standard output cannot be written\n");
        // As every program of a pipe ends whose reader has gone.
        const Ran unread = run({.arguments = command, .out_is_closed = true});
        CHECK(unread.end == "signal 13");
        CHECK(unread.err.empty());
    }
}

TEST_CASE("a server serves on when nobody reads what it prints") {
    const TempDir folder;
    Process server({.arguments = {"serve", "--demo", "--listen", "127.0.0.1:0", "--admin-listen",
                                  "127.0.0.1:0"},
                    .environment = {{"TMPDIR", folder.path()}},
                    .out_is_closed = true});
    CHECK(server.says("no --api-key"));
    CHECK(server.wait(std::chrono::milliseconds(200)) == "runs");
    server.signal(SIGTERM);
    CHECK(server.wait(std::chrono::seconds(10)) == "exit 0");
}

// --- audit, explain, backup --------------------------------------------------------------------

TEST_CASE("a command says who does not answer, and whose address it is not") {
    const TempDir folder;
    for (const Words& command : {Words{"audit"}, Words{"backup", folder.path() / "copy.db"},
                                 Words{"explain", "8f14e45f-ceea-467f-a0e6-3a1b5c3d7e91"}}) {
        check_refused(run_command(command, {"--server", "http://127.0.0.1:1"}), "exit 69",
                      "http://127.0.0.1:1 does not answer: ");
    }
    for (const Words& command : {Words{"audit"}, Words{"backup", folder.path() / "copy.db"},
                                 Words{"explain", "8f14e45f-ceea-467f-a0e6-3a1b5c3d7e91"}}) {
        check_refused(run_command(command, {"--data", folder.path()}), "exit 69",
                      "there is no sale in ");
    }
    CHECK(std::filesystem::is_empty(folder.path()));

    ServerProcess server({});
    check_refused(run_command({"audit", "--server", server.url()}), "exit 69",
                  server.url() + " is not the operators' address");
    CHECK(server.stop() == "exit 0");
}

TEST_CASE("a command shows the admin key where the server has one") {
    const TempDir folder;
    for (const std::string name : {"right", "wrong"}) {
        write_file(folder.path() / name, "the-" + name + "-admin-key\n");
        std::filesystem::permissions(folder.path() / name, std::filesystem::perms::owner_read);
    }
    ServerProcess server({.arguments = {"--admin-key", folder.path() / "right"}});
    const Words audit_it{"audit", "--server", server.operators_url()};
    check_refused(run_command(audit_it), "exit 69", "Give the key with --admin-key FILE");
    check_refused(run_command(audit_it, {"--admin-key", folder.path() / "wrong"}), "exit 69",
                  "admin_key_invalid");
    check_refused(run_command(audit_it, {"--admin-key", folder.path() / "none"}), "exit 78",
                  "cannot read ");
    CHECK(audit({"--server", server.operators_url(), "--admin-key", folder.path() / "right"})
              .at("concerts") == 1);
    check_refused(run_command({"audit", "--data", folder.path(), "--admin-key", "x"}), "exit 64",
                  "goes with --server");
    CHECK(server.stop() == "exit 0");
}

TEST_CASE("audit prints what it finds, and ends with 1") {
    const BoughtSale bought;
    {
        SQLite::Database store(bought.data() + "/concertres.db", SQLite::OPEN_READWRITE);
        CHECK(store.exec("DELETE FROM payment") == 1);
    }
    const Ran ran = run_command({"audit", "--data", bought.data()});
    INFO(ran.out, ran.err);
    CHECK(ran.end == "exit 1");
    CHECK(ran.err.empty());
    CHECK(contains(ran.out, "\nNOT clean: "));
    CHECK(!contains(ran.out, "clean: every invariant holds"));
}

TEST_CASE("audit says of a store that was cut short that it is one") {
    const BoughtSale bought;
    const std::filesystem::path file = bought.data() + "/concertres.db";
    std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
    check_refused(run_command({"audit", "--data", bought.data()}), "exit 69", file.string());
}

TEST_CASE("explain tells of a thing by whatever names it") {
    const BoughtSale bought;
    check_explained(bought, {"--data", bought.data()});

    ServerProcess server({.data = bought.data()});
    const Words where{"--server", server.operators_url()};
    check_explained(bought, where);
    const std::string nothing = "8f14e45f-ceea-467f-a0e6-3a1b5c3d7e91";
    check_refused(run_command({"explain", nothing}, where), "exit 1",
                  "there is no concert, performance, ");
    check_refused(run_command({"explain", bought.sale.bought.performance, "--seat", "99"}, where),
                  "exit 1", "has no seat 99");
    check_refused(run_command({"explain", bought.sale.bought.concert, "--place", "99"}, where),
                  "exit 1", "nobody has had the place 99");
    check_refused(run_command({"explain", "7"}, where), "exit 64", "must be a UUID");
    check_refused(run_command({"explain"}, where), "exit 64", "ID");
    CHECK(server.stop() == "exit 0");
}

TEST_CASE("backup copies a sale, and never over a file") {
    const BoughtSale bought;
    const std::string copies = bought.folder.path() / "copies";
    std::filesystem::create_directory(copies);
    const std::string copy = copies + "/concertres.db";
    const auto check_copied = [&](const Words& where) {
        const Ran ran = run_command({"backup", copy}, where);
        INFO(ran.err);
        CHECK(ran.end == "exit 0");
        CHECK(ran.out.starts_with(copy + " has "));
        check_refused(run_command({"backup", copy}, where), "exit 1", copy + " is there already");
        CHECK(audit({"--data", copies}).at("payments") == 1);
        std::filesystem::remove(copy);
        check_refused(run_command({"backup", copies + "/none/copy.db"}, where), "exit 1", "none");
        check_refused(run_command({"backup"}, where), "exit 64", "FILE");
    };
    check_copied({"--data", bought.data()});

    ServerProcess server({.data = bought.data()});
    const Words where{"--server", server.operators_url()};
    check_copied(where);
    // A bare name is one of the server's folder, however far away that is.
    const Ran bare = run_command({"backup", "bare.db"}, where);
    CHECK(bare.end == "exit 0");
    CHECK(std::filesystem::exists(bought.data() + "/bare.db"));
    CHECK(server.stop() == "exit 0");
}
