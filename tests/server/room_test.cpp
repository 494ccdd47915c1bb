// The waiting room as operators set and work it over HTTP: the closed loop and its signals, the
// waiting list, and letting somebody in by hand.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <string>
#include <vector>

#include "server/test_server.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;

namespace {

using Faulty = std::vector<std::string>;

// One concert, and what operators send about it.
struct Room {
    TestServer server;
    SmallSale sale;

    explicit Room(RoomPolicy policy = {}, SeatNumber seats = 50) {
        ConcertDraft draft = SmallSale::draft(seats);
        draft.room = std::move(policy);
        sale = server.add(std::move(draft));
    }
    Reply operators(const char* method, const std::string& what, const std::string& body = {},
                    const std::string& actor = {}) {
        Ask ask{.method = method,
                .target = "/admin/v1/concerts/" + sale.concert.to_string() + "/" + what};
        if (!body.empty()) ask.body = body;
        if (!actor.empty()) ask.fields.emplace_back("X-Actor", actor);
        return server.ask_operators(ask);
    }
    Reply patch(const std::string& body) { return operators("PATCH", "room", body); }
    Reply shown() { return operators("GET", "room"); }
    Reply admit(const Buyer& buyer, const std::string& actor = "ann") {
        return operators("POST", "admit",
                         fmt::format(R"({{"user_id": "{}"}})", buyer.user.to_string()), actor);
    }
    Reply place(const Buyer& buyer) { return server.place(buyer); }
};

}  // namespace

TEST_CASE("a closed loop is set by a patch, shown, sent back as it was shown, and taken away") {
    Room room;
    CHECK(room.shown().at("/room/closed_loop").is_null());
    CHECK(room.shown().at("/loop").is_null());
    const Reply set = room.patch(
        R"({"closed_loop": {"floor": 2, "ceiling": 9, "load_max": 0.8, "commit_ms_max": 20}})");
    CHECK(set.outcome() == "200");
    check_json(set.at("/room"), R"({"active_max": null, "window": null, "pass_ms": null,
        "draw": false, "classes": [], "closed_loop": {"floor": 2, "ceiling": 9, "add": 1, "cut": 50,
        "every_ms": 1000, "load_max": 0.8, "commit_ms_max": 20}, "waiting_list": false,
        "no_shows": null})");
    CHECK(set.number("/loop/limit") == 2);
    CHECK(set.at("/loop/load").is_null());
    CHECK(set.at("/loop/seats_per_pass").is_null());
    const std::string shown = boost::json::serialize(room.shown().at("/room/closed_loop"));
    CHECK(room.patch(fmt::format(R"({{"closed_loop": {}}})", shown)).outcome() == "200");
    CHECK(boost::json::serialize(room.shown().at("/room/closed_loop")) == shown);
    // What another change does not name stays.
    CHECK(room.patch(R"({"active_max": 5})").number("/room/closed_loop/ceiling") == 9);
    CHECK(room.patch(R"({"closed_loop": null})").at("/loop").is_null());
    CHECK(room.shown().number("/room/active_max") == 5);
}

TEST_CASE("faults of a closed loop are told with their places") {
    Room room;
    const auto faults = [&](const std::string& loop) {
        return room.patch(R"({"closed_loop": )" + loop + "}").faults();
    };
    CHECK(faults(R"({"floor": 0, "ceiling": "x", "add": 0, "cut": 100, "every_ms": 0,
                     "load_max": 0, "commit_ms_max": 0, "seats_per_pass_min": 0, "more": 1})") ==
          Faulty{"/closed_loop/more unknown_field", "/closed_loop/floor out_of_range",
                 "/closed_loop/ceiling wrong_type", "/closed_loop/add out_of_range",
                 "/closed_loop/cut out_of_range", "/closed_loop/every_ms out_of_range",
                 "/closed_loop/load_max out_of_range", "/closed_loop/commit_ms_max out_of_range",
                 "/closed_loop/seats_per_pass_min out_of_range"});
    CHECK(faults(R"({"floor": 3, "ceiling": 2})") ==
          Faulty{"/closed_loop/ceiling out_of_range", "/closed_loop missing"});
    CHECK(faults("7") == Faulty{"/closed_loop wrong_type"});
    CHECK(room.patch(R"({"waiting_list": 1})").faults() == Faulty{"/waiting_list wrong_type"});
    CHECK(room.patch(R"({"pass_ms": 315360000001})").faults() == Faulty{"/pass_ms out_of_range"});
    CHECK(room.shown().at("/room/closed_loop").is_null());
}

