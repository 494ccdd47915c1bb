// What everybody may see of a sale, from rows as they are stored, committed or told by others.
#include "engine/board.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace concertres;
using namespace std::chrono_literals;

namespace {

constexpr Time t0{std::chrono::seconds(1'800'000'000)};
constexpr ConcertKey winter{1};
constexpr ConcertKey summer{2};
constexpr NoShows rule{.silent_after = 90s, .grace = 5min};

UserId user(std::int64_t number) { return UserId::from_name("user " + std::to_string(number)); }

RoomPolicy quiet_room() { return {.active_max = 1, .no_shows = rule}; }

// A concert with two performances, tomorrow and the day after, of ten seats.
NewConcert added(ConcertKey key, const std::optional<RoomPolicy>& room) {
    NewConcert concert;
    concert.concert = {.key = key,
                       .id = ConcertId::from_name("concert " + std::to_string(key.value)),
                       .title = "Songs"};
    for (const int day : {1, 2}) {
        const PerformanceKey performance{10 * key.value + day};
        concert.performances.push_back(
            {.key = performance,
             .id = PerformanceId::from_name("date " + std::to_string(performance.value)),
             .concert = key,
             .starts_at = t0 + std::chrono::days(day)});
    }
    concert.seats = numbered_seats(10, Money{1'000});
    concert.sale = {.concert = key, .room = room};
    return concert;
}

struct Shown {
    Catalog catalog;
    Board board{catalog};
    std::vector<std::unique_ptr<CatalogConcert>> concerts;

    const CatalogConcert& add(const NewConcert& concert) {
        concerts.push_back(Catalog::make(concert));
        std::vector<PerformanceState> states;
        for (const Performance& performance : concert.performances) {
            states.push_back({.performance = performance.key, .counts = {.free = 10}});
        }
        board.add(*concerts.back(), concert.sale, states);
        return *concerts.back();
    }
    // A commit that leaves a row so.
    template <class Row>
    void commit(const Row& row, Time at) {
        ChangeSet changes;
        changes.at = at;
        changes.rows.of<Row>().push_back({row, 1});
        board.apply(changes);
    }
    void wait(ConcertKey concert, std::int64_t number, Time since) {
        commit(place(concert, number, since), since);
    }
    void pass_over(ConcertKey concert, std::int64_t number, Time at) {
        Place passed = place(concert, number, t0);
        concertres::pass_over(passed, at);
        commit(passed, at);
    }
    static Place place(ConcertKey concert, std::int64_t number, Time since) {
        return {.concert = concert,
                .number = {number},
                .user = {100 + number},
                .user_id = user(number),
                .joined_at = since};
    }
    [[nodiscard]] std::optional<std::int64_t> position(const CatalogConcert& concert,
                                                       PlaceNumber number, Time now) const {
        PlaceView view;
        view.user = user(number.value);
        return board.fill(concert, number, now, view) ? view.position : std::nullopt;
    }
};

}  // namespace

TEST_SUITE_BEGIN("board");

// --- Who is there ------------------------------------------------------------------------------

TEST_CASE("who was heard of elsewhere is heard of here, where it waits") {
    Shown shown;
    shown.add(added(winter, quiet_room()));
    for (const std::int64_t number : {1, 2}) shown.wait(winter, number, t0);
    shown.pass_over(winter, 1, t0 + 2min);
    CHECK(shown.board.back(winter, 0, t0 + 2min, 9).empty());
    const PlaceKey passed{winter, {1}};
    const PlaceKey waiting{winter, {2}};
    const PlaceKey nowhere{winter, {3}};
    const PlaceKey of_no_room{summer, {1}};
    const Time at = t0 + 3min;
    shown.board.hear(
        std::vector<News::Heard>{{passed, at}, {waiting, at}, {nowhere, at}, {of_no_room, at}});
    CHECK(shown.board.heard(passed) >= at);
    CHECK(shown.board.heard(waiting) >= at);
    CHECK_FALSE(shown.board.heard(nowhere));
    CHECK(shown.board.back(winter, 0, at, 9) == std::vector<PlaceNumber>{{1}});
    CHECK(shown.board.waiting(winter) == 2);
}

TEST_CASE("only who waits can be silent") {
    Shown shown;
    shown.add(added(winter, quiet_room()));
    shown.wait(winter, 1, t0);
    CHECK(shown.board.is_silent({winter, {1}}, rule, t0 + 2min));
    CHECK_FALSE(shown.board.is_silent({winter, {2}}, rule, t0 + 2min));
}

TEST_CASE("at a concert without a room nobody comes back, and nobody is overdue") {
    Shown shown;
    shown.add(added(winter, std::nullopt));
    CHECK(shown.board.back(winter, 0, t0, 9).empty());
    CHECK(shown.board.overdue(winter, t0, 9).empty());
}

TEST_CASE("a row that is committed once more passes nobody over again") {
    Shown shown;
    shown.add(added(winter, quiet_room()));
    shown.wait(winter, 1, t0);
    shown.pass_over(winter, 1, t0 + 2min);
    shown.board.hear(std::vector<News::Heard>{{{winter, {1}}, t0 + 1min}});
    REQUIRE(shown.board.back(winter, 0, t0 + 2min, 9).size() == 1);
    shown.pass_over(winter, 1, t0 + 2min);
    CHECK(shown.board.back(winter, 0, t0 + 2min, 9).size() == 1);
    CHECK(shown.board.overdue(winter, t0 + 1h, 9).empty());
}

// --- When to tick ------------------------------------------------------------------------------

TEST_CASE("a sale that is paused ticks for those whose grace is over, and for nobody else") {
    Shown shown;
    NewConcert paused = added(winter, quiet_room());
    paused.sale.mode = SaleMode::paused;
    shown.add(paused);
    shown.wait(winter, 1, t0);
    shown.wait(winter, 2, t0);
    CHECK(shown.board.rooms_to_tick(t0 + 1min, false).empty());
    shown.pass_over(winter, 1, t0 + 2min);
    const Time over = t0 + 2min + rule.grace;
    CHECK(shown.board.rooms_to_tick(over - 1us, false).empty());
    CHECK(shown.board.rooms_to_tick(over, false) == std::vector<ConcertKey>{winter});
    CHECK(shown.board.next_admission() == over);
    CHECK(shown.board.overdue(winter, over, 9) == std::vector<PlaceNumber>{{1}});
}

// --- Lines that are kept elsewhere --------------------------------------------------------------

namespace {

Line outside_since(Time closed_until, LineClass line_class = 0) {
    Line line{.concert = winter, .line_class = line_class, .epoch = 1};
    if (line_class == 0) line.closed_until = closed_until;
    return line;
}

Pass pass_until(Time expires_at) {
    return {.concert = winter,
            .number = PlaceNumber::of(1, 1),
            .user = {101},
            .user_id = user(1),
            .expires_at = expires_at};
}

}  // namespace

TEST_CASE("a line outside is looked at while its sale is not closed, and once all is over") {
    Shown shown;
    NewConcert concert = added(winter, RoomPolicy{.active_max = 1});
    shown.add(concert);
    CHECK(shown.board.rooms_to_tick(t0, false).empty());
    shown.commit(outside_since(Time{}), t0);
    for (const SaleMode mode : {SaleMode::open, SaleMode::paused, SaleMode::draining}) {
        concert.sale.mode = mode;
        shown.commit(concert.sale, t0);
        CHECK(shown.board.rooms_to_tick(t0, false) == std::vector<ConcertKey>{winter});
    }
    concert.sale.mode = SaleMode::closed;
    shown.commit(concert.sale, t0);
    CHECK(shown.board.rooms_to_tick(t0, false).empty());
    const Time last = concert.performances.back().starts_at;
    CHECK(shown.board.rooms_to_tick(last - 1us, false).empty());
    CHECK(shown.board.rooms_to_tick(last, false) == std::vector<ConcertKey>{winter});
}

TEST_CASE("how many wait outside is what the line has said, and nobody in a class not told of") {
    Shown shown;
    const CatalogConcert& concert =
        shown.add(added(winter, RoomPolicy{.classes = {{"general", 1}, {"fans", 1}}}));
    const auto waiting = [&] { return shown.board.view(concert, t0).class_waiting; };
    shown.commit(outside_since(Time{}), t0);
    CHECK(waiting() == std::vector<std::int64_t>{0, 0});
    shown.board.note_crowd(winter, {.waiting = {7}});
    CHECK(waiting() == std::vector<std::int64_t>{7, 0});
    shown.board.note_one(winter, 1, 1);
    CHECK(waiting() == std::vector<std::int64_t>{7, 1});
    CHECK(shown.board.waiting(winter) == 8);
}

TEST_CASE("a line may be kept elsewhere as long as nobody has joined it and it is not drawn") {
    Shown shown;
    NewConcert concert = added(winter, RoomPolicy{.active_max = 1});
    shown.add(concert);
    REQUIRE(shown.board.may_leave_storage(winter));
    SUBCASE("not where there is no room") { concert.sale.room.reset(); }
    SUBCASE("not where it will be drawn") { concert.sale.room->draw = true; }
    SUBCASE("not where it once was to be drawn") { concert.sale.draw = DrawState{}; }
    SUBCASE("not where somebody has joined") {
        shown.commit(Line{.concert = winter, .next_sequence = 2}, t0);
    }
    SUBCASE("not where somebody has joined another class") {
        shown.commit(Line{.concert = winter, .line_class = 1}, t0);
    }
    shown.commit(concert.sale, t0);
    CHECK_FALSE(shown.board.may_leave_storage(winter));
}

TEST_CASE("a room whose line is empty needs a tick where a pass has ended, or a loop watches") {
    Shown shown;
    NewConcert concert = added(winter, RoomPolicy{.active_max = 1});
    SUBCASE("but not where there is no room") {
        concert.sale.room.reset();
        shown.add(concert);
        CHECK_FALSE(shown.board.needs_tick(winter, t0 + 1h));
    }
    SUBCASE("a pass") {
        shown.add(concert);
        CHECK_FALSE(shown.board.needs_tick(winter, t0));
        shown.commit(pass_until(t0 + 1min), t0);
        CHECK_FALSE(shown.board.needs_tick(winter, t0 + 1min - 1us));
        CHECK(shown.board.needs_tick(winter, t0 + 1min));
    }
    SUBCASE("a loop") {
        concert.sale.room->closed_loop = ClosedLoop{};
        shown.add(concert);
        CHECK_FALSE(shown.board.needs_tick(winter, t0));
        shown.commit(pass_until(t0 + 1min), t0);
        CHECK(shown.board.needs_tick(winter, t0));
    }
}

TEST_CASE("only a room can have a rule for those who do not come") {
    Shown shown;
    shown.add(added(winter, std::nullopt));
    CHECK_FALSE(shown.board.no_shows(winter));
    CHECK_FALSE(shown.board.policy(winter));
    shown.add(added(summer, quiet_room()));
    CHECK(shown.board.no_shows(summer) == rule);
}

// --- Numbers that others give ------------------------------------------------------------------

TEST_CASE("numbers that were given elsewhere wait, and in a new epoch they begin anew") {
    Shown shown;
    const CatalogConcert& concert = shown.add(added(winter, RoomPolicy{}));
    Line line{.concert = winter, .next_sequence = 3};
    shown.board.restore_given(line);
    CHECK(shown.board.waiting(winter) == 0);
    line.next_sequence = 5;
    shown.commit(line, t0);
    CHECK(shown.board.waiting(winter) == 2);
    line.epoch = 1;
    line.next_sequence = 4;
    shown.commit(line, t0);
    CHECK(shown.board.waiting(winter) == 5);
    const PlaceNumber last = PlaceNumber::of(1, 3);
    shown.wait(winter, last.value, t0);
    CHECK(shown.position(concert, last, t0) == 5);
}

// --- Who is in ---------------------------------------------------------------------------------

TEST_CASE("of a store that was opened again one who is in holds what counted before") {
    const ReservationKey in_the_room{21};
    const ReservationKey before_there_was_one{22};
    const Pass pass{.concert = winter,
                    .number = {1},
                    .user = {101},
                    .user_id = user(1),
                    .admitted_at = t0,
                    .expires_at = t0 + 1h,
                    .held = {in_the_room, before_there_was_one}};
    std::vector<Reservation> held(2);
    for (std::size_t i = 0; i < 2; ++i) {
        held[i] = {.row = pass.held[i],
                   .concert = winter,
                   .performance = {11},
                   .place = i == 0 ? pass.number : PlaceNumber{},
                   .status = ReservationStatus::held,
                   .held_until = t0 + 10min};
    }
    // Committed while it was open, and read when it was opened again.
    Shown open;
    Shown again;
    for (Shown* shown : {&open, &again}) shown->add(added(winter, quiet_room()));
    open.commit(pass, t0);
    for (const Reservation& each : held) open.commit(each, t0);
    std::vector<std::optional<HoldEnd>> ends;
    for (const Reservation& each : held) ends.push_back(HoldEnd{each.place, each.held_until});
    again.board.restore(winter, {&pass, 1}, ends);
    const auto seeking = [](const Shown& shown, Time now) {
        return shown.board.insiders(winter, now).seeking.front();
    };
    for (const Shown* shown : {&open, &again}) {
        CHECK(seeking(*shown, t0 + 10min - 1us) == 0);
        CHECK(seeking(*shown, t0 + 10min) == 1);
    }
    for (Shown* shown : {&open, &again}) {
        for (Reservation released : held) {
            released.status = ReservationStatus::released;
            shown->commit(released, t0 + 1min);
        }
        CHECK(seeking(*shown, t0 + 1min) == 1);
    }
    // What has ended by then is nothing.
    Shown later;
    later.add(added(winter, quiet_room()));
    later.board.restore(winter, {&pass, 1}, std::vector<std::optional<HoldEnd>>(2));
    CHECK(seeking(later, t0 + 1min) == 1);
}

// --- Seats -------------------------------------------------------------------------------------

namespace {

// Seats 1 to 4 are for the second class.
NewConcert with_allotment(ConcertKey key) {
    NewConcert concert = added(key, RoomPolicy{.classes = {{"general", 1}, {"fans", 1}}});
    for (HallSeat& seat : concert.seats) {
        if (seat.number <= 4) seat.allotted_to = 1;
    }
    return concert;
}

std::int64_t seats_left(const Shown& shown, const CatalogConcert& concert, Time now) {
    PlaceView view;
    static_cast<void>(shown.board.fill(concert, PlaceNumber{1}, now, view));
    return view.seats_left;
}

}  // namespace

TEST_CASE("seats that are kept for others are not open to a class, of performances to come") {
    Shown shown;
    const CatalogConcert& concert = shown.add(with_allotment(winter));
    CHECK(seats_left(shown, concert, t0) == 12);
    CHECK(seats_left(shown, concert, t0 + std::chrono::days(1)) == 6);
    CHECK(seats_left(shown, concert, t0 + std::chrono::days(2)) == 0);
}

TEST_CASE("what is held at another concert changes no allotment") {
    Shown shown;
    const CatalogConcert& concert = shown.add(with_allotment(winter));
    const CatalogConcert& other = shown.add(added(summer, RoomPolicy{}));
    const auto hold = [&](const CatalogConcert& at, SeatNumber number) {
        shown.commit(Seat{.performance = at.performances.front().performance.key,
                          .number = number,
                          .status = SeatStatus::held},
                     t0);
    };
    const PerformanceKey first = concert.performances.front().performance.key;
    hold(other, 1);
    CHECK(shown.board.allotted(first, 1) == SeatCounts{.free = 4});
    hold(concert, 1);
    hold(concert, 5);
    CHECK(shown.board.allotted(first, 1) == SeatCounts{.free = 3, .held = 1});
    CHECK(shown.board.allotted(first, 0) == SeatCounts{});
}

TEST_CASE("a concert that was forgotten is as if it had never been added") {
    Shown shown;
    NewConcert concert = with_allotment(winter);
    const CatalogConcert& first = shown.add(concert);
    shown.wait(winter, 1, t0);
    shown.commit(Seat{.performance = first.performances.front().performance.key,
                      .number = 1,
                      .status = SeatStatus::held},
                 t0);
    CHECK(shown.board.rooms_to_tick(t0, false).size() == 1);
    // Where passes are looked after too: of a room that has none there is nothing to do.
    shown.add(added(summer, quiet_room()));
    CHECK(shown.board.rooms_to_tick(t0, true).size() == 1);
    shown.board.forget(first);
    CHECK(shown.board.rooms_to_tick(t0, false).empty());
    const CatalogConcert& again = shown.add(concert);
    CHECK(shown.board.waiting(winter) == 0);
    const PerformanceKey performance = again.performances.front().performance.key;
    CHECK(shown.board.allotted(performance, 1) == SeatCounts{.free = 4});
}

TEST_SUITE_END();
