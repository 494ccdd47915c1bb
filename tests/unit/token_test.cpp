#include "concertres/token.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>

#include "base/base64url.hpp"
#include "base/bytes.hpp"
#include "base/hmac.hpp"

using namespace concertres;
using namespace std::chrono_literals;

namespace {

constexpr Duration week = std::chrono::days(7);

TokenKey key(std::uint32_t id, std::uint8_t seed) {
    TokenKey key{.id = id, .secret = {}};
    for (std::size_t i = 0; i < key.secret.size(); ++i) {
        key.secret[i] = static_cast<std::uint8_t>(seed + i);
    }
    return key;
}

const Time issued = parse_rfc3339("2026-12-24T09:00:00Z")->time;

TokenClaims claims() {
    return {.concert = *ConcertId::parse("8f14e45f-ceea-467f-a0e6-3a1b5c3d7e91"),
            .number = {(std::int64_t{1} << 40) + 42},
            .user = *UserId::parse("00112233-4455-6677-8899-aabbccddeeff"),
            .issued_at = issued};
}

Result<TokenClaims> verify(const TokenKeys& keys, std::string_view token, Time now = issued) {
    return verify_token(keys, TokenPurpose::place, token, now, week);
}

// What every refusal must be, to the letter.
bool is_the_refusal(const Result<TokenClaims>& r) {
    return !r && r.error().code == Errc::token_invalid &&
           r.error().detail == token_refusal().detail && r.error().seats.empty();
}

// A token signed by one who has the key, with a body of their own.
std::string sign_bytes(const TokenKey& key, std::string body) {
    std::string input;
    ByteWriter(input).text("concertres token").text(body);
    ByteWriter(body).raw(HmacSha256(key.secret)(input));
    return encode_base64url(body);
}

std::string body_bytes(std::uint8_t version, std::uint8_t purpose, std::uint32_t key_id,
                       std::int64_t issued_at) {
    const TokenClaims c = claims();
    std::string body;
    ByteWriter(body)
        .u8(version)
        .u8(purpose)
        .u32(key_id)
        .raw(c.concert.uuid.bytes)
        .i64(c.number.value)
        .raw(c.user.uuid.bytes)
        .i64(issued_at);
    return body;
}

}  // namespace

TEST_CASE("a token gives back what was signed") {
    const TokenKeys keys({key(7, 0)});
    const std::string token = sign_token(keys, TokenPurpose::place, claims());
    CHECK(token.size() == 115);
    const auto verified = verify(keys, token);
    REQUIRE(verified);
    CHECK(*verified == claims());
}

TEST_CASE("the bytes of a token never change") {
    // Computed apart from this code, from the documented layout.
    const TokenKeys keys({key(7, 0)});
    TokenClaims c = claims();
    c.issued_at = Time(1'798'102'800'000'000us);
    CHECK(
        sign_token(keys, TokenPurpose::place, c) ==
        "AQEAAAAHjxTkX87qRn-g5jobXD1-kQAAAQAAAAAqABEiM0RVZneImaq7zN3u_wAGY11uqeQAdfyQxst3d1Wuoy_MO-"
        "EsM8X9WmG-9bEuAmJsgrFsl04");
}

TEST_CASE("any bit of a token that is flipped is refused") {
    const TokenKeys keys({key(7, 0), key(6, 9)});
    const std::string token = sign_token(keys, TokenPurpose::place, claims());
    const std::string bytes = *decode_base64url(token);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        std::string changed = bytes;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
        CAPTURE(bit);
        CHECK(is_the_refusal(verify(keys, encode_base64url(changed))));
    }
    for (std::size_t bit = 0; bit < token.size() * 8; ++bit) {
        std::string changed = token;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
        CAPTURE(bit);
        CHECK(is_the_refusal(verify(keys, changed)));
    }
}

TEST_CASE("a token that is cut or has grown is refused") {
    const TokenKeys keys({key(7, 0)});
    const std::string token = sign_token(keys, TokenPurpose::place, claims());
    for (std::size_t size = 0; size < token.size(); ++size) {
        CAPTURE(size);
        CHECK(is_the_refusal(verify(keys, token.substr(0, size))));
        CHECK(is_the_refusal(verify(keys, token.substr(token.size() - size))));
    }
    CHECK(is_the_refusal(verify(keys, token + "A")));
    CHECK(is_the_refusal(verify(keys, token + "=")));
    CHECK(is_the_refusal(verify(keys, " " + token)));
    CHECK(is_the_refusal(verify(keys, token + token)));
    CHECK(is_the_refusal(verify(keys, std::string(1'000'000, 'A'))));
}

TEST_CASE("another key's token is refused, under another id and under the same") {
    const std::string token = sign_token(TokenKeys({key(7, 0)}), TokenPurpose::place, claims());
    CHECK(is_the_refusal(verify(TokenKeys({key(8, 0)}), token)));
    CHECK(is_the_refusal(verify(TokenKeys({key(7, 1)}), token)));
}

TEST_CASE("a token cannot name another of our keys than the one that signed it") {
    const TokenKeys keys({key(7, 0), key(8, 50)});
    std::string bytes = *decode_base64url(sign_token(keys, TokenPurpose::place, claims()));
    bytes[5] = 8;
    CHECK(is_the_refusal(verify(keys, encode_base64url(bytes))));
}

TEST_CASE("another purpose's token is refused") {
    const TokenKeys keys({key(7, 0)});
    const auto other = static_cast<TokenPurpose>(2);
    const std::string token = sign_token(keys, other, claims());
    CHECK(is_the_refusal(verify(keys, token)));
    CHECK(verify_token(keys, other, token, issued, week));
    const std::string place = sign_token(keys, TokenPurpose::place, claims());
    CHECK(is_the_refusal(verify_token(keys, other, place, issued, week)));
}

