#include "engine/admission_rate.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "concertres/assert.hpp"

namespace concertres {
namespace {

// Fewer moments than this show no pace: two gaps between them are the least that can differ.
constexpr std::size_t moments_min = 3;
// So many times must a number of people have been let in, one lot after the other, for the best and
// the worst of it to say something.
constexpr std::int64_t lots_min = 3;

// The numbers of people that are measured: 1, 2, 3, then four to each doubling, so that neighbours
// are at most a quarter apart.
std::int64_t people_at(std::size_t step) {
    if (step < 3) return static_cast<std::int64_t>(step) + 1;
    const std::size_t doubling = (step - 3) / 4;
    return static_cast<std::int64_t>(4 + (step - 3) % 4) << doubling;
}

// The last step that is not above.
std::size_t step_of(std::int64_t people) {
    if (people < 4) return static_cast<std::size_t>(people) - 1;
    const auto bits = static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(people)));
    const std::size_t doubling = bits - 3;
    return 3 + 4 * doubling + static_cast<std::size_t>((people >> doubling) - 4);
}

Duration times(Duration duration, double factor) {
    // Far beyond any sale, and far from an overflow.
    constexpr double most = 1e15;
    return Duration(
        static_cast<std::int64_t>(std::min(most, static_cast<double>(duration.count()) * factor)));
}

}  // namespace

void AdmissionRate::note(Time at) {
    if (!admissions_.empty() && at - admissions_.back().at < grain) {
        ++admissions_.back().count;
    } else {
        admissions_.push_back({at, 1});
    }
}

void AdmissionRate::clear() {
    admissions_.clear();
    spans_.clear();
    longest_gap_ = Duration(0);
    after_first_ = 0;
}

void AdmissionRate::drop_old() {
    while (!admissions_.empty() && admissions_.front().at + kept < admissions_.back().at) {
        admissions_.pop_front();
    }
}

void AdmissionRate::settle() {
    drop_old();
    spans_.clear();
    longest_gap_ = Duration(0);
    after_first_ = 0;
    if (admissions_.size() < moments_min) return;
    for (std::size_t i = 1; i < admissions_.size(); ++i) {
        after_first_ += admissions_[i].count;
        longest_gap_ = std::max(longest_gap_, admissions_[i].at - admissions_[i - 1].at);
    }
    const std::int64_t people_max = std::max<std::int64_t>(1, after_first_ / lots_min);
    for (std::size_t step = 0; people_at(step) <= people_max; ++step) {
        spans_.push_back(span_of(people_at(step)));
    }
    choose_lots();
}

// From each admission on, for as long as the record has so many more.
AdmissionRate::Span AdmissionRate::span_of(std::int64_t people) const {
    Span span{.min = kept, .max = Duration(0), .inner = inner_of(people)};
    std::size_t last = 0;
    std::int64_t let_in = 0;  // after the first, up to and with the last
    // After the last of all nobody was let in, so it ends there at the latest.
    for (std::size_t first = 0;; ++first) {
        while (let_in < people && last + 1 < admissions_.size())
            let_in += admissions_[++last].count;
        if (let_in < people) break;
        const Duration took = admissions_[last].at - admissions_[first].at;
        span.min = std::min(span.min, took);
        span.max = std::max(span.max, took);
        let_in -= admissions_[first + 1].count;
    }
    return span;
}

// The others of the same moment come after the first of them at once.
Duration AdmissionRate::inner_of(std::int64_t people) const {
    Duration least = kept;
    std::size_t last = 0;
    std::int64_t let_in = admissions_.front().count;  // from the first on, up to and with the last
    for (const Admitted& first : admissions_) {
        while (let_in - 1 < people && last + 1 < admissions_.size()) {
            let_in += admissions_[++last].count;
        }
        if (let_in - 1 < people) break;
        least = std::min(least, admissions_[last].at - first.at);
        let_in -= first.count;
    }
    return least;
}

void AdmissionRate::choose_lots() {
    const auto per_person = [](Duration took, std::size_t step) {
        return static_cast<double>(took.count()) / static_cast<double>(people_at(step));
    };
    surest_min_ = surest_max_ = 0;
    for (std::size_t step = 1; step < spans_.size(); ++step) {
        if (per_person(spans_[step].inner, step) >=
            per_person(spans_[surest_min_].inner, surest_min_)) {
            surest_min_ = step;
        }
        if (per_person(spans_[step].max, step) <=
            per_person(spans_[surest_max_].max, surest_max_)) {
            surest_max_ = step;
        }
    }
}

// At worst each lot takes as long as any did. At best the first does so from an admission on, and
// the next begin where those of one moment have not all been let in yet.
AdmissionRate::Range AdmissionRate::in_lots(std::int64_t people) const {
    const std::int64_t slow = people_at(surest_max_);
    const std::int64_t quick = people_at(surest_min_);
    const std::int64_t first = people_at(spans_.size() - 1);
    const std::int64_t more = std::max<std::int64_t>(0, people - first) / quick;
    const std::int64_t at_worst = (people - 1) / slow + 1;
    return {spans_.back().min + times(spans_[surest_min_].inner, static_cast<double>(more)),
            times(spans_[surest_max_].max, static_cast<double>(at_worst))};
}

// By what was measured for fewer, at best, and for more, at worst. The error of having counted so
// many, and no more, comes on top.
AdmissionRate::Range AdmissionRate::measured(std::int64_t people) const {
    const std::size_t step = step_of(people);
    const std::size_t above = people_at(step) == people ? step : step + 1;
    Range range = in_lots(people);
    if (step < spans_.size()) range.min = spans_[step].min;
    if (above < spans_.size()) range.max = std::min(range.max, spans_[above].max);
    const double error = 1 / std::sqrt(static_cast<double>(std::min(people, after_first_)));
    return {times(range.min, 1 / (1 + error)), times(range.max, 1 + error)};
}

std::optional<AdmissionRate::Range> AdmissionRate::until(std::int64_t people, Time now) const {
    CONCERTRES_ASSERT(people >= 1);
    if (spans_.empty()) return std::nullopt;
    const Duration since = std::max(now - admissions_.back().at, Duration(0));
    if (since > 2 * (longest_gap_ + grain)) return std::nullopt;
    // Who has waited longer than anybody before knows that it can take longer, not how much.
    const Duration gone = std::min(since, longest_gap_);
    const Range range = measured(people);
    return Range{std::max(range.min - gone - grain, Duration(0)),
                 std::max(range.max - gone, Duration(0)) + grain};
}

}  // namespace concertres
