#include "postgres/fetch.hpp"

#include <algorithm>
#include <array>

namespace concertres::postgres {
namespace {

template <class Row>
constexpr bool is_name = std::is_same_v<Row, ReservationName> || std::is_same_v<Row, PaymentName>;

// The ranges of numbers that the classes are.
std::array<Param, 2> class_ranges() {
    ArrayParam first(Type::integer);
    ArrayParam last(Type::integer);
    for (LineClass i = 0; i < PlaceNumber::classes_max; ++i) {
        first.add(PlaceNumber::of({.line_class = i}).value + 1);
        last.add(PlaceNumber::last_of(i));
    }
    return {first.finish(), last.finish()};
}

}  // namespace

// --- Asking ------------------------------------------------------------------------------------

void Fetch::send(const RowKeys& wanted) {
    wanted.for_each([&]<class Row>(const std::vector<Wanted<Row>>& keys) {
        if (!keys.empty()) send_rows<Row>(keys);
    });
}

template <class Row>
void Fetch::send_rows(const std::vector<Wanted<Row>>& keys) {
    if constexpr (std::is_same_v<Row, RoomLine>) {
        for (const Wanted<Row>& wanted : keys) send_line(wanted.key);
    } else if constexpr (std::is_same_v<Row, ExpiringHolds>) {
        send_holds();
    } else if constexpr (std::is_same_v<Row, ReservationName>) {
        connection_.send(statements_.reservation_names, key_params(keys));
    } else if constexpr (std::is_same_v<Row, PaymentName>) {
        connection_.send(statements_.payment_names, key_params(keys));
    } else if constexpr (std::is_same_v<Row, Transfer>) {
        connection_.send(statements_.transfers_by_id, key_params(keys));
    } else {
        const RowStatements<Row>& of_row = statements_.of<Row>();
        const Statement* statement = lock_ == Lock::no ? &of_row.select : &of_row.lock;
        if constexpr (std::is_same_v<Row, Sale>) {
            if (lock_ == Lock::yes_but_share_sales) statement = &statements_.share_sales;
        }
        connection_.send(*statement, key_params(keys));
    }
}

void Fetch::send_line(ConcertKey concert) {
    static const auto ranges = class_ranges();
    const Param key = Param::of(concert);
    const Param batch = Param::integer(RoomLine::batch);
    connection_.send(statements_.admitted_count, {key});
    connection_.send(statements_.first_waiting, {key, ranges[0], ranges[1], batch});
    connection_.send(statements_.ending, {key, batch});
}

void Fetch::send_holds() {
    connection_.send(statements_.expiring, {Param::integer(ExpiringHolds::batch)});
}

// --- Taking ------------------------------------------------------------------------------------

void Fetch::take(const RowKeys& wanted, const Answers& answers, std::size_t next, Rows& found) {
    answers_ = &answers;
    next_ = next;
    wanted.for_each([&]<class Row>(const std::vector<Wanted<Row>>& keys) {
        std::vector<Found<Row>>& rows = found.of<Row>();
        const std::size_t first = rows.size();
        for (const Wanted<Row>& each : keys) rows.push_back({each.key, std::nullopt});
        if (!keys.empty()) take_rows<Row>(rows, first);
    });
}

template <class Row>
void Fetch::take_rows(std::vector<Found<Row>>& found, std::size_t first) {
    if constexpr (std::is_same_v<Row, RoomLine>) {
        for (std::size_t i = first; i < found.size(); ++i) found[i].row = take_line(found[i].key);
        return;
    } else if constexpr (std::is_same_v<Row, ExpiringHolds>) {
        for (std::size_t i = first; i < found.size(); ++i) {
            if (found[i].key == ExpiringHolds{}.key()) found[i].row = take_holds();
        }
        return;
    } else {
        const Answer& answer = next();
        for (int row = 0; row < answer.rows(); ++row) {
            CellReader cells = answer.row(row);
            std::int64_t ordinal = 0;
            Time stamp = Time::min();
            Versioned<Row> read;
            cells.get(ordinal);
            const std::size_t at = first + static_cast<std::size_t>(ordinal) - 1;
            CONCERTRES_ASSERT(at >= first && at < found.size());
            if constexpr (is_name<Row>) {
                read = {{found[at].key, {}}, 1};
                cells.get(read.row.named);
            } else if constexpr (std::is_same_v<Row, Transfer>) {
                read.version = 1;
                get(cells, read.row);
            } else {
                cells.get(stamp).get(read.version);
                get(cells, read.row);
            }
            if (!cells.intact()) throw Damaged("a row that was read by its key is damaged");
            latest_stamp_ = std::max(latest_stamp_, stamp);
            found[at].row = std::move(read);
        }
    }
}

std::optional<Versioned<RoomLine>> Fetch::take_line(ConcertKey concert) {
    RoomLine line{.concert = concert};
    const Answer& count = next();
    const Answer& waiting = next();
    const Answer& ending = next();
    if (count.rows() == 0) return std::nullopt;
    read_cells(count, 0, line.admitted);
    for (int row = 0; row < waiting.rows(); ++row) {
        read_cells(waiting, row, line.waiting.emplace_back());
    }
    for (int row = 0; row < ending.rows(); ++row) {
        auto& end = line.expiring.emplace_back();
        read_cells(ending, row, end.name, end.ends_at);
    }
    return Versioned<RoomLine>{std::move(line), 1};
}

Versioned<ExpiringHolds> Fetch::take_holds() {
    const Answer& ending = next();
    ExpiringHolds holds;
    for (int row = 0; row < ending.rows(); ++row) {
        auto& end = holds.reservations.emplace_back();
        read_cells(ending, row, end.name, end.ends_at);
    }
    return {std::move(holds), 1};
}

}  // namespace concertres::postgres
