#include "base/base64url.hpp"

#include <doctest/doctest.h>

#include <random>
#include <set>

using namespace concertres;

TEST_CASE("the vectors of RFC 4648 come out, without padding") {
    for (const auto& [bytes, text] : std::initializer_list<std::pair<std::string, std::string>>{
             {"", ""},
             {"f", "Zg"},
             {"fo", "Zm8"},
             {"foo", "Zm9v"},
             {"foob", "Zm9vYg"},
             {"fooba", "Zm9vYmE"},
             {"foobar", "Zm9vYmFy"},
             {"\xfb\xff\xbf", "-_-_"},
         }) {
        CHECK(encode_base64url(bytes) == text);
        CHECK(decode_base64url(text) == bytes);
    }
}

TEST_CASE("all bytes at all lengths read back") {
    std::mt19937 random(1);
    for (std::size_t size = 0; size < 200; ++size) {
        std::string bytes(size, '\0');
        for (char& byte : bytes) byte = static_cast<char>(random());
        CHECK(decode_base64url(encode_base64url(bytes)) == bytes);
    }
}

TEST_CASE("padding, foreign characters and impossible lengths are refused") {
    for (const std::string_view text : {"Zg==", "Zg=", "Zm8=", "=", "Z", "Zm9vY", "Zm9v ", " Zm9v",
                                        "Zm9v\n", "Zm+v", "Zm/v", "Zm.v", "Zm9\xc3"}) {
        CAPTURE(text);
        CHECK_FALSE(decode_base64url(text));
    }
    CHECK_FALSE(decode_base64url(std::string_view("Zm9\0", 4)));
}

TEST_CASE("one and two bytes have exactly one text each") {
    const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::set<std::string> seen;
    for (const char a : alphabet) {
        for (const char b : alphabet) {
            if (const auto bytes = decode_base64url(std::string{a, b})) {
                CHECK(seen.insert(*bytes).second);
                CHECK(encode_base64url(*bytes) == std::string{a, b});
            }
        }
    }
    CHECK(seen.size() == 256);
    // "Zm8" is "fo"; the three texts after it differ only in bits that stand for nothing.
    for (const char c : {'9', '-', '_'}) {
        CAPTURE(c);
        CHECK_FALSE(decode_base64url(std::string("Zm") + c));
    }
}
