// Rooms with classes, over HTTP: who may ask for which, what a place says of its own, and what
// operators set and see.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "cli/drawn_file.hpp"
#include "server/test_server.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;

namespace {

const std::string api_key = "api-key-of-this-test-0123456789";

// A room with two classes, in front of a sale that opens in an hour where it draws.
struct Classes {
    explicit Classes(bool has_key = true, bool draws = false)
        : server({.api_key = has_key ? std::optional(api_key) : std::nullopt}) {
        ConcertDraft draft = SmallSale::draft();
        draft.room = RoomPolicy{
            .active_max = 4, .draw = draws, .classes = {{"general", 1}, {"fan_club", 3}}};
        if (draws) draft.opens_at = server.office().now() + 1h;
        sale = server.add(std::move(draft));
    }
    Reply ask_for(const std::string& name, const std::string& line_class,
                  const std::string& key = api_key) {
        std::string body = fmt::format(R"({{"user_id": "{}")", UserId::from_name(name).to_string());
        if (!line_class.empty()) body += fmt::format(R"(, "class": "{}")", line_class);
        Ask ask{.method = "POST",
                .target = "/v1/concerts/" + sale.concert.to_string() + "/tokens",
                .body = body + "}"};
        if (!key.empty()) ask.fields.emplace_back("X-Api-Key", key);
        return server.ask(ask);
    }
    Reply room() {
        return server.ask_operators(
            {.target = "/admin/v1/concerts/" + sale.concert.to_string() + "/room"});
    }
    Reply patch(const std::string& body) {
        return server.ask_operators(
            {.method = "PATCH",
             .target = "/admin/v1/concerts/" + sale.concert.to_string() + "/room",
             .body = body});
    }

    TestServer server;
    SmallSale sale;
};

}  // namespace

TEST_CASE("the host asks for a place in a class, and the place says which it is in") {
    Classes room;
    const Reply fan = room.ask_for("fan", "fan_club");
    CHECK(fan.status == 201);
    CHECK(fan.text("/class") == "fan_club");
    CHECK(fan.number("/number") == (std::int64_t{1} << 49) + 1);
    CHECK(fan.number("/position") == 1);
    CHECK(room.ask_for("one", "").text("/class") == "general");
    CHECK(room.ask_for("two", "general").number("/position") == 2);
    CHECK(room.ask_for("other fan", "fan_club").number("/position") == 2);
    const Reply place = room.server.get("/v1/tokens/current", Buyer{.token = fan.text("/token")});
    CHECK(place.text("/class") == "fan_club");
    CHECK(place.number("/number") == fan.number("/number"));
    // Asked for again, the place is what it is.
    const Reply again = room.ask_for("fan", "general");
    CHECK(again.status == 200);
    CHECK(again.text("/class") == "fan_club");
    room.server.admit(room.sale.concert);
    CHECK(
        room.server.get("/v1/tokens/current", Buyer{.token = fan.text("/token")}).text("/status") ==
        "admitted");
}

TEST_CASE("a class that the room has not is refused, and the detail names those that there are") {
    Classes room;
    for (const std::string name : {"press", "Fan_club"}) {
        const Reply refused = room.ask_for("one", name);
        CHECK(refused.outcome() == "400 request_invalid");
        CHECK(refused.text("/detail") ==
              "class: this waiting room has no \"" + name + "\"; it has general, fan_club");
    }
    CHECK(room.room().number("/waiting") == 0);
    CHECK(room.ask_for("one", std::string(41, 'a')).faults() ==
          std::vector<std::string>{"/class out_of_range"});
    CHECK(room.server
              .ask({.method = "POST",
                    .target = "/v1/concerts/" + room.sale.concert.to_string() + "/tokens",
                    .body = fmt::format(R"({{"user_id": "{}", "class": 1}})",
                                        UserId::from_name("one").to_string()),
                    .fields = {{"X-Api-Key", api_key}}})
              .faults() == std::vector<std::string>{"/class wrong_type"});
}

