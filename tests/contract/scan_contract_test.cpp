// What storage promises of the scan: that it shows everything, once, in order.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "support/backends.hpp"
#include "support/sample_rows.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

template <class Row>
using Shown = std::vector<Row>;

// Keeps what it is shown.
class Everything final : public ScanVisitor {
  public:
    void on_concert(const NewConcert& concert) override { concerts.push_back(concert); }
    void on(const User& row) override { keep(row); }
    void on(const Sale& row) override { keep(row); }
    void on(const Line& row) override { keep(row); }
    void on(const Member& row) override { keep(row); }
    void on(const Place& row) override { keep(row); }
    void on(const Pass& row) override { keep(row); }
    void on(const PerformanceState& row) override { keep(row); }
    void on(const Limit& row) override { keep(row); }
    void on(const Reservation& row) override { keep(row); }
    void on(const Payment& row) override { keep(row); }
    void on(const Seat& row) override { keep(row); }
    void on(const Wallet& row) override { keep(row); }
    void on(const Transfer& transfer, bool intact) override {
        CHECK(intact);
        transfers.push_back(transfer);
    }
    void on(const Event& event, bool intact) override {
        CHECK(intact);
        events.push_back(event);
    }
    void on_damage(const std::string& what) override { FAIL_CHECK(what); }

    template <class Row>
    [[nodiscard]] Shown<Row>& of() {
        return std::get<Shown<Row>>(rows_);
    }

    std::vector<NewConcert> concerts;
    std::vector<Transfer> transfers;
    std::vector<Event> events;

  private:
    template <class Row>
    void keep(const Row& row) {
        of<Row>().push_back(row);
    }

    std::tuple<Shown<User>, Shown<Sale>, Shown<Line>, Shown<Member>, Shown<Place>, Shown<Pass>,
               Shown<PerformanceState>, Shown<Limit>, Shown<Reservation>, Shown<Payment>,
               Shown<Seat>, Shown<Wallet>>
        rows_;
};

// All of `expected`, in key order.
template <class Row>
void check_shown(Everything& scan, Shown<Row> expected) {
    std::sort(expected.begin(), expected.end(),
              [](const Row& a, const Row& b) { return a.key() < b.key(); });
    CHECK(scan.of<Row>() == expected);
}

// Several of everything, written so that no table is written in the order of its keys.
struct Sample {
    std::vector<NewConcert> concerts;
    std::vector<User> users;
    std::vector<Member> members;
    std::vector<Place> places;
    std::vector<Pass> passes;
    std::vector<Limit> limits;
    std::vector<Reservation> reservations;
    std::vector<Payment> payments;
    std::vector<Seat> held;
    std::vector<Wallet> wallets;
    std::vector<Transfer> transfers;
    std::vector<Event> events;
};

Sample write_sample(Storage& storage) {
    Sample sample;
    for (int i = 0; i < 3; ++i) {
        sample.concerts.push_back(
            add_concert(storage, {.performances = 2, .seats = 12, .room = i == 1}));
    }
    const ConcertKey room = sample.concerts[1].concert.key;
    std::vector<Held> holds;
    for (SeatNumber number = 1; number <= 12; ++number) {
        const NewConcert& concert = sample.concerts[static_cast<std::size_t>(number % 3)];
        const PerformanceKey performance = concert.performances[number % 2].key;
        holds.push_back(held_seats(storage, performance, {number}, at(1h)));
    }
    std::reverse(holds.begin(), holds.end());
    for (const Held& held : holds) {
        const UserKey user = held.reservation.user;
        const auto sequence = static_cast<std::int64_t>(sample.users.size()) + 1;
        const Walk walk = admitted_place(room, 20 - sequence, user, at(1h));
        const auto payment = new_key<PaymentKey>(storage);
        sample.users.push_back({held.reservation.user_id, user});
        sample.members.push_back({room, user, walk.place.number});
        sample.places.push_back(walk.place);
        sample.passes.push_back(walk.pass);
        sample.limits.push_back({.user = user, .scope = room.value, .paid = 1});
        sample.limits.push_back(
            {.user = user, .scope = held.reservation.performance.value, .paid = 2});
        sample.reservations.push_back(held.reservation);
        sample.payments.push_back({.row = payment, .id = {uuid_of(payment.value)}, .user = user});
        sample.held.push_back(held.seats.front());
        sample.wallets.push_back({user, {100}, 3});
    }
    for (std::int64_t number = 1; number <= 2; ++number) {
        for (const Wallet& wallet : sample.wallets) {
            sample.transfers.push_back({.id = {uuid_of(wallet.user.value * 1000 - number)},
                                        .wallet = wallet.user,
                                        .number = number,
                                        .debit = cash_in,
                                        .credit = {wallet.user.value},
                                        .amount = {50}});
        }
        for (const NewConcert& concert : sample.concerts) {
            for (const Stream& stream :
                 {Stream{StreamKind::room, concert.concert.key.value},
                  Stream{StreamKind::performance, concert.performances[0].key.value},
                  Stream{StreamKind::wallet, sample.users[0].user.value}}) {
                if (stream.kind == StreamKind::wallet && &concert != &sample.concerts[0]) continue;
                sample.events.push_back({.stream = stream, .number = number, .actor = "operator"});
            }
        }
    }
    put(storage, sample.users, sample.members, sample.places, sample.passes);
    put(storage, sample.limits, sample.reservations, sample.payments, sample.held, sample.wallets,
        sample.transfers, sample.events);
    return sample;
}

