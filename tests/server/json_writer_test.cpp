#include "json/json_writer.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

using namespace concertres;
using concertres::server::JsonWriter;

namespace {

// What is written of one value.
template <class T>
std::string written(const T& value) {
    std::string out;
    JsonWriter(out).value(value);
    return out;
}

}  // namespace

TEST_CASE("commas stand between values, and nowhere else") {
    std::string out;
    JsonWriter(out)
        .begin_object()
        .field("a", 1)
        .key("b")
        .begin_array()
        .value(1)
        .value("x")
        .begin_object()
        .end_object()
        .begin_array()
        .end_array()
        .value(true)
        .end_array()
        .key("c")
        .begin_object()
        .field("d", nullptr)
        .end_object()
        .field("e", false)
        .end_object();
    CHECK(out == R"({"a":1,"b":[1,"x",{},[],true],"c":{"d":null},"e":false})");
}

TEST_CASE("a text that ends like an opening bracket does not swallow the comma after it") {
    for (const char* text : {"{", "[", ":", ",", "\"", "\\", ""}) {
        CAPTURE(text);
        std::string out;
        JsonWriter(out).begin_array().value(text).value(2).end_array();
        const auto array = boost::json::parse(out).as_array();
        REQUIRE(array.size() == 2);
        CHECK(array[0].as_string() == text);
        CHECK(array[1].as_int64() == 2);
    }
}

TEST_CASE("what JSON reserves is escaped, in texts and in keys") {
    CHECK(written("say \"hi\"") == R"("say \"hi\"")");
    CHECK(written("a\\b") == R"("a\\b")");
    CHECK(written("two\nlines") == R"("two\nlines")");
    CHECK(written("\t\r\x01\x1f") == R"("\u0009\u000d\u0001\u001f")");
    CHECK(written(std::string("a\0b", 3)) == R"("a\u0000b")");
    std::string out;
    JsonWriter(out).begin_object().field("\"\n", 1).end_object();
    CHECK(out == R"({"\"\n":1})");
}

TEST_CASE("UTF-8 and everything else of a text goes through as it is") {
    CHECK(written("Größe 大人 🎫") == "\"Größe 大人 🎫\"");
    CHECK(written("</script>\x7f") == "\"</script>\x7f\"");
}

TEST_CASE("every byte that a text may have can be read back") {
    std::string all;
    for (int c = 0; c < 0x80; ++c) all += static_cast<char>(c);
    CHECK(boost::json::parse(written(all)).as_string() == all);
}

TEST_CASE("integers are written in full") {
    CHECK(written(0) == "0");
    CHECK(written(-7) == "-7");
    CHECK(written(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
    CHECK(written(std::numeric_limits<std::int64_t>::max()) == "9223372036854775807");
}

TEST_CASE("doubles are the shortest text that reads as the same, and never NaN") {
    CHECK(written(0.0) == "0");
    CHECK(written(6.0) == "6");
    CHECK(written(-0.5) == "-0.5");
    CHECK(written(0.1) == "0.1");
    CHECK(boost::json::parse(written(1e9)).to_number<double>() == 1e9);
    CHECK(boost::json::parse(written(1e-7)).to_number<double>() == 1e-7);
    CHECK(written(std::numeric_limits<double>::quiet_NaN()) == "null");
    CHECK(written(std::numeric_limits<double>::infinity()) == "null");
}

TEST_CASE("what is not well-formed UTF-8 is shown as such, and the rest stays") {
    const std::string bad = "\xef\xbf\xbd";
    for (const char* good : {"\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                             "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\xea\xb0\x80"}) {
        CHECK(written(std::string(good)) == "\"" + std::string(good) + "\"");
    }
    const std::pair<const char*, int> wrong[] = {
        {"\x80", 1},              // a continuation alone
        {"\xc1\xbf", 2},          // longer than need be
        {"\xe0\x9f\xbf", 3},      // likewise
        {"\xed\xa0\x80", 3},      // a surrogate
        {"\xf4\x90\x80\x80", 4},  // beyond the last
        {"\xf5\x80\x80\x80", 4},
        {"\xe2\x82", 2},  // cut short
        {"\xff", 1},
    };
    for (const auto& [text, bytes] : wrong) {
        std::string shown;
        for (int i = 0; i < bytes; ++i) shown += bad;
        CHECK(written("a" + std::string(text) + "z") == "\"a" + shown + "z\"");
    }
}

TEST_CASE("what is absent is null") {
    CHECK(written(std::optional<std::int64_t>{}) == "null");
    CHECK(written(std::optional<std::int64_t>{3}) == "3");
    CHECK(written(std::optional<std::string>{}) == "null");
    CHECK(written(std::optional<std::string>{"x"}) == "\"x\"");
    CHECK(written(nullptr) == "null");
}

TEST_CASE("ids are UUIDs and times are RFC 3339 in UTC with milliseconds") {
    const auto id = ConcertId::parse("8f14e45f-ceea-467f-a0e6-3a1b5c3d7e91");
    REQUIRE(id);
    CHECK(written(*id) == "\"8f14e45f-ceea-467f-a0e6-3a1b5c3d7e91\"");
    CHECK(written(Time(std::chrono::milliseconds(1))) == "\"1970-01-01T00:00:00.001Z\"");
    // Cut, not rounded: nobody is told of a moment that has not come.
    CHECK(written(Time(std::chrono::microseconds(1'999))) == "\"1970-01-01T00:00:00.001Z\"");
}

TEST_CASE("JSON that is there already is one value among others") {
    std::string out;
    JsonWriter(out).begin_array().value(1).raw(R"({"a":1})").raw("2").end_array();
    CHECK(out == R"([1,{"a":1},2])");
}

TEST_CASE("what stands before in the string is kept") {
    std::string out = "[";
    JsonWriter(out).value(1).value(2);
    CHECK(out == "[1,2");
}
