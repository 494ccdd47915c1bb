// What every line must do, see line.hpp.
#include <algorithm>
#include <random>

#include "line/line_backends.hpp"
#include "line/line_caller.hpp"
#include "support/memory_line.hpp"

using namespace concertres;
using namespace concertres::test;
using Kind = LineFault::Kind;

namespace {

const UserId alice = user_named("alice");
const UserId bob = user_named("bob");
const UserId carol = user_named("carol");
const UserId dave = user_named("dave");

PlaceNumber number(std::int64_t sequence, LineClass line_class = 0, std::int64_t epoch = 1) {
    return PlaceNumber::of({line_class, epoch, sequence});
}

std::vector<LineEntry> entries(const LineHead& head) { return head.waiting; }

// What a peek shows, but for how many wait in the class.
LineHead seen(LineHead head) {
    head.class_waiting = head.class_passed_over = 0;
    return head;
}

}  // namespace

// --- Joining -----------------------------------------------------------------------------------

CONCERTRES_LINE_TEST("places are numbered as people join, and each says how many are ahead") {
    LineCaller line(store, ConcertId::random());
    line.start();
    CHECK(line.join(alice) == LinePlace{number(1), true, true, 0});
    CHECK(line.join(bob) == LinePlace{number(2), true, true, 1});
    CHECK(line.join(carol) == LinePlace{number(3), true, true, 2});
}

CONCERTRES_LINE_TEST("who joins again has the same place") {
    LineCaller line(store, ConcertId::random());
    line.start();
    line.join(alice);
    line.join(bob);
    CHECK(line.join(bob) == LinePlace{number(2), false, true, 1});
    // In another class as well: a user has one place.
    CHECK(line.join({.user = bob, .line_class = 1}) == LinePlace{number(2), false, true, 1});
}

CONCERTRES_LINE_TEST("each class has a line of its own") {
    LineCaller line(store, ConcertId::random());
    line.start();
    line.join(alice);
    CHECK(line.join({.user = bob, .line_class = 1}) == LinePlace{number(1, 1), true, true, 0});
    CHECK(line.join({.user = carol, .line_class = 1}) == LinePlace{number(2, 1), true, true, 1});
    CHECK(line.join(dave) == LinePlace{number(2), true, true, 1});
    CHECK(entries(line.peek({.line_class = 1, .count = 9})) ==
          std::vector<LineEntry>{{number(1, 1), bob}, {number(2, 1), carol}});
}

CONCERTRES_LINE_TEST("rooms know nothing of each other") {
    LineCaller one(store, ConcertId::random());
    LineCaller other(store, ConcertId::random());
    one.start();
    other.start();
    one.join(alice);
    CHECK(other.join(bob) == LinePlace{number(1), true, true, 0});
    CHECK(other.position({alice}).places.front() == LinePlace{});
}

CONCERTRES_LINE_TEST("numbers are given up to the last that is reserved, and no further") {
    LineCaller line(store, ConcertId::random());
    LineCaller::well(line.try_begin());
    CHECK(line.try_join(alice).fault().kind == Kind::no_numbers);
    LineCaller::well(line.try_extend({0, 1, 2}));
    line.join(alice);
    line.join(bob);
    CHECK(line.try_join(carol).fault().kind == Kind::no_numbers);
    // Who is in the line needs none.
    CHECK(line.join(bob).number == number(2));
    LineCaller::well(line.try_extend({0, 101, 200}));
    CHECK(line.join(carol) == LinePlace{number(101), true, true, 2});
}

CONCERTRES_LINE_TEST("numbers that are left are given before those of another block") {
    LineCaller line(store, ConcertId::random());
    LineCaller::well(line.try_begin());
    LineCaller::well(line.try_extend({0, 1, 2}));
    LineCaller::well(line.try_extend({0, 101, 200}));
    line.join(alice);
    CHECK(line.join(bob).number == number(2));
    CHECK(line.try_join(carol).fault().kind == Kind::no_numbers);
}

