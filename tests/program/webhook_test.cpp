// The program passes a sale's events on to a webhook: `serve` with a folder, and any number of
// `concertres relay` beside a database; some are killed, and the receiver refuses and goes away.
#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
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
#include "support/webhook_receiver.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;

namespace {

const std::string zeros = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const std::string ones = "whsec_//////////////////////////////////////////8=";

// A receiver, and the file with what is signed for it.
struct Hook {
    WebhookReceiver receiver;
    TempDir folder;

    Hook() { set_secrets(zeros + "\n"); }

    // Writes them as a service manager would: private, and in one piece.
    void set_secrets(const std::string& text) const {
        write_file(folder.path() / "new", text);
        std::filesystem::permissions(folder.path() / "new", std::filesystem::perms::owner_read);
        std::filesystem::rename(folder.path() / "new", secrets());
    }
    [[nodiscard]] std::string secrets() const { return folder.path() / "secrets"; }
    [[nodiscard]] Words flags() const {
        return {"--webhook", receiver.url(), "--webhook-secrets", secrets(), "--webhook-private"};
    }
    [[nodiscard]] bool has(const std::string& key, std::int64_t last) const {
        const auto firsts = receiver.firsts();
        const auto found = firsts.find(key);
        return found != firsts.end() && found->second == up_to(last);
    }
};

double metric(const ServerProcess& server, const std::string& name) {
    return metrics_of(server.operators_url()).at(name + R"({sink="webhook"})");
}

std::unique_ptr<Process> start_relay(const SharedDatabase& database, const Hook& hook) {
    Words words = {"relay", "--store", database.address()};
    const Words where = hook.flags();
    words.insert(words.end(), where.begin(), where.end());
    return std::make_unique<Process>(Launch{.arguments = words});
}

}  // namespace

TEST_CASE("a server passes the events of its folder on to a webhook, killed or not, and again") {
    Hook hook;
    const TempDir folder;
    const Serving serving{.data = folder.path(), .arguments = hook.flags()};
    auto server = std::make_unique<ServerProcess>(serving);
    const ImportedSale sale =
        import_sale({"--server", server->operators_url()}, sale_json(3, R"("room": {})"));
    for (int i = 0; i < 5; ++i) pause_and_open(*server, sale);
    CHECK(eventually([&] { return metric(*server, "concertres_relay_events_total") >= 10; }));
    CHECK(eventually([&] { return metric(*server, "concertres_relay_lag_events") == 0; }));
    CHECK(metric(*server, "concertres_relay_shards") == 64);
    CHECK(metric(*server, "concertres_relay_disabled") == 0);
    // Another secret beside the first, while it runs.
    hook.set_secrets("# the new one first\n" + ones + "\n" + zeros + "\n");
    server->process().signal(SIGHUP);
    CHECK(server->process().says("reload: keys and log level were read anew"));
    pause_and_open(*server, sale);
    CHECK(eventually([&] { return hook.has(sale.concert, 12); }));
    const std::string signatures = hook.receiver.requests().back().fields.at("webhook-signature");
    CHECK(signatures.size() == 2 * std::string("v1,").size() + 2 * 44 + 1);
    server->kill();
    server = std::make_unique<ServerProcess>(serving);
    hook.receiver.set_down(true);
    pause_and_open(*server, sale);
    CHECK(server->process().says("webhook: "));
    CHECK(server->stop() == "exit 0");
    CHECK_FALSE(contains(server->process().err(), "whsec_"));
    hook.receiver.set_down(false);
    server = std::make_unique<ServerProcess>(serving);
    CHECK(eventually([&] { return hook.has(sale.concert, 14); }));
    CHECK(eventually([&] { return metric(*server, "concertres_relay_lag_events") == 0; }));
    CHECK(server->stop() == "exit 0");

    // All of it once more.
    const std::size_t before = hook.receiver.requests().size();
    const Ran rewound = run_command(
        {"relay", "--data", folder.path().string(), "--sink", "webhook", "--from", "beginning"});
    CHECK(rewound.end == "exit 0");
    CHECK(contains(rewound.out, "webhook: 14 events of 1 streams"));
    server = std::make_unique<ServerProcess>(serving);
    CHECK(eventually([&] { return hook.receiver.requests().size() >= before + 14; }));
    CHECK(hook.receiver.breaches() == 0);
    CHECK(server->stop() == "exit 0");
}

