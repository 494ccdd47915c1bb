#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <list>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "http/connection.hpp"
#include "server/raw_socket.hpp"
#include "server/test_listener.hpp"

using namespace concertres;
using namespace std::chrono_literals;
using http::Limits;

namespace {

std::string get(const std::string& target, const std::string& fields = {}) {
    return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

// Asks once more, to see whether the connection still serves.
bool still_serves(RawSocket& socket) {
    return socket.send(get("/again")) && socket.receive().body == "GET /again ";
}

}  // namespace

TEST_CASE("a request is answered with the connection's own fields and the handler's") {
    TestListener server;
    RawSocket socket(server.port());
    socket.send(get("/a?b"));
    const auto answer = socket.receive();
    CHECK(answer.head.starts_with("HTTP/1.1 200 OK\r\nDate: "));
    CHECK(answer.has(" GMT\r\n"));
    CHECK(answer.has("\r\nContent-Type: text/plain\r\n"));
    CHECK(answer.has("\r\nX-Peer: 127.0.0.1\r\n"));
    CHECK_FALSE(answer.has("Connection:"));
    CHECK(answer.body == "GET /a?b ");
    CHECK(still_serves(socket));
}

TEST_CASE("a hundred requests in one piece are answered in order") {
    TestListener server;
    RawSocket socket(server.port());
    std::string requests;
    for (int i = 0; i < 100; ++i) requests += get("/" + std::to_string(i));
    socket.send(requests);
    for (int i = 0; i < 100; ++i) {
        CHECK(socket.receive().body == "GET /" + std::to_string(i) + " ");
    }
    CHECK(still_serves(socket));
}

TEST_CASE("a pipeline of ten thousand requests neither nests nor loses one") {
    TestListener server;
    RawSocket socket(server.port());
    std::thread sender([&] {
        for (int i = 0; i < 100; ++i) {
            std::string requests;
            for (int j = 0; j < 100; ++j) requests += get("/" + std::to_string(i * 100 + j));
            socket.send(requests);
        }
    });
    int in_order = 0;
    while (in_order < 10'000 && socket.receive().body == "GET /" + std::to_string(in_order) + " ") {
        ++in_order;
    }
    sender.join();
    CHECK(in_order == 10'000);
}

TEST_CASE("answers given on another thread arrive in the order of the requests") {
    TestListener server;
    RawSocket socket(server.port());
    std::string requests;
    for (int i = 0; i < 50; ++i) {
        requests += get("/held?" + std::to_string(i)) + get("/now?" + std::to_string(i));
    }
    socket.send(requests);
    std::thread answerer([&] {
        for (int i = 0; i < 50; ++i) {
            // One of a connection at a time: the next comes only after this one's answer.
            auto held = server.handler().take_held(1);
            held.at(0).second({.body = held.at(0).first});
        }
    });
    for (int i = 0; i < 50; ++i) {
        CHECK(socket.receive().body == "/held?" + std::to_string(i));
        CHECK(socket.receive().body == "GET /now?" + std::to_string(i) + " ");
    }
    answerer.join();
}

TEST_CASE("many connections whose answers finish in any order each get their own") {
    constexpr std::size_t connections = 40;
    TestListener server({}, 3);
    std::mt19937 random(7);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
    std::list<RawSocket> sockets;
    for (std::size_t i = 0; i < connections; ++i) sockets.emplace_back(server.port());
    for (int round = 0; round < 5; ++round) {
        std::size_t number = 0;
        for (auto& socket : sockets) {
            const std::string own = std::to_string(round) + "." + std::to_string(number++);
            socket.send(get("/held?" + own) + get("/now?" + own));
        }
        auto held = server.handler().take_held(connections);
        std::shuffle(held.begin(), held.end(), random);
        for (auto& [target, respond] : held) respond({.body = target});
        number = 0;
        for (auto& socket : sockets) {
            const std::string own = std::to_string(round) + "." + std::to_string(number++);
            CHECK(socket.receive().body == "/held?" + own);
            CHECK(socket.receive().body == "GET /now?" + own + " ");
        }
    }
}

TEST_CASE("HEAD gets the head of GET and no body") {
    TestListener server;
    RawSocket socket(server.port());
    socket.send("HEAD /big HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(socket.receive(true).has("\r\nContent-Length: 5242880\r\n"));
    CHECK(still_serves(socket));
}

TEST_CASE("204 has neither body nor length") {
    TestListener server;
    RawSocket socket(server.port());
    socket.send(get("/none"));
    const auto answer = socket.receive();
    CHECK(answer.head.starts_with("HTTP/1.1 204 No Content\r\n"));
    CHECK_FALSE(answer.has("Content-"));
    CHECK(still_serves(socket));
}

TEST_CASE("a client that asks for leave gets it once the head is well") {
    TestListener server;
    RawSocket socket(server.port());
    const std::string head =
        "POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ";
    socket.send(head + "5\r\n\r\n");
    CHECK(socket.receive().head == "HTTP/1.1 100 Continue\r\n\r\n");
    socket.send("hello");
    CHECK(socket.receive().body == "POST /a hello");
    // A body that comes along needs no leave.
    socket.send(head + "5\r\n\r\nhello");
    CHECK(socket.receive().body == "POST /a hello");
    // One that is too long gets none.
    socket.send(head + "101\r\n\r\n");
    CHECK(socket.receive().status == 413);
    CHECK(socket.closes());
}

TEST_CASE("HTTP/1.0 is kept only where it asks, and is told so") {
    TestListener server;
    RawSocket socket(server.port());
    socket.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK(socket.receive().has("\r\nConnection: keep-alive\r\n"));
    socket.send("GET /a HTTP/1.0\r\n\r\n");
    CHECK(socket.receive().has("\r\nConnection: close\r\n"));
    CHECK(socket.closes());
}

TEST_CASE("an answer may end its connection, and what was asked after it is not answered") {
    TestListener server;
    RawSocket socket(server.port());
    socket.send(get("/close") + get("/a"));
    CHECK(socket.receive().has("\r\nConnection: close\r\n"));
    CHECK(socket.closes());
}

TEST_CASE("a request that nobody answers, or whose handler throws, gets 500") {
    TestListener server;
    RawSocket socket(server.port());
    socket.send(get("/drop") + get("/throw") + get("/a"));
    CHECK(socket.receive().status == 500);
    CHECK(socket.receive().status == 500);
    CHECK(socket.receive().status == 200);
    socket.send(get("/held"));
    server.handler().take_held(1).clear();
    CHECK(socket.receive().status == 500);
    CHECK(still_serves(socket));
}

TEST_CASE("a client that has stopped sending still gets its answer") {
    TestListener server;
    RawSocket socket(server.port());
    socket.send(get("/held"));
    socket.shut_send();
    server.handler().take_held(1)[0].second({.body = "late"});
    CHECK(socket.receive().body == "late");
    CHECK(socket.closes());
}

TEST_CASE("a client that leaves before its answer harms nobody") {
    TestListener server;
    { RawSocket(server.port()).send(get("/held")); }
    server.handler().take_held(1)[0].second({.body = "late"});
    { RawSocket(server.port()).send("GET /a HTT"); }
    CHECK(
        eventually([&] { return server.counters().accepted == 2 && server.counters().open == 0; }));
}

TEST_CASE("a head that does not come to its end gets 408") {
    TestListener server({.head_timeout = 100ms});
    RawSocket socket(server.port());
    socket.send("GET /a HTTP/1.1\r\nHost: a\r\n");
    CHECK(socket.receive().status == 408);
    CHECK(socket.closes());
    CHECK(server.counters().timed_out == 1);
}

TEST_CASE("a head that trickles gets 408 all the same, also after other requests") {
    TestListener server({.head_timeout = 200ms});
    RawSocket socket(server.port());
    CHECK(still_serves(socket));
    std::thread trickle([&] {
        const std::string slow = "GET /a HTTP/1.1\r\nX: " + std::string(400, 'x');
        for (std::size_t i = 0; i < slow.size(); ++i) {
            if (!socket.send(slow.substr(i, 1)) || server.counters().timed_out > 0) return;
            std::this_thread::sleep_for(5ms);
        }
    });
    CHECK(socket.receive().status == 408);
    trickle.join();
    CHECK(socket.closes());
}

TEST_CASE("a body that does not come to its end gets 408") {
    TestListener server({.body_timeout = 100ms});
    RawSocket socket(server.port());
    socket.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell");
    CHECK(socket.receive().status == 408);
    CHECK(socket.closes());
}

TEST_CASE("who says nothing, at first or between requests, is left without a word") {
    TestListener server({.head_timeout = 100ms, .idle_timeout = 100ms});
    RawSocket silent(server.port());
    CHECK(silent.closes());
    RawSocket idle(server.port());
    CHECK(still_serves(idle));
    CHECK(idle.closes());
    // A line break after a request begins no head.
    RawSocket broken(server.port());
    broken.send(get("/a") + "\r\n");
    CHECK(broken.receive().status == 200);
    CHECK(broken.closes());
}

TEST_CASE("the handler may take longer than every time-out") {
    TestListener server(
        {.head_timeout = 50ms, .body_timeout = 50ms, .idle_timeout = 50ms, .write_timeout = 50ms});
    RawSocket socket(server.port());
    socket.send(get("/held"));
    auto held = server.handler().take_held(1);
    std::this_thread::sleep_for(300ms);
    held[0].second({.body = "late"});
    CHECK(socket.receive().body == "late");
}

TEST_CASE("who does not read is cut") {
    TestListener server({.write_timeout = 200ms});
    RawSocket socket(server.port(), 4096);
    socket.send(get("/big") + get("/big"));
    CHECK(eventually([&] { return server.counters().timed_out == 1; }));
    CHECK(eventually([&] { return server.counters().open == 0; }));
}

TEST_CASE("who does not read is cut, also where the system could keep the whole answer for them") {
    TestListener server({.write_timeout = 200ms});
    RawSocket socket(server.port(), 4096);
    socket.send(get("/million"));
    CHECK(eventually([&] { return server.counters().timed_out == 1; }));
    // And is told at once: what was on its way is not delivered any more.
    std::size_t taken = 0;
    while (socket.take_some()) ++taken;
    CHECK(taken <= 5);
}

TEST_CASE("who takes a little now and then is cut in the end") {
    // 50 ms for the five million bytes, and 100 ms on top.
    TestListener server(
        {.write_timeout = 100ms, .take_bytes_per_second_min = std::size_t{100} * 1024 * 1024});
    RawSocket socket(server.port(), 4096);
    socket.send(get("/big"));
    int takes = 0;
    while (socket.take_some()) {
        ++takes;
        std::this_thread::sleep_for(20ms);  // 5 MiB would take long
    }
    CHECK(takes > 1);
    CHECK(server.counters().timed_out == 1);
    CHECK(eventually([&] { return server.counters().open == 0; }));
}

TEST_CASE("a pipeline of answers has as long as all of them need") {
    // 0.5 s for each.
    TestListener server(
        {.write_timeout = 200ms, .take_bytes_per_second_min = std::size_t{10} * 1024 * 1024});
    RawSocket socket(server.port(), 4096);
    for (int i = 0; i < 4; ++i) socket.send(get("/big"));
    for (int i = 0; i < 4; ++i) {
        std::this_thread::sleep_for(50ms);
        CHECK(socket.receive().body == *TestHandler::big());
    }
    CHECK(server.counters().timed_out == 0);
}

TEST_CASE("five million bytes reach a slow reader unharmed") {
    TestListener server;
    RawSocket socket(server.port(), 4096);
    socket.send(get("/big") + get("/a") + get("/big"));
    CHECK(socket.receive().body == *TestHandler::big());
    CHECK(socket.receive().body == "GET /a ");
    CHECK(socket.receive().body == *TestHandler::big());
    CHECK(still_serves(socket));
}

TEST_CASE("a large body is taken where the handler allows it") {
    TestListener server;
    RawSocket socket(server.port());
    const std::string head = "POST /large HTTP/1.1\r\nHost: a\r\n";
    socket.send(head + "Content-Length: 3000000\r\n\r\n" + std::string(3'000'000, 'x'));
    CHECK(socket.receive().body == "3000000");
    socket.send(head + "Transfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 100; ++i) socket.send("2710\r\n" + std::string(10'000, 'x') + "\r\n");
    socket.send("0\r\n\r\n");
    CHECK(socket.receive().body == "1000000");
    CHECK(still_serves(socket));
}

TEST_CASE("a body that the handler does not want is not read") {
    TestListener server;
    const std::string head = "POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n";
    for (const char* expects : {"", "Expect: 100-continue\r\n"}) {
        RawSocket socket(server.port());
        socket.send(head + expects + "\r\n");
        const RawAnswer answer = socket.receive();
        CHECK(answer.status == 401);
        CHECK(answer.body == "who are you?");
        CHECK(answer.has("Connection: close\r\n"));
        CHECK(socket.closes());
    }
}

TEST_CASE("what the handler keeps for a body goes when the request is answered, or dropped") {
    TestListener server;
    RawSocket socket(server.port());
    const std::string post = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
    socket.send(post + "hel");
    CHECK(eventually([&] { return server.handler().bodies_in_progress() == 1; }));
    socket.send("lo" + post);
    CHECK(socket.receive().status == 200);
    CHECK(eventually([&] { return server.handler().bodies_in_progress() == 1; }));
    socket.send("hello");
    CHECK(socket.receive().status == 200);
    CHECK(eventually([&] { return server.handler().bodies_in_progress() == 0; }));
    {
        RawSocket leaves(server.port());
        leaves.send(post + "hel");
        CHECK(eventually([&] { return server.handler().bodies_in_progress() == 1; }));
    }
    CHECK(eventually([&] { return server.handler().bodies_in_progress() == 0; }));
}

TEST_CASE("a refused client that goes on sending still reads why") {
    TestListener server;
    RawSocket socket(server.port());
    socket.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n" +
                std::string(50'000, 'x'));
    CHECK(socket.receive().status == 413);
    CHECK(socket.closes());
}

TEST_CASE("one connection too many is told so") {
    TestListener server({.connections_max = 2});
    RawSocket first(server.port());
    RawSocket second(server.port());
    CHECK(still_serves(first));
    CHECK(still_serves(second));
    RawSocket third(server.port());
    const auto answer = third.receive();
    CHECK(answer.status == 503);
    CHECK(answer.has("\r\nConnection: close\r\n"));
    CHECK(third.closes());
    CHECK(server.counters().refused == 1);
    CHECK(server.counters().accepted == 2);
    CHECK(still_serves(first));
}

TEST_CASE("a place that became free is given again") {
    TestListener server({.connections_max = 1});
    { RawSocket first(server.port()); }
    CHECK(
        eventually([&] { return server.counters().accepted == 1 && server.counters().open == 0; }));
    RawSocket second(server.port());
    CHECK(still_serves(second));
}

TEST_CASE("running out of descriptors is survived") {
    TestListener server;
    RawSocket kept(server.port());
    CHECK(still_serves(kept));

    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    rlimit low = before;
    low.rlim_cur = std::min<rlim_t>(before.rlim_cur, 256);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
    bool shed = false;
    bool served = false;
    {
        // Everything is taken but one descriptor, and that is the client's. No doctest in here:
        // its first use of a type makes the sanitizer ask for a pipe.
        std::vector<int> taken;
        for (int fd = 0; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) {
            taken.push_back(fd);
        }
        ::close(taken.back());
        taken.pop_back();
        RawSocket unlucky(server.port());
        shed = unlucky.closes();
        served = still_serves(kept);
        for (int fd : taken) ::close(fd);
    }
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(shed);
    CHECK(served);
    CHECK(server.counters().refused >= 1);
    RawSocket lucky(server.port());
    CHECK(still_serves(lucky));
}

TEST_CASE("a listener that stops accepting ends each connection with its next answer") {
    TestListener server({}, 2);
    {
        RawSocket idle(server.port());
        RawSocket busy(server.port());
        CHECK(still_serves(idle));
        CHECK(still_serves(busy));
        busy.send(get("/held"));
        auto held = server.handler().take_held(1);

        server.listener().stop_accepting();
        server.listener().close_idle();
        CHECK(idle.closes());
        held[0].second({.body = "last"});
        const auto answer = busy.receive();
        CHECK(answer.body == "last");
        CHECK(answer.has("\r\nConnection: close\r\n"));
        CHECK(busy.closes());
    }
    CHECK(eventually([&] {
        try {
            RawSocket refused(server.port());
            return false;
        } catch (const std::system_error&) {
            return true;
        }
    }));
    CHECK(eventually([&] { return server.counters().open == 0; }));
}

TEST_CASE("close_all ends what is being read, written and answered") {
    TestListener server;
    RawSocket reading(server.port());
    RawSocket writing(server.port(), 4096);
    RawSocket answered(server.port());
    reading.send("GET /a HTT");
    writing.send(get("/big"));
    answered.send(get("/held"));
    auto held = server.handler().take_held(1);
    CHECK(eventually([&] { return server.counters().bytes_out > 0; }));
    server.listener().close_all();
    CHECK(reading.closes());
    CHECK(answered.closes());
    CHECK(eventually([&] { return server.counters().open == 0; }));
    held[0].second({.body = "too late"});
}

TEST_CASE("a server may go while connections wait and answers are owed") {
    TestHandler::Held owed;
    {
        TestListener server({}, 2);
        RawSocket idle(server.port());
        RawSocket busy(server.port());
        CHECK(still_serves(idle));
        busy.send(get("/held"));
        owed = server.handler().take_held(1);
        // As the engine does, which is destroyed before the contexts.
        owed.clear();
    }
    CHECK(owed.empty());
}

TEST_CASE("an address that cannot be had is named") {
    TestListener server;
    boost::asio::io_context context;
    boost::asio::io_context* const contexts[] = {&context};
    TestHandler handler;
    const std::string port = std::to_string(server.port());
    const std::string taken = "cannot listen on 127.0.0.1:" + port + ": Address already in use";
    CHECK_THROWS_WITH_AS(
        http::Listener(contexts, {.address = "127.0.0.1", .port = server.port()}, {}, handler),
        taken.c_str(), std::system_error);
    CHECK_THROWS_WITH_AS(http::Listener(contexts, {.address = "localhost", .port = 1}, {}, handler),
                         doctest::Contains("cannot listen on localhost:1: the address must be"),
                         std::system_error);
}

TEST_CASE("a listener of version 6 serves") {
    boost::asio::io_context context;
    boost::asio::io_context* const contexts[] = {&context};
    TestHandler handler;
    http::Listener listener(contexts, {.address = "::1"}, {}, handler);
    CHECK(listener.port() != 0);
}

TEST_CASE("the counters tell what went in and out") {
    TestListener server;
    RawSocket socket(server.port());
    const std::string request = get("/a");
    socket.send(request);
    const auto answer = socket.receive();
    CHECK(server.counters().bytes_in == static_cast<std::int64_t>(request.size()));
    CHECK(eventually([&] {
        return server.counters().bytes_out ==
               static_cast<std::int64_t>(answer.head.size() + answer.body.size());
    }));
    CHECK(server.counters().framing == 0);
    socket.send("BREW / HTTP/1.1\r\n");
    CHECK(socket.receive().status == 400);
    CHECK(server.counters().framing == 1);
}