CONCERTRES_LINE_TEST("a block that comes late is forgotten: numbers only go up") {
    LineCaller line(store, ConcertId::random());
    LineCaller::well(line.try_begin());
    LineCaller::well(line.try_extend({0, 101, 101}));
    line.join(alice);
    LineCaller::well(line.try_extend({0, 1, 100}));
    CHECK(line.try_join(bob).fault().kind == Kind::no_numbers);
    LineCaller::well(line.try_extend({0, 102, 200}));
    CHECK(line.join(bob).number == number(102));
    // Each class has numbers of its own.
    LineCaller::well(line.try_extend({1, 1, 100}));
    CHECK(line.join({.user = carol, .line_class = 1}).number == number(1, 1));
}

CONCERTRES_LINE_TEST("who looks at the head is told how many wait in the class") {
    LineCaller line(store, ConcertId::random());
    line.start();
    line.join(alice);
    line.join(bob);
    line.join({.user = carol, .line_class = 1});
    const auto counted = [&](LineClass line_class) {
        const LineHead head = line.peek({.line_class = line_class, .count = 0});
        CHECK(head.waiting.empty());
        return std::pair(head.class_waiting, head.class_passed_over);
    };
    CHECK(counted(0) == std::pair<std::int64_t, std::int64_t>(2, 0));
    CHECK(counted(1) == std::pair<std::int64_t, std::int64_t>(1, 0));
    CHECK(counted(2) == std::pair<std::int64_t, std::int64_t>(0, 0));
    const auto second = [](int i) { return Time(std::chrono::seconds(i)); };
    line.heard({alice}, second(0));
    line.heard({bob}, second(100));
    line.peek({.count = 2, .now = second(100), .silent_before = second(50)});
    CHECK(counted(0) == std::pair<std::int64_t, std::int64_t>(2, 1));
}

CONCERTRES_LINE_TEST("no more wait than may, and who waits is not refused for it") {
    LineCaller line(store, ConcertId::random());
    line.start();
    line.join({.user = alice, .waiting_max = 2});
    line.join({.user = bob, .line_class = 1, .waiting_max = 2});
    CHECK(line.try_join({.user = carol, .waiting_max = 2}).fault().kind == Kind::full);
    CHECK(line.join({.user = bob, .waiting_max = 2}).number == number(1, 1));
    line.leave({number(1), alice});
    CHECK(line.join({.user = carol, .waiting_max = 2}).number == number(2));
}

// --- Leaving and dropping ----------------------------------------------------------------------

CONCERTRES_LINE_TEST("who leaves waits no more, and those behind are one further") {
    LineCaller line(store, ConcertId::random());
    line.start();
    for (const UserId& user : {alice, bob, carol}) line.join(user);
    CHECK(line.leave({number(1), alice}));
    CHECK_FALSE(line.leave({number(1), alice}));
    const LinePositions positions = line.position({alice, bob, carol, dave});
    CHECK(positions.waiting == 2);
    CHECK(positions.places == std::vector<LinePlace>{{number(1), false, false, 0},
                                                     {number(2), false, true, 0},
                                                     {number(3), false, true, 1},
                                                     {}});
    // Storage knows that it is over only once there is a pass; till then it is this place.
    CHECK(line.join(alice) == LinePlace{number(1), false, false, 0});
}

CONCERTRES_LINE_TEST("nobody leaves for another, or with a number that is not the latest") {
    LineCaller line(store, ConcertId::random());
    line.start();
    line.join(alice);
    CHECK_FALSE(line.leave({number(1), bob}));
    CHECK_FALSE(line.leave({number(2), alice}));
    CHECK(line.position({alice}).places.front().waits);
}

CONCERTRES_LINE_TEST("whose place is over may have another, at the tail") {
    LineCaller line(store, ConcertId::random());
    line.start();
    for (const UserId& user : {alice, bob}) line.join(user);
    line.drop({{number(1), alice}});
    CHECK(line.join(alice) == LinePlace{number(1), false, false, 0});
    CHECK(line.join({.user = alice, .over = number(1)}) == LinePlace{number(3), true, true, 1});
    // Asked for twice, it is the same one; in a line that is behind storage too.
    CHECK(line.join({.user = alice, .over = number(1)}) == LinePlace{number(3), false, true, 1});
    CHECK(line.join({.user = bob, .line_class = 1, .over = number(7)}).number == number(1, 1));
    CHECK(entries(line.peek({.count = 9})) == std::vector<LineEntry>{{number(3), alice}});
}

