// A Seating is a hall as people sit in it: which seats stand side by side, how good each is, and
// how far they are from each other. It is made once of a hall; then the best free seats are found
// in it for whoever leaves the choice to the box office.
//
//   const Seating seating(draft.seats);
//   SeatSet free(seating.size(), true);
//   free.erase(*seating.find(7));
//   std::optional<SeatChoice> two = choose_best(seating, free, {.count = 2});
//
// What it makes of a hall:
//
// - A row is the seats of one section and one row name; where the row has no name, of one section
//   and one y. It is walked along its longer side, whatever the plan's order; but in the plan's
//   order where that way would go to and fro across the row, for then there are several of one
//   name.
// - Two seats that follow each other are neighbours, unless the step from one to the other is more
//   than half as long again as is usual in the row (in the section, where the row has fewer than
//   four seats): that is an aisle. A bench is seats that are neighbours from one end to the other.
// - A seat is the better the nearer it is to the focus: the middle of the edge of the hall where
//   the plan begins. No plan says where the stage is, but plans are written from the front row on.
//   In a hall without coordinates the plan's order is the order of quality.
// - The seats of an area (general admission) stand on no bench, and nowhere: they have no part in
//   what is made of the others.
//
// Threads: any; a Seating never changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/catalog.hpp"
#include "concertres/ids.hpp"
#include "concertres/money.hpp"

namespace concertres {

// More seats than any box office gives to one person: only to bound what one choice costs.
inline constexpr std::int32_t best_count_max = 100;

// What somebody wants who takes the best there is.
struct BestSeats {
    std::int32_t count = 1;  // 1..best_count_max
    // Only there. Seats of an area are chosen only where it is named; then any of them.
    std::optional<std::string> section{};
    std::optional<Money> max_price{};  // of each seat

    friend bool operator==(const BestSeats&, const BestSeats&) = default;
};

// So many seats of an area, whichever.
struct AreaSeats {
    std::string section{};
    std::int32_t count = 1;

    friend bool operator==(const AreaSeats&, const AreaSeats&) = default;
};

// A seat within its Seating: 0..size()-1. The slots of a bench follow each other as its seats do;
// so do those of an area, by number, after all benches.
using SeatSlot = std::uint32_t;

// Some of a hall's seats, a bit for each.
class SeatSet {
  public:
    SeatSet() = default;
    explicit SeatSet(std::size_t size, bool all = false);

    [[nodiscard]] std::size_t size() const { return size_; }
    // REQUIRES: slot < size()
    [[nodiscard]] bool contains(SeatSlot slot) const {
        return ((words_[slot / 64] >> (slot % 64)) & 1) != 0;
    }
    void insert(SeatSlot slot) { words_[slot / 64] |= std::uint64_t{1} << (slot % 64); }
    void erase(SeatSlot slot) { words_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64)); }
    // The first in [from, end) that is in the set, or that is not; `end` where there is none.
    [[nodiscard]] SeatSlot next(SeatSlot from, SeatSlot end) const { return seek(from, end, 0); }
    [[nodiscard]] SeatSlot next_absent(SeatSlot from, SeatSlot end) const {
        return seek(from, end, ~std::uint64_t{0});
    }
    // How many in [from, end) are in the set.
    [[nodiscard]] std::size_t count(SeatSlot from, SeatSlot end) const;
    // REQUIRES: of the same size
    void erase_all(const SeatSet& others);

  private:
    [[nodiscard]] SeatSlot seek(SeatSlot from, SeatSlot end, std::uint64_t flip) const;

    std::size_t size_ = 0;
    std::vector<std::uint64_t> words_;
};

class Seating {
  public:
    struct Bench {
        SeatSlot begin = 0;
        SeatSlot end = 0;
        std::uint32_t section = 0;  // in sections()
        std::int64_t cost_min = 0;  // of its best seat

        [[nodiscard]] std::size_t size() const { return end - begin; }
    };
    struct Area {
        SeatSlot begin = 0;
        SeatSlot end = 0;
        std::uint32_t section = 0;  // in sections()
        Money price{};
    };
    struct Point {
        std::int32_t x = 0;
        std::int32_t y = 0;
    };

    Seating() = default;
    // `seats` in the plan's order. REQUIRES: check(ConcertDraft) finds no fault with them
    explicit Seating(std::span<const HallSeat> seats);

