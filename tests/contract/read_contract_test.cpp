// What storage promises of reading rows by key.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <vector>

#include "support/backends.hpp"
#include "support/sample_rows.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

template <class Row>
void check_absent(Storage& storage, const KeyOf<Row>& key) {
    CHECK(!read_row<Row>(storage, key).has_value());
}

Rows read_all(Storage& storage, const RowKeys& wanted) {
    Rows found;
    storage.read(wanted, found);
    return found;
}

}  // namespace

TEST_SUITE_BEGIN("storage contract: reading");

CONCERTRES_BACKEND_TEST("a row that nobody wrote is not there, in any table") {
    TestStore store(backend);
    const NewConcert concert = add_concert(*store);
    const std::int64_t concert_key = concert.concert.key.value;
    for (std::int64_t key : {std::int64_t{0}, std::int64_t{-1}, store->allocate(1), INT64_MAX}) {
        CAPTURE(key);
        check_absent<PerformanceState>(*store, {key});
        check_absent<Wallet>(*store, {key});
        check_absent<Sale>(*store, {key});
        check_absent<User>(*store, {uuid_of(key)});
        check_absent<Line>(*store, {ConcertKey{key}});
        check_absent<Member>(*store, {{concert_key}, {key}});
        check_absent<Member>(*store, {{key}, {1}});
        check_absent<Place>(*store, {{concert_key}, {key}});
        check_absent<Place>(*store, {{key}, {1}});
        check_absent<Pass>(*store, {{concert_key}, {key}});
        check_absent<Pass>(*store, {{key}, {1}});
        check_absent<Limit>(*store, {{key}, concert_key});
        check_absent<Reservation>(*store, {key});
        check_absent<Payment>(*store, {key});
        check_absent<Seat>(*store, {{key}, 1});
        check_absent<ReservationName>(*store, {uuid_of(key)});
        check_absent<PaymentName>(*store, {uuid_of(key)});
        check_absent<Transfer>(*store, {uuid_of(key)});
    }
    for (SeatNumber number : {0, -1, 11, INT32_MAX, INT32_MIN}) {
        check_absent<Seat>(*store, {concert.performances.front().key, number});
    }
}

CONCERTRES_BACKEND_TEST("a row of one table is none of another with the same key") {
    TestStore store(backend);
    const NewConcert concert = add_concert(*store);
    const auto key = store->allocate(1);
    put(*store, Wallet{.user = {key}});
    check_absent<Reservation>(*store, {key});
    check_absent<Payment>(*store, {key});
    check_absent<Sale>(*store, {key});
    check_absent<PerformanceState>(*store, {concert.concert.key.value});
    check_absent<Sale>(*store, {concert.performances.front().key.value});
}

CONCERTRES_BACKEND_TEST("rows are found in the order in which they are wanted, absent ones too") {
    TestStore store(backend);
    std::vector<UserKey> users;
    for (int i = 0; i < 100; ++i) users.push_back(new_key<UserKey>(*store));
    std::vector<Wallet> wallets;
    for (int i = 0; i < 100; i += 2) wallets.push_back({users[i], {i}});
    put(*store, wallets);
    if (backend.lasts) store.reopen();
    RowKeys wanted;
    for (int i = 0; i < 100; ++i) wanted.of<Wallet>().push_back({users[(i * 37) % 100]});
    const Rows found = read_all(*store, wanted);
    REQUIRE(found.of<Wallet>().size() == 100);
    for (int i = 0; i < 100; ++i) {
        const int n = (i * 37) % 100;
        const Found<Wallet>& wallet = found.of<Wallet>()[i];
        CHECK(wallet.key == users[n]);
        REQUIRE(wallet.row.has_value() == (n % 2 == 0));
        if (wallet.row) CHECK(wallet.row->row.balance == Money{n});
    }
    CHECK(found.size() == 100);
}

CONCERTRES_BACKEND_TEST("what is read comes after what was found before") {
    TestStore store(backend);
    const auto a = new_key<UserKey>(*store);
    const auto b = new_key<UserKey>(*store);
    put(*store, Wallet{.user = a, .balance = {1}}, Wallet{.user = b, .balance = {2}});
    RowKeys wanted;
    wanted.of<Wallet>().push_back({b});
    Rows found;
    store->read(wanted, found);
    wanted.of<Wallet>().front().key = a;
    store->read(wanted, found);
    static_cast<void>(store->load(wanted, found));
    store->read({}, found);
    REQUIRE(found.of<Wallet>().size() == 3);
    CHECK(found.of<Wallet>()[0].key == b);
    CHECK(found.of<Wallet>()[0].row->row.balance == Money{2});
    CHECK(found.of<Wallet>()[1].key == a);
    CHECK(found.of<Wallet>()[1].row->row.balance == Money{1});
    CHECK(found.of<Wallet>()[2].row == found.of<Wallet>()[1].row);
}