CONCERTRES_LINE_TEST("the dropped wait no more; dropped again they are dropped") {
    LineCaller line(store, ConcertId::random());
    line.start();
    for (const UserId& user : {alice, bob, carol}) line.join(user);
    const auto first = entries(line.peek({.count = 2}));
    CHECK(first == std::vector<LineEntry>{{number(1), alice}, {number(2), bob}});
    line.drop(first);
    line.drop(first);
    line.drop({});
    CHECK(entries(line.peek({.count = 2})) == std::vector<LineEntry>{{number(3), carol}});
    CHECK(line.position({}).waiting == 1);
    // A number that is no more the user's drops nothing.
    CHECK(line.join({.user = alice, .over = number(1)}).number == number(4));
    line.drop(first);
    CHECK(line.position({alice}).places.front().waits);
}

CONCERTRES_LINE_TEST("who has a pass is known by it to a line that had lost them") {
    LineCaller line(store, ConcertId::random(), 2);
    line.start();
    line.drop({{number(1), alice}});
    CHECK(line.reenter({number(1), alice}) == LinePlace{number(1), false, false, 0});
    CHECK(line.join(alice) == LinePlace{number(1), false, false, 0});
    // A place from before is over, whatever the line thought.
    CHECK(line.reenter({number(2), bob}).waits);
    line.drop({{number(5), bob}});
    CHECK(line.position({bob}).places.front() == LinePlace{number(5), false, false, 0});
    CHECK(seen(line.peek({.count = 9})) == LineHead{});
    CHECK(line.join({.user = bob, .over = number(5)}).number == number(1, 0, 2));
}

CONCERTRES_LINE_TEST("a peek takes nothing, and shows no more than was asked for") {
    LineCaller line(store, ConcertId::random());
    line.start();
    for (const UserId& user : {alice, bob}) line.join(user);
    CHECK(seen(line.peek({.count = 1})) == LineHead{.waiting = {{number(1), alice}}});
    CHECK(seen(line.peek({.count = 0})) == LineHead{});
    CHECK(line.peek({.count = 512}) == line.peek({.count = 2}));
    CHECK(seen(line.peek({.line_class = 1, .count = 5})) == LineHead{});
}

// --- Who is there ------------------------------------------------------------------------------

CONCERTRES_LINE_TEST("who has not been heard of is passed over, and comes back to the same place") {
    LineCaller line(store, ConcertId::random());
    line.start();
    for (const UserId& user : {alice, bob, carol}) line.join(user);
    CHECK(line.heard({alice, bob, carol, dave}, at_second(10)) == 0);
    CHECK(line.heard({bob}, at_second(100)) == 0);
    const LinePeek peek{.count = 1, .now = at_second(101), .silent_before = at_second(50)};
    CHECK(seen(line.peek(peek)) == LineHead{.waiting = {{number(2), bob}}, .passed_over = 1});
    // The absent count in positions, and wait.
    CHECK(line.position({alice, carol}).places ==
          std::vector<LinePlace>{{number(1), false, true, 0}, {number(3), false, true, 2}});
    CHECK(line.position({}).waiting == 3);
    CHECK(line.join(alice) == LinePlace{number(1), false, true, 0});
    CHECK(seen(line.peek(peek)) == LineHead{.waiting = {{number(2), bob}}});

    CHECK(line.heard({alice, alice}, at_second(102)) == 1);
    CHECK(seen(line.peek(peek)) == LineHead{.waiting = {{number(1), alice}}});
}

CONCERTRES_LINE_TEST("who was never heard of is there when first looked at") {
    LineCaller line(store, ConcertId::random());
    line.start();
    line.join(alice);
    CHECK(line.peek({.count = 1, .now = at_second(100), .silent_before = at_second(40)})
              .waiting.size() == 1);
    CHECK(line.peek({.count = 1, .now = at_second(160), .silent_before = at_second(100)})
              .waiting.size() == 1);
    CHECK(seen(line.peek({.count = 1, .now = at_second(161), .silent_before = at_second(101)})) ==
          LineHead{.passed_over = 1});
}

