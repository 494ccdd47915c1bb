#include "load/threshold.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>
#include <vector>

#include "base/json_reader.hpp"

namespace concertres::load {

namespace {

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const std::size_t end = text.find(' ');
        if (end != 0) words.push_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return words;
}

// A number at the beginning, and what follows it.
std::optional<std::pair<double, std::string_view>> leading_number(std::string_view text) {
    double value = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc() || value < 0) return std::nullopt;
    return std::pair(value, text.substr(static_cast<std::size_t>(end - text.data())));
}

double milliseconds(Microseconds time) { return static_cast<double>(time.count()) / 1'000; }

}  // namespace

Result<Threshold> Threshold::parse(std::string_view text) {
    const auto refusal = [&](std::string_view why) {
        return Error{Errc::request_invalid,
                     fmt::format("a threshold is like \"p95 <= 10 ms\", \"hold p99 < 250 ms\", "
                                 "\"errors <= 0.1%\" or \"rate >= 500/s\"; {}: {}",
                                 in_quotes(text), why),
                     {}};
    };
    Threshold made;
    made.text_ = text;
    auto words = words_of(text);
    if (!words.empty()) made.step_ = step_of(words.front());
    if (made.step_) words.erase(words.begin());
    if (words.size() < 3) return refusal("it takes a metric, a relation and a limit");
    if (!made.take_metric(words[0])) return refusal("there is no such step or metric");
    constexpr std::string_view relations[] = {"<", "<=", ">", ">="};
    std::size_t relation = 0;
    while (relation < std::size(relations) && relations[relation] != words[1]) ++relation;
    if (relation == std::size(relations)) return refusal("the relation is one of < <= > >=");
    made.relation_ = static_cast<Relation>(relation);
    if (made.step_ && made.metric_ == Metric::missed) {
        return refusal("arrivals are missed as a whole, not step by step");
    }
    std::string limit(words[2]);
    for (std::size_t i = 3; i < words.size(); ++i) limit += words[i];
    if (!made.take_limit(limit)) {
        return refusal(made.is_time()                 ? "the limit is a time, in us, ms or s"
                       : made.metric_ == Metric::rate ? "the limit is a rate, like 500/s"
                                                      : "the limit is a percentage, like 0.1%");
    }
    return made;
}

bool Threshold::take_metric(std::string_view name) {
    constexpr std::pair<std::string_view, Metric> metrics[] = {
        {"mean", Metric::mean},     {"max", Metric::max},       {"errors", Metric::errors},
        {"shed", Metric::shed},     {"failed", Metric::failed}, {"refused", Metric::refused},
        {"missed", Metric::missed}, {"rate", Metric::rate},
    };
    for (const auto& [known, metric] : metrics) {
        if (known != name) continue;
        metric_ = metric;
        return true;
    }
    if (!name.starts_with('p')) return false;
    const auto percent = leading_number(name.substr(1));
    if (!percent || !percent->second.empty() || percent->first > 100) return false;
    metric_ = Metric::percentile;
    percent_ = percent->first;
    return true;
}

bool Threshold::take_limit(std::string_view text) {
    const auto number = leading_number(text);
    if (!number) return false;
    const auto& [value, unit] = *number;
    limit_ = value;
    if (metric_ == Metric::rate) return unit == "/s";
    if (!is_time()) return unit == "%";
    if (unit == "us") limit_ = value / 1'000;
    if (unit == "s") limit_ = value * 1'000;
    return unit == "us" || unit == "ms" || unit == "s";
}

std::optional<double> Threshold::value(const Record& record) const {
    const Tally tally = step_ ? record.of(*step_) : record.all();
    const auto requests = static_cast<double>(tally.requests());
    if (metric_ == Metric::missed) {
        const auto missed = static_cast<double>(record.missed);
        const double arrivals = missed + static_cast<double>(record.rounds());
        return arrivals == 0 ? std::nullopt : std::optional(100 * missed / arrivals);
    }
    if (requests == 0) return std::nullopt;
    if (is_time() && tally.times.count() == 0) return std::nullopt;
    // Of whole numbers, so that three of ten are 30%, and not a little more.
    const auto percent = [&](std::uint64_t count) {
        return 100 * static_cast<double>(count) / requests;
    };
    switch (metric_) {
        case Metric::percentile:
            return milliseconds(tally.times.percentile(percent_));
        case Metric::mean:
            return milliseconds(tally.times.mean());
        case Metric::max:
            return milliseconds(tally.times.max());
        case Metric::errors:
            return percent(tally.count(Verdict::shed) + tally.count(Verdict::failed));
        case Metric::shed:
            return percent(tally.count(Verdict::shed));
        case Metric::failed:
            return percent(tally.count(Verdict::failed));
        case Metric::refused:
            return percent(tally.count(Verdict::refused));
        case Metric::rate:
            return static_cast<double>(tally.count(Verdict::good)) /
                   std::chrono::duration<double>(record.length()).count();
        case Metric::missed:
            break;
    }
    return std::nullopt;
}

bool Threshold::is_met(const Record& record) const {
    const auto reached = value(record);
    if (!reached) return false;
    switch (relation_) {
        case Relation::less:
            return *reached < limit_;
        case Relation::at_most:
            return *reached <= limit_;
        case Relation::more:
            return *reached > limit_;
        case Relation::at_least:
            return *reached >= limit_;
    }
    return false;
}

std::string Threshold::shown(std::optional<double> value) const {
    if (!value) return "nothing";
    if (is_time()) return fmt::format("{:.3g} ms", *value);
    return fmt::format(fmt::runtime(metric_ == Metric::rate ? "{:.1f}/s" : "{:.3g}%"), *value);
}

}  // namespace concertres::load
