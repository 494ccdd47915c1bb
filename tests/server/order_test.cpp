// In which order a request is checked: framing, route, token, body and key, owner and existence,
// another room's token, replay or key_reused, pass, rules. Each test begins with a request in which
// everything is wrong and mends one thing at a time. And what each state of a sale allows.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <string>
#include <vector>

#include "server/sample_requests.hpp"
#include "server/test_server.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;

namespace {

const std::string no_id = "00000000-0000-4000-8000-000000000000";

// Two concerts with rooms. Ann has paid at the first with the key "used" for everything; her place
// there is spent, and she is in at the second.
struct House {
    House() : here(server.add()), elsewhere(server.add()) {
        spent = server.buyer("ann", here.concert);
        other = server.buyer("ann", elsewhere.concert);
        reservation = server.hold(spent, here.performance(), {1}, "used").text("/reservation_id");
        REQUIRE(server.charge(spent, 80'000, "used").status == 201);
        payment = server.pay(spent, {reservation}, "used").text("/payment_id");
    }

    Ask post(const std::string& target) {
        return {.method = "POST", .target = target, .body = "{"};
    }

    TestServer server;
    SmallSale here;
    SmallSale elsewhere;
    Buyer spent;
    Buyer other;
    std::string reservation;
    std::string payment;
};

}  // namespace

TEST_CASE("asking for a token: route, length, API key, rate, query, type, JSON, fields, concert") {
    House house;
    TestServer& server = house.server;
    server.services().keys = std::make_shared<const server::AccessKeys>(
        server::AccessKeys{.api = "the key", .admin = std::nullopt});
    Ask ask{.method = "PUT", .target = "/v1/concerts/" + no_id + "/tokens/?again=1"};
    ask.fields = {{"Content-Type", "text/plain"}};
    CHECK(server.ask(ask).outcome() == "404 unknown_route");
    ask.target = "/v1/concerts/" + no_id + "/tokens?again=1";
    const Reply wrong_method = server.ask(ask);
    CHECK(wrong_method.outcome() == "405 method_not_allowed");
    CHECK(wrong_method.field("Allow") == "POST");
    ask.method = "POST";
    CHECK(server.ask(ask).outcome() == "411 length_required");
    ask.body = "{";
    CHECK(server.ask(ask).outcome() == "401 api_key_required");
    ask.fields.emplace_back("X-Api-Key", "the key");
    CHECK(server.ask(ask).outcome() == "400 request_invalid");
    ask.target = "/v1/concerts/" + no_id + "/tokens";
    CHECK(server.ask(ask).outcome() == "415 media_type_unsupported");
    ask.fields.front().second = "application/json";
    CHECK(server.ask(ask).faults() == std::vector<std::string>{" malformed"});
    ask.body = "{}";
    CHECK(server.ask(ask).faults() == std::vector<std::string>{"/user_id missing"});
    ask.body = fmt::format(R"({{"user_id": "{}"}})", house.spent.user.to_string());
    CHECK(server.ask(ask).outcome() == "404 unknown_concert");
    ask.target = "/v1/concerts/" + house.here.concert.to_string() + "/tokens";
    CHECK(server.ask(ask).outcome() == "200");
}

TEST_CASE("reserving, from everything wrong to held") {
    House house;
    TestServer& server = house.server;
    const std::string here = house.here.performance().to_string();
    const auto body_of = [](const std::string& performance, int seat) {
        return fmt::format(R"({{"performance_id": "{}", "seats": [{}]}})", performance, seat);
    };
    Ask ask = house.post("/v1/reservations");
    ask.method = "PUT";
    ask.fields = {{"Content-Type", "text/plain"}};
    const Reply wrong_method = server.ask(ask);
    CHECK(wrong_method.outcome() == "405 method_not_allowed");
    CHECK(wrong_method.field("Allow") == "POST, GET, HEAD");
    ask.method = "POST";
    CHECK(server.ask(ask).outcome() == "401 token_required");
    ask.token = "forged";
    CHECK(server.ask(ask).outcome() == "401 token_invalid");
    ask.token = house.other.token;
    CHECK(server.ask(ask).outcome() == "415 media_type_unsupported");
    ask.fields.clear();
    CHECK(server.ask(ask).outcome() == "400 request_invalid");
    ask.body = R"({"performance_id": "x"})";
    CHECK(server.ask(ask).outcome() == "400 idempotency_key_required");
    ask.key = "used";
    CHECK(server.ask(ask).faults() ==
          std::vector<std::string>{"/performance_id malformed", "/seats missing"});
    ask.body = body_of(no_id, 99);
    CHECK(server.ask(ask).outcome() == "404 unknown_performance");
    ask.body = body_of(here, 99);
    CHECK(server.ask(ask).outcome() == "404 unknown_seat");
    ask.body = body_of(here, 1);
    CHECK(server.ask(ask).outcome() == "401 token_invalid");
    ask.token = house.spent.token;
    ask.body = body_of(here, 2);
    CHECK(server.ask(ask).outcome() == "422 key_reused");
    ask.body = body_of(here, 1);
    const Reply replayed = server.ask(ask);
    CHECK(replayed.outcome() == "201");
    CHECK(replayed.field("Idempotent-Replayed") == "true");
    ask.key = "new";
    REQUIRE(server.office().change_sale(
        {.concert = house.here.concert, .change = {.mode = SaleMode::closed}}));
    CHECK(server.ask(ask).outcome() == "403 pass_spent");
    REQUIRE(server.office().change_sale(
        {.concert = house.here.concert, .change = {.mode = SaleMode::open}}));
    ask.token = server.join(house.spent.user, house.here.concert, true).text("/token");
    CHECK(server.ask(ask).outcome() == "403 not_admitted");
    server.admit(house.here.concert);
    REQUIRE(server.office().change_sale(
        {.concert = house.here.concert, .change = {.mode = SaleMode::closed}}));
    CHECK(server.ask(ask).outcome() == "409 sale_closed");
    REQUIRE(server.office().change_sale(
        {.concert = house.here.concert, .change = {.mode = SaleMode::open}}));
    CHECK(server.ask(ask).outcome() == "409 seat_sold");
    ask.body = body_of(here, 2);
    CHECK(server.ask(ask).outcome() == "201");
}

TEST_CASE("a refusal binds no key: the same one serves the attempt that succeeds") {
    House house;
    TestServer& server = house.server;
    const Buyer bob = server.buyer("bob", house.here.concert);
    CHECK(server.hold(bob, house.here.performance(), {1}, "k").outcome() == "409 seat_sold");
    const Reply held = server.hold(bob, house.here.performance(), {2}, "k");
    CHECK(held.outcome() == "201");
    const std::vector<std::string> ids{held.text("/reservation_id")};
    CHECK(server.pay(bob, ids, "k").outcome() == "402 insufficient_balance");
    CHECK(server.charge({.user = house.spent.user, .token = bob.token}, 1, "k").outcome() ==
          "404 unknown_user");
    CHECK(server.charge(bob, 50'000, "k").outcome() == "201");
    CHECK(server.pay(bob, ids, "k").outcome() == "201");
}

TEST_CASE("charging, from everything wrong to charged") {
    House house;
    TestServer& server = house.server;
    Ask ask = house.post("/v1/users/" + no_id + "/wallet/charges");
    ask.fields = {{"Content-Type", "text/plain"}};
    CHECK(server.ask(ask).outcome() == "401 token_required");
    ask.token = house.spent.token;
    CHECK(server.ask(ask).outcome() == "415 media_type_unsupported");
    ask.fields.clear();
    CHECK(server.ask(ask).outcome() == "400 request_invalid");
    ask.body = R"({"amount": 0})";
    CHECK(server.ask(ask).outcome() == "400 idempotency_key_required");
    ask.key = "used";
    CHECK(server.ask(ask).outcome() == "400 amount_invalid");
    ask.body = R"({"amount": 1})";
    CHECK(server.ask(ask).outcome() == "404 unknown_user");
    ask.target = "/v1/users/" + house.spent.user.to_string() + "/wallet/charges";
    CHECK(server.ask(ask).outcome() == "422 key_reused");
    ask.body = R"({"amount": 80000})";
    CHECK(server.ask(ask).field("Idempotent-Replayed") == "true");
    ask.key = "new";
    CHECK(server.ask(ask).outcome() == "403 pass_spent");
    ask.token = house.other.token;  // money is the user's, whichever room lets her in
    CHECK(server.ask(ask).outcome() == "201");
}

TEST_CASE("paying, from everything wrong to paid") {
    House house;
    TestServer& server = house.server;
    const Buyer bob = server.buyer("bob", house.here.concert);
    const std::string bobs =
        server.hold(bob, house.here.performance(), {9}).text("/reservation_id");
    const auto body_of = [](const std::string& id) {
        return fmt::format(R"({{"reservation_id": "{}"}})", id);
    };
    Ask ask = house.post("/v1/payments");
    ask.fields = {{"Content-Type", "text/plain"}};
    CHECK(server.ask(ask).outcome() == "401 token_required");
    ask.token = house.other.token;
    CHECK(server.ask(ask).outcome() == "415 media_type_unsupported");
    ask.fields.clear();
    CHECK(server.ask(ask).outcome() == "400 request_invalid");
    ask.body = R"({"reservation_id": 7})";
    CHECK(server.ask(ask).outcome() == "400 idempotency_key_required");
    ask.key = "used";
    CHECK(server.ask(ask).faults() == std::vector<std::string>{"/reservation_id wrong_type"});
    ask.body = body_of(no_id);
    CHECK(server.ask(ask).outcome() == "404 unknown_reservation");
    ask.body = body_of(bobs);
    CHECK(server.ask(ask).outcome() == "404 unknown_reservation");
    ask.body = body_of(house.reservation);
    CHECK(server.ask(ask).outcome() == "401 token_invalid");
    ask.token = house.spent.token;
    CHECK(server.ask(ask).field("Idempotent-Replayed") == "true");
    ask.key = "new";
    CHECK(server.ask(ask).outcome() == "403 pass_spent");
    const Buyer again = server.again(house.spent, house.here.concert);
    ask.token = again.token;
    CHECK(server.ask(ask).outcome() == "409 already_paid");
    const std::string dear =
        server.hold(again, house.here.performance(), {3}).text("/reservation_id");
    ask.body = body_of(dear);
    const Reply poor = server.ask(ask);
    CHECK(poor.outcome() == "402 insufficient_balance");
    CHECK(server.get("/v1/reservations/" + dear, again).text("/status") == "held");
    REQUIRE(server.charge(again, 20'000).status == 201);
    ask.key = "used";
    CHECK(server.ask(ask).outcome() == "422 key_reused");
    ask.key = "new";
    CHECK(server.ask(ask).outcome() == "201");
}

TEST_CASE("extending and releasing: token, reservation, room, pass, then what it is") {
    for (const std::string operation : {"extendReservation", "releaseReservation"}) {
        CAPTURE(operation);
        House house;
        const server::Route& route = route_of(operation);
        const auto with = [&](const std::string& token, const std::string& id) {
            const Stage stage{.sale = house.here, .user = house.spent.user, .reservation = id};
            return house.server.ask(request_of(route, stage, token, "")).outcome();
        };
        CHECK(with("", no_id) == "401 token_required");
        CHECK(with(house.other.token, no_id) == "404 unknown_reservation");
        CHECK(with(house.other.token, house.reservation) == "401 token_invalid");
        CHECK(with(house.spent.token, house.reservation) == "403 pass_spent");
        const Buyer again = house.server.again(house.spent, house.here.concert);
        CHECK(with(again.token, house.reservation) == "409 already_paid");
        // Her earlier place is no better for the latest one's pass.
        CHECK(with(house.spent.token, house.reservation) == "403 pass_spent");
    }
}

TEST_CASE("looking at seats: room where the path names it, query, date, room, pass") {
    House house;
    TestServer& server = house.server;
    const auto look = [&](const std::string& target, const std::string& token) {
        return server.get(target, {.user = {}, .token = token}).outcome();
    };
    const std::string dates = "/v1/concerts/" + house.here.concert.to_string() + "/dates";
    CHECK(look(dates + "?status=no", "") == "401 token_required");
    CHECK(look(dates + "?status=no", house.other.token) == "401 token_invalid");
    CHECK(look(dates + "?status=no", house.spent.token) == "400 request_invalid");
    CHECK(look(dates, house.spent.token) == "403 pass_spent");
    CHECK(look(dates + "/2090-13-24/seats", house.other.token) == "401 token_invalid");
    CHECK(look(dates + "/2090-13-24/seats", house.spent.token) == "400 request_invalid");
    CHECK(look(dates + "/2091-01-01/seats", house.spent.token) == "404 unknown_performance");
    CHECK(look(dates + "/2090-12-24/seats", house.spent.token) == "403 pass_spent");
    const std::string seats = "/v1/performances/" + house.here.performance().to_string() + "/seats";
    CHECK(look("/v1/performances/" + no_id + "/seats?status=no", house.other.token) ==
          "400 request_invalid");
    CHECK(look("/v1/performances/" + no_id + "/seats", house.other.token) ==
          "404 unknown_performance");
    CHECK(look(seats, house.other.token) == "401 token_invalid");
    CHECK(look(seats, house.spent.token) == "403 pass_spent");
}

TEST_CASE("a refund asks for the owner first, then for the room") {
    House house;
    const Buyer bob = house.server.buyer("bob", house.elsewhere.concert);
    CHECK(house.server.refund(bob, house.payment).outcome() == "404 unknown_payment");
    CHECK(house.server.refund(house.other, house.payment).outcome() == "401 token_invalid");
    CHECK(house.server.refund(house.spent, house.payment).outcome() == "200");
}

TEST_CASE("a waiting place is told its position and when to ask again") {
    House house;
    TestServer& server = house.server;
    for (const char* name : {"a", "b", "c"}) (void)server.waiting(name, house.here.concert);
    const Buyer last = server.waiting("d", house.here.concert);
    const Reply held = server.hold(last, house.here.performance(), {5});
    CHECK(held.outcome() == "403 not_admitted");
    CHECK(held.number("/position") == 4);
    CHECK(std::stoi(held.field("Retry-After")) >= 1);
    const Reply dates =
        server.get("/v1/concerts/" + house.here.concert.to_string() + "/dates", last);
    CHECK(dates.outcome() == "403 not_admitted");
    CHECK(dates.number("/position") == 4);
    CHECK(std::stoi(dates.field("Retry-After")) >= 1);
}

// --- The state of a sale -----------------------------------------------------------------------

namespace {

// http-api.md's table: what becomes of joining, admitting, holding, and of what is held already.
struct SaleRow {
    std::string state;
    std::string join;
    bool admits;
    std::string hold;
    std::string extend_and_pay;
};

void check_sale(const SaleRow& row, bool has_room) {
    CAPTURE(row.state);
    CAPTURE(has_room);
    TestServer server;
    ConcertDraft draft = SmallSale::draft(2);
    if (has_room) draft.room = RoomPolicy{};
    const SmallSale sale = server.add(std::move(draft));
    const Buyer ann = server.buyer("ann", sale.concert);
    const Buyer bob = server.buyer("bob", sale.concert);
    const std::string held = server.hold(ann, sale.performance(), {1}).text("/reservation_id");
    REQUIRE(server.charge(ann, 50'000).status == 201);
    const Buyer carl = server.waiting("carl", sale.concert);

    SaleChange change{.mode = SaleMode::open};
    if (row.state == "scheduled") change.opens_at = server.clock().wall() + 1h;
    if (row.state == "paused") change.mode = SaleMode::paused;
    if (row.state == "draining") change.mode = SaleMode::draining;
    if (row.state == "closed") change.mode = SaleMode::closed;
    if (row.state == "sold_out") {
        (void)server.buy(server.buyer("dora", sale.concert), sale.performance(), {2});
        // A seat that somebody holds may yet be had: sold out is when none is.
        (void)server.pay(ann, {held}, "early");
    }
    REQUIRE(server.office().change_sale({.concert = sale.concert, .change = change}));

    CHECK(server.place(ann).text("/sale") == row.state);
    const std::string joined = server.join(UserId::from_name("new"), sale.concert).outcome();
    CHECK(joined == (has_room ? row.join : "200"));
    if (has_room && row.state != "sold_out") {
        server.admit(sale.concert);
        CHECK(server.place(carl).text("/status") == (row.admits ? "admitted" : "waiting"));
    }
    // Whoever has a place is told of it, whatever became of the sale.
    CHECK(server.join(bob.user, sale.concert).outcome() == "200");
    CHECK(server.hold(bob, sale.performance(), {2}).outcome() == row.hold);
    if (row.state == "sold_out") return;
    CHECK(server.extend(ann, held).outcome() ==
          (row.extend_and_pay.empty() ? "200" : row.extend_and_pay));
    CHECK(server.pay(ann, {held}).outcome() ==
          (row.extend_and_pay.empty() ? "201" : row.extend_and_pay));
}

}  // namespace

TEST_CASE("each state of a sale allows what the table says") {
    const SaleRow rows[] = {
        {"scheduled", "201", false, "409 sale_not_open", ""},
        {"open", "201", true, "201", ""},
        {"paused", "201", false, "201", ""},
        {"draining", "409 room_closed", true, "201", ""},
        {"sold_out", "409 sold_out", false, "409 seat_sold", ""},
        {"closed", "409 room_closed", false, "409 sale_closed", ""},
    };
    for (const SaleRow& row : rows) {
        for (const bool has_room : {true, false}) check_sale(row, has_room);
    }
}

TEST_CASE("a performance that has started is not reservable, and no date any more") {
    TestServer server;
    ConcertDraft draft = SmallSale::draft(5, 2);
    draft.performances[0].starts_at = {server.clock().wall() + 10min, std::chrono::minutes(540)};
    const SmallSale sale = server.add(std::move(draft));
    const Buyer ann = server.buyer("ann", sale.concert);
    const std::string held = server.hold(ann, sale.performance(), {1}).text("/reservation_id");
    server.clock().advance(4min);
    REQUIRE(server.extend(ann, held).status == 200);
    server.clock().advance(4min);
    REQUIRE(server.extend(ann, held).status == 200);
    server.clock().advance(2min);
    CHECK(server.hold(ann, sale.performance(), {2}).outcome() == "409 sale_closed");
    const Reply dates = server.get("/v1/concerts/" + sale.concert.to_string() + "/dates", ann);
    CHECK(dates.at("/dates").as_array().size() == 1);
    CHECK(dates.text("/dates/0/performance_id") == sale.performances[1].to_string());
    // What is held may be paid.
    REQUIRE(server.charge(ann, 50'000).status == 201);
    CHECK(server.pay(ann, {held}).outcome() == "201");
}
