// The models on histories small enough to be judged by hand, and rules that no recorded history
// breaks.
#include "histories/models.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <utility>
#include <vector>

using namespace concertres::test;

namespace {

// One after another.
template <class M, class C>
bool holds(M model, std::vector<C> calls) {
    model.calls = std::move(calls);
    std::vector<Span> spans;
    for (Moment at = 0; spans.size() < model.calls.size(); at += 2) {
        spans.push_back({.invoked = at, .returned = at + 1});
    }
    return check(model, spans).holds();
}

using Seat = SeatCall::What;
SeatCall seat(Seat what, int hold, std::optional<char> told, bool replayed = false) {
    return {.what = what, .hold = hold, .told = told, .replayed = replayed};
}

using Room = RoomCall::What;
using Told = RoomCall::Told;
RoomCall joins(std::size_t user, std::int64_t number, std::optional<std::int64_t> position) {
    return {.what = Room::join,
            .user = user,
            .place = number,
            .made = true,
            .told = position ? Told::waiting : Told::admitted,
            .position = position};
}
RoomCall shows(std::size_t user, std::int64_t number, Told told,
               std::optional<std::int64_t> position = std::nullopt) {
    return {.user = user, .place = number, .told = told, .position = position};
}
RoomCall leaves(std::size_t user, std::int64_t number) {
    return {.what = Room::leave, .user = user, .place = number};
}

}  // namespace

TEST_CASE("a seat is held by one, then sold or free again") {
    const SeatModel two(2);
    CHECK(holds(two, std::vector{seat(Seat::hold, 0, 'h'), seat(Seat::hold, 1, 'H'),
                                 seat(Seat::pay, 0, 'p'), seat(Seat::hold, 1, 'S'),
                                 seat(Seat::refund, 0, 'f'), seat(Seat::hold, 1, 'h'),
                                 seat(Seat::map, 0, 'h'), seat(Seat::release, 1, 'r')}));
    CHECK_FALSE(holds(two, std::vector{seat(Seat::hold, 0, 'h'), seat(Seat::hold, 1, 'h')}));
    CHECK_FALSE(holds(two, std::vector{seat(Seat::hold, 0, 'h'), seat(Seat::hold, 1, 'S')}));
    CHECK_FALSE(holds(two, std::vector{seat(Seat::hold, 0, 'H')}));
    CHECK_FALSE(holds(two, std::vector{seat(Seat::pay, 0, 'p')}));
    CHECK_FALSE(holds(two, std::vector{seat(Seat::hold, 0, 'h'), seat(Seat::map, 0, 'a')}));
}

TEST_CASE("a hold that is asked for again is the same hold, as it stands") {
    const SeatModel one(1);
    const SeatCall hold = seat(Seat::hold, 0, 'h');
    CHECK(holds(one, std::vector{hold, seat(Seat::hold, 0, 'h', true), seat(Seat::release, 0, 'r'),
                                 seat(Seat::hold, 0, 'r', true), seat(Seat::release, 0, 'r')}));
    CHECK_FALSE(holds(one, std::vector{hold, hold}));
    CHECK_FALSE(holds(one, std::vector{seat(Seat::hold, 0, 'h', true)}));
    CHECK_FALSE(holds(one, std::vector{hold, seat(Seat::release, 0, 'r'), hold}));
}

TEST_CASE("with its pass a hold ends, and a payment names what it let go") {
    const SeatModel one(1);
    const auto drop = [](std::optional<bool> told) {
        return SeatCall{.what = Seat::drop, .dropped = {{0, told}}};
    };
    const SeatCall hold = seat(Seat::hold, 0, 'h');
    CHECK(holds(one, std::vector{hold, drop({}), seat(Seat::look, 0, 'r')}));
    CHECK(holds(one, std::vector{hold, drop(true), drop(false)}));
    CHECK_FALSE(holds(one, std::vector{hold, drop({}), seat(Seat::look, 0, 'h')}));
    CHECK_FALSE(holds(one, std::vector{hold, drop(false)}));
    CHECK_FALSE(holds(one, std::vector{drop(true)}));
}

