#include "tally.hpp"

#include <algorithm>
#include <cmath>

namespace on_sale {

using concertres::Duration;

void Tally::add(const Tally& other) {
    questions += other.questions;
    came += other.came;
    came_back += other.came_back;
    bought += other.bought;
    left_line += other.left_line;
    gave_back += other.gave_back;
    let_go += other.let_go;
    replayed += other.replayed;
    longest_wait = std::max(longest_wait, other.longest_wait);
    for (const auto& [code, times] : other.refusals) refusals[code] += times;
    holds.insert(holds.end(), other.holds.begin(), other.holds.end());
    payments.insert(payments.end(), other.payments.begin(), other.payments.end());
}

Duration quantile(std::vector<Duration>& times, double part) {
    if (times.empty()) return Duration{0};
    std::ranges::sort(times);
    const double rank = std::ceil(part * static_cast<double>(times.size()));
    return times[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

}  // namespace on_sale
