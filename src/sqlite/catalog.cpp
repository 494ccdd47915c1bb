// What is fixed of concerts: adding one, and reading them all.
#include <algorithm>
#include <numeric>

#include "concertres/assert.hpp"
#include "sqlite/sqlite_storage.hpp"

namespace concertres::sqlite {
namespace {

// Between two calls of a Progress: often enough to be seen moving, rare enough to cost nothing.
constexpr std::size_t progress_rows = 4096;

// Puts `item` where it stood when the concert was added.
void place_at(std::vector<Performance>& items, std::int64_t position, Performance item) {
    if (position != static_cast<std::int64_t>(items.size())) {
        throw Damaged("a concert's performances are damaged");
    }
    items.push_back(std::move(item));
}

std::vector<Performance> read_performances(SQLite::Database& database, ConcertKey concert) {
    SQLite::Statement rows(database, select_once_sql<Performance>("position") +
                                         " WHERE concert = ?1 ORDER BY position");
    CellBinder(rows).add(concert);
    std::vector<Performance> performances;
    while (rows.executeStep()) {
        CellReader cells(rows);
        Performance performance;
        std::int64_t position = 0;
        get(cells, performance);
        if (!cells.get(position).intact()) throw Damaged("a performance is damaged");
        place_at(performances, position, std::move(performance));
    }
    return performances;
}

// The rows lie by number, and are wanted as they were added: each is put at its position, which is
// quicker than to have SQLite sort 200,000 rows.
std::vector<HallSeat> read_hall(SQLite::Database& database, ConcertKey concert) {
    SQLite::Statement rows(database, select_once_sql<HallSeat>("position") + " WHERE concert = ?1");
    CellBinder(rows).add(concert);
    std::vector<HallSeat> seats;
    std::vector<std::int64_t> positions;
    while (rows.executeStep()) {
        CellReader cells(rows);
        get(cells, seats.emplace_back());
        if (!cells.get(positions.emplace_back()).intact()) throw Damaged("a hall is damaged");
    }
    std::vector<HallSeat> hall(seats.size());
    std::vector<bool> taken(seats.size());
    for (std::size_t i = 0; i < seats.size(); ++i) {
        const auto position = static_cast<std::size_t>(positions[i]);
        if (position >= hall.size() || taken[position]) throw Damaged("a hall is damaged");
        taken[position] = true;
        hall[position] = std::move(seats[i]);
    }
    return hall;
}

// Writes one new concert, in the transaction that is open.
class ConcertWriter {
  public:
    ConcertWriter(SQLite::Database& database, Statements& statements, const NewConcert& added)
        : database_(database), statements_(statements), added_(added), numbers_() {
        numbers_.reserve(added.seats.size());
        for (const HallSeat& seat : added.seats) numbers_.push_back(seat.number);
        // In the order of the key, so that the tree grows at its end.
        std::sort(numbers_.begin(), numbers_.end());
    }

    void write(const Progress& progress) {
        write_fixed();
        write_first(added_.sale);
        write_first(Line{.concert = added_.concert.key});
        for (const Performance& performance : added_.performances) {
            PerformanceState state{.performance = performance.key};
            state.counts.free = static_cast<std::int64_t>(numbers_.size());
            write_first(state);
            write_seats(performance.key, progress);
        }
        const std::size_t total = numbers_.size() * added_.performances.size();
        if (progress && reported_ != total) progress(total, total);
    }

  private:
    void write_fixed() {
        const std::int64_t position =
            database_.execAndGet("SELECT count(*) FROM concert").getInt64();
        SQLite::Statement concert(database_, insert_once_sql<Concert>("position", 1));
        CellBinder cells(concert);
        bind(cells, added_.concert);
        cells.integer(position);
        concert.exec();

        SQLite::Statement performance(database_, insert_once_sql<Performance>("position", 1));
        for (std::size_t i = 0; i < added_.performances.size(); ++i) {
            Use use(performance);
            CellBinder of_performance(performance);
            bind(of_performance, added_.performances[i]);
            of_performance.integer(static_cast<std::int64_t>(i));
            use.run();
        }
        write_hall();
    }

    void write_hall() {
        const std::vector<HallSeat>& seats = added_.seats;
        std::vector<std::size_t> by_number(seats.size());
        std::iota(by_number.begin(), by_number.end(), std::size_t{0});
        std::sort(by_number.begin(), by_number.end(),
                  [&](std::size_t a, std::size_t b) { return seats[a].number < seats[b].number; });
        SQLite::Statement seat(database_, insert_once_sql<HallSeat>("position, concert", 2));
        for (const std::size_t position : by_number) {
            Use use(seat);
            CellBinder cells(seat);
            bind(cells, seats[position]);
            cells.integer(static_cast<std::int64_t>(position)).add(added_.concert.key);
            use.run();
        }
    }

    void write_seats(PerformanceKey performance, const Progress& progress) {
        const std::size_t total = numbers_.size() * added_.performances.size();
        for (const SeatNumber number : numbers_) {
            write_first(Seat{.performance = performance, .number = number});
            if (++written_ % progress_rows == 0 && progress) progress(reported_ = written_, total);
        }
    }

    template <class Row>
    void write_first(const Row& row) {
        Use use(statements_.of<Row>().insert);
        CellBinder cells(*use);
        cells.add(std::uint64_t{1});
        bind(cells, row);
        use.run();
    }

    SQLite::Database& database_;
    Statements& statements_;
    const NewConcert& added_;
    std::vector<SeatNumber> numbers_;
    std::size_t written_ = 0;
    std::size_t reported_ = 0;
};

}  // namespace

std::vector<NewConcert> SqliteStorage::concerts() {
    return guarded([&] { return read_concerts(); });
}

std::vector<NewConcert> SqliteStorage::read_concerts() {
    SQLite::Database& database = connection_.database();
    SQLite::Statement rows(database, select_once_sql<Concert>() + " ORDER BY position");
    std::vector<NewConcert> concerts;
    while (rows.executeStep()) {
        NewConcert& added = concerts.emplace_back();
        added.concert = plain_row<Concert>(rows);
        added.performances = read_performances(database, added.concert.key);
        added.seats = read_hall(database, added.concert.key);
        const auto sale = find<Sale>(added.concert.key);
        if (!sale) throw Damaged("a concert's sale is missing");
        added.sale = sale->row;
    }
    return concerts;
}

void SqliteStorage::add(const NewConcert& concert, const Progress& progress) {
    guarded([&] { connection_.checkpoint_if_due(); });
    try {
        Use(statements_.begin).run();
        ConcertWriter(connection_.database(), statements_, concert).write(progress);
        write_counters();
        Use(statements_.commit).run();
    } catch (const SQLite::Exception& error) {
        if (undo(error) == CommitOutcome::not_committed) {
            throw StorageError(StorageError::Kind::full,
                               connection_.name() +
                                   " has no space for the concert; nothing of it "
                                   "was added");
        }
        fail(error.what());
    } catch (...) {
        if (!connection_.roll_back()) failed_ = true;
        throw;
    }
    guarded([&] { connection_.checkpoint_if_due(); });
}

}  // namespace concertres::sqlite
