// Concerts and rows for tests that talk to storage itself, without an engine.
//
//   const NewConcert concert = add_concert(*store, {.seats = 20});
//   put(*store, wallet, seat, reservation);        // one commit; versions are looked up
//   CHECK(read_row<Wallet>(*store, user) == Versioned<Wallet>{wallet, 2});
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "concertres/storage.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {

// --- Keys and concerts
// ----------------------------------------------------------------------------

template <class Key>
[[nodiscard]] Key new_key(Storage& storage) {
    return Key{storage.allocate(1)};
}

struct Shape {
    int performances = 1;
    SeatNumber seats = 10;
    bool room = false;
};
// The first performance starts 30 days from TestClock::default_wall, each further one a day later.
[[nodiscard]] NewConcert new_concert(Storage& storage, const Shape& shape = {});
NewConcert add_concert(Storage& storage, const Shape& shape = {});

[[nodiscard]] bool same(const NewConcert& a, const NewConcert& b);

// --- Reading and writing
// --------------------------------------------------------------------------

template <class Row>
[[nodiscard]] std::optional<Versioned<Row>> read_row(Storage& storage, const KeyOf<Row>& key) {
    RowKeys wanted;
    wanted.of<Row>().push_back({key});
    Rows found;
    storage.read(wanted, found);
    REQUIRE(found.of<Row>().size() == 1);
    REQUIRE(found.of<Row>().front().key == key);
    return found.of<Row>().front().row;
}

// Adds to `changes`; rows get one version above the one that is stored.
template <class Row>
void add_to(ChangeSet& changes, Storage& storage, const Row& row) {
    const auto stored = read_row<Row>(storage, row.key());
    changes.rows.of<Row>().push_back({row, stored ? stored->version + 1 : 1});
}
inline void add_to(ChangeSet& changes, Storage&, const Transfer& transfer) {
    changes.transfers.push_back(transfer);
}
inline void add_to(ChangeSet& changes, Storage&, const Event& event) {
    changes.events.push_back(event);
}
template <class Row>
void add_to(ChangeSet& changes, Storage& storage, const std::vector<Row>& rows) {
    for (const Row& row : rows) add_to(changes, storage, row);
}

// One commit of all of these: rows, transfers, events, and vectors of them.
template <class... Rows>
void put(Storage& storage, const Rows&... rows) {
    ChangeSet changes;
    changes.at = storage.now();
    (add_to(changes, storage, rows), ...);
    REQUIRE(storage.commit(changes) == CommitOutcome::committed);
}

// --- Rows that belong together
// --------------------------------------------------------------------

// A time in the afternoon of TestClock::default_wall, which no test's clock comes near.
[[nodiscard]] inline Time at(Duration after) { return TestClock::default_wall + after; }

[[nodiscard]] Uuid uuid_of(std::int64_t number);

struct Held {
    Reservation reservation;
    std::vector<Seat> seats;
};
// A reservation and its seats as they stand while it is held. REQUIRES: the seats exist
[[nodiscard]] Held held_seats(Storage& storage, PerformanceKey performance,
                              const std::vector<SeatNumber>& seats, Time until);
// The same as it stands once it has ended.
[[nodiscard]] Held ended(Held held, ReservationStatus as);
void put(Storage& storage, const Held& held);

struct Walk {
    Place place;
    Pass pass;
};
[[nodiscard]] Place waiting_place(ConcertKey concert, std::int64_t sequence, UserKey user);
[[nodiscard]] Walk admitted_place(ConcertKey concert, std::int64_t sequence, UserKey user,
                                  Time until);
[[nodiscard]] Walk ended(Walk walk, PassStatus as);
void put(Storage& storage, const Walk& walk);

}  // namespace concertres::test
