// The bounded queries of a SqliteStorage. They read what is committed; none of them reads a table
// to its end.
#include "sqlite/sqlite_storage.hpp"

namespace concertres::sqlite {
namespace {

// All rows of a statement that is bound.
template <class Row>
std::vector<Row> rows_of(Use& use) {
    std::vector<Row> rows;
    while (use.step()) rows.push_back(versioned_row<Row>(*use).row);
    return rows;
}

}  // namespace

std::vector<PerformanceState> SqliteStorage::performances(ConcertKey concert, Time after) {
    return guarded([&] {
        Use use(statements_.performances);
        CellBinder(*use).add(concert).add(after);
        return rows_of<PerformanceState>(use);
    });
}

std::vector<Seat> SqliteStorage::seats(PerformanceKey performance, SeatNumber after,
                                       std::size_t limit) {
    return guarded([&] {
        Use use(statements_.seats);
        CellBinder(*use).add(performance).add(after).integer(as_limit(limit));
        return rows_of<Seat>(use);
    });
}

std::map<PerformanceKey, std::int64_t> SqliteStorage::dead_seats(Time now) {
    return guarded([&] {
        Use use(statements_.dead_holds);
        CellBinder(*use).add(now);
        std::map<PerformanceKey, std::int64_t> dead;
        std::vector<ReservedSeat> seats;
        while (use.step()) {
            PerformanceKey performance;
            read_cells(*use, performance, seats);
            if (!seats.empty()) dead[performance] += static_cast<std::int64_t>(seats.size());
        }
        return dead;
    });
}

std::optional<Time> SqliteStorage::next_deadline() {
    return guarded([&] {
        std::optional<Time> earliest;
        const auto consider = [&](Time end) {
            if (!earliest || end < *earliest) earliest = end;
        };
        Use held(statements_.first_held);
        if (held.step()) {
            Time end;
            read_cells(*held, end);
            consider(end);
        }
        ConcertKey concert{INT64_MIN};
        while (true) {
            Use room(statements_.next_admitted);
            CellBinder(*room).add(concert);
            if (!room.step()) return earliest;
            Time end;
            read_cells(*room, concert, end);
            consider(end);
        }
    });
}

std::vector<PlaceNumber> SqliteStorage::waiting_numbers(ConcertKey concert, PlaceNumber after,
                                                        std::size_t limit) {
    Use use(statements_.waiting);
    CellBinder(*use).add(concert).add(after).integer(as_limit(limit));
    std::vector<PlaceNumber> numbers;
    while (use.step()) read_cells(*use, numbers.emplace_back());
    return numbers;
}

std::vector<Place> SqliteStorage::waiting(ConcertKey concert, PlaceNumber after,
                                          std::size_t limit) {
    return guarded([&] {
        Use use(statements_.waiting_places);
        CellBinder(*use).add(concert).add(after).integer(as_limit(limit));
        return rows_of<Place>(use);
    });
}

std::vector<Place> SqliteStorage::passed(ConcertKey concert, PlaceNumber after, std::size_t limit) {
    return guarded([&] {
        Use use(statements_.passed_places);
        CellBinder(*use).add(concert).add(after).integer(as_limit(limit));
        return rows_of<Place>(use);
    });
}

std::vector<Pass> SqliteStorage::admitted(ConcertKey concert, PlaceNumber after,
                                          std::size_t limit) {
    return guarded([&] {
        Use use(statements_.admitted);
        CellBinder(*use).add(concert).add(after).integer(as_limit(limit));
        return rows_of<Pass>(use);
    });
}

std::vector<Reservation> SqliteStorage::reservations(UserKey user,
                                                     std::optional<ReservationKey> before,
                                                     std::size_t limit) {
    return guarded([&] {
        Use use(statements_.reservations);
        CellBinder(*use)
            .add(user)
            .add(before.value_or(ReservationKey{INT64_MAX}))
            .integer(as_limit(limit));
        return rows_of<Reservation>(use);
    });
}

std::vector<Payment> SqliteStorage::payments(UserKey user, std::optional<PaymentKey> before,
                                             std::size_t limit) {
    return guarded([&] {
        Use use(statements_.payments);
        CellBinder(*use)
            .add(user)
            .add(before.value_or(PaymentKey{INT64_MAX}))
            .integer(as_limit(limit));
        return rows_of<Payment>(use);
    });
}

std::vector<Transfer> SqliteStorage::transfers(UserKey user, std::optional<std::int64_t> before,
                                               std::size_t limit) {
    return guarded([&] {
        Use use(statements_.transfers);
        CellBinder(*use).add(user).integer(before.value_or(INT64_MAX)).integer(as_limit(limit));
        std::vector<Transfer> transfers;
        while (use.step()) transfers.push_back(plain_row<Transfer>(*use));
        return transfers;
    });
}

std::vector<Event> SqliteStorage::events(const Stream& stream, std::int64_t after,
                                         std::size_t limit) {
    return guarded([&] {
        Use use(statements_.events);
        CellBinder(*use)
            .add(stream.kind)
            .integer(stream.owner)
            .integer(after)
            .integer(as_limit(limit));
        std::vector<Event> events;
        std::string data;
        while (use.step()) {
            Event& event = events.emplace_back();
            CellReader cells(*use);
            get(cells, event);
            cells.get(data);
            if (!cells.intact() || !decode(data, event)) throw Damaged("an event is damaged");
        }
        return events;
    });
}

}  // namespace concertres::sqlite
