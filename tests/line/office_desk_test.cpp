// What a box office does where the line outside cannot do what it is asked for.
#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "line/desk_office.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;
using Kind = LineFault::Kind;

PlaceNumber first_of(std::int64_t epoch) { return PlaceNumber::of(epoch, 1); }

}  // namespace

TEST_SUITE_BEGIN("a line outside");

TEST_CASE("those who join a new room together have its line begun once") {
    DeskOffice at;
    const auto first = at.ask(at.joining(1));
    const auto second = at.ask(at.joining(2));
    CHECK_FALSE(*first);
    CHECK_FALSE(*second);
    at.run();
    CHECK(told(first).value().number == PlaceNumber::of(1, 1));
    CHECK(told(second).value().number == PlaceNumber::of(1, 2));
    CHECK(at.line->beginning.calls == 1);
    CHECK(at.line->extending.calls == 1);
}

TEST_CASE("those who join while numbers are reserved wait for the same ones") {
    DeskOffice at;
    REQUIRE(at.join(1));
    REQUIRE(at.line->extending.calls == 1);
    at.line->joining.say(fault(Kind::no_numbers), 2);
    const auto second = at.ask(at.joining(2));
    const auto third = at.ask(at.joining(3));
    at.run();
    CHECK(told(second).value().number == PlaceNumber::of(1, 2));
    CHECK(told(third).value().number == PlaceNumber::of(1, 3));
    CHECK(at.line->extending.calls == 2);
}

TEST_CASE("no more wait for a line to be begun than may wait for the writer") {
    DeskOffice at({.active_max = 1}, {.inbox_max = 1});
    const auto first = at.ask(at.joining(1));
    const auto second = at.ask(at.joining(2));
    CHECK_FALSE(*first);
    CHECK(code_of(told(second)) == Errc::overloaded);
    CHECK(told(second).error().detail.starts_with("too many wait for this waiting room"));
    at.run();
    CHECK(told(first).value().number == first_of(1));
    CHECK(at.join(2)->number == PlaceNumber::of(1, 2));
}

TEST_CASE("nobody waits longer for a line to be begun than for the writer") {
    DeskOffice at;
    at.line->beginning.hold();
    const auto first = at.ask(at.joining(1));
    at.run();
    REQUIRE(at.line->beginning.calls == 1);
    at.clock.advance(11s);
    const auto second = at.ask(at.joining(2));
    CHECK(code_of(told(second)) == Errc::overloaded);
    CHECK_FALSE(*first);
    at.run();
    CHECK(code_of(told(first)) == Errc::request_timeout);
    at.line->beginning.let_go();
    CHECK(at.join(3)->number == first_of(1));
}

TEST_CASE("nobody waits longer for numbers than for the writer") {
    DeskOffice at;
    at.line->extending.hold();
    const auto first = at.ask(at.joining(1));
    at.run();
    REQUIRE(at.line->extending.calls == 1);
    at.advance(10s);
    CHECK_FALSE(*first);
    at.advance(1s);
    CHECK(code_of(told(first)) == Errc::request_timeout);
    at.line->extending.let_go();
    CHECK(at.join(1)->number == first_of(1));
}

TEST_CASE("where storage does not come to begin a line in time, who waits for that is told") {
    DeskOffice at;
    const auto first = at.ask(at.joining(1));
    const auto second = at.ask(at.joining(2));
    at.wait_too_long();
    CHECK(code_of(told(first)) == Errc::request_timeout);
    CHECK(code_of(told(second)) == Errc::request_timeout);
    CHECK(at.line->beginning.calls == 0);
    CHECK(at.join(1)->number == first_of(1));
}

TEST_CASE("where storage does not come to reserve numbers in time, who waits for them is told") {
    DeskOffice at;
    REQUIRE(at.join(1));
    at.line->joining.say(fault(Kind::no_numbers));
    const auto second = at.ask(at.joining(2));
    at.wait_too_long();
    CHECK(code_of(told(second)) == Errc::request_timeout);
    CHECK(at.line->extending.calls == 1);
    CHECK(at.join(2)->number == PlaceNumber::of(1, 2));
}

TEST_CASE("a room that is to draw lots by the time its line would be begun stays in storage") {
    DeskOffice at;
    REQUIRE(at.office->change_sale({at.sale.concert, {.opens_at = at.office->now() + 1h}}));
    const RoomPolicy drawn{.active_max = 1, .draw = true};
    const auto changed = at.ask(ChangeSale{at.sale.concert, {.room = drawn}});
    const auto first = at.ask(at.joining(1));
    const auto second = at.ask(at.joining(2));
    at.run();
    REQUIRE(told(changed).has_value());
    CHECK(told(first).value().number == PlaceNumber::of(0, 1));
    CHECK(told(second).value().number == PlaceNumber::of(0, 2));
    CHECK(at.line->beginning.calls == 0);
    CHECK(at.join(3)->number == PlaceNumber::of(0, 3));
}

