// The seats of one performance as they are shown: kept up to date from its events, so that nobody
// need ask the box office again.
//
// Threads: any.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "concertres/event.hpp"
#include "concertres/queries.hpp"

namespace concertres::server {

// "available", "held", "sold", "blocked"
[[nodiscard]] std::string_view seat_status_name(SeatStatus status);

// An answer that many share.
struct Snapshot {
    std::shared_ptr<const std::string> body;
    std::string etag;
};

// What is fixed of a hall's seats, as the beginning of each seat's JSON: everything up to its
// status. The performances of a concert share it.
struct HallTexts {
    HallTexts(const std::vector<SeatView>& seats, std::string_view currency);

    std::vector<SeatNumber> numbers;  // in order
    std::vector<Money> prices;
    std::string text;
    std::vector<std::size_t> ends;  // of each seat's part of `text`
};

// How many bytes of answers there are, those included that no map keeps any more but that a slow
// reader has not taken yet.
struct RenderedBytes {
    std::atomic<std::int64_t> now{0};
    // With so many, maps give out what they made last, however old, until readers have taken
    // theirs.
    std::int64_t most = std::int64_t{512} << 20;
};

// Seats whose status is another than when they were last taken.
struct SeatChanges {
    PerformanceId performance{};
    std::int64_t revision = 0;
    std::vector<std::pair<SeatNumber, SeatStatus>> seats;  // and what they are now
};

class SeatMap {
  public:
    // REQUIRES: `view` has all seats, those of `hall`
    SeatMap(std::shared_ptr<const HallTexts> hall, const SeatsView& view,
            std::shared_ptr<RenderedBytes> rendered);

    // REQUIRES: events of this performance, in order; those that the view had are skipped
    void apply(const Event& event);

    // The answer as of `now`, or of at most `age_max` ago (longer ago only as RenderedBytes says).
    // `age` becomes how old it is.
    Snapshot get(bool all, Time now, std::chrono::milliseconds age_max,
                 std::chrono::steady_clock::duration& age);

    struct FreeSeat {
        SeatNumber number = 0;
        Money price{};
    };
    // Any seat that can be held now.
    std::optional<FreeSeat> free_seat(Time now);

    // What has changed since this was last called. For one caller.
    SeatChanges take_changes(Time now);

  private:
    struct Cell {
        SeatStatus status = SeatStatus::free;
        Time until{};  // held
        bool changed = false;
    };
    // One of the two answers.
    struct Made {
        Snapshot snapshot;
        std::int64_t revision = -1;
        std::chrono::steady_clock::time_point written;
        std::chrono::steady_clock::time_point good;  // at that moment it told how things were
    };

    void set(SeatNumber number, SeatStatus status, Time until);
    void set(std::size_t at, SeatStatus status, Time until);
    void end_holds(Time now);
    [[nodiscard]] std::string write(bool all, const std::vector<Cell>& cells,
                                    std::int64_t revision) const;

    std::mutex render_mutex_;  // guards made_; taken before mutex_
    std::mutex mutex_;
    std::shared_ptr<const HallTexts> hall_;
    std::shared_ptr<RenderedBytes> rendered_;
    PerformanceId performance_;
    std::string date_;
    std::string instance_;  // sets revisions of before a restart apart
    std::vector<Cell> cells_;
    std::vector<std::size_t> changed_;  // each once
    std::int64_t last_event_ = 0;
    std::int64_t revision_ = 0;
    Time earliest_end_ = Time::max();  // of a hold: none ends before
    std::array<Made, 2> made_;
};

}  // namespace concertres::server
