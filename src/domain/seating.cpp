#include "concertres/seating.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <numeric>
#include <string_view>
#include <tuple>

#include "concertres/assert.hpp"

namespace concertres {

namespace {

// The lower one of the two in the middle, or 0 of none.
double lower_median(std::vector<double> values) {
    if (values.empty()) return 0;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace

SeatSet::SeatSet(std::size_t size, bool all)
    : size_(size), words_((size + 63) / 64, all ? ~std::uint64_t{0} : 0) {}

SeatSlot SeatSet::seek(SeatSlot from, SeatSlot end, std::uint64_t flip) const {
    while (from < end) {
        const std::uint64_t left = (words_[from / 64] ^ flip) >> (from % 64);
        if (left != 0) return std::min(end, from + static_cast<SeatSlot>(std::countr_zero(left)));
        from = (from / 64 + 1) * 64;
    }
    return end;
}

std::size_t SeatSet::count(SeatSlot from, SeatSlot end) const {
    std::size_t found = 0;
    while (from < end) {
        const SeatSlot next = std::min(end, (from / 64 + 1) * 64);
        std::uint64_t word = words_[from / 64] >> (from % 64);
        if (next - from < 64) word &= (std::uint64_t{1} << (next - from)) - 1;
        found += static_cast<std::size_t>(std::popcount(word));
        from = next;
    }
    return found;
}

const SeatSet* Seating::allotment(LineClass line_class) const {
    const auto found = allotments_.find(line_class);
    return found == allotments_.end() ? nullptr : &found->second;
}

void erase_allotments(SeatSet& seats, const Seating& seating, std::span<const LineClass> classes) {
    for (const LineClass line_class : classes) {
        if (const SeatSet* allotment = seating.allotment(line_class)) seats.erase_all(*allotment);
    }
}

void SeatSet::erase_all(const SeatSet& others) {
    CONCERTRES_ASSERT(size_ == others.size_);
    for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= ~others.words_[i];
}

// Makes a Seating of a hall; see the header for what it makes of it, and why.
class Seating::Builder {
  public:
    Builder(Seating& made, std::span<const HallSeat> seats) : made_(made), seats_(seats) {
        for (std::uint32_t i = 0; i < seats.size(); ++i) {
            (seats[i].general ? general_ : numbered_).push_back(i);
        }
    }

    void build();

  private:
    using Indices = std::vector<std::uint32_t>;  // of seats in the plan
    // Neighbours are at most this much farther from each other than is usual.
    static constexpr double aisle = 1.5;

    void measure();
    void seat_benches();
    void seat_areas();
    [[nodiscard]] std::uint32_t section_of(const HallSeat& seat);
    [[nodiscard]] std::vector<Indices> rows();
    void order(Indices& row) const;
    [[nodiscard]] double step(std::uint32_t a, std::uint32_t b) const;
    [[nodiscard]] std::vector<double> steps(const Indices& row) const;
    [[nodiscard]] std::int64_t cost_of(std::uint32_t seat) const;
    void seat_row(const Indices& row, double usual, std::int32_t row_number);
    void add_to_bench(std::uint32_t seat, Point at);
    void add(std::uint32_t seat, std::int64_t cost, Point at);
    void finish();

    Seating& made_;
    std::span<const HallSeat> seats_;
    Indices numbered_;
    Indices general_;
    std::map<std::string_view, std::uint32_t> sections_;
    bool has_coordinates_ = false;
    double scale_ = 0;
    double left_ = 0;
    double top_ = 0;
    double focus_x_ = 0;
    double focus_y_ = 0;
};

double Seating::Builder::step(std::uint32_t a, std::uint32_t b) const {
    if (!has_coordinates_) return 0;
    return std::hypot(seats_[a].x - seats_[b].x, seats_[a].y - seats_[b].y);
}

std::vector<double> Seating::Builder::steps(const Indices& row) const {
    std::vector<double> all;
    for (std::size_t i = 1; i < row.size(); ++i) all.push_back(step(row[i - 1], row[i]));
    return all;
}

void Seating::Builder::measure() {
    const auto of = [&](double HallSeat::*axis) {
        return [this, axis](std::uint32_t i) { return seats_[i].*axis; };
    };
    const auto [left, right] = std::ranges::minmax(numbered_, {}, of(&HallSeat::x));
    const auto [top, bottom] = std::ranges::minmax(numbered_, {}, of(&HallSeat::y));
    left_ = seats_[left].x;
    top_ = seats_[top].y;
    const double width = seats_[right].x - left_;
    const double depth = seats_[bottom].y - top_;
    scale_ = 1e6 / std::hypot(width, depth);
    // All in one point, or so far apart that nothing can be measured.
    has_coordinates_ = std::isfinite(scale_) && scale_ > 0;
    focus_x_ = (left_ + seats_[right].x) / 2;
    const double first = seats_[numbered_.front()].y;
    focus_y_ = first - top_ <= seats_[bottom].y - first ? top_ : seats_[bottom].y;
}

std::int64_t Seating::Builder::cost_of(std::uint32_t seat) const {
    if (!has_coordinates_) return seat;
    return std::llround(std::hypot(seats_[seat].x - focus_x_, seats_[seat].y - focus_y_) * scale_);
}

// In the order in which they begin in the plan, each in the order of the plan.
std::vector<Seating::Builder::Indices> Seating::Builder::rows() {
    std::map<std::tuple<std::string_view, std::string_view, double>, std::size_t> found;
    std::vector<Indices> rows;
    for (const std::uint32_t i : numbered_) {
        const HallSeat& seat = seats_[i];
        const auto [at, is_new] = found.try_emplace(
            {seat.section, seat.row, seat.row.empty() && has_coordinates_ ? seat.y : 0.0},
            rows.size());
        if (is_new) rows.emplace_back();
        rows[at->second].push_back(i);
    }
    return rows;
}

void Seating::Builder::order(Indices& row) const {
    const auto extent = [&](double HallSeat::*axis) {
        const auto [least, most] =
            std::ranges::minmax(row, {}, [&](std::uint32_t i) { return seats_[i].*axis; });
        return seats_[most].*axis - seats_[least].*axis;
    };
    const bool is_wide = extent(&HallSeat::x) >= extent(&HallSeat::y);
    double HallSeat::*const along = is_wide ? &HallSeat::x : &HallSeat::y;
    double HallSeat::*const across = is_wide ? &HallSeat::y : &HallSeat::x;
    Indices sorted = row;
    std::ranges::stable_sort(sorted, {}, [&](std::uint32_t i) { return seats_[i].*along; });
    double crossed = 0;
    for (std::size_t i = 1; i < sorted.size(); ++i) {
        crossed += std::abs(seats_[sorted[i]].*across - seats_[sorted[i - 1]].*across);
    }
    // A bow goes there and back again, once.
    if (crossed <= 2.001 * extent(across)) row = std::move(sorted);
}

std::uint32_t Seating::Builder::section_of(const HallSeat& seat) {
    const auto [named, is_new] =
        sections_.try_emplace(seat.section, static_cast<std::uint32_t>(made_.sections_.size()));
    if (is_new) made_.sections_.push_back(seat.section);
    return named->second;
}

void Seating::Builder::add_to_bench(std::uint32_t seat, Point at) {
    const std::int64_t cost = cost_of(seat);
    Bench& bench = made_.benches_.back();
    bench.cost_min = bench.size() == 0 ? cost : std::min(bench.cost_min, cost);
    ++bench.end;
    add(seat, cost, at);
}

void Seating::Builder::add(std::uint32_t seat, std::int64_t cost, Point at) {
    const HallSeat& from = seats_[seat];
    made_.numbers_.push_back(from.number);
    made_.costs_.push_back(cost);
    made_.plan_positions_.push_back(seat);
    made_.prices_.push_back(from.price);
    made_.points_.push_back(at);
    if (!from.allotted_to) return;
    auto [allotment, is_new] = made_.allotments_.try_emplace(*from.allotted_to);
    if (is_new) allotment->second = SeatSet(seats_.size());
    allotment->second.insert(static_cast<SeatSlot>(made_.numbers_.size() - 1));
}

// A row becomes a bench, or several where aisles cut it.
void Seating::Builder::seat_row(const Indices& row, double usual, std::int32_t row_number) {
    const std::uint32_t section = section_of(seats_[row.front()]);
    const auto scaled = [&](double distance) {
        return static_cast<std::int32_t>(std::lround(distance * scale_));
    };
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (i == 0 || step(row[i - 1], row[i]) > usual * aisle) {
            const auto slot = static_cast<SeatSlot>(made_.numbers_.size());
            made_.benches_.push_back({slot, slot, section, 0});
        }
        const HallSeat& seat = seats_[row[i]];
        const Point counted{static_cast<std::int32_t>(i) * 1'000, row_number * 1'000};
        add_to_bench(row[i], has_coordinates_ ? Point{scaled(seat.x - left_), scaled(seat.y - top_)}
                                              : counted);
    }
}

void Seating::Builder::build() {
    if (!numbered_.empty()) seat_benches();
    seat_areas();
    finish();
}

void Seating::Builder::seat_areas() {
    std::map<std::string_view, std::size_t> found;
    std::vector<Indices> areas;
    for (const std::uint32_t i : general_) {
        const auto [at, is_new] = found.try_emplace(seats_[i].section, areas.size());
        if (is_new) areas.emplace_back();
        areas[at->second].push_back(i);
    }
    for (Indices& seats : areas) {
        std::ranges::sort(seats, {}, [&](std::uint32_t i) { return seats_[i].number; });
        const auto begin = static_cast<SeatSlot>(made_.numbers_.size());
        const HallSeat& first = seats_[seats.front()];
        made_.areas_.push_back(
            {begin, begin + static_cast<SeatSlot>(seats.size()), section_of(first), first.price});
        for (const std::uint32_t i : seats) add(i, i, {});
    }
}

void Seating::Builder::seat_benches() {
    measure();
    std::vector<Indices> all = rows();
    std::map<std::string_view, std::vector<double>> steps_of_section;
    for (Indices& row : all) {
        if (has_coordinates_) order(row);
        const std::vector<double> own = steps(row);
        std::vector<double>& section = steps_of_section[seats_[row.front()].section];
        section.insert(section.end(), own.begin(), own.end());
    }
    std::map<std::string_view, double> usual_of_section;
    for (auto& [section, steps] : steps_of_section) {
        usual_of_section[section] = lower_median(std::move(steps));
    }
    std::int32_t row_number = 0;
    for (const Indices& row : all) {
        const bool tells = row.size() >= 4;
        const double usual =
            tells ? lower_median(steps(row)) : usual_of_section[seats_[row.front()].section];
        seat_row(row, usual, row_number++);
    }
}

void Seating::Builder::finish() {
    std::ranges::stable_sort(made_.benches_, {}, &Bench::cost_min);
    made_.bench_of_.resize(numbered_.size());
    for (std::uint32_t i = 0; i < made_.benches_.size(); ++i) {
        const Bench& bench = made_.benches_[i];
        std::fill(made_.bench_of_.begin() + bench.begin, made_.bench_of_.begin() + bench.end, i);
    }
    made_.by_number_.resize(made_.size());
    std::iota(made_.by_number_.begin(), made_.by_number_.end(), SeatSlot{0});
    std::ranges::sort(made_.by_number_, {}, [&](SeatSlot slot) { return made_.numbers_[slot]; });
}

Seating::Seating(std::span<const HallSeat> seats) { Builder(*this, seats).build(); }

const Seating::Area* Seating::find_area(std::string_view section) const {
    const auto found = std::ranges::find_if(
        areas_, [&](const Area& area) { return sections_[area.section] == section; });
    return found == areas_.end() ? nullptr : &*found;
}

const Seating::Area* Seating::area_of(SeatSlot slot) const {
    // They come after the benches without a gap, each where the one before it ends.
    const auto after = std::ranges::upper_bound(areas_, slot, {}, &Area::begin);
    return after == areas_.begin() ? nullptr : &*std::prev(after);
}

std::optional<SeatSlot> Seating::find(SeatNumber number) const {
    const auto is_at = [&](std::size_t i) { return numbers_[by_number_[i]] == number; };
    // Halls are mostly numbered 1..n, where the seat stands at its number.
    const auto guess = static_cast<std::size_t>(number) - 1;
    if (number >= 1 && guess < size() && is_at(guess)) return by_number_[guess];
    const auto at = std::ranges::lower_bound(by_number_, number, {},
                                             [&](SeatSlot slot) { return numbers_[slot]; });
    if (at == by_number_.end() || numbers_[*at] != number) return std::nullopt;
    return *at;
}

}  // namespace concertres