TEST_CASE("one who hears late that the line was lost comes back to the one that was begun since") {
    DeskOffice at;
    REQUIRE(at.join(1));
    const PlaceNumber place = at.join(2)->number;
    at.line->positioning.say(fault(Kind::lost));
    at.line->positioning.hold();
    const auto asked = at.ask(at.polling(2, place));
    at.line->inner.wipe();
    REQUIRE(at.join(3)->number == first_of(2));
    const int begun = at.line->beginning.calls;
    at.line->positioning.let_go();
    at.run();
    CHECK(told(asked).value().status == TokenStatus::waiting);
    CHECK(told(asked).value().number == place);
    CHECK(told(asked).value().position == 1);
    // It has not been lost once more.
    CHECK(at.line->beginning.calls == begun);
    CHECK(at.join(4)->number == PlaceNumber::of(2, 2));
}

TEST_CASE("a line that is in a later epoch than storage is begun in one that is later still") {
    DeskOffice at;
    at.line->beginning.say(fault(Kind::outdated, 5));
    const auto first = at.join(1).value();
    CHECK(first.number == first_of(6));
    CHECK(first.position == 1);
    CHECK(at.line->beginning.calls == 2);
    // In the epochs before somebody may have had a place.
    at.advance(119s);
    CHECK(at.poll(1, first.number)->status == TokenStatus::waiting);
    at.advance(2s);
    CHECK(at.poll(1, first.number)->status == TokenStatus::admitted);
}

TEST_CASE("a line that is always in a later epoch is not begun again and again") {
    DeskOffice at;
    for (const int epoch : {5, 7, 9}) at.line->beginning.say(fault(Kind::outdated, epoch));
    CHECK(code_of(at.join(1)) == Errc::storage_unavailable);
    CHECK(at.line->beginning.calls == 3);
    CHECK(code_of(at.join(2)) == Errc::storage_unavailable);
    CHECK(at.line->beginning.calls == 3);
    at.advance(1s);
    CHECK(at.line->beginning.calls == 4);
    CHECK(at.join(1)->number == first_of(8));
}

TEST_CASE("numbers of an epoch that is over by the time they are wanted are not reserved") {
    DeskOffice at;
    REQUIRE(at.join(1)->number == first_of(1));
    at.line->positioning.say(fault(Kind::lost));
    const auto first = at.ask(at.polling(1, first_of(1)));
    at.line->joining.say(fault(Kind::no_numbers));
    const auto second = at.ask(at.joining(2));
    at.run();
    CHECK(told(first).value().position == 1);
    CHECK(told(second).value().number == first_of(2));
    CHECK(told(second).value().position == 2);
    CHECK(at.line->extending.calls == 2);
}

TEST_CASE("who joins a line that goes away as it is given numbers is told, and may try again") {
    for (const Kind kind : {Kind::away, Kind::unknown}) {
        DeskOffice at;
        at.line->extending.say(fault(kind));
        const auto refused = at.join(1);
        REQUIRE(code_of(refused) == Errc::storage_unavailable);
        CHECK(refused.error().detail.find("as the test wants it") != std::string::npos);
        // Of the block that may have arrived no number is given.
        CHECK(at.join(1)->number > first_of(1));
    }
}

TEST_CASE("a line that is lost as it is given numbers is given others") {
    DeskOffice at;
    at.line->extending.say(fault(Kind::lost));
    const auto first = at.join(1).value();
    CHECK(first.made);
    CHECK(first.number > first_of(1));
    CHECK(at.line->extending.calls == 2);
}

TEST_CASE("a line that is lost whenever it is asked is not asked for ever") {
    DeskOffice at;
    at.line->joining.say(fault(Kind::lost), 1'000);
    CHECK(code_of(at.join(1)) == Errc::storage_unavailable);
    CHECK(at.line->joining.calls < 20);
    at.line->joining.say_no_more();
    CHECK(at.join(1)->number == first_of(1));
}

TEST_CASE("a line that is always without numbers is not given them for ever") {
    DeskOffice at;
    at.line->joining.say(fault(Kind::no_numbers), 1'000);
    CHECK(code_of(at.join(1)) == Errc::storage_unavailable);
    CHECK(at.line->extending.calls < 20);
    at.line->joining.say_no_more();
    CHECK(at.join(1)->number == first_of(1));
}

TEST_SUITE_END();

}  // namespace concertres::test
