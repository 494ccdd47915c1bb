// What the server refuses because it cannot serve now: each code that the API's description gives a
// route comes about at that route, with Retry-After.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "server/sample_requests.hpp"
#include "server/test_server.hpp"
#include "support/faulty_storage.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;
using server::Route;

namespace {

// Asks every route for which `code` is described, and sees that it is refused with it.
void refuse_everywhere(ReadyStage& set, const DescribedCodes& codes, const std::string& code,
                       const std::function<Reply(const Route&, const Ask&)>& send,
                       const std::set<std::string_view>& but = {}) {
    for (const Route& route : server::all_routes()) {
        const auto& of = codes.at(std::string(route.operation));
        if (!of.contains(code) || but.contains(route.operation)) continue;
        Ask request = set.request(route);
        // Of a place that waits or is in, memory tells: only one that has ended must be asked for.
        if (route.operation == "getToken" || route.operation == "followToken")
            request.token = set.spent.token;
        const Reply reply = send(route, request);
        const int status = code == "request_timeout" ? 408 : 503;
        CAPTURE(route.operation);
        INFO(reply.body);
        CHECK(reply.outcome() == fmt::format("{} {}", status, code));
        if (status == 503) CHECK(reply.field("Retry-After") == "1");
    }
}

// Keeps the writer busy until it is let go.
class Blockade {
  public:
    explicit Blockade(BoxOffice& office) {
        auto begun = std::make_shared<std::promise<void>>();
        office.submit<ListConcerts>({}, [begun, gate = gate_.get_future()](auto) mutable {
            begun->set_value();
            gate.wait();
        });
        begun->get_future().wait();
    }
    ~Blockade() { lift(); }
    Blockade(const Blockade&) = delete;
    Blockade& operator=(const Blockade&) = delete;

    void lift() {
        if (!std::exchange(lifted_, true)) gate_.set_value();
    }

  private:
    std::promise<void> gate_;
    bool lifted_ = false;
};

}  // namespace

TEST_CASE("a server that stops refuses with `draining` what it has not begun") {
    const DescribedCodes codes = described_codes();
    ReadyStage set({.sqlite = true});
    set.server.services().stopping = true;
    set.server.office().stop();
    refuse_everywhere(set, codes, "draining", [&](const Route& route, const Ask& request) {
        return set.ask(route, request);
    });
}

TEST_CASE("an engine that has failed refuses everything that needs it") {
    const DescribedCodes codes = described_codes();
    FaultPlan plan;
    ReadyStage set({.wrap = [&](std::unique_ptr<Storage> storage) {
        return std::make_unique<FaultyStorage>(std::move(storage), plan);
    }});
    plan.fail_commit(1, CommitFault::lost_but_applied);
    CHECK(set.server.charge(set.buyer, 1).outcome() == "503 engine_failed");
    refuse_everywhere(set, codes, "engine_failed", [&](const Route& route, const Ask& request) {
        return set.ask(route, request);
    });
    CHECK(plan.calls_after_failure() == 0);
}

TEST_CASE("a full disk refuses every command, and nothing else") {
    const DescribedCodes codes = described_codes();
    FaultPlan plan;
    ReadyStage set({.wrap = [&](std::unique_ptr<Storage> storage) {
        return std::make_unique<FaultyStorage>(std::move(storage), plan);
    }});
    const auto send = [&](const Route& route, Ask request) {
        if (route.operation == "admitByHand") {
            const Buyer other = set.server.waiting("other", set.sale.concert);
            request.body = fmt::format(R"({{"user_id": "{}"}})", other.user.to_string());
        }
        plan.fail_commit(1, CommitFault::not_committed);
        if (route.operation == "askForToken") {
            request.body = fmt::format(R"({{"user_id": "{}"}})", UserId::random().to_string());
        }
        return set.ask(route, request);
    };
    // Catalog and copies are written another way; what that does on a full disk is SQLite's test.
    refuse_everywhere(set, codes, "storage_full", send,
                      {"addConcert", "backup", "audit", "listSinks", "enableSink"});
}

TEST_CASE("a full inbox refuses at once") {
    const DescribedCodes codes = described_codes();
    Options engine{.tick = 1h};
    engine.inbox_max = 1;
    ReadyStage set({.engine = engine});
    set.server.services().ready = false;
    Blockade blockade(set.server.office());
    set.server.office().submit<ListConcerts>({}, [](auto) {});
    const auto send = [&](const Route& route, const Ask& request) {
        return set.ask(route, request);
    };
    // What asks the outbox is told that it cannot be asked (sinks_test).
    refuse_everywhere(set, codes, "overloaded", send, {"listSinks", "enableSink"});
}

TEST_CASE("a command that waited too long is not begun") {
    const DescribedCodes codes = described_codes();
    ReadyStage set({});
    const auto send = [&](const Route& route, const Ask& request) {
        Blockade blockade(set.server.office());
        auto reply = std::async(std::launch::async, [&] { return set.ask(route, request); });
        CHECK(eventually([&] { return set.server.office().statistics().inbox > 0; }));
        set.server.clock().advance(10s + 1us);
        blockade.lift();
        return reply.get();
    };
    refuse_everywhere(set, codes, "request_timeout", send);
}

TEST_CASE("who looks after a server that stalls sees that it does") {
    ReadyStage set({});
    server::Gate& gate = set.server.services().gate;
    Blockade blockade(set.server.office());
    auto waits = std::async(std::launch::async, [&] {
        return set.server.ask(
            {.method = "POST",
             .target = "/v1/concerts/" + set.sale.concert.to_string() + "/tokens",
             .body = fmt::format(R"({{"user_id": "{}"}})", UserId::random().to_string())});
    });
    REQUIRE(eventually([&] { return gate.figures().inside == 1; }));
    gate.look(server::Gate::Clock::now() + 10s);
    CHECK(gate.figures().stalls);
    const Reply metrics = set.server.ask_operators({.target = "/metrics"});
    CHECK(metrics.status == 200);
    CHECK(metrics.body.find("\nconcertres_stalled 1\n") != std::string::npos);
    CHECK(metrics.body.find("\nconcertres_overloaded 1\n") != std::string::npos);
    CHECK(metrics.body.find("\nconcertres_seats{") == std::string::npos);

    blockade.lift();
    CHECK(waits.get().status == 201);
    gate.look();
    const Reply again = set.server.ask_operators({.target = "/metrics"});
    CHECK(again.body.find("\nconcertres_stalled 0\n") != std::string::npos);
    CHECK(again.body.find("\nconcertres_seats{") != std::string::npos);
}