TEST_CASE("nobody but the host asks for another class than the first") {
    SUBCASE("with a key that is not the right one") {
        Classes room;
        CHECK(room.ask_for("one", "fan_club", "").outcome() == "401 api_key_required");
        CHECK(room.ask_for("one", "fan_club", "wrong").outcome() == "401 api_key_required");
        CHECK(room.room().number("/waiting") == 0);
    }
    SUBCASE("where the server has none") {
        Classes room(false);
        for (const std::string key : {"", "any"}) {
            const Reply refused = room.ask_for("one", "fan_club", key);
            CHECK(refused.outcome() == "401 api_key_required");
            CHECK(refused.text("/detail") ==
                  "class: only the host may ask for another class than the first; start the server "
                  "with an API key, and send X-Api-Key");
        }
        CHECK(room.ask_for("one", "press", "").outcome() == "401 api_key_required");
        CHECK(room.room().number("/waiting") == 0);
        CHECK(room.ask_for("one", "general", "").status == 201);
        CHECK(room.ask_for("two", "", "").status == 201);
    }
}

TEST_CASE("operators see how many wait in each class, and what the classes are") {
    Classes room;
    (void)room.ask_for("one", "");
    for (const std::string name : {"a", "b", "c"}) (void)room.ask_for(name, "fan_club");
    const Reply seen = room.room();
    CHECK(seen.number("/waiting") == 4);
    check_json(seen.at("/waiting_by_class"), R"([{"class": "general", "waiting": 1},
                                                 {"class": "fan_club", "waiting": 3}])");
    check_json(seen.at("/room/classes"), R"([{"name": "general", "weight": 1, "allotment": "kept"},
        {"name": "fan_club", "weight": 3, "allotment": "kept"}])");
    const Reply report = room.server.ask_operators(
        {.target = "/admin/v1/concerts/" + room.sale.concert.to_string() + "/report"});
    check_json(report.at("/waiting_by_class"), R"([{"class": "general", "waiting": 1},
                                                   {"class": "fan_club", "waiting": 3}])");
    const Reply explained = room.server.ask_operators(
        {.target = "/admin/v1/explain/" + room.sale.concert.to_string() +
                   "?place=" + std::to_string((std::int64_t{1} << 49) + 2)});
    CHECK(explained.text("/state").ends_with("; in class fan_club"));
}

TEST_CASE("a room without classes says so, and a place in it names none") {
    TestServer server;
    const SmallSale sale = server.add();
    const Reply place = server.join(UserId::from_name("one"), sale.concert);
    CHECK(place.json.as_object().if_contains("class") == nullptr);
    const Reply room = server.ask_operators(
        {.target = "/admin/v1/concerts/" + sale.concert.to_string() + "/room"});
    CHECK(room.at("/waiting_by_class").as_array().empty());
    CHECK(room.at("/room/classes").as_array().empty());
}

TEST_CASE("operators change weights and append classes, and nothing else of them") {
    Classes room;
    (void)room.ask_for("fan", "fan_club");
    const Reply more = room.patch(R"({"classes": [{"name": "general", "weight": 2},
        {"name": "fan_club", "allotment": "released"}, {"name": "accessible", "weight": 5}]})");
    CHECK(more.status == 200);
    check_json(more.at("/room/classes"), R"([
        {"name": "general", "weight": 2, "allotment": "kept"},
        {"name": "fan_club", "weight": 1, "allotment": "released"},
        {"name": "accessible", "weight": 5, "allotment": "kept"}])");
    CHECK(more.number("/room/active_max") == 4);
    CHECK(room.ask_for("one", "accessible").number("/position") == 1);
    const Reply moved = room.patch(R"({"classes": [{"name": "fan_club"}, {"name": "general"}]})");
    CHECK(moved.outcome() == "400 request_invalid");
    CHECK(moved.text("/detail").starts_with("room/classes/0: must stay \"general\""));
    CHECK(moved.faults() == std::vector<std::string>{"/classes/0 out_of_range"});
    CHECK(room.patch(R"({"classes": []})").outcome() == "400 request_invalid");
    // Other settings leave them alone.
    CHECK(room.patch(R"({"active_max": 9})").at("/room/classes").as_array().size() == 3);
}

