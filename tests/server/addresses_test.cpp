#include "config/addresses.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace concertres;
using namespace concertres::server;

namespace {

Address address(const std::string& text) { return boost::asio::ip::make_address(text); }

Cidr cidr(std::string_view text) {
    auto parsed = Cidr::parse(text);
    REQUIRE_MESSAGE(parsed, text);
    return *parsed;
}

std::string client(std::string_view peer, const std::vector<std::string_view>& forwarded_for,
                   const std::vector<Cidr>& trusted) {
    return client_address(peer, forwarded_for, trusted).to_string();
}

}  // namespace

TEST_CASE("an endpoint is a literal address and a port, and is written as it was read") {
    for (const char* text : {"127.0.0.1:8080", "0.0.0.0:0", "[::1]:65535", "[::]:80",
                             "[2001:db8::7]:443", "[::ffff:127.0.0.1]:8080"}) {
        CAPTURE(text);
        const auto endpoint = parse_endpoint(text);
        REQUIRE(endpoint);
        CHECK(to_string(*endpoint) == text);
    }
    const auto six = parse_endpoint("[::1]:8080");
    CHECK(six->address == "::1");
    CHECK(six->port == 8080);
}

TEST_CASE("what is no endpoint is refused, and the message shows what one is") {
    for (const char* text : {"",
                             ":",
                             "8080",
                             ":8080",
                             "127.0.0.1",
                             "127.0.0.1:",
                             "127.0.0.1:65536",
                             "127.0.0.1:-1",
                             "127.0.0.1:80 ",
                             " 127.0.0.1:80",
                             "127.0.0.1:8o",
                             "127.0.0.1:+80",
                             "localhost:8080",
                             "::1:8080",
                             "[::1]",
                             "[::1]8080",
                             "[127.0.0.1]:80",
                             "[]:80",
                             "[::1%lo]:80",
                             "256.0.0.1:80",
                             "1.2.3:80",
                             "*:80",
                             "http://127.0.0.1:80"}) {
        CAPTURE(text);
        const auto endpoint = parse_endpoint(text);
        REQUIRE(!endpoint);
        CHECK(endpoint.error().detail.find("like 127.0.0.1:8080 or [::1]:8080") !=
              std::string::npos);
    }
}

TEST_CASE("a range contains the addresses that share its first bits") {
    struct Row {
        const char* range;
        std::vector<const char*> inside;
        std::vector<const char*> outside;
    };
    const std::vector<Row> rows = {
        {"10.0.0.0/8",
         {"10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"},
         {"9.255.255.255", "11.0.0.0", "::a00:1"}},
        {"192.168.4.0/22", {"192.168.4.0", "192.168.7.255"}, {"192.168.3.255", "192.168.8.0"}},
        {"192.0.2.7", {"192.0.2.7"}, {"192.0.2.6", "192.0.2.8"}},
        {"192.0.2.6/31", {"192.0.2.6", "192.0.2.7"}, {"192.0.2.5", "192.0.2.8"}},
        {"0.0.0.0/0", {"0.0.0.0", "255.255.255.255"}, {"::", "::1"}},
        {"2001:db8::/32", {"2001:db8::", "2001:db8:ffff::1"}, {"2001:db7::", "2001:db9::"}},
        {"2001:db8:8000::/33", {"2001:db8:8000::", "2001:db8:ffff::"}, {"2001:db8:7fff::"}},
        {"::1", {"::1"}, {"::", "::2", "127.0.0.1"}},
        {"::/0", {"::", "2001:db8::1"}, {"10.0.0.1", "::ffff:10.0.0.1"}},
        {"::ffff:10.0.0.0/104", {"10.1.2.3"}, {"11.0.0.1"}},
    };
    for (const Row& row : rows) {
        const Cidr range = cidr(row.range);
        for (const char* text : row.inside) {
            CHECK_MESSAGE(range.contains(address(text)), row.range, " has ", text);
        }
        for (const char* text : row.outside) {
            CHECK_MESSAGE(!range.contains(address(text)), row.range, " lacks ", text);
        }
    }
}

TEST_CASE("a range is written in one way") {
    CHECK(cidr("10.0.0.0/8").to_string() == "10.0.0.0/8");
    CHECK(cidr("10.1.2.3").to_string() == "10.1.2.3/32");
    CHECK(cidr("2001:DB8:0::/32").to_string() == "2001:db8::/32");
    CHECK(cidr("::1").to_string() == "::1/128");
    CHECK(cidr("::ffff:10.0.0.0/104").to_string() == "10.0.0.0/8");
    CHECK(cidr("10.0.0.0/8") == cidr("::ffff:10.0.0.0/104"));
}

