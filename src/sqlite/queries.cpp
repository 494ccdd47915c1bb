// The bounded queries of a SqliteStorage. They read what is committed, in the tables and in the
// journal; none of them reads a table to its end.
#include <algorithm>

#include "concertres/assert.hpp"
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

template <class Row>
Row SqliteStorage::read_row(const KeyOf<Row>& key) {
    const auto found = find<Row>(key);
    if (!found)
        throw Damaged("a row of the table " + std::string(Table<Row>::name) + " is missing");
    return found->row;
}

template <class Row>
void SqliteStorage::bring_up_to_date(Row& row) {
    const auto* known = cache_.find<Row>(row.key());
    if (known != nullptr && *known) row = (*known)->row;
}

std::vector<PerformanceState> SqliteStorage::performances(ConcertKey concert, Time after) {
    return guarded([&] {
        Use use(statements_.performances);
        CellBinder(*use).add(concert).add(after);
        auto rows = rows_of<PerformanceState>(use);
        for (PerformanceState& row : rows) bring_up_to_date(row);
        return rows;
    });
}

std::vector<Seat> SqliteStorage::seats(PerformanceKey performance, SeatNumber after,
                                       std::size_t limit) {
    return guarded([&] {
        Use use(statements_.seats);
        CellBinder(*use).add(performance).add(after).integer(as_limit(limit));
        auto rows = rows_of<Seat>(use);
        for (Seat& row : rows) bring_up_to_date(row);
        return rows;
    });
}

std::map<PerformanceKey, std::int64_t> SqliteStorage::dead_seats(Time now) {
    require_alive();
    return held_.dead_seats(now);
}

std::optional<Time> SqliteStorage::next_deadline() {
    require_alive();
    std::optional<Time> earliest = held_.first();
    for (const auto& [concert, room] : rooms_) {
        const std::optional<Time> end = room.first_end();
        if (end && (!earliest || *end < *earliest)) earliest = end;
    }
    return earliest;
}

// The tables' rows come along in one go, and most are up to date; where many others stand between
// two of them, the next is searched for.
template <class Row>
std::vector<Row> SqliteStorage::rows_at(ConcertKey concert, SQLite::Statement& in_tables,
                                        const std::vector<PlaceNumber>& numbers) {
    constexpr int passed_over_max = 8;
    std::vector<Row> rows;
    if (numbers.empty()) return rows;
    rows.reserve(numbers.size());
    Use use(in_tables);
    std::optional<Row> next;
    const auto advance = [&] {
        next.reset();
        if (use.step()) next = versioned_row<Row>(*use).row;
    };
    const auto search = [&](PlaceNumber number) {
        use->reset();
        CellBinder(*use).add(concert).integer(number.value - 1);
        advance();
    };
    search(numbers.front());
    for (const PlaceNumber number : numbers) {
        for (int passed_over = 0; next && next->number < number; ++passed_over) {
            passed_over < passed_over_max ? advance() : search(number);
        }
        const auto* known = cache_.find<Row>({concert, number});
        if (known == nullptr && next && next->number == number) {
            rows.push_back(*next);
        } else {
            rows.push_back(read_row<Row>({concert, number}));
        }
    }
    return rows;
}

std::vector<Place> SqliteStorage::waiting(ConcertKey concert, PlaceNumber after,
                                          std::size_t limit) {
    return guarded([&] {
        return rows_at<Place>(concert, statements_.waiting_places,
                              rooms_[concert].waiting(after, limit));
    });
}

std::vector<Place> SqliteStorage::passed(ConcertKey concert, PlaceNumber after, std::size_t limit) {
    return guarded([&] {
        return rows_at<Place>(concert, statements_.passed_places,
                              rooms_[concert].passed(after, limit));
    });
}

std::vector<Pass> SqliteStorage::admitted(ConcertKey concert, PlaceNumber after,
                                          std::size_t limit) {
    return guarded([&] {
        return rows_at<Pass>(concert, statements_.passes, rooms_[concert].admitted(after, limit));
    });
}

std::vector<std::optional<HoldEnd>> SqliteStorage::ends_of_holds(
    std::span<const ReservationKey> keys) {
    require_alive();
    return held_.ends(keys);
}

template <class Row>
std::vector<Row> SqliteStorage::newest(SQLite::Statement& statement, UserKey user,
                                       std::optional<KeyOf<Row>> before, std::size_t limit,
                                       const NewRows<Row>& pending) {
    const KeyOf<Row> end = before.value_or(KeyOf<Row>{INT64_MAX});
    std::vector<KeyOf<Row>> keys = pending.newest(user, end, limit);
    Use use(statement);
    CellBinder(*use).add(user).add(end).integer(as_limit(limit));
    while (use.step()) read_cells(*use, keys.emplace_back());
    // After a crash some are in both.
    std::ranges::sort(keys, std::ranges::greater());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    if (keys.size() > limit) keys.resize(limit);
    std::vector<Row> rows;
    rows.reserve(keys.size());
    for (const KeyOf<Row> key : keys) rows.push_back(read_row<Row>(key));
    return rows;
}

std::vector<Reservation> SqliteStorage::reservations(UserKey user,
                                                     std::optional<ReservationKey> before,
                                                     std::size_t limit) {
    return guarded([&] {
        return newest(statements_.reservations_of, user, before, limit, pending_.reservations);
    });
}

std::vector<Payment> SqliteStorage::payments(UserKey user, std::optional<PaymentKey> before,
                                             std::size_t limit) {
    return guarded(
        [&] { return newest(statements_.payments_of, user, before, limit, pending_.payments); });
}

std::vector<Payment> SqliteStorage::open_payments(PaymentKey after, std::size_t limit) {
    return guarded([&] {
        std::vector<Payment> payments;
        for (const PaymentKey key : open_payments_.after(after, limit)) {
            payments.push_back(read_row<Payment>(key));
        }
        return payments;
    });
}

std::vector<Transfer> SqliteStorage::transfers(UserKey user, std::optional<std::int64_t> before,
                                               std::size_t limit) {
    return guarded([&] {
        // What the tables do not have yet is newer than what they have.
        auto transfers = pending_.transfers(user, before.value_or(INT64_MAX), limit);
        Use use(statements_.transfers);
        CellBinder(*use)
            .add(user)
            .integer(before.value_or(INT64_MAX))
            .integer(as_limit(limit - transfers.size()));
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
        pending_.for_each_event(stream, after, [&](const PendingEvent& pending) {
            if (events.size() == limit) return false;
            Event& event = events.emplace_back();
            event.stream = pending.stream;
            event.number = pending.number;
            event.kind = pending.kind;
            event.at = pending.at;
            CONCERTRES_ASSERT(decode(pending.text, event));
            return true;
        });
        return events;
    });
}

}  // namespace concertres::sqlite
