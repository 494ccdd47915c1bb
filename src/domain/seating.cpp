#include "concertres/seating.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <numeric>
#include <string_view>
#include <tuple>

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

// Makes a Seating of a hall; see the header for what it makes of it, and why.
class Seating::Builder {
  public:
    Builder(Seating& made, std::span<const HallSeat> seats) : made_(made), seats_(seats) {}

    void build();

  private:
    using Indices = std::vector<std::uint32_t>;  // of seats in the plan
    // Neighbours are at most this much farther from each other than is usual.
    static constexpr double aisle = 1.5;

    void measure();
    [[nodiscard]] std::vector<Indices> rows();
    void order(Indices& row) const;
    [[nodiscard]] double step(std::uint32_t a, std::uint32_t b) const;
    [[nodiscard]] std::vector<double> steps(const Indices& row) const;
    [[nodiscard]] std::int64_t cost_of(std::uint32_t seat) const;
    void seat_row(const Indices& row, double usual, std::int32_t row_number);
    void add(std::uint32_t seat, Point at);
    void finish();

    Seating& made_;
    std::span<const HallSeat> seats_;
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
    const auto [left, right] = std::ranges::minmax(seats_, {}, &HallSeat::x);
    const auto [top, bottom] = std::ranges::minmax(seats_, {}, &HallSeat::y);
    scale_ = 1e6 / std::hypot(right.x - left.x, bottom.y - top.y);
    // All in one point, or so far apart that nothing can be measured.
    has_coordinates_ = std::isfinite(scale_) && scale_ > 0;
    left_ = left.x;
    top_ = top.y;
    focus_x_ = (left.x + right.x) / 2;
    const double first = seats_.front().y;
    focus_y_ = first - top.y <= bottom.y - first ? top.y : bottom.y;
}

std::int64_t Seating::Builder::cost_of(std::uint32_t seat) const {
    if (!has_coordinates_) return seat;
    return std::llround(std::hypot(seats_[seat].x - focus_x_, seats_[seat].y - focus_y_) * scale_);
}

// In the order in which they begin in the plan, each in the order of the plan.
std::vector<Seating::Builder::Indices> Seating::Builder::rows() {
    std::map<std::tuple<std::string_view, std::string_view, double>, std::size_t> found;
    std::vector<Indices> rows;
    for (std::uint32_t i = 0; i < seats_.size(); ++i) {
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

void Seating::Builder::add(std::uint32_t seat, Point at) {
    const HallSeat& from = seats_[seat];
    const std::int64_t cost = cost_of(seat);
    Bench& bench = made_.benches_.back();
    bench.cost_min = bench.size() == 0 ? cost : std::min(bench.cost_min, cost);
    ++bench.end;
    made_.numbers_.push_back(from.number);
    made_.costs_.push_back(cost);
    made_.plan_positions_.push_back(seat);
    made_.prices_.push_back(from.price);
    made_.points_.push_back(at);
}

// A row becomes a bench, or several where aisles cut it.
void Seating::Builder::seat_row(const Indices& row, double usual, std::int32_t row_number) {
    const std::string& section = seats_[row.front()].section;
    const auto [named, is_new] =
        sections_.try_emplace(section, static_cast<std::uint32_t>(made_.sections_.size()));
    if (is_new) made_.sections_.push_back(section);
    const auto scaled = [&](double distance) {
        return static_cast<std::int32_t>(std::lround(distance * scale_));
    };
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (i == 0 || step(row[i - 1], row[i]) > usual * aisle) {
            const auto slot = static_cast<SeatSlot>(made_.numbers_.size());
            made_.benches_.push_back({slot, slot, named->second, 0});
        }
        const HallSeat& seat = seats_[row[i]];
        const Point counted{static_cast<std::int32_t>(i) * 1'000, row_number * 1'000};
        add(row[i],
            has_coordinates_ ? Point{scaled(seat.x - left_), scaled(seat.y - top_)} : counted);
    }
}

void Seating::Builder::build() {
    if (seats_.empty()) return;
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
    finish();
}

void Seating::Builder::finish() {
    std::ranges::stable_sort(made_.benches_, {}, &Bench::cost_min);
    made_.bench_of_.resize(made_.size());
    for (std::uint32_t i = 0; i < made_.benches_.size(); ++i) {
        const Bench& bench = made_.benches_[i];
        std::fill(made_.bench_of_.begin() + bench.begin, made_.bench_of_.begin() + bench.end, i);
    }
    made_.by_number_.resize(made_.size());
    std::iota(made_.by_number_.begin(), made_.by_number_.end(), SeatSlot{0});
    std::ranges::sort(made_.by_number_, {}, [&](SeatSlot slot) { return made_.numbers_[slot]; });
}

Seating::Seating(std::span<const HallSeat> seats) { Builder(*this, seats).build(); }

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
