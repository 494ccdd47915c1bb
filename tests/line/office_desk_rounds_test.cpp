// How people are let in from a line outside that stands still, goes away or says odd things, and by
// a writer that has too much to do.
#include <doctest/doctest.h>

#include <chrono>

#include "line/desk_office.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

PlaceNumber number(std::int64_t sequence) { return PlaceNumber::of(1, sequence); }

}  // namespace

TEST_SUITE_BEGIN("a line outside");

TEST_CASE("ticks that are asked for while the line is looked at are seen to after that") {
    DeskOffice at({.active_max = 2});
    for (int user = 1; user <= 3; ++user) REQUIRE(at.join(user));
    at.line->peeking.hold();
    const auto first = at.ask(Tick{at.sale.concert});
    const auto second = at.ask(Tick{at.sale.concert});
    const auto third = at.ask(Tick{at.sale.concert});
    at.run();
    CHECK(at.line->peeking.calls == 1);
    CHECK_FALSE(*first);
    at.line->peeking.let_go();
    at.run();
    CHECK(told(first).value() == 2);
    CHECK(told(second).value() == 0);
    CHECK(told(third).value() == 0);
    CHECK(at.poll(2, number(2))->status == TokenStatus::admitted);
    CHECK(at.poll(3, number(3))->position == 1);
}

TEST_CASE("the office's own ticks wait for a line that is slow, and go on once it answers") {
    DeskOffice at;
    REQUIRE(at.join(1));
    at.line->peeking.hold();
    at.advance(5s);
    CHECK(at.line->peeking.calls == 1);
    CHECK(at.admitted() == 0);
    at.line->peeking.let_go();
    at.run();
    CHECK(at.admitted() == 1);
    at.advance(1s);
    CHECK(at.line->peeking.calls == 2);
}

TEST_CASE("a tick that the writer does not come to in time lets in nobody, and the next one does") {
    DeskOffice at;
    REQUIRE(at.join(1));
    const auto asked = at.ask(Tick{at.sale.concert});
    at.wait_too_long();
    CHECK(code_of(told(asked)) == Errc::request_timeout);
    CHECK(at.admitted() == 0);
    at.advance(1s);
    CHECK(at.admitted() == 1);
}

TEST_CASE("a sale that is drained lets in who waits, and takes nobody") {
    DeskOffice at;
    REQUIRE(at.join(1));
    REQUIRE(at.join(2));
    at.change(SaleMode::draining);
    at.advance(1s);
    CHECK(at.poll(1, number(1))->status == TokenStatus::admitted);
    CHECK(at.poll(2, number(2))->position == 1);
    CHECK_FALSE(at.join(3));
}

TEST_CASE("one who came back in vain long ago is waited for no more") {
    DeskOffice at;
    REQUIRE(at.join(1));
    at.line->inner.wipe();
    REQUIRE(at.join(2)->number == PlaceNumber::of(2, 1));
    at.advance(100s);
    at.line->inner.go_away(true);
    CHECK(code_of(at.poll(1, number(1))) == Errc::storage_unavailable);
    at.line->inner.go_away(false);
    // Nobody has run the office meanwhile.
    at.clock.advance(10min);
    at.run();
    CHECK(at.poll(2, PlaceNumber::of(2, 1))->status == TokenStatus::admitted);
    CHECK(at.poll(1, number(1))->status == TokenStatus::left);
}

TEST_CASE("where storage does not come to wait for them longer, it is asked again") {
    DeskOffice at;
    REQUIRE(at.join(1));
    at.line->inner.wipe();
    REQUIRE(at.join(2)->number == PlaceNumber::of(2, 1));
    at.advance(100s);
    at.line->inner.go_away(true);
    CHECK(code_of(at.poll(1, number(1))) == Errc::storage_unavailable);
    at.line->inner.go_away(false);
    const auto asked = at.ask(Tick{at.sale.concert});
    at.wait_too_long();
    CHECK(told(asked).value() == 0);
    at.advance(15s);
    // By now the two minutes are over.
    CHECK(at.poll(2, PlaceNumber::of(2, 1))->status == TokenStatus::waiting);
    CHECK(at.poll(1, number(1))->position == 1);
}

TEST_CASE("a line that says there are more, and never who, is not looked at for ever") {
    DeskOffice at;
    REQUIRE(at.join(1));
    at.line->peeking.say(LineHead{.class_waiting = 3, .is_cut = true}, 10'000);
    CHECK(at.office->tick({at.sale.concert}).value() == 0);
    CHECK(at.line->peeking.calls < 1'000);
    at.line->peeking.say_no_more();
    at.advance(1s);
    CHECK(at.admitted() == 1);
}

TEST_CASE("however many passes end while the line is away, it is looked at once in a tick") {
    DeskOffice at({.active_max = 600});
    for (int user = 1; user <= 600; ++user) REQUIRE(at.join(user));
    at.advance(1s);
    REQUIRE(at.admitted() == 600);
    at.line->inner.go_away(true);
    at.clock.advance(11min);
    const int looked = at.line->peeking.calls;
    CHECK(code_of(at.office->tick({at.sale.concert})) == Errc::storage_unavailable);
    CHECK(at.line->peeking.calls == looked + 1);
    at.advance(2s);
    CHECK(at.admitted() == 0);
}

TEST_SUITE_END();

}  // namespace concertres::test
