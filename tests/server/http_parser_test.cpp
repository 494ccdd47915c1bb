#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "http/parser.hpp"
#include "server/framing_cases.hpp"
#include "server/http_reading.hpp"

using namespace concertres;
using concertres::test::HttpReading;
using http::Limits;
using http::Parser;
using http::Refusal;
using namespace std::string_view_literals;

namespace {

constexpr std::size_t body_max = HttpReading::body_max;

std::string read_whole(std::string_view bytes, const Limits& limits = {}) {
    HttpReading reading(limits);
    reading.feed(bytes);
    return reading.log();
}

std::string read_byte_by_byte(std::string_view bytes, const Limits& limits = {}) {
    HttpReading reading(limits);
    for (std::size_t i = 0; i < bytes.size(); ++i) reading.feed(bytes.substr(i, 1));
    return reading.log();
}

int status_with(const Limits& limits, std::string_view bytes) {
    HttpReading whole(limits);
    whole.feed(bytes);
    INFO(bytes);
    CHECK(read_byte_by_byte(bytes, limits) == whole.log());
    return whole.status();
}

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n";
const std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

}  // namespace

TEST_CASE("llhttp is linked in its strict mode") { CHECK(http::llhttp_is_strict()); }

TEST_CASE("each message of the framing table is read as the table says") {
    for (const FramingCase& message : framing_cases()) {
        INFO(message.name);
        HttpReading reading;
        reading.feed(message.bytes);
        CHECK(reading.status() == message.status);
        CHECK(reading.kept() == message.kept);
    }
}

TEST_CASE("where a message is cut does not change how it is read") {
    for (const FramingCase& message : framing_cases()) {
        INFO(message.name);
        const std::string_view bytes = message.bytes;
        const std::string expected = read_whole(bytes);
        CHECK(read_byte_by_byte(bytes) == expected);
        for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
            INFO(cut);
            HttpReading reading;
            reading.feed(bytes.substr(0, cut));
            reading.feed(bytes.substr(cut));
            CHECK(reading.log() == expected);
        }
    }
}

TEST_CASE("a request is read with all its parts") {
    CHECK(read_whole("PUT /a%2Fb/c?d=e&f HTTP/1.1\r\nHost: a\r\nX-One:  1 \r\nx-one: 2\r\n"
                     "Content-Length: 4\r\n\r\nbody") ==
          "PUT /a%2Fb/c?d=e&f Host=a X-One=1 x-one=2 Content-Length=4 [body]\n");
    CHECK(read_whole("GET http://b/c?d HTTP/1.1\r\nHost: a\r\n\r\n") == "GET /c?d Host=a []\n");
    CHECK(read_whole("GET http://b HTTP/1.1\r\nHost: a\r\n\r\n") == "GET /? Host=a []\n");
    CHECK(read_whole(chunked + "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX: y\r\n\r\n") ==
          "POST /? Host=a Transfer-Encoding=chunked [abcde]\n");
}

TEST_CASE("a field is found by its name in any case") {
    http::Request request;
    request.fields = {{"Host", "a"}, {"X-One", "1"}, {"x-one", "2"}};
    CHECK(request.field("x-ONE") == "1");
    CHECK(request.count("X-one") == 2);
    CHECK_FALSE(request.field("X-On"));
    CHECK(request.count("X-Two") == 0);
}

TEST_CASE("a field that is added cannot end its line") {
    http::Response response;
    response.add_field("X-Request-Id", "a\r\nSet-Cookie: b");
    CHECK(response.fields == "X-Request-Id: a  Set-Cookie: b\r\n");
}

TEST_CASE("requests that come together are read one after another") {
    std::string bytes;
    std::string expected;
    for (int i = 0; i < 20; ++i) {
        const std::string path = "/" + std::to_string(i);
        bytes += "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
        bytes += "\r\nGET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
        expected += "POST " + path + "? Host=a Content-Length=2 [hi]\n";
        expected += "GET " + path + "? Host=a []\n";
    }
    CHECK(read_whole(bytes) == expected);
    CHECK(read_byte_by_byte(bytes) == expected);
}

TEST_CASE("no byte beyond a message is taken") {
    const Limits limits;
    for (const std::string& message :
         {get + "\r\n", get + "Content-Length: 2\r\n\r\nhi", chunked + "1\r\n!\r\n0\r\n\r\n"}) {
        INFO(message);
        Parser parser(limits);
        const std::string bytes = message + "GET /next";
        auto fed = parser.feed(bytes);
        std::size_t taken = fed.taken;
        if (fed.step == Parser::Step::head) {
            REQUIRE(parser.accept_body(body_max));
            fed = parser.feed(std::string_view(bytes).substr(taken));
            taken += fed.taken;
        }
        CHECK(fed.step == Parser::Step::request);
        CHECK(taken == message.size());
        CHECK_FALSE(parser.at_start());
        parser.next();
        CHECK(parser.at_start());
    }
}

TEST_CASE("the head is told before the body") {
    const Limits limits;
    Parser parser(limits);
    const auto fed = parser.feed(
        "POST /a?b HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 7\r\n\r\n");
    REQUIRE(fed.step == Parser::Step::head);
    CHECK(parser.head().content_length == 7);
    CHECK(parser.head().expects_continue);
    CHECK(parser.request().path == "/a");
    CHECK_FALSE(parser.accept_body(6));
    CHECK(parser.fault().refusal == Refusal::body_too_large);
    CHECK(parser.feed("1234567").step == Parser::Step::refused);
}

