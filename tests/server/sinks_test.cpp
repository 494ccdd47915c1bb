// What operators see of the sinks that events are passed on to, and how they enable one.
#include <doctest/doctest.h>

#include <memory>
#include <utility>

#include "server/test_server.hpp"
#include "support/faulty_storage.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

Reply enable(TestServer& server, const std::string& sink) {
    return server.ask_operators(
        {.method = "POST", .target = "/admin/v1/sinks/" + sink + "/enable"});
}

}  // namespace

TEST_CASE("operators see what each sink has yet to get, and enable one that was disabled") {
    for (const bool sqlite : {false, true}) {
        CAPTURE(sqlite);
        TestServer server({.sqlite = sqlite});
        CHECK(server.ask_operators({.target = "/admin/v1/sinks"}).at("/sinks").as_array().empty());

        const auto outbox = server.office().outbox();
        outbox->attach("webhook");
        outbox->attach("kafka");
        const SmallSale sale = server.add();
        const Buyer ann = server.buyer("ann", sale.concert);
        REQUIRE(server.charge(ann, 200'000).status == 201);
        outbox->disable("webhook");

        Reply all = server.ask_operators({.target = "/admin/v1/sinks"});
        CHECK(all.status == 200);
        CHECK(all.text("/sinks/0/sink") == "kafka");
        CHECK(all.at("/sinks/0/disabled_at").is_null());
        CHECK(all.text("/sinks/1/sink") == "webhook");
        CHECK(all.text("/sinks/1/disabled_at") == all.text("/now"));
        // The wallet's charge, and what joining wrote.
        CHECK(all.number("/sinks/1/events_waiting") >= 2);
        CHECK(all.number("/sinks/1/streams_waiting") == 2);

        for (int times = 0; times < 2; ++times) {
            const Reply enabled = enable(server, "webhook");
            CHECK(enabled.status == 200);
            CHECK(enabled.text("/sink") == "webhook");
            CHECK(enabled.at("/disabled_at").is_null());
            CHECK(enabled.number("/events_waiting") == all.number("/sinks/1/events_waiting"));
        }
        CHECK_FALSE(outbox->sinks()[1].disabled_at);
    }
}

TEST_CASE("a sink that the store does not know is told so, with where to look") {
    TestServer server;
    server.office().outbox()->attach("webhook");
    const Reply unknown = enable(server, "web-hook");
    CHECK(unknown.outcome() == "404 unknown_route");
    CHECK(unknown.text("/detail") ==
          "the store knows no sink of this name: GET /admin/v1/sinks has those that it knows");
    CHECK(server.office().outbox()->sinks().size() == 1);
}

TEST_CASE("where the store cannot be asked, neither sinks are shown nor is one enabled") {
    FaultPlan plan;
    TestServer server({.wrap = [&](std::unique_ptr<Storage> storage) {
        return std::make_unique<FaultyStorage>(std::move(storage), plan);
    }});
    const SmallSale sale = server.add();
    const Buyer ann = server.buyer("ann", sale.concert);
    server.office().outbox()->attach("webhook");
    plan.fail_commit(1, CommitFault::lost_but_applied);
    CHECK(server.charge(ann, 1).outcome() == "503 engine_failed");
    CHECK(server.ask_operators({.target = "/admin/v1/sinks"}).outcome() ==
          "503 storage_unavailable");
    CHECK(enable(server, "webhook").outcome() == "503 storage_unavailable");
}
