#include "load/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace concertres::load {

namespace {

// Of a doubling: so many counters, and as many bits that tell them apart.
constexpr int part_bits = 7;
constexpr std::int64_t parts = std::int64_t{1} << part_bits;

}  // namespace

// From 128 on, the leading bit says which doubling it is and the seven below it which part; times
// below that are their own index, which is what the same formula gives.
std::size_t Histogram::index_of(std::int64_t time) {
    if (time < 2 * parts) return static_cast<std::size_t>(time);
    const auto width = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(time)));
    const int shift = width - 1 - part_bits;
    return static_cast<std::size_t>(shift * parts + (time >> shift));
}

std::int64_t Histogram::end_of(std::size_t index) {
    const auto number = static_cast<std::int64_t>(index);
    if (number < 2 * parts) return number;
    const auto shift = static_cast<int>(number / parts - 1);
    const std::int64_t leading = number - shift * parts;
    return ((leading + 1) << shift) - 1;
}

std::size_t Histogram::bytes_max() {
    return (index_of(longest.count()) + 1) * sizeof(std::uint64_t);
}

void Histogram::record(Microseconds time) {
    time = std::clamp(time, Microseconds(0), longest);
    const std::size_t index = index_of(time.count());
    if (index >= counts_.size()) counts_.resize(index + 1);
    ++counts_[index];
    ++count_;
    sum_ += time.count();
    max_ = std::max(max_, time);
}

void Histogram::add(const Histogram& other) {
    if (other.counts_.size() > counts_.size()) counts_.resize(other.counts_.size());
    for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    sum_ += other.sum_;
    max_ = std::max(max_, other.max_);
}

void Histogram::clear() { *this = {}; }

Microseconds Histogram::percentile(double percent) const {
    if (count_ == 0) return Microseconds(0);
    const double share = std::clamp(percent, 0.0, 100.0) / 100;
    const auto wanted = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_))));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        seen += counts_[i];
        if (seen >= wanted) return std::min(Microseconds(end_of(i)), max_);
    }
    return max_;
}

Microseconds Histogram::mean() const {
    if (count_ == 0) return Microseconds(0);
    return Microseconds(sum_ / static_cast<std::int64_t>(count_));
}

}  // namespace concertres::load
