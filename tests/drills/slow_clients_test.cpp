// Thousands of clients who take their time, while others buy: each of them is cut, and the buyers
// hardly notice.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <string>

#include "concertres/ids.hpp"
#include "drills/drill.hpp"
#include "drills/slow_crowd.hpp"
#include "http/client.hpp"
#include "server/test_server.hpp"

using namespace concertres;
using namespace concertres::test;
namespace json = boost::json;
using Kind = SlowCrowd::Kind;
using namespace std::chrono_literals;

namespace {

// Many pipelined requests for all seats of a large hall: more than any buffer takes.
std::string large_request(const std::string& url, const ImportedSale& sale) {
    http::Client client(url);
    const Reply joined = TestServer::send(
        client, {.method = "POST",
                 .target = "/v1/concerts/" + sale.concert + "/tokens",
                 .body = fmt::format(R"({{"user_id": "{}"}})", UserId::random().to_string())});
    const std::string token = joined.text("/token");
    REQUIRE(eventually([&] {
        return TestServer::send(client, {.target = "/v1/tokens/current", .token = token})
                   .text("/status") == "admitted";
    }));
    const std::string one = fmt::format(
        "GET /v1/performances/{}/seats HTTP/1.1\r\nHost: slow\r\nAuthorization: Bearer {}\r\n\r\n",
        sale.performance, token);
    std::string all;
    for (int i = 0; i < 8; ++i) all += one;
    return all;
}

json::value buyers(const std::string& url) {
    return put_load(url,
                    fmt::format("scenario = \"reservation\"\nrate = [\"0s {0}\", \"{1}s {0}\"]\n"
                                "connections = 50\nthresholds = [\"{2}\"]\n",
                                sized(50, 200), sized(2, 20), no_errors()));
}

}  // namespace

TEST_CASE("thousands of slow clients are cut, each of them, and buyers go on") {
    const TempDir folder(quick_folder());
    ServerProcess server(
        {.data = folder.path(),
         .arguments = {"--log-level", "error", "--connections-max", "15000", "--head-timeout-ms",
                       sized("2000", "10000"), "--body-timeout-ms", sized("3000", "30000"),
                       "--write-timeout-ms", sized("1000", "30000")}});
    const ImportedSale sale =
        import_sale({"--server", server.operators_url()}, halls_json(4, 2'000));
    const SlowCrowd::Shape shape{.heads = sized(1'000, 10'000),
                                 .bodies = sized(100, 1'000),
                                 .readers = sized(100, 1'000),
                                 .request = large_request(server.url(), sale),
                                 .pause = sized(500ms, 2'000ms)};

    const json::value before = buyers(server.url());
    const std::string url = server.url();
    const SlowCrowd crowd(server.port(), shape);
    const json::value meanwhile = buyers(url);
    const Vitals busy = vitals_of(server.process().id());
    const auto p99_us = [](const json::value& report) {
        return number_at(report, "/all/times/p99_us");
    };
    judge(
        p99_us(meanwhile) <= 2 * p99_us(before),
        fmt::format("buyers' p99: {} us before, {} us beside {} slow clients ({} connections open "
                    "at the end, memory {} KiB)",
                    p99_us(before), p99_us(meanwhile), shape.heads + shape.bodies + shape.readers,
                    busy.descriptors, busy.memory_max_kib));

    CHECK(crowd.all_are_cut(std::chrono::seconds(180)));
    MESSAGE(fmt::format("cut: {} who were slow with a head, {} with a body, {} in reading",
                        crowd.cut(Kind::head), crowd.cut(Kind::body), crowd.cut(Kind::reader)));
    const auto metrics = metrics_of(server.operators_url());
    CHECK(metrics.at("concertres_connections_timed_out_total{listener=\"buyers\"}") >=
          shape.heads + shape.bodies + shape.readers);
    CHECK(server.stop() == "exit 0");
}
