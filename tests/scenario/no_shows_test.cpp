// Who is passed over for not being there, against a box office on every backend: many at once, with
// a draw, with classes, and over a restart.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/operations.hpp"
#include "support/backends.hpp"
#include "support/reopened_store.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

constexpr NoShows rule{.silent_after = 90s, .grace = 5min};

// A room with a rule for no-shows, and the box office that has it; it ticks when it is told to.
class QuietRoom {
  public:
    QuietRoom(const Backend& backend, RoomPolicy policy, bool draws = false) : store_(backend) {
        open();
        ConcertDraft draft = SmallSale::draft();
        policy.no_shows = rule;
        policy.draw = draws;
        draft.room = std::move(policy);
        if (draws) draft.opens_at = office_->now() + 10min;
        concert_ = SmallSale::add(*office_, draft).concert;
    }

    [[nodiscard]] TestClock& clock() { return clock_; }
    void reopen() {
        office_.reset();
        open();
    }
    void join(int first, int count, const std::string& line_class = "") {
        int joined = 0;
        for (int user = first; user < first + count; ++user) {
            office_->submit<Join>(
                {.concert = concert_, .user = SmallSale::user(user), .line_class = line_class},
                [&, user](Result<PlaceView> made) {
                    numbers_[user] = made.value().number;
                    ++joined;
                });
        }
        while (joined < count) REQUIRE(office_->step());
    }
    PlaceView ask(int user) {
        return office_
            ->place(
                {.concert = concert_, .user = SmallSale::user(user), .place = numbers_.at(user)})
            .value();
    }
    bool is_in(int user) { return ask(user).status == TokenStatus::admitted; }
    void leave(int user) {
        REQUIRE(office_->leave(
            {.concert = concert_, .user = SmallSale::user(user), .place = numbers_.at(user)}));
    }
    // Somebody asks once a tick has done so many steps; the answer is how many it has done.
    int tick_with_a_question(int user, int steps) {
        std::optional<Result<std::int64_t>> done;
        office_->submit<Tick>({concert_}, [&](Result<std::int64_t> told) { done = told; });
        int i = 0;
        while (i < steps && !done && office_->step()) ++i;
        if (!done) CHECK(ask(user).status == TokenStatus::waiting);
        while (office_->step()) {
        }
        REQUIRE(done);
        return i;
    }
    // With what follows of its own accord.
    void tick() {
        REQUIRE(office_->tick({concert_}));
        while (office_->step()) {
        }
    }
    // Both in one group.
    void tick_twice() {
        int done = 0;
        for (int i = 0; i < 2; ++i) {
            office_->submit<Tick>({concert_}, [&done](const Result<std::int64_t>&) { ++done; });
        }
        while (office_->step()) {
        }
        REQUIRE(done == 2);
    }
    // In the order in which they were.
    [[nodiscard]] std::vector<PlaceNumber> admitted() {
        std::vector<PlaceNumber> found;
        for (std::int64_t after = 0;;) {
            const auto events =
                office_->call(ListEvents{.room = concert_, .after = after, .limit = 100});
            REQUIRE(events);
            if (events->empty()) return found;
            after = events->back().number;
            for (const Event& event : *events) {
                if (event.kind == EventKind::pass_admitted) found.push_back(event.place);
            }
        }
    }
    void change(const RoomPatch& patch, std::optional<Time> opens_at = std::nullopt) {
        SaleChange change;
        change.patch = patch;
        change.opens_at = opens_at;
        REQUIRE(office_->change_sale({.concert = concert_, .change = std::move(change)}));
    }
    Result<PlaceView> admit_by_hand(int user) {
        return office_->admit({.concert = concert_, .user = SmallSale::user(user), .actor = "ann"});
    }
    [[nodiscard]] ConcertView view() { return office_->concert({concert_}).value(); }
    [[nodiscard]] std::string explained(int user) {
        Explain query{.id = concert_.uuid};
        query.place = numbers_.at(user);
        return office_->call(std::move(query)).value().state;
    }
    void check_sound() {
        const auto report = office_->audit().value();
        for (const Finding& finding : report.findings) {
            FAIL_CHECK(finding.rule << ": " << finding.what);
        }
    }

