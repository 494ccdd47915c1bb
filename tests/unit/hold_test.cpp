// Holding seats, and what stands in the way of it: keys, seats that there are not, benches, and
// holds that are past their time.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

struct Hall {
    explicit Hall(ConcertDraft draft = SmallSale::draft(), Options options = {.sweeps = false})
        : office(open_memory({.clock = &clock}), by_host(std::move(options))),
          sale(SmallSale::add(office, std::move(draft))) {}
    static Options by_host(Options options) {
        options.running = Running::by_host;
        return options;
    }
    Hold command(int user, std::vector<SeatNumber> seats) const {
        return {.user = SmallSale::user(user),
                .performance = sale.performance(),
                .seats = std::move(seats),
                .key = fmt::format("of-{}", user)};
    }
    auto hold(int user, std::vector<SeatNumber> seats) {
        return office.hold(command(user, std::move(seats)));
    }

    TestClock clock;
    BoxOffice office;
    SmallSale sale;
};

TEST_CASE("an idempotency key is 1 to 255 visible ASCII characters") {
    Hall hall;
    const auto code_of = [&](const std::string& key) {
        Hold hold = hall.command(1, {1});
        hold.key = key;
        const auto held = hall.office.hold(hold);
        return held ? "" : std::string(code_name(held.error().code));
    };
    CHECK(code_of("") == "idempotency_key_required");
    for (const std::string& key :
         {std::string(256, 'k'), std::string("a key"), std::string("tab\t"), std::string("del\x7f"),
          std::string("k\xc3\xa4y"), std::string("nul\0", 4)}) {
        CAPTURE(key);
        CHECK(code_of(key) == "request_invalid");
    }
    CHECK(code_of("!" + std::string(254, '~')) == "");
}

TEST_CASE("of very many seats that there are not a refusal names the first hundred") {
    Hall hall;
    std::vector<SeatNumber> seats;
    for (SeatNumber number = 1'120; number > 1'000; --number) seats.push_back(number);
    const auto refused = hall.hold(1, seats);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::unknown_seat);
    REQUIRE(refused.error().seats.size() == 100);
    CHECK(refused.error().seats.front() == 1'001);
    CHECK(refused.error().seats.back() == 1'100);
}

TEST_CASE("seats are found by their numbers, however the hall is numbered") {
    ConcertDraft draft = SmallSale::draft(3);
    draft.seats[0].number = 9;
    draft.seats[1].number = 2;
    draft.seats[2].number = 7;
    Hall hall(draft);
    CHECK(numbers_of(hall.hold(1, {7, 2}).value()) == std::vector<SeatNumber>{2, 7});
    for (const SeatNumber number : {-1, 0, 1, 3, 8, 10}) {
        CAPTURE(number);
        CHECK(hall.hold(2, {number}).error().code == Errc::unknown_seat);
    }
    CHECK(hall.hold(2, {9}));
}

TEST_CASE("a section with too few free seats is named where the best of it are wanted") {
    ConcertDraft draft = SmallSale::draft();
    for (std::size_t i = 0; i < 3; ++i) draft.seats[i].section = "Box";
    Hall hall(draft);
    Hold hold = hall.command(1, {});
    hold.best = BestSeats{.count = 4, .section = "Box"};
    const auto refused = hall.office.hold(hold);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::no_seats_match);
    CHECK(refused.error().detail == "there are not 4 free seats in section \"Box\"");
    hold.best->count = 3;
    CHECK(hall.office.hold(hold));
}

TEST_CASE("where orphans are refused, no orphan is looked for on a bench beyond all measure") {
    const auto hall_of = [](std::size_t seats) {
        ConcertDraft draft = SmallSale::draft();
        draft.orphans = OrphanRule::refused;
        draft.seats.clear();
        for (std::size_t i = 0; i < seats; ++i) {
            draft.seats.push_back({.number = static_cast<SeatNumber>(i + 1),
                                   .x = static_cast<double>(i),
                                   .price = SmallSale::price});
        }
        return draft;
    };
    Hall longest(hall_of(orphan_bench_max));
    CHECK(longest.hold(1, {2, 3}).error().code == Errc::orphan_seat);
    Hall longer(hall_of(orphan_bench_max + 1));
    CHECK(longer.hold(1, {2, 3}));
}

