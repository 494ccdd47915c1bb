// Every refusal that the API's description names, of every route, is brought about here; and no
// route refuses with a code that its description does not name. What the server refuses because it
// cannot serve now is in unavailable_test.cpp, and what belongs to no route with the HTTP layer.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "server/sample_requests.hpp"
#include "server/test_server.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;
using server::Access;
using server::Route;

namespace {

const std::string no_id = "00000000-0000-4000-8000-000000000000";

DescribedCodes seen;

void expect(std::string_view operation, const Reply& reply, const std::string& outcome) {
    CAPTURE(operation);
    INFO(reply.body);
    CHECK(reply.outcome() == outcome);
    const std::size_t space = reply.outcome().find(' ');
    if (space != std::string::npos) {
        seen[std::string(operation)].insert(reply.outcome().substr(space + 1));
    }
}

// --- What many routes refuse -------------------------------------------------------------------

void refuse_what_any_may(ReadyStage& set, const Route& route) {
    Ask request = set.request(route);
    request.target += "?nonsense=1";
    expect(route.operation, set.ask(route, request), "400 request_invalid");
    if (route.access == Access::admin) {
        request = set.request(route);
        request.token = "wrong";
        set.server.services().keys = std::make_shared<const server::AccessKeys>(
            server::AccessKeys{.api = std::nullopt, .admin = "right"});
        expect(route.operation, set.ask(route, request), "401 admin_key_invalid");
    } else if (route.access == Access::vouched || route.access == Access::wallet_read ||
               route.access == Access::wallet_write) {
        request = set.request(route);
        request.fields.emplace_back("X-Api-Key", "wrong");
        set.server.services().keys = std::make_shared<const server::AccessKeys>(
            server::AccessKeys{.api = "right", .admin = std::nullopt});
        expect(route.operation, set.ask(route, request), "401 api_key_required");
    }
    set.server.services().keys = std::make_shared<const server::AccessKeys>();
    if (route.access == Access::open || route.access == Access::vouched ||
        route.access == Access::admin) {
        return;
    }
    request = set.request(route);
    request.token.clear();
    expect(route.operation, set.ask(route, request), "401 token_required");
    request.token = "forged";
    expect(route.operation, set.ask(route, request), "401 token_invalid");
}

void refuse_bodies(ReadyStage& set, const Route& route) {
    if (!route.takes_body) return;
    Ask request = set.request(route);
    request.fields.emplace_back("Content-Type", "text/plain");
    expect(route.operation, set.ask(route, request), "415 media_type_unsupported");
    request = set.request(route);
    request.body.reset();
    expect(route.operation, set.ask(route, request), "411 length_required");
    request = set.request(route);
    request.body = '"' + std::string(2'000, 'x') + '"';
    expect(route.operation, set.ask(route, request), "413 body_too_large");
    if (!route.takes_key) return;
    request = set.request(route);
    request.key.clear();
    expect(route.operation, set.ask(route, request), "400 idempotency_key_required");
}

void refuse_places(ReadyStage& set, const Route& route) {
    const bool asks_for_pass = route.access == Access::admitted ||
                               route.access == Access::wallet_read ||
                               route.access == Access::wallet_write;
    if (!asks_for_pass) return;
    // The pass of a place that was never let in, that paid, that left, and one that is too old.
    Buyer waiting = set.server.waiting("waiting", set.sale.concert);
    Buyer left = set.server.waiting("left", set.sale.concert);
    REQUIRE(set.server.leave(left).status == 204);
    const auto with = [&](const Buyer& buyer, std::string reservation) {
        Stage stage = set.stage;
        stage.user = buyer.user;
        stage.reservation = std::move(reservation);
        return set.ask(route, request_of(route, stage, buyer.token, set.server.new_key()));
    };
    const Buyer spent = set.buyer;
    const std::string own = set.stage.reservation;
    const bool names_one = sample_of(route).anothers == "404 unknown_reservation";
    if (!names_one) {
        expect(route.operation, with(waiting, own), "403 not_admitted");
        expect(route.operation, with(left, own), "403 pass_left");
    }
    REQUIRE(set.server.pay(spent, {own}).status == 201);
    // Whoever has been in may look at her wallet, but with her latest place alone.
    const bool looks = route.access == Access::wallet_read;
    if (looks) waiting = set.server.again(spent, set.sale.concert);
    expect(route.operation, with(spent, own), "403 pass_spent");
    if (looks) {
        set.server.clock().advance(31min);
        (void)set.server.again(waiting, set.sale.concert);
        expect(route.operation, with(waiting, own), "403 pass_expired");
        return;
    }
    if (names_one) {
        // The same user, in her next place.
        waiting = {.user = spent.user,
                   .token = set.server.join(spent.user, set.sale.concert, true).text("/token")};
        expect(route.operation, with(waiting, own), "403 not_admitted");
        REQUIRE(set.server.leave(waiting).status == 204);
        expect(route.operation, with(waiting, own), "403 pass_left");
    }
    const Buyer expired = set.server.again(spent, set.sale.concert);
    set.server.clock().advance(31min);
    expect(route.operation, with(expired, own), "403 pass_expired");
}

// The token of a concert that has gone, as after a start with another store.
void refuse_tokens_of_nowhere(ReadyStage& set, const Route& route) {
    if (route.operation != "getToken" && route.operation != "followToken" &&
        route.operation != "leave" && route.access != Access::wallet_read &&
        route.access != Access::wallet_write) {
        return;
    }
    const PlaceView nowhere{.concert = ConcertId::random(), .user = set.buyer.user, .number = {1}};
    Ask request = set.request(route);
    request.token = set.server.office().sign(nowhere);
    expect(route.operation, set.ask(route, request), "404 unknown_concert");
}

// --- What single routes refuse -----------------------------------------------------------------

void refuse_to_join() {
    Options engine{.tick = 1h};
    engine.waiting_max = 1;
    TestServer server({.token_rate = {.per_second = 1, .burst = 1}, .engine = engine});
    server.services().trusted_proxies = {server::Cidr::parse("127.0.0.1").value()};
    const SmallSale sale = server.add();
    const auto join = [&](int user, const ConcertId& concert) {
        return server.join(SmallSale::user(user), concert);
    };
    expect("askForToken", join(1, ConcertId::random()), "404 unknown_concert");
    expect("getDraw", server.get("/v1/concerts/" + no_id + "/draw"), "404 unknown_concert");
    expect("getDraw", server.get("/v1/concerts/" + sale.concert.to_string() + "/draw"),
           "404 unknown_draw");
    (void)server.waiting("first", sale.concert);
    expect("askForToken", join(2, sale.concert), "409 room_full");
    server.admit(sale.concert);
    for (const SaleMode mode : {SaleMode::draining, SaleMode::closed}) {
        REQUIRE(server.office().change_sale({.concert = sale.concert, .change = {.mode = mode}}));
        expect("askForToken", join(2, sale.concert), "409 room_closed");
    }
    ConcertDraft tiny = SmallSale::draft(1);
    tiny.room = RoomPolicy{};
    const SmallSale sold = server.add(std::move(tiny));
    (void)server.buy(server.buyer("first", sold.concert), sold.performance(), {1});
    expect("askForToken", join(2, sold.concert), "409 sold_out");
    Ask request = request_of(route_of("askForToken"), {.sale = sale}, "", "");
    request.fields.emplace_back("X-Forwarded-For", "203.0.113.7");
    Reply refused = server.ask(request);
    CHECK(eventually([&] { return (refused = server.ask(request)).status != 200; }));
    expect("askForToken", refused, "429 rate_limited");
}

void refuse_to_admit() {
    TestServer server;
    const auto admit = [&](const SmallSale& sale, const UserId& user) {
        return server.ask_operators(
            {.method = "POST",
             .target = "/admin/v1/concerts/" + sale.concert.to_string() + "/admit",
             .body = fmt::format(R"({{"user_id": "{}"}})", user.to_string())});
    };
    const auto set = [&](const SmallSale& sale, SaleChange change) {
        REQUIRE(server.office().change_sale({.concert = sale.concert, .change = change}));
    };
    ConcertDraft draft = SmallSale::draft(1);
    draft.room = RoomPolicy{.active_max = 1};
    const SmallSale sale = server.add(std::move(draft));
    expect("admitByHand", admit(sale, SmallSale::user(1)), "404 unknown_user");
    const Buyer ann = server.buyer("ann", sale.concert);
    const Buyer bob = server.waiting("bob", sale.concert);
    expect("admitByHand", admit(sale, bob.user), "409 room_full");
    (void)server.buy(ann, sale.performance(), {1});
    expect("admitByHand", admit(sale, ann.user), "403 pass_spent");
    expect("admitByHand", admit(sale, bob.user), "409 sold_out");
    set(sale, {.opens_at = server.clock().wall() + 1h});
    expect("admitByHand", admit(sale, bob.user), "409 sale_not_open");
    set(sale, {.mode = SaleMode::closed});
    expect("admitByHand", admit(sale, bob.user), "409 room_closed");
    REQUIRE(server.leave(bob).status == 204);
    expect("admitByHand", admit(sale, bob.user), "403 pass_left");
    const SmallSale other = server.add();
    const Buyer cat = server.buyer("cat", other.concert);
    server.clock().advance(31min);
    expect("admitByHand", admit(other, cat.user), "403 pass_expired");
}

void refuse_dates_and_seats() {
    TestServer server;
    ConcertDraft draft = SmallSale::draft(5, 2);
    draft.performances[1].starts_at.time = draft.performances[0].starts_at.time + 2h;
    const SmallSale sale = server.add(std::move(draft));
    const Buyer ann = server.buyer("ann", sale.concert);
    const std::string dates = "/v1/concerts/" + sale.concert.to_string() + "/dates";
    const Reply ambiguous = server.get(dates + "/2090-12-24/seats", ann);
    expect("listSeatsOfDate", ambiguous, "409 date_ambiguous");
    for (const PerformanceId& id : sale.performances) {
        CHECK(ambiguous.text("/detail").find(id.to_string()) != std::string::npos);
    }
    expect("listSeatsOfDate", server.get(dates + "/2090-12-25/seats", ann),
           "404 unknown_performance");
    expect("listSeats", server.get("/v1/performances/" + no_id + "/seats", ann),
           "404 unknown_performance");
    const Buyer nowhere{
        .user = ann.user,
        .token = server.office().sign({.concert = *ConcertId::parse(no_id), .user = ann.user})};
    expect("listDates", server.get("/v1/concerts/" + no_id + "/dates", nowhere),
           "404 unknown_concert");
    expect("listSeatsOfDate",
           server.get("/v1/concerts/" + no_id + "/dates/2090-12-24/seats", nowhere),
           "404 unknown_concert");
}

Reply reserve(TestServer& server, const Buyer& buyer, const std::string& body) {
    return server.ask({.method = "POST",
                       .target = "/v1/reservations",
                       .token = buyer.token,
                       .body = body,
                       .key = server.new_key()});
}

void refuse_to_hold() {
    TestServer server;
    ConcertDraft draft = SmallSale::draft(20, 2);
    draft.performances[1].starts_at.time = draft.performances[0].starts_at.time + 2h;
    const SmallSale sale = server.add(std::move(draft));
    const Buyer ann = server.buyer("ann", sale.concert);
    const Buyer bob = server.buyer("bob", sale.concert);
    const auto by_date = [&](const std::string& concert, const char* date) {
        return reserve(
            server, ann,
            fmt::format(R"({{"concert_id": "{}", "date": "{}", "seats": [1]}})", concert, date));
    };
    const std::string concert = sale.concert.to_string();
    expect("reserve", by_date(no_id, "2090-12-24"), "404 unknown_concert");
    expect("reserve", by_date(concert, "2090-12-25"), "404 unknown_performance");
    expect("reserve", by_date(concert, "2090-12-24"), "409 date_ambiguous");
    const auto hold = [&](const std::vector<SeatNumber>& seats) {
        return server.hold(ann, sale.performance(), seats);
    };
    const Reply unknown = hold({1, 21, 22});
    expect("reserve", unknown, "404 unknown_seat");
    CHECK(unknown.seats() == std::vector<std::int64_t>{21, 22});

    REQUIRE(server.hold(bob, sale.performance(), {1, 2}).status == 201);
    (void)server.buy(bob, sale.performance(), {3});
    const auto block = [&](const std::string& seats, const char* blocked) {
        return server.ask_operators(
            {.method = "POST",
             .target = "/admin/v1/performances/" + sale.performance().to_string() + "/block",
             .body = fmt::format(R"({{"seats": [{}], "blocked": {}}})", seats, blocked)});
    };
    const Reply blocking = block("5, 6, 8", "true");
    CHECK(blocking.status == 200);
    CHECK(blocking.number("/changed") == 3);
    CHECK(block("8", "false").number("/changed") == 1);
    const Reply block_held = block("1, 8", "true");
    expect("blockSeats", block_held, "409 seat_held");
    CHECK(block_held.seats() == std::vector<std::int64_t>{1});
    expect("blockSeats", block("3", "true"), "409 seat_sold");
    expect("blockSeats", block("7, 21", "true"), "404 unknown_seat");
    expect("blockSeats", block("7, 7", "true"), "400 request_invalid");
    expect("blockSeats", block("7", "1"), "400 request_invalid");
    const Reply held = hold({1, 2, 7});
    expect("reserve", held, "409 seat_held");
    CHECK(held.seats() == std::vector<std::int64_t>{1, 2});
    const Reply sold = hold({1, 3});
    expect("reserve", sold, "409 seat_sold");
    CHECK(sold.seats() == std::vector<std::int64_t>{3});
    const Reply blocked = hold({3, 5, 6});
    expect("reserve", blocked, "409 seat_blocked");
    CHECK(blocked.seats() == std::vector<std::int64_t>{5, 6});
    expect("reserve", hold({7, 8, 9, 10, 11, 12, 13, 14, 15}), "409 hold_limit");
    const auto best = [&](const char* wanted) {
        return server.hold_best(ann, sale.performance(), wanted);
    };
    expect("reserve", best(R"({"count": 16})"), "409 no_seats_match");
    expect("reserve", best(R"({"count": 1, "section": "Balcony"})"), "409 no_seats_match");
    expect("reserve", best(R"({"count": 1, "max_price": 1})"), "409 no_seats_match");
    expect("reserve", best(R"({"count": 1, "max_price": 0})"), "400 amount_invalid");
    expect("reserve", best(R"({"count": 9})"), "409 hold_limit");
    REQUIRE(server.hold(ann, sale.performance(), {7}, "k").status == 201);
    expect("reserve", server.hold(ann, sale.performance(), {8}, "k"), "422 key_reused");
    REQUIRE(server.office().change_sale(
        {.concert = sale.concert, .change = {.opens_at = server.clock().wall() + 1h}}));
    expect("reserve", hold({8}), "409 sale_not_open");
    REQUIRE(server.office().change_sale(
        {.concert = sale.concert, .change = {.mode = SaleMode::closed}}));
    expect("reserve", hold({8}), "409 sale_closed");
}

void refuse_orphans() {
    TestServer server;
    ConcertDraft draft = SmallSale::draft(20);
    draft.orphans = OrphanRule::refused;
    const SmallSale sale = server.add(std::move(draft));
    const Buyer ann = server.buyer("ann", sale.concert);
    const Reply orphan = server.hold(ann, sale.performance(), {2, 3});
    expect("reserve", orphan, "409 orphan_seat");
    CHECK(orphan.seats() == std::vector<std::int64_t>{1});
    CHECK(server.hold(ann, sale.performance(), {1, 2}).status == 201);
}

void refuse_allotted() {
    TestServer server;
    ConcertDraft draft = SmallSale::draft(4);
    draft.room.emplace().classes = {{"general", 1}, {"fan_club", 1}};
    draft.seats[0].allotted_to = 1;
    add_area(draft.seats, {.section = "Pit", .capacity = 2, .price = SmallSale::price});
    for (HallSeat& seat : draft.seats) {
        if (seat.general) seat.allotted_to = 1;
    }
    const SmallSale sale = server.add(std::move(draft));
    const Buyer ann = server.buyer("ann", sale.concert);
    const Reply kept = server.hold(ann, sale.performance(), {1, 2});
    expect("reserve", kept, "409 seat_allotted");
    CHECK(kept.seats() == std::vector<std::int64_t>{1});
    const Reply seats =
        server.get("/v1/performances/" + sale.performance().to_string() + "/seats", ann);
    CHECK(seats.text("/seats/0/allotted_to") == "fan_club");
    CHECK_FALSE(seats.at("/seats/1").as_object().contains("allotted_to"));
    CHECK(seats.text("/areas/0/allotted_to") == "fan_club");
    const Reply room = server.ask_operators(
        {.method = "PATCH",
         .target = "/admin/v1/concerts/" + sale.concert.to_string() + "/room",
         .body =
             R"({"classes": [{"name": "general"}, {"name": "fan_club", "allotment": "released"}]})"});
    CHECK(room.status == 200);
    CHECK(room.text("/room/classes/1/allotment") == "released");
    CHECK(room.text("/room/classes/0/allotment") == "kept");
    CHECK(server.hold(ann, sale.performance(), {1, 2}).status == 201);
}

void refuse_in_areas() {
    TestServer server;
    ConcertDraft draft = SmallSale::draft(2);
    add_area(draft.seats, {.section = "Standing", .capacity = 3, .price = SmallSale::price});
    const SmallSale sale = server.add(std::move(draft));
    const Buyer ann = server.buyer("ann", sale.concert);
    const auto hold = [&](const char* wanted) {
        return server.hold_wanted(ann, sale.performance(), wanted);
    };
    const Reply few = hold(R"("areas": [{"section": "Standing", "count": 4}])");
    expect("reserve", few, "409 no_seats_match");
    CHECK(few.text("/detail") == "there are not 4 free seats in \"Standing\": 3 are left");
    const Reply named = hold(R"("seats": [1, 3])");
    expect("reserve", named, "404 unknown_seat");
    CHECK(named.seats() == std::vector<std::int64_t>{3});
    expect("reserve", hold(R"("areas": [{"section": "Balcony", "count": 1}])"), "404 unknown_seat");
    expect("reserve", hold(R"("areas": [{"section": "", "count": 1}])"), "400 request_invalid");
    CHECK(hold(R"("areas": [{"section": "Standing", "count": 3}])").status == 201);
}

// What a reservation that is held no more is told by those who want it held.
void refuse_what_is_not_held() {
    TestServer server;
    const SmallSale sale = server.add(SmallSale::draft());
    const Buyer ann = server.buyer("ann", sale.concert);
    REQUIRE(server.charge(ann, 1'000'000).status == 201);
    const auto made = [&](SeatNumber seat) {
        return server.hold(ann, sale.performance(), {seat}).text("/reservation_id");
    };
    const std::string released = made(1);
    REQUIRE(server.release(ann, released).status == 204);
    const std::string paid = made(2);
    REQUIRE(server.pay(ann, {paid}).status == 201);
    const std::string refunded = made(3);
    REQUIRE(server.refund(ann, server.pay(ann, {refunded}).text("/payment_id")).status == 200);
    const std::string expired = made(4);
    server.clock().advance(5min);
    const std::string live = made(5);

    const std::pair<std::string, std::string> ended[] = {{expired, "reservation_expired"},
                                                         {paid, "already_paid"},
                                                         {refunded, "reservation_refunded"},
                                                         {released, "reservation_released"}};
    for (const auto& [id, code] : ended) {
        expect("extendReservation", server.extend(ann, id), "409 " + code);
        expect("pay", server.pay(ann, {id}), "409 " + code);
        expect("pay", server.pay(ann, {live, id}), "409 " + code);
        const bool is_released = id == released;
        const std::string refusal = "409 " + code;
        expect("releaseReservation", server.release(ann, id), is_released ? "204" : refusal);
        expect("releaseAnybodys",
               server.ask_operators(
                   {.method = "POST", .target = "/admin/v1/reservations/" + id + "/release"}),
               is_released ? "200" : refusal);
    }
    for (int i = 0; i < 3; ++i) {
        server.clock().advance(4min);
        expect("extendReservation", server.extend(ann, live), "200");
    }
    expect("extendReservation", server.extend(ann, live), "409 extend_limit");
}

void refuse_unknown_things() {
    TestServer server;
    const SmallSale sale = server.add();
    const Buyer ann = server.buyer("ann", sale.concert);
    for (const std::string& id : {no_id, std::string("nonsense")}) {
        expect("getReservation", server.get("/v1/reservations/" + id, ann),
               "404 unknown_reservation");
        expect("extendReservation", server.extend(ann, id), "404 unknown_reservation");
        expect("releaseReservation", server.release(ann, id), "404 unknown_reservation");
        expect("getPayment", server.get("/v1/payments/" + id, ann), "404 unknown_payment");
        expect("getTicket", server.get("/v1/payments/" + id + "/ticket", ann),
               "404 unknown_payment");
        expect("refundPayment", server.refund(ann, id), "404 unknown_payment");
        expect("getWallet", server.get("/v1/users/" + id + "/wallet", ann), "404 unknown_user");
        expect("listTransfers", server.get("/v1/users/" + id + "/wallet/transfers", ann),
               "404 unknown_user");
        const auto operators = [&](const char* method, const std::string& target) {
            Ask request{.method = method, .target = "/admin/v1/" + target};
            if (request.method == "PATCH") request.body = "{}";
            return server.ask_operators(request);
        };
        expect("getRoom", operators("GET", "concerts/" + id + "/room"), "404 unknown_concert");
        expect("changeRoom", operators("PATCH", "concerts/" + id + "/room"), "404 unknown_concert");
        expect("blockSeats",
               server.ask_operators({.method = "POST",
                                     .target = "/admin/v1/performances/" + id + "/block",
                                     .body = R"({"seats": [1], "blocked": true})"}),
               "404 unknown_performance");
        const auto with_body = [&](const char* method, const char* what, const char* body) {
            return server.ask_operators({.method = method,
                                         .target = "/admin/v1/concerts/" + id + "/" + what,
                                         .body = body});
        };
        expect("admitByHand", with_body("POST", "admit", R"({"place": 1})"), "404 unknown_concert");
        expect("reportLoad", with_body("PUT", "load", R"({"load": 1})"), "404 unknown_concert");
        expect("getReport", operators("GET", "concerts/" + id + "/report"), "404 unknown_concert");
        expect("exportDraw", operators("GET", "concerts/" + id + "/draw"), "404 unknown_concert");
        expect("exportSales", operators("GET", "concerts/" + id + "/sales.csv"),
               "404 unknown_concert");
        expect("exportEvents", operators("GET", "concerts/" + id + "/events.csv"),
               "404 unknown_concert");
        expect("listSeatsForOperators", operators("GET", "performances/" + id + "/seats"),
               "404 unknown_performance");
        expect("releaseAnybodys", operators("POST", "reservations/" + id + "/release"),
               "404 unknown_reservation");
        const bool is_id = id == no_id;
        expect("explain", operators("GET", "explain/" + id),
               is_id ? "404 unknown_user" : "400 request_invalid");
        expect("explain", operators("GET", "explain/" + id + "?seat=1"),
               is_id ? "404 unknown_performance" : "400 request_invalid");
        expect("explain", operators("GET", "explain/" + id + "?place=1"),
               is_id ? "404 unknown_concert" : "400 request_invalid");
    }
    expect("pay", server.pay(ann, {no_id}), "404 unknown_reservation");
    expect("chargeWallet", server.charge({.user = *UserId::parse(no_id), .token = ann.token}, 1),
           "404 unknown_user");
    expect("explain",
           server.ask_operators(
               {.target = "/admin/v1/explain/" + sale.performance().to_string() + "?seat=51"}),
           "404 unknown_seat");
    expect("exportDraw",
           server.ask_operators(
               {.target = "/admin/v1/concerts/" + sale.concert.to_string() + "/draw"}),
           "404 unknown_draw");
}

void refuse_money() {
    TestServer server;
    ConcertDraft draft = SmallSale::draft();
    draft.refunds = {.allowed = false};
    const SmallSale sale = server.add(std::move(draft));
    const SmallSale other = server.add(SmallSale::draft());
    const Buyer ann = server.buyer("ann", sale.concert);
    const std::string held = server.hold(ann, sale.performance(), {1, 2}).text("/reservation_id");
    REQUIRE(server.charge(ann, 60'000, "k").status == 201);
    expect("chargeWallet", server.charge(ann, 60'001, "k"), "422 key_reused");
    const Reply poor = server.pay(ann, {held});
    expect("pay", poor, "402 insufficient_balance");
    CHECK(poor.text("/detail").find("40000") != std::string::npos);
    CHECK(server.get("/v1/reservations/" + held, ann).text("/status") == "held");

    const Buyer there = server.buyer("ann", other.concert);
    const std::string elsewhere =
        server.hold(there, other.performance(), {1}).text("/reservation_id");
    expect("pay", server.pay(ann, {held, elsewhere}), "400 request_invalid");
    REQUIRE(server.charge(ann, 40'000).status == 201);
    const Reply paid = server.pay(ann, {held}, "pay");
    REQUIRE(paid.outcome() == "201");
    expect("pay", server.pay(there, {elsewhere}, "pay"), "422 key_reused");
    expect("refundPayment", server.refund(ann, paid.text("/payment_id")), "409 refund_not_allowed");

    const Buyer cid = server.buyer("cid", other.concert);
    const std::string given_back = server.buy(cid, other.performance(), {3}).text("/payment_id");
    REQUIRE(server.refund(cid, given_back).status == 200);
    expect("getTicket", server.get("/v1/payments/" + given_back + "/ticket", cid),
           "409 reservation_refunded");

    // A wallet holds 2^53 - 1 and no more.
    const Buyer bob = server.buyer("bob", other.concert);
    const Reply bought = server.buy(bob, other.performance(), {2});
    REQUIRE(server.charge(bob, Money::max_minor).status == 201);
    expect("chargeWallet", server.charge(bob, 1), "400 amount_invalid");
    expect("refundPayment", server.refund(bob, bought.text("/payment_id")), "400 amount_invalid");
}

// Money from outside that nobody settles.
void refuse_pending() {
    TestServer server;
    server.services().settler = [] { return PaymentSettlerStatistics{}; };
    const SmallSale sale = server.add();
    const Buyer ann = server.buyer("ann", sale.concert);
    const std::string hold = server.hold(ann, sale.performance(), {1}).text("/reservation_id");
    const Reply begun =
        server.ask({.method = "POST",
                    .target = "/v1/payments",
                    .token = ann.token,
                    .body = fmt::format(R"({{"reservation_id": "{}", "method": "tok"}})", hold),
                    .key = server.new_key()});
    REQUIRE(begun.status == 202);
    const std::string payment = begun.text("/payment_id");
    REQUIRE(server.charge(ann, 50'000).status == 201);
    expect("pay", server.pay(ann, {hold}), "409 payment_pending");
    expect("refundPayment", server.refund(ann, payment), "409 payment_pending");
    expect("getTicket", server.get("/v1/payments/" + payment + "/ticket", ann),
           "409 payment_pending");
}

void refuse_copies() {
    ReadyStage set({.sqlite = true});
    const std::string taken = (set.server.folder() / "concertres.db").string();
    Ask request = set.request(route_of("backup"));
    request.body = fmt::format(R"({{"file": "{}"}})", taken);
    expect("backup", set.ask(route_of("backup"), request), "400 request_invalid");
    request.body = R"({"file": "no-such-folder/copy.db"})";
    expect("backup", set.ask(route_of("backup"), request), "400 request_invalid");
    ReadyStage without_file({});
    const Route& audit = route_of("audit");
    expect("audit", without_file.ask(audit, without_file.request(audit)), "400 request_invalid");
}

// What is refused because the server cannot serve now.
bool is_unavailable(const std::string& code) {
    static const std::set<std::string> codes = {
        "overloaded",    "draining",        "storage_full", "storage_unavailable",
        "engine_failed", "request_timeout", "clock_jumped", "gateway_unavailable"};
    return codes.contains(code);
}

}  // namespace

TEST_CASE("every refusal that the description names comes about, and no other") {
    seen.clear();
    const DescribedCodes codes = described_codes();
    for (const Route& route : server::all_routes()) {
        CAPTURE(route.operation);
        REQUIRE(codes.contains(std::string(route.operation)));
        ReadyStage set({.body_bytes_max = 1'500});
        set.server.services().import_bytes_max = 1'500;
        refuse_what_any_may(set, route);
        refuse_bodies(set, route);
        refuse_tokens_of_nowhere(set, route);
        refuse_places(set, route);
    }
    refuse_to_join();
    refuse_to_admit();
    refuse_dates_and_seats();
    refuse_to_hold();
    refuse_orphans();
    refuse_allotted();
    refuse_in_areas();
    refuse_what_is_not_held();
    refuse_unknown_things();
    refuse_money();
    refuse_pending();
    refuse_copies();
    for (auto [operation, named] : codes) {
        CAPTURE(operation);
        std::erase_if(named, is_unavailable);
        CHECK(fmt::format("{}", fmt::join(seen[operation], " ")) ==
              fmt::format("{}", fmt::join(named, " ")));
    }
}
