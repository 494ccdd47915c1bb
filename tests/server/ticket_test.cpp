// The tickets that buyers are given, and the keys that doors take, over HTTP.
#include "concertres/ticket.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/ticket_keys_file.hpp"
#include "server/test_server.hpp"

using namespace concertres;
using namespace concertres::test;
using concertres::server::read_ticket_keys_json;
using namespace std::chrono_literals;

namespace {

std::string target_of(const Reply& paid) {
    return "/v1/payments/" + paid.text("/payment_id") + "/ticket";
}

TicketKey key(std::uint32_t id) {
    TicketKey key{.id = id};
    key.secret.fill(static_cast<std::uint8_t>(id));
    return key;
}

// What a door has that asked for the keys.
std::vector<TicketPublicKey> door_keys(TestServer& server) {
    const Reply told = server.get("/v1/ticket-keys");
    CHECK(told.outcome() == "200");
    auto keys = read_ticket_keys_json(told.body);
    REQUIRE(keys);
    return std::move(*keys);
}

ServerSettings with_key(std::uint32_t id) {
    ServerSettings settings;
    settings.engine.ticket_keys = {key(id)};
    return settings;
}

}  // namespace

TEST_CASE("a buyer is given a ticket that says what was bought, and that a door verifies") {
    TestServer server(with_key(7));
    const SmallSale sale = server.add(SmallSale::draft(50, 2));
    const Buyer ann = server.buyer("ann", sale.concert);
    const Reply first = server.hold(ann, sale.performances[0], {8, 7});
    const Reply second = server.hold(ann, sale.performances[1], {9});
    REQUIRE(server.charge(ann, 150'000).outcome() == "201");
    const Reply paid =
        server.pay(ann, {first.text("/reservation_id"), second.text("/reservation_id")});
    REQUIRE(paid.outcome() == "201");
    const std::string paid_at = paid.text("/paid_at");
    server.clock().advance(1h);

    const Reply given = server.get(target_of(paid), ann);
    CHECK(given.outcome() == "200");
    CHECK(given.field("Cache-Control") == "no-store");
    check_json(given.json, R"({"ticket": "$TICKET", "key_id": 7, "payment_id": "$PAYMENT",
        "concert_id": "$CONCERT", "issued_at": "$PAID",
        "dates": [
            {"performance_id": "$FIRST", "date": "2090-12-24",
             "starts_at": "2090-12-24T19:00:00.000+09:00",
             "seats": [{"number": 7, "label": "7"}, {"number": 8, "label": "8"}]},
            {"performance_id": "$SECOND", "date": "2090-12-25",
             "starts_at": "2090-12-25T19:00:00.000+09:00",
             "seats": [{"number": 9, "label": "9"}]}]})",
               {{"TICKET", given.text("/ticket")},
                {"PAYMENT", paid.text("/payment_id")},
                {"CONCERT", sale.concert.to_string()},
                {"PAID", paid_at},
                {"FIRST", sale.performances[0].to_string()},
                {"SECOND", sale.performances[1].to_string()}});

    const CheckedTicket checked = verify_ticket(door_keys(server), given.text("/ticket"));
    CHECK(checked.verdict == TicketVerdict::good);
    CHECK(checked.ticket.payment.to_string() == paid.text("/payment_id"));
    REQUIRE(checked.ticket.dates.size() == 2);
    CHECK(to_rfc3339(checked.ticket.dates[1].starts_at, checked.ticket.dates[1].utc_offset) ==
          "2090-12-25T19:00:00.000+09:00");
    CHECK(checked.ticket.dates[0].seats == std::vector<TicketSeat>{{7, "", "7"}, {8, "", "8"}});
    // Asked for again it is the same.
    CHECK(server.get(target_of(paid), ann).body == given.body);
}