TEST_CASE("the best of one date are chosen whatever its group holds of another") {
    Hall hall(SmallSale::draft(2, 2));
    // What is free is known already, so that what others of the group do decides.
    Hold best = hall.command(1, {});
    best.best = BestSeats{.count = 1};
    const auto first = hall.office.hold(best);
    REQUIRE(first);
    REQUIRE(hall.office.admin_release({.reservation = first->id, .actor = "ann"}));
    std::vector<SeatNumber> held;
    const auto note = [&](const AnswerTo<Hold>& answer) {
        REQUIRE(answer);
        for (const SeatNumber number : numbers_of(*answer)) held.push_back(number);
    };
    Hold elsewhere = hall.command(2, {1, 2});
    elsewhere.performance = hall.sale.performances[1];
    hall.office.submit<Hold>(elsewhere, note);
    hall.office.submit<Hold>(hall.command(3, {numbers_of(*first).front()}), note);
    best.user = SmallSale::user(4);
    hall.office.submit<Hold>(best, note);
    while (hall.office.step()) {
    }
    // The best was taken by one of the group, and all of the other date's: the other one is left.
    REQUIRE(held.size() == 4);
    CHECK(held[3] == 3 - numbers_of(*first).front());
}

TEST_CASE("the best are chosen while others of the group take what a dead hold leaves") {
    Hall hall;
    Hold best = hall.command(1, {});
    best.best = BestSeats{.count = 2};
    REQUIRE(hall.office.hold(best));
    REQUIRE(hall.hold(2, {41, 42}));
    hall.clock.advance(1h);  // both are dead, and nobody sweeps
    std::vector<std::vector<SeatNumber>> held;
    const auto note = [&](const AnswerTo<Hold>& answer) {
        REQUIRE(answer);
        held.push_back(numbers_of(*answer));
    };
    hall.office.submit<Hold>(hall.command(3, {41}), note);
    best.user = SmallSale::user(4);
    hall.office.submit<Hold>(best, note);
    hall.office.submit<Hold>(hall.command(5, {42}), note);
    while (hall.office.step()) {
    }
    REQUIRE(held.size() == 3);
    CHECK(held[0] == std::vector<SeatNumber>{41});
    CHECK(held[1] == std::vector<SeatNumber>{5, 6});
    CHECK(held[2] == std::vector<SeatNumber>{42});
    CHECK(hall.office.audit()->clean());
}

TEST_CASE("seats of one dead hold are blocked together") {
    Hall hall;
    const auto dead = hall.hold(1, {1, 2, 3});
    REQUIRE(dead);
    hall.clock.advance(1h);
    CHECK(hall.office
              .block_seats({.performance = hall.sale.performance(), .seats = {1, 2}, .actor = "a"})
              .value() == 2);
    const auto events = hall.office.call(ListEvents{.performance = hall.sale.performance()});
    const auto expired = std::ranges::count(*events, EventKind::reservation_expired, &Event::kind);
    CHECK(expired == 1);
    CHECK(hall.hold(2, {3}));
    CHECK(hall.office.audit()->clean());
}

TEST_CASE("a hold that its group's first command has ended is not swept once more") {
    Hall hall(SmallSale::draft(), {.tick = 1s});
    REQUIRE(hall.hold(1, {1}));
    while (hall.office.step()) {
    }
    hall.clock.advance(1h);
    // The sweep is due, and comes after it.
    REQUIRE(hall.hold(2, {1}));
    while (hall.office.step()) {
    }
    const auto events = hall.office.call(ListEvents{.performance = hall.sale.performance()});
    CHECK(std::ranges::count(*events, EventKind::reservation_expired, &Event::kind) == 1);
    CHECK(hall.office.audit()->clean());
}

TEST_CASE("who was never heard of has no place to leave") {
    ConcertDraft draft = SmallSale::draft();
    draft.room = RoomPolicy{.active_max = 1};
    Hall hall(draft);
    const auto place = hall.office.join({.concert = hall.sale.concert, .user = SmallSale::user(1)});
    REQUIRE(place);
    for (const int stranger : {2, 3}) {
        // One of them has been here for something else.
        if (stranger == 3) {
            REQUIRE(
                hall.office.charge({.user = SmallSale::user(stranger), .amount = {1}, .key = "c"}));
        }
        const auto refused = hall.office.leave({.concert = hall.sale.concert,
                                                .user = SmallSale::user(stranger),
                                                .place = place->number});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::token_invalid);
    }
}

TEST_CASE("who left while waiting is not let in by hand") {
    ConcertDraft draft = SmallSale::draft();
    draft.room = RoomPolicy{.active_max = 1};
    Hall hall(draft);
    const UserId user = SmallSale::user(1);
    const auto place = hall.office.join({.concert = hall.sale.concert, .user = user});
    REQUIRE(place);
    REQUIRE(
        hall.office.leave({.concert = hall.sale.concert, .user = user, .place = place->number}));
    const auto refused =
        hall.office.admit({.concert = hall.sale.concert, .user = user, .actor = "ann"});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::pass_left);
}

}  // namespace
}  // namespace concertres::test
