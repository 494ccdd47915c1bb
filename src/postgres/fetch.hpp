// Rows by key, many tables in one round trip: the statements that ask for them are sent, and what
// comes back is put where it is wanted.
//
//   Fetch fetch(statements, connection, Fetch::Lock::yes);
//   fetch.send(wanted);
//   const Answers answers = connection.finish();
//   fetch.take(wanted, answers, found);
#pragma once

#include "concertres/storage.hpp"
#include "postgres/statements.hpp"
#include "postgres/tables.hpp"

namespace concertres::postgres {

// A row that was read is not one that this library has written.
class Damaged : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

class Fetch {
  public:
    // Almost every command looks at its concert's sale, and few change it: as long as none does,
    // instances may look at the same time.
    enum class Lock : std::uint8_t { no, yes, yes_but_share_sales };

    // Lifetime: both outlive it.
    Fetch(const Statements& statements, Connection& connection, Lock lock)
        : statements_(statements), connection_(connection), lock_(lock) {}

    // Tables in the port's order: where rows are locked, it is in this order.
    void send(const RowKeys& wanted);
    // Takes the answers from number `next` on. Throws Damaged.
    void take(const RowKeys& wanted, const Answers& answers, std::size_t next, Rows& found);
    // The latest stamp of the rows that were taken.
    [[nodiscard]] Time latest_stamp() const { return latest_stamp_; }

  private:
    template <class Row>
    void send_rows(const std::vector<Wanted<Row>>& keys);
    void send_line(ConcertKey concert);
    void send_holds();

    template <class Row>
    void take_rows(std::vector<Found<Row>>& found, std::size_t first);
    [[nodiscard]] std::optional<Versioned<RoomLine>> take_line(ConcertKey concert);
    [[nodiscard]] Versioned<ExpiringHolds> take_holds();
    const Answer& next() { return (*answers_)[next_++]; }

    const Statements& statements_;
    Connection& connection_;
    Lock lock_;
    const Answers* answers_ = nullptr;
    std::size_t next_ = 0;
    Time latest_stamp_ = Time::min();
};

// The parameters of a statement that takes keys.
template <class Row>
[[nodiscard]] std::vector<Param> key_params(const std::vector<Wanted<Row>>& keys) {
    std::vector<ArrayParam> parts;
    for (const Wanted<Row>& wanted : keys) {
        std::size_t part = 0;
        visit_key<Row>(wanted.key, [&]<class Part>(const Part& value) {
            if (part == parts.size()) parts.emplace_back(type_of<Part>);
            parts[part++].add(value);
        });
    }
    std::vector<Param> params;
    for (ArrayParam& part : parts) params.push_back(part.finish());
    return params;
}

// A row of a result, from its version on.
template <class Row>
[[nodiscard]] Row versioned_row(const Answer& answer, int row) {
    CellReader cells = answer.row(row, 1);
    Row found;
    get(cells, found);
    if (!cells.intact()) {
        throw Damaged("a row of the table " + std::string(Table<Row>::name) + " is damaged");
    }
    return found;
}

// A row without a version, from `first_column` on.
template <class Row>
[[nodiscard]] Row plain_row(const Answer& answer, int row, int first_column = 0) {
    CellReader cells = answer.row(row, first_column);
    Row found;
    get(cells, found);
    if (!cells.intact()) {
        throw Damaged("a row of the table " + std::string(Table<Row>::name) + " is damaged");
    }
    return found;
}

// Reads the cells of a row.
template <class... Cell>
void read_cells(const Answer& answer, int row, Cell&... cells) {
    CellReader reader = answer.row(row);
    (reader.get(cells), ...);
    if (!reader.intact()) throw Damaged("a row is damaged");
}

}  // namespace concertres::postgres
