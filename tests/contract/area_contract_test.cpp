// Areas, on every backend: many who ask at once, a crowd when nearly all is sold, and what is kept.
#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "concertres/box_office.hpp"
#include "support/backends.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;

namespace {

constexpr Money price{60'000};

ConcertDraft standing(std::int32_t capacity, SeatNumber numbered = 0) {
    ConcertDraft draft = SmallSale::draft(numbered);
    add_area(draft.seats, {.section = "Standing", .capacity = capacity, .price = price});
    return draft;
}

// A box office that its test steps.
struct Stepped {
    explicit Stepped(const Backend& backend, const ConcertDraft& draft, Options options = {})
        : store(backend, &clock) {
        options.running = Running::by_host;
        options.tick = 1h;
        office.emplace(store.take(), options);
        sale = SmallSale::add(*office, draft);
    }
    void settle() {
        while (office->step()) {
        }
    }
    [[nodiscard]] Hold wish(int user, std::int32_t count) const {
        return {.user = SmallSale::user(user),
                .performance = sale.performance(),
                .key = "areas-" + std::to_string(user),
                .areas = {{"Standing", count}}};
    }
    AreaView area() { return office->seats({.performance = sale.performance()})->areas.at(0); }

    TestClock clock;
    TestStore store;
    std::optional<BoxOffice> office;
    SmallSale sale;
};

}  // namespace

CONCERTRES_BACKEND_TEST(
    "of three hundred who ask at once for some of an area none gets another's") {
    Stepped at(backend, standing(500));
    std::vector<SeatNumber> taken;
    std::size_t refused = 0;
    for (int i = 0; i < 300; ++i) {
        at.office->submit<Hold>(at.wish(i, 1 + i % 3), [&](const AnswerTo<Hold>& answer) {
            if (answer) {
                for (const SeatNumber number : numbers_of(*answer)) taken.push_back(number);
                return;
            }
            CHECK(answer.error().code == Errc::no_seats_match);
            ++refused;
        });
    }
    at.settle();
    // They wanted 600; single ones were wanted to the end, so not one is left.
    CHECK(taken.size() == 500);
    CHECK(refused > 0);
    std::ranges::sort(taken);
    CHECK(std::ranges::adjacent_find(taken) == taken.end());
    CHECK(taken.front() == 1);
    CHECK(taken.back() == 500);
    CHECK(at.area().seats == SeatCounts{.held = 500});
    // Nearly all of them were decided in the group in which they came.
    CHECK(at.office->statistics().groups <= 20);
    CHECK(at.office->audit()->clean());
}

CONCERTRES_BACKEND_TEST("who wants more of an area than is left is told how many are") {
    Stepped at(backend, standing(5, 3));
    const auto held = at.office->hold(at.wish(1, 3));
    REQUIRE(held);
    CHECK(numbers_of(*held) == std::vector<SeatNumber>{4, 5, 6});
    CHECK(held->total == Money{180'000});
    for (const SeatPrice& seat : held->seats) {
        CHECK(seat.label == "Standing");
        CHECK(seat.section == "Standing");
        CHECK(seat.price == price);
    }
    const auto refused = at.office->hold(at.wish(2, 3));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::no_seats_match);
    CHECK(refused.error().detail == "there are not 3 free seats in \"Standing\": 2 are left");
    const auto told =
        at.office->explain({.id = at.sale.performance().uuid, .seat = SeatNumber{8}, .place = {}});
    REQUIRE(told);
    CHECK(told->state == "free; of the area \"Standing\"");
    Hold named{.user = SmallSale::user(2),
               .performance = at.sale.performance(),
               .seats = {1, 8},
               .key = "named"};
    CHECK(at.office->hold(named).error().detail ==
          "this hall has no seat 8 that can be named: 8 is of the area \"Standing\", of which "
          "`areas` takes as many as are wanted");
}

CONCERTRES_BACKEND_TEST("an area of twenty thousand of which all but a few are gone") {
    Stepped at(backend, standing(20'000));
    std::vector<SeatNumber> gone;
    for (SeatNumber number = 1; number <= 19'990; ++number) gone.push_back(number);
    REQUIRE(at.office->block_seats({.performance = at.sale.performance(), .seats = gone}));
    std::size_t held = 0;
    for (int i = 0; i < 100; ++i) {
        at.office->submit<Hold>(at.wish(i, 1), [&](const AnswerTo<Hold>& answer) {
            if (answer) ++held;
        });
    }
    at.settle();
    CHECK(held == 10);
    CHECK(at.area().seats == SeatCounts{.blocked = 19'990, .held = 10});
}

CONCERTRES_BACKEND_TEST("a dead hold's seats are the only ones left of an area, and are given") {
    Stepped at(backend, standing(4), {.sweeps = false});
    REQUIRE(at.office->hold(at.wish(1, 3)));
    at.clock.advance(5min);
    std::size_t held = 0;
    // Two at once: the first needs some of the dead ones, the second what is left of them.
    for (const int user : {2, 3}) {
        at.office->submit<Hold>(at.wish(user, 2), [&](const AnswerTo<Hold>& answer) {
            if (answer) ++held;
        });
    }
    at.settle();
    CHECK(held == 2);
    CHECK(at.office->audit()->clean());
}

CONCERTRES_BACKEND_TEST(
    "an area is counted, and its seats are listed only where they are asked for") {
    Stepped at(backend, standing(6, 2));
    REQUIRE(at.office->hold(at.wish(1, 2)));
    const PerformanceId performance = at.sale.performance();
    const auto seats = at.office->seats({.performance = performance, .all = true});
    REQUIRE(seats);
    CHECK(seats->seats.size() == 2);
    REQUIRE(seats->areas.size() == 1);
    CHECK(seats->areas[0].section == "Standing");
    CHECK(seats->areas[0].price == price);
    CHECK(seats->areas[0].seats == SeatCounts{.free = 4, .held = 2});
    const auto each = at.office->seats({.performance = performance, .general = true});
    REQUIRE(each);
    CHECK(each->seats.size() == 6);  // those that can be held
    CHECK(std::ranges::count(each->seats, true, &SeatView::general) == 4);
    CHECK(each->seats.back().label == "Standing");
    const auto dates = at.office->dates({.concert = at.sale.concert});
    REQUIRE(dates);
    CHECK(dates->at(0).seats_total == 8);
    CHECK(dates->at(0).seats_available == 6);
}

CONCERTRES_BACKEND_TEST("an area is one again after the store was opened anew") {
    if (!backend.lasts) return;
    Stepped at(backend, standing(4, 2));
    const auto held = at.office->hold(at.wish(1, 2));
    REQUIRE(held);
    at.office.reset();
    at.office.emplace(at.store.open(), Options{.running = Running::by_host});
    CHECK(at.area().seats == SeatCounts{.free = 2, .held = 2});
    CHECK(numbers_of(*at.office->hold(at.wish(1, 2))) == numbers_of(*held));
    CHECK(numbers_of(*at.office->hold(at.wish(2, 2))) == std::vector<SeatNumber>{5, 6});
    CHECK(at.office->audit()->clean());
}
