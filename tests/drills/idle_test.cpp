// Thousands of connections on which nothing happens, and of streams on which little does, while
// others buy: each costs the server little memory, and the buyers hardly notice.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <list>
#include <string>
#include <vector>

#include "concertres/ids.hpp"
#include "drills/drill.hpp"
#include "http/client.hpp"
#include "server/raw_socket.hpp"
#include "server/test_server.hpp"

using namespace concertres;
using namespace concertres::test;
namespace json = boost::json;

namespace {

constexpr int streams_of_a_user = 8;
constexpr std::int64_t bytes_max = 8 * 1024;

std::string get(const std::string& target, const std::string& token) {
    return fmt::format("GET {} HTTP/1.1\r\nHost: idle\r\nAuthorization: Bearer {}\r\n\r\n", target,
                       token);
}

std::vector<std::string> tokens_of(http::Client& client, const std::string& concert, int users) {
    std::vector<std::string> tokens;
    for (int i = 0; i < users; ++i) {
        const Reply joined = TestServer::send(
            client, {.method = "POST",
                     .target = "/v1/concerts/" + concert + "/tokens",
                     .body = fmt::format(R"({{"user_id": "{}"}})", UserId::random().to_string())});
        tokens.push_back(joined.text("/token"));
    }
    return tokens;
}

// Asks once over each, as browsers have when they then wait.
void ask(RawSocket& socket, const std::string& token) {
    REQUIRE(socket.send(get("/v1/tokens/current", token)));
    REQUIRE(socket.receive().status == 200);
}

json::value buyers(const std::string& url) {
    return put_load(url,
                    fmt::format("scenario = \"reservation\"\nrate = [\"0s {0}\", \"{1}s {0}\"]\n"
                                "connections = 50\nthresholds = [\"{2}\"]\n",
                                sized(50, 200), sized(1, 30), no_errors()));
}

}  // namespace

TEST_CASE("an idle connection and a stream cost little memory, and buyers do not notice them") {
    raise_descriptor_limit();
    const TempDir folder(quick_folder());
    ServerProcess server({.data = folder.path(),
                          .arguments = {"--log-level", "error", "--connections-max", "19000",
                                        "--idle-timeout-ms", "3600000"}});
    const ImportedSale sale =
        import_sale({"--server", server.operators_url()}, halls_json(4, 2'000));
    const int connections = sized(1'000, 10'000);
    const int streams = sized(400, 5'000);
    http::Client client(server.url());
    const auto tokens = tokens_of(client, sale.concert, streams / streams_of_a_user);
    const auto token_of = [&](int i) {
        return tokens.at(static_cast<std::size_t>(i) % tokens.size());
    };
    const json::value before = buyers(server.url());

    const std::int64_t memory_before = vitals_of(server.process().id()).memory_kib;
    std::list<RawSocket> idle;
    for (int i = 0; i < connections; ++i) ask(idle.emplace_back(server.port()), token_of(i));
    const std::int64_t memory_idle = vitals_of(server.process().id()).memory_kib;
    std::list<RawSocket> followers;
    for (int i = 0; i < streams; ++i) {
        RawSocket& follower = followers.emplace_back(server.port());
        REQUIRE(follower.send(get("/v1/tokens/current/events", token_of(i))));
        REQUIRE(follower.receive_head().starts_with("HTTP/1.1 200 "));
    }
    const json::value meanwhile = buyers(server.url());
    const std::int64_t memory_after = vitals_of(server.process().id()).memory_kib;

    const auto bytes_each = [](std::int64_t kib, int count) { return kib * 1024 / count; };
    const std::int64_t of_idle = bytes_each(memory_idle - memory_before, connections);
    const std::int64_t of_stream = bytes_each(memory_after - memory_idle, streams);
    judge(of_idle <= bytes_max,
          fmt::format("{} idle connections: {} bytes each", connections, of_idle));
    judge(
        of_stream <= bytes_max,
        fmt::format("{} streams, with what was sold meanwhile: {} bytes each", streams, of_stream));
    const auto p99_us = [](const json::value& report) {
        return number_at(report, "/all/times/p99_us");
    };
    judge(p99_us(meanwhile) <= 2 * p99_us(before),
          fmt::format("buyers' p99: {} us before, {} us beside them", p99_us(before),
                      p99_us(meanwhile)));

    // They are all there still.
    for (RawSocket& socket : idle) ask(socket, tokens.front());
    for (RawSocket& follower : followers) CHECK(follower.hears(std::chrono::seconds(10)));
    CHECK(server.stop() == "exit 0");
}
