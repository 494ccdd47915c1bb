#include "concertres/ticket.hpp"

#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/base64url.hpp"
#include "base/bytes.hpp"
#include "base/ed25519.hpp"
#include "base/hex.hpp"
#include "concertres/token.hpp"

using namespace concertres;
using namespace std::chrono_literals;

namespace {

TicketKey key(std::uint32_t id, std::uint8_t seed) {
    TicketKey key{.id = id};
    for (std::size_t i = 0; i < key.secret.size(); ++i) {
        key.secret[i] = static_cast<std::uint8_t>(seed + i);
    }
    return key;
}

Ticket ticket() {
    const OffsetTime first = *parse_rfc3339("2026-12-24T19:00:00+09:00");
    return {.payment = *PaymentId::parse("9e8d7c6b-5a49-4382-9170-6f5e4d3c2b1a"),
            .concert = *ConcertId::parse("8f14e45f-ceea-467f-a0e6-3a1b5c3d7e91"),
            .issued_at = parse_rfc3339("2026-12-01T01:02:00Z")->time,
            .dates = {{.performance = *PerformanceId::parse("2b7d1c34-6e0a-4f5b-9c58-1d2e3f4a5b6c"),
                       .starts_at = first.time,
                       .utc_offset = first.utc_offset,
                       .seats = {{7, "Stalls", "Row 1 Seat 7"}, {8, "Stalls", "Row 1 Seat 8"}}},
                      {.performance = *PerformanceId::parse("00112233-4455-6677-8899-aabbccddeeff"),
                       .starts_at = first.time + 24h,
                       .utc_offset = -210min,
                       .seats = {{std::numeric_limits<SeatNumber>::max(), "", "한 줄"}}}}};
}

TicketVerdict verdict(const TicketKeys& keys, std::string_view text) {
    const CheckedTicket checked = verify_ticket(keys.public_keys(), text);
    if (checked.verdict != TicketVerdict::good) CHECK(checked.ticket == Ticket{});
    return checked.verdict;
}

// A ticket signed by one who has the key, with bytes of their own.
std::string sign_bytes(const TicketKey& key, std::string bytes,
                       std::string_view domain = "concertres ticket") {
    std::string message;
    ByteWriter(message).text(domain).raw(bytes);
    ByteWriter(bytes).raw(Ed25519Key(key.secret).sign(message));
    return encode_base64url(bytes);
}

// What is signed of a ticket of ours.
std::string signed_bytes(const TicketKey& key, const Ticket& what = ticket()) {
    std::string bytes = *decode_base64url(sign_ticket(TicketKeys({key}), what));
    bytes.resize(bytes.size() - 64);
    return bytes;
}

}  // namespace

TEST_CASE("Ed25519 signs and verifies what RFC 8032 gives as examples") {
    struct Example {
        const char* seed;
        const char* key;
        std::string message;
        const char* signature;
    };
    const Example examples[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701"
         "cf9b46bd25bf5f0595bbe24655141438e7a100b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "\x72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d"
         "0f11d8c387b2eaeb4302aeeb00d291612bb0c00"}};
    for (const Example& example : examples) {
        Ed25519Key::Seed seed{};
        Ed25519Key::PublicKey expected_key{};
        Ed25519Key::Signature signature{};
        REQUIRE(from_hex(example.seed, seed));
        REQUIRE(from_hex(example.key, expected_key));
        REQUIRE(from_hex(example.signature, signature));
        const Ed25519Key made(seed);
        CHECK(made.public_key() == expected_key);
        CHECK(made.sign(example.message) == signature);
        CHECK(verify_ed25519(expected_key, example.message, signature));
        CHECK_FALSE(verify_ed25519(expected_key, example.message + "x", signature));
    }
}

TEST_CASE("a ticket gives back what was signed") {
    const TicketKeys keys({key(7, 0)});
    const CheckedTicket checked = verify_ticket(keys.public_keys(), sign_ticket(keys, ticket()));
    CHECK(checked.verdict == TicketVerdict::good);
    CHECK(checked.key_id == 7);
    CHECK(checked.ticket == ticket());
}

