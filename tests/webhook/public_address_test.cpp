#include "webhook/public_address.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>

#include <cstring>
#include <string>

using namespace concertres;

namespace {

struct Any {
    sockaddr_storage storage{};

    explicit Any(const std::string& text) {
        sockaddr_in four{};
        sockaddr_in6 six{};
        four.sin_family = AF_INET;
        six.sin6_family = AF_INET6;
        if (::inet_pton(AF_INET, text.c_str(), &four.sin_addr) == 1) {
            std::memcpy(&storage, &four, sizeof four);
        } else {
            REQUIRE(::inet_pton(AF_INET6, text.c_str(), &six.sin6_addr) == 1);
            std::memcpy(&storage, &six, sizeof six);
        }
    }
    [[nodiscard]] const sockaddr& address() const {
        const void* untyped = &storage;
        return *static_cast<const sockaddr*>(untyped);
    }
};

}  // namespace

TEST_CASE("addresses of somebody's own are not public, from the first to the last of each block") {
    for (const char* text : {"0.0.0.0",
                             "0.255.255.255",
                             "10.0.0.0",
                             "10.255.255.255",
                             "100.64.0.0",
                             "100.127.255.255",
                             "127.0.0.1",
                             "127.255.255.255",
                             "169.254.0.0",
                             "169.254.169.254",
                             "169.254.255.255",
                             "172.16.0.0",
                             "172.31.255.255",
                             "192.0.0.0",
                             "192.0.0.255",
                             "192.0.2.1",
                             "192.88.99.1",
                             "192.168.0.0",
                             "192.168.255.255",
                             "198.18.0.0",
                             "198.19.255.255",
                             "198.51.100.1",
                             "203.0.113.1",
                             "224.0.0.0",
                             "239.255.255.255",
                             "240.0.0.0",
                             "255.255.255.255",
                             "::",
                             "::1",
                             "::127.0.0.1",
                             "::8.8.8.8",
                             "::ffff:0.0.0.0",
                             "::ffff:127.0.0.1",
                             "::ffff:10.0.0.1",
                             "::ffff:8.8.8.8",
                             "::ffff:0:8.8.8.8",
                             "64:ff9b::7f00:1",
                             "64:ff9b::a00:1",
                             "64:ff9b:1::808:808",
                             "100::1",
                             "2001::1",
                             "2001:1ff:ffff::1",
                             "2001:db8::1",
                             "2002:7f00:1::1",
                             "2002:808:808::1",
                             "3fff::1",
                             "3fff:fff::1",
                             "4000::1",
                             "5f00::1",
                             "fc00::1",
                             "fdff:ffff::1",
                             "fe80::1",
                             "febf::1",
                             "fec0::1",
                             "ff00::1",
                             "ff02::1",
                             "ffff::1"}) {
        CAPTURE(text);
        CHECK_FALSE(webhook::is_public(Any(text).address()));
    }
}

TEST_CASE("the world's addresses are public, also those beside the blocks") {
    for (const char* text :
         {"1.0.0.0",         "8.8.8.8",         "9.255.255.255",   "11.0.0.0",
          "100.63.255.255",  "100.128.0.0",     "126.255.255.255", "128.0.0.0",
          "169.253.255.255", "169.255.0.0",     "172.15.255.255",  "172.32.0.0",
          "192.0.1.0",       "192.0.3.0",       "192.167.255.255", "192.169.0.0",
          "198.17.255.255",  "198.20.0.0",      "198.51.99.255",   "203.0.112.255",
          "203.0.114.0",     "223.255.255.255", "2000::1",         "2001:200::1",
          "2001:db7::1",     "2001:db9::1",     "2001:4860::8888", "2003::1",
          "2606:4700::1111", "3ffe::1",         "64:ff9b::808:808"}) {
        CAPTURE(text);
        CHECK(webhook::is_public(Any(text).address()));
    }
}

TEST_CASE("what is no internet address is not public") {
    sockaddr address{};
    address.sa_family = AF_UNIX;
    CHECK_FALSE(webhook::is_public(address));
}

TEST_CASE("addresses are told as people write them") {
    for (const char* text : {"127.0.0.1", "::1", "fe80::1", "2001:db8::1"}) {
        CHECK(webhook::text_of(Any(text).address()) == text);
    }
}
