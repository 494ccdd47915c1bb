// A purchase as a client makes it, call by call, and every answer on the way in full.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "server/test_server.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;

namespace {

using Texts = std::map<std::string, std::string>;

// The clock of every test stands here until it is moved.
constexpr const char* now_text = "2026-12-24T10:00:00.000Z";

Texts texts_of(const SmallSale& sale, const Buyer& buyer) {
    return {{"CONCERT", sale.concert.to_string()},
            {"PERFORMANCE", sale.performance().to_string()},
            {"USER", buyer.user.to_string()},
            {"TOKEN", buyer.token},
            {"NOW", now_text}};
}

// A place's time to ask again is spread at random; that it lies in bounds is all there is to check.
std::string poll_of(const Reply& place) {
    const std::int64_t poll = place.number("/poll_after_ms");
    CHECK(poll >= 800);
    CHECK(poll <= 72'000);
    return std::to_string(poll);
}

}  // namespace

TEST_CASE("what is on sale is told to anybody") {
    TestServer server;
    ConcertDraft later = SmallSale::draft();
    later.title = "Later";
    later.opens_at = server.clock().wall() + 24h;
    const SmallSale first = server.add();
    const SmallSale second = server.add(std::move(later));
    (void)server.waiting("ann", first.concert);

    const Reply concerts = server.get("/v1/concerts");
    CHECK(concerts.status == 200);
    CHECK(concerts.field("Content-Type") == "application/json");
    CHECK(concerts.field("Cache-Control") == "no-cache");
    check_json(concerts.json, R"({"concerts": [
        {"concert_id": "$FIRST", "title": "Winter Songs", "venue": "Little Hall", "sale": "open",
         "opens_at": null, "waiting": 1, "passed_over": 0},
        {"concert_id": "$SECOND", "title": "Later", "venue": "Little Hall", "sale": "scheduled",
         "opens_at": "2026-12-25T10:00:00.000Z", "waiting": 0, "passed_over": 0}]})",
               {{"FIRST", first.concert.to_string()}, {"SECOND", second.concert.to_string()}});
    CHECK(
        server
            .ask({.target = "/v1/concerts", .fields = {{"If-None-Match", concerts.field("ETag")}}})
            .status == 304);
}

TEST_CASE("who joins a room is given a place and a token, and the same place when asking again") {
    TestServer server;
    ConcertDraft draft = SmallSale::draft();
    draft.room = RoomPolicy{.active_max = 1};
    const SmallSale sale = server.add(std::move(draft));
    const UserId ann = UserId::from_name("ann");
    (void)server.buyer("first", sale.concert);
    (void)server.waiting("second", sale.concert);

    const Reply joined = server.join(ann, sale.concert);
    CHECK(joined.outcome() == "201");
    Texts texts = texts_of(sale, {.user = ann, .token = joined.text("/token")});
    texts["POLL"] = poll_of(joined);
    check_json(joined.json, R"({"token": "$TOKEN", "user_id": "$USER", "concert_id": "$CONCERT",
        "status": "waiting", "number": 3, "position": 2, "ahead": 1, "eta_ms": null, "eta_range_ms": null,
        "poll_after_ms": $POLL, "pass_expires_at": null, "sale": "open", "seats_left": 50,
        "seats_held": 0, "now": "$NOW"})",
               texts);
    CHECK(joined.field("Cache-Control") == "no-store");
    const std::int64_t poll = joined.number("/poll_after_ms");
    CHECK(joined.field("Retry-After") == std::to_string((poll + 999) / 1000));
    CHECK(joined.field("Set-Cookie") ==
          fmt::format("concertres_{}={}; Path=/v1/tokens/current/events; Max-Age=604800; HttpOnly; "
                      "SameSite=Strict",
                      sale.concert.to_string(), joined.text("/token")));

    const Reply again = server.join(ann, sale.concert, true);
    CHECK(again.outcome() == "200");
    CHECK(again.number("/number") == 3);
    CHECK(again.number("/position") == 2);
    // The token of the same place, given out at the same moment, is the same.
    CHECK(again.text("/token") == joined.text("/token"));
}

