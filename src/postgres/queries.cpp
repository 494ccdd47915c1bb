// The bounded queries of a PostgresStorage. They read what is committed; none of them reads a table
// to its end.
#include <algorithm>

#include "postgres/asked.hpp"

namespace concertres::postgres {
namespace {

// A limit as PostgreSQL wants it.
Param as_limit(std::size_t limit) {
    return Param::integer(static_cast<std::int64_t>(std::min(limit, std::size_t{INT64_MAX})));
}

template <class Row>
std::vector<Row> rows_of(const Answer& answer) {
    std::vector<Row> rows;
    rows.reserve(static_cast<std::size_t>(answer.rows()));
    for (int row = 0; row < answer.rows(); ++row) rows.push_back(versioned_row<Row>(answer, row));
    return rows;
}

}  // namespace

std::vector<PerformanceState> PostgresStorage::performances(ConcertKey concert, Time after) {
    return asked([&] {
        return rows_of<PerformanceState>(
            ask(statements_.performances, {Param::of(concert), Param::of(after)}));
    });
}

std::vector<Seat> PostgresStorage::seats(PerformanceKey performance, SeatNumber after,
                                         std::size_t limit) {
    return asked([&] {
        return rows_of<Seat>(
            ask(statements_.seats, {Param::of(performance), Param::of(after), as_limit(limit)}));
    });
}

std::map<PerformanceKey, std::int64_t> PostgresStorage::dead_seats(Time now) {
    return asked([&] {
        const Answer answer = ask(statements_.dead_seats, {Param::of(now)});
        std::map<PerformanceKey, std::int64_t> dead;
        for (int row = 0; row < answer.rows(); ++row) {
            PerformanceKey performance;
            std::int64_t seats = 0;
            read_cells(answer, row, performance, seats);
            if (seats > 0) dead[performance] = seats;
        }
        return dead;
    });
}

std::optional<Time> PostgresStorage::next_deadline() {
    return asked([&] {
        std::optional<Time> earliest;
        read_cells(ask(statements_.next_deadline), 0, earliest);
        return earliest;
    });
}

std::vector<Place> PostgresStorage::waiting(ConcertKey concert, PlaceNumber after,
                                            std::size_t limit) {
    return asked([&] {
        return rows_of<Place>(ask(statements_.waiting_places,
                                  {Param::of(concert), Param::of(after), as_limit(limit)}));
    });
}

std::vector<Place> PostgresStorage::passed(ConcertKey concert, PlaceNumber after,
                                           std::size_t limit) {
    return asked([&] {
        return rows_of<Place>(ask(statements_.passed_places,
                                  {Param::of(concert), Param::of(after), as_limit(limit)}));
    });
}

std::vector<Pass> PostgresStorage::admitted(ConcertKey concert, PlaceNumber after,
                                            std::size_t limit) {
    return asked([&] {
        return rows_of<Pass>(
            ask(statements_.admitted, {Param::of(concert), Param::of(after), as_limit(limit)}));
    });
}

std::vector<std::optional<HoldEnd>> PostgresStorage::ends_of_holds(
    std::span<const ReservationKey> keys) {
    RowKeys wanted;
    for (const ReservationKey key : keys) wanted.of<Reservation>().push_back({key});
    Rows found;
    read(wanted, found);
    std::vector<std::optional<HoldEnd>> ends;
    for (const auto& each : found.of<Reservation>()) {
        const bool held = each.row && each.row->row.status == ReservationStatus::held;
        ends.push_back(held ? std::optional(HoldEnd{each.row->row.place, each.row->row.held_until})
                            : std::nullopt);
    }
    return ends;
}

std::vector<Reservation> PostgresStorage::reservations(UserKey user,
                                                       std::optional<ReservationKey> before,
                                                       std::size_t limit) {
    return asked([&] {
        return rows_of<Reservation>(
            ask(statements_.reservations,
                {Param::of(user), Param::of(before.value_or(ReservationKey{INT64_MAX})),
                 as_limit(limit)}));
    });
}

std::vector<Payment> PostgresStorage::payments(UserKey user, std::optional<PaymentKey> before,
                                               std::size_t limit) {
    return asked([&] {
        return rows_of<Payment>(ask(
            statements_.payments,
            {Param::of(user), Param::of(before.value_or(PaymentKey{INT64_MAX})), as_limit(limit)}));
    });
}

std::vector<Payment> PostgresStorage::open_payments(PaymentKey after, std::size_t limit) {
    return asked([&] {
        return rows_of<Payment>(
            ask(statements_.open_payments, {Param::of(after), as_limit(limit)}));
    });
}

std::vector<Transfer> PostgresStorage::transfers(UserKey user, std::optional<std::int64_t> before,
                                                 std::size_t limit) {
    return asked([&] {
        const Answer answer =
            ask(statements_.transfers,
                {Param::of(user), Param::integer(before.value_or(INT64_MAX)), as_limit(limit)});
        std::vector<Transfer> transfers;
        transfers.reserve(static_cast<std::size_t>(answer.rows()));
        for (int row = 0; row < answer.rows(); ++row) {
            transfers.push_back(plain_row<Transfer>(answer, row));
        }
        return transfers;
    });
}

std::vector<Event> PostgresStorage::events(const Stream& stream, std::int64_t after,
                                           std::size_t limit) {
    return asked([&] {
        const Answer answer =
            ask(statements_.events, {Param::of(stream.kind), Param::integer(stream.owner),
                                     Param::integer(after), as_limit(limit)});
        std::vector<Event> events;
        events.reserve(static_cast<std::size_t>(answer.rows()));
        for (int row = 0; row < answer.rows(); ++row) events.push_back(event_of(answer, row));
        return events;
    });
}

}  // namespace concertres::postgres