CONCERTRES_LINE_TEST("who was passed over and does not come back loses the place") {
    LineCaller line(store, ConcertId::random());
    line.start();
    for (const UserId& user : {alice, bob}) line.join(user);
    line.join({.user = carol, .line_class = 1});
    line.heard({alice, bob, carol}, at_second(10));
    CHECK(line.peek({.count = 5, .now = at_second(100), .silent_before = at_second(50)})
              .passed_over == 2);
    CHECK(line.heard({bob}, at_second(150)) == 1);
    LinePeek peek{.line_class = 1, .count = 5, .now = at_second(200)};
    peek.lost_before = at_second(100);
    CHECK(line.peek(peek).lost == 0);
    peek.lost_before = at_second(101);
    CHECK(seen(line.peek(peek)) == LineHead{.waiting = {{number(1, 1), carol}}, .lost = 1});
    CHECK(line.position({alice, bob}).places ==
          std::vector<LinePlace>{{number(1), false, false, 0}, {number(2), false, true, 0}});
    CHECK(line.heard({alice}, at_second(201)) == 0);
    CHECK(line.position({}).waiting == 2);
}

CONCERTRES_LINE_TEST("a place that was passed over can be dropped and left") {
    LineCaller line(store, ConcertId::random());
    line.start();
    for (const UserId& user : {alice, bob}) line.join(user);
    line.heard({alice, bob}, at_second(10));
    CHECK(line.peek({.count = 5, .now = at_second(100), .silent_before = at_second(50)})
              .passed_over == 2);
    CHECK(line.leave({number(1), alice}));
    line.drop({{number(2), bob}});
    CHECK(line.position({}).waiting == 0);
    CHECK(line.heard({alice, bob}, at_second(100)) == 0);
    CHECK(seen(line.peek({.count = 5})) == LineHead{});
}