TEST_CASE("a place that has been let in has position 0 and a pass that expires") {
    TestServer server;
    const SmallSale sale = server.add();
    const Buyer ann = server.buyer("ann", sale.concert);
    const Reply place = server.place(ann);
    CHECK(place.outcome() == "200");
    Texts texts = texts_of(sale, ann);
    texts["POLL"] = poll_of(place);
    check_json(place.json, R"({"token": "$TOKEN", "user_id": "$USER", "concert_id": "$CONCERT",
        "status": "admitted", "number": 1, "position": 0, "ahead": 0, "eta_ms": null, "eta_range_ms": null,
        "poll_after_ms": $POLL, "pass_expires_at": "2026-12-24T10:10:00.000Z", "sale": "open",
        "seats_left": 50, "seats_held": 0, "now": "$NOW"})",
               texts);
    CHECK_FALSE(place.has_field("Retry-After"));
    CHECK_FALSE(place.has_field("Set-Cookie"));
    CHECK(place.field("Cache-Control") == "no-store");
}

TEST_CASE("a position never exceeds the one that the client was told last") {
    TestServer server;
    ConcertDraft draft = SmallSale::draft();
    draft.room = RoomPolicy{.active_max = 1};
    const SmallSale sale = server.add(std::move(draft));
    for (const char* name : {"a", "b", "c", "d"}) (void)server.waiting(name, sale.concert);
    const Buyer ann = server.waiting("ann", sale.concert);
    CHECK(server.get("/v1/tokens/current", ann).number("/position") == 5);
    CHECK(server.get("/v1/tokens/current?last=9", ann).number("/position") == 5);
    CHECK(server.get("/v1/tokens/current?last=3", ann).number("/position") == 3);
}

TEST_CASE("at a concert without a room everybody is in, with number 0 and no pass") {
    TestServer server;
    const SmallSale sale = server.add(SmallSale::draft());
    const UserId ann = UserId::from_name("ann");
    const Reply joined = server.join(ann, sale.concert);
    CHECK(joined.outcome() == "200");
    Texts texts = texts_of(sale, {.user = ann, .token = joined.text("/token")});
    texts["POLL"] = poll_of(joined);
    check_json(joined.json, R"({"token": "$TOKEN", "user_id": "$USER", "concert_id": "$CONCERT",
        "status": "admitted", "number": 0, "position": 0, "ahead": 0, "eta_ms": null, "eta_range_ms": null,
        "poll_after_ms": $POLL, "pass_expires_at": null, "sale": "open", "seats_left": 50,
        "seats_held": 0, "now": "$NOW"})",
               texts);

    const Buyer buyer{.user = ann, .token = joined.text("/token")};
    CHECK(server.get("/v1/concerts/" + sale.concert.to_string() + "/dates", buyer).status == 200);
    CHECK(server.buy(buyer, sale.performance(), {1}).text("/status") == "completed");
    CHECK(server.place(buyer).text("/status") == "admitted");
    CHECK(server.buy(buyer, sale.performance(), {2}).text("/status") == "completed");
    // Leaving lets go of what is held, and of nothing else.
    const Reply held = server.hold(buyer, sale.performance(), {3});
    CHECK(server.leave(buyer).status == 204);
    CHECK(server.get("/v1/reservations/" + held.text("/reservation_id"), buyer).text("/status") ==
          "released");
    CHECK(server.hold(buyer, sale.performance(), {3}).outcome() == "201");
}

