// What `explain` tells of each kind of thing, and which events it says concern it.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "concertres/operations.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

// A box office that ticks and sweeps only when it is told to.
struct Told {
    explicit Told(RoomPolicy room) {
        ConcertDraft draft = SmallSale::draft();
        draft.room = std::move(room);
        sale = SmallSale::add(office, draft);
    }
    explicit Told() { sale = SmallSale::add(office); }

    Explanation explain(Explain query) { return office.explain(query).value(); }
    std::string state(const Uuid& id) { return explain({.id = id, .seat = {}, .place = {}}).state; }
    ReservationView hold(int user, SeatNumber seat, PlaceNumber place = {}) {
        return office
            .hold({.user = SmallSale::user(user),
                   .place = place,
                   .performance = sale.performance(),
                   .seats = {seat},
                   .key = fmt::format("hold-{}", seat)})
            .value();
    }
    PlaceNumber join(int user, bool again = false) {
        return office.join({.concert = sale.concert, .user = SmallSale::user(user), .again = again})
            .value()
            .number;
    }

    TestClock clock;
    BoxOffice office{open_memory({.clock = &clock}),
                     {.tick = 1h, .running = Running::by_host, .sweeps = false}};
    SmallSale sale;
};

std::vector<std::string> names_of(const Explanation& told) {
    std::vector<std::string> names;
    for (const ToldEvent& each : told.events) names.emplace_back(event_name(each.event.kind));
    return names;
}

TEST_CASE("a reservation tells until when it is held, and since when it is not") {
    Told at;
    const ReservationView held = at.hold(1, 7);
    const std::string deadline = to_rfc3339(held.held_until);
    const std::string rest = "; seats 7 for 50000, user " + SmallSale::user(1).to_string();
    CHECK(at.state(held.id.uuid) == "held until " + deadline + rest);
    at.clock.advance(1h);
    CHECK(at.state(held.id.uuid) == "expired since " + deadline + rest);
}

TEST_CASE("a seat tells who holds it or has bought it") {
    Told at;
    const auto seat = [&](SeatNumber number) {
        return at.explain({.id = at.sale.performance().uuid, .seat = number, .place = {}}).state;
    };
    const ReservationView held = at.hold(1, 7);
    const std::string whose = fmt::format(" by user {}, reservation {}",
                                          SmallSale::user(1).to_string(), held.id.to_string());
    CHECK(seat(7) == "held" + whose);
    CHECK(seat(8) == "free");
    REQUIRE(at.office.charge({.user = SmallSale::user(1), .amount = {50'000}, .key = "c"}));
    REQUIRE(at.office.pay({.user = SmallSale::user(1), .reservations = {held.id}, .key = "p"}));
    CHECK(seat(7) == "bought" + whose);
}

TEST_CASE("a transfer tells what it was for, and a payment's what was bought with it") {
    Told at;
    const UserId user = SmallSale::user(1);
    REQUIRE(at.office.charge({.user = user, .amount = {60'000}, .key = "c"}));
    const auto paid = at.office.pay({.user = user, .reservations = {at.hold(1, 7).id}, .key = "p"});
    REQUIRE(paid);
    REQUIRE(at.office.refund({.user = user, .payment = paid->id}));
    const auto transfers = at.office.transfers({.user = user});
    REQUIRE(transfers);
    REQUIRE(transfers->size() == 3);
    const auto told = [&](TransferKind kind) {
        const auto found = std::ranges::find(*transfers, kind, &Transfer::kind);
        return at.explain({.id = found->id.uuid, .seat = {}, .place = {}});
    };
    const Explanation charge = told(TransferKind::charge);
    CHECK(charge.state.starts_with("charge of 60000 at "));
    CHECK(names_of(charge) == std::vector<std::string>{"wallet.charged"});
    const Explanation payment = told(TransferKind::payment);
    CHECK(payment.state.starts_with("payment of 50000 at "));
    CHECK(payment.state.ends_with("; the wallet held 10000 after it"));
    CHECK(std::ranges::count(names_of(payment), "wallet.paid") == 1);
    const Explanation refund = told(TransferKind::refund);
    CHECK(refund.state.starts_with("refund of 50000 at "));
    CHECK(std::ranges::count(names_of(refund), "wallet.refunded") == 1);
    CHECK(std::ranges::count(names_of(refund), "wallet.paid") == 0);
}

TEST_CASE("a concert tells who was passed over, and what its closed loop allows") {
    Told at({.closed_loop = ClosedLoop{.floor = 1, .ceiling = 5, .load_max = 0.8},
             .no_shows = NoShows{.silent_after = 90s, .grace = 5min}});
    CHECK(at.state(at.sale.concert.uuid).find("passed over") == std::string::npos);
    for (const int user : {1, 2, 3}) at.join(user);
    at.clock.advance(100s);
    REQUIRE(at.office.place(
        {.concert = at.sale.concert, .user = SmallSale::user(3), .place = PlaceNumber{3}}));
    CHECK(at.office.tick({at.sale.concert}).value() == 1);
    const std::string state = at.state(at.sale.concert.uuid);
    CHECK(state.starts_with("the sale is open; 2 wait, 1 are in; "));
    CHECK(state.find("; 2 of those who wait were passed over; the closed loop allows 1 at once") !=
          std::string::npos);
}

TEST_CASE("who let somebody in by hand is told with the place alone") {
    Told at({.active_max = 5});
    at.join(1);
    REQUIRE(
        at.office.admit({.concert = at.sale.concert, .user = SmallSale::user(1), .actor = "ann"}));
    const auto place =
        at.explain({.id = at.sale.concert.uuid, .seat = {}, .place = PlaceNumber{1}});
    CHECK(place.state.find("; let in by hand, by ann") != std::string::npos);
    const auto concert = at.explain({.id = at.sale.concert.uuid, .seat = {}, .place = {}});
    CHECK(concert.state.find("ann") == std::string::npos);
    CHECK(names_of(concert) == std::vector<std::string>{"pass.admitted"});
}

TEST_CASE("of a user with several places each tells of its own alone") {
    Told at({.active_max = 5});
    const auto come_in = [&](bool again) {
        const PlaceNumber number = at.join(1, again);
        REQUIRE(at.office.tick({at.sale.concert}));
        at.clock.advance(1s);
        return number;
    };
    const PlaceNumber first = come_in(false);
    at.hold(1, 7, first);
    at.clock.advance(1s);
    REQUIRE(
        at.office.leave({.concert = at.sale.concert, .user = SmallSale::user(1), .place = first}));
    const PlaceNumber second = come_in(true);
    at.hold(1, 8, second);
    // Another concert's room numbers its places from 1, too.
    const ConcertId here = std::exchange(at.sale,
                                         [&] {
                                             ConcertDraft other = SmallSale::draft();
                                             other.room = RoomPolicy{.active_max = 5};
                                             return SmallSale::add(at.office, other);
                                         }())
                               .concert;
    at.hold(1, 9, come_in(false));
    const auto told = [&](PlaceNumber number) {
        return names_of(at.explain({.id = here.uuid, .seat = {}, .place = number}));
    };
    CHECK(told(first) == std::vector<std::string>{"pass.admitted", "reservation.held",
                                                  "reservation.released", "pass.left"});
    CHECK(told(second) == std::vector<std::string>{"pass.admitted", "reservation.held"});
}

TEST_CASE("streams have the names of what they tell of") {
    CHECK(stream_name(StreamKind::performance) == "performance");
    CHECK(stream_name(StreamKind::wallet) == "wallet");
    CHECK(stream_name(StreamKind::room) == "room");
}

}  // namespace
}  // namespace concertres::test
