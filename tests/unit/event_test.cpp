#include "concertres/event.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <set>

#include "base/crc32c.hpp"

using namespace concertres;

namespace {

constexpr EventKind all_kinds[] = {
    EventKind::reservation_held,     EventKind::reservation_extended,
    EventKind::reservation_released, EventKind::reservation_expired,
    EventKind::payment_completed,    EventKind::payment_refunded,
    EventKind::payment_authorizing,  EventKind::payment_failed,
    EventKind::seats_blocked,        EventKind::seats_unblocked,
    EventKind::wallet_charged,       EventKind::wallet_paid,
    EventKind::wallet_refunded,      EventKind::pass_admitted,
    EventKind::pass_expired,         EventKind::pass_left,
    EventKind::sale_changed,         EventKind::room_drawn,
};

template <class Id>
Id id(const char* text) {
    return *Id::parse(text);
}

Event full_event() {
    return {.stream = {StreamKind::performance, 2},
            .number = 9,
            .kind = EventKind::payment_completed,
            .at = Time(Duration(1'800'000'000'123'456)),
            .user = id<UserId>("11111111-1111-4111-8111-111111111111"),
            .place = PlaceNumber::of(1, 7),
            .payment = id<PaymentId>("22222222-2222-4222-8222-222222222222"),
            .transfer = id<TransferId>("33333333-3333-4333-8333-333333333333"),
            .items = {{id<ReservationId>("44444444-4444-4444-8444-444444444444"), {7, 8}},
                      {id<ReservationId>("55555555-5555-4555-8555-555555555555"), {}}},
            .amount = {20'000},
            .balance = {5},
            .until = Time(Duration(1'800'000'300'000'001)),
            .pass_expires_at = Time(Duration(1'800'000'600'000'000)),
            .actor = "op",
            .detail = "why"};
}

// The event as it is read back, beside what is kept next to the text.
Event read_back(const Event& event) {
    Event out{.stream = event.stream, .number = event.number, .kind = event.kind, .at = event.at};
    const std::string text = encode(event);
    CAPTURE(text);
    REQUIRE(decode(text, out));
    return out;
}

}  // namespace

TEST_CASE("an event is one JSON object with its keys in a fixed order") {
    CHECK(encode(full_event()) ==
          R"({"user":"11111111-1111-4111-8111-111111111111","place":68719476743,)"
          R"("payment":"22222222-2222-4222-8222-222222222222",)"
          R"("transfer":"33333333-3333-4333-8333-333333333333",)"
          R"("items":[{"reservation":"44444444-4444-4444-8444-444444444444","seats":[7,8]},)"
          R"({"reservation":"55555555-5555-4555-8555-555555555555","seats":[]}],)"
          R"("amount":20000,"balance":5,"until":1800000300000001,)"
          R"("pass_expires_at":1800000600000000,"actor":"op","detail":"why"})");
}

TEST_CASE("fields that an event does not use are not written") {
    CHECK(encode(Event{.kind = EventKind::sale_changed}) == "{}");
    CHECK(encode(Event{.kind = EventKind::seats_blocked, .items = {{.seats = {3}}}}) ==
          R"({"items":[{"seats":[3]}]})");
}

TEST_CASE("an event about money tells sums that are 0 as well") {
    CHECK(encode(Event{.kind = EventKind::wallet_paid, .amount = {100}}) ==
          R"({"amount":100,"balance":0})");
    CHECK(encode(Event{.kind = EventKind::payment_completed}) == R"({"amount":0})");
    CHECK(encode(Event{.kind = EventKind::reservation_held}) == R"({"amount":0})");
}

TEST_CASE("a draw is told with its seed, so that whoever reads it can work out the order") {
    Event event{.kind = EventKind::room_drawn};
    event.draw = EventDraw{.seed = {0x01, 0x23, 0xff}, .epoch = 0, .size = 0};
    CHECK(encode(event) ==
          R"({"draw":{"seed":"0123ff00000000000000000000000000","epoch":0,"size":0}})");
    CHECK(read_back(event) == event);
    event.draw = EventDraw{.seed = {0x01}, .line_class = 7, .epoch = 2, .size = 9};
    CHECK(encode(event) ==
          R"({"draw":{"seed":"01000000000000000000000000000000","class":7,"epoch":2,"size":9}})");
    CHECK(read_back(event) == event);
    event.draw = EventDraw{.epoch = 3, .size = Draw::size_max};
    CHECK(read_back(event) == event);
    CHECK(event_name(EventKind::room_drawn) == "room.drawn");
}

TEST_CASE("an event is read back as it was written") {
    CHECK(read_back(full_event()) == full_event());
    for (const EventKind kind : all_kinds) CHECK(read_back({.kind = kind}) == Event{.kind = kind});
}

TEST_CASE("an event with the largest and the smallest numbers is read back as it was written") {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
    Event event{.items = {{.seats = {std::numeric_limits<SeatNumber>::max(),
                                     std::numeric_limits<SeatNumber>::min()}}},
                .amount = {most},
                .balance = {least},
                .until = Time(Duration(most))};
    CHECK(read_back(event) == event);
}

TEST_CASE("an operator's text is read back byte for byte, whatever it contains") {
    const std::string bytes[] = {
        "\"quoted\"",        "back\\slash", std::string("\0\x01\x1f\x7f", 4),
        "line\nline\ttab\r", "겨울 노래",   "\xff\xfe not UTF-8",
        "</script>"};
    for (const std::string& text : bytes) {
        Event event{.kind = EventKind::sale_changed, .actor = text, .detail = text + text};
        CHECK(read_back(event) == event);
        for (const char c : encode(event)) CHECK(static_cast<unsigned char>(c) >= 0x20);
    }
}

TEST_CASE("reading fills the fields, and keeps what stands beside the text") {
    Event event = full_event();
    REQUIRE(decode(R"({"amount":1})", event));
    CHECK(event == Event{.stream = full_event().stream,
                         .number = 9,
                         .kind = EventKind::payment_completed,
                         .at = full_event().at,
                         .amount = {1}});
}

TEST_CASE("what is not such an object is not read, and changes nothing") {
    const std::string texts[] = {
        "",
        "null",
        "[]",
        "{",
        "{}x",
        R"({"unknown":1})",
        R"({"draw":1})",
        R"({"draw":{"seed":"00","epoch":0,"size":1}})",
        R"({"draw":{"seed":5,"epoch":0,"size":1}})",
        R"({"draw":{"seed":"0123ff00000000000000000000000000","epoch":"0","size":1}})",
        R"({"draw":{"seed":"0123ff00000000000000000000000000","epoch":0,"size":"1"}})",
        R"({"draw":{"seed":"0123ff00000000000000000000000000","epoch":0}})",
        R"({"draw":{"seed":"0123ff00000000000000000000000000","epoch":0,"size":1,"more":1}})",
        R"({"draw":{"seed":"0123ff00000000000000000000000000","class":1,"size":1}})",
        R"({"draw":{"seed":"0123ff00000000000000000000000000","class":1e9,"epoch":0,"size":1}})",
        R"({"amount":"1"})",
        R"({"amount":1.0})",
        R"({"amount":9223372036854775808})",
        R"({"user":1})",
        R"({"user":"11111111"})",
        R"({"place":"5"})",
        R"({"items":{}})",
        R"({"items":[1]})",
        R"({"items":[{}]})",
        R"({"items":[{"seats":[2147483648]}]})",
        R"({"items":[{"seats":[-2147483649]}]})",
        R"({"items":[{"seats":["1"]}]})",
        R"({"items":[{"seats":[],"row":1}]})",
        R"({"items":[{"seats":[],"reservation":"x"}]})",
        R"({"until":null})",
        R"({"actor":7})",
        R"({"amount":1,"detail":{}})",
    };
    for (const std::string& text : texts) {
        CAPTURE(text);
        Event event = full_event();
        CHECK_FALSE(decode(text, event));
        CHECK(event == full_event());
    }
}

TEST_CASE("the checksum changes with every fact that is kept beside the text") {
    const Event event = full_event();
    const std::string text = encode(event);
    std::set<std::uint32_t> sums = {checksum(event, text)};
    auto add = [&](auto&& change) {
        Event other = event;
        change(other);
        sums.insert(checksum(other, text));
    };
    add([](Event& e) { e.stream.kind = StreamKind::wallet; });
    add([](Event& e) { e.stream.owner = 3; });
    add([](Event& e) { e.number = 10; });
    add([](Event& e) { e.kind = EventKind::payment_refunded; });
    add([](Event& e) { e.at += Duration(1); });
    CHECK(sums.size() == 6);
}

TEST_CASE("the checksum finds every flipped bit of the text") {
    const Event event = full_event();
    std::string text = encode(event);
    const std::uint32_t sum = checksum(event, text);
    for (char& c : text) {
        for (int bit = 0; bit < 8; ++bit) {
            const char before = c;
            c = static_cast<char>(static_cast<unsigned char>(c) ^ (1u << bit));
            CHECK(checksum(event, text) != sum);
            c = before;
        }
    }
    CHECK(checksum(event, text) == sum);
}

TEST_CASE("the checksum is stored, so it never changes") {
    // Stream kind, owner, number, kind and microseconds, big-endian, then the text.
    const std::string bytes("\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x09\x0a\0\0\0\0\0\0\x03\xe8{}",
                            28);
    const Event event{.stream = {StreamKind::performance, 2},
                      .number = 9,
                      .kind = EventKind::payment_completed,
                      .at = Time(Duration(1'000))};
    CHECK(checksum(event, "{}") == crc32c(bytes));
}

TEST_CASE("every kind of event has a name of its own") {
    std::set<std::string_view> names;
    for (const EventKind kind : all_kinds) names.insert(event_name(kind));
    CHECK(names == std::set<std::string_view>{
                       "reservation.held", "reservation.extended", "reservation.released",
                       "reservation.expired", "payment.completed", "payment.refunded",
                       "payment.authorizing", "payment.failed", "seats.blocked", "seats.unblocked",
                       "wallet.charged", "wallet.paid", "wallet.refunded", "pass.admitted",
                       "pass.expired", "pass.left", "sale.changed", "room.drawn"});
    CHECK(event_name(EventKind::reservation_held) == "reservation.held");
    CHECK(event_name(EventKind::wallet_paid) == "wallet.paid");
    CHECK(event_name(static_cast<EventKind>(250)) == "unknown");
}