TEST_CASE("a wallet is the sum of what moved it, each once, and never below 0") {
    using What = WalletCall::What;
    const WalletModel two(2);
    const WalletCall charge{.what = What::charge, .slot = 0, .amount = 5, .told = 5};
    const WalletCall again{
        .what = What::charge, .slot = 0, .amount = 5, .told = 5, .replayed = true};
    const WalletCall pay{.what = What::pay, .slot = 1, .amount = 3, .told = 2};
    const WalletCall poor{.what = What::pay, .slot = 1, .amount = 3, .poor = true};
    const WalletCall refund{.what = What::refund, .slot = 1, .amount = 3, .told = 5};
    const auto read = [](std::int64_t told) { return WalletCall{.told = told}; };
    CHECK(holds(two, std::vector{poor, charge, pay, read(2), again, refund, refund, read(5)}));
    CHECK_FALSE(holds(two, std::vector{charge, charge}));
    CHECK_FALSE(holds(two, std::vector{charge, pay, read(5)}));
    CHECK_FALSE(holds(two, std::vector{charge, poor}));
    CHECK_FALSE(holds(two, std::vector{charge, refund}));
    CHECK_FALSE(holds(two, std::vector{charge, pay, refund, refund, read(8)}));
    CHECK_FALSE(holds(two, std::vector{pay}));
}

TEST_CASE("a key belongs to the content that came first, and a refusal binds it to nothing") {
    using KeyTold = KeyCall::Told;
    const auto call = [](int content, KeyTold told, std::int64_t id = 0) {
        return KeyCall{.content = content, .told = told, .id = id};
    };
    CHECK(holds(KeyModel(), std::vector{call(1, KeyTold::refused), call(2, KeyTold::made, 7),
                                        call(2, KeyTold::replayed, 7), call(1, KeyTold::reused)}));
    CHECK_FALSE(
        holds(KeyModel(), std::vector{call(1, KeyTold::made, 7), call(1, KeyTold::made, 7)}));
    CHECK_FALSE(
        holds(KeyModel(), std::vector{call(1, KeyTold::made, 7), call(1, KeyTold::replayed, 8)}));
    CHECK_FALSE(
        holds(KeyModel(), std::vector{call(1, KeyTold::made, 7), call(2, KeyTold::made, 8)}));
    CHECK_FALSE(holds(KeyModel(), std::vector{call(1, KeyTold::reused)}));
    CHECK_FALSE(
        holds(KeyModel(), std::vector{call(1, KeyTold::made, 7), call(1, KeyTold::refused)}));
}

TEST_CASE("people are let in by their numbers, and a position counts who stands before") {
    const RoomModel room(3, 1);
    CHECK(holds(room, std::vector{joins(0, 1, 1), joins(1, 2, 2), joins(2, 3, 3),
                                  shows(0, 1, Told::admitted), shows(2, 3, Told::waiting, 2),
                                  leaves(1, 2), shows(2, 3, Told::waiting, 1), leaves(0, 1),
                                  shows(2, 3, Told::admitted)}));
    // A number that is missing; a position too far in front; one that grows.
    CHECK_FALSE(holds(room, std::vector{joins(0, 1, 1), joins(1, 3, 2)}));
    CHECK_FALSE(holds(room, std::vector{joins(0, 1, 1), joins(1, 2, 3)}));
    CHECK_FALSE(
        holds(room, std::vector{joins(0, 1, 1), joins(1, 2, 1), shows(1, 2, Told::waiting, 2)}));
    // Overtaken; sent back; one more than may be in.
    CHECK_FALSE(holds(room, std::vector{joins(0, 1, 1), joins(1, 2, 2), leaves(1, 2),
                                        shows(1, 2, Told::admitted)}));
    CHECK_FALSE(holds(room, std::vector{joins(0, 1, 1), shows(0, 1, Told::admitted),
                                        shows(0, 1, Told::waiting, 1)}));
    CHECK_FALSE(
        holds(room, std::vector{joins(0, 1, 1), joins(1, 2, 2), shows(1, 2, Told::admitted)}));
}

TEST_CASE("a place that is over stays over, and a new one stands behind all") {
    const RoomModel room(2, 0);
    RoomCall again = joins(0, 3, 2);
    again.again = true;
    CHECK(holds(room, std::vector{joins(0, 1, 1), joins(1, 2, 2), leaves(0, 1), again,
                                  shows(0, 1, Told::left), shows(1, 2, Told::waiting, 1)}));
    RoomCall same = shows(0, 1, Told::left);
    same.what = Room::join;
    CHECK(holds(room, std::vector{joins(0, 1, 1), leaves(0, 1), same}));
    CHECK_FALSE(holds(room, std::vector{joins(0, 1, 1), leaves(0, 1), joins(0, 2, 1)}));
    CHECK_FALSE(holds(room, std::vector{joins(0, 1, 1), leaves(0, 1), shows(0, 1, Told::waiting)}));
    CHECK_FALSE(holds(room, std::vector{joins(0, 1, 1), again}));
}
