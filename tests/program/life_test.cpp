// The life of a server, from its ready line to the last answer.
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <regex>
#include <string>
#include <system_error>
#include <vector>

#include "program/commands.hpp"
#include "program/rush.hpp"
#include "program/server_process.hpp"
#include "server/raw_socket.hpp"
#include "server/test_server.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

Reply get(const std::string& url, const std::string& target) {
    http::Client client(url);
    return TestServer::send(client, {.target = target});
}

bool is_refused(const std::string& url) {
    try {
        http::Client(url).send({.target = "/readyz"});
        return false;
    } catch (const std::system_error&) {
        return true;
    }
}

// A request that has begun and keeps its connection busy until it is completed.
class HalfRequest {
  public:
    explicit HalfRequest(std::uint16_t port) : socket_(port) {
        // An answer to the first request shows that the server has read the beginning of the
        // second.
        REQUIRE(socket_.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /readyz HTTP/1.1\r\n"));
        REQUIRE(socket_.receive().status == 200);
    }
    RawAnswer complete() {
        REQUIRE(socket_.send("Host: x\r\n\r\n"));
        return socket_.receive();
    }

  private:
    RawSocket socket_;
};

// What a service manager listens on.
class ManagerSocket {
  public:
    explicit ManagerSocket(const std::string& name)
        : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        REQUIRE(name.size() < sizeof address.sun_path);
        std::memcpy(address.sun_path, name.data(), name.size());
        const void* untyped = &address;
        REQUIRE(::bind(fd_, static_cast<const sockaddr*>(untyped), sizeof address) == 0);
        const timeval patience{.tv_sec = 20, .tv_usec = 0};
        REQUIRE(::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
    }
    ~ManagerSocket() { ::close(fd_); }
    ManagerSocket(const ManagerSocket&) = delete;
    ManagerSocket& operator=(const ManagerSocket&) = delete;

    std::string receive() {
        char text[256];
        const auto bytes = ::recv(fd_, text, sizeof text, 0);
        return bytes < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(bytes));
    }

  private:
    int fd_;
};

// A stop while many buy: nothing that was told is lost, and nothing was done that was not told.
void check_stop_under_load(int signal, int payments) {
    const TempDir folder;
    const std::string data = folder.path() / "sale";
    const std::vector<std::string> where{"--data", data};
    const RushSale sale = import_rush_sale(where, 2'000);
    const Serving serving{.data = data, .arguments = {"--tick-ms", "20", "--log-level", "warning"}};
    std::vector<Told> told;
    {
        ServerProcess server(serving);
        Rush rush(server.url(), sale, {.threads = 6});
        REQUIRE(rush.comes_to(payments));
        CHECK(server.stop(signal) == "exit 0");
        told = rush.end();
    }
    const auto counts = audit(where);
    const Tally expected = tally(told);
    CHECK(counts.at("places") == expected.places);
    CHECK(counts.at("reservations") == expected.reservations);
    CHECK(counts.at("transfers") == expected.transfers);
    CHECK(counts.at("payments") == expected.payments);
    for (const Told& buyer : told) {
        for (const std::string& refusal : buyer.refusals) CHECK(refusal.starts_with("503 "));
        CHECK(buyer.contradictions.empty());
    }

    ServerProcess server(serving);
    check_again(server.url(), sale, told);
    CHECK(server.stop() == "exit 0");
    CHECK(audit(where).at("payments") == static_cast<std::int64_t>(told.size()));
}

}  // namespace

TEST_CASE("a server prints one line when both its listeners answer") {
    const TempDir folder;
    ServerProcess server({.data = folder.path() / "made" / "on the way"});
    CHECK(get(server.url(), "/readyz").status == 200);
    CHECK(get(server.url(), "/v1/concerts").body.starts_with(R"({"concerts":[])"));
    CHECK(get(server.operators_url(), "/readyz").status == 200);
    CHECK(get(server.operators_url(), "/metrics").status == 200);
    CHECK(get(server.url(), "/metrics").status == 404);
    CHECK(server.stop() == "exit 0");
    const std::string out = server.process().out();
    INFO(out);
    CHECK(std::ranges::count(out, '\n') == 1);
    CHECK(contains(server.process().err(), "no --api-key"));
}

TEST_CASE("the demo has its concert, says what to try, and leaves nothing behind") {
    const TempDir folder;
    ServerProcess server({.launch = {.environment = {{"TMPDIR", folder.path()}}}});
    const Reply concerts = get(server.url(), "/v1/concerts");
    CHECK(concerts.text("/concerts/0/title") == "Winter Songs");
    CHECK(contains(server.process().out(), "curl -s " + server.url() + "/v1/concerts\n"));
    CHECK(!std::filesystem::is_empty(folder.path()));
    CHECK(server.stop() == "exit 0");
    CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE(
    "SIGTERM under load ends within ten seconds, and what was answered is all that was done") {
    check_stop_under_load(SIGTERM, 30);
}

TEST_CASE("SIGINT under load does the same") { check_stop_under_load(SIGINT, 6); }

TEST_CASE("who comes after SIGTERM is turned away, who has begun is told that the server stops") {
    ServerProcess server({});
    HalfRequest begun(server.port());
    server.process().signal(SIGTERM);
    REQUIRE(server.process().says(" stopping why=SIGTERM"));
    CHECK(eventually([&] { return is_refused(server.url()); }));
    const RawAnswer answer = begun.complete();
    CHECK(answer.status == 503);
    CHECK(contains(answer.body, R"("code":"draining")"));
    CHECK(answer.has("Retry-After: "));
    CHECK(answer.has("Connection: close\r\n"));
    CHECK(server.process().wait(std::chrono::seconds(10)) == "exit 0");
    CHECK(contains(server.process().err(), " stopped\n"));
}

TEST_CASE("a client that never completes its request holds up no stop") {
    ServerProcess server({});
    const HalfRequest begun(server.port());
    CHECK(server.stop() == "exit 0");
}

TEST_CASE("a second signal ends at once") {
    const TempDir folder;
    const std::string data = folder.path() / "sale";
    const RushSale sale = import_rush_sale({"--data", data}, 10);
    std::vector<Told> told(1);
    {
        ServerProcess server({.data = data, .arguments = {"--tick-ms", "20"}});
        Shopper(server.url(), sale).buy(told.front());
        const HalfRequest begun(server.port());
        server.process().signal(SIGTERM);
        REQUIRE(server.process().says(" stopping why=SIGTERM"));
        server.process().signal(SIGINT);
        CHECK(server.process().wait() == "exit 130");
        CHECK(!contains(server.process().err(), " stopped\n"));
    }
    ServerProcess server({.data = data});
    check_again(server.url(), sale, told);
}

TEST_CASE("a service manager is told when the server is ready, and when it stops") {
    const TempDir folder;
    const std::string name = folder.path() / "notify";
    ManagerSocket manager(name);
    ServerProcess server({.launch = {.environment = {{"NOTIFY_SOCKET", name}}}});
    CHECK(manager.receive() == "READY=1");
    CHECK(server.stop() == "exit 0");
    CHECK(manager.receive() == "STOPPING=1");
}

TEST_CASE("a service manager that has gone is no reason not to serve") {
    const TempDir folder;
    ServerProcess server(
        {.launch = {.environment = {{"NOTIFY_SOCKET", folder.path() / "nobody"}}}});
    CHECK(get(server.url(), "/readyz").status == 200);
    CHECK(server.stop() == "exit 0");
}