TEST_CASE("a webhook that fails too often is disabled, also after a restart, until it is enabled") {
    Hook hook;
    hook.receiver.answer_by([](const HookRequest&) { return HookAnswer{.status = 500}; });
    const TempDir folder;
    Words flags = hook.flags();
    flags.insert(flags.end(), {"--webhook-failures-max", "3"});
    const Serving serving{.data = folder.path(), .arguments = flags};
    const Words enable = {"relay", "--data", folder.path().string(), "--enable"};
    auto server = std::make_unique<ServerProcess>(serving);
    const ImportedSale sale =
        import_sale({"--server", server->operators_url()}, sale_json(3, R"("room": {})"));
    pause_and_open(*server, sale);
    CHECK(eventually([&] { return metric(*server, "concertres_relay_disabled") == 1; }));
    CHECK(server->process().says("nothing has arrived in 3 attempts: it is disabled"));
    CHECK(hook.receiver.requests().size() == 3);
    // Enabled too early, while it runs, it has as many attempts again.
    http::Client operators(server->operators_url());
    CHECK(
        TestServer::send(operators, {.method = "POST", .target = "/admin/v1/sinks/webhook/enable"})
            .status == 200);
    CHECK(server->process().says("webhook: it is enabled: events are passed on"));
    CHECK(eventually([&] { return hook.receiver.requests().size() == 6; }));
    CHECK(eventually([&] { return metric(*server, "concertres_relay_disabled") == 1; }));
    CHECK(server->stop() == "exit 0");
    hook.receiver.answer_by({});
    server = std::make_unique<ServerProcess>(serving);
    pause_and_open(*server, sale);
    CHECK(server->process().says("webhook: it is disabled"));
    CHECK(eventually([&] { return metric(*server, "concertres_relay_disabled") == 1; }));
    CHECK(eventually([&] { return metric(*server, "concertres_relay_lag_events") == 4; }));
    CHECK(hook.receiver.requests().size() == 6);
    CHECK(server->stop() == "exit 0");

    // The store knows no other sink, and gets to know none by mistake.
    for (const Words& what : {Words{"--from", "beginning"}, Words{"--enable"}}) {
        const Ran mistaken =
            run_command({"relay", "--data", folder.path().string(), "--sink", "kafka"}, what);
        CHECK(mistaken.end == "exit 1");
        CHECK(contains(mistaken.err, "the store knows no sink kafka, only webhook"));
    }
    const Ran enabled = run_command(enable);
    CHECK(enabled.end == "exit 0");
    CHECK(contains(enabled.out, "webhook is enabled: it was disabled at "));
    CHECK(contains(enabled.out, "4 events of 1 streams"));
    CHECK(contains(run_command(enable).out, "webhook is enabled already"));
    server = std::make_unique<ServerProcess>(serving);
    CHECK(eventually([&] { return hook.has(sale.concert, 4); }));
    CHECK(metric(*server, "concertres_relay_disabled") == 0);
    CHECK(server->stop() == "exit 0");
}

TEST_CASE("relays to a webhook share a database; one is killed, and no key has a gap") {
    Hook hook;
    int count = 0;
    hook.receiver.answer_by([&count](const HookRequest&) {
        return HookAnswer{.status = ++count % 23 == 7 ? 503 : 200};
    });
    const SharedDatabase database;
    BoxOffice office(open_postgres(database.address()));
    std::vector<UserId> users;
    for (int i = 0; i < 20; ++i) users.push_back(UserId::random());
    auto killed = start_relay(database, hook);
    auto second = start_relay(database, hook);
    const auto outbox = open_postgres_outbox(database.address());
    REQUIRE(eventually([&] { return outbox->sinks().size() == 1; }));
    charge(office, users, 0, 400);
    REQUIRE(eventually([&] { return hook.receiver.requests().size() > 50; }));
    killed->signal(SIGKILL);
    CHECK(killed->wait() == "signal 9");
    hook.receiver.set_down(true);
    charge(office, users, 400, 600);
    auto third = start_relay(database, hook);
    std::this_thread::sleep_for(1s);
    hook.receiver.set_down(false);
    charge(office, users, 600, 800);
    // The leases of the one that was killed end.
    const auto is_done = [&] { return outbox->sinks().front().events == 0; };
    for (int i = 0; i < 1'200 && !is_done(); ++i) std::this_thread::sleep_for(100ms);
    CHECK(is_done());
    for (Process* relay : {second.get(), third.get()}) {
        relay->signal(SIGTERM);
        CHECK(relay->wait() == "exit 0");
        CHECK(contains(relay->out(), "passing events on to http://127.0.0.1:"));
    }
    const auto firsts = hook.receiver.firsts();
    CHECK(firsts.size() == users.size());
    for (const UserId& user : users) CHECK(firsts.at(user.to_string()) == up_to(40));
    CHECK(hook.receiver.breaches() == 0);
}

TEST_CASE("what is wrong with a webhook is told in words, without its secrets") {
    const Hook hook;
    const TempDir folder;
    const auto relay = [](const Words& more) {
        return run_command({"relay", "--store", "postgres://a@b/c"}, more);
    };
    check_refused(relay({"--webhook", "https://shop.example/"}), "exit 64",
                  "flag --webhook: needs webhook-secrets");
    check_refused(relay({"--webhook", "http://shop.example/", "--webhook-secrets", hook.secrets()}),
                  "exit 64", "must begin with https://, unless webhook-private is set");
    const Ran known = relay({"--webhook", "https://me:hush@shop.example/"});
    check_refused(known, "exit 64", "must be without a user or a password");
    CHECK_FALSE(contains(known.err, "hush"));
    check_refused(relay({"--webhook", "https://shop.example/", "--webhook-secrets", "/no/file"}),
                  "exit 78", "flag --webhook-secrets: cannot read /no/file");
    hook.set_secrets(zeros + "\nwhsec_hushhush\n");
    const Ran wrong =
        run_command({"serve", "--data", folder.path().string(), "--check-config"}, hook.flags());
    check_refused(wrong, "exit 78", "secrets:2: must be whsec_ and the base64 of 24 to 64 bytes");
    CHECK_FALSE(contains(wrong.err, "hush"));
    check_refused(run_command({"relay", "--data", folder.path().string(), "--enable"}), "exit 69",
                  "");
    check_refused(
        run_command({"relay", "--data", folder.path().string(), "--enable", "--sink", "post"}),
        "exit 64", "flag --sink: must be kafka or webhook");
}