CONCERTRES_BACKEND_TEST("one read finds rows of all tables") {
    TestStore store(backend);
    const NewConcert concert = add_concert(*store, {.room = true});
    const ConcertKey key = concert.concert.key;
    const PerformanceKey performance = concert.performances.front().key;
    const Held held = held_seats(*store, performance, {4}, at(1h));
    const UserKey user = held.reservation.user;
    const Walk walk = admitted_place(key, 1, user, at(1h));
    const Payment payment{
        .row = new_key<PaymentKey>(*store), .id = {uuid_of(99)}, .user = user, .concert = key};
    const Transfer transfer{.id = {uuid_of(5)}, .wallet = user, .number = 1, .amount = {1}};
    put(*store, User{{uuid_of(user.value)}, user}, Wallet{.user = user}, held.reservation,
        held.seats, walk.place, walk.pass, Member{key, user, {1}},
        Limit{.user = user, .scope = key.value}, payment, transfer);
    RowKeys wanted;
    wanted.of<PerformanceState>().push_back({performance});
    wanted.of<Wallet>().push_back({user});
    wanted.of<Sale>().push_back({key});
    wanted.of<User>().push_back({{uuid_of(user.value)}});
    wanted.of<Line>().push_back({{key, 0}});
    wanted.of<Member>().push_back({{key, user}});
    wanted.of<Place>().push_back({{key, {1}}});
    wanted.of<Pass>().push_back({{key, {1}}});
    wanted.of<Limit>().push_back({{user, key.value}});
    wanted.of<Reservation>().push_back({held.reservation.row});
    wanted.of<Payment>().push_back({payment.row});
    wanted.of<Seat>().push_back({{performance, 4}});
    wanted.of<ReservationName>().push_back({held.reservation.id});
    wanted.of<PaymentName>().push_back({payment.id});
    wanted.of<Transfer>().push_back({transfer.id});
    wanted.of<RoomLine>().push_back({key});
    wanted.of<ExpiringHolds>().push_back({0});
    if (backend.lasts) store.reopen();
    for (bool locked : {false, true}) {
        Rows found;
        if (locked) {
            static_cast<void>(store->load(wanted, found));
        } else {
            store->read(wanted, found);
        }
        CHECK(found.size() == wanted.size());
        found.for_each([](const auto& column) {
            REQUIRE(column.size() == 1);
            CHECK(column.front().row.has_value());
        });
        CHECK(found.of<Reservation>().front().row->row == held.reservation);
        CHECK(found.of<Seat>().front().row->row == held.seats.front());
        CHECK(found.of<Pass>().front().row->row == walk.pass);
        CHECK(found.of<Payment>().front().row->row == payment);
        CHECK(found.of<RoomLine>().front().row->row.admitted == 1);
    }
}

CONCERTRES_BACKEND_TEST("a read of 10,000 rows finds them all") {
    TestStore store(backend);
    constexpr int count = 10'000;
    std::vector<Wallet> wallets;
    const std::int64_t first = store->allocate(count);
    for (int i = 0; i < count; ++i) wallets.push_back({{first + i}, {i}});
    put(*store, wallets);
    if (backend.lasts) store.reopen();
    RowKeys wanted;
    for (const Wallet& wallet : wallets) wanted.of<Wallet>().push_back({wallet.user});
    const Rows found = read_all(*store, wanted);
    REQUIRE(found.of<Wallet>().size() == count);
    bool all = true;
    for (int i = 0; i < count; ++i) {
        const auto& row = found.of<Wallet>()[i].row;
        all = all && row && row->row == wallets[i];
    }
    CHECK(all);
}

// --- Names
// ----------------------------------------------------------------------------------------

CONCERTRES_BACKEND_TEST("a reservation is found by its id, whatever becomes of it") {
    TestStore store(backend);
    const NewConcert concert = add_concert(*store);
    const PerformanceKey performance = concert.performances.front().key;
    const Held a = held_seats(*store, performance, {1}, at(1h));
    const Held b = held_seats(*store, performance, {2}, at(1h));
    put(*store, a);
    put(*store, b);
    const auto check_names = [&] {
        for (const Held& held : {a, b}) {
            const auto name = read_row<ReservationName>(*store, held.reservation.id);
            REQUIRE(name);
            CHECK(name->row == ReservationName{held.reservation.id, held.reservation.row});
        }
    };
    check_names();
    put(*store, ended(a, ReservationStatus::released));
    check_names();
    if (!backend.lasts) return;
    store.reopen();
    check_names();
}

CONCERTRES_BACKEND_TEST("a payment is found by its id, whatever becomes of it") {
    TestStore store(backend);
    Payment payment{
        .row = new_key<PaymentKey>(*store), .id = {uuid_of(12)}, .user = new_key<UserKey>(*store)};
    put(*store, payment);
    const auto check_name = [&] {
        const auto name = read_row<PaymentName>(*store, payment.id);
        REQUIRE(name);
        CHECK(name->row == PaymentName{payment.id, payment.row});
    };
    check_name();
    payment.status = PaymentStatus::refunded;
    put(*store, payment);
    check_name();
    check_absent<ReservationName>(*store, {payment.id.uuid});
    if (!backend.lasts) return;
    store.reopen();
    check_name();
}

TEST_SUITE_END();

}  // namespace concertres::test