void check_scan(Storage& storage, const Sample& sample) {
    Everything scan;
    storage.scan(scan);
    REQUIRE(scan.concerts.size() == sample.concerts.size());
    for (std::size_t i = 0; i < sample.concerts.size(); ++i) {
        CHECK(same(scan.concerts[i], sample.concerts[i]));
    }
    check_shown(scan, sample.users);
    check_shown(scan, sample.members);
    check_shown(scan, sample.places);
    check_shown(scan, sample.passes);
    check_shown(scan, sample.limits);
    check_shown(scan, sample.reservations);
    check_shown(scan, sample.payments);
    check_shown(scan, sample.wallets);
    std::vector<Sale> sales;
    std::vector<Line> lines;
    std::vector<PerformanceState> states;
    std::map<SeatKey, Seat> seats;
    for (const NewConcert& concert : sample.concerts) {
        sales.push_back(concert.sale);
        lines.push_back({.concert = concert.concert.key});
        for (const Performance& performance : concert.performances) {
            states.push_back({.performance = performance.key, .counts = {.free = 12}});
            for (SeatNumber number = 1; number <= 12; ++number) {
                seats[{performance.key, number}] = {performance.key, number};
            }
        }
    }
    for (const Seat& seat : sample.held) seats[seat.key()] = seat;
    std::vector<Seat> in_order;
    for (const auto& [key, seat] : seats) in_order.push_back(seat);
    check_shown(scan, sales);
    check_shown(scan, lines);
    check_shown(scan, states);
    check_shown(scan, in_order);
}

}  // namespace

TEST_SUITE_BEGIN("storage contract: scan");

CONCERTRES_BACKEND_TEST("the scan of a new store shows nothing") {
    TestStore store(backend);
    Everything scan;
    store->scan(scan);
    CHECK(scan.concerts.empty());
    CHECK(scan.events.empty());
    CHECK(scan.of<Seat>().empty());
}

CONCERTRES_BACKEND_TEST("the scan shows every row of every table, in key order") {
    TestStore store(backend);
    const Sample sample = write_sample(*store);
    check_scan(*store, sample);
    if (!backend.lasts) return;
    store.reopen();
    check_scan(*store, sample);
}

CONCERTRES_BACKEND_TEST("the scan shows every wallet's transfers in order, and finds them intact") {
    TestStore store(backend);
    const Sample sample = write_sample(*store);
    if (backend.lasts) store.reopen();
    Everything scan;
    store->scan(scan);
    CHECK(scan.transfers.size() == sample.transfers.size());
    std::map<UserKey, std::vector<Transfer>> expected;
    for (const Transfer& transfer : sample.transfers) {
        expected[transfer.wallet].push_back(transfer);
    }
    std::map<UserKey, std::vector<Transfer>> shown;
    for (const Transfer& transfer : scan.transfers) shown[transfer.wallet].push_back(transfer);
    CHECK(shown == expected);
}

CONCERTRES_BACKEND_TEST("the scan shows every stream's events in order, and finds them intact") {
    TestStore store(backend);
    const Sample sample = write_sample(*store);
    if (backend.lasts) store.reopen();
    Everything scan;
    store->scan(scan);
    CHECK(scan.events.size() == sample.events.size());
    std::map<Stream, std::vector<Event>> expected;
    for (const Event& event : sample.events) expected[event.stream].push_back(event);
    std::map<Stream, std::vector<Event>> shown;
    for (const Event& event : scan.events) shown[event.stream].push_back(event);
    CHECK(shown == expected);
}

CONCERTRES_BACKEND_TEST("the scan shows rows as they stand, and changes nothing") {
    TestStore store(backend);
    const NewConcert concert = add_concert(*store);
    const Held held = held_seats(*store, concert.performances[0].key, {4}, at(1h));
    put(*store, held);
    const Held paid = ended(held, ReservationStatus::paid);
    put(*store, paid);
    for (int time = 0; time < 2; ++time) {
        Everything scan;
        store->scan(scan);
        CHECK(scan.of<Reservation>() == std::vector{paid.reservation});
        REQUIRE(scan.of<Seat>().size() == 10);
        CHECK(scan.of<Seat>()[3] == paid.seats[0]);
    }
    CHECK(read_row<Reservation>(*store, held.reservation.row)->version == 2);
}

TEST_SUITE_END();

}  // namespace concertres::test
