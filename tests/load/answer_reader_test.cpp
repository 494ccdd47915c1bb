#include "load/answer_reader.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace concertres::load;
using namespace std::chrono_literals;

namespace {

const std::string busy =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\nretry-after: 2\r\n\r\nbusy";

}  // namespace

TEST_CASE("answers are read one after the other, in any pieces") {
    const std::string chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    const std::string empty = "HTTP/1.1 204 No Content\r\n\r\n";
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1'000}}) {
        AnswerReader reader;
        const auto read = [&](std::string_view bytes) {
            reader.next();
            for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
                REQUIRE(!reader.complete());
                REQUIRE(reader.feed(bytes.substr(0, piece)));
            }
            REQUIRE(reader.complete());
        };
        read(busy);
        CHECK(reader.status() == 503);
        CHECK(reader.body() == "busy");
        CHECK(reader.retry_after() == 2s);
        CHECK(reader.keep_alive());
        read(chunked);
        CHECK(reader.status() == 200);
        CHECK(reader.body() == "abcde");
        CHECK_FALSE(reader.retry_after());
        read(empty);
        CHECK(reader.status() == 204);
        CHECK(reader.body().empty());
    }
}

TEST_CASE("a connection that closes is not kept") {
    AnswerReader reader;
    REQUIRE(reader.feed("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
    CHECK(reader.complete());
    CHECK_FALSE(reader.keep_alive());
}

TEST_CASE("an answer without a length ends with its connection, and one with a length does not") {
    AnswerReader reader;
    REQUIRE(reader.feed("HTTP/1.1 200 OK\r\n\r\nall of it"));
    CHECK_FALSE(reader.complete());
    CHECK(reader.feed_end());
    CHECK(reader.body() == "all of it");
    reader.next();
    REQUIRE(reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nall"));
    CHECK_FALSE(reader.feed_end());
}

TEST_CASE("what is no answer is refused, and what comes unasked") {
    for (const std::string& text :
         {std::string("SSH-2.0-OpenSSH\r\n"), std::string("GET / HTTP/1.1\r\n\r\n"), busy + busy,
          std::string("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")}) {
        CAPTURE(text);
        AnswerReader reader;
        CHECK_FALSE(reader.feed(text));
    }
}

TEST_CASE("a Retry-After that is no number is none") {
    AnswerReader reader;
    REQUIRE(
        reader.feed("HTTP/1.1 503 Busy\r\nRetry-After: Fri, 31 Dec 2027 23:59:59 GMT\r\n"
                    "Content-Length: 0\r\n\r\n"));
    CHECK_FALSE(reader.retry_after());
}