TEST_CASE(
    "a rule for no-shows is set by a patch, shown, sent back as it was shown, and taken away") {
    Room room;
    CHECK(room.shown().at("/room/no_shows").is_null());
    CHECK(room.shown().number("/passed_over") == 0);
    const std::string rule = R"({"silent_ms": 120000, "grace_ms": 600000})";
    CHECK(room.patch(R"({"no_shows": )" + rule + "}").outcome() == "200");
    check_json(room.shown().at("/room/no_shows"), rule);
    // What another change does not name stays.
    CHECK(room.patch(R"({"active_max": 5})").number("/room/no_shows/grace_ms") == 600'000);
    CHECK(room.patch(R"({"no_shows": null})").at("/room/no_shows").is_null());
    CHECK(room.shown().number("/room/active_max") == 5);
}

TEST_CASE("faults of a rule for no-shows are told with their places") {
    Room room;
    const auto faults = [&](const std::string& rule) {
        return room.patch(R"({"no_shows": )" + rule + "}").faults();
    };
    CHECK(faults("true") == Faulty{"/no_shows wrong_type"});
    CHECK(faults("{}") == Faulty{"/no_shows/silent_ms missing", "/no_shows/grace_ms missing"});
    CHECK(faults(R"({"silent_ms": "x", "grace_ms": 0, "more": 1})") ==
          Faulty{"/no_shows/more unknown_field", "/no_shows/silent_ms wrong_type",
                 "/no_shows/grace_ms out_of_range"});
    CHECK(faults(R"({"silent_ms": 89999, "grace_ms": 999})") ==
          Faulty{"/no_shows/silent_ms out_of_range", "/no_shows/grace_ms out_of_range"});
    CHECK(room.shown().at("/room/no_shows").is_null());
}

TEST_CASE(
    "who is not there when the turn comes is passed over, shown as that, and loses the place") {
    Room room({.active_max = 1, .no_shows = NoShows{.silent_after = 90s, .grace = 5min}});
    const Buyer absent = room.server.waiting("absent", room.sale.concert);
    const Buyer lost = room.server.waiting("lost", room.sale.concert);
    room.server.clock().advance(2min);
    const Buyer there = room.server.waiting("there", room.sale.concert);
    room.server.admit(room.sale.concert);
    CHECK(room.place(there).text("/status") == "admitted");
    CHECK(room.shown().number("/waiting") == 2);
    CHECK(room.shown().number("/passed_over") == 2);
    CHECK(room.server.get("/v1/concerts").number("/concerts/0/passed_over") == 2);
    CHECK(room.operators("GET", "report").number("/passed_over") == 2);
    const Reply back = room.place(absent);
    CHECK(back.text("/status") == "waiting");
    CHECK(back.number("/position") == 1);
    CHECK(room.server.leave(there).status == 204);
    room.server.admit(room.sale.concert);
    CHECK(room.place(absent).text("/status") == "admitted");
    room.server.clock().advance(5min);
    room.server.admit(room.sale.concert);
    CHECK(room.place(lost).text("/status") == "left");
    CHECK(room.server.hold(lost, room.sale.performance(), {1}).outcome() == "403 pass_left");
    const Reply explained = room.server.ask_operators(
        {.target = "/admin/v1/explain/" + room.sale.concert.to_string() + "?place=2"});
    CHECK(explained.text("/state").find(", and lost: ") != std::string::npos);
}

TEST_CASE("the host reports its load, and the room goes by it") {
    Room room({.closed_loop = ClosedLoop{.floor = 1, .ceiling = 9, .add = 2, .load_max = 0.8}});
    const auto report = [&](const std::string& body) {
        return room.operators("PUT", "load", body).outcome();
    };
    const Buyer first = room.server.buyer("first", room.sale.concert);
    const Buyer second = room.server.buyer("second", room.sale.concert);
    CHECK(room.place(second).text("/status") == "waiting");
    CHECK(report(R"({"load": 0.5})") == "204");
    CHECK(room.shown().at("/loop/load").as_double() == 0.5);
    CHECK(room.shown().number("/loop/seats_per_pass") == 50);
    CHECK(room.shown().at("/loop/commit_ms").is_number());
    room.server.clock().advance(1s);
    room.server.admit(room.sale.concert);
    CHECK(room.shown().number("/loop/limit") == 3);
    room.server.admit(room.sale.concert);
    CHECK(room.place(second).text("/status") == "admitted");
    CHECK(room.operators("GET", "report").number("/loop/limit") == 3);
    CHECK(report(R"({"load": 2})") == "204");
    room.server.clock().advance(1s);
    room.server.admit(room.sale.concert);
    CHECK(room.shown().number("/loop/limit") == 1);
    room.server.clock().advance(10s);
    CHECK(room.shown().at("/loop/load").is_null());
    for (const char* bad : {R"({"load": -1})", R"({"load": "full"})", R"({"load": 1001})", "{}",
                            R"({"load": 1, "of": "cpu"})", R"({"load": null})"}) {
        CAPTURE(bad);
        CHECK(report(bad) == "400 request_invalid");
    }
}

TEST_CASE("an operator lets somebody in by hand, and the event tells who it was") {
    Room room({.active_max = 1});
    const Buyer first = room.server.waiting("first", room.sale.concert);
    const Buyer second = room.server.waiting("second", room.sale.concert);
    const Reply let_in = room.admit(second);
    CHECK(let_in.outcome() == "200");
    CHECK(let_in.text("/status") == "admitted");
    CHECK(let_in.number("/number") == 2);
    CHECK(let_in.number("/position") == 0);
    CHECK_FALSE(let_in.json.as_object().contains("token"));
    CHECK(room.place(second).text("/pass_expires_at") == let_in.text("/pass_expires_at"));
    CHECK(room.admit(second).outcome() == "200");
    const Reply full = room.admit(first);
    CHECK(full.outcome() == "409 room_full");
    CHECK(full.text("/detail").find("at most 1 at once") != std::string::npos);
    CHECK(room.patch(R"({"active_max": 2})").status == 200);
    CHECK(room.operators("POST", "admit", R"({"place": 1})").text("/status") == "admitted");

    const auto explained = [&](int place) {
        return room.server.ask_operators(
            {.target = fmt::format("/admin/v1/explain/{}?place={}", room.sale.concert.to_string(),
                                   place)});
    };
    CHECK(explained(2).text("/events/0/facts/actor") == "ann");
    CHECK(explained(2).text("/state").find("let in by hand, by ann") != std::string::npos);
    CHECK(explained(1).text("/events/0/facts/actor") == "admin");
}

TEST_CASE("whatever an operator does to a room is an event that tells who it was, and what") {
    Room room;
    const Buyer ann = room.server.waiting("ann", room.sale.concert);
    const std::pair<const char*, const char*> changes[] = {
        {R"({"sale": "paused"})", "sale: paused"},
        {R"({"sale": "draining"})", "sale: draining"},
        {R"({"sale": "closed"})", "sale: closed"},
        {R"({"sale": "open"})", "sale: open"},
        {R"({"active_max": 7})", "at most 7 at once"},
        {R"({"window": {"admit_max": 5, "window_ms": 1000}})", "at most 5 per 1000 ms"},
        {R"({"pass_ms": 60000})", "passes for 60000 ms"},
        {R"({"waiting_list": true})", "with a waiting list"},
        {R"({"no_shows": {"silent_ms": 90000, "grace_ms": 1000}})",
         "passing over who is silent for 90000 ms, whose place is kept for 1000 ms"},
        {R"({"closed_loop": {"floor": 2, "ceiling": 9, "seats_per_pass_min": 3}})",
         "2 to 9 at once by a closed loop (at least 3 seats for each pass"},
        {R"({"opens_at": "2026-12-01T10:00:00Z"})", "opens at: 2026-12-01T10:00:00.000Z"}};
    for (const auto& [change, told] : changes) {
        CHECK(room.operators("PATCH", "room", change, "ann").status == 200);
    }
    CHECK(room.admit(ann, "bob").status == 200);
    const Reply explained =
        room.server.ask_operators({.target = "/admin/v1/explain/" + room.sale.concert.to_string()});
    const auto& events = explained.at("/events").as_array();
    REQUIRE(events.size() == std::size(changes) + 1);
    for (std::size_t i = 0; i < std::size(changes); ++i) {
        CAPTURE(changes[i].first);
        const std::string at = fmt::format("/events/{}/", i);
        CHECK(explained.text(at + "event") == "sale.changed");
        CHECK(explained.text(at + "facts/actor") == "ann");
        CHECK(explained.text(at + "facts/detail").find(changes[i].second) != std::string::npos);
    }
    CHECK(events.back().at("event") == "pass.admitted");
    CHECK(events.back().at("facts").at("actor") == "bob");
    CHECK(explained.text("/state").find("closed loop allows 2 at once") != std::string::npos);
}

TEST_CASE("whom to let in is said in one way") {
    Room room;
    const auto faults = [&](const std::string& body) {
        return room.operators("POST", "admit", body).faults();
    };
    CHECK(faults("{}") == Faulty{" missing"});
    CHECK(faults(R"({"user_id": "5d0c9a2e-7f31-4b68-8e4d-9a1b2c3d4e5f", "place": 1})") ==
          Faulty{" out_of_range"});
    CHECK(faults(R"({"user_id": "x", "place": 0, "who": 1})") ==
          Faulty{"/who unknown_field", "/user_id malformed", "/place out_of_range"});
    CHECK(faults(R"({"user_id": "00000000-0000-0000-0000-000000000000"})") ==
          Faulty{"/user_id malformed"});
    const Buyer ann = room.server.waiting("ann", room.sale.concert);
    CHECK(room.admit(ann, std::string(101, 'x')).outcome() == "400 request_invalid");
    CHECK(room.place(ann).text("/status") == "waiting");
}

TEST_CASE("with a waiting list people join a sale that is sold out, and get what comes back") {
    Room room({.waiting_list = true}, 1);
    CHECK(room.shown().at("/room/waiting_list").as_bool());
    const Buyer first = room.server.buyer("first", room.sale.concert);
    const Reply paid = room.server.buy(first, room.sale.performance(), {1});
    const Buyer second = room.server.waiting("second", room.sale.concert);
    const Reply waits = room.place(second);
    CHECK(waits.text("/sale") == "sold_out");
    CHECK(waits.number("/position") == 1);
    CHECK(waits.at("/eta_ms").is_null());
    CHECK(waits.at("/eta_range_ms").is_null());
    REQUIRE(room.server.refund(first, paid.text("/payment_id")).status == 200);
    room.server.admit(room.sale.concert);
    CHECK(room.place(second).text("/status") == "admitted");
    CHECK(room.patch(R"({"waiting_list": false})").at("/room/waiting_list") == false);
}

TEST_CASE("who waits is told how long it will be, at best and at worst") {
    Room room({.window = AdmissionWindow{1, 10s}});
    std::vector<Buyer> line;
    for (int i = 0; i < 12; ++i) {
        line.push_back(room.server.waiting(fmt::format("user {}", i), room.sale.concert));
    }
    CHECK(room.place(line.back()).at("/eta_range_ms").is_null());
    for (int i = 0; i < 5; ++i) {
        room.server.admit(room.sale.concert);
        room.server.clock().advance(10s);
    }
    const Reply place = room.place(line.back());
    const std::int64_t min = place.number("/eta_range_ms/min");
    const std::int64_t max = place.number("/eta_range_ms/max");
    // Six are ahead, and the next is let in now.
    CHECK(min <= 60'000);
    CHECK(max >= 60'000);
    CHECK(place.number("/eta_ms") >= min);
    CHECK(place.number("/eta_ms") <= max);
    CHECK(room.patch(R"({"sale": "paused"})").status == 200);
    CHECK(room.place(line.back()).at("/eta_range_ms").is_null());
}
