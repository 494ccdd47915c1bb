#include "hall.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_set>

namespace on_sale {
namespace {

using concertres::SeatNumber;
using concertres::SeatView;

double distance(const SeatView& a, const SeatView& b) { return std::hypot(a.x - b.x, a.y - b.y); }

bool in_one_row(const SeatView& a, const SeatView& b) {
    return a.section == b.section && a.row == b.row;
}

// How far apart neighbours sit. Two rows may have one name (two boxes, say), so a name alone does
// not make neighbours.
double neighbour_distance(std::span<const SeatView> seats) {
    double least = std::numeric_limits<double>::max();
    for (std::size_t i = 1; i < seats.size(); ++i) {
        if (!in_one_row(seats[i - 1], seats[i])) continue;
        const double apart = distance(seats[i - 1], seats[i]);
        if (apart > 0) least = std::min(least, apart);
    }
    return least;
}

// Dearer is better, and then nearer to the middle of the hall.
std::vector<double> rank(std::span<const SeatView> seats) {
    const auto [left, right] = std::ranges::minmax(seats, {}, &SeatView::x);
    const double middle = (left.x + right.x) / 2;
    const double width = std::max(right.x - left.x, 1.0);
    std::vector<double> goodness;
    goodness.reserve(seats.size());
    for (const SeatView& seat : seats) {
        goodness.push_back(static_cast<double>(seat.price.minor) *
                           (1 - 0.2 * std::abs(seat.x - middle) / width));
    }
    return goodness;
}

}  // namespace

Hall::Hall(std::span<const SeatView> seats) {
    if (seats.empty()) return;
    const double apart_max = neighbour_distance(seats) * 1.5;
    const std::vector<double> goodness = rank(seats);
    for (const SeatView& seat : seats) seats_.push_back(seat.number);

    for (std::size_t size = 1; size <= party_max; ++size) {
        auto& stretches = stretches_[size - 1];
        std::size_t together = 0;  // how many side by side end at i
        for (std::size_t i = 0; i < seats.size(); ++i) {
            const bool is_next = i > 0 && in_one_row(seats[i - 1], seats[i]) &&
                                 distance(seats[i - 1], seats[i]) <= apart_max;
            together = is_next ? together + 1 : 1;
            if (together >= size) stretches.push_back({static_cast<std::uint32_t>(i + 1 - size)});
        }
        auto good = [&](Stretch s) {
            return std::accumulate(&goodness[s.first], &goodness[s.first] + size, 0.0);
        };
        std::ranges::stable_sort(stretches, std::greater{}, good);
    }
}

std::vector<SeatNumber> Hall::choose(std::span<const SeatView> free, std::size_t party,
                                     std::minstd_rand& random) const {
    constexpr std::size_t choices_max = 48;

    std::unordered_set<SeatNumber> is_free;
    is_free.reserve(free.size());
    for (const SeatView& seat : free) is_free.insert(seat.number);

    for (std::size_t size = party; size >= 1; --size) {
        std::vector<Stretch> choices;
        for (Stretch stretch : stretches_[size - 1]) {
            bool all_free = true;
            for (std::size_t i = 0; i < size && all_free; ++i) {
                all_free = is_free.contains(seats_[stretch.first + i]);
            }
            if (all_free) choices.push_back(stretch);
            if (choices.size() == choices_max) break;
        }
        if (choices.empty()) continue;
        std::uniform_int_distribution<std::size_t> any(0, choices.size() - 1);
        const std::uint32_t first = choices[any(random)].first;
        return {seats_.begin() + first, seats_.begin() + first + static_cast<std::ptrdiff_t>(size)};
    }
    return {};
}

}  // namespace on_sale