TEST_CASE("dates and seats are told in full") {
    TestServer server;
    ConcertDraft draft = SmallSale::draft(2, 2);
    draft.room = RoomPolicy{};
    draft.seats[1].section = "Parterre";
    draft.seats[1].row = "3";
    draft.seats[1].label = "Row 3 \"Seat\" 7";
    draft.seats[1].x = 12.5;
    draft.seats[1].y = -3;
    draft.seats[1].price = Money{0};
    const SmallSale sale = server.add(std::move(draft));
    const Buyer ann = server.buyer("ann", sale.concert);
    Texts texts = texts_of(sale, ann);
    texts["SECOND"] = sale.performances[1].to_string();

    const std::string dates_of = "/v1/concerts/" + sale.concert.to_string() + "/dates";
    const Reply dates = server.get(dates_of, ann);
    CHECK(dates.field("Cache-Control") == "no-cache");
    check_json(dates.json, R"({"dates": [
        {"performance_id": "$PERFORMANCE", "date": "2090-12-24",
         "starts_at": "2090-12-24T19:00:00.000+09:00", "seats_total": 2, "seats_available": 2},
        {"performance_id": "$SECOND", "date": "2090-12-25",
         "starts_at": "2090-12-25T19:00:00.000+09:00", "seats_total": 2, "seats_available": 2}]})",
               texts);

    const Reply seats =
        server.get("/v1/performances/" + sale.performance().to_string() + "/seats", ann);
    CHECK(seats.field("Cache-Control") == "no-cache");
    texts["REVISION"] = std::to_string(seats.number("/revision"));
    texts["LABEL"] = "Row 3 \\\"Seat\\\" 7";
    const boost::json::value& first = seats.at("/seats/0");
    CHECK(names_of(first) == "label number price row section status x y");
    check_json(first.at("price"), R"({"amount": 50000, "currency": "KRW"})");
    CHECK(seats.text("/seats/0/label") == "1");
    check_json(seats.at("/seats/1"), R"({"number": 2, "label": "$LABEL", "section": "Parterre",
        "row": "3", "x": 12.5, "y": -3, "price": {"amount": 0, "currency": "KRW"},
        "status": "available"})",
               texts);
    CHECK(names_of(seats.json) == "date performance_id revision seats");
    CHECK(seats.text("/performance_id") == texts["PERFORMANCE"]);
    CHECK(seats.text("/date") == "2090-12-24");
    // By date it is the same answer.
    const Reply by_date = server.get(dates_of + "/2090-12-24/seats", ann);
    CHECK(by_date.body == seats.body);
    CHECK(by_date.field("ETag") == seats.field("ETag"));
}