TEST_CASE("an expectation of HTTP/1.0 is none") {
    HttpReading reading;
    reading.feed("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 7\r\n\r\n");
    CHECK_FALSE(reading.parser().head().expects_continue);
}

TEST_CASE("a head may be as long as the limit and not a byte longer") {
    const std::string head = get + "X: " + std::string(500, 'x') + "\r\n\r\n";
    CHECK(status_with({.head_bytes_max = head.size()}, head) == 200);
    CHECK(status_with({.head_bytes_max = head.size() - 1}, head) == 431);
    // Also where its end never comes.
    CHECK(status_with({.head_bytes_max = 600}, get + std::string(1000, 'x')) == 431);
}

TEST_CASE("a head may have as many fields as the limit and not one more") {
    auto with = [](int fields) {
        std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
        for (int i = 1; i < fields; ++i) head += "X: y\r\n";
        return head + "\r\n";
    };
    CHECK(status_with({.fields_max = 8}, with(8)) == 200);
    CHECK(status_with({.fields_max = 8}, with(9)) == 431);
}

TEST_CASE("a target may be as long as the limit and not a byte longer") {
    auto with = [](std::size_t bytes) {
        return "GET /" + std::string(bytes - 1, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n";
    };
    CHECK(status_with({.target_bytes_max = 300}, with(300)) == 200);
    CHECK(status_with({.target_bytes_max = 300}, with(301)) == 414);
    // Told before the line's end comes, and before the head is too long.
    CHECK(status_with({.target_bytes_max = 300}, "GET /" + std::string(300, 'x')) == 414);
    CHECK(status_with({}, with(20'000)) == 414);
}

TEST_CASE("a body may be as long as the limit and not a byte longer") {
    auto with_length = [](std::size_t bytes) {
        return get + "Content-Length: " + std::to_string(bytes) + "\r\n\r\n" +
               std::string(bytes, 'x');
    };
    CHECK(status_with({}, with_length(body_max)) == 200);
    CHECK(status_with({}, with_length(body_max + 1)) == 413);
    const std::string half = "32\r\n" + std::string(50, 'x') + "\r\n";
    CHECK(status_with({}, chunked + half + half + "0\r\n\r\n") == 200);
    CHECK(status_with({}, chunked + half + half + "1\r\nx\r\n0\r\n\r\n") == 413);
}

TEST_CASE("extensions, leading zeros and trailers share one limit") {
    const Limits limits{.chunk_overhead_bytes_max = 40};
    auto with_extension = [](std::size_t bytes) {
        return chunked + "1;" + std::string(bytes - 1, 'x') + "\r\n!\r\n0\r\n\r\n";
    };
    auto with_trailer = [](std::size_t bytes) {
        return chunked + "1\r\n!\r\n0\r\nX:" + std::string(bytes - 4, 'y') + "\r\n\r\n";
    };
    auto with_zeros = [](std::size_t bytes) {
        return chunked + "0" + std::string(bytes, '0') + "1\r\n!\r\n0\r\n\r\n";
    };
    CHECK(status_with(limits, with_extension(40)) == 200);
    CHECK(status_with(limits, with_extension(41)) == 400);
    CHECK(status_with(limits, with_trailer(40)) == 200);
    CHECK(status_with(limits, with_trailer(41)) == 400);
    CHECK(status_with(limits, with_zeros(40)) == 200);
    CHECK(status_with(limits, with_zeros(41)) == 400);
    // A chunk as such costs nothing, however small it is.
    std::string many = chunked;
    for (std::size_t i = 0; i < body_max; ++i) many += "1\r\nx\r\n";
    CHECK(status_with(limits, many + "0\r\n\r\n") == 200);
}

TEST_CASE("what is refused is refused before the message has wholly come") {
    HttpReading early;
    early.feed("BREW / HTTP/1.1\r\n");
    CHECK(early.status() == 400);
    HttpReading earlier;
    earlier.feed("\x80");
    CHECK(earlier.status() == 400);
}

TEST_CASE("bytes at random are read alike however they are cut") {
    std::mt19937 random(20260611);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
    const auto cases = framing_cases();
    const std::string_view letters = "\r\n\t :;,.%/*aA0159fFxX\"\\\x00\x01\x7f\x80"sv;
    auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
    for (int round = 0; round < 4000; ++round) {
        std::string bytes = cases[below(cases.size())].bytes + cases[below(cases.size())].bytes;
        for (std::size_t change = below(4); change > 0; --change) {
            const std::size_t at = below(bytes.size());
            const char letter = letters[below(letters.size())];
            if (below(3) == 0) {
                bytes.erase(at, 1);
            } else if (below(2) == 0) {
                bytes.insert(at, 1, letter);
            } else {
                bytes[at] = letter;
            }
        }
        const std::string expected = read_whole(bytes);
        INFO(bytes);
        REQUIRE(read_byte_by_byte(bytes) == expected);
        HttpReading cut;
        const std::size_t at = below(bytes.size());
        cut.feed(std::string_view(bytes).substr(0, at));
        cut.feed(std::string_view(bytes).substr(at));
        REQUIRE(cut.log() == expected);
    }
}
