#include "base/bytes.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace concertres;

TEST_CASE("integers are written big-endian, texts with their length in front") {
    std::string out;
    ByteWriter(out).u8(0x01).u16(0x0203).u32(0x04050607).i64(-2).boolean(true).text("ab").raw("cd");
    CHECK(out == std::string("\x01\x02\x03\x04\x05\x06\x07"
                             "\xff\xff\xff\xff\xff\xff\xff\xfe"
                             "\x01"
                             "\x00\x00\x00\x02"
                             "ab"
                             "cd",
                             24));
}

TEST_CASE("what was written reads back") {
    std::string out;
    ByteWriter(out)
        .u8(255)
        .u16(65'535)
        .u32(4'294'967'295u)
        .u64(18'446'744'073'709'551'615u)
        .i32(std::numeric_limits<std::int32_t>::min())
        .i64(std::numeric_limits<std::int64_t>::min())
        .f64(-0.5)
        .boolean(false)
        .text("")
        .text(std::string_view("a\0b", 3));

    ByteReader in(out);
    std::uint8_t u8 = 0;
    std::uint16_t u16 = 0;
    std::uint32_t u32 = 0;
    std::uint64_t u64 = 0;
    std::int32_t i32 = 0;
    std::int64_t i64 = 0;
    double f64 = 0;
    bool boolean = true;
    std::string empty = "not";
    std::string_view text;
    REQUIRE((in.u8(u8) && in.u16(u16) && in.u32(u32) && in.u64(u64) && in.i32(i32) && in.i64(i64) &&
             in.f64(f64) && in.boolean(boolean) && in.text(empty) && in.text(text)));
    CHECK(in.at_end());
    CHECK(u8 == 255);
    CHECK(u16 == 65'535);
    CHECK(u32 == 4'294'967'295u);
    CHECK(u64 == 18'446'744'073'709'551'615u);
    CHECK(i32 == std::numeric_limits<std::int32_t>::min());
    CHECK(i64 == std::numeric_limits<std::int64_t>::min());
    CHECK(f64 == -0.5);
    CHECK_FALSE(boolean);
    CHECK(empty.empty());
    CHECK(text == std::string_view("a\0b", 3));
}

TEST_CASE("a reader that runs short reads nothing and leaves its output alone") {
    std::string out;
    ByteWriter(out).u64(1).text("text");
    for (std::size_t size = 0; size < 8; ++size) {
        ByteReader in(std::string_view(out).substr(0, size));
        std::uint64_t value = 77;
        CHECK_FALSE(in.u64(value));
        CHECK(value == 77);
        CHECK(in.rest().size() == size);
    }
    for (std::size_t size = 8; size < out.size(); ++size) {
        ByteReader in(std::string_view(out).substr(8, size - 8));
        std::string text = "kept";
        CHECK_FALSE(in.text(text));
        CHECK(text == "kept");
        CHECK(in.rest().size() == size - 8);
    }
}

TEST_CASE("a length that promises more than there is, is refused") {
    std::string out;
    ByteWriter(out).u32(std::numeric_limits<std::uint32_t>::max()).raw("abc");
    ByteReader in(out);
    std::string_view text;
    CHECK_FALSE(in.text(text));
}

TEST_CASE("a boolean is 0 or 1") {
    std::string out;
    ByteWriter(out).u8(2);
    ByteReader in(out);
    bool value = false;
    CHECK_FALSE(in.boolean(value));
    CHECK(in.rest().size() == 1);
}

TEST_CASE("raw bytes read by size or into what has room") {
    ByteReader in("abcdef");
    std::array<std::uint8_t, 2> two{};
    std::string_view three;
    CHECK(in.raw(two));
    CHECK(two == std::array<std::uint8_t, 2>{'a', 'b'});
    CHECK(in.raw(3, three));
    CHECK(three == "cde");
    CHECK_FALSE(in.raw(two));
    CHECK_FALSE(in.raw(2, three));
    CHECK(in.rest() == "f");
}

TEST_CASE("different texts one after the other never give the same bytes") {
    std::string first;
    std::string second;
    ByteWriter(first).text("ab").text("c");
    ByteWriter(second).text("a").text("bc");
    CHECK(first != second);
}
