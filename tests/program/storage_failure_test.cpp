// A disk that takes no more: requests are refused, the server ends with the exit code for it, and
// what was acknowledged is there when it starts again.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <future>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "concertres/ids.hpp"
#include "program/commands.hpp"
#include "program/rush.hpp"
#include "program/server_process.hpp"
#include "server/test_server.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

// Joins again and again, until that is refused or the connection ends: a rush may do nothing but
// wait for its turn when the store fails, and is then cut off without having been refused anything.
std::vector<std::string> join_until_refused(const std::string& url, const std::string& concert) {
    http::Client client(url);
    try {
        for (int i = 0;; ++i) {
            const UserId user = UserId::from_name(fmt::format("newcomer {}", i));
            const Reply reply = TestServer::send(
                client, {.method = "POST",
                         .target = "/v1/concerts/" + concert + "/tokens",
                         .body = fmt::format(R"({{"user_id": "{}"}})", user.to_string())});
            if (reply.status / 100 != 2) return {reply.outcome()};
        }
    } catch (const std::system_error&) {
        return {};
    }
}

}  // namespace

TEST_CASE("a store that cannot grow ends the server with 70, and loses nothing that was told") {
    const TempDir folder;
    const std::string data = folder.path();
    const std::vector<std::string> where{"--data", data};
    const RushSale sale = import_rush_sale(where, 1'000);
    const auto bytes = std::filesystem::file_size(folder.path() / "concertres.db");
    const std::vector<std::string> arguments{"--tick-ms", "20"};
    std::vector<Told> told;
    std::set<std::string> refusals;
    {
        ServerProcess server({.data = data, .arguments = arguments});
        Rush rush(server.url(), sale, {.threads = 4});
        REQUIRE(rush.comes_to(5));
        auto newcomers =
            std::async(std::launch::async, join_until_refused, server.url(), sale.queued.concert);
        server.process().limit_files(bytes);
        CHECK(server.process().wait() == "exit 70");
        told = rush.end();
        const auto refused = newcomers.get();
        refusals.insert(refused.begin(), refused.end());
        CHECK(contains(server.process().err(), " error the engine has stopped: "));
        CHECK(contains(server.process().err(), " stopping why=\"the engine has stopped\""));
    }
    int paid = 0;
    for (const Told& buyer : told) {
        CHECK(buyer.contradictions.empty());
        refusals.insert(buyer.refusals.begin(), buyer.refusals.end());
        paid += buyer.payment.empty() ? 0 : 1;
    }
    CHECK(paid > 0);
    for (const std::string& refusal : refusals) {
        CHECK((refusal == "503 engine_failed" || refusal == "503 storage_full" ||
               refusal == "503 draining"));
    }
    CHECK(!refusals.empty());

    (void)audit(where);
    {
        ServerProcess server({.data = data, .arguments = arguments});
        check_again(server.url(), sale, told);
        CHECK(server.stop() == "exit 0");
    }
    CHECK(audit(where).at("payments") == static_cast<std::int64_t>(told.size()));
}

TEST_CASE("an import into a store that cannot grow fails with 70 and adds nothing") {
    const TempDir folder;
    const std::string data = folder.path() / "sale";
    (void)import_sale({"--data", data}, sale_json(10));
    const auto bytes = std::filesystem::file_size(folder.path() / "sale" / "concertres.db");
    write_file(folder.path() / "large.json", sale_json(5'000));
    const Ran ran = run({.arguments = {"import", folder.path() / "large.json", "--data", data},
                         .file_bytes_max = bytes + 64 * 1024});
    CHECK(ran.end == "exit 70");
    CHECK(ran.out.empty());
    INFO(ran.err);
    CHECK(ran.err.starts_with("concertres: "));
    CHECK(audit({"--data", data}).at("concerts") == 1);
}
