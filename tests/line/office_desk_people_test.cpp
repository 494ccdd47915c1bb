// Whoever joins a line outside, asks about a place there or leaves it: what is told where the line
// and storage do not say the same, or one of them does not answer.
#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "concertres/postgres.hpp"
#include "line/desk_office.hpp"
#include "support/postgres_server.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;
using Kind = LineFault::Kind;

PlaceNumber number(std::int64_t sequence) { return PlaceNumber::of(1, sequence); }

RoomPolicy with_no_shows() {
    return {.active_max = 1, .no_shows = NoShows{.silent_after = 90s, .grace = 5min}};
}

// Of four the second is not heard of when the turn comes, nor for the grace after that.
void lose_second(DeskOffice& at) {
    for (int user = 1; user <= 4; ++user) REQUIRE(at.join(user));
    at.advance(1s);
    for (int i = 0; i < 4; ++i) {
        at.advance(30s);
        for (const int user : {3, 4}) REQUIRE(at.poll(user, number(user)));
    }
    REQUIRE(at.leave(1, number(1)));
    at.advance(1s);
    REQUIRE(at.poll(3, number(3))->status == TokenStatus::admitted);
    at.advance(6min);
}

}  // namespace

TEST_SUITE_BEGIN("a line outside");

TEST_CASE("once a box office stops nobody is answered about a line outside") {
    DeskOffice at;
    REQUIRE(at.join(1));
    at.office->stop();
    CHECK(code_of(at.join(1)) == Errc::draining);
    CHECK(code_of(at.poll(1, number(1))) == Errc::draining);
    CHECK(code_of(at.leave(1, number(1))) == Errc::draining);
    CHECK(code_of(at.admit(1)) == Errc::draining);
    CHECK(code_of(at.office->tick({at.sale.concert})) == Errc::draining);
    at.open();
    CHECK(at.poll(1, number(1))->status == TokenStatus::waiting);
}

TEST_CASE("in a room that nobody has joined yet storage says that there is nobody") {
    DeskOffice at;
    CHECK(code_of(at.poll(1, number(1))) == Errc::token_invalid);
    CHECK(code_of(at.leave(1, number(1))) == Errc::token_invalid);
    CHECK(code_of(at.admit(1)) == Errc::unknown_user);
    CHECK(at.office->tick({at.sale.concert}).value() == 0);
    CHECK(at.line->positioning.calls == 0);
    CHECK(at.join(1)->number == number(1));
}

// --- Joining -----------------------------------------------------------------------------------

TEST_CASE("who joins a line that was lost waits no longer than others for what storage knows") {
    DeskOffice at;
    REQUIRE(at.join(1));
    at.line->inner.wipe();
    REQUIRE(at.join(2)->number == PlaceNumber::of(2, 1));
    const int joined = at.line->joining.calls;
    const auto third = at.ask(at.joining(3));
    at.wait_too_long();
    CHECK(code_of(told(third)) == Errc::request_timeout);
    CHECK(at.line->joining.calls == joined);
    CHECK(at.join(3)->number == PlaceNumber::of(2, 2));
}

TEST_CASE("who joins again is told of no place that storage was not asked about") {
    DeskOffice at;
    REQUIRE(at.join(1));
    REQUIRE(at.join(2));
    const auto again = at.ask(at.joining(2));
    at.wait_too_long();
    CHECK(code_of(told(again)) == Errc::request_timeout);
    CHECK(at.join(2)->number == number(2));
    // Nor of one that is over.
    REQUIRE(at.leave(2, number(2))->status == TokenStatus::left);
    const auto anew = at.ask(at.joining(2, true));
    at.wait_too_long();
    CHECK(code_of(told(anew)) == Errc::request_timeout);
    CHECK(at.join(2)->status == TokenStatus::left);
    CHECK(at.join(2, true)->number == number(3));
}

TEST_CASE("who has left joins anew only once the line knows it") {
    DeskOffice at;
    for (int user = 1; user <= 3; ++user) REQUIRE(at.join(user));
    at.line->dropping.say(fault(Kind::away));
    REQUIRE(at.leave(2, number(2))->status == TokenStatus::left);
    at.line->dropping.say(fault(Kind::away));
    CHECK(code_of(at.join(2, true)) == Errc::storage_unavailable);
    const auto anew = at.join(2, true).value();
    CHECK(anew.number == number(4));
    CHECK(anew.position == 3);
}

