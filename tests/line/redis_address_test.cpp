#include <doctest/doctest.h>

#include "concertres/redis.hpp"
#include "redis/address.hpp"

using namespace concertres;
using redis::Endpoint;
using redis::parse_address;

namespace {

std::string fault_of(const std::string& text) {
    const auto parsed = parse_address(text);
    return parsed ? "" : parsed.error().detail;
}

bool is_refused(const std::string& text, const std::string& because) {
    return fault_of(text).find(because) != std::string::npos;
}

}  // namespace

TEST_CASE("an address of one server has what is left out by default") {
    const auto address = parse_address("redis://redis.example").value();
    CHECK(address.hosts == std::vector<Endpoint>{{"redis.example", 6379}});
    CHECK_FALSE(address.is_tls);
    CHECK_FALSE(address.is_cluster);
    CHECK(address.database == 0);
    CHECK(address.prefix == "concertres");
    CHECK(parse_address("redis://redis.example:7000/5").value().database == 5);
    CHECK(parse_address("redis://redis.example/").value().database == 0);
}

TEST_CASE("an address may say all that there is to say") {
    const auto address = parse_address(
                             "rediss://sale@a.example:1,b.example,[::1],[2001:db8::7]:9?cluster=on"
                             "&password_file=/etc/redis pw&ca_file=/etc/ca.pem&prefix=shop:7")
                             .value();
    CHECK(address.is_tls);
    CHECK(address.is_cluster);
    CHECK(address.user == "sale");
    CHECK(address.hosts ==
          std::vector<Endpoint>{
              {"a.example", 1}, {"b.example", 6379}, {"::1", 6379}, {"2001:db8::7", 9}});
    CHECK(address.password_file == "/etc/redis pw");
    CHECK(address.ca_file == "/etc/ca.pem");
    CHECK(address.prefix == "shop:7");
    CHECK(address.hosts[3].text() == "[2001:db8::7]:9");
    CHECK(address.hosts[0].text() == "a.example:1");
}

TEST_CASE("sentinels have a port of their own") {
    const auto address = parse_address("redis://a,b:7?sentinel=my-master").value();
    CHECK(address.sentinel == "my-master");
    CHECK(address.hosts == std::vector<Endpoint>{{"a", 26379}, {"b", 7}});
}

TEST_CASE("what is no address is refused, with what is wrong") {
    CHECK(is_refused("", "must be like redis://"));
    CHECK(is_refused("http://a", "must be like redis://"));
    CHECK(is_refused("redis://", "must be like redis://HOST"));
    CHECK(is_refused("redis://a b", "must be like redis://HOST"));
    CHECK(is_refused("redis://a:", "a port that is none"));
    CHECK(is_refused("redis://a:0", "a port that is none"));
    CHECK(is_refused("redis://a:65536", "a port that is none"));
    CHECK(is_refused("redis://a:1x", "a port that is none"));
    CHECK(is_refused("redis://[::1", "a [ without a ]"));
    CHECK(is_refused("redis://[::1]7", "something behind a ]"));
    CHECK(is_refused("redis://[g::1]:7/x", "a database that is no number"));
    CHECK(is_refused("redis://[-]", "no IPv6 address"));
    CHECK(is_refused("redis://a/x", "a database that is no number"));
    CHECK(is_refused("redis://a/-1", "a database that is no number"));
    CHECK(is_refused("redis://a,b", "several hosts"));
    CHECK(is_refused("redis://@a", "a user that is none"));
    CHECK(is_refused("redis://sale@a", "needs a password_file"));
    CHECK(is_refused("redis://a/1?cluster=on", "no database but 0"));
    CHECK(is_refused("redis://a?cluster=on&sentinel=m", "not of both"));
    CHECK(is_refused("redis://a?cluster=maybe", "cluster=on"));
    CHECK(is_refused("redis://a?sentinel=", "must name the master"));
    CHECK(is_refused("redis://a?ca_file=/ca.pem", "for rediss://"));
    CHECK(is_refused("redis://a?ca_file=ca.pem", "from the root"));
    CHECK(is_refused("redis://a?password_file=pw", "from the root"));
    CHECK(is_refused("redis://a?password_file=/p%77", "from the root"));
    CHECK(is_refused("redis://a?prefix={x}", "prefix"));
    CHECK(is_refused("redis://a?timeout=1", "no other"));
    std::string many = "redis://h0";
    for (int i = 1; i < 65; ++i) many += ",h" + std::to_string(i);
    CHECK(is_refused(many + "?cluster=on", "too many hosts"));
}

TEST_CASE("a password has no place in an address, and is not repeated") {
    for (const char* text : {"redis://sale:sesame@a", "redis://:sesame@a"}) {
        CHECK(is_refused(text, "password_file=/FILE"));
        CHECK(fault_of(text).find("sesame") == std::string::npos);
    }
    CHECK_FALSE(check_redis_address("redis://sale:sesame@a"));
    CHECK(check_redis_address("redis://a"));
    CHECK_THROWS_AS(static_cast<void>(open_redis_line("redis://sale:sesame@a")),
                    std::invalid_argument);
}