    [[nodiscard]] std::size_t size() const { return numbers_.size(); }
    [[nodiscard]] SeatNumber number(SeatSlot slot) const { return numbers_[slot]; }
    [[nodiscard]] std::optional<SeatSlot> find(SeatNumber number) const;
    [[nodiscard]] const std::vector<std::string>& sections() const { return sections_; }
    // Those with the best seats first.
    [[nodiscard]] const std::vector<Bench>& benches() const { return benches_; }
    // REQUIRES: the seat is of no area
    [[nodiscard]] const Bench& bench_of(SeatSlot slot) const { return benches_[bench_of_[slot]]; }
    // In the plan's order.
    [[nodiscard]] const std::vector<Area>& areas() const { return areas_; }
    [[nodiscard]] const std::string& name(const Area& area) const {
        return sections_[area.section];
    }
    // Nothing where no area has this name.
    [[nodiscard]] const Area* find_area(std::string_view section) const;
    // Nothing where the seat is of no area.
    [[nodiscard]] const Area* area_of(SeatSlot slot) const;
    // From one end to the other.
    [[nodiscard]] std::span<const SeatNumber> numbers(const Bench& bench) const {
        return std::span(numbers_).subspan(bench.begin, bench.size());
    }

    // 0 is as good as can be; the hall's diagonal is a million. Without coordinates: how many seats
    // stand before it in the plan.
    [[nodiscard]] std::int64_t cost(SeatSlot slot) const { return costs_[slot]; }
    // Where it stands in the plan, from 0.
    [[nodiscard]] std::uint32_t plan_position(SeatSlot slot) const { return plan_positions_[slot]; }
    [[nodiscard]] Money price(SeatSlot slot) const { return prices_[slot]; }
    // The seats in the allotment of a class of the room; null where it has none.
    [[nodiscard]] const SeatSet* allotment(LineClass line_class) const;
    [[nodiscard]] bool has_allotments() const { return !allotments_.empty(); }
    // On the same scale as costs. Without coordinates: a thousand from seat to seat, and from row
    // to row.
    [[nodiscard]] Point point(SeatSlot slot) const { return points_[slot]; }

  private:
    class Builder;

    std::vector<std::string> sections_;
    std::vector<Bench> benches_;
    std::vector<Area> areas_;
    std::vector<SeatNumber> numbers_;  // this and the following by slot
    std::vector<std::int64_t> costs_;
    std::vector<std::uint32_t> plan_positions_;
    std::vector<Money> prices_;
    std::vector<Point> points_;
    std::vector<std::uint32_t> bench_of_;  // of the seats on benches
    std::vector<SeatSlot> by_number_;
    std::map<LineClass, SeatSet> allotments_;
};

// Takes the seats in the allotments of these classes out of a set.
void erase_allotments(SeatSet& seats, const Seating& seating, std::span<const LineClass> classes);

struct SeatChoice {
    std::vector<SeatNumber> seats{};  // by number
    std::int32_t groups = 1;          // of neighbours

    friend bool operator==(const SeatChoice&, const SeatChoice&) = default;
};

// The best of the free seats; nothing where fewer than `count` of them are as wanted. In an area
// they are the first free ones by number. Elsewhere, first of all they are neighbours, then they
// leave no orphan (below) if that can be, then they are the best by the sum of their costs, then
// the first in the plan.
//
// Where so many neighbours are not free, they come in as few groups as can be; of these as close
// together as can be (the sum of the distances from one of them to the others, between the middles
// of the free stretches where they lie); and within the stretches with as few orphans and as good
// as can be. Beyond two groups, and in a large hall with very many stretches left, closeness is
// sought from the best places on for a bounded time, and may be missed by a little.
// REQUIRES: free.size() == seating.size(); count is 1..best_count_max
[[nodiscard]] std::optional<SeatChoice> choose_best(const Seating& seating, const SeatSet& free,
                                                    const BestSeats& wanted);

// An orphan is a free seat with no free neighbour: hardly anybody buys it. These are the orphans
// that taking `seats` would make, by number, of benches where it need not be: where as many free
// seats of the bench, in no more groups, could be taken without making one. So nobody is sent
// elsewhere, nor torn apart, for the sake of an orphan. A bench of over a thousand seats is no row
// that people see as one, and is not looked at.
// REQUIRES: `seats` are of the hall and of no area, each once; of `free` only the seats' benches
// are looked at
[[nodiscard]] std::vector<SeatNumber> avoidable_orphans(const Seating& seating, const SeatSet& free,
                                                        std::span<const SeatNumber> seats);
inline constexpr std::size_t orphan_bench_max = 1'000;

}  // namespace concertres
