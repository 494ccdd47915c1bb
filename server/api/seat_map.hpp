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

#include "api/shared_text.hpp"
#include "concertres/event.hpp"
#include "concertres/queries.hpp"

namespace concertres::server {

// "available", "held", "sold", "blocked"
[[nodiscard]] std::string_view seat_status_name(SeatStatus status);

// An answer that many share.
struct Snapshot {
    std::shared_ptr<SharedText> text;
    std::string etag;
};

// What is fixed of a hall, as the beginning of the JSON of each numbered seat and of each area:
// everything up to what changes. The performances of a concert share it.
//
// Seats have an index here: first the numbered ones, by number; then those of areas, by number.
// The latter are shown by how many they are, and cost nobody who looks more than that.
class HallTexts {
  public:
    struct Area {
        std::string section;
        Money price{};
        std::string text;
    };

    // REQUIRES: `view` has all seats, those of areas included
    HallTexts(const SeatsView& view, std::string_view currency);

    [[nodiscard]] std::size_t size() const { return numbers_.size(); }
    [[nodiscard]] std::size_t numbered() const { return ends_.size(); }
    [[nodiscard]] SeatNumber number(std::size_t at) const { return numbers_[at]; }
    // REQUIRES: the hall has such a seat
    [[nodiscard]] std::size_t find(SeatNumber number) const;
    [[nodiscard]] const std::vector<Area>& areas() const { return areas_; }
    // REQUIRES: at >= numbered()
    [[nodiscard]] std::size_t area_of(std::size_t at) const { return area_of_[at - numbered()]; }
    [[nodiscard]] Money price(std::size_t at) const;
    // In the allotment of a class.
    [[nodiscard]] bool is_allotted(std::size_t at) const { return allotted_[at]; }
    // REQUIRES: at < numbered()
    [[nodiscard]] std::string_view text(std::size_t at) const;
    [[nodiscard]] std::size_t bytes() const { return text_.size(); }

  private:
    void add_numbered(const SeatView& seat, std::string_view currency);

    std::vector<SeatNumber> numbers_;
    std::vector<bool> allotted_;
    std::vector<Money> prices_;  // of numbered seats
    std::string text_;
    std::vector<std::size_t> ends_;  // of each numbered seat's part of it
    std::vector<std::uint32_t> area_of_;
    std::vector<Area> areas_;
};

// Seats whose status is another than when they were last taken, and areas of which any is.
struct SeatChanges {
    struct Area {
        std::string section;
        SeatCounts seats{};
    };

    PerformanceId performance{};
    std::int64_t revision = 0;
    std::vector<std::pair<SeatNumber, SeatStatus>> seats;  // and what they are now
    std::vector<Area> areas;

    [[nodiscard]] bool empty() const { return seats.empty() && areas.empty(); }
};

class SeatMap {
  public:
    // REQUIRES: `view` has all seats, those of `hall`, and those of areas one by one
    SeatMap(std::shared_ptr<const HallTexts> hall, const SeatsView& view,
            std::shared_ptr<RenderedBytes> rendered);

    // Each seat is as the latest event of it says: those of other instances may come after later
    // ones of one's own. What the view had already is skipped.
    // REQUIRES: an event of this performance
    void apply(const Event& event);

    // The answer as of `now`, or of at most `age_max` ago (longer ago only as RenderedBytes says,
    // or while the one before is still being packed). `age` becomes how old it is.
    Snapshot get(bool all, Time now, std::chrono::milliseconds age_max,
                 std::chrono::steady_clock::duration& age);

    struct FreeSeat {
        SeatNumber number = 0;
        Money price{};
        std::string area{};  // of which it is; empty: the seat is numbered
    };
    // Any seat that anybody can hold now; a numbered one, if there is one.
    std::optional<FreeSeat> free_seat(Time now);

    // What has changed since this was last called. For one caller.
    SeatChanges take_changes(Time now);

  private:
    struct Cell {
        Time until{};            // held
        std::int64_t event = 0;  // the latest that spoke of it
        SeatStatus status = SeatStatus::free;
        bool changed = false;
    };
    // What an answer is made of, at one moment.
    struct Picture {
        std::vector<Cell> cells;  // of numbered seats
        std::vector<SeatCounts> areas;
        std::int64_t revision = 0;
    };
    // One of the two answers.
    struct Made {
        Snapshot snapshot;
        std::int64_t revision = -1;
        std::chrono::steady_clock::time_point written;
        std::chrono::steady_clock::time_point good;  // at that moment it told how things were
    };

    void set(std::size_t at, SeatStatus status, Time until);
    void end_holds(Time now);
    [[nodiscard]] bool may_be_made_anew(const Made& made,
                                        std::chrono::steady_clock::time_point moment,
                                        std::chrono::milliseconds age_max) const;
    [[nodiscard]] std::string write(bool all, const Picture& picture) const;

    std::mutex render_mutex_;  // guards made_; taken before mutex_
    std::mutex mutex_;
    std::shared_ptr<const HallTexts> hall_;
    std::shared_ptr<RenderedBytes> rendered_;
    PerformanceId performance_;
    std::string date_;
    std::string instance_;  // sets revisions of before a restart apart
    std::vector<Cell> cells_;
    std::vector<std::size_t> changed_;  // numbered seats, each once
    std::vector<SeatCounts> areas_;     // how many of each are in which state
    std::vector<bool> area_changed_;
    std::int64_t last_event_ = 0;
    std::int64_t revision_ = 0;
    Time earliest_end_ = Time::max();  // of a hold: none ends before
    std::array<Made, 2> made_;
};

}  // namespace concertres::server
