// Queries that take as long as there is data. They are done in slices of a few milliseconds, and
// between two of them the writer decides whatever commands wait. So none of them sees the store at
// one moment, and each must be right all the same.
//
//   explicit Slices(Query)
//   std::optional<Result<Answer>> step(const QueryContext&)   nothing: there is more to do
//
// Whoever runs one lets it go before anybody hears of its end: then nothing is left of a backup
// that is refused.
//
// Threads: the writer's. What a slice reads belongs to it; only copies outlive it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "concertres/operations.hpp"
#include "engine/catalog.hpp"
#include "engine/queries.hpp"

namespace concertres {

// What a slice may take. Long enough that switching costs nothing, short enough that no buyer
// notices.
inline constexpr Duration slice_length = std::chrono::milliseconds(5);

template <class Query>
class Slices;

template <>
class Slices<Backup> {
  public:
    explicit Slices(Backup query) : query_(std::move(query)) {}

    std::optional<Result<BackupView>> step(const QueryContext& at);

  private:
    Backup query_;
    std::unique_ptr<BackupJob> job_;
};

template <>
class Slices<GetReport> {
  public:
    explicit Slices(GetReport query) : query_(query) {}

    std::optional<Result<ReportView>> step(const QueryContext& at);

  private:
    void count_seats(const QueryContext& at);

    // About 2 ms from a file.
    static constexpr std::size_t seats_per_slice = 2'000;

    GetReport query_;
    const CatalogConcert* concert_ = nullptr;
    SeatNumber after_ = 0;  // of the performance that is counted now
    ReportView view_;       // its performances: those begun so far
};

template <>
class Slices<Explain> {
  public:
    explicit Slices(Explain query) : query_(query) {}

    std::optional<Result<Explanation>> step(const QueryContext& at);

  private:
    using Concerns = std::function<bool(const Event&)>;
    struct ToRead {
        Stream stream;
        Uuid owner;
    };

    // What the id is: it leaves in `streams_`, `reservations_of_` and `concerns_` where to look.
    std::optional<Error> identify(const QueryContext& at);
    std::optional<Error> begin_seat(const QueryContext& at, const CatalogPerformance& performance);
    std::optional<Error> begin_place(const QueryContext& at, const CatalogConcert& concert);
    void begin(const QueryContext& at, const CatalogConcert& concert);
    void begin(const QueryContext& at, const CatalogPerformance& performance);
    void begin(const QueryContext& at, const Reservation& reservation);
    void begin(const QueryContext& at, const Payment& payment);
    void begin(const QueryContext& at, const Transfer& transfer);
    void begin(const QueryContext& at, const User& user);

    void add_streams_of(const QueryContext& at, const Payment& payment);
    void add(const CatalogPerformance& performance);
    void read_reservations(const QueryContext& at);
    void read_events(const QueryContext& at);
    void keep_newest();

    // About 2 ms from a file.
    static constexpr std::size_t rows_per_slice = 500;

    Explain query_;
    bool identified_ = false;
    std::size_t limit_ = 0;
    Explanation found_;
    Concerns concerns_;
    std::vector<ToRead> streams_;  // the last is read now
    std::int64_t after_ = 0;       // in it
    std::set<PerformanceKey> performances_;

    // Whose reservations lead to further performances, and which of them do.
    UserKey reservations_of_;
    std::function<bool(const Reservation&)> leads_;
    std::optional<ReservationKey> before_;
};

}  // namespace concertres
