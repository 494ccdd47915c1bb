// The whole server over a raw socket: each message of the framing table in one piece, byte by byte
// and, for some, cut at every place; messages that are not whole yet; and what follows a message.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "server/answer_record.hpp"
#include "server/framing_cases.hpp"
#include "server/raw_socket.hpp"
#include "server/test_listener.hpp"
#include "server/test_server.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

std::uint16_t port_of(const TestServer& server) {
    const std::string url = server.url();
    return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
}

// The code of a problem; empty where the answer is none.
std::string code_of(const RawAnswer& answer) {
    if (!answer.has("\r\nContent-Type: application/problem+json\r\n")) return {};
    return std::string(boost::json::parse(answer.body).at("code").as_string());
}

std::string code_of(int refused) {
    switch (refused) {
        case 413:
            return "body_too_large";
        case 414:
            return "target_too_long";
        case 431:
            return "head_too_large";
        case 505:
            return "version_unsupported";
        default:
            return "framing_invalid";
    }
}

// Asks something of its own, and gets the answer to that and no other.
bool still_serves(RawSocket& socket, const std::string& id) {
    if (!socket.send(
            fmt::format("GET /livez HTTP/1.1\r\nHost: a\r\nX-Request-Id: {}\r\n\r\n", id))) {
        return false;
    }
    const RawAnswer answer = socket.receive();
    return answer.status == 200 && answer.has(fmt::format("\r\nX-Request-Id: {}\r\n", id));
}

// What was asked may be no request at all: the description has the same answer for all of these.
void record_refusal(const RawAnswer& answer) {
    http::Reply reply{.status = answer.status, .body = answer.body};
    std::string_view rest = std::string_view(answer.head).substr(answer.head.find('\n') + 1);
    for (std::size_t colon = 0; (colon = rest.find(": ")) != std::string_view::npos;) {
        const std::size_t end = rest.find("\r\n");
        reply.fields.emplace_back(rest.substr(0, colon), rest.substr(colon + 2, end - colon - 2));
        rest.remove_prefix(end + 2);
    }
    record_answer({.method = "", .target = ""}, reply);
}

// Whether the message is well framed is the table's; what is asked for may still not be there.
void check_answer(RawSocket& socket, const FramingCase& message) {
    RawAnswer answer = socket.receive();
    if (answer.status == 100) answer = socket.receive();
    if (message.status == 200) {
        static const std::set<std::string> refusals{"body_too_large",  "framing_invalid",
                                                    "head_too_large",  "request_timeout",
                                                    "target_too_long", "version_unsupported"};
        CHECK_FALSE(refusals.contains(code_of(answer)));
        CHECK(answer.status < 500);
    } else {
        CHECK(answer.status == message.status);
        CHECK(code_of(answer) == code_of(message.status));
        record_refusal(answer);
    }
    if (message.kept) {
        CHECK(still_serves(socket, "after"));
    } else {
        CHECK(answer.has("\r\nConnection: close\r\n"));
        CHECK(socket.closes());
    }
}

}  // namespace

TEST_CASE("each message of the framing table is answered as the table says, whole and in bytes") {
    TestServer server;
    const std::uint16_t port = port_of(server);
    for (const FramingCase& message : framing_cases()) {
        INFO(message.name);
        RawSocket whole(port);
        whole.send(message.bytes);
        check_answer(whole, message);
        RawSocket slow(port);
        slow.send_byte_by_byte(message.bytes);
        check_answer(slow, message);
    }
}

TEST_CASE("where a message is cut changes nothing about its answer") {
    TestServer server;
    const std::uint16_t port = port_of(server);
    const std::set<std::string> cut{"an empty line before",        "trailers",
                                    "a quoted extension",          "a coding and a length",
                                    "a bare LF after a field",     "a folded field",
                                    "a chunk longer than it says", "the preface of HTTP/2"};
    std::size_t found = 0;
    for (const FramingCase& message : framing_cases()) {
        if (!cut.contains(message.name)) continue;
        ++found;
        const std::string_view bytes = message.bytes;
        for (std::size_t at = 1; at < bytes.size(); ++at) {
            INFO(message.name, " cut at ", at);
            RawSocket socket(port);
            socket.send(bytes.substr(0, at));
            socket.send(bytes.substr(at));
            check_answer(socket, message);
        }
    }
    CHECK(found == cut.size());
}

// That nothing is answered too early shows when the rest comes: the first answer is to the whole.
TEST_CASE("a message that is not whole is waited for, wherever it stops") {
    TestListener server;
    std::int64_t before = 0;
    for (const std::string& message :
         {std::string("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"),
          std::string("POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"),
          std::string("POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "2;a\r\nhi\r\n0\r\nX: y\r\n\r\n")}) {
        for (std::size_t at = 1; at < message.size(); ++at) {
            INFO(message.substr(0, at));
            RawSocket socket(server.port());
            socket.send(message.substr(0, at));
            before += static_cast<std::int64_t>(at);
            REQUIRE(eventually([&] { return server.counters().bytes_in == before; }));
            CHECK(server.counters().framing == 0);
            socket.send(message.substr(at));
            before += static_cast<std::int64_t>(message.size() - at);
            const RawAnswer answer = socket.receive();
            CHECK(answer.status == 200);
            CHECK(answer.body.substr(answer.body.find(' ')) ==
                  (message.starts_with("GET") ? " /hello " : " /hello hi"));
        }
    }
}

TEST_CASE("what follows a message in the same piece is answered after it, or not at all") {
    TestServer server;
    const std::uint16_t port = port_of(server);
    const std::string next = "GET /livez HTTP/1.1\r\nHost: a\r\nX-Request-Id: next\r\n\r\n";
    int answered = 0;
    for (const FramingCase& message : framing_cases()) {
        // Whether a head without an end goes on is up to what comes.
        if (message.name.ends_with("does not end")) continue;
        INFO(message.name);
        RawSocket socket(port);
        socket.send(message.bytes + next);
        RawAnswer answer = socket.receive();
        CHECK_FALSE(answer.has("\r\nX-Request-Id: next\r\n"));
        if (message.kept) {
            answer = socket.receive();
            CHECK(answer.status == 200);
            CHECK(answer.has("\r\nX-Request-Id: next\r\n"));
            CHECK(still_serves(socket, "after"));
            ++answered;
        } else {
            CHECK(socket.closes());
        }
    }
    CHECK(answered > 40);
}

TEST_CASE("requests in one piece are answered in order, each with its own") {
    TestServer server;
    RawSocket socket(port_of(server));
    std::string all;
    for (int i = 0; i < 60; ++i) {
        const std::string id = fmt::format("X-Request-Id: number-{}\r\n", i);
        if (i % 3 == 0) all += "GET /livez HTTP/1.1\r\nHost: a\r\n" + id + "\r\n";
        if (i % 3 == 1) {
            all += "POST /v1/payments HTTP/1.1\r\nHost: a\r\n" + id + "Content-Length: 2\r\n\r\n{}";
        }
        if (i % 3 == 2) {
            all += "POST /no HTTP/1.1\r\nHost: a\r\n" + id +
                   "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
        }
    }
    socket.send(all);
    for (int i = 0; i < 60; ++i) {
        const RawAnswer answer = socket.receive();
        CHECK(answer.has(fmt::format("\r\nX-Request-Id: number-{}\r\n", i)));
        CHECK(answer.status == (i % 3 == 0 ? 200 : i % 3 == 1 ? 401 : 404));
    }
}