TEST_CASE("a payment has one ticket, however often it is signed") {
    const TicketKeys keys({key(7, 0)});
    CHECK(sign_ticket(keys, ticket()) == sign_ticket(keys, ticket()));
}

TEST_CASE("a ticket of no seats, and one of very many, come back too") {
    const TicketKeys keys({key(7, 0)});
    Ticket none = ticket();
    none.dates.clear();
    Ticket many = ticket();
    for (SeatNumber n = 1; n <= 1'000; ++n) {
        many.dates.back().seats.push_back(
            {n, std::string(500, 'S'), std::string(static_cast<std::size_t>(n) / 2, 'L')});
    }
    for (const Ticket& what : {none, many}) {
        const auto checked = verify_ticket(keys.public_keys(), sign_ticket(keys, what));
        CHECK(checked.verdict == TicketVerdict::good);
        CHECK(checked.ticket == what);
    }
}

TEST_CASE("the ticket of neighbours is short enough for a small code") {
    const TicketKeys keys({key(7, 0)});
    Ticket what = ticket();
    what.dates.pop_back();
    // A code of version 11 has room for 251 bytes, of version 13 for 331.
    CHECK(sign_ticket(keys, what).size() <= 251);
    for (SeatNumber n = 9; n <= 14; ++n) {
        what.dates[0].seats.push_back({n, "Stalls", "Row 1 Seat " + std::to_string(n)});
    }
    CHECK(sign_ticket(keys, what).size() <= 331);
}

TEST_CASE("any bit of a ticket that is flipped is refused") {
    const TicketKeys keys({key(7, 0), key(6, 9)});
    const std::string text = sign_ticket(keys, ticket());
    const std::string bytes = *decode_base64url(text);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        std::string changed = bytes;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
        CAPTURE(bit);
        // The first two bytes say what it is, the next four by which key.
        const auto expected = bit < 16   ? TicketVerdict::foreign
                              : bit < 48 ? TicketVerdict::unknown_key
                                         : TicketVerdict::altered;
        // 7 ^ 1 is 6, and that key has not signed it.
        const bool is_other_key = bit == 40;
        CHECK(verdict(keys, encode_base64url(changed)) ==
              (is_other_key ? TicketVerdict::altered : expected));
    }
    for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
        std::string changed = text;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
        CAPTURE(bit);
        CHECK(verdict(keys, changed) != TicketVerdict::good);
    }
}

TEST_CASE("a ticket that is cut or has grown is refused") {
    const TicketKeys keys({key(7, 0)});
    const std::string text = sign_ticket(keys, ticket());
    for (std::size_t size = 0; size < text.size(); ++size) {
        CAPTURE(size);
        CHECK(verdict(keys, text.substr(0, size)) != TicketVerdict::good);
        if (size > 0) CHECK(verdict(keys, text.substr(size)) != TicketVerdict::good);
    }
    for (const std::string& grown : {text + "A", text + "AAAA", text + text}) {
        CHECK(verdict(keys, grown) != TicketVerdict::good);
    }
    for (const std::string& odd :
         {text + "=", " " + text, text + "\n", std::string("no ticket!")}) {
        CHECK(verdict(keys, odd) == TicketVerdict::malformed);
    }
    CHECK(verdict(keys, std::string(1'000'000, 'A')) == TicketVerdict::foreign);
}

TEST_CASE("no two texts are one ticket: the last letter has no bits to spare") {
    const TicketKeys keys({key(7, 0)});
    Ticket what = ticket();
    // One of three lengths in a row leaves no letter half used; the others have spare bits.
    for (const char* label : {"", "a", "ab"}) {
        what.dates[0].seats[0].label = label;
        const std::string text = sign_ticket(keys, what);
        int good = 0;
        for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                             "0123456789-_")) {
            std::string other = text;
            other.back() = c;
            good += verdict(keys, other) == TicketVerdict::good ? 1 : 0;
        }
        CHECK(good == 1);
    }
}

TEST_CASE("another key's ticket is refused, under another id and under the same") {
    const std::string text = sign_ticket(TicketKeys({key(7, 0)}), ticket());
    CHECK(verdict(TicketKeys({key(8, 0)}), text) == TicketVerdict::unknown_key);
    CHECK(verdict(TicketKeys({key(7, 1)}), text) == TicketVerdict::altered);
    CHECK(verify_ticket({}, text).verdict == TicketVerdict::unknown_key);
    CHECK(verify_ticket({}, text).key_id == 7);
}

