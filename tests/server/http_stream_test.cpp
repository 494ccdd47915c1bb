// Answers whose body goes on: pushed in pieces from any thread, ended, cut off, left.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "http/stream.hpp"
#include "server/raw_socket.hpp"
#include "server/test_listener.hpp"

using namespace concertres;
using namespace std::chrono_literals;

namespace {

const std::string ask = "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n";

}  // namespace

TEST_CASE("what is pushed arrives at once and in order, and the end ends the connection") {
    TestListener server;
    RawSocket socket(server.port());
    socket.send(ask);
    const std::string head = socket.receive_head();
    CHECK(head.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(head.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
    CHECK(head.find("Content-Length") == std::string::npos);
    CHECK(head.find("Connection: close\r\n") != std::string::npos);
    const auto stream = server.handler().stream();
    CHECK(stream->push("one"));
    CHECK(socket.receive_chunk() == "one");
    CHECK(stream->push(""));  // says nothing, and ends nothing
    CHECK(stream->push("two"));
    CHECK(socket.receive_chunk() == "two");
    const std::string large(20'000, 'x');
    CHECK(stream->push(large));
    CHECK(stream->push("last"));
    stream->end();
    CHECK_FALSE(stream->push("too late"));
    CHECK(socket.receive_chunk() == large);
    CHECK(socket.receive_chunk() == "last");
    CHECK(socket.receive_chunk().empty());
    CHECK(socket.closes());
}

TEST_CASE("HTTP/1.0 gets the bytes as they are") {
    TestListener server;
    RawSocket socket(server.port());
    socket.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const std::string head = socket.receive_head();
    CHECK(head.find("Transfer-Encoding") == std::string::npos);
    CHECK(head.find("Connection: close\r\n") != std::string::npos);
    CHECK(server.handler().stream()->push("0\r\nPlain: text\r\n\r\n"));
    CHECK(socket.receive_head() == "0\r\nPlain: text\r\n\r\n");
    server.handler().stream()->end();
    CHECK(socket.closes());
}

TEST_CASE("HEAD gets the head alone, and the stream has no reader") {
    TestListener server;
    RawSocket socket(server.port());
    socket.send("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(socket.receive_head().starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK_FALSE(server.handler().stream()->push("x"));
}

TEST_CASE("a reader that goes is noticed, whether or not anything is pushed") {
    TestListener server;
    {
        RawSocket socket(server.port());
        socket.send(ask);
        socket.receive_head();
        CHECK(server.handler().stream()->is_open());
    }
    CHECK(eventually([&] { return !server.handler().stream()->is_open(); }));
    CHECK_FALSE(server.handler().stream()->push("x"));
    CHECK(eventually([&] { return server.counters().open == 0; }));
}

TEST_CASE("a reader that is too slow is cut off, and no more waits for it than may") {
    TestListener server;
    RawSocket socket(server.port(), 4096);
    socket.send(ask);
    socket.receive_head();
    const auto stream = server.handler().stream();
    const std::string part(10'000, 'x');
    std::size_t pushed = 0;
    while (stream->push(part)) {
        pushed += part.size();
        REQUIRE(pushed < 50'000'000);
        std::this_thread::sleep_for(100us);
    }
    CHECK_FALSE(stream->is_open());
    CHECK(eventually([&] { return server.counters().open == 0; }));
    CHECK(server.counters().timed_out == 1);
}

TEST_CASE("what a client sends while it listens is not answered, and too much of it ends it") {
    TestListener server;
    RawSocket socket(server.port());
    socket.send(ask + "GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    socket.receive_head();
    socket.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(server.handler().stream()->push("one"));
    CHECK(socket.receive_chunk() == "one");
    socket.send(std::string(100'000, 'x'));
    CHECK(eventually([&] { return !server.handler().stream()->is_open(); }));
}

TEST_CASE("a stream may be quiet for longer than every time-out") {
    TestListener server(
        {.head_timeout = 50ms, .body_timeout = 50ms, .idle_timeout = 50ms, .write_timeout = 50ms});
    RawSocket socket(server.port());
    socket.send(ask);
    socket.receive_head();
    std::this_thread::sleep_for(300ms);
    CHECK(server.handler().stream()->push("late"));
    CHECK(socket.receive_chunk() == "late");
}

TEST_CASE("many threads push at once, and nothing is lost") {
    TestListener server;
    RawSocket socket(server.port());
    socket.send(ask);
    socket.receive_head();
    const auto stream = server.handler().stream();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 500; ++i) CHECK(stream->push("0123456789"));
        });
    }
    std::string all;
    std::thread ends([&] {
        for (auto& thread : threads) thread.join();
        stream->end();
    });
    for (std::string chunk; !(chunk = socket.receive_chunk()).empty();) all += chunk;
    ends.join();
    CHECK(all.size() == 4 * 500 * 10);
}

TEST_CASE("a listener that closes ends its streams") {
    TestListener server;
    RawSocket socket(server.port());
    socket.send(ask);
    socket.receive_head();
    server.listener().close_all();
    CHECK(socket.closes());
    CHECK(eventually([&] { return !server.handler().stream()->is_open(); }));
}

TEST_CASE("who pushes once the part before was taken is told when, and is never cut off") {
    TestListener server;
    RawSocket socket(server.port());
    socket.send(ask);
    socket.receive_head();
    const auto stream = server.handler().stream();
    // Together ten times what may wait.
    const std::string part(TestHandler::stream_bytes_max - 1, 'x');
    std::atomic<int> pushed{0};
    std::function<void()> next = [&] {
        if (pushed == 10) return stream->end();
        CHECK(stream->push(part));
        ++pushed;
        stream->when_taken([&] { next(); });
    };
    next();
    std::size_t received = 0;
    for (std::string chunk; !(chunk = socket.receive_chunk()).empty();) received += chunk.size();
    CHECK(received == 10 * part.size());
    CHECK(socket.closes());
}

TEST_CASE("what cannot go on is broken off, so that it does not look whole") {
    TestListener server;
    RawSocket socket(server.port());
    socket.send(ask);
    socket.receive_head();
    const auto stream = server.handler().stream();
    CHECK(stream->push("one"));
    CHECK(socket.receive_chunk() == "one");
    stream->cut();
    CHECK_FALSE(stream->push("two"));
    CHECK_FALSE(stream->is_open());
    // The connection is reset, or ends: either way there is no last chunk.
    std::string rest;
    try {
        rest = socket.receive_chunk();
    } catch (const std::exception&) {
        rest = "broken off";
    }
    CHECK(rest == "broken off");
}

TEST_CASE("a stream that nobody reads any more forgets who waits for its reader") {
    http::Stream stream(10);
    CHECK(stream.push("one"));
    const auto waits = std::make_shared<int>(1);
    stream.when_taken([waits] { FAIL("nothing was taken"); });
    CHECK(waits.use_count() == 2);
    stream.abandon();
    CHECK(waits.use_count() == 1);
    bool is_called = false;
    stream.when_taken([&] { is_called = true; });
    CHECK_FALSE(is_called);
}
