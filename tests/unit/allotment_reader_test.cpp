// Allotments in a concert's own JSON.
#include "domain/allotment_reader.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "concertres/seating_plan.hpp"

using namespace concertres;

namespace {

std::string concert(
    const std::string& allotments,
    const std::string& room = R"({"classes": [{"name": "general"}, {"name": "fan_club"}]})") {
    return fmt::format(
        R"({{"title": "t", "venue": "v", "performances": [{{"starts_at": "2090-12-24T19:00:00Z"}}],
            "seats": [{{"number": 1, "section": "Stalls", "price": 5}},
                      {{"number": 2, "section": "Stalls", "price": 5}},
                      {{"number": 9, "section": "Gallery", "price": 5}}],
            "areas": [{{"section": "Pit", "capacity": 2, "price": 5}}],
            "room": {}, "allotments": {}}})",
        room, allotments);
}

// The seats of the second class's allotment.
std::vector<SeatNumber> allotted(const std::string& allotments) {
    const auto draft = read_concert(concert(allotments));
    INFO((draft ? "" : draft.error().detail));
    REQUIRE(draft);
    std::vector<SeatNumber> seats;
    for (const HallSeat& seat : draft->seats) {
        if (seat.allotted_to == 1) seats.push_back(seat.number);
    }
    return seats;
}

// "pointer code" of each fault.
std::vector<std::string> faults(const std::string& json) {
    const auto draft = read_concert(json);
    REQUIRE_FALSE(draft);
    std::vector<std::string> found;
    for (const auto& fault : draft.error().faults)
        found.push_back(fault.pointer + " " + fault.code);
    return found;
}

}  // namespace

TEST_CASE("sections, areas and single seats are allotted to a class") {
    using Seats = std::vector<SeatNumber>;
    CHECK(allotted(R"([{"class": "fan_club", "sections": ["Stalls"]}])") == Seats{1, 2});
    CHECK(allotted(R"([{"class": "fan_club", "sections": ["Pit"], "seats": [9]}])") ==
          Seats{9, 10, 11});
    // Named twice for one class is once.
    CHECK(allotted(R"([{"class": "fan_club", "sections": ["Stalls"], "seats": [1]},
                       {"class": "fan_club", "seats": [2]}])") == Seats{1, 2});
    CHECK(allotted(R"([{"class": "general", "seats": [1]}])").empty());
}

TEST_CASE("what is wrong with allotments is told all at once, place by place") {
    using Faults = std::vector<std::string>;
    CHECK(faults(concert(R"([{"class": "press", "seats": [1]},
                             {"class": "fan_club"},
                             {"class": "fan_club", "sections": ["Balcony"], "seats": [3, 10, 1]},
                             {"class": "general", "sections": ["Stalls"], "more": 1}])")) ==
          Faults{"/allotments/0/class unknown_class", "/allotments/1 missing",
                 "/allotments/2/sections/0 unknown_section", "/allotments/2/seats/0 unknown_seat",
                 "/allotments/2/seats/1 conflict", "/allotments/3/more unknown_field",
                 "/allotments/3/sections/0 conflict"});
    CHECK(faults(concert("[]")) == Faults{"/allotments out_of_range"});
    CHECK(faults(concert("7")) == Faults{"/allotments wrong_type"});
    CHECK(faults(concert(R"([{"class": "fan_club", "seats": [1]}])", "{}")) ==
          Faults{"/allotments/0/class conflict"});
    CHECK(faults(concert(R"([{"class": 7, "seats": [1]},
                             {"class": "fan_club", "sections": [7, "Stalls"], "seats": ["1", 9]},
                             {"class": "general", "seats": [2]}])")) ==
          Faults{"/allotments/0/class wrong_type", "/allotments/1/sections/0 wrong_type",
                 "/allotments/1/seats/0 wrong_type", "/allotments/2/seats/0 conflict"});
}

TEST_CASE(
    "allotments of a concert without a room, or without a seat that can be read, are refused") {
    const std::string beginning =
        R"({"title": "t", "venue": "v", "performances": [{"starts_at": "2090-12-24T19:00:00Z"}],
            "allotments": [{"class": "fan_club", "seats": [1]}], "seats": )";
    using Faults = std::vector<std::string>;
    CHECK(faults(beginning + R"({"count": 3, "price": 5}})") ==
          Faults{"/allotments/0/class conflict"});
    // Whose seats they would be is not known, so only the seats are reproached.
    CHECK(faults(beginning + R"([7], "room": {"classes": [{"name": "fan_club"}]}})") ==
          Faults{"/seats/0 wrong_type"});
}

TEST_CASE("an allotment is kept for its class, or released to all, and nothing else") {
    CHECK(faults(concert(R"([{"class": "b", "seats": [1]}])",
                         R"({"classes": [{"name": "a"}, {"name": "b", "allotment": "lent"}]})")) ==
          std::vector<std::string>{"/room/classes/1/allotment malformed"});
}

TEST_CASE("a room is read as the server shows it, with null for what it does not have") {
    const auto draft = read_concert(concert(
        R"([{"class": "b", "seats": [1]}])",
        R"({"active_max": null, "window": null, "pass_ms": null, "draw": false, "closed_loop": null,
            "waiting_list": false, "no_shows": null,
            "classes": [{"name": "a", "weight": 1, "allotment": "kept"},
                        {"name": "b", "weight": 1, "allotment": "released"}]})"));
    INFO((draft ? "" : draft.error().detail));
    REQUIRE(draft);
    CHECK_FALSE(draft->room->active_max);
    CHECK(draft->room->classes[1].allotment_released);
}
