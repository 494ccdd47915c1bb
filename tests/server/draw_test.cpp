// A sale that opens with a draw, over HTTP: what everybody sees of it, and what operators set and
// export.
#include "concertres/draw.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <string>
#include <vector>

#include "base/hex.hpp"
#include "cli/drawn_file.hpp"
#include "server/test_server.hpp"
#include "support/drawn_order.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;

namespace {

// Buyers who wait for a sale that opens in an hour, five at a time.
struct Waiting {
    explicit Waiting(int count) : sale(server.add(draft())) {
        for (int i = 0; i < count; ++i) {
            buyers.push_back(server.waiting(fmt::format("buyer {}", i), sale.concert));
        }
    }
    ConcertDraft draft() {
        ConcertDraft draft = SmallSale::draft();
        draft.room = RoomPolicy{.active_max = 5, .draw = true};
        draft.opens_at = server.office().now() + 1h;
        return draft;
    }
    void open() {
        server.clock().advance(1h);
        server.admit(sale.concert);
    }
    Reply draw() { return server.get("/v1/concerts/" + sale.concert.to_string() + "/draw"); }
    Reply page(const std::string& query = "") {
        return server.ask_operators(
            {.target = "/admin/v1/concerts/" + sale.concert.to_string() + "/draw" + query});
    }
    Reply patch(const std::string& body) {
        return server.ask_operators(
            {.method = "PATCH",
             .target = "/admin/v1/concerts/" + sale.concert.to_string() + "/room",
             .body = body});
    }

    TestServer server;
    SmallSale sale;
    std::vector<Buyer> buyers;
};

}  // namespace

TEST_CASE("before the opening everybody sees the hash of the draw and nobody a position") {
    Waiting room(3);
    const Reply before = room.draw();
    CHECK(before.status == 200);
    check_json(before.json, R"({"concert_id": "$concert", "algorithm": "feistel-siphash-1",
                                "commitment": "$commitment", "opens_at": "$opens_at",
                                "drawn": false, "seed": null, "epoch": null, "size": null,
                                "drawn_at": null, "lines": [], "now": "$now"})",
               {{"concert", room.sale.concert.to_string()},
                {"commitment", before.text("/commitment")},
                {"opens_at", before.text("/opens_at")},
                {"now", before.text("/now")}});
    CHECK(before.text("/commitment").size() == 64);
    const Reply place = room.server.place(room.buyers[1]);
    CHECK(place.text("/status") == "waiting");
    CHECK(place.at("/position").is_null());
    CHECK(place.at("/ahead").is_null());
    CHECK(place.at("/eta_ms").is_null());
    CHECK(place.number("/number") == 2);
    // A refusal tells no position either.
    const Reply refused = room.server.hold(room.buyers[1], room.sale.performance(), {1});
    CHECK(refused.outcome() == "403 not_admitted");
    CHECK(refused.json.as_object().if_contains("position") == nullptr);
    const Reply page = room.page();
    CHECK(page.at("/admissions").as_array().empty());
    CHECK(page.at("/next_cursor").is_null());
}

TEST_CASE("after the opening everybody can work out the order, and it is the one people have") {
    Waiting room(20);
    const std::string commitment = room.draw().text("/commitment");
    room.open();
    const Reply after = room.draw();
    CHECK(after.at("/drawn").as_bool());
    CHECK(after.text("/commitment") == commitment);
    CHECK(after.number("/size") == 20);
    CHECK(after.number("/epoch") == 0);
    CHECK(after.text("/drawn_at") == after.text("/opens_at"));
    DrawSeed seed{};
    REQUIRE(from_hex(after.text("/seed"), seed));
    CHECK(to_hex(commitment_of(seed)) == commitment);
    for (const Buyer& buyer : room.buyers) {
        const Reply place = room.server.place(buyer);
        const auto rank = static_cast<std::int64_t>(
            rank_by_hand(seed, 20, static_cast<std::uint64_t>(place.number("/number"))));
        CHECK(place.number("/position") == std::max<std::int64_t>(0, rank - 4));
    }
    // Who comes now is behind all of them.
    const Buyer late = room.server.waiting("late", room.sale.concert);
    CHECK(room.server.place(late).number("/position") == 16);
}

TEST_CASE("operators export the admissions in pages, and the file that they make verifies") {
    Waiting room(12);
    CHECK(room.server.leave(room.buyers[4]).status == 204);
    room.open();
    for (int i = 0; i < 3; ++i) {
        for (const Buyer& buyer : room.buyers) (void)room.server.leave(buyer);
        room.server.admit(room.sale.concert);
        if (i == 0) break;
    }
    boost::json::object file;
    boost::json::array admissions;
    std::string cursor;
    int pages = 0;
    do {
        const Reply page = room.page("?limit=3" + cursor);
        REQUIRE(page.status == 200);
        file = page.json.as_object();
        for (const auto& admission : file.at("admissions").as_array()) {
            admissions.push_back(admission);
        }
        const auto& next = file.at("next_cursor");
        cursor = next.is_null() ? "" : "&cursor=" + std::string(next.as_string());
        ++pages;
    } while (!cursor.empty());
    CHECK(pages > 2);
    CHECK(admissions.size() == 5);
    file["admissions"] = admissions;
    const auto read = server::read_drawn_file(boost::json::serialize(file));
    REQUIRE(read);
    const auto verified = server::verify(*read, {});
    CHECK(verified.wrong.empty());
    CHECK(verified.good.size() >= 2);
    CHECK(room.page("?cursor=x").faults() == std::vector<std::string>{"?cursor malformed"});
    CHECK(room.page("?limit=501").faults() == std::vector<std::string>{"?limit out_of_range"});
}

TEST_CASE("operators set a draw, see it, and cannot set it too late") {
    Waiting room(1);
    CHECK(room.patch("{}").at("/room/draw").as_bool());
    const std::string commitment = room.draw().text("/commitment");
    CHECK_FALSE(room.patch(R"({"draw": false})").at("/room/draw").as_bool());
    CHECK(room.draw().outcome() == "404 unknown_draw");
    CHECK(room.server.place(room.buyers[0]).number("/position") == 1);
    CHECK(room.patch(R"({"draw": true})").status == 200);
    CHECK(room.draw().text("/commitment") == commitment);
    CHECK(room.patch(R"({"draw": false})").status == 200);
    room.open();
    const Reply late = room.patch(R"({"draw": true})");
    CHECK(late.outcome() == "400 request_invalid");
    CHECK(late.text("/detail").find("room/draw: the sale has opened at ") == 0);
    CHECK(late.faults() == std::vector<std::string>{"/draw out_of_range"});
    CHECK(room.patch(R"({"draw": "yes"})").faults() ==
          std::vector<std::string>{"/draw wrong_type"});
}

TEST_CASE("a concert is imported with a draw, which needs an opening") {
    TestServer server;
    const auto add = [&](const std::string& more) {
        return server.ask_operators({.method = "POST",
                                     .target = "/admin/v1/concerts",
                                     .body = R"({"title": "T", "venue": "V", "performances":
                         [{"starts_at": "2090-01-01T19:00:00Z"}],
                         "seats": {"count": 5, "price": 1000}, "room": {"draw": true})" +
                                             more + "}"});
    };
    const Reply without = add("");
    CHECK(without.outcome() == "400 request_invalid");
    CHECK(without.text("/detail").find("room/draw") != std::string::npos);
    const Reply added = add(R"(, "opens_at": "2089-01-01T19:00:00Z")");
    REQUIRE(added.status == 201);
    CHECK(server.get("/v1/concerts/" + added.text("/concert_id") + "/draw").status == 200);
}
