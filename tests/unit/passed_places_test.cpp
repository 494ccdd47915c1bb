#include "engine/passed_places.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <vector>

using namespace concertres;

namespace {

using Numbers = std::vector<PlaceNumber>;

Time at(std::int64_t seconds) { return Time(std::chrono::seconds(seconds)); }

LineIndex::Standing by_number(PlaceNumber number) {
    return LineIndex::standing_of(number, nullptr, nullptr);
}

void add(PassedPlaces& places, std::int64_t number, Time since, bool is_back = false) {
    places.add({number}, by_number({number}), since, is_back);
}

constexpr auto nobody = [](PlaceNumber) -> std::optional<Time> { return std::nullopt; };

}  // namespace

TEST_CASE("who was passed over is away until heard of") {
    PassedPlaces places;
    CHECK(!places.first_away());
    add(places, 9, at(10));
    add(places, 3, at(20));
    add(places, 5, at(10), true);
    CHECK(places.size() == 3);
    CHECK(places.contains({9}));
    CHECK(places.first_away() == at(10));
    CHECK(places.away(at(20), 9) == Numbers{{9}, {3}});
    CHECK(places.away(at(19), 9) == Numbers{{9}});
    CHECK(places.away(at(20), 1) == Numbers{{9}});
    CHECK(places.back(0, 9, nobody) == Numbers{{5}});
    places.come_back({9});
    places.come_back({9});
    CHECK(places.first_away() == at(20));
    CHECK(places.back(0, 9, nobody) == Numbers{{5}, {9}});
    CHECK(places.back(0, 1, nobody) == Numbers{{5}});
    CHECK(places.back(1, 9, nobody).empty());
}

TEST_CASE("who has been passed over already stays where it is") {
    PassedPlaces places;
    add(places, 1, at(10));
    add(places, 1, at(20), true);
    CHECK(places.size() == 1);
    CHECK(places.first_away() == at(10));
    CHECK(places.back(0, 9, nobody).empty());
}

TEST_CASE("who came back and falls silent is away again, since the last word") {
    PassedPlaces places;
    add(places, 1, at(10), true);
    add(places, 2, at(20), true);
    const auto first = [](PlaceNumber number) {
        return number.value == 1 ? std::optional(at(500)) : std::nullopt;
    };
    CHECK(places.back(0, 9, first) == Numbers{{2}});
    CHECK(places.first_away() == at(500));
    CHECK(places.back(0, 9, nobody) == Numbers{{2}});
    places.come_back({1});
    CHECK(places.back(0, 9, nobody) == Numbers{{1}, {2}});
}

TEST_CASE("who came back in another class is none of this one") {
    PassedPlaces places;
    const auto of_class = [](LineClass line_class, std::int64_t sequence) {
        return PlaceNumber::of({.line_class = line_class, .sequence = sequence});
    };
    for (const LineClass line_class : {0, 1, 2}) {
        for (const std::int64_t sequence : {1, 2}) {
            const PlaceNumber number = of_class(line_class, sequence);
            places.add(number, by_number(number), at(10), true);
        }
    }
    CHECK(places.back(1, 9, nobody) == Numbers{of_class(1, 1), of_class(1, 2)});
    CHECK(places.back(1, 1, nobody) == Numbers{of_class(1, 1)});
    const auto everybody = [](PlaceNumber) { return std::optional(at(20)); };
    CHECK(places.back(1, 9, everybody).empty());
    CHECK(places.away(at(20), 9) == Numbers{of_class(1, 1), of_class(1, 2)});
    CHECK(places.back(2, 9, nobody).size() == 2);
}

TEST_CASE("a place that is admitted, left or lost is forgotten wherever it was") {
    PassedPlaces places;
    add(places, 1, at(10));
    add(places, 2, at(10), true);
    for (const std::int64_t number : {1, 2, 3}) places.remove({number});
    CHECK(places.size() == 0);
    CHECK(!places.first_away());
    CHECK(places.back(0, 9, nobody).empty());
}

TEST_CASE("a draw puts those who came back in its order, and nobody comes back by it") {
    PassedPlaces places;
    for (const std::int64_t number : {1, 2, 3}) add(places, number, at(10), true);
    add(places, 4, at(10));
    places.reorder([](PlaceNumber number) { return LineIndex::Standing{0, 0, 0, -number.value}; });
    CHECK(places.back(0, 9, nobody) == Numbers{{3}, {2}, {1}});
    CHECK(places.first_away() == at(10));
    places.remove({2});
    CHECK(places.back(0, 9, nobody) == Numbers{{3}, {1}});
}