TEST_CASE("seats of an area and of sections are on the ticket by those names") {
    TestServer server;
    ConcertDraft draft = SmallSale::draft(2);
    draft.seats[0].section = "Stalls";
    draft.seats.push_back(
        {.number = 3, .section = "Floor", .price = SmallSale::price, .general = true});
    const SmallSale sale = server.add(std::move(draft));
    const Buyer ann = server.buyer("ann", sale.concert);
    const Reply seat = server.hold(ann, sale.performance(), {1});
    const Reply floor = server.hold_wanted(ann, sale.performance(),
                                           R"("areas": [{"section": "Floor", "count": 1}])");
    REQUIRE(server.charge(ann, 100'000).outcome() == "201");
    const Reply paid =
        server.pay(ann, {seat.text("/reservation_id"), floor.text("/reservation_id")});
    REQUIRE(paid.outcome() == "201");
    const Reply given = server.get(target_of(paid), ann);
    const CheckedTicket checked = verify_ticket(door_keys(server), given.text("/ticket"));
    REQUIRE(checked.ticket.dates.size() == 1);
    CHECK(checked.ticket.dates[0].seats ==
          std::vector<TicketSeat>{{1, "Stalls", "1"}, {3, "Floor", "Floor"}});
    CHECK(given.text("/dates/0/seats/0/section") == "Stalls");
}

TEST_CASE("a ticket is its owner's alone, with a token of its concert") {
    TestServer server;
    const SmallSale sale = server.add();
    const SmallSale other = server.add();
    const Buyer ann = server.buyer("ann", sale.concert);
    const Buyer bob = server.buyer("bob", sale.concert);
    const Reply paid = server.buy(ann, sale.performance(), {7});
    const std::string target = target_of(paid);

    // The pass was spent by the payment; a token is enough.
    CHECK(server.place(ann).text("/status") == "spent");
    CHECK(server.get(target, ann).outcome() == "200");
    CHECK(server.get(target).outcome() == "401 token_required");
    CHECK(server.get(target, {.token = "x"}).outcome() == "401 token_invalid");
    CHECK(server.get(target, bob).outcome() == "404 unknown_payment");
    CHECK(server.get(target, server.buyer("ann", other.concert)).outcome() == "401 token_invalid");
    CHECK(server.get("/v1/payments/x/ticket", ann).outcome() == "404 unknown_payment");
    CHECK(
        server.get("/v1/payments/" + PaymentId::random().to_string() + "/ticket", ann).outcome() ==
        "404 unknown_payment");
    // A reservation that nobody has paid has no payment, and so no ticket.
    const Buyer again = server.again(ann, sale.concert);
    const Reply held = server.hold(again, sale.performance(), {9});
    CHECK(server.get("/v1/payments/" + held.text("/reservation_id") + "/ticket", again).outcome() ==
          "404 unknown_payment");
}

TEST_CASE("a refunded payment has no ticket, and until when it can be refunded is told") {
    TestServer server;
    ConcertDraft draft = SmallSale::draft();
    draft.refunds.until_before_start = 24h;
    const SmallSale sale = server.add(std::move(draft));
    const Buyer ann = server.buyer("ann", sale.concert);
    const Reply paid = server.buy(ann, sale.performance(), {7});
    CHECK(paid.text("/refundable_until") == "2090-12-23T10:00:00.000Z");
    REQUIRE(server.get(target_of(paid), ann).outcome() == "200");

    const Reply refunded = server.refund(ann, paid.text("/payment_id"));
    REQUIRE(refunded.outcome() == "200");
    CHECK(refunded.at("/refundable_until").is_null());
    CHECK(server.get(target_of(paid), ann).outcome() == "409 reservation_refunded");
}

TEST_CASE("a payment says that no money is given back where the concert gives none") {
    TestServer server;
    ConcertDraft draft = SmallSale::draft();
    draft.refunds.allowed = false;
    const SmallSale sale = server.add(std::move(draft));
    const Buyer ann = server.buyer("ann", sale.concert);
    const Reply paid = server.buy(ann, sale.performance(), {7});
    CHECK(paid.at("/refundable_until").is_null());
    CHECK(server.refund(ann, paid.text("/payment_id")).outcome() == "409 refund_not_allowed");
}

TEST_CASE("what can be refunded until a moment can be at that moment, and not after it") {
    TestServer server;
    ConcertDraft draft = SmallSale::draft();
    draft.performances[0].starts_at.time = server.clock().wall() + 2h;
    draft.refunds.until_before_start = 1h;
    const SmallSale sale = server.add(std::move(draft));
    const Buyer ann = server.buyer("ann", sale.concert);
    const Buyer bob = server.buyer("bob", sale.concert);
    const Reply first = server.buy(ann, sale.performance(), {7});
    const Reply second = server.buy(bob, sale.performance(), {8});
    REQUIRE(first.text("/refundable_until") == to_rfc3339(server.clock().wall() + 1h));
    server.clock().advance(1h);
    CHECK(server.refund(ann, first.text("/payment_id")).outcome() == "200");
    server.clock().advance(1ms);
    CHECK(server.refund(bob, second.text("/payment_id")).outcome() == "409 refund_not_allowed");
}

TEST_CASE("keys are told to anybody on both addresses, and are public halves") {
    TestServer server(with_key(7));
    const Reply told = server.get("/v1/ticket-keys");
    const std::string public_key = "6kpsY-KcUgq-9VB7Ey7F-ZVHdq6-vnuSQh7qaRRG0iw";
    check_json(told.json,
               R"({"keys": [{"key_id": 7, "algorithm": "Ed25519", "public_key": "$KEY"}]})",
               {{"KEY", public_key}});
    CHECK(server.ask_operators({.target = "/v1/ticket-keys"}).body == told.body);
}

TEST_CASE("keys rotate under a running server, and old tickets verify while their key is told") {
    TestServer server(with_key(1));
    const SmallSale sale = server.add();
    const Buyer ann = server.buyer("ann", sale.concert);
    const Reply paid = server.buy(ann, sale.performance(), {7});
    const std::string before = server.get(target_of(paid), ann).text("/ticket");

    server.office().replace_ticket_keys({key(2), key(1)});
    const Reply after = server.get(target_of(paid), ann);
    CHECK(after.number("/key_id") == 2);
    CHECK(verify_ticket(door_keys(server), before).verdict == TicketVerdict::good);
    CHECK(verify_ticket(door_keys(server), after.text("/ticket")).verdict == TicketVerdict::good);

    server.office().replace_ticket_keys({key(2)});
    CHECK(verify_ticket(door_keys(server), before).verdict == TicketVerdict::unknown_key);
    CHECK_THROWS_AS(server.office().replace_ticket_keys({}), std::invalid_argument);
    CHECK(verify_ticket(door_keys(server), after.text("/ticket")).verdict == TicketVerdict::good);
}

TEST_CASE("a file of keys with faults is refused with all of them") {
    const auto refusal = [](const std::string& text) {
        const auto keys = read_ticket_keys_json(text);
        REQUIRE_FALSE(keys);
        return keys.error().detail;
    };
    const auto entry = [](const std::string& id, const std::string& algorithm,
                          const std::string& key) {
        return R"({"key_id": )" + id + R"(, "algorithm": ")" + algorithm + R"(", "public_key": ")" +
               key + "\"}";
    };
    const std::string good = entry("1", "Ed25519", std::string(43, 'A'));
    CHECK(read_ticket_keys_json(R"({"keys": [)" + good + "]}"));
    CHECK(refusal("x").find("the keys") == 0);
    CHECK(refusal(R"({"keys": []})").find("/keys") != std::string::npos);
    CHECK(refusal(R"({"keys": [)" + good + "," + good + "]}").find("/keys/1/key_id") !=
          std::string::npos);
    const std::string two = refusal(R"({"keys": [)" + entry("1", "RSA", std::string(43, 'A')) +
                                    "," + entry("2", "Ed25519", std::string(44, 'A')) + "]}");
    CHECK(two.find("/keys/0/algorithm") != std::string::npos);
    CHECK(two.find("/keys/1/public_key") != std::string::npos);
}
