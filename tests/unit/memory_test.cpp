// What the memory backend does beyond the contract: it refuses commits that cannot be right, and
// keeps events so that a flipped bit is found.
#include "concertres/memory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "concertres/assert.hpp"
#include "memory/event_log.hpp"
#include "memory/halls.hpp"
#include "support/sample_rows.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

// A store in which something of everything has happened, to see that nothing changes.
struct Filled {
    std::unique_ptr<Storage> storage = open_memory();
    NewConcert concert = add_concert(*storage, {.room = true});
    Held held = held_seats(*storage, concert.performances[0].key, {1}, at(1h));
    UserKey user = held.reservation.user;
    Stream stream{StreamKind::wallet, user.value};
    Transfer transfer{.id = {uuid_of(1)}, .wallet = user, .number = 1, .amount = {1}};

    Filled() {
        put(*storage, held.reservation, held.seats, Wallet{.user = user}, transfer,
            Event{.stream = stream, .number = 1});
    }

    // That `changes` are refused, though all else that they hold is good, and leave no trace.
    void check_refused(ChangeSet changes) {
        const auto other = new_key<UserKey>(*storage);
        const Held fine = held_seats(*storage, concert.performances[0].key, {2}, at(2h));
        add_to(changes, *storage, Wallet{.user = other});
        add_to(changes, *storage, fine.reservation);
        add_to(changes, *storage, fine.seats);
        add_to(changes, *storage,
               Transfer{.id = {uuid_of(2)}, .wallet = other, .number = 1, .amount = {1}});
        add_to(changes, *storage, waiting_place(concert.concert.key, 1, other));
        CHECK_THROWS_AS(static_cast<void>(storage->commit(changes)), AssertionFailed);

        CHECK(!read_row<Wallet>(*storage, other));
        CHECK(!read_row<Reservation>(*storage, fine.reservation.row));
        CHECK(!read_row<ReservationName>(*storage, fine.reservation.id));
        CHECK(!read_row<Transfer>(*storage, {uuid_of(2)}));
        CHECK(storage->reservations(fine.reservation.user, {}, 10).empty());
        CHECK(storage->transfers(other, {}, 10).empty());
        CHECK(storage->waiting(concert.concert.key, {}, 10).empty());
        CHECK(storage->dead_seats(at(9h)).size() == 1);
        CHECK(storage->next_deadline() == at(1h));
        CHECK(read_row<Reservation>(*storage, held.reservation.row)->row == held.reservation);
        CHECK(storage->seats(concert.performances[0].key, 0, SIZE_MAX)[1].status ==
              SeatStatus::free);
        CHECK(storage->events(stream, 0, 10).size() == 1);
        CHECK(storage->transfers(user, {}, 10).size() == 1);

        // The very same rows can be committed afterwards.
        put(*storage, Wallet{.user = other}, fine.reservation, fine.seats);
        CHECK(read_row<ReservationName>(*storage, fine.reservation.id));
    }
};

template <class Row>
ChangeSet with(const Row& row, std::uint64_t version) {
    ChangeSet changes;
    changes.rows.of<Row>().push_back({row, version});
    return changes;
}

Event full_event() {
    return {.stream = {StreamKind::performance, 5},
            .number = 1,
            .kind = EventKind::payment_completed,
            .at = at(1s),
            .user = {uuid_of(1)},
            .place = {2},
            .payment = {uuid_of(3)},
            .transfer = {uuid_of(4)},
            .items = {{{uuid_of(5)}, {1, 2, 3}}, {{uuid_of(6)}, {}}},
            .amount = {7},
            .balance = {8},
            .until = at(9s),
            .pass_expires_at = at(10s),
            .actor = "actor",
            .detail = "detail"};
}

}  // namespace

TEST_SUITE_BEGIN("memory");

TEST_CASE("a commit of a row with another version than the next is refused whole") {
    Filled filled;
    for (std::uint64_t version : {0u, 1u, 3u}) {
        Filled().check_refused(with(Wallet{.user = filled.user}, version));
    }
    const auto user = new_key<UserKey>(*filled.storage);
    filled.check_refused(with(Wallet{.user = user}, 2));
}

TEST_CASE("a commit that holds a row twice is refused whole") {
    Filled filled;
    ChangeSet changes = with(Wallet{.user = filled.user}, 2);
    changes.rows.of<Wallet>().push_back({Wallet{.user = filled.user}, 2});
    filled.check_refused(changes);
}

TEST_CASE("a commit with a key that was never given is refused whole") {
    Filled filled;
    filled.check_refused(with(Wallet{.user = {1'000'000}}, 1));
    Filled().check_refused(with(Wallet{.user = {0}}, 1));
    Filled().check_refused(with(Wallet{.user = {-5}}, 1));
}

