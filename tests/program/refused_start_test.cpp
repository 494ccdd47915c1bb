// A server that cannot start says why, in the right exit code, and changes nothing.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "program/commands.hpp"
#include "program/server_process.hpp"
#include "support/temp_dir.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

Ran serve(std::vector<std::string> arguments, const Launch& launch = {}) {
    Launch whole = launch;
    whole.arguments = {"serve", "--admin-listen", "127.0.0.1:0"};
    whole.arguments.insert(whole.arguments.end(), arguments.begin(), arguments.end());
    return run(whole);
}

}  // namespace

TEST_CASE("an address that is taken is named, and the folder stays as it was") {
    const TempDir folder;
    ServerProcess server({});
    const Ran second = serve({"--data", folder.path() / "sale", "--listen", server.address()});
    CHECK(second.end == "exit 69");
    CHECK(second.out.empty());
    CHECK(contains(second.err, "concertres: cannot listen on " + server.address() +
                                   ": Address already in use\n"));
    const Ran operators = run_command(
        {"serve", "--demo", "--listen", "127.0.0.1:0", "--admin-listen", server.address()});
    CHECK(operators.end == "exit 69");
    CHECK(contains(operators.err, "cannot listen on " + server.address()));
    CHECK(server.stop() == "exit 0");
}

TEST_CASE("an address that this machine does not have is named") {
    const Ran ran = serve({"--demo", "--listen", "192.0.2.1:0"});
    CHECK(ran.end == "exit 69");
    CHECK(contains(ran.err, "cannot listen on 192.0.2.1:0: "));
}

TEST_CASE("a folder that cannot be written to is named") {
    const TempDir folder;
    const auto closed = folder.path() / "closed";
    std::filesystem::create_directory(closed);
    std::filesystem::permissions(
        closed, std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
    for (const auto& data : {closed, closed / "sale"}) {
        const Ran ran = serve({"--listen", "127.0.0.1:0", "--data", data}, {.heeds_rights = true});
        CHECK(ran.end == "exit 78");
        CHECK(
            contains(ran.err, "data: cannot write to " + closed.string() + ": Permission denied"));
    }
    CHECK(std::filesystem::is_empty(closed));
    std::filesystem::permissions(closed, std::filesystem::perms::owner_all);
}

TEST_CASE("a file in the place of the folder is named") {
    const TempDir folder;
    const auto file = folder.path() / "file";
    write_file(file, "somebody may need it");
    for (const auto& data : {file, file / "sale"}) {
        const Ran ran = serve({"--listen", "127.0.0.1:0", "--data", data});
        CHECK(ran.end == "exit 78");
        CHECK(contains(ran.err, "data: " + file.string() + " is no folder"));
    }
    CHECK(read_file(file) == "somebody may need it");
}

TEST_CASE("somebody else's concertres.db is refused and left alone") {
    const TempDir folder;
    const auto file = folder.path() / "concertres.db";
    const std::string text = "not a database, but somebody may need it";
    write_file(file, text);
    const Ran ran = serve({"--listen", "127.0.0.1:0", "--data", folder.path()});
    CHECK(ran.end == "exit 69");
    CHECK(ran.out.empty());
    CHECK(contains(ran.err, file.string()));
    CHECK(read_file(file) == text);
    const Ran audit = run_command({"audit", "--data", folder.path()});
    CHECK(audit.end == "exit 69");
    CHECK(contains(audit.err, file.string()));
    CHECK(read_file(file) == text);
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("a folder that a server has open is refused, and the message names --server") {
    const TempDir folder;
    const std::string data = folder.path();
    ServerProcess server({.data = data});
    (void)import_sale({"--server", server.operators_url()}, sale_json(10));
    write_file(folder.path() / "sale.json", sale_json(10));
    const std::vector<std::vector<std::string>> commands = {
        {"serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"},
        {"audit"},
        {"import", folder.path() / "sale.json"},
        {"backup", folder.path() / "copy.db"},
        {"explain", "8f14e45f-ceea-467f-a0e6-3a1b5c3d7e91"}};
    for (std::vector<std::string> command : commands) {
        command.insert(command.end(), {"--data", data});
        const Ran ran = run_command(command);
        INFO(command.front(), ": ", ran.err);
        CHECK(ran.end == "exit 69");
        CHECK(ran.out.empty());
        CHECK(contains(ran.err, "--server"));
    }
    CHECK(!std::filesystem::exists(folder.path() / "copy.db"));
    CHECK(server.stop() == "exit 0");
    CHECK(audit({"--data", data}).at("concerts") == 1);
}