TEST_CASE("a token rewritten for another room, user or place is refused") {
    const TokenKeys keys({key(7, 0)});
    const std::string token = sign_token(keys, TokenPurpose::place, claims());
    TokenClaims changed[] = {claims(), claims(), claims(), claims()};
    changed[0].concert = ConcertId::random();
    changed[1].user = UserId::random();
    changed[2].number = PlaceNumber::of(1, 1);
    changed[3].issued_at += 1us;
    for (const TokenClaims& c : changed) {
        // Their own body with the MAC of ours.
        const std::string body =
            decode_base64url(sign_token(keys, TokenPurpose::place, c))->substr(0, 54);
        const std::string forged = body + decode_base64url(token)->substr(54);
        CHECK(is_the_refusal(verify(keys, encode_base64url(forged))));
    }
}

TEST_CASE("a version that is not ours is refused, even when it is signed") {
    const TokenKeys keys({key(7, 0)});
    const std::int64_t at = issued.time_since_epoch().count();
    CHECK(verify(keys, sign_bytes(key(7, 0), body_bytes(1, 1, 7, at))));
    CHECK(is_the_refusal(verify(keys, sign_bytes(key(7, 0), body_bytes(0, 1, 7, at)))));
    CHECK(is_the_refusal(verify(keys, sign_bytes(key(7, 0), body_bytes(2, 1, 7, at)))));
}

TEST_CASE("a token is good to its greatest age and not beyond") {
    const TokenKeys keys({key(7, 0)});
    const std::string token = sign_token(keys, TokenPurpose::place, claims());
    CHECK(verify(keys, token, issued + week));
    CHECK(is_the_refusal(verify(keys, token, issued + week + 1us)));
}

TEST_CASE("a token may be issued a minute ahead of now, and no more") {
    const TokenKeys keys({key(7, 0)});
    const std::string token = sign_token(keys, TokenPurpose::place, claims());
    CHECK(verify(keys, token, issued - 60s));
    CHECK(is_the_refusal(verify(keys, token, issued - 60s - 1us)));
}

TEST_CASE("a time of issue at the ends of its type is refused without overflow") {
    const TokenKeys keys({key(7, 0)});
    for (const std::int64_t at :
         {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
        const std::string token = sign_bytes(key(7, 0), body_bytes(1, 1, 7, at));
        CHECK(is_the_refusal(verify(keys, token)));
        CHECK(is_the_refusal(verify(keys, token, Time(-1us))));
    }
}

TEST_CASE("keys rotate without a failed token") {
    const TokenKeys old_only({key(1, 10)});
    const TokenKeys old_first({key(1, 10), key(2, 20)});
    const TokenKeys new_first({key(2, 20), key(1, 10)});
    const TokenKeys new_only({key(2, 20)});

    const std::string old_token = sign_token(old_first, TokenPurpose::place, claims());
    const std::string new_token = sign_token(new_first, TokenPurpose::place, claims());
    CHECK(sign_token(old_only, TokenPurpose::place, claims()) == old_token);
    CHECK(sign_token(new_only, TokenPurpose::place, claims()) == new_token);
    // Instances change one after the other: neighbours in time must read each other's tokens.
    for (const TokenKeys* keys : {&old_only, &old_first, &new_first})
        CHECK(verify(*keys, old_token));
    for (const TokenKeys* keys : {&old_first, &new_first, &new_only})
        CHECK(verify(*keys, new_token));
    CHECK(is_the_refusal(verify(new_only, old_token)));
}

TEST_CASE("keys without a key, or with one id twice, are refused and tell no secret") {
    CHECK_THROWS_AS(TokenKeys({}), std::invalid_argument);
    TokenKey a = key(7, 0);
    a.secret.fill('S');
    try {
        const TokenKeys keys({a, key(7, 1)});
        FAIL("it did not throw");
    } catch (const std::invalid_argument& e) {
        CHECK(std::string(e.what()).find('7') != std::string::npos);
        CHECK(std::string(e.what()).find("SS") == std::string::npos);
    }
}

TEST_CASE("keys are checked without being made, and a secret that nobody set is refused") {
    CHECK(check(std::vector{key(1, 0), key(2, 0)}));
    CHECK(check(std::vector<TokenKey>{}).error().code == Errc::request_invalid);
    CHECK(check(std::vector{key(7, 0), key(7, 1)}).error().detail.find("7") != std::string::npos);
    const TokenKey unset{.id = 9, .secret = {}};
    CHECK(check(std::vector{unset}).error().detail.find("zeros") != std::string::npos);
    CHECK_THROWS_AS(TokenKeys({key(1, 0), unset}), std::invalid_argument);
}

TEST_CASE("copies of keys sign and verify the same, also when the first is gone") {
    auto first = std::make_unique<TokenKeys>(std::vector<TokenKey>{key(7, 0)});
    const TokenKeys copy = *first;
    const std::string token = sign_token(*first, TokenPurpose::place, claims());
    const TokenKeys moved = std::move(*first);
    first.reset();
    CHECK(verify(copy, token));
    CHECK(verify(moved, token));
}

TEST_CASE("threads may share keys") {
    const TokenKeys keys({key(7, 0)});
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (std::int64_t t = 0; t < 4; ++t) {
        threads.emplace_back([&keys, &wrong, t] {
            TokenClaims c = claims();
            for (std::int64_t i = 0; i < 500; ++i) {
                c.number = PlaceNumber::of(t, i);
                const auto r = verify(keys, sign_token(keys, TokenPurpose::place, c));
                if (!r || *r != c) ++wrong;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == 0);
}
