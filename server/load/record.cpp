#include "load/record.hpp"

#include <algorithm>

namespace concertres::load {

namespace {

constexpr std::array<std::string_view, steps> names{"token", "poll",    "dates",  "seats",
                                                    "hold",  "release", "charge", "pay"};

// Of different codes, and of different outcomes; further ones are counted together.
constexpr std::size_t kinds_max = 64;
// Far more than a run asks for: when to end it is the caller's affair.
constexpr std::size_t points_max = 10'000;

void count(std::map<std::string, std::uint64_t, std::less<>>& counts, std::string_view kind) {
    if (const auto found = counts.find(kind); found != counts.end()) {
        ++found->second;
    } else {
        ++counts[counts.size() < kinds_max ? std::string(kind) : std::string("other")];
    }
}

}  // namespace

std::string_view step_name(Step step) { return names[static_cast<std::size_t>(step)]; }

std::optional<Step> step_of(std::string_view name) {
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) return std::nullopt;
    return static_cast<Step>(found - names.begin());
}

// --- Tally

void Tally::add(const Sample& sample) {
    ++counts[static_cast<std::size_t>(sample.verdict)];
    (sample.verdict == Verdict::shed ? shed_times : times).record(sample.latency);
}

void Tally::add(const Tally& other) {
    for (std::size_t i = 0; i < verdicts; ++i) counts[i] += other.counts[i];
    times.add(other.times);
    shed_times.add(other.shed_times);
}

std::uint64_t Tally::requests() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t one : counts) sum += one;
    return sum;
}

// --- Record

void Record::add(const Sample& sample, Nanoseconds at) {
    advance(at);
    by_step_[static_cast<std::size_t>(sample.step)].add(sample);
    now_.add(sample);
    count(codes_, sample.code);
}

void Record::add_outcome(std::string_view outcome) { count(outcomes_, outcome); }

std::uint64_t Record::rounds() const {
    std::uint64_t sum = 0;
    for (const auto& [outcome, ended] : outcomes_) sum += ended;
    return sum;
}

void Record::advance(Nanoseconds to) {
    while (length_ + interval_ <= to && points_.size() < points_max) end_interval();
}

void Record::end_interval() {
    points_.push_back({.begin = length_,
                       .counts = now_.counts,
                       .p50 = now_.times.percentile(50),
                       .p95 = now_.times.percentile(95),
                       .p99 = now_.times.percentile(99),
                       .users = users_,
                       .waiting = waiting_});
    now_ = {};
    length_ += interval_;
}

void Record::finish(Nanoseconds at) {
    advance(at);
    if (now_.requests() > 0) end_interval();
    length_ = at;
}

Tally Record::all() const {
    Tally sum;
    for (const Tally& one : by_step_) sum.add(one);
    return sum;
}

}  // namespace concertres::load