TEST_CASE("a commit that makes what only a concert makes is refused whole") {
    Filled filled;
    const std::int64_t key = filled.storage->allocate(1);
    filled.check_refused(with(Sale{.concert = {key}}, 1));
    Filled second;
    second.check_refused(with(Line{.concert = {second.storage->allocate(1)}}, 1));
    Filled other;
    Seat seat = other.held.seats[0];
    seat.number = 99;
    other.check_refused(with(seat, 1));
}

TEST_CASE("a commit that leaves a gap in a stream or a wallet is refused whole") {
    for (std::int64_t number : {-1, 0, 1, 3}) {
        Filled filled;
        ChangeSet changes;
        changes.events.push_back({.stream = filled.stream, .number = number});
        filled.check_refused(changes);
        Filled other;
        changes = {};
        changes.transfers.push_back({.id = {uuid_of(9)}, .wallet = other.user, .number = number});
        other.check_refused(changes);
    }
}

TEST_CASE("a commit with an id that is taken is refused whole") {
    Filled filled;
    ChangeSet changes;
    changes.transfers.push_back({.id = filled.transfer.id, .wallet = filled.user, .number = 2});
    filled.check_refused(changes);
    Filled second;
    Reservation reservation = second.held.reservation;
    reservation.row = new_key<ReservationKey>(*second.storage);
    second.check_refused(with(reservation, 1));
    Filled third;
    reservation = third.held.reservation;
    reservation.id = {uuid_of(-7)};
    third.check_refused(with(reservation, 2));
}

// --- Events
// ---------------------------------------------------------------------------------------

TEST_CASE("the record of an event has all of it, and none of it is longer than it must be") {
    const Event event = full_event();
    std::string record;
    memory::write_event(event, record);
    Event read{.stream = event.stream, .number = event.number};
    CHECK(memory::read_event(record, read));
    CHECK(read == event);
    std::string bare;
    memory::write_event({.at = at(1s)}, bare);
    CHECK(bare.size() == 11);
}

TEST_CASE("a record that is cut short or has a byte too many is no record") {
    std::string record;
    memory::write_event(full_event(), record);
    for (std::size_t size = 0; size < record.size(); ++size) {
        Event read;
        CHECK(!memory::read_event(std::string_view(record).substr(0, size), read));
    }
    Event read;
    CHECK(!memory::read_event(record + '\0', read));
}

TEST_CASE("the checksum of a record finds every flipped bit, and a record in another place") {
    std::string record;
    memory::write_event(full_event(), record);
    const Stream stream{StreamKind::performance, 5};
    const std::uint32_t sum = memory::checksum_of(stream, 1, record);
    for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
        std::string flipped = record;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
        CHECK(memory::checksum_of(stream, 1, flipped) != sum);
    }
    CHECK(memory::checksum_of(stream, 2, record) != sum);
    CHECK(memory::checksum_of({StreamKind::performance, 6}, 1, record) != sum);
    CHECK(memory::checksum_of({StreamKind::wallet, 5}, 1, record) != sum);
}

TEST_CASE("an event larger than a chunk of the log is kept like any other") {
    auto storage = open_memory();
    const Stream stream{StreamKind::wallet, storage->allocate(1)};
    std::vector<Event> events;
    for (std::size_t size : {10u, 3'000'000u, 10u, 1'048'576u, 1'048'500u, 10u}) {
        events.push_back({.stream = stream,
                          .number = static_cast<std::int64_t>(events.size()) + 1,
                          .detail = std::string(size, 'x')});
    }
    put(*storage, events);
    CHECK(storage->events(stream, 0, 10) == events);
}

// --- Halls
// ----------------------------------------------------------------------------------------

TEST_CASE("a seat is found by its number in any hall") {
    for (const std::vector<SeatNumber>& numbers : {std::vector<SeatNumber>{1, 2, 3, 4},
                                                   {5, 6, 7},
                                                   {1, 3, 4, 9},
                                                   {INT32_MAX},
                                                   {1, INT32_MAX}}) {
        memory::Hall hall = memory::new_hall({1}, numbers);
        for (SeatNumber number : {INT32_MIN, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, INT32_MAX}) {
            const auto* slot = hall.find(number);
            const bool is_there =
                std::find(numbers.begin(), numbers.end(), number) != numbers.end();
            REQUIRE((slot != nullptr) == is_there);
            if (slot) CHECK(slot->stored.row.number == number);
        }
    }
}

TEST_SUITE_END();

}  // namespace concertres::test
