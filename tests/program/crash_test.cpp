// kill -9 in the middle of a rush, again and again: the next server, on the same folder and
// address, knows all that was told.
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <system_error>
#include <vector>

#include "http/client.hpp"
#include "program/commands.hpp"
#include "program/rush.hpp"
#include "program/server_process.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

using std::chrono::steady_clock;

// An address that no client of another test has for its own end: the port is free when the next
// server wants it.
constexpr const char* address = "127.0.0.9:0";

int milliseconds_since(steady_clock::time_point start) {
    return static_cast<int>(
        std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - start).count());
}

}  // namespace

TEST_CASE("kill -9 under load loses nothing that was told, again and again") {
    const TempDir folder;
    const std::string data = folder.path();
    const std::vector<std::string> where{"--data", data};
    const RushSale sale = import_rush_sale(where, 4'000);
    Serving serving{.data = data,
                    .listen = address,
                    .arguments = {"--tick-ms", "20", "--log-level", "warning"}};
    std::vector<Told> all;
    for (int kills = 0; kills < 4; ++kills) {
        const auto start = steady_clock::now();
        ServerProcess server(serving);
        CHECK(http::Client(server.url()).send({.target = "/v1/concerts"}).status == 200);
        if (kills > 0) {
            MESSAGE("first good answer after kill ", kills, ": ", milliseconds_since(start), " ms");
        }
        serving.listen = server.address();
        check_again(server.url(), sale, all);

        Rush rush(server.url(), sale, {.threads = 4, .first_buyer = 1'000 * kills});
        REQUIRE(rush.comes_to(7 + 6 * kills));
        server.kill();
        const std::vector<Told> told = rush.end();
        for (const Told& buyer : told) {
            CHECK(buyer.refusals.empty());
            CHECK(buyer.contradictions.empty());
        }
        all.insert(all.end(), told.begin(), told.end());

        const auto counts = audit(where);
        const Tally expected = tally(all);
        // What was not told is there or is not.
        CHECK(counts.at("payments") >= expected.payments);
        CHECK(counts.at("reservations") >= expected.reservations);
        CHECK(counts.at("transfers") >= expected.transfers);
        CHECK(counts.at("places") >= expected.places);
    }
    ServerProcess server(serving);
    check_again(server.url(), sale, all);
    CHECK(server.stop() == "exit 0");
    CHECK(audit(where).at("payments") == static_cast<std::int64_t>(all.size()));
}
