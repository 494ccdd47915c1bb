#include "base/json_reader.hpp"

#include <doctest/doctest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cmath>
#include <limits>

#include "support/json_cases.hpp"

using namespace concertres;
using test::json_cases;
using test::JsonCase;

namespace {

boost::json::value parsed(std::string_view text) {
    Faults faults;
    auto value = parse_json(text, faults);
    INFO(text);
    REQUIRE(value);
    REQUIRE(faults.empty());
    return std::move(value).value_or(nullptr);
}

// The only fault of a text that is refused.
Fault refused(std::string_view text, const JsonLimits& limits = {}) {
    Faults faults;
    INFO(text);
    CHECK_FALSE(parse_json(text, faults, limits));
    REQUIRE(faults.count() == 1);
    return faults.kept()[0];
}

std::string nested(int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
}

template <class Read>
Fault fault_of(std::string_view text, Read&& read) {
    Faults faults;
    auto value = parsed(text);
    ObjectReader reader(value, {}, faults);
    read(reader);
    INFO(text);
    REQUIRE(faults.count() == 1);
    return faults.kept()[0];
}

}  // namespace

TEST_CASE("a document of every kind of value is read as it stands") {
    auto value = parsed(R"( {"a": [1, -2, 2.5, true, null], "b": {"": "\u00e9\n\ud83d\ude00"}} )");
    CHECK(value.at("a").as_array().size() == 5);
    CHECK(value.at("a").at(1).as_int64() == -2);
    CHECK(value.at("b").at("").as_string() == "\u00e9\n\U0001F600");
}

