#include <doctest/doctest.h>

#include "redis/reply.hpp"
#include "redis/server_info.hpp"

using namespace concertres::redis;
using Type = Reply::Type;

namespace {

Reply read(std::string_view bytes) {
    ReplyReader reader;
    reader.feed(bytes);
    return reader.next().value();
}

bool is_malformed(std::string_view bytes) {
    try {
        ReplyReader reader;
        reader.feed(bytes);
        static_cast<void>(reader.next());
        return false;
    } catch (const MalformedReply&) {
        return true;
    }
}

std::string info(const std::string& more) {
    return "# Server\r\nrun_id:0123456789abcdef0000000000000000000000aa\r\n"
           "# Replication\r\nmaster_replid:fedcba98765432100000000000000000000000bb\r\n" +
           more;
}

}  // namespace

TEST_CASE("a command is written with the length of each word") {
    std::string out = "before";
    append_command(out, std::vector<std::string_view>{"SET", std::string_view("\0\r\n", 3), ""});
    CHECK(out == "before*3\r\n$3\r\nSET\r\n$3\r\n" + std::string("\0\r\n", 3) + "\r\n$0\r\n\r\n");
}

TEST_CASE("every kind of answer is read") {
    CHECK(read("+OK\r\n").text == "OK");
    CHECK(read(":-7\r\n").number() == -7);
    CHECK(read("$2\r\n12\r\n").number() == 12);
    CHECK(read("$-1\r\n").type == Type::nil);
    CHECK(read("*-1\r\n").type == Type::nil);
    CHECK(read("*0\r\n").elements.empty());
    const Reply error = read("-MOVED 1 a:2\r\n");
    CHECK(error.is_error());
    CHECK(error.text == "MOVED 1 a:2");
    const Reply nested = read("*3\r\n:1\r\n*2\r\n$1\r\na\r\n-no\r\n$-1\r\n");
    CHECK(nested.at(0).number() == 1);
    CHECK(nested.at(1).at(0).text == "a");
    CHECK(nested.at(1).at(1).is_error());
    CHECK(nested.at(2).type == Type::nil);
}

TEST_CASE("answers are read byte by byte, and several at once") {
    const std::string_view bytes = "*2\r\n$3\r\nabc\r\n:5\r\n";
    ReplyReader reader;
    for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
        reader.feed(bytes.substr(i, 1));
        CHECK_FALSE(reader.next());
    }
    reader.feed("\n+one\r\n+two\r\n+thr");
    CHECK(reader.next()->at(1).number() == 5);
    CHECK(reader.next()->text == "one");
    CHECK(reader.next()->text == "two");
    CHECK_FALSE(reader.next());
    reader.feed("ee\r\n");
    CHECK(reader.next()->text == "three");
}

TEST_CASE("what is not as it was asked for is said to be malformed") {
    CHECK_THROWS_AS(static_cast<void>(read("$1\r\nx\r\n").number()), MalformedReply);
    CHECK_THROWS_AS(static_cast<void>(read("$0\r\n\r\n").number()), MalformedReply);
    CHECK_THROWS_AS(static_cast<void>(read("-7\r\n").number()), MalformedReply);
    CHECK_THROWS_AS(static_cast<void>(read("*0\r\n").at(0)), MalformedReply);
    CHECK_THROWS_AS(static_cast<void>(read("+OK\r\n").at(0)), MalformedReply);
}

TEST_CASE("what is no RESP, or too much of it, ends in a refusal") {
    CHECK(is_malformed("HTTP/1.1 200 OK\r\n"));
    CHECK(is_malformed(",1.5\r\n"));
    CHECK(is_malformed("#t\r\n"));
    CHECK(is_malformed("*70000\r\n"));
    CHECK(is_malformed("*2147483647\r\n"));
    CHECK(is_malformed("*1\r\n*2147483647\r\n"));
    // Deeper than anything that is asked for.
    std::string deep;
    for (int i = 0; i < 12; ++i) deep += "*1\r\n";
    CHECK(is_malformed(deep));
    // An answer that does not end is not waited for in any length.
    CHECK_FALSE(is_malformed("$2000000\r\n" + std::string(1'000, 'x')));
    CHECK(is_malformed("$2000000\r\n" + std::string(ReplyReader::bytes_max, 'x')));
    CHECK(is_malformed(":" + std::string(ReplyReader::bytes_max, '1')));
}

TEST_CASE("many answers in a row are not one that is too long") {
    ReplyReader reader;
    const std::string one = "$100\r\n" + std::string(100, 'x') + "\r\n";
    std::size_t fed = 0;
    while (fed < 3 * ReplyReader::bytes_max) {
        std::string some;
        for (int i = 0; i < 100; ++i) some += one;
        some += "$100\r\n";
        reader.feed(some);
        for (int i = 0; i < 100; ++i) REQUIRE(reader.next().value().text.size() == 100);
        REQUIRE_FALSE(reader.next());
        reader.feed(std::string(100, 'x') + "\r\n");
        REQUIRE(reader.next().value().text.size() == 100);
        fed += some.size();
    }
}

TEST_CASE("a server says which process it is, in which history") {
    const ServerInfo said = read_server_info(info("role:master\r\nloading:0\r\nmaxmemory:0\r\n"));
    CHECK(said.home == "0123456789abcdeffedcba9876543210");
    CHECK(said.unfit.empty());
}

TEST_CASE("a server that may lose keys, or is not the master, is unfit") {
    const auto unfit = [](const std::string& more) { return read_server_info(info(more)).unfit; };
    CHECK(unfit("role:slave\r\n") == "it is a replica");
    CHECK(unfit("role:master\r\nloading:1\r\n") == "it is loading its data");
    CHECK(unfit("role:master\r\nmaxmemory:100\r\nmaxmemory_policy:allkeys-lru\r\n") ==
          "it may evict keys: set maxmemory-policy noeviction");
    CHECK(unfit("role:master\r\nmaxmemory:100\r\nmaxmemory_policy:noeviction\r\n").empty());
    CHECK(unfit("role:master\r\nmaxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n").empty());
    CHECK(unfit("role:master").empty());
    CHECK(read_server_info("role:master\r\n").unfit == "it does not say which process it is");
    CHECK(read_server_info("").unfit == "it does not say which process it is");
}
