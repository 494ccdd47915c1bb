// Sales that open with a draw, on every backend: who is let in when, what people are told, and that
// nothing which happens around the opening changes the order. The order is worked out apart from
// the library (support/drawn_order.hpp).
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/sqlite.hpp"
#include "support/backends.hpp"
#include "support/drawn_order.hpp"
#include "support/kernel.hpp"
#include "support/reopened_store.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

// A room that opens in ten minutes, and the box office that has it.
class DrawnRoom {
  public:
    // It ticks when it is told to, or else every `tick`; and whenever it has been opened.
    explicit DrawnRoom(const Backend& backend, RoomPolicy policy = {.active_max = 3},
                       Duration tick = 24h)
        : store_(backend) {
        options_.tick = tick;
        options_.running = Running::by_host;
        open();
        ConcertDraft draft = SmallSale::draft();
        policy.draw = true;
        draft.room = policy;
        draft.opens_at = opens_at();
        concert_ = SmallSale::add(*office_, draft).concert;
    }

    [[nodiscard]] BoxOffice& office() { return *office_; }
    [[nodiscard]] ConcertId concert() const { return concert_; }
    [[nodiscard]] TestClock& clock() { return clock_; }
    [[nodiscard]] Time opens_at() const { return started_ + 10min; }
    // Time goes on until `at`.
    void wait_until(Time at) { clock_.advance(at - office_->now()); }