TEST_CASE("what is no range is refused") {
    for (const char* text :
         {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8 ", "10.0.0.0/8/8",
          "::/129", "10/8", "host/8", "fe80::1%lo/64", "::ffff:10.0.0.0/95", "10.0.0.0/+8"}) {
        CAPTURE(text);
        CHECK(!Cidr::parse(text));
    }
    const auto with_host_bits = Cidr::parse("10.1.2.3/8");
    REQUIRE(!with_host_bits);
    CHECK(with_host_bits.error().detail ==
          "has bits after its prefix: \"10.1.2.3/8\"; that range is 10.0.0.0/8");
}

TEST_CASE("a peer that is not trusted is the client, whatever it claims") {
    CHECK(client("192.0.2.1", {"203.0.113.9"}, {}) == "192.0.2.1");
    CHECK(client("192.0.2.1", {"203.0.113.9"}, {cidr("10.0.0.0/8")}) == "192.0.2.1");
    CHECK(client("2001:db8::1", {}, {}) == "2001:db8::1");
    CHECK(client("::ffff:192.0.2.1", {}, {}) == "192.0.2.1");
    CHECK(client("fe80::1%lo", {}, {}) == "fe80::1");
    CHECK(client("", {"203.0.113.9"}, {cidr("10.0.0.0/8")}) == "0.0.0.0");
}

TEST_CASE(
    "behind trusted proxies the client is the first address from the right that is no proxy") {
    const std::vector<Cidr> trusted = {cidr("10.0.0.0/8"), cidr("::1")};
    CHECK(client("10.0.0.1", {"203.0.113.9"}, trusted) == "203.0.113.9");
    CHECK(client("10.0.0.1", {"203.0.113.9, 10.0.0.2"}, trusted) == "203.0.113.9");
    CHECK(client("::1", {"203.0.113.9,10.0.0.2 ,\t10.0.0.3"}, trusted) == "203.0.113.9");
    CHECK(client("::ffff:10.0.0.1", {"203.0.113.9"}, trusted) == "203.0.113.9");
    // What stands to the left is the caller's own claim.
    CHECK(client("10.0.0.1", {"198.51.100.1, 203.0.113.9"}, trusted) == "203.0.113.9");
    CHECK(client("10.0.0.1", {"10.0.0.9, 203.0.113.9"}, trusted) == "203.0.113.9");
    // Fields that came one after the other are one list.
    CHECK(client("10.0.0.1", {"198.51.100.1", "203.0.113.9", "10.0.0.2"}, trusted) ==
          "203.0.113.9");
}

TEST_CASE("where all hops are trusted the farthest is the client") {
    const std::vector<Cidr> trusted = {cidr("10.0.0.0/8")};
    CHECK(client("10.0.0.1", {}, trusted) == "10.0.0.1");
    CHECK(client("10.0.0.1", {"10.0.0.3, 10.0.0.2"}, trusted) == "10.0.0.3");
}

TEST_CASE("an entry that is no address ends the walk at the proxy that passed it on") {
    const std::vector<Cidr> trusted = {cidr("10.0.0.0/8")};
    for (const char* entry : {"", " ", "unknown", "203.0.113", "203.0.113.9:", "203.0.113.9:http",
                              "203.0.113.9:65536", "[2001:db8::1", "[2001:db8::1]x", "[]",
                              "for=203.0.113.9", "fe80::1%lo", "\"203.0.113.9\""}) {
        CAPTURE(entry);
        const std::string before = std::string("198.51.100.1, ") + entry;
        CHECK(client("10.0.0.1", {before}, trusted) == "10.0.0.1");
        const std::string between = before + ", 10.0.0.2";
        CHECK(client("10.0.0.1", {between}, trusted) == "10.0.0.2");
    }
    CHECK(client("10.0.0.1", {"203.0.113.9,"}, trusted) == "10.0.0.1");
}

TEST_CASE("a port after the address is no part of it") {
    const std::vector<Cidr> trusted = {cidr("10.0.0.0/8")};
    CHECK(client("10.0.0.1", {"203.0.113.9:4711"}, trusted) == "203.0.113.9");
    CHECK(client("10.0.0.1", {"[2001:db8::1]:4711"}, trusted) == "2001:db8::1");
    CHECK(client("10.0.0.1", {"[2001:db8::1]"}, trusted) == "2001:db8::1");
    CHECK(client("10.0.0.1", {"203.0.113.9, 10.0.0.2:80"}, trusted) == "203.0.113.9");
}