TEST_CASE("a purchase: hold, charge, pay") {
    for (const bool sqlite : {false, true}) {
        CAPTURE(sqlite);
        TestServer server({.sqlite = sqlite});
        const SmallSale sale = server.add();
        const Buyer ann = server.buyer("ann", sale.concert);
        Texts texts = texts_of(sale, ann);

        const Reply held = server.hold(ann, sale.performance(), {8, 7}, "hold-1");
        CHECK(held.outcome() == "201");
        CHECK_FALSE(held.has_field("Idempotent-Replayed"));
        texts["RESERVATION"] = held.text("/reservation_id");
        texts["SEATS"] =
            R"([{"number": 7, "label": "7", "price": {"amount": 50000, "currency": "KRW"}},
                {"number": 8, "label": "8", "price": {"amount": 50000, "currency": "KRW"}}])";
        check_json(held.json, R"({"reservation_id": "$RESERVATION", "status": "held",
            "concert_id": "$CONCERT", "performance_id": "$PERFORMANCE", "date": "2090-12-24",
            "seats": $SEATS, "total": {"amount": 100000, "currency": "KRW"},
            "held_until": "2026-12-24T10:05:00.000Z", "held_for_ms": 300000,
            "extend_until": "2026-12-24T10:15:00.000Z", "payment_id": null, "now": "$NOW"})",
                   texts);

        const Reply charged = server.charge(ann, 120'000, "charge-1");
        CHECK(charged.outcome() == "201");
        texts["CHARGE"] = charged.text("/charge_id");
        check_json(charged.json, R"({"charge_id": "$CHARGE",
            "amount": {"amount": 120000, "currency": "KRW"},
            "balance": {"amount": 120000, "currency": "KRW"}, "now": "$NOW"})",
                   texts);

        const Reply paid = server.pay(ann, {held.text("/reservation_id")}, "pay-1");
        CHECK(paid.outcome() == "201");
        texts["PAYMENT"] = paid.text("/payment_id");
        check_json(paid.json, R"({"payment_id": "$PAYMENT", "reservation_ids": ["$RESERVATION"],
            "status": "completed", "amount": {"amount": 100000, "currency": "KRW"},
            "balance": {"amount": 20000, "currency": "KRW"},
            "seats": [
                {"performance_id": "$PERFORMANCE", "number": 7, "label": "7",
                 "price": {"amount": 50000, "currency": "KRW"}},
                {"performance_id": "$PERFORMANCE", "number": 8, "label": "8",
                 "price": {"amount": 50000, "currency": "KRW"}}],
            "released": [], "paid_at": "$NOW", "failure": null, "refunded_at": null,
            "refundable_until": "2090-12-24T10:00:00.000Z", "now": "$NOW"})",
                   texts);

        // What is one user's is kept by nobody on the way.
        for (const Reply& reply : {held, charged, paid}) {
            CHECK(reply.field("Cache-Control") == "no-store");
        }

        // The pass is spent; what was bought is still told.
        CHECK(server.place(ann).text("/status") == "spent");
        const Reply reservation = server.get("/v1/reservations/" + texts["RESERVATION"], ann);
        check_json(reservation.json, R"({"reservation_id": "$RESERVATION", "status": "paid",
            "concert_id": "$CONCERT", "performance_id": "$PERFORMANCE", "date": "2090-12-24",
            "seats": $SEATS, "total": {"amount": 100000, "currency": "KRW"},
            "held_until": "2026-12-24T10:05:00.000Z", "held_for_ms": 0,
            "extend_until": "2026-12-24T10:15:00.000Z", "payment_id": "$PAYMENT", "now": "$NOW"})",
                   texts);
        check_json(server.get("/v1/payments/" + texts["PAYMENT"], ann).json,
                   boost::json::serialize(paid.json));
        check_json(server.get("/v1/users/" + texts["USER"] + "/wallet", ann).json,
                   R"({"user_id": "$USER", "balance": {"amount": 20000, "currency": "KRW"},
                       "now": "$NOW"})",
                   texts);
        const auto audited = server.office().audit();
        REQUIRE(audited);
        CHECK(audited->clean());
    }
}

TEST_CASE("the best seats are held by whoever leaves the choice to the box office") {
    TestServer server;
    ConcertDraft draft = SmallSale::draft(30);
    for (HallSeat& seat : draft.seats) {
        seat.section = seat.number <= 20 ? "Stalls" : "Balcony";
        if (seat.number > 20) seat.price = {20'000};
    }
    const SmallSale sale = server.add(std::move(draft));
    const Buyer ann = server.buyer("ann", sale.concert);
    const auto numbers = [](const Reply& reply) {
        std::vector<std::int64_t> found;
        for (const auto& seat : reply.at("/seats").as_array()) {
            found.push_back(seat.as_object().at("number").as_int64());
        }
        return found;
    };
    const auto best = [&](const std::string& wanted, const std::string& key = {}) {
        return server.hold_best(ann, sale.performance(), wanted, key);
    };
    const Reply first = best(R"({"count": 2})", "first");
    CHECK(first.outcome() == "201");
    CHECK(numbers(first) == std::vector<std::int64_t>{5, 6});
    CHECK(first.number("/total/amount") == 100'000);
    CHECK(numbers(best(R"({"count": 2, "max_price": 20000})")) ==
          std::vector<std::int64_t>{25, 26});
    CHECK(numbers(best(R"({"count": 1, "section": "Balcony", "max_price": 60000})")) ==
          std::vector<std::int64_t>{24});
    // By concert and date, too.
    const Reply dated =
        server.ask({.method = "POST",
                    .target = "/v1/reservations",
                    .token = ann.token,
                    .body = fmt::format(R"({{"concert_id": "{}", "date": "2090-12-24",
                                             "best": {{"count": 2, "section": "Stalls"}}}})",
                                        sale.concert.to_string()),
                    .key = "dated"});
    CHECK(numbers(dated) == std::vector<std::int64_t>{15, 16});
    // A lost answer is asked for again: the same seats, though they are taken by now.
    const Reply again = best(R"({"count": 2})", "first");
    CHECK(again.outcome() == "201");
    CHECK(again.field("Idempotent-Replayed") == "true");
    CHECK(again.text("/reservation_id") == first.text("/reservation_id"));
    CHECK(numbers(again) == std::vector<std::int64_t>{5, 6});
    CHECK(best(R"({"count": 3})", "first").outcome() == "422 key_reused");
}

