#include "concertres/ids.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_set>

using namespace concertres;

namespace {

constexpr std::string_view written = "8f14e45f-ceea-467f-a0e6-3a1b5c3d7e91";

}  // namespace

TEST_CASE("a UUID reads back as it was written") {
    const auto uuid = Uuid::parse(written);
    REQUIRE(uuid);
    CHECK(uuid->to_string() == written);
    CHECK(uuid->bytes[0] == 0x8f);
    CHECK(uuid->bytes[15] == 0x91);
    CHECK(Uuid{}.to_string() == "00000000-0000-0000-0000-000000000000");
}

TEST_CASE("a UUID in upper case is the same one, written in lower case") {
    std::string upper(written);
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c; });
    REQUIRE(Uuid::parse(upper));
    CHECK(Uuid::parse(upper)->to_string() == written);
}

TEST_CASE("what is not 8-4-4-4-12 is no UUID") {
    for (const std::string_view text : {
             "",
             "8f14e45f",
             "8f14e45fceea467fa0e63a1b5c3d7e91",
             "8f14e45f-ceea-467f-a0e6-3a1b5c3d7e9",
             "8f14e45f-ceea-467f-a0e6-3a1b5c3d7e911",
             " 8f14e45f-ceea-467f-a0e6-3a1b5c3d7e9",
             "{8f14e45f-ceea-467f-a0e6-3a1b5c3d7e9}",
             "8f14e45fc-eea-467f-a0e6-3a1b5c3d7e91",
             "8f14e45f-ceea-467f-a0e6-3a1b5c3d7e9g",
             "8f14e45f_ceea_467f_a0e6_3a1b5c3d7e91",
         }) {
        CAPTURE(text);
        CHECK_FALSE(Uuid::parse(text));
    }
}

TEST_CASE("any foreign character at any position is refused") {
    for (std::size_t i = 0; i < written.size(); ++i) {
        for (const char foreign : {'g', 'G', '/', ':', '@', '`', ' ', '\0', '\x80'}) {
            std::string text(written);
            text[i] = foreign;
            CAPTURE(i);
            CHECK_FALSE(Uuid::parse(text));
        }
    }
}

TEST_CASE("a name always gives the same UUID") {
    CHECK(Uuid::from_name("alice@example.org").to_string() ==
          "569f86b9-4e35-52dc-8405-7e0876b8e6e8");
    CHECK(Uuid::from_name("").to_string() == "3970e9af-9138-509c-8bf9-70f3f5783cec");
    CHECK(Uuid::from_name("김 민지").to_string() == "6104546f-79d7-519a-8a82-02978ff0e519");
    CHECK(UserId::from_name("a") != UserId::from_name("b"));
}

TEST_CASE("random UUIDs are of version 4 and differ") {
    std::set<Uuid> seen;
    for (int i = 0; i < 1'000; ++i) {
        const Uuid uuid = Uuid::random();
        CHECK((uuid.bytes[6] >> 4) == 4);
        CHECK((uuid.bytes[8] >> 6) == 2);
        CHECK(seen.insert(uuid).second);
    }
}

TEST_CASE("ids of different things are different types") {
    static_assert(!std::is_convertible_v<UserId, ConcertId>);
    static_assert(!std::is_convertible_v<UserKey, ConcertKey>);
    static_assert(!std::is_convertible_v<std::int64_t, UserKey>);
    CHECK(UserId{}.is_nil());
    CHECK_FALSE(UserId::random().is_nil());
    CHECK_FALSE(UserKey{});
    CHECK(UserKey{1});
}

TEST_CASE("ids that differ in one byte hash apart") {
    std::unordered_set<std::size_t> hashes;
    for (std::size_t byte = 0; byte < 16; ++byte) {
        for (unsigned value = 1; value < 256; ++value) {
            UserId id;
            id.uuid.bytes[byte] = static_cast<std::uint8_t>(value);
            hashes.insert(std::hash<UserId>{}(id));
        }
    }
    CHECK(hashes.size() == 16 * 255);
}

TEST_CASE("ids that count in both halves hash apart, and so do those whose halves are swapped") {
    constexpr std::uint32_t count = 20'000;
    std::unordered_set<std::size_t> hashes;
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto counted = Uuid::parse(fmt::format("{:08x}-0000-4000-8000-{:012x}", i, i));
        REQUIRE(counted);
        UserId id{*counted};
        hashes.insert(std::hash<UserId>{}(id));
        std::ranges::rotate(id.uuid.bytes, id.uuid.bytes.begin() + 8);
        hashes.insert(std::hash<UserId>{}(id));
    }
    CHECK(hashes.size() == 2 * count);
}

TEST_CASE("a place number is an epoch and a sequence, ordered as one") {
    CHECK(PlaceNumber::of(0, 1).value == 1);
    const PlaceNumber number = PlaceNumber::of(3, 77);
    CHECK(number.epoch() == 3);
    CHECK(number.sequence() == 77);
    CHECK(PlaceNumber::of(0, PlaceNumber::sequences_max - 1) < PlaceNumber::of(1, 0));
    CHECK(PlaceNumber::of(1, 1) < PlaceNumber::of(1, 2));
}

TEST_CASE("a place number tells its class, and is safe in JavaScript") {
    const PlaceNumber number = PlaceNumber::of({.line_class = 9, .epoch = 3, .sequence = 77});
    CHECK(number.line_class() == 9);
    CHECK(number.epoch() == 3);
    CHECK(number.sequence() == 77);
    CHECK(number.is_valid());
    CHECK(PlaceNumber::of(3, 77).line_class() == 0);
    CHECK(PlaceNumber::last_of(8) < PlaceNumber::of({.line_class = 9}));
    CHECK(number < PlaceNumber::last_of(9));
    constexpr LineClass last = PlaceNumber::classes_max - 1;
    const PlaceNumber largest = PlaceNumber::last_of(last);
    CHECK(largest.line_class() == last);
    CHECK(largest.value == (std::int64_t{1} << 53) - 1);
    CHECK(largest.is_valid());
    for (const std::int64_t value :
         {std::int64_t{0}, std::int64_t{-1}, INT64_MIN, largest.value + 1, INT64_MAX}) {
        CHECK_FALSE(PlaceNumber{value}.is_valid());
        CHECK(PlaceNumber{value}.line_class() >= 0);
        CHECK(PlaceNumber{value}.line_class() <= last);
    }
    CHECK_FALSE(PlaceNumber::of(1, 0).is_valid());
}