  private:
    void open() {
        // By themselves they tick once a day.
        office_ = std::make_unique<BoxOffice>(
            store_.open(clock_),
            Options{.pass_ttl = 3h, .pass_max = 3h, .tick = 24h, .running = Running::by_host});
    }

    TestClock clock_;
    ReopenedStore store_;
    std::unique_ptr<BoxOffice> office_;
    ConcertId concert_;
    std::map<int, PlaceNumber> numbers_;
};

}  // namespace

CONCERTRES_BACKEND_TEST("however many are not there, one tick finds who is") {
    QuietRoom room(backend, {.active_max = 1});
    room.join(0, 1'300);
    room.clock().advance(2min);
    room.join(1'300, 1);
    room.tick();
    CHECK(room.is_in(1'300));
    CHECK(room.view().passed_over == 1'300);
    CHECK(room.view().waiting == 1'300);
    room.check_sound();
}

CONCERTRES_BACKEND_TEST("nobody is passed over while the room lets in nobody") {
    QuietRoom room(backend, {.active_max = 1});
    room.join(0, 5);
    room.tick();
    room.clock().advance(10min);
    room.tick();
    CHECK(room.view().passed_over == 0);
    CHECK(room.view().waiting == 4);
}

CONCERTRES_BACKEND_TEST(
    "who comes back is ahead of all behind, in order, and takes no more than a turn") {
    QuietRoom room(backend, {.active_max = 1});
    room.join(0, 4);
    room.clock().advance(2min);
    room.join(4, 3);
    room.tick();
    CHECK(room.is_in(4));
    CHECK(room.view().passed_over == 4);
    // The room is full: they are back, and wait.
    CHECK(room.ask(3).position == 4);
    CHECK(room.ask(1).position == 2);
    room.tick();
    CHECK(room.view().passed_over == 4);
    room.leave(4);
    room.tick();
    CHECK(room.is_in(1));
    room.leave(1);
    room.tick();
    CHECK(room.is_in(3));
    room.leave(3);
    room.tick();
    CHECK(room.is_in(5));
    CHECK(room.view().passed_over == 2);
    room.check_sound();
}

CONCERTRES_BACKEND_TEST("a place is lost at the end of the grace, but not while its user asks") {
    QuietRoom room(backend, {.active_max = 1});
    room.join(0, 2);
    room.clock().advance(2min);
    room.join(2, 1);
    room.tick();
    REQUIRE(room.is_in(2));
    room.clock().advance(4min);
    // One of the two asks in time, and is kept beyond the grace.
    CHECK(room.ask(1).status == TokenStatus::waiting);
    room.clock().advance(1min - 1us);
    room.tick();
    CHECK(room.view().passed_over == 2);
    room.clock().advance(1us);
    room.tick();
    CHECK(room.view().passed_over == 1);
    CHECK(room.ask(0).status == TokenStatus::left);
    CHECK(room.explained(0).find(", and lost: nobody came back in time") != std::string::npos);
    CHECK(room.ask(1).status == TokenStatus::waiting);
    CHECK(room.explained(1).find("; passed over at ") != std::string::npos);
    // One poll that comes too late costs nothing: the grace begins anew with each.
    room.clock().advance(91s);
    room.tick();
    CHECK(room.view().passed_over == 1);
    CHECK(room.ask(1).status == TokenStatus::waiting);
    // Times are kept to the second.
    room.clock().advance(5min - 1s);
    room.tick();
    CHECK(room.view().passed_over == 1);
    room.clock().advance(2s);
    room.tick();
    CHECK(room.view().passed_over == 0);
    CHECK(room.ask(1).status == TokenStatus::left);
    room.check_sound();
}

CONCERTRES_BACKEND_TEST(
    "after a restart everybody counts as just heard of, and who was passed over as back") {
    QuietRoom room(backend, {.active_max = 1});
    room.join(0, 3);
    room.clock().advance(2min);
    room.join(3, 1);
    room.tick();
    REQUIRE(room.is_in(3));
    room.clock().advance(4min);
    room.reopen();
    CHECK(room.view().passed_over == 3);
    CHECK(room.view().waiting == 3);
    room.clock().advance(61s);
    room.tick();
    CHECK(room.view().passed_over == 3);
    room.leave(3);
    room.tick();
    CHECK(room.view().passed_over == 2);
    CHECK(room.is_in(0));
    // Who has not asked since is away again, and the grace began anew.
    room.clock().advance(4min - 2s);
    room.tick();
    CHECK(room.view().passed_over == 2);
    room.clock().advance(3s);
    room.tick();
    CHECK(room.view().passed_over == 0);
    room.check_sound();
}

// Two ticks of one group, with more who came back than a tick looks at, and others behind them.
CONCERTRES_BACKEND_TEST("however many come back, nobody who stands behind them goes first") {
    constexpr int away = 600;
    QuietRoom room(backend, {.active_max = 1});
    room.join(0, away);
    room.clock().advance(2min);
    room.join(away, 1);
    room.tick();
    REQUIRE(room.is_in(away));
    REQUIRE(room.view().passed_over == away);
    room.join(away + 1, 10);
    for (int user = 0; user < away; ++user) CHECK(room.ask(user).position == user + 1);
    RoomPatch wide;
    wide.active_max.emplace();
    room.change(wide);
    room.tick_twice();
    const std::vector<PlaceNumber> admitted = room.admitted();
    REQUIRE(admitted.size() == away + 11);
    CHECK(std::ranges::is_sorted(admitted.begin() + 1, admitted.end()));
    room.check_sound();
}

CONCERTRES_BACKEND_TEST("in a line that was drawn the draw goes on past who is not there") {
    QuietRoom room(backend, {.active_max = 1}, true);
    room.join(0, 600);
    room.clock().advance(10min);
    // All but two are silent by now.
    (void)room.ask(77);
    (void)room.ask(400);
    room.tick();
    const bool first = room.is_in(77);
    CHECK(first != room.is_in(400));
    const int in = first ? 77 : 400;
    const int other = first ? 400 : 77;
    room.leave(in);
    room.tick();
    CHECK(room.is_in(other));
    // Who comes back is let in before all who joined after the draw.
    room.join(600, 1);
    (void)room.ask(5);
    room.leave(other);
    room.tick();
    CHECK(room.is_in(5));
    CHECK(!room.is_in(600));
    room.check_sound();
}

CONCERTRES_BACKEND_TEST("in each class the next who is there has the turn") {
    QuietRoom room(backend, {.active_max = 4, .classes = {{"a", 1}, {"b", 1}}});
    room.join(0, 700, "a");
    room.join(1'000, 3, "b");
    room.clock().advance(2min);
    room.join(700, 5, "a");
    (void)room.ask(1'001);
    (void)room.ask(1'002);
    room.tick();
    for (const int user : {1'001, 1'002, 700, 701}) CHECK(room.is_in(user));
    CHECK(!room.is_in(1'000));
    CHECK(!room.is_in(702));
    CHECK(room.view().passed_over == 701);
    room.check_sound();
}

CONCERTRES_BACKEND_TEST(
    "an operator lets in by hand who was passed over; who gives it up has not lost it") {
    QuietRoom room(backend, {.active_max = 2});
    room.join(0, 2);
    room.clock().advance(2min);
    room.join(2, 1);
    room.tick();
    CHECK(room.view().passed_over == 2);
    CHECK(room.admit_by_hand(0)->status == TokenStatus::admitted);
    room.leave(1);
    CHECK(room.view().passed_over == 0);
    CHECK(room.explained(0).find("; passed over at ") != std::string::npos);
    CHECK(room.explained(1).find("passed over") == std::string::npos);
    room.check_sound();
}

CONCERTRES_BACKEND_TEST(
    "a rule that is taken away passes nobody over, and takes nothing from anybody") {
    QuietRoom room(backend, {.active_max = 1});
    room.join(0, 3);
    room.clock().advance(2min);
    room.join(3, 1);
    room.tick();
    CHECK(room.view().passed_over == 3);
    RoomPatch off;
    off.no_shows.emplace();
    room.change(off);
    room.clock().advance(1h);
    room.join(4, 1);
    room.clock().advance(10min);
    room.leave(3);
    room.tick();
    // Those who were passed over come back by asking.
    CHECK(room.is_in(4));
    CHECK(room.view().passed_over == 3);
    CHECK(room.ask(2).position == 3);
    room.leave(4);
    room.tick();
    CHECK(room.is_in(2));
    room.check_sound();
}

CONCERTRES_BACKEND_TEST("however many lose their places at one moment, all of them do") {
    QuietRoom room(backend, {.active_max = 1});
    room.join(0, 600);
    room.clock().advance(2min);
    room.join(600, 1);
    room.tick();
    REQUIRE(room.view().passed_over == 600);
    room.clock().advance(rule.grace);
    room.tick();
    CHECK(room.view().passed_over == 0);
    CHECK(room.view().waiting == 0);
    for (const int user : {0, 511, 512, 599}) CHECK(room.ask(user).status == TokenStatus::left);
    room.check_sound();
}

CONCERTRES_BACKEND_TEST("who comes back is ahead of more than a tick looks at") {
    QuietRoom room(backend, {.active_max = 1});
    room.join(0, 2);
    room.clock().advance(2min);
    room.join(2, 1);
    room.tick();
    REQUIRE(room.is_in(2));
    room.join(3, 600);
    CHECK(room.ask(1).position == 2);
    room.leave(2);
    room.tick();
    CHECK(room.is_in(1));
    CHECK(!room.is_in(3));
    room.check_sound();
}

CONCERTRES_BACKEND_TEST(
    "a draw that is set later is of those who were passed over and are back too") {
    constexpr int away = 40;
    constexpr int others = 1'000;
    QuietRoom room(backend, {.active_max = 1});
    room.join(0, away);
    room.clock().advance(2min);
    room.join(away, 1);
    room.tick();
    REQUIRE(room.view().passed_over == away);
    room.join(away + 1, others);
    RoomPatch drawn;
    drawn.draw = true;
    drawn.active_max.emplace();
    room.change(drawn, room.view().now + 1min);
    for (int user = 0; user < away; ++user) {
        CHECK(room.ask(user).status == TokenStatus::waiting);
    }
    room.clock().advance(1min);
    room.tick();
    const std::vector<PlaceNumber> admitted = room.admitted();
    REQUIRE(admitted.size() == away + 1 + others);
    CHECK(!std::ranges::is_sorted(admitted.begin() + 1, admitted.end()));
    CHECK(room.view().passed_over == 0);
    room.check_sound();
}

// Between any two steps in which the tick reads; once it has decided, it is too late.
CONCERTRES_BACKEND_TEST("who asks in the very moment in which the place would be lost keeps it") {
    for (int steps = 0; steps < 5; ++steps) {
        CAPTURE(steps);
        QuietRoom room(backend, {.active_max = 1});
        room.join(0, 2);
        room.clock().advance(2min);
        room.join(2, 1);
        room.tick();
        room.clock().advance(rule.grace);
        REQUIRE(room.tick_with_a_question(0, steps) == steps);
        CHECK(room.ask(0).status == TokenStatus::waiting);
        CHECK(room.ask(1).status == TokenStatus::left);
        room.check_sound();
    }
}

}  // namespace concertres::test
