#include "load/stages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/json_reader.hpp"

namespace concertres::load {

namespace {

using Seconds = std::chrono::duration<double>;

constexpr std::int64_t target_max = 1'000'000;
constexpr auto length_max = std::chrono::hours(24);

// Arrivals of a stage: the area below its line.
double area(double from, const Stage& stage) {
    return (from + stage.target) / 2 * Seconds(stage.length).count();
}

// When, in a stage that begins at rate `from`, the area has come to `wanted`.
Nanoseconds when(double from, const Stage& stage, double wanted) {
    const double slope = (stage.target - from) / Seconds(stage.length).count();
    const double root = std::sqrt(std::max(0.0, from * from + 2 * slope * wanted));
    // Without the usual difference in the numerator, which a small slope would make noise.
    const double at = wanted <= 0 ? 0 : 2 * wanted / (from + root);
    return std::min(std::chrono::duration_cast<Nanoseconds>(Seconds(at)), stage.length);
}

std::optional<std::int64_t> whole_number(std::string_view text, std::int64_t max) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool good = error == std::errc() && end == text.data() + text.size();
    return good && value >= 0 && value <= max ? std::optional(value) : std::nullopt;
}

}  // namespace

Nanoseconds Stages::length() const {
    Nanoseconds sum{0};
    for (const Stage& stage : stages_) sum += stage.length;
    return sum;
}

double Stages::highest() const {
    double highest = 0;
    for (const Stage& stage : stages_) highest = std::max(highest, stage.target);
    return highest;
}

double Stages::value_at(Nanoseconds since_start) const {
    double from = 0;
    for (const Stage& stage : stages_) {
        if (since_start < stage.length) {
            const double share = Seconds(since_start).count() / Seconds(stage.length).count();
            return from + (stage.target - from) * share;
        }
        since_start -= stage.length;
        from = stage.target;
    }
    return 0;
}

std::int64_t Stages::arrivals() const {
    double sum = 0;
    double from = 0;
    for (const Stage& stage : stages_) {
        sum += area(from, stage);
        from = stage.target;
    }
    // What is whole but for a rounding is whole.
    return static_cast<std::int64_t>(std::floor(sum + 1e-6));
}

std::optional<Nanoseconds> Stages::arrival(std::int64_t number) const {
    if (number < 0 || number >= arrivals()) return std::nullopt;
    auto wanted = static_cast<double>(number);
    Nanoseconds begin{0};
    double from = 0;
    for (const Stage& stage : stages_) {
        const double here = area(from, stage);
        if (stage.length > Nanoseconds(0) && wanted < here) {
            return begin + when(from, stage, wanted);
        }
        wanted -= here;
        begin += stage.length;
        from = stage.target;
    }
    return begin;
}

Stages Stages::scaled(double factor) const {
    std::vector<Stage> all = stages_;
    for (Stage& stage : all) {
        stage.length = std::chrono::duration_cast<Nanoseconds>(stage.length * factor);
    }
    return Stages(std::move(all));
}

std::optional<Nanoseconds> parse_length(std::string_view text) {
    const std::size_t digits = text.find_first_not_of("0123456789");
    if (digits == 0 || digits == std::string_view::npos) return std::nullopt;
    const auto number = whole_number(text.substr(0, digits), 1'000'000'000);
    if (!number) return std::nullopt;
    const std::string_view unit = text.substr(digits);
    std::optional<Nanoseconds> length;
    if (unit == "ms") length = std::chrono::milliseconds(*number);
    if (unit == "s") length = std::chrono::seconds(*number);
    if (unit == "m") length = std::chrono::minutes(*number);
    if (unit == "h" && *number <= 24) length = std::chrono::hours(*number);
    return length && *length <= length_max ? length : std::nullopt;
}

std::string shown_length(Nanoseconds length) {
    const auto ms = std::chrono::round<std::chrono::milliseconds>(length).count();
    if (ms < 1'000) return fmt::format("{}ms", ms);
    if (ms < 60'000) return fmt::format("{:.3g}s", static_cast<double>(ms) / 1'000);
    const auto seconds = (ms + 500) / 1'000;
    if (seconds % 60 == 0) return fmt::format("{}m", seconds / 60);
    return fmt::format("{}m{}s", seconds / 60, seconds % 60);
}

Result<Stages> parse_stages(const std::vector<std::string>& texts) {
    std::vector<Stage> stages;
    for (const std::string& text : texts) {
        const std::size_t space = text.find(' ');
        const auto length = parse_length(std::string_view(text).substr(0, space));
        std::optional<std::int64_t> target;
        if (space != std::string::npos) {
            target = whole_number(std::string_view(text).substr(space + 1), target_max);
        }
        if (!length || !target) {
            return Error{
                Errc::request_invalid,
                fmt::format("a stage must be a length (of at most 24h) and a number (of at most "
                            "{}), like \"30s 100\", not {}",
                            target_max, in_quotes(text)),
                {}};
        }
        stages.push_back({*length, static_cast<double>(*target)});
    }
    Stages all(std::move(stages));
    if (all.length() == Nanoseconds(0) || all.length() > length_max || all.highest() == 0) {
        return Error{Errc::request_invalid,
                     "the stages must last some time, at most 24h in all, and reach more than 0",
                     {}};
    }
    return all;
}

}  // namespace concertres::load
