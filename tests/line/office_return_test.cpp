// Two calls of one who comes back with a token of before the line was lost: the slower one finds
// what became of the place that the quicker one has brought back.
#include <doctest/doctest.h>

#include <chrono>

#include "line/desk_office.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

PlaceNumber lost_place(DeskOffice& at) {
    const PlaceNumber place = at.join(1)->number;
    at.line->inner.wipe();
    REQUIRE(at.join(9)->number == PlaceNumber::of(2, 1));
    return place;
}

// Makes a call of the first user's, which is on its way to the line while another brings the place
// back.
auto overtaken(DeskOffice& at, PlaceNumber place, const auto& call) {
    at.line->reentering.hold();
    auto asked = at.ask(call);
    at.run();
    REQUIRE(at.line->reentering.calls == 1);
    REQUIRE(at.poll(1, place)->status == TokenStatus::waiting);
    return asked;
}

// What the line has to say to it.
TokenStatus told(DeskOffice& at, const auto& asked) {
    at.line->reentering.let_go();
    at.run();
    REQUIRE(*asked);
    return (*asked)->value().status;
}

}  // namespace

TEST_SUITE_BEGIN("a line outside");

TEST_CASE("one who comes back and whom an operator lets in by then is told of the pass") {
    DeskOffice at;
    const PlaceNumber place = lost_place(at);
    const auto asked = overtaken(at, place, at.polling(1, place));
    REQUIRE(at.admit(1)->status == TokenStatus::admitted);
    CHECK(told(at, asked) == TokenStatus::admitted);
}

TEST_CASE("one who comes back at the last moment and is let in by then is told of the pass") {
    DeskOffice at;
    const PlaceNumber place = lost_place(at);
    at.advance(119s);
    const auto asked = overtaken(at, place, at.polling(1, place));
    at.advance(2s);
    CHECK(told(at, asked) == TokenStatus::admitted);
    // The next time it is told so.
    CHECK(at.poll(1, place)->status == TokenStatus::admitted);
}

TEST_CASE("one who leaves on coming back, and is let in by then, gives the pass back") {
    DeskOffice at;
    const PlaceNumber place = lost_place(at);
    const auto asked = overtaken(at, place, at.leaving(1, place));
    REQUIRE(at.admit(1)->status == TokenStatus::admitted);
    CHECK(told(at, asked) == TokenStatus::left);
    CHECK(at.admitted() == 0);
}

TEST_SUITE_END();

}  // namespace concertres::test
