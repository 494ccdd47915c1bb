// For how many people of each class there are seats.
#include "domain/allotment.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "concertres/catalog.hpp"

using namespace concertres;

namespace {

using Counts = std::vector<std::int64_t>;
constexpr std::int64_t no_limit = SeatTurns::no_limit;

// Whether everybody can have a seat of their own that they may take: of each class as many as
// `people` says. By trying all ways to seat them on their own seats and on those in common.
bool all_find_a_seat(const Counts& people, const Counts& own, std::int64_t common) {
    std::int64_t over = 0;
    for (std::size_t i = 0; i < people.size(); ++i)
        over += std::max<std::int64_t>(0, people[i] - own[i]);
    return over <= common;
}

SeatsByClass seats_of(const Counts& kept, std::int64_t common) {
    SeatsByClass seats{.anybodys = {.free = common}};
    for (const std::int64_t free : kept) seats.kept.push_back({.free = free});
    return seats;
}

}  // namespace

TEST_CASE("what is open to a class is what anybody may take and its own") {
    const SeatsByClass seats{.anybodys = {.free = 3, .held = 1},
                             .kept = {{}, {.free = 2, .blocked = 1, .sold = 5}}};
    CHECK(seats.open_to(0) == SeatCounts{.free = 3, .held = 1});
    CHECK(seats.open_to(1) == SeatCounts{.free = 5, .blocked = 1, .held = 1, .sold = 5});
    CHECK(seats.open_to(7) == seats.anybodys);
    CHECK(seats.total() == SeatCounts{.free = 5, .blocked = 1, .held = 1, .sold = 5});
}

TEST_CASE("a class for which any seat is left has no limit, and one without has no turn") {
    const SeatTurns none_kept = turns_while_any_is_left(seats_of({}, 0));
    CHECK(none_kept.own_of(3) == no_limit);
    CHECK(turns_while_any_is_left(seats_of({0, 2}, 1)).has_any(0));

    const SeatTurns fans_only = turns_while_any_is_left(seats_of({0, 2}, 0));
    CHECK_FALSE(fans_only.has_any(0));
    CHECK(fans_only.has_any(1));
    CHECK(fans_only.own == Counts{0, no_limit});

    SeatsByClass held = seats_of({0, 0}, 0);
    held.kept[1].held = 1;
    CHECK(turns_while_any_is_left(held).has_any(1));
}

TEST_CASE(
    "each who is let in has a seat, and whoever is in takes the own seats of the class first") {
    // Two fans are in, for whom two of the three seats of their class are counted.
    SeatTurns turns = a_seat_for_each(seats_of({0, 3}, 4), Counts{0, 2});
    CHECK(turns.own == Counts{0, 1});
    CHECK(turns.common == 4);
    // Four of them: one will need a seat that is in common.
    turns = a_seat_for_each(seats_of({0, 3}, 4), Counts{0, 4});
    CHECK(turns.own == Counts{0, 0});
    CHECK(turns.common == 3);
    // All that is in common is spoken for.
    CHECK_FALSE(a_seat_for_each(seats_of({0, 3}, 2), Counts{2, 0}).has_any(0));
    CHECK(a_seat_for_each(seats_of({0, 3}, 2), Counts{2, 0}).has_any(1));
    // A seat that is held may come free, but is not free now.
    SeatsByClass held = seats_of({0, 0}, 0);
    held.anybodys.held = 5;
    CHECK(a_seat_for_each(held, Counts{1, 0}).common == 0);
}

TEST_CASE("whatever is let in by these numbers finds a seat, and one more would not") {
    std::mt19937 random(7);
    const auto below = [&](int bound) {
        return static_cast<std::int64_t>(random() % static_cast<unsigned>(bound));
    };
    int full = 0;
    for (int round = 0; round < 2'000; ++round) {
        const Counts own{below(4), below(4), 0};
        const std::int64_t common = below(6);
        Counts people{below(4), below(4), below(4)};
        if (!all_find_a_seat(people, own, common)) continue;
        const SeatTurns turns = a_seat_for_each(seats_of(own, common), people);
        for (std::size_t i = 0; i < people.size(); ++i) {
            people[i] += turns.own_of(i);
            CHECK(all_find_a_seat(people, own, common));
        }
        // Now all that is in common goes to one of them.
        const auto to = static_cast<std::size_t>(below(3));
        people[to] += turns.common;
        CHECK(all_find_a_seat(people, own, common));
        ++people[to];
        CHECK_FALSE(all_find_a_seat(people, own, common));
        ++full;
    }
    CHECK(full > 500);
}

TEST_CASE("what is free is sought, or there are turns for it") {
    CHECK(seats_sought(seats_of({}, 5), Counts{3}) == 3);
    CHECK(seats_sought(seats_of({}, 5), Counts{4, 4}) == 5);
    std::mt19937 random(8);
    const auto below = [&](int bound) {
        return static_cast<std::int64_t>(random() % static_cast<unsigned>(bound));
    };
    for (int round = 0; round < 1'000; ++round) {
        const SeatsByClass seats = seats_of({below(4), below(4), 0}, below(6));
        const Counts seeking{below(6), below(6), below(6)};
        const SeatTurns turns = a_seat_for_each(seats, seeking);
        std::int64_t together = turns.common;
        for (std::size_t i = 0; i < 3; ++i) together += turns.own_of(i);
        CHECK(together == seats.total().free - seats_sought(seats, seeking));
    }
}

TEST_CASE("a seat is kept for its class until the allotment is released") {
    const HallSeat plain{.number = 1};
    const HallSeat kept{.number = 2, .allotted_to = 1};
    RoomPolicy room;
    room.classes = {{"general", 1}, {"fan_club", 1}};
    CHECK_FALSE(kept_for(plain, room));
    CHECK(kept_for(kept, room) == 1);
    CHECK(kept_for_others(room, 0) == std::vector<LineClass>{1});
    CHECK(kept_for_others(room, 1) == std::vector<LineClass>{0});
    room.classes[1].allotment_released = true;
    CHECK_FALSE(kept_for(kept, room));
    CHECK(kept_for_others(room, 0).empty());
    CHECK_FALSE(kept_for(kept, std::nullopt));
    CHECK_FALSE(kept_for(kept, RoomPolicy{}));
}
