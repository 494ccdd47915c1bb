// The classes of a room, as documents write them.
#include "domain/class_reader.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "concertres/seating_plan.hpp"

using namespace concertres;

namespace {

Result<ConcertDraft> read_with(const std::string& classes) {
    return read_concert(fmt::format(
        R"({{"title": "t", "venue": "v", "performances": [{{"starts_at": "2090-12-24T19:00:00Z"}}],
            "seats": {{"count": 5, "price": 1000}}, "room": {{"classes": {}}}}})",
        classes));
}

// "pointer code" of each fault.
std::vector<std::string> faults(const std::string& classes) {
    const auto draft = read_with(classes);
    if (draft) return {};
    std::vector<std::string> found;
    for (const auto& fault : draft.error().faults)
        found.push_back(fault.pointer + " " + fault.code);
    return found;
}

}  // namespace

TEST_CASE("a class is read with its weight, which is 1 unless it says so") {
    const auto draft = read_with(R"([{"name": "a-z_09"}, {"name": "fan", "weight": 3}])");
    REQUIRE(draft);
    CHECK(draft->room->classes == std::vector<RoomClass>{{"a-z_09", 1}, {"fan", 3}});
}

TEST_CASE("a class has a plain name, which no other has") {
    using Found = std::vector<std::string>;
    for (const char* name : {"A", "{", "!", ":", " ", "한"}) {
        CAPTURE(name);
        CHECK(faults(fmt::format(R"([{{"name": "{}"}}])", name)) ==
              Found{"/room/classes/0/name malformed"});
    }
    CHECK(faults(R"([{"weight": 2}])") == Found{"/room/classes/0/name missing"});
    CHECK(faults(R"([{"name": "a"}, {"name": "b"}, {"name": "a"}])") ==
          Found{"/room/classes/2/name duplicate"});
}
