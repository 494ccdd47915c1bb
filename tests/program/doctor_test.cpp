// `doctor`: what it says of a machine that is well and of ones that are not, and that it changes
// nothing of what it looks at.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <string>

#include "line/redis_server.hpp"
#include "program/commands.hpp"
#include "program/server_process.hpp"
#include "support/postgres_server.hpp"
#include "support/temp_dir.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

const Words free_addresses{"--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"};

Ran doctor(const Words& words, const Launch& launch = {}) {
    Launch whole = launch;
    whole.arguments = {"doctor"};
    whole.arguments.insert(whole.arguments.end(), free_addresses.begin(), free_addresses.end());
    whole.arguments.insert(whole.arguments.end(), words.begin(), words.end());
    return run(whole);
}

// The line about one thing, without its verdict and name: "PROBLEM data ..." has none other.
std::string line_of(const Ran& ran, const std::string& verdict, const std::string& what) {
    const std::string begin = fmt::format("{:<8} {:<14} ", verdict, what);
    const std::size_t at = ran.out.find(begin);
    INFO(ran.out << ran.err);
    REQUIRE_MESSAGE(at != std::string::npos, begin);
    const std::size_t from = at + begin.size();
    return ran.out.substr(from, ran.out.find('\n', from) - from);
}

}  // namespace