TEST_CASE("what is signed for another purpose is no ticket, even with the same key") {
    const TicketKey ours = key(7, 0);
    const TicketKeys keys({ours});
    const std::string bytes = signed_bytes(ours);
    CHECK(verdict(keys, sign_bytes(ours, bytes)) == TicketVerdict::good);
    CHECK(verdict(keys, sign_bytes(ours, bytes, "concertres token")) == TicketVerdict::altered);
    for (const std::size_t at : {0U, 1U}) {
        for (const char value : {'\0', '\x03', '\x7f'}) {
            std::string other = bytes;
            other[at] = value;
            CHECK(verdict(keys, sign_bytes(ours, other)) == TicketVerdict::foreign);
        }
    }
    // A token has the secret's bytes for another algorithm, and the form of a token.
    TokenKey token_key{.id = 7};
    token_key.secret = ours.secret;
    const std::string token = sign_token(TokenKeys({token_key}), TokenPurpose::place, {});
    CHECK(verdict(keys, token) == TicketVerdict::foreign);
    const auto as_token = verify_token(TokenKeys({token_key}), TokenPurpose::place,
                                       sign_ticket(keys, ticket()), Time{}, 24h);
    CHECK_FALSE(as_token);
}

TEST_CASE("a content that is signed and is none is refused, however it is cut or lies") {
    const TicketKey ours = key(7, 0);
    const TicketKeys keys({ours});
    const std::string bytes = signed_bytes(ours);
    for (std::size_t size = 6; size < bytes.size(); ++size) {
        CAPTURE(size);
        CHECK(verdict(keys, sign_bytes(ours, bytes.substr(0, size))) == TicketVerdict::foreign);
    }
    CHECK(verdict(keys, sign_bytes(ours, bytes + '\0')) == TicketVerdict::foreign);
    // A count of 2^62 dates; a shared length beyond the seat before; a number beyond its type.
    const std::string head = bytes.substr(0, 6 + 16 + 16 + 8);
    const std::string date = bytes.substr(head.size() + 1, 16 + 8 + 2);
    const std::string huge = "\xff\xff\xff\xff\xff\xff\xff\xff\x3f";
    for (const std::string& tail :
         {huge, "\x01" + date + huge, "\x01" + date + std::string("\x01\x07\x01\x00", 4),
          "\x01" + date + "\x01" + huge,
          "\x01" + date + std::string("\x01\x07\x00\x00\x00", 5) + huge}) {
        CHECK(verdict(keys, sign_bytes(ours, head + tail)) == TicketVerdict::foreign);
    }
}

TEST_CASE("ticket keys rotate: the first signs, all verify, and one that is gone does not") {
    const TicketKeys old_only({key(1, 10)});
    const TicketKeys both({key(2, 20), key(1, 10)});
    const TicketKeys new_only({key(2, 20)});
    const std::string before = sign_ticket(old_only, ticket());
    const std::string after = sign_ticket(both, ticket());
    CHECK(after == sign_ticket(new_only, ticket()));
    CHECK(verdict(both, before) == TicketVerdict::good);
    CHECK(verdict(both, after) == TicketVerdict::good);
    CHECK(verdict(new_only, before) == TicketVerdict::unknown_key);
    CHECK(verdict(old_only, after) == TicketVerdict::unknown_key);
    CHECK(both.public_keys().front() == new_only.public_keys().front());
}

TEST_CASE("ticket keys without a key, with one id twice or of zeros are refused") {
    CHECK_THROWS_AS(TicketKeys({}), std::invalid_argument);
    CHECK_THROWS_AS(TicketKeys({TicketKey{.id = 1}}), std::invalid_argument);
    TicketKey a = key(7, 0);
    a.secret.fill('S');
    try {
        const TicketKeys keys({a, key(7, 1)});
        FAIL("it did not throw");
    } catch (const std::invalid_argument& e) {
        CHECK(std::string(e.what()) == "ticket keys: the id 7 appears twice");
    }
}