TEST_CASE("where nobody may join, one who may wait already is not refused while the line is away") {
    DeskOffice at;
    REQUIRE(at.join(1));
    at.change(SaleMode::closed);
    at.line->positioning.say(fault(Kind::away));
    CHECK(code_of(at.join(1)) == Errc::storage_unavailable);
    CHECK(at.join(1)->number == number(1));
    CHECK(code_of(at.join(2)) == Errc::room_closed);
}

TEST_CASE("one who has left is known as such where the line was put back to before that") {
    DeskOffice at;
    REQUIRE(at.join(1));
    REQUIRE(at.join(2));
    const MemoryLine::Copy copy = at.line->inner.copy();
    REQUIRE(at.leave(2, number(2)));
    at.line->inner.roll_back(copy);
    REQUIRE(at.join(9)->position == 3);
    const auto left = at.join(2).value();
    CHECK(left.status == TokenStatus::left);
    CHECK(left.number == number(2));
    const auto anew = at.join(2, true).value();
    CHECK(anew.made);
    CHECK(anew.number == PlaceNumber::of(2, 2));
}

TEST_CASE("a line that gives nothing but places that are over is not asked for ever") {
    DeskOffice at;
    at.line->joining.say(LinePlace{.number = number(7)}, 1'000);
    CHECK(code_of(at.join(1, true)) == Errc::storage_unavailable);
    CHECK(at.line->joining.calls < 20);
    at.line->joining.say_no_more();
    CHECK(at.join(1)->number == number(1));
}

// --- Asking about a place ----------------------------------------------------------------------

TEST_CASE("while the line is away only so many at once ask storage whether they are in") {
    DeskOffice at;
    REQUIRE(at.join(1));
    at.advance(1s);
    at.line->inner.go_away(true);
    std::vector<DeskOffice::Asked<GetPlace>> asked;
    for (int i = 0; i < 65; ++i) asked.push_back(at.ask(at.polling(1, number(1))));
    CHECK(code_of(told(asked.back())) == Errc::storage_unavailable);
    asked.pop_back();
    at.run();
    for (const auto& each : asked) CHECK(told(each).value().status == TokenStatus::admitted);
    const auto later = at.ask(at.polling(1, number(1)));
    at.run();
    CHECK(told(later).value().status == TokenStatus::admitted);
}

TEST_CASE("while the line is away one who waits before somebody who is in is not turned away") {
    DeskOffice at;
    at.change(SaleMode::paused);
    for (int user = 1; user <= 3; ++user) REQUIRE(at.join(user));
    REQUIRE(at.admit(3));
    at.line->inner.go_away(true);
    CHECK(code_of(at.poll(2, number(2))) == Errc::storage_unavailable);
    const auto asked = at.ask(at.polling(2, number(2)));
    at.wait_too_long();
    CHECK(code_of(told(asked)) == Errc::request_timeout);
    at.line->inner.go_away(false);
    CHECK(at.poll(2, number(2))->position == 2);
}

TEST_CASE("who comes back and is not answered in time is waited for") {
    for (const bool is_away : {false, true}) {
        CAPTURE(is_away);
        DeskOffice at({.active_max = 2});
        at.change(SaleMode::paused);
        REQUIRE(at.join(1));
        REQUIRE(at.join(2));
        REQUIRE(at.admit(2));
        at.change(SaleMode::open);
        at.line->inner.wipe();
        REQUIRE(at.join(3)->number == PlaceNumber::of(2, 1));
        at.advance(100s);
        at.line->inner.go_away(is_away);
        const auto asked = at.ask(at.polling(1, number(1)));
        at.wait_too_long();
        CHECK(code_of(told(asked)) == Errc::request_timeout);
        at.line->inner.go_away(false);
        // By now the two minutes are over.
        at.advance(15s);
        CHECK(at.poll(3, PlaceNumber::of(2, 1))->status == TokenStatus::waiting);
        CHECK(at.poll(1, number(1))->position == 1);
    }
}

TEST_CASE("before what only those who are in may do, storage is asked too") {
    DeskOffice at;
    REQUIRE(at.join(1));
    REQUIRE(at.join(2));
    CHECK(at.office->place(at.polling(2, number(2), true))->position == 2);
    const auto late = at.ask(at.polling(2, number(2), true));
    at.wait_too_long();
    CHECK(code_of(told(late)) == Errc::request_timeout);
    // The line does not hear that one has left: storage knows it.
    at.line->dropping.say(fault(Kind::away));
    REQUIRE(at.leave(2, number(2)));
    CHECK(at.office->place(at.polling(2, number(2), true))->status == TokenStatus::left);
}

TEST_CASE("a number that no line gives is nobody's") {
    DeskOffice at;
    REQUIRE(at.join(1));
    CHECK(code_of(at.poll(1, PlaceNumber{})) == Errc::token_invalid);
    CHECK(code_of(at.poll(1, PlaceNumber::of(1, 0))) == Errc::token_invalid);
    CHECK(code_of(at.poll(2, PlaceNumber{})) == Errc::token_invalid);
    // Nor is it come back to.
    at.line->inner.wipe();
    REQUIRE(at.join(9)->number == PlaceNumber::of(2, 1));
    CHECK(code_of(at.poll(1, PlaceNumber::of(1, 0))) == Errc::token_invalid);
}

TEST_CASE("of two places that one has had, the earlier is gone and the later is the latest") {
    DeskOffice at;
    REQUIRE(at.join(1));
    at.line->inner.wipe();
    REQUIRE(at.join(9)->number == PlaceNumber::of(2, 1));
    // Joins anew in place of coming back.
    const PlaceNumber later = at.join(1)->number;
    CHECK(later == PlaceNumber::of(2, 2));
    const auto earlier = at.poll(1, number(1)).value();
    CHECK(earlier.status == TokenStatus::left);
    CHECK_FALSE(earlier.latest);
    CHECK(at.poll(1, later)->status == TokenStatus::waiting);
    CHECK(at.poll(1, later)->latest);
}

TEST_CASE("a place that a no-show has lost stays lost, whatever becomes of the line") {
    DeskOffice at(with_no_shows());
    lose_second(at);
    CHECK(at.poll(2, number(2))->status == TokenStatus::left);
    CHECK(at.poll(2, number(2))->latest);
    CHECK(at.join(2)->status == TokenStatus::left);
    CHECK(at.join(2)->number == number(2));
    // To one who has no place it is a stranger's.
    CHECK(code_of(at.poll(8, number(2))) == Errc::token_invalid);
    at.line->positioning.say(fault(Kind::lost));
    CHECK(at.poll(2, number(2))->status == TokenStatus::left);
    CHECK(at.poll(2, number(2))->latest);
    CHECK(at.line->reentering.calls == 0);
    const PlaceNumber anew = at.join(2, true)->number;
    CHECK(anew == PlaceNumber::of(2, 1));
    CHECK(at.poll(2, number(2))->status == TokenStatus::left);
    CHECK_FALSE(at.poll(2, number(2))->latest);
    CHECK(at.poll(2, anew)->status == TokenStatus::waiting);
}

TEST_CASE("a no-show who has joined anew does not come back to the place before that") {
    DeskOffice at(with_no_shows());
    lose_second(at);
    const PlaceNumber anew = at.join(2, true)->number;
    CHECK(anew == number(5));
    CHECK(at.poll(2, number(2))->status == TokenStatus::left);
    CHECK_FALSE(at.poll(2, number(2))->latest);
    // Nor where the line has lost something, and others come back.
    at.line->positioning.say(fault(Kind::lost));
    CHECK(at.poll(2, number(2))->status == TokenStatus::left);
    CHECK(at.line->reentering.calls == 1);
    CHECK(at.poll(2, anew)->status == TokenStatus::waiting);
}

TEST_CASE("who comes back is not turned away where the line goes at that moment") {
    DeskOffice at;
    REQUIRE(at.join(1));
    at.line->inner.wipe();
    REQUIRE(at.join(9)->number == PlaceNumber::of(2, 1));
    at.line->reentering.say(fault(Kind::away));
    CHECK(code_of(at.poll(1, number(1))) == Errc::storage_unavailable);
    at.line->reentering.say(fault(Kind::lost));
    CHECK(at.poll(1, number(1))->position == 1);
    CHECK(at.join(8)->number == PlaceNumber::of(3, 1));
}

TEST_CASE("one who comes back and leaves by another call does not stand there again") {
    DeskOffice at;
    REQUIRE(at.join(1));
    at.line->inner.wipe();
    REQUIRE(at.join(9)->number == PlaceNumber::of(2, 1));
    at.line->reentering.hold();
    const auto asked = at.ask(at.polling(1, number(1)));
    at.run();
    REQUIRE(at.line->reentering.calls == 1);
    REQUIRE(at.leave(1, number(1))->status == TokenStatus::left);
    at.line->reentering.let_go();
    at.run();
    CHECK(told(asked).value().status == TokenStatus::left);
    CHECK(at.poll(9, PlaceNumber::of(2, 1))->position == 1);
}

TEST_CASE("one who comes back and joins anew by another call has the new place") {
    DeskOffice at;
    REQUIRE(at.join(1));
    at.line->inner.wipe();
    REQUIRE(at.join(9)->number == PlaceNumber::of(2, 1));
    at.line->reentering.hold();
    const auto asked = at.ask(at.polling(1, number(1)));
    at.run();
    REQUIRE(at.line->reentering.calls == 1);
    REQUIRE(at.join(1)->number == PlaceNumber::of(2, 2));
    at.line->reentering.let_go();
    at.run();
    CHECK(told(asked).value().status == TokenStatus::left);
    CHECK(told(asked).value().number == number(1));
    CHECK(at.poll(1, PlaceNumber::of(2, 2))->status == TokenStatus::waiting);
}

TEST_CASE("of the many who are heard of while the line is away it is told of so many at most") {
    DeskOffice at(with_no_shows());
    REQUIRE(at.join(1));
    at.line->inner.go_away(true);
    for (std::uint32_t i = 0; i < 200'100; ++i) {
        UserId user;
        user.uuid.bytes = {static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8),
                           static_cast<std::uint8_t>(i >> 16), 1};
        at.office->submit<GetPlace>({.concert = at.sale.concert, .user = user, .place = number(2)},
                                    [](const AnswerTo<GetPlace>&) {});
    }
    at.line->inner.go_away(false);
    at.advance(1s);
    CHECK(at.line->heard_of == 200'000);
}

// --- Leaving, and an operator ------------------------------------------------------------------

TEST_CASE("one whose leaving storage does not come to in time still waits") {
    DeskOffice at;
    REQUIRE(at.join(1));
    REQUIRE(at.join(2));
    const auto asked = at.ask(at.leaving(2, number(2)));
    at.wait_too_long();
    CHECK(code_of(told(asked)) == Errc::request_timeout);
    CHECK(at.poll(2, number(2))->position == 1);
    CHECK(at.leave(2, number(2))->status == TokenStatus::left);
}

TEST_CASE("one whom an operator cannot let in still waits") {
    DeskOffice at;
    REQUIRE(at.join(1));
    REQUIRE(at.join(2));
    at.advance(1s);
    const int dropped = at.line->dropping.calls;
    CHECK(code_of(at.admit(2)) == Errc::room_full);
    CHECK(at.line->dropping.calls == dropped);
    CHECK(at.poll(2, number(2))->position == 1);
}

TEST_CASE("an operator names the user of a place that only the line knows") {
    DeskOffice at;
    REQUIRE(at.join(1));
    REQUIRE(at.join(2));
    at.advance(1s);
    const auto waits =
        at.office->admit({.concert = at.sale.concert, .place = number(2), .actor = "ann"});
    REQUIRE(code_of(waits) == Errc::unknown_user);
    CHECK(waits.error().detail.ends_with("name the user"));
    const auto is_in =
        at.office->admit({.concert = at.sale.concert, .place = number(1), .actor = "ann"});
    CHECK(is_in->status == TokenStatus::admitted);
    CHECK(is_in->user == SmallSale::user(1));
    const int asked = at.line->positioning.calls;
    const auto both = at.office->admit({.concert = at.sale.concert,
                                        .user = SmallSale::user(2),
                                        .place = number(2),
                                        .actor = "ann"});
    CHECK(code_of(both) == Errc::request_invalid);
    CHECK(at.line->positioning.calls == asked);
    CHECK(at.admitted() == 1);
}

TEST_CASE("who stands in a line in storage by another instance leaves it by this one") {
    const std::string database = postgres_server().make_database();
    {
        TestClock clock;
        const auto open = [&] {
            return open_postgres(postgres_server().conninfo(database), {.clock = &clock});
        };
        const auto run = [](BoxOffice& office) {
            while (office.step()) {
            }
        };
        const auto line = std::make_shared<ScriptedLine>();
        BoxOffice without(open(), {.running = Running::by_host});
        ConcertDraft draft = SmallSale::draft(10);
        draft.room = RoomPolicy{.active_max = 1};
        const SmallSale sale = SmallSale::add(without, std::move(draft));
        BoxOffice with(open(), {.running = Running::by_host, .line = line});
        run(without);
        run(with);
        // Of which this one has not heard yet.
        const UserId user = SmallSale::user(1);
        const PlaceNumber place = without.join({.concert = sale.concert, .user = user})->number;
        REQUIRE(place == PlaceNumber::of(0, 1));
        const auto left = with.leave({.concert = sale.concert, .user = user, .place = place});
        REQUIRE(left);
        CHECK(left->status == TokenStatus::left);
        CHECK(line->dropping.calls == 0);
        // Nor does whoever joins here stand anywhere else.
        const auto second = with.join({.concert = sale.concert, .user = SmallSale::user(2)});
        REQUIRE(second);
        CHECK(second->number == PlaceNumber::of(0, 2));
        CHECK(line->beginning.calls == 0);
        clock.advance(1s);
        run(without);
        CHECK(without.place({.concert = sale.concert, .user = user, .place = place})->status ==
              TokenStatus::left);
    }
    postgres_server().drop_database(database);
}

TEST_CASE("who joins by an instance that has not heard of the concert yet stands outside, too") {
    const std::string database = postgres_server().make_database();
    {
        TestClock clock;
        const auto line = std::make_shared<ScriptedLine>();
        const auto open = [&] {
            return std::make_unique<BoxOffice>(
                open_postgres(postgres_server().conninfo(database), {.clock = &clock}),
                Options{.running = Running::by_host, .line = line});
        };
        const auto one = open();
        const auto two = open();
        ConcertDraft draft = SmallSale::draft(10);
        draft.room = RoomPolicy{.active_max = 1};
        const SmallSale sale = SmallSale::add(*one, std::move(draft));
        const auto joined = two->join({.concert = sale.concert, .user = SmallSale::user(1)});
        REQUIRE(joined);
        CHECK(joined->number == number(1));
        CHECK(line->beginning.calls == 1);
        // One that nobody has heard of has no line anywhere.
        const Join unheard{.concert = ConcertId::random(), .user = SmallSale::user(1)};
        CHECK(code_of(two->join(unheard)) == Errc::unknown_concert);
        two->stop();
        CHECK(code_of(two->join(unheard)) == Errc::draining);
    }
    postgres_server().drop_database(database);
}

TEST_CASE("who joins just as the room is made is not put into a line in storage") {
    DeskOffice at;
    at.sale = SmallSale::add(*at.office, SmallSale::draft(10));
    ChangeSale change{.concert = at.sale.concert};
    change.change.patch = RoomPatch{.active_max = std::optional<std::int64_t>(1)};
    const auto made = at.ask(change);
    // Of no room as far as anybody knows yet.
    const auto joined = at.ask(at.joining(1));
    at.run();
    REQUIRE(told(made));
    CHECK(code_of(told(joined)) == Errc::storage_unavailable);
    CHECK(at.join(1)->number == number(1));
    CHECK(at.line->beginning.calls == 1);
}

TEST_SUITE_END();

}  // namespace concertres::test