TEST_CASE("a long string with escapes keeps all its parts") {
    std::string text(10'000, 'x');
    auto value = parsed("{\"k\\u0065y\": \"" + text + "\\t" + text + "\"}");
    CHECK(value.at("key").as_string() == text + "\t" + text);
}

TEST_CASE("a number counts as an integer only if it was written as one") {
    CHECK(parsed("1").is_int64());
    CHECK(parsed("-0").is_int64());
    CHECK(parsed("18446744073709551615").is_uint64());
    for (const char* text : {"1.0", "1e3", "1E0", "-0.0", "18446744073709551616"}) {
        CHECK_MESSAGE(parsed(text).is_double(), text);
    }
}

TEST_CASE("zero is zero, whatever its exponent") {
    for (const char* text : {"0e400", "0.00E+400", "0e-400", "0e999999999", "-0e400"}) {
        const auto value = parsed(text);
        INFO(text);
        REQUIRE(value.is_double());
        CHECK(value.as_double() == 0.0);
        CHECK(std::signbit(value.as_double()) == (text[0] == '-'));
    }
}

TEST_CASE("what is not JSON is refused with its place") {
    CHECK(refused("").detail == "is not JSON: incomplete JSON at line 1, column 1");
    CHECK(refused("{\n  \"a\": 1,\n  b\n}").detail.find("at line 3, column 3") !=
          std::string::npos);
}

TEST_CASE("each text of the table of JSON is read as the table says") {
    for (const JsonCase& text : json_cases()) {
        INFO(text.name);
        Faults faults;
        CHECK(parse_json(text.text, faults).has_value() == text.fault.empty());
        REQUIRE(faults.count() == (text.fault.empty() ? 0 : 1));
        if (!text.fault.empty()) CHECK(faults.kept()[0].code == text.fault);
        if (text.fault == "malformed") CHECK(faults.kept()[0].pointer.empty());
    }
}

TEST_CASE("a document is nested at most 32 deep") {
    parsed(nested(32));
    CHECK(refused(nested(33)).detail == "must be nested at most 32 deep");
    CHECK(refused(std::string(1'000'000, '[')).code == "out_of_range");
}

TEST_CASE("a document has a bounded number of values") {
    Faults faults;
    CHECK(parse_json("[1,2,3]", faults, {.values_max = 4}));
    CHECK(refused("[1,2,3,4]", {.values_max = 4}).detail == "must have at most 4 values");
}

TEST_CASE("a key that comes twice is refused where it stands, however it is written") {
    CHECK(refused(R"({"a": 1, "a": 1})").pointer == "/a");
    CHECK(refused(R"({"a": 1, "b": 2, "\u0061": 3, "a": 4})").pointer == "/a");
    CHECK(refused(R"({"": 1, "": 1})").pointer == "/");
    Fault fault = refused(
        R"({"z": {"x": 1}, "rows": [0, [], {"q": 1}, {"b": 0, "s/t": {"k~": 1, "k~": 2}}]})");
    CHECK(fault.pointer == "/rows/3/s~1t/k~0");
    CHECK(fault.code == "duplicate_key");
    CHECK(fault.detail == "is given more than once");
}

TEST_CASE("all duplicate keys of a document are reported") {
    Faults faults;
    CHECK_FALSE(parse_json(R"([{"a":1,"a":2,"b":1,"b":2},{"a":1},{"c":[],"c":[]}])", faults));
    REQUIRE(faults.count() == 3);
    CHECK(faults.kept()[0].pointer == "/0/a");
    CHECK(faults.kept()[1].pointer == "/0/b");
    CHECK(faults.kept()[2].pointer == "/2/c");
}

TEST_CASE("the same key in different objects is no duplicate") {
    parsed(R"({"a": {"a": {"a": [{"a": 1}, {"a": 1}]}}, "b": {"a": 1}})");
}

TEST_CASE("a pointer escapes, and shows little of a long key") {
    JsonPath root;
    JsonPath key = root.key("a/b~c");
    JsonPath index = key.index(12);
    JsonPath empty = index.key("");
    CHECK(root.pointer().empty());
    CHECK(empty.pointer() == "/a~1b~0c/12/");
    CHECK(root.key(std::string(1'000, 'x')).pointer() == "/" + std::string(64, 'x') + "...");
    CHECK(root.key("a\nb").pointer() == "/a?b");
}

TEST_CASE("text in a message is short, whole in its characters and harmless") {
    CHECK(in_quotes("VIP") == "\"VIP\"");
    CHECK(in_quotes("a\x1b[31m\n\x7f") == "\"a?[31m??\"");
    CHECK(in_quotes(std::string(63, 'x') + "\u00e9") == '"' + std::string(63, 'x') + "...\"");
    CHECK(in_quotes(std::string(62, 'x') + "\u00e9!") ==
          '"' + std::string(62, 'x') + "\u00e9...\"");
}

TEST_CASE("fields of each kind are read") {
    Faults faults;
    auto value = parsed(R"({"t": "x", "i": -3, "n": 2, "m": 500, "b": false, "a": [1], "o": {}})");
    ObjectReader reader(value, {}, faults);
    CHECK(reader.text("t") == "x");
    CHECK(reader.integer("i", {.min = -3, .max = 3}) == -3);
    CHECK(reader.number("n", {.min = 0, .max = 2}) == 2.0);
    CHECK(reader.amount("m") == Money{500});
    CHECK(reader.boolean("b") == false);
    REQUIRE(reader.array("a", {.min = 1, .max = 1}) != nullptr);
    CHECK(reader.field("o")->is_object());
    CHECK(reader.has("o"));
    CHECK_FALSE(reader.has("p"));
    CHECK(faults.empty());
}

TEST_CASE("an optional field may be absent, but not null") {
    Faults faults;
    auto value = parsed(R"({"a": null})");
    ObjectReader reader(value, {}, faults);
    CHECK_FALSE(reader.text("b", {}, Need::optional));
    CHECK_FALSE(reader.amount("b", Need::optional));
    CHECK(reader.array("b", {}, Need::optional) == nullptr);
    CHECK(faults.empty());
    CHECK_FALSE(reader.text("a", {}, Need::optional));
    REQUIRE(faults.count() == 1);
    CHECK(faults.kept()[0].detail == "must be a string");
}

TEST_CASE("a required field that is absent is missing") {
    Fault fault = fault_of("{}", [](ObjectReader& r) { CHECK_FALSE(r.integer("n")); });
    CHECK(fault.pointer == "/n");
    CHECK(fault.code == "missing");
    CHECK(fault.detail == "is missing");
}

TEST_CASE("text has bounds in bytes and no control characters") {
    auto code = [](const char* json, LengthBounds bounds) {
        return fault_of(json, [&](ObjectReader& r) { CHECK_FALSE(r.text("t", bounds)); }).code;
    };
    CHECK(code(R"({"t": ""})", {}) == "out_of_range");
    CHECK(code(R"({"t": "\u00e9\u00e9"})", {.min = 1, .max = 3}) == "out_of_range");
    CHECK(code(R"({"t": "a\nb"})", {}) == "malformed");
    CHECK(code(R"({"t": "a\u0000b"})", {}) == "malformed");
    CHECK(code(R"({"t": "\u007f"})", {}) == "malformed");
    CHECK(code(R"({"t": 5})", {}) == "wrong_type");
}

TEST_CASE("an integer is in its range and written as an integer") {
    auto fault = [](std::string_view number) {
        std::string json = "{\"n\": " + std::string(number) + "}";
        return fault_of(json,
                        [](ObjectReader& r) { CHECK_FALSE(r.integer("n", {.min = 1, .max = 9})); });
    };
    CHECK(fault("0").code == "out_of_range");
    CHECK(fault("10").code == "out_of_range");
    CHECK(fault("18446744073709551615").code == "out_of_range");
    for (const char* number : {"1.0", "1e0", "\"1\"", "true", "[1]", "18446744073709551616"}) {
        CHECK(fault(number).code == "wrong_type");
        CHECK(fault(number).detail ==
              "must be an integer from 1 to 9, without fraction or exponent");
    }
}

TEST_CASE("an integer may be any of 64 bits") {
    Faults faults;
    auto value = parsed(R"({"a": 9223372036854775807, "b": -9223372036854775808})");
    ObjectReader reader(value, {}, faults);
    constexpr auto min = std::numeric_limits<std::int64_t>::min();
    constexpr auto max = std::numeric_limits<std::int64_t>::max();
    CHECK(reader.integer("a", {.min = min, .max = max}) == max);
    CHECK(reader.integer("b", {.min = min, .max = max}) == min);
}

TEST_CASE("an amount is 1 to 2^53-1 minor units, written as an integer") {
    Faults faults;
    auto value = parsed(R"({"m": 9007199254740991})");
    CHECK(ObjectReader(value, {}, faults).amount("m") == Money{Money::max_minor});
    for (const char* number : {"0", "-1", "9007199254740992", "1.0", "1e3", "\"5\"", "null"}) {
        std::string json = "{\"m\": " + std::string(number) + "}";
        Fault fault = fault_of(json, [](ObjectReader& r) { CHECK_FALSE(r.amount("m")); });
        CHECK_MESSAGE(fault.code == "amount_invalid", number);
    }
}

TEST_CASE("a number is finite and in its range") {
    for (const char* number : {"1.5", "-1e999", "1e999"}) {
        std::string json = "{\"n\": " + std::string(number) + "}";
        Fault fault = fault_of(
            json, [](ObjectReader& r) { CHECK_FALSE(r.number("n", {.min = -1, .max = 1})); });
        CHECK(fault.code == "out_of_range");
        CHECK(fault.detail == "must be from -1 to 1");
    }
    CHECK(fault_of(R"({"n": "1"})", [](ObjectReader& r) {
              CHECK_FALSE(r.number("n", {.min = -1, .max = 1}));
          }).code == "wrong_type");
}

TEST_CASE("arrays and booleans are of their type, and arrays have bounds") {
    auto array = [](ObjectReader& r) { CHECK(r.array("a", {.min = 1, .max = 2}) == nullptr); };
    CHECK(fault_of(R"({"a": {}})", array).code == "wrong_type");
    CHECK(fault_of(R"({"a": []})", array).detail == "must have 1 to 2 elements");
    CHECK(fault_of(R"({"a": [1, 2, 3]})", array).code == "out_of_range");
    CHECK(fault_of(R"({"b": 0})", [](ObjectReader& r) { CHECK_FALSE(r.boolean("b")); }).code ==
          "wrong_type");
}

TEST_CASE("what is no object is one fault, however many fields are asked for") {
    Faults faults;
    auto value = parsed("[]");
    ObjectReader reader(value, {}, faults);
    CHECK_FALSE(reader.text("a"));
    CHECK_FALSE(reader.amount("b"));
    CHECK_FALSE(reader.has("c"));
    REQUIRE(faults.count() == 1);
    CHECK(faults.kept()[0].detail == "must be an object");
}

TEST_CASE("unknown keys are refused or ignored, as asked") {
    auto value = parsed(R"({"titel": 1, "title": 2, "x/y": 3})");
    Faults faults;
    ObjectReader ignoring(value, {}, faults);
    CHECK(faults.empty());

    const std::string_view known[] = {"title", "venue"};
    ObjectReader refusing(value, {}, faults, known);
    REQUIRE(faults.count() == 2);
    CHECK(faults.kept()[0].pointer == "/titel");
    CHECK(faults.kept()[0].code == "unknown_field");
    CHECK(faults.kept()[0].detail == "is not known; known here: title, venue");
    CHECK(faults.kept()[1].pointer == "/x~1y");
}

TEST_CASE("faults in nested objects carry the whole pointer") {
    Faults faults;
    auto value = parsed(R"({"seats": [{"at": {"x": 1}}, {"at": {"x": "1"}}]})");
    ObjectReader root(value, {}, faults);
    const auto* seats = root.array("seats", {.min = 1, .max = 9});
    REQUIRE(seats != nullptr);
    JsonPath path = root.path("seats");
    for (std::size_t i = 0; i < seats->size(); ++i) {
        ObjectReader seat((*seats)[i], path.index(i), faults);
        ObjectReader at(*seat.field("at"), seat.path("at"), faults);
        (void)at.integer("x");
    }
    REQUIRE(faults.count() == 1);
    CHECK(faults.kept()[0].pointer == "/seats/1/at/x");
}

TEST_CASE("an error lists the faults") {
    Faults faults;
    JsonPath root;
    faults.add(root, "malformed", "is wrong");
    faults.add(root.key("a"), "missing", "is missing");
    Error error = faults.to_error("the body");
    CHECK(error.code == Errc::request_invalid);
    CHECK(error.detail == "the body: is wrong; /a: is missing");
}

TEST_CASE("an error lists at most 20 faults and counts the others") {
    Faults faults;
    JsonPath root;
    for (std::size_t i = 0; i < 20; ++i) faults.add(root.index(i), "c", "d");
    CHECK(faults.to_error("it").detail.find("more") == std::string::npos);
    for (std::size_t i = 20; i < 100'000; ++i) faults.add(root.index(i), "c", "d");
    CHECK(faults.kept().size() == 20);
    CHECK(faults.count() == 100'000);
    std::string detail = faults.to_error("it").detail;
    CHECK(detail.find("/19: d; and 99980 more") != std::string::npos);
}