TEST_CASE("what is wrong with the classes of a room is told place by place") {
    Classes room;
    CHECK(room.patch(R"({"classes": null})").faults() ==
          std::vector<std::string>{"/classes wrong_type"});
    CHECK(room.patch(R"({"classes": [{"weight": 0}, {"name": "", "more": 1}, 7]})").faults() ==
          std::vector<std::string>{"/classes/0/name missing", "/classes/0/weight out_of_range",
                                   "/classes/1/more unknown_field", "/classes/1/name out_of_range",
                                   "/classes/2 wrong_type"});
    CHECK(room.patch(R"({"classes": [{"name": "general", "allotment": "free"}]})").faults() ==
          std::vector<std::string>{"/classes/0/allotment malformed"});
    CHECK(room.patch(R"({"classes": [{"name": "general"}, {"name": "Fan club"}, {"name": "a"},
                                     {"name": "a"}]})")
              .faults() ==
          std::vector<std::string>{"/classes/1/name malformed", "/classes/3/name duplicate"});
    std::string many = R"({"classes": [{"name": "general"})";
    for (int i = 0; i < 16; ++i) many += fmt::format(R"(, {{"name": "c{}"}})", i);
    CHECK(room.patch(many + "]}").faults() == std::vector<std::string>{"/classes out_of_range"});
}

TEST_CASE("a concert is added with the classes of its room") {
    TestServer server;
    const Reply added = server.ask_operators(
        {.method = "POST", .target = "/admin/v1/concerts", .body = R"({"title": "t", "venue": "v",
        "performances": [{"starts_at": "2090-12-24T19:00:00+09:00"}],
        "seats": {"count": 2, "price": 5},
        "room": {"classes": [{"name": "all"}, {"name": "fan_club", "weight": 1000}]}})"});
    INFO(added.body);
    REQUIRE(added.status == 201);
    const Reply room = server.ask_operators(
        {.target = "/admin/v1/concerts/" + added.text("/concert_id") + "/room"});
    check_json(room.at("/room/classes"), R"([{"name": "all", "weight": 1, "allotment": "kept"},
        {"name": "fan_club", "weight": 1000, "allotment": "kept"}])");
}

TEST_CASE("the draw of every class is shown, and the file of it verifies") {
    Classes room(true, true);
    for (int i = 0; i < 6; ++i) (void)room.ask_for(fmt::format("general {}", i), "");
    for (int i = 0; i < 9; ++i) (void)room.ask_for(fmt::format("fan {}", i), "fan_club");
    const std::string draw = "/v1/concerts/" + room.sale.concert.to_string() + "/draw";
    CHECK(room.server.get(draw).at("/lines").as_array().empty());
    room.server.clock().advance(1h);
    room.server.admit(room.sale.concert);
    const Reply drawn = room.server.get(draw);
    CHECK(drawn.number("/size") == 6);
    check_json(drawn.at("/lines"), R"([
        {"class": "general", "class_number": 0, "epoch": 0, "size": 6},
        {"class": "fan_club", "class_number": 1, "epoch": 0, "size": 9}])");
    const Reply page = room.server.ask_operators({.target = "/admin" + draw});
    CHECK(page.at("/admissions").as_array().size() == 4);
    const auto file = server::read_drawn_file(page.body);
    REQUIRE(file);
    CHECK(file->size() == 15);
    const server::Verified verified = server::verify(*file, {});
    CHECK(verified.wrong.empty());
    REQUIRE(verified.good.size() >= 3);
    CHECK(verified.good[1].starts_with("class general: 1 of 6 places were let in"));
}
