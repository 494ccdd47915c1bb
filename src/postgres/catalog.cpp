// What is fixed of concerts: adding one, and reading them.
#include <algorithm>
#include <unordered_map>

#include "postgres/asked.hpp"

namespace concertres::postgres {
namespace {

// Columns of rows that are written once, with others behind the row's own.
template <class Row>
class OnceArrays {
  public:
    template <class... More>
    void add(const Row& row, const More&... more) {
        rows_.add(row);
        if (more_.empty()) (more_.emplace_back(type_of<More>), ...);
        std::size_t next = 0;
        (more_[next++].add(more), ...);
    }
    [[nodiscard]] std::vector<Param> finish() {
        std::vector<Param> params;
        rows_.finish(params);
        for (ArrayParam& column : more_) params.push_back(column.finish());
        return params;
    }

  private:
    RowArrays rows_ = RowArrays::of_columns<Row>();
    std::vector<ArrayParam> more_;
};

}  // namespace

std::vector<NewConcert> PostgresStorage::concerts() {
    return asked([&] { return read_concerts(Param::null()); });
}

// `keys`: an array of those that are wanted; NULL: all.
std::vector<NewConcert> PostgresStorage::read_concerts(const Param& keys) {
    Connection& at = connection();
    for (const Statement* each : {&statements_.concerts, &statements_.concert_performances,
                                  &statements_.concert_halls, &statements_.concert_sales}) {
        at.send(*each, {keys});
    }
    const Answers answers = at.finish();
    std::vector<NewConcert> concerts;
    std::unordered_map<std::int64_t, std::size_t> index;
    for (int row = 0; row < answers[0].rows(); ++row) {
        concerts.emplace_back().concert = plain_row<Concert>(answers[0], row);
        index[concerts.back().concert.key.value] = concerts.size() - 1;
    }
    const auto of = [&](ConcertKey key) -> NewConcert& {
        const auto found = index.find(key.value);
        if (found == index.end()) throw Damaged("a row belongs to a concert that is missing");
        return concerts[found->second];
    };
    for (int row = 0; row < answers[1].rows(); ++row) {
        Performance performance = plain_row<Performance>(answers[1], row);
        of(performance.concert).performances.push_back(std::move(performance));
    }
    for (int row = 0; row < answers[2].rows(); ++row) {
        CellReader cells = answers[2].row(row);
        HallSeat seat;
        ConcertKey concert;
        get(cells, seat);
        if (!cells.get(concert).intact()) throw Damaged("a hall is damaged");
        of(concert).seats.push_back(std::move(seat));
    }
    for (int row = 0; row < answers[3].rows(); ++row) {
        Sale sale = versioned_row<Sale>(answers[3], row);
        of(sale.concert).sale = std::move(sale);
    }
    for (const NewConcert& concert : concerts) {
        if (concert.sale.concert != concert.concert.key) {
            throw Damaged("a concert's sale is missing");
        }
    }
    return concerts;
}

void PostgresStorage::add(const NewConcert& concert, const Progress& progress) {
    require_alive();
    try {
        end_transaction();
        connection().send(statements_.begin);
        write_concert(concert, progress);
    } catch (const ConnectionLost& lost) {
        lose_connection();
        fail_unavailable(lost.what());
    } catch (const SqlError& error) {
        const CommitOutcome outcome = undo(error);
        if (outcome == CommitOutcome::not_committed) {
            throw StorageError(
                StorageError::Kind::full,
                name_of(conninfo_) + " has no space for the concert; nothing of it was added");
        }
        fail_unavailable(error.what());
    } catch (...) {
        abandon_transaction();
        throw;
    }
    try {
        connection_->send(statements_.commit);
        static_cast<void>(connection_->finish());
        note_committed(now());
    } catch (const ConnectionLost& lost) {
        CommitOutcome outcome = doubt(now());
        while (outcome == CommitOutcome::unknown) outcome = settle();
        if (outcome != CommitOutcome::committed) fail_unavailable(lost.what());
    }
}

void PostgresStorage::write_concert(const NewConcert& added, const Progress& progress) {
    Connection& at = *connection_;
    const Time stamp = now();
    const ConcertKey key = added.concert.key;
    Changed changed;
    changed.concerts.push_back(key);
    send_group(stamp, encode(changed));
    at.send(statements_.lock_concerts);
    OnceArrays<Concert> concert;
    concert.add(added.concert);
    at.send(statements_.insert_concert, concert.finish());
    OnceArrays<Performance> performances;
    std::vector<Versioned<PerformanceState>> states;
    for (const Performance& performance : added.performances) {
        performances.add(performance, static_cast<std::int64_t>(states.size()));
        PerformanceState state{.performance = performance.key};
        state.counts.free = static_cast<std::int64_t>(added.seats.size());
        states.push_back({state, 1});
    }
    if (!states.empty()) {
        at.send(statements_.insert_performance, performances.finish());
        send_rows(states, stamp);
    }
    OnceArrays<HallSeat> hall;
    for (std::size_t i = 0; i < added.seats.size(); ++i) {
        hall.add(added.seats[i], static_cast<std::int64_t>(i), key);
    }
    if (!added.seats.empty()) at.send(statements_.insert_hall, hall.finish());
    send_rows(std::vector{Versioned<Sale>{added.sale, 1}}, stamp);
    send_rows(std::vector{Versioned<Line>{Line{.concert = key}, 1}}, stamp);
    static_cast<void>(at.finish());

    const std::size_t total = added.seats.size() * added.performances.size();
    std::size_t done = 0;
    for (const Performance& performance : added.performances) {
        at.send(statements_.insert_seats,
                {Param::of(key), Param::of(performance.key), Param::of(stamp)});
        static_cast<void>(at.finish());
        done += added.seats.size();
        if (progress) progress(done, total);
    }
    if (progress && total == 0) progress(0, 0);
}

}  // namespace concertres::postgres
