// More connections than there are file descriptors: the server neither spins nor ends, goes on for
// those who are connected, and serves everybody again once there are some.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "drills/drill.hpp"
#include "http/client.hpp"
#include "server/raw_socket.hpp"
#include "server/test_server.hpp"

using namespace concertres;
using namespace concertres::test;

TEST_CASE("without file descriptors the server neither spins nor ends") {
    const TempDir folder;
    Serving serving{.data = folder.path(), .arguments = {"--log-level", "error"}};
    serving.launch.descriptors_max = 64;
    ServerProcess server(serving);
    const ImportedSale sale = import_sale({"--server", server.operators_url()}, sale_json(50));
    http::Client connected(server.url());
    const auto asks = [](http::Client& client) {
        return client.send({.target = "/v1/concerts"}).status;
    };
    REQUIRE(asks(connected) == 200);

    // They say nothing, and keep what they have got; the last ones are closed at once, or wait.
    std::vector<std::unique_ptr<RawSocket>> crowd;
    for (int i = 0; i < 200; ++i) crowd.push_back(std::make_unique<RawSocket>(server.port()));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    const Vitals before = vitals_of(server.process().id());
    CHECK(before.descriptors >= 60);
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < sized(20, 80); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        REQUIRE(asks(connected) == 200);
    }
    const double took =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const double cpu = vitals_of(server.process().id()).cpu_seconds - before.cpu_seconds;
    MESSAGE(fmt::format("{:.2f} s of CPU time in {:.1f} s without a descriptor", cpu, took));
    CHECK(cpu < 0.5 * took);

    crowd.clear();
    REQUIRE(eventually([&] {
        try {
            http::Client newcomer(server.url());
            return asks(newcomer) == 200;
        } catch (const std::system_error&) {
            return false;  // still among those who are closed
        }
    }));
    CHECK(asks(connected) == 200);
    CHECK(server.process().wait(std::chrono::milliseconds(0)) == "runs");
    CHECK(server.stop() == "exit 0");
    CHECK(audit({"--data", folder.path()}).at("free") == 50);
}