CONCERTRES_LINE_TEST("a crowd that is gone is passed over in steps") {
    LineCaller line(store, ConcertId::random());
    line.start(5'000);
    std::vector<UserId> crowd;
    for (int i = 0; i < 2'300; ++i) crowd.push_back(user_named("absent " + std::to_string(i)));
    for (const UserId& user : crowd) line.join(user);
    for (std::size_t i = 0; i < crowd.size(); i += 460) {
        const auto first = crowd.begin() + static_cast<std::ptrdiff_t>(i);
        line.heard({first, first + 460}, at_second(10));
    }
    const LinePlace last = line.join(alice);
    CHECK(last.ahead == 2'300);
    line.heard({alice}, at_second(99));
    const LinePeek peek{.count = 512, .now = at_second(100), .silent_before = at_second(50)};
    std::int64_t passed_over = 0;
    LineHead head;
    do {
        head = line.peek(peek);
        passed_over += head.passed_over;
    } while (head.is_cut);
    CHECK(passed_over == 2'300);
    CHECK(head.waiting == std::vector<LineEntry>{{last.number, alice}});
    CHECK(line.position({alice}).places.front().ahead == 2'300);

    LinePeek later{.count = 1, .now = at_second(200)};
    later.lost_before = at_second(150);
    std::int64_t lost = 0;
    do {
        head = line.peek(later);
        lost += head.lost;
    } while (head.is_cut);
    CHECK(lost == 2'300);
    CHECK(line.position({alice}).places.front().ahead == 0);
}

// --- Epochs ------------------------------------------------------------------------------------

CONCERTRES_LINE_TEST("a line that was never begun is lost to everybody") {
    LineCaller line(store, ConcertId::random());
    CHECK(line.try_extend({0, 1, 9}).fault().kind == Kind::lost);
    CHECK(line.try_join(alice).fault().kind == Kind::lost);
    CHECK(line.try_reenter({number(1), alice}).fault().kind == Kind::lost);
    CHECK(line.try_leave({number(1), alice}).fault().kind == Kind::lost);
    CHECK(line.try_heard({alice}, at_second(0)).fault().kind == Kind::lost);
    CHECK(line.try_peek({.count = 1}).fault().kind == Kind::lost);
    CHECK(line.try_drop({}).fault().kind == Kind::lost);
    CHECK(line.try_position({alice}).fault().kind == Kind::lost);
}

CONCERTRES_LINE_TEST("who is in an epoch that is over is told which there is") {
    LineCaller line(store, ConcertId::random(), 3);
    line.start();
    LineCaller behind(store, line.room.concert, 2);
    const auto is_outdated = [](const auto& answer) {
        return !answer && answer.fault().kind == Kind::outdated && answer.fault().epoch == 3;
    };
    CHECK(is_outdated(behind.try_begin()));
    CHECK(is_outdated(behind.try_extend({0, 1, 9})));
    CHECK(is_outdated(behind.try_join(alice)));
    CHECK(is_outdated(behind.try_reenter({number(1), alice})));
    CHECK(is_outdated(behind.try_leave({number(1), alice})));
    CHECK(is_outdated(behind.try_heard({alice}, at_second(0))));
    CHECK(is_outdated(behind.try_peek({.count = 1})));
    CHECK(is_outdated(behind.try_drop({})));
    CHECK(is_outdated(behind.try_position({alice})));
    LineCaller ahead(store, line.room.concert, 4);
    CHECK(ahead.try_join(alice).fault().kind == Kind::lost);
}

CONCERTRES_LINE_TEST("an epoch that has been begun is not begun again, and forgets nothing") {
    LineCaller line(store, ConcertId::random());
    line.start();
    line.join(alice);
    LineCaller::well(line.try_begin());
    CHECK(line.join(bob) == LinePlace{number(2), true, true, 1});
}

CONCERTRES_LINE_TEST("a new epoch keeps who waits, ahead of all who come, and gives new numbers") {
    LineCaller line(store, ConcertId::random());
    line.start();
    line.join(alice);
    line.join(bob);
    line.room.epoch = 2;
    LineCaller::well(line.try_begin());
    // What was left of the old numbers is not given in it.
    CHECK(line.try_join(carol).fault().kind == Kind::no_numbers);
    LineCaller::well(line.try_extend({0, 501, 600}));
    CHECK(line.join(carol) == LinePlace{number(501, 0, 2), true, true, 2});
    CHECK(line.join(alice) == LinePlace{number(1), false, true, 0});
    CHECK(entries(line.peek({.count = 9})) ==
          std::vector<LineEntry>{{number(1), alice}, {number(2), bob}, {number(501, 0, 2), carol}});
}

// --- Coming back -------------------------------------------------------------------------------

CONCERTRES_LINE_TEST("who presents a token comes back to its number, ahead of the new") {
    LineCaller line(store, ConcertId::random(), 2);
    line.start(100);
    CHECK(line.join(carol) == LinePlace{number(1, 0, 2), true, true, 0});
    CHECK(line.reenter({number(7), bob}) == LinePlace{number(7), true, true, 0});
    CHECK(line.reenter({number(4), alice}) == LinePlace{number(4), true, true, 0});
    CHECK(line.reenter({number(7), bob}) == LinePlace{number(7), false, true, 1});
    CHECK(line.reenter({number(2, 1), dave}) == LinePlace{number(2, 1), true, true, 0});
    CHECK(entries(line.peek({.count = 9})) ==
          std::vector<LineEntry>{{number(4), alice}, {number(7), bob}, {number(1, 0, 2), carol}});
    CHECK(line.join(alice) == LinePlace{number(4), false, true, 0});
}

CONCERTRES_LINE_TEST("a number of the present epoch is not lost, so it does not come back") {
    LineCaller line(store, ConcertId::random(), 2);
    line.start(100);
    CHECK(line.reenter({number(5, 0, 2), alice}) == LinePlace{});
    CHECK(line.reenter({number(5, 0, 3), alice}) == LinePlace{});
}

CONCERTRES_LINE_TEST("a place that is known to be over does not come back by its token") {
    LineCaller line(store, ConcertId::random());
    line.start();
    for (const UserId& user : {alice, bob}) line.join(user);
    line.leave({number(1), alice});
    line.drop({{number(2), bob}});
    line.room.epoch = 2;
    line.start(100);
    CHECK(line.reenter({number(1), alice}) == LinePlace{number(1), false, false, 0});
    CHECK(line.reenter({number(2), bob}) == LinePlace{number(2), false, false, 0});
}

CONCERTRES_LINE_TEST("of two tokens of one user the later is the place") {
    LineCaller line(store, ConcertId::random(), 3);
    line.start(100);
    CHECK(line.reenter({number(4), alice}).made);
    CHECK(line.reenter({number(2, 0, 2), alice}) == LinePlace{number(2, 0, 2), true, true, 0});
    CHECK(line.reenter({number(4), alice}) == LinePlace{number(2, 0, 2), false, true, 0});
    CHECK(entries(line.peek({.count = 9})) == std::vector<LineEntry>{{number(2, 0, 2), alice}});
    // And a place that was taken newly is later than any token's.
    line.join(bob);
    CHECK_FALSE(line.reenter({number(9), bob}).made);
}

CONCERTRES_LINE_TEST("a room that is erased is as if it had never been") {
    LineCaller line(store, ConcertId::random());
    line.start();
    line.join(alice);
    LineCaller::well(line.try_erase());
    CHECK(line.try_join(alice).fault().kind == Kind::lost);
    line.start();
    CHECK(line.join(bob) == LinePlace{number(1), true, true, 0});
    CHECK(line.position({alice}).places.front() == LinePlace{});
}

// --- At large ----------------------------------------------------------------------------------

CONCERTRES_LINE_TEST("any sequence of steps comes to what it comes to in memory") {
    MemoryLine model;
    const ConcertId concert = ConcertId::random();
    LineCaller line(store, concert);
    LineCaller expected(model, concert);
    std::mt19937 dice(2026);
    const auto upto = [&](int most) {
        return static_cast<std::int64_t>(dice() % static_cast<unsigned>(most));
    };
    std::int64_t next_block = 1;
    for (int step = 0; step < 2'000; ++step) {
        const std::int64_t who = upto(40);
        const UserId user = user_named("user " + std::to_string(who));
        const auto line_class = static_cast<LineClass>(upto(2));
        const Time now = at_second(1'000 + step);
        const LinePlace latest =
            expected.try_position({user}) ? expected.position({user}).places.front() : LinePlace{};
        const LineEntry entry{latest.number.is_valid() ? latest.number : number(50'000 + who),
                              user};
        CAPTURE(step);
        const auto both = [&](const auto& act) {
            const auto real = act(line);
            const auto modelled = act(expected);
            REQUIRE(static_cast<bool>(real) == static_cast<bool>(modelled));
            if (!real) {
                REQUIRE(real.fault().kind == modelled.fault().kind);
                REQUIRE(real.fault().epoch == modelled.fault().epoch);
                return;
            }
            if constexpr (requires { real.value() == modelled.value(); }) {
                REQUIRE(real.value() == modelled.value());
            }
        };
        switch (upto(12)) {
            case 0:
                if (upto(20) == 0) line.room.epoch = ++expected.room.epoch;
                both([&](LineCaller& to) { return to.try_begin(); });
                break;
            case 1: {
                const LineBlock block{line_class, next_block, next_block + 4};
                next_block += 5;
                both([&](LineCaller& to) { return to.try_extend(block); });
                break;
            }
            case 2:
                both([&](LineCaller& to) { return to.try_leave(entry); });
                break;
            case 3:
                both([&](LineCaller& to) { return to.try_heard({user}, now); });
                break;
            case 4: {
                LinePeek peek{.line_class = line_class,
                              .count = static_cast<std::size_t>(upto(6)),
                              .now = now};
                if (upto(2) == 0) peek.silent_before = now - std::chrono::seconds(90);
                if (upto(2) == 0) peek.lost_before = now - std::chrono::seconds(90);
                both([&](LineCaller& to) { return to.try_peek(peek); });
                break;
            }
            case 5:
                both([&](LineCaller& to) { return to.try_drop({entry}); });
                break;
            case 6: {
                // Of a number that nobody else has.
                const std::int64_t epoch = 1 + upto(static_cast<int>(line.room.epoch));
                const LineEntry token{number(100'000 + who + 40 * upto(3), line_class, epoch),
                                      user};
                both([&](LineCaller& to) { return to.try_reenter(token); });
                break;
            }
            case 7:
                both([&](LineCaller& to) {
                    return to.try_join({.user = user,
                                        .line_class = line_class,
                                        .over = latest.waits ? PlaceNumber{} : latest.number,
                                        .waiting_max = 25});
                });
                break;
            default:
                both([&](LineCaller& to) {
                    return to.try_join({.user = user, .line_class = line_class});
                });
        }
        const LinePositions real =
            line.try_position({user}) ? line.position({user}) : LinePositions{};
        const LinePositions modelled =
            expected.try_position({user}) ? expected.position({user}) : LinePositions{};
        REQUIRE(real.places == modelled.places);
        REQUIRE(real.waiting == modelled.waiting);
    }
}