TEST_CASE("two of an area are bought beside a numbered seat") {
    for (const bool sqlite : {false, true}) {
        CAPTURE(sqlite);
        TestServer server({.sqlite = sqlite});
        ConcertDraft draft = SmallSale::draft(1);
        draft.seats[0].section = "Stalls";
        add_area(draft.seats, {.section = "Standing", .capacity = 4, .price = Money{60'000}});
        const SmallSale sale = server.add(std::move(draft));
        const Buyer ann = server.buyer("ann", sale.concert);
        Texts texts = texts_of(sale, ann);
        const std::string target = "/v1/performances/" + sale.performance().to_string() + "/seats";
        const Reply looked = server.get(target, ann);
        CHECK(names_of(looked.json) == "areas date performance_id revision seats");
        CHECK(looked.at("/seats").as_array().size() == 1);
        check_json(looked.at("/areas"), R"([{"section": "Standing",
            "price": {"amount": 60000, "currency": "KRW"}, "total": 4, "available": 4, "held": 0,
            "sold": 0}])");
        const Reply dates = server.get("/v1/concerts/" + sale.concert.to_string() + "/dates", ann);
        CHECK(dates.number("/dates/0/seats_total") == 5);
        CHECK(dates.number("/dates/0/seats_available") == 5);

        const std::string wanted =
            R"("seats": [1], "areas": [{"section": "Standing", "count": 2}])";
        const Reply held = server.hold_wanted(ann, sale.performance(), wanted, "hold");
        CHECK(held.outcome() == "201");
        check_json(held.at("/seats"), R"([
            {"number": 1, "label": "1", "section": "Stalls",
             "price": {"amount": 50000, "currency": "KRW"}},
            {"number": 2, "label": "Standing", "section": "Standing",
             "price": {"amount": 60000, "currency": "KRW"}},
            {"number": 3, "label": "Standing", "section": "Standing",
             "price": {"amount": 60000, "currency": "KRW"}}])");
        CHECK(held.number("/total/amount") == 170'000);
        const Reply again = server.hold_wanted(ann, sale.performance(), wanted, "hold");
        CHECK(again.field("Idempotent-Replayed") == "true");
        CHECK(again.text("/reservation_id") == held.text("/reservation_id"));
        (void)server.charge(ann, 200'000);
        const Reply paid = server.pay(ann, {held.text("/reservation_id")});
        CHECK(paid.outcome() == "201");
        check_json(paid.at("/seats/2"), R"({"performance_id": "$PERFORMANCE", "number": 3,
            "label": "Standing", "section": "Standing",
            "price": {"amount": 60000, "currency": "KRW"}})",
                   texts);
        const Buyer bob = server.buyer("bob", sale.concert);
        CHECK(eventually([&] {
            const Reply left = server.get(target + "?status=all", bob);
            return left.number("/areas/0/sold") == 2 && left.number("/areas/0/available") == 2 &&
                   left.text("/seats/0/status") == "sold";
        }));
        const auto audited = server.office().audit();
        REQUIRE(audited);
        CHECK(audited->clean());
    }
}