    void reopen() {
        office_.reset();
        open();
    }
    PlaceView join(int user) {
        return office_->join({.concert = concert_, .user = SmallSale::user(user)}).value();
    }
    // Users 1 to `count`, who get these numbers.
    void join_many(int count) {
        int joined = 0;
        for (int user = 1; user <= count; ++user) {
            office_->submit<Join>({.concert = concert_, .user = SmallSale::user(user)},
                                  [&](Result<PlaceView> made) {
                                      REQUIRE(made);
                                      ++joined;
                                  });
        }
        while (joined < count) REQUIRE(office_->step());
    }
    void leave(std::int64_t number) {
        REQUIRE(office_->leave({.concert = concert_,
                                .user = SmallSale::user(static_cast<int>(number)),
                                .place = {number}}));
    }
    [[nodiscard]] PlaceView place(std::int64_t number) {
        return office_
            ->place({.concert = concert_,
                     .user = SmallSale::user(static_cast<int>(number)),
                     .place = {number}})
            .value();
    }
    std::int64_t tick() { return office_->tick({concert_}).value(); }
    [[nodiscard]] DrawView draw() { return office_->draw({concert_}).value(); }
    Result<ConcertView> change(SaleChange change) {
        return office_->change_sale({.concert = concert_, .change = std::move(change)});
    }
    [[nodiscard]] std::vector<Event> events(EventKind kind) {
        std::vector<Event> found;
        for (std::int64_t after = 0;;) {
            const auto page =
                office_->call(ListEvents{.room = concert_, .after = after, .limit = 1'000}).value();
            if (page.empty()) return found;
            after = page.back().number;
            std::ranges::copy_if(page, std::back_inserter(found),
                                 [kind](const Event& event) { return event.kind == kind; });
        }
    }
    // The numbers that have been let in, in that order.
    [[nodiscard]] std::vector<std::int64_t> admitted() {
        std::vector<std::int64_t> numbers;
        for (const Event& event : events(EventKind::pass_admitted)) {
            numbers.push_back(event.place.value);
        }
        return numbers;
    }
    // Of its only line.
    [[nodiscard]] Drawn drawn() { return draw().lines.at(0).drawn; }
    // All who were drawn, in the order of the seed that was shown.
    [[nodiscard]] std::vector<std::int64_t> order() {
        const DrawView view = draw();
        REQUIRE(view.lines.size() == 1);
        const std::int64_t size = view.lines[0].drawn.size;
        std::vector<std::int64_t> numbers(static_cast<std::size_t>(size));
        for (std::int64_t number = 1; number <= size; ++number) {
            numbers[rank_by_hand(view.seed, static_cast<std::uint64_t>(size),
                                 static_cast<std::uint64_t>(number))] = number;
        }
        return numbers;
    }
    void check_audit() {
        const auto report = office_->audit();
        REQUIRE(report);
        for (const Finding& finding : report->findings) {
            FAIL_CHECK(finding.rule << ": " << finding.what);
        }
    }

  private:
    void open() { office_ = std::make_unique<BoxOffice>(store_.open(clock_), options_); }

    Options options_;
    TestClock clock_;
    Time started_ = clock_.wall();
    ReopenedStore store_;
    std::unique_ptr<BoxOffice> office_;
    ConcertId concert_;
};

std::vector<std::int64_t> first(std::vector<std::int64_t> all, std::size_t count) {
    all.resize(std::min(count, all.size()));
    return all;
}

// The users who have been let in give their passes back.
void all_leave(DrawnRoom& room) {
    const auto numbers = room.admitted();
    const auto left = room.events(EventKind::pass_left);
    for (std::size_t i = left.size(); i < numbers.size(); ++i) room.leave(numbers[i]);
}

}  // namespace

CONCERTRES_BACKEND_TEST("nobody has a position before the draw, and the hash of its seed is told") {
    DrawnRoom room(backend);
    room.join_many(20);
    const PlaceView place = room.place(7);
    CHECK(place.status == TokenStatus::waiting);
    CHECK_FALSE(place.position);
    CHECK_FALSE(place.ahead);
    CHECK_FALSE(place.eta);
    CHECK_FALSE(room.join(21).position);
    const DrawView before = room.draw();
    CHECK_FALSE(before.drawn_at);
    CHECK(before.lines.empty());
    CHECK(before.seed == DrawSeed{});
    CHECK(before.opens_at == room.opens_at());
    CHECK(room.tick() == 0);

    room.wait_until(room.opens_at());
    CHECK(room.tick() == 3);
    const DrawView after = room.draw();
    CHECK(after.commitment == before.commitment);
    CHECK(commitment_of(after.seed) == before.commitment);
    CHECK(after.drawn_at == room.opens_at());
    CHECK(after.lines ==
          std::vector<DrawnLine>{{"general", {.epoch = 0, .size = 21, .next_rank = 3}}});
    CHECK(room.admitted() == first(room.order(), 3));
    room.check_audit();
}

CONCERTRES_BACKEND_TEST("after the draw positions are by rank, and people are let in by them") {
    DrawnRoom room(backend);
    room.join_many(20);
    room.wait_until(room.opens_at());
    room.tick();
    const auto order = room.order();
    for (std::size_t rank = 0; rank < order.size(); ++rank) {
        const PlaceView place = room.place(order[rank]);
        CHECK(place.position == (rank < 3 ? 0 : static_cast<std::int64_t>(rank) - 2));
        CHECK(place.ahead == (rank < 3 ? 0 : static_cast<std::int64_t>(rank) - 3));
    }
    for (int i = 0; i < 10; ++i) {
        all_leave(room);
        room.tick();
    }
    CHECK(room.admitted() == order);
    CHECK(room.drawn().next_rank == 20);
    room.check_audit();
}

CONCERTRES_BACKEND_TEST("who joins at the very opening is not drawn, but first of those behind") {
    DrawnRoom room(backend);
    room.join_many(9);
    room.wait_until(room.opens_at());
    // Nobody has ticked: the join itself draws, of all who were there before.
    const PlaceView late = room.join(10);
    CHECK(late.made);
    CHECK(late.number == PlaceNumber{10});
    CHECK(late.position == 10);
    const DrawView view = room.draw();
    REQUIRE(view.lines.size() == 1);
    CHECK(view.drawn_at == room.opens_at());
    CHECK(view.lines[0].drawn == Drawn{.epoch = 0, .size = 9, .next_rank = 0});
    CHECK(room.events(EventKind::room_drawn).size() == 1);
    CHECK(room.join(11).position == 11);
    for (int i = 0; i < 6; ++i) {
        room.tick();
        all_leave(room);
    }
    auto expected = room.order();
    expected.insert(expected.end(), {10, 11});
    CHECK(room.admitted() == expected);
    room.check_audit();
}

CONCERTRES_BACKEND_TEST("a join that finds its place, or is refused, draws nothing") {
    DrawnRoom room(backend);
    room.join_many(3);
    room.wait_until(room.opens_at());
    CHECK_FALSE(room.join(2).made);
    CHECK_FALSE(room.draw().drawn_at);
    CHECK_FALSE(room.place(2).position);
    CHECK(room.place(2).poll_after <= 5s);
    CHECK(room.tick() == 3);
    CHECK(room.draw().drawn_at);
}

CONCERTRES_BACKEND_TEST("who leaves before the draw, or after it, is passed over") {
    DrawnRoom room(backend);
    room.join_many(12);
    for (const std::int64_t number : {1, 5, 12}) room.leave(number);
    room.wait_until(room.opens_at());
    room.tick();
    auto order = room.order();
    // They were given numbers, and have their ranks.
    CHECK(order.size() == 12);
    std::erase_if(order, [](std::int64_t n) { return n == 1 || n == 5 || n == 12; });
    CHECK(room.admitted() == first(order, 3));
    CHECK(room.place(order[5]).position == 3);
    room.leave(order[4]);
    CHECK(room.place(order[5]).position == 2);
    order.erase(order.begin() + 4);
    for (int i = 0; i < 4; ++i) {
        all_leave(room);
        room.tick();
    }
    CHECK(room.admitted() == order);
    CHECK(room.drawn().next_rank == 12);
    room.check_audit();
}

CONCERTRES_BACKEND_TEST("a draw goes on where it was when the box office is opened again") {
    DrawnRoom room(backend);
    room.join_many(15);
    room.reopen();
    CHECK_FALSE(room.place(3).position);
    const DrawCommitment told = room.draw().commitment;
    room.wait_until(room.opens_at() - 1s);
    room.reopen();
    CHECK(room.tick() == 0);
    // Drawn by a join, and nobody let in yet.
    room.wait_until(room.opens_at());
    (void)room.join(16);
    const auto positions = [&] {
        std::vector<std::int64_t> all;
        for (std::int64_t number = 1; number <= 16; ++number) {
            all.push_back(room.place(number).position.value());
        }
        return all;
    };
    const auto before = positions();
    room.reopen();
    CHECK(positions() == before);
    CHECK(room.draw().commitment == told);
    auto order = room.order();
    order.push_back(16);
    for (int i = 0; i < 8; ++i) {
        room.tick();
        room.reopen();
        all_leave(room);
    }
    CHECK(room.admitted() == order);
    CHECK(room.events(EventKind::room_drawn).size() == 1);
    room.check_audit();
}

CONCERTRES_BACKEND_TEST("a store that was shut over the opening draws when it is opened") {
    DrawnRoom room(backend);
    room.join_many(6);
    room.reopen();
    room.wait_until(room.opens_at() + 1h);
    CHECK(room.office().next_wake());
    while (room.office().step()) {
    }
    CHECK(room.drawn().size == 6);
    CHECK(room.admitted() == first(room.order(), 3));
    room.check_audit();
}

CONCERTRES_BACKEND_TEST("the draw comes by itself when the sale opens, also where nobody waits") {
    DrawnRoom room(backend, {.active_max = 3}, 1s);
    Kernel kernel(room.clock(), 1);
    kernel.add(room.office());
    kernel.run_until(10min - 1s);
    CHECK_FALSE(room.draw().drawn_at);
    kernel.run_until(10min + 1s);
    REQUIRE(room.draw().drawn_at);
    CHECK(room.drawn().size == 0);
    // Who comes now is first come, first served.
    CHECK(room.join(1).position == 1);
    CHECK(room.join(2).position == 2);
    kernel.run_until(10min + 3s);
    CHECK(room.admitted() == std::vector<std::int64_t>{1, 2});
    kernel.remove(room.office());
    room.check_audit();
}

CONCERTRES_BACKEND_TEST("a draw takes place where the sale is paused, and lets nobody in") {
    DrawnRoom room(backend);
    room.join_many(5);
    REQUIRE(room.change({.mode = SaleMode::paused}));
    room.wait_until(room.opens_at());
    CHECK(room.tick() == 0);
    CHECK(room.drawn().size == 5);
    CHECK(room.place(1).position);
    REQUIRE(room.change({.mode = SaleMode::open}));
    CHECK(room.tick() == 3);
    CHECK(room.admitted() == first(room.order(), 3));
}

CONCERTRES_BACKEND_TEST("an operator moves the draw with the opening, until it has come") {
    DrawnRoom room(backend);
    const DrawCommitment told = room.draw().commitment;
    room.join_many(4);
    REQUIRE(room.change({.opens_at = room.opens_at() + 1h}));
    room.wait_until(room.opens_at());
    CHECK(room.tick() == 0);
    CHECK_FALSE(room.draw().drawn_at);
    (void)room.join(5);
    REQUIRE(room.change({.opens_at = room.opens_at() + 2min}));
    room.wait_until(room.opens_at() + 2min);
    // A moment too late: it is drawn first.
    REQUIRE(room.change({.opens_at = room.opens_at() + 2h}));
    const DrawView view = room.draw();
    REQUIRE(view.lines.size() == 1);
    CHECK(view.lines[0].drawn.size == 5);
    CHECK(view.commitment == told);
    // The sale waits, but its line is drawn: who comes now stands behind.
    CHECK(room.tick() == 0);
    CHECK(room.join(6).position == 6);
    room.wait_until(room.opens_at() + 2h);
    for (int i = 0; i < 3; ++i) {
        room.tick();
        all_leave(room);
    }
    auto order = room.order();
    order.push_back(6);
    CHECK(room.admitted() == order);
    CHECK(room.draw().drawn_at == room.opens_at() + 2min);
    CHECK(room.drawn() == Drawn{.epoch = 0, .size = 5, .next_rank = 5});
    room.check_audit();
}

CONCERTRES_BACKEND_TEST(
    "a draw that is set later is of all who wait, and its seed is never rolled anew") {
    TestClock clock;
    TestStore store(backend, &clock);
    BoxOffice office(store.take(), {.running = Running::by_host});
    ConcertDraft draft = SmallSale::draft();
    draft.room = RoomPolicy{.active_max = 2};
    draft.opens_at = clock.wall() + 1h;
    const ConcertId concert = SmallSale::add(office, draft).concert;
    CHECK(office.draw({concert}).error().code == Errc::unknown_draw);
    CHECK(office.admissions({.concert = concert}).error().code == Errc::unknown_draw);
    CHECK(office.draw({ConcertId::random()}).error().code == Errc::unknown_concert);
    CHECK(office.join({.concert = concert, .user = SmallSale::user(1)})->position == 1);
    const auto set = [&](bool draw) {
        SaleChange change;
        change.patch.emplace().draw = draw;
        return office.change_sale({.concert = concert, .change = change});
    };
    REQUIRE(set(true));
    const DrawCommitment told = office.draw({concert})->commitment;
    CHECK_FALSE(office.place({concert, SmallSale::user(1), {1}})->position);
    REQUIRE(set(false));
    CHECK(office.draw({concert}).error().code == Errc::unknown_draw);
    CHECK(office.place({concert, SmallSale::user(1), {1}})->position == 1);
    REQUIRE(set(true));
    CHECK(office.draw({concert})->commitment == told);
    REQUIRE(set(false));
    // Without it the line opens as it came, and then it is too late.
    clock.advance(1h);
    CHECK(office.tick({concert}).value() == 1);
    CHECK(set(true).error().code == Errc::request_invalid);
}

CONCERTRES_BACKEND_TEST("two concerts have two seeds") {
    DrawnRoom room(backend);
    ConcertDraft draft = SmallSale::draft();
    draft.room = RoomPolicy{.draw = true};
    draft.opens_at = room.opens_at();
    const ConcertId other = SmallSale::add(room.office(), draft).concert;
    CHECK(room.office().draw({other})->commitment != room.draw().commitment);
}

CONCERTRES_BACKEND_TEST("a draw of more than one batch lets everybody in, by turns") {
    constexpr int people = 1'300;
    DrawnRoom room(backend, {});
    room.join_many(people);
    room.wait_until(room.opens_at());
    (void)room.join(people + 1);
    auto order = room.order();
    // All of a whole batch leave, and more, so that a tick finds nobody at all.
    for (std::size_t rank = 0; rank < 700; ++rank) {
        room.office().submit<Leave>({.concert = room.concert(),
                                     .user = SmallSale::user(static_cast<int>(order[rank])),
                                     .place = {order[rank]}},
                                    [](const Result<PlaceView>& left) { REQUIRE(left); });
    }
    while (room.office().step()) {
    }
    order.erase(order.begin(), order.begin() + 700);
    CHECK(room.place(order[5]).status != TokenStatus::left);
    // The first finds a batch of people who have gone. The others follow of its own accord.
    CHECK(room.tick() == 0);
    while (room.office().step()) {
    }
    order.push_back(people + 1);
    CHECK(room.admitted() == order);
    CHECK(room.drawn().next_rank == people);
    room.check_audit();
}

CONCERTRES_BACKEND_TEST(
    "the last of those drawn and the first behind them are let in by one tick") {
    DrawnRoom room(backend, {.active_max = 8});
    room.join_many(5);
    room.wait_until(room.opens_at());
    for (int user = 6; user <= 12; ++user) (void)room.join(user);
    CHECK(room.tick() == 8);
    auto order = room.order();
    order.insert(order.end(), {6, 7, 8});
    CHECK(room.admitted() == order);
    room.check_audit();
}

CONCERTRES_BACKEND_TEST("admissions of those who were drawn are told in pages, in their order") {
    DrawnRoom room(backend, {.active_max = 20});
    room.join_many(15);
    room.leave(3);
    room.wait_until(room.opens_at());
    room.tick();
    for (int user = 16; user <= 20; ++user) (void)room.join(user);
    room.tick();
    std::vector<Admission> all;
    int pages = 0;
    for (ListAdmissions query{.concert = room.concert(), .limit = 4};; ++pages) {
        const auto page = room.office().admissions(query);
        REQUIRE(page);
        CHECK(page->admissions.size() <= 4);
        all.insert(all.end(), page->admissions.begin(), page->admissions.end());
        if (!page->next) break;
        query.after = *page->next;
    }
    CHECK(pages > 3);
    std::vector<std::int64_t> numbers;
    for (const Admission& admission : all) {
        numbers.push_back(admission.number.value);
        CHECK(admission.at == room.opens_at());
    }
    auto order = room.order();
    std::erase(order, 3);
    CHECK(numbers == order);
}

CONCERTRES_BACKEND_TEST("what became of a place tells of its draw as well") {
    DrawnRoom room(backend);
    room.join_many(6);
    const auto explained = [&](std::int64_t number) {
        return room.office()
            .explain({.id = room.concert().uuid, .place = PlaceNumber{number}})
            .value();
    };
    CHECK(explained(4).state.find("drawn") == std::string::npos);
    room.wait_until(room.opens_at());
    room.tick();
    (void)room.join(7);
    const std::int64_t second = room.order()[1];
    const Explanation told = explained(second);
    CHECK(told.state.ends_with("; drawn as number 2 of 6"));
    REQUIRE(told.events.size() == 2);
    CHECK(told.events[0].event.kind == EventKind::room_drawn);
    CHECK(told.events[1].event.kind == EventKind::pass_admitted);
    CHECK(explained(7).state.find("drawn") == std::string::npos);
    CHECK(explained(7).events.empty());
}

// Its numbers begin a new epoch, so that none is given twice.
TEST_CASE("in a copy that took the store's place the draw is of those who joined since") {
    DrawnRoom room(backend_named("sqlite"));
    room.join_many(5);
    const TempDir folder;
    const auto file = folder.path() / "copy.db";
    REQUIRE(room.office().backup({.file = file}));
    BoxOffice office(open_sqlite(file, {.clock = &room.clock()}),
                     {.tick = 24h, .running = Running::by_host});
    const ConcertId concert = room.concert();
    for (int user = 6; user <= 12; ++user) {
        const auto made = office.join({.concert = concert, .user = SmallSale::user(user)});
        REQUIRE(made);
        CHECK(made->number == PlaceNumber::of(1, user - 5));
    }
    room.wait_until(room.opens_at());
    std::vector<PlaceNumber> expected;
    for (std::int64_t i = 1; i <= 5; ++i) expected.push_back({i});
    (void)office.join({.concert = concert, .user = SmallSale::user(13)});
    const DrawView draw = office.draw({concert}).value();
    CHECK(draw.lines.at(0).drawn == Drawn{.epoch = 1, .size = 7});
    expected.resize(12);
    for (std::int64_t i = 1; i <= 7; ++i) {
        const auto rank = rank_by_hand(draw.seed, 7, static_cast<std::uint64_t>(i));
        expected[5 + rank] = PlaceNumber::of(1, i);
        const auto place = office.place({.concert = concert,
                                         .user = SmallSale::user(static_cast<int>(i) + 5),
                                         .place = PlaceNumber::of(1, i)});
        CHECK(place->position == static_cast<std::int64_t>(rank) + 6);
    }
    expected.push_back(PlaceNumber::of(1, 8));
    std::vector<PlaceNumber> admitted;
    std::int64_t after = 0;
    for (int i = 0; i < 6; ++i) {
        REQUIRE(office.tick({concert}));
        const auto events = office.call(ListEvents{.room = concert, .after = after});
        REQUIRE(events);
        for (const Event& event : *events) {
            after = event.number;
            if (event.kind != EventKind::pass_admitted) continue;
            admitted.push_back(event.place);
            REQUIRE(office.leave({concert, event.user, event.place}));
        }
    }
    CHECK(admitted == expected);
    CHECK(office.audit()->findings.empty());
}

TEST_CASE("people who wait for a draw ask again after it, spread over some seconds") {
    DrawnRoom room(backend_named("memory"));
    room.join_many(200);
    CHECK(room.place(1).poll_after >= 40s);
    CHECK(room.place(1).poll_after <= 60s);
    room.wait_until(room.opens_at() - 20s);
    std::set<Duration> waits;
    for (std::int64_t number = 1; number <= 200; ++number) {
        const Duration wait = room.place(number).poll_after;
        CHECK(wait >= 21s);
        CHECK(wait <= 23s);
        waits.insert(wait);
    }
    CHECK(waits.size() > 150);
}

}  // namespace concertres::test
