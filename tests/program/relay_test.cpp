// The program passes a sale's events on to Kafka: `serve` with a folder, and any number of
// `concertres relay` beside a database; some are killed, stopped and woken, and Kafka goes away.
#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/postgres.hpp"
#include "program/commands.hpp"
#include "program/instances.hpp"
#include "program/passed_on.hpp"
#include "program/process.hpp"
#include "program/server_process.hpp"
#include "server/test_server.hpp"
#include "support/kafka_cluster.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;

namespace {

Words to_kafka(const KafkaCluster& cluster) {
    return {"--kafka", cluster.brokers(), "--kafka-topics", cluster.prefix()};
}

std::unique_ptr<Process> start_relay(const SharedDatabase& database, const KafkaCluster& cluster) {
    Words words = {"relay", "--store", database.address()};
    const Words where = to_kafka(cluster);
    words.insert(words.end(), where.begin(), where.end());
    return std::make_unique<Process>(Launch{.arguments = words});
}

}  // namespace

TEST_CASE("a server passes the events of its folder on, killed or not, and when Kafka is back") {
    KafkaCluster cluster;
    const TempDir folder;
    const Serving serving{.data = folder.path(), .arguments = to_kafka(cluster)};
    auto server = std::make_unique<ServerProcess>(serving);
    const ImportedSale sale =
        import_sale({"--server", server->operators_url()}, sale_json(3, R"("room": {})"));
    for (int i = 0; i < 5; ++i) pause_and_open(*server, sale);
    const auto metric = [&](const char* name) {
        return metrics_of(server->operators_url()).at(name + std::string(R"({sink="kafka"})"));
    };
    CHECK(eventually([&] { return metric("concertres_relay_events_total") >= 10; }));
    CHECK(eventually([&] { return metric("concertres_relay_lag_events") == 0; }));
    CHECK(metric("concertres_relay_shards") == 64);
    server->kill();
    server = std::make_unique<ServerProcess>(serving);
    pause_and_open(*server, sale);
    if (cluster.can_fail()) cluster.set_down(true);
    pause_and_open(*server, sale);
    CHECK(server->stop() == "exit 0");
    if (cluster.can_fail()) cluster.set_down(false);
    server = std::make_unique<ServerProcess>(serving);
    CHECK(eventually([&] { return metric("concertres_relay_lag_events") == 0; }));
    CHECK(firsts(cluster.read("room", 14)).at(sale.concert) == up_to(14));
    CHECK(server->stop() == "exit 0");

    // All of it once more.
    const Ran rewound =
        run_command({"relay", "--data", folder.path().string(), "--from", "beginning"});
    CHECK(rewound.end == "exit 0");
    CHECK(contains(rewound.out, "kafka: 14 events of 1 streams"));
    server = std::make_unique<ServerProcess>(serving);
    const auto all = cluster.read("room", 28);
    CHECK(all.size() >= 28);
    CHECK(firsts(all).at(sale.concert) == up_to(14));
    CHECK(server->stop() == "exit 0");
}

TEST_CASE("relays on a database share the work; one is killed, one stopped and woken, none skips") {
    KafkaCluster cluster;
    const SharedDatabase database;
    BoxOffice office(open_postgres(database.address()));
    std::vector<UserId> users;
    for (int i = 0; i < 20; ++i) users.push_back(UserId::random());
    auto killed = start_relay(database, cluster);
    auto stopped = start_relay(database, cluster);
    const auto outbox = open_postgres_outbox(database.address());
    REQUIRE(eventually([&] { return outbox->sinks().size() == 1; }));
    charge(office, users, 0, 400);
    stopped->signal(SIGSTOP);
    charge(office, users, 400, 800);
    killed->signal(SIGKILL);
    CHECK(killed->wait() == "signal 9");
    if (cluster.can_fail()) cluster.set_down(true);
    auto third = start_relay(database, cluster);
    charge(office, users, 800, 1'200);
    std::this_thread::sleep_for(2s);
    if (cluster.can_fail()) cluster.set_down(false);
    // The leases of the two end.
    const auto is_done = [&] { return outbox->sinks().front().events == 0; };
    for (int i = 0; i < 600 && !is_done(); ++i) std::this_thread::sleep_for(100ms);
    CHECK(is_done());
    stopped->signal(SIGCONT);
    charge(office, users, 1'200, 1'600);
    for (int i = 0; i < 600 && !is_done(); ++i) std::this_thread::sleep_for(100ms);
    CHECK(is_done());
    for (Process* relay : {stopped.get(), third.get()}) {
        relay->signal(SIGTERM);
        CHECK(relay->wait() == "exit 0");
    }
    const auto by_key = firsts(cluster.read("wallet", 1'600));
    CHECK(by_key.size() == users.size());
    for (const UserId& user : users) CHECK(by_key.at(user.to_string()) == up_to(80));
}

TEST_CASE("what the command cannot do it says in words") {
    const TempDir folder;
    check_refused(run_command({"relay", "--data", folder.path().string(), "--kafka", "a:1"}),
                  "exit 64", "have its server pass events on");
    check_refused(run_command({"relay", "--store", "postgres://a@b/c"}), "exit 64",
                  "where to is needed: flag --kafka");
    check_refused(run_command({"relay", "--store", "postgres://a@b/c", "--kafka", "a b"}),
                  "exit 64", "HOST:PORT");
    check_refused(run_command({"relay", "--server", "http://127.0.0.1:1", "--kafka", "a:1"}),
                  "exit 64", "relay works on the store itself");
}