TEST_CASE("a payment of several holds lets go of the pass's others") {
    TestServer server;
    const SmallSale sale = server.add();
    const Buyer ann = server.buyer("ann", sale.concert);
    std::vector<std::string> ids;
    for (const SeatNumber seat : {1, 2, 3}) {
        ids.push_back(server.hold(ann, sale.performance(), {seat}).text("/reservation_id"));
    }
    REQUIRE(server.charge(ann, 100'000).status == 201);
    const Reply paid = server.pay(ann, {ids[0], ids[2]});
    CHECK(paid.outcome() == "201");
    check_json(paid.at("/reservation_ids"), R"(["$A", "$B"])", {{"A", ids[0]}, {"B", ids[2]}});
    check_json(paid.at("/released"), R"(["$A"])", {{"A", ids[1]}});
    CHECK(server.get("/v1/reservations/" + ids[1], ann).text("/status") == "released");
}

TEST_CASE("an extension moves the deadline, and a release frees the seat at once") {
    TestServer server;
    const SmallSale sale = server.add();
    const Buyer ann = server.buyer("ann", sale.concert);
    const Buyer bob = server.buyer("bob", sale.concert);
    const std::string id = server.hold(ann, sale.performance(), {7}).text("/reservation_id");
    server.clock().advance(4min);
    const Reply extended = server.extend(ann, id);
    CHECK(extended.outcome() == "200");
    CHECK(extended.text("/status") == "held");
    CHECK(extended.text("/held_until") == "2026-12-24T10:09:00.000Z");
    CHECK(extended.number("/held_for_ms") == 300'000);
    CHECK(extended.text("/now") == "2026-12-24T10:04:00.000Z");

    CHECK(server.hold(bob, sale.performance(), {7}).outcome() == "409 seat_held");
    const Reply released = server.release(ann, id);
    CHECK(released.status == 204);
    CHECK(released.body.empty());
    CHECK(server.release(ann, id).status == 204);
    CHECK(server.get("/v1/reservations/" + id, ann).text("/status") == "released");
    CHECK(server.hold(bob, sale.performance(), {7}).outcome() == "201");
}

TEST_CASE("a refund gives the money back and frees the seats, once") {
    TestServer server;
    const SmallSale sale = server.add();
    const Buyer ann = server.buyer("ann", sale.concert);
    const Reply paid = server.buy(ann, sale.performance(), {7});
    const std::string id = paid.text("/payment_id");
    server.clock().advance(1500ms);

    const Reply refunded = server.refund(ann, id);
    CHECK(refunded.outcome() == "200");
    CHECK(refunded.text("/status") == "refunded");
    CHECK(refunded.number("/balance/amount") == 50'000);
    CHECK(refunded.text("/refunded_at") == "2026-12-24T10:00:01.500Z");
    const Reply repeated = server.refund(ann, id);
    CHECK(repeated.outcome() == "200");
    CHECK(repeated.body == refunded.body);

    CHECK(server.get("/v1/users/" + ann.user.to_string() + "/wallet", ann)
              .number("/balance/amount") == 50'000);
    CHECK(server.get("/v1/reservations/" + paid.text("/reservation_ids/0"), ann).text("/status") ==
          "refunded");
    const Buyer bob = server.buyer("bob", sale.concert);
    CHECK(server.hold(bob, sale.performance(), {7}).outcome() == "201");
}

TEST_CASE("the same key gives the same thing, with its first status, also once the pass is spent") {
    TestServer server;
    const SmallSale sale = server.add();
    const Buyer ann = server.buyer("ann", sale.concert);
    const Reply held = server.hold(ann, sale.performance(), {7}, "one key");
    CHECK(held.outcome() == "400 request_invalid");  // a space is not visible
    const Reply first = server.hold(ann, sale.performance(), {7}, "k");
    const std::string id = first.text("/reservation_id");
    const Reply charged = server.charge(ann, 60'000, "k");
    const Reply paid = server.pay(ann, {id}, "k");
    REQUIRE(paid.outcome() == "201");
    CHECK(server.hold(ann, sale.performance(), {8}).outcome() == "403 pass_spent");

    const Reply held_again = server.hold(ann, sale.performance(), {7}, "k");
    CHECK(held_again.outcome() == "201");
    CHECK(held_again.field("Idempotent-Replayed") == "true");
    CHECK(held_again.text("/reservation_id") == id);
    CHECK(held_again.text("/status") == "paid");
    CHECK(held_again.text("/payment_id") == paid.text("/payment_id"));

    const Reply charged_again = server.charge(ann, 60'000, "k");
    CHECK(charged_again.outcome() == "201");
    CHECK(charged_again.field("Idempotent-Replayed") == "true");
    CHECK(charged_again.body == charged.body);
    CHECK(charged_again.number("/balance/amount") == 60'000);  // right after the charge

    const Reply paid_again = server.pay(ann, {id}, "k");
    CHECK(paid_again.outcome() == "201");
    CHECK(paid_again.field("Idempotent-Replayed") == "true");
    CHECK(paid_again.body == paid.body);

    // Other content under the same key is another thing.
    CHECK(server.hold(ann, sale.performance(), {8}, "k").outcome() == "422 key_reused");
    CHECK(server.charge(ann, 60'001, "k").outcome() == "422 key_reused");
    REQUIRE(server.refund(ann, paid.text("/payment_id")).outcome() == "200");
    const Reply after_refund = server.pay(ann, {id}, "k");
    CHECK(after_refund.text("/status") == "refunded");
    CHECK(after_refund.number("/balance/amount") == 10'000);  // right after the payment

    // Another user's same key is another key.
    const Buyer bob = server.buyer("bob", sale.concert);
    CHECK_FALSE(server.hold(bob, sale.performance(), {8}, "k").has_field("Idempotent-Replayed"));
}

TEST_CASE("lists are newest first and come in pages") {
    TestServer server;
    const SmallSale sale = server.add(SmallSale::draft());
    const Buyer ann = server.buyer("ann", sale.concert);
    std::vector<std::string> reservations;
    std::vector<std::string> payments;
    for (const SeatNumber seat : {1, 2, 3, 4, 5}) {
        const Reply paid = server.buy(ann, sale.performance(), {seat});
        reservations.insert(reservations.begin(), paid.text("/reservation_ids/0"));
        payments.insert(payments.begin(), paid.text("/payment_id"));
    }
    const auto walk = [&](const std::string& target, const std::string& list, const std::string& id,
                          int limit) {
        std::vector<std::string> ids;
        std::string cursor;
        for (int pages = 0; pages < 20; ++pages) {
            const Reply page = server.get(fmt::format("{}?limit={}{}", target, limit, cursor), ann);
            REQUIRE(page.outcome() == "200");
            CHECK(names_of(page.json) ==
                  (list < "next_cursor" ? list + " next_cursor" : "next_cursor " + list));
            const auto& items = page.at("/" + list).as_array();
            CHECK(items.size() <= static_cast<std::size_t>(limit));
            for (const auto& item : items) ids.emplace_back(item.at(id).as_string());
            if (page.at("/next_cursor").is_null()) return ids;
            CHECK(items.size() == static_cast<std::size_t>(limit));
            cursor = "&cursor=" + page.text("/next_cursor");
        }
        return ids;
    };
    const std::string wallet = "/v1/users/" + ann.user.to_string() + "/wallet";
    const auto transfers = walk(wallet + "/transfers", "transfers", "transfer_id", 500);
    CHECK(transfers.size() == 10);
    for (const int limit : {1, 2, 5, 500}) {
        CAPTURE(limit);
        CHECK(walk("/v1/reservations", "reservations", "reservation_id", limit) == reservations);
        CHECK(walk("/v1/payments", "payments", "payment_id", limit) == payments);
        CHECK(walk(wallet + "/transfers", "transfers", "transfer_id", limit) == transfers);
    }
    // Without a limit they are whole here.
    CHECK(server.get("/v1/payments", ann).at("/payments").as_array().size() == 5);
    // What nobody has is empty, and no fault.
    const Buyer bob = server.buyer("bob", sale.concert);
    check_json(server.get("/v1/reservations", bob).json,
               R"({"reservations": [], "next_cursor": null})");
    check_json(server.get("/v1/payments", bob).json, R"({"payments": [], "next_cursor": null})");
    check_json(server.get("/v1/users/" + bob.user.to_string() + "/wallet/transfers", bob).json,
               R"({"transfers": [], "next_cursor": null})");
}

TEST_CASE("a statement tells every movement with the balance after it") {
    TestServer server;
    const SmallSale sale = server.add();
    const Buyer ann = server.buyer("ann", sale.concert);
    const Reply held = server.hold(ann, sale.performance(), {7});
    const Reply charged = server.charge(ann, 60'000);
    const Reply paid = server.pay(ann, {held.text("/reservation_id")});
    server.clock().advance(1s);
    REQUIRE(server.refund(ann, paid.text("/payment_id")).status == 200);

    const Reply statement =
        server.get("/v1/users/" + ann.user.to_string() + "/wallet/transfers", ann);
    Texts texts{{"CHARGE", charged.text("/charge_id")},
                {"PAYMENT", paid.text("/payment_id")},
                {"NOW", now_text},
                {"FIRST", statement.text("/transfers/0/transfer_id")},
                {"SECOND", statement.text("/transfers/1/transfer_id")}};
    check_json(statement.json, R"({"transfers": [
        {"transfer_id": "$FIRST", "kind": "refund",
         "amount": {"amount": 50000, "currency": "KRW"},
         "balance": {"amount": 60000, "currency": "KRW"},
         "at": "2026-12-24T10:00:01.000Z", "reference": "$PAYMENT"},
        {"transfer_id": "$SECOND", "kind": "payment",
         "amount": {"amount": 50000, "currency": "KRW"},
         "balance": {"amount": 10000, "currency": "KRW"}, "at": "$NOW", "reference": "$PAYMENT"},
        {"transfer_id": "$CHARGE", "kind": "charge",
         "amount": {"amount": 60000, "currency": "KRW"},
         "balance": {"amount": 60000, "currency": "KRW"}, "at": "$NOW", "reference": null}],
        "next_cursor": null})",
               texts);
}

TEST_CASE("a request's own identifiers are echoed, and one that is unfit is replaced") {
    TestServer server;
    const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const Reply given =
        server.ask({.target = "/v1/nothing",
                    .fields = {{"X-Request-Id", "order-17"}, {"traceparent", trace}}});
    CHECK(given.outcome() == "404 unknown_route");
    CHECK(given.field("X-Request-Id") == "order-17");
    CHECK(given.field("traceparent") == trace);
    CHECK(given.text("/request_id") == "order-17");

    for (const std::string& unfit : {std::string("two words"), std::string(129, 'x')}) {
        CAPTURE(unfit);
        const Reply made =
            server.ask({.target = "/livez",
                        .fields = {{"X-Request-Id", unfit}, {"traceparent", "00-nonsense"}}});
        CHECK(made.status == 200);
        CHECK(made.field("X-Request-Id").size() == 15);
        CHECK_FALSE(made.has_field("traceparent"));
    }
    CHECK(server.get("/livez").field("X-Request-Id") != server.get("/livez").field("X-Request-Id"));
}

TEST_CASE("HEAD is answered as GET, without a body") {
    TestServer server;
    (void)server.add();
    const Reply whole = server.get("/v1/concerts");
    const Reply head = server.ask({.method = "HEAD", .target = "/v1/concerts"});
    CHECK(head.status == 200);
    CHECK(head.body.empty());
    CHECK(head.field("Content-Length") == std::to_string(whole.body.size()));
    CHECK(head.field("ETag") == whole.field("ETag"));
}
