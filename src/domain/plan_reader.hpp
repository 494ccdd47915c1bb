// Reads the seats out of a pretix seating plan; seating_plan.cpp reads the documents around it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/json_reader.hpp"
#include "concertres/catalog.hpp"
#include "concertres/seating_plan.hpp"

namespace concertres {

// As in check(ConcertDraft), but known before memory is spent on the seats.
inline constexpr std::int64_t hall_seats_max = 200'000;
// Bounds that only keep sums finite: plans measure in pixels or centimetres.
inline constexpr NumberBounds coordinate_bounds{.min = -1e9, .max = 1e9};

// Tells the caller's callback now and then.
class SeatProgress {
  public:
    explicit SeatProgress(ImportProgress callback) : callback_(std::move(callback)) {}

    void start(std::size_t total) { total_ = total; }
    void seat_done() {
        ++done_;
        if (done_ % 1'000 == 0 && done_ != total_) tell();
    }
    void finish() {
        done_ = total_;
        tell();
    }

  private:
    void tell() {
        if (callback_) callback_(done_, total_);
    }

    ImportProgress callback_;
    std::size_t done_ = 0;
    std::size_t total_ = 0;
};

// What a category costs, as far as the file and the caller say.
struct CategoryPrices {
    // One without a value was given, but wrongly, which has been said already.
    std::map<std::string, std::optional<Money>, std::less<>> by_category;
    bool complete = true;  // false: the list itself is faulty, so what is absent means nothing
};

// REQUIRES: read() is called once, and first.
// Lifetime: the constructor's arguments outlive it.
class PlanReader {
  public:
    PlanReader(const boost::json::value& plan, const JsonPath& path, Faults& faults,
               SeatProgress& progress)
        : plan_(plan, path, faults), faults_(faults), progress_(progress) {}

    [[nodiscard]] std::vector<HallSeat> read(const CategoryPrices& prices);
    // Whether a price for it makes sense. True where the plan's own list is unusable.
    [[nodiscard]] bool has_category(std::string_view name) const {
        return !categories_known_ || categories_.contains(name);
    }

  private:
    struct Point {
        double x = 0;
        double y = 0;

        friend Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
    };
    struct Category {
        std::size_t index = 0;  // in the plan's list
        std::int64_t seats = 0;
        bool has_price = false;
        Money price;
    };
    struct SeatPlace {
        std::size_t zone = 0;
        std::size_t row = 0;
        std::size_t seat = 0;
    };
    // What a seat takes over from the zone and the row that it is in.
    struct Surroundings {
        std::string_view zone;
        std::string_view row;
        Point origin;
    };

    void read_categories(const CategoryPrices& prices);
    void read_zone(const boost::json::value& value, std::size_t index, const JsonPath& path);
    void read_row(const boost::json::value& value, SeatPlace place, Surroundings around,
                  const JsonPath& path);
    void read_seat(const boost::json::value& value, SeatPlace place, const Surroundings& around,
                   const JsonPath& path);
    [[nodiscard]] Money price_of(std::string_view category, const JsonPath& path);
    void check_guid(std::string_view guid, SeatPlace place, const JsonPath& path);
    void check_prices();
    [[nodiscard]] Point position(ObjectReader& of, Need need);

    ObjectReader plan_;
    Faults& faults_;
    SeatProgress& progress_;
    bool categories_known_ = true;
    std::unordered_map<std::string_view, Category> categories_;
    std::unordered_map<std::string_view, SeatPlace> guids_;
    std::vector<HallSeat> seats_;
};

}  // namespace concertres