TEST_CASE("a machine that is well has a line for everything, and nothing is made") {
    const TempDir folder;
    const Ran ran = doctor({"--data", folder.path() / "sale"});
    INFO(ran.out << ran.err);
    CHECK(contains(ran.out, "ok       configuration "));
    CHECK(contains(line_of(ran, "ok", "data"), "will be made in " + folder.path().string()));
    for (const char* what : {"listen", "admin-listen"}) {
        CHECK(line_of(ran, "ok", what) == "127.0.0.1:0 is free");
    }
    for (const char* what : {"disk space", "file system", "clock", "descriptors", "backlog"}) {
        CHECK(contains(ran.out, fmt::format(" {:<14} ", what)));
    }
    CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("a sale that is closed, one that is open, and one that is none are told apart") {
    const TempDir folder;
    const std::string data = folder.path() / "sale";
    (void)import_sale({"--data", data}, sale_json(10));
    const std::string file = data + "/concertres.db";
    const std::string before = read_file(file);
    CHECK(line_of(doctor({"--data", data}), "ok", "database") == file + " is a sale, closed");
    {
        ServerProcess server({.data = data});
        const Ran ran = run_command({"doctor", "--data", data, "--listen", server.address()});
        CHECK(contains(line_of(ran, "warning", "database"), "is open in another program"));
    }
    write_file(file, "SQLite format 3");
    CHECK(contains(line_of(doctor({"--data", data}), "PROBLEM", "database"), "is cut short"));
    write_file(file, "something else");
    const Ran ran = doctor({"--data", data});
    CHECK(contains(line_of(ran, "PROBLEM", "database"), "is no sale, but something else"));
    CHECK(ran.end == "exit 1");
    CHECK(read_file(file) == "something else");
    write_file(file, before);
    CHECK(line_of(doctor({"--data", data}), "ok", "database") == file + " is a sale, closed");
    CHECK(read_file(file) == before);
}

TEST_CASE("an address that is taken is a problem, and so is one that this machine does not have") {
    ServerProcess server({});
    const Ran ran = run_command(
        {"doctor", "--demo", "--listen", server.address(), "--admin-listen", "192.0.2.1:0"});
    CHECK(ran.end == "exit 1");
    CHECK(contains(line_of(ran, "PROBLEM", "listen"),
                   server.address() + ": Address already in use; is a server running already?"));
    CHECK(contains(line_of(ran, "PROBLEM", "admin-listen"), "192.0.2.1:0: "));
    CHECK(ran.out.ends_with("2 problems to be mended before `serve` runs as it should\n"));
    CHECK(server.stop() == "exit 0");
}

TEST_CASE("a limit of descriptors below what the connections need is told with the numbers") {
    const Ran ran = doctor({"--demo", "--connections-max", "1000"}, {.descriptors_max = 500});
    CHECK(contains(line_of(ran, "warning", "descriptors"),
                   "500 at most, and connections-max asks for 2064"));
    CHECK(line_of(doctor({"--demo", "--connections-max", "100"}, {.descriptors_max = 500}), "ok",
                  "descriptors") == "500 at most; 264 may be needed");
}

TEST_CASE("a folder in memory is a problem, since a restart of the machine takes the sale") {
    const Ran ran = doctor({"--data", "/dev/shm"});
    CHECK(ran.end == "exit 1");
    CHECK(contains(line_of(ran, "PROBLEM", "file system"), "is in memory"));
}

TEST_CASE("faults of the configuration are problems, and all else is looked at even so") {
    const TempDir folder;
    write_file(folder.path() / "token-keys", "nonsense\n");
    std::filesystem::permissions(folder.path() / "token-keys", std::filesystem::perms::owner_read);
    const Ran ran = doctor(
        {"--data", folder.path(), "--hold-ms", "0", "--token-keys", folder.path() / "token-keys"});
    CHECK(ran.end == "exit 1");
    CHECK(contains(ran.out, "PROBLEM  configuration  flag --hold-ms: must be a whole number"));
    CHECK(contains(ran.out, "PROBLEM  configuration  token-keys: "));
    CHECK(!contains(ran.out, "nonsense"));
    CHECK(contains(ran.out, " disk space "));
    check_refused(run_command({"doctor", "--dat", "x"}), "exit 64", "did you mean --data?");
    const Ran help = run_command({"doctor", "--help"});
    CHECK(help.end == "exit 0");
    CHECK(contains(help.out, "\nExit codes:\n"));
}

TEST_CASE("a database is asked what it is, and nothing is made in it") {
    PostgresServer& postgres = postgres_server();
    const std::string database = postgres.make_database();
    const std::string address = postgres.address(database);
    const std::string tables =
        "SELECT count(*) FROM pg_class WHERE relnamespace::regnamespace::text"
        " NOT IN ('pg_catalog', 'information_schema', 'pg_toast')";
    CHECK(contains(line_of(doctor({"--store", address}), "ok", "database"),
                   " answers; there is no sale yet, it will be made"));
    CHECK(postgres.run(database, tables) == "0");
    (void)import_sale({"--store", address}, sale_json(10));
    const std::string made = postgres.run(database, tables);
    CHECK(contains(line_of(doctor({"--store", address}), "ok", "database"),
                   " answers, and has a sale"));
    CHECK(postgres.run(database, tables) == made);
    postgres.drop_database(database);

    const Ran gone = doctor({"--store", "postgres://sale@127.0.0.1:1/tickets?connect_timeout=2"});
    CHECK(gone.end == "exit 1");
    CHECK(contains(line_of(gone, "PROBLEM", "database"), "cannot be reached: "));
}

TEST_CASE("a line in Redis answers, is away, or may throw people away") {
    RedisServer redis;
    const auto look = [&](const std::string& address) {
        return doctor({"--demo", "--line", address, "--line-timeout-ms", "300"});
    };
    CHECK(line_of(look(redis.address()), "ok", "line") == "Redis answers");
    CHECK(redis.command({"DBSIZE"}).integer == 0);
    redis.command({"CONFIG", "SET", "maxmemory", "100mb"});
    redis.command({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"});
    CHECK(contains(line_of(look(redis.address()), "PROBLEM", "line"), "noeviction"));
    redis.kill();
    const Ran away = look(redis.address());
    CHECK(away.end == "exit 1");
    CHECK(contains(line_of(away, "PROBLEM", "line"), "until it can be used nobody joins"));
    CHECK(!contains(doctor({"--demo"}).out, " line "));
}
