#include "load/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "concertres/time.hpp"
#include "json/json_writer.hpp"

namespace concertres::load {

namespace {

double seconds(Nanoseconds time) { return std::chrono::duration<double>(time).count(); }

double per_second(std::uint64_t count, const Record& record) {
    const double length = seconds(record.length());
    return length > 0 ? static_cast<double>(count) / length : 0;
}

std::string shown(Microseconds time) {
    const auto us = static_cast<double>(time.count());
    if (us < 1'000) return fmt::format("{:.0f} us", us);
    if (us < 10'000) return fmt::format("{:.2f} ms", us / 1'000);
    if (us < 1'000'000) return fmt::format("{:.0f} ms", us / 1'000);
    return fmt::format("{:.2f} s", us / 1'000'000);
}

std::string row(std::string_view name, const Tally& tally, const Record& record) {
    const Histogram& times = tally.times;
    const std::uint64_t errors = tally.count(Verdict::shed) + tally.count(Verdict::failed);
    return fmt::format("  {:<9}{:>10}{:>10.1f}{:>10}{:>10}{:>10}{:>10}{:>9}{:>9}\n", name,
                       tally.requests(), per_second(tally.count(Verdict::good), record),
                       shown(times.percentile(50)), shown(times.percentile(95)),
                       shown(times.percentile(99)), shown(times.max()),
                       tally.count(Verdict::refused), errors);
}

std::string counts_text(const std::map<std::string, std::uint64_t, std::less<>>& counts) {
    std::string text;
    for (const auto& [name, count] : counts) {
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, name);
    }
    return text.empty() ? "none" : text;
}

// --- JSON

std::int64_t in_us(Microseconds time) { return time.count(); }

void write_times(server::JsonWriter& json, const Histogram& times) {
    json.begin_object()
        .field("count", static_cast<std::int64_t>(times.count()))
        .field("mean_us", in_us(times.mean()))
        .field("p50_us", in_us(times.percentile(50)))
        .field("p90_us", in_us(times.percentile(90)))
        .field("p95_us", in_us(times.percentile(95)))
        .field("p99_us", in_us(times.percentile(99)))
        .field("p999_us", in_us(times.percentile(99.9)))
        .field("max_us", in_us(times.max()))
        .end_object();
}

void write_verdicts(server::JsonWriter& json, const std::array<std::uint64_t, verdicts>& counts) {
    constexpr std::string_view names[] = {"good", "refused", "shed", "failed"};
    for (std::size_t i = 0; i < verdicts; ++i) {
        json.field(names[i], static_cast<std::int64_t>(counts[i]));
    }
}

void write_tally(server::JsonWriter& json, const Tally& tally) {
    json.begin_object().field("requests", static_cast<std::int64_t>(tally.requests()));
    write_verdicts(json, tally.counts);
    json.key("times");
    write_times(json, tally.times);
    if (tally.shed_times.count() > 0) {
        json.key("shed_times");
        write_times(json, tally.shed_times);
    }
    json.end_object();
}

void write_counts(server::JsonWriter& json,
                  const std::map<std::string, std::uint64_t, std::less<>>& counts) {
    json.begin_object();
    for (const auto& [name, count] : counts) json.field(name, static_cast<std::int64_t>(count));
    json.end_object();
}

void write_points(server::JsonWriter& json, const Record& record) {
    json.begin_array();
    for (const Point& point : record.points()) {
        json.begin_object().field(
            "at_ms", std::chrono::floor<std::chrono::milliseconds>(point.begin).count());
        write_verdicts(json, point.counts);
        json.field("p50_us", in_us(point.p50))
            .field("p95_us", in_us(point.p95))
            .field("p99_us", in_us(point.p99))
            .field("users", static_cast<std::int64_t>(point.users));
        if (point.waiting) json.field("waiting", *point.waiting);
        json.end_object();
    }
    json.end_array();
}

}  // namespace

bool all_met(const Finished& run) {
    return std::ranges::all_of(run.plan.profile.thresholds, [&](const Threshold& threshold) {
        return threshold.is_met(run.record);
    });
}

std::string shown_plan(const Profile& profile) {
    return fmt::format(fmt::runtime(profile.open_loop ? "{} at up to {:.0f} arrivals a second"
                                                      : "{} by up to {:.0f} users"),
                       scenario_name(profile.scenario), profile.stages.highest());
}

std::string text_report(const Finished& run) {
    const Record& record = run.record;
    std::string text = fmt::format("{}: {}, for {} against {}{}\n\n", run.plan.profile.name,
                                   shown_plan(run.plan.profile), shown_length(record.length()),
                                   run.plan.target, run.interrupted ? " (interrupted)" : "");
    text += fmt::format("  {:<9}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}{:>9}{:>9}\n", "", "requests",
                        "good/s", "p50", "p95", "p99", "max", "refused", "errors");
    const Tally all = record.all();
    for (std::size_t i = 0; i < steps; ++i) {
        const auto step = static_cast<Step>(i);
        if (record.of(step).requests() > 0) text += row(step_name(step), record.of(step), record);
    }
    text += row("all", all, record);
    text += fmt::format("\nanswers: {}\noutcomes: {}\n", counts_text(record.codes()),
                        counts_text(record.outcomes()));
    if (all.shed_times.count() > 0) {
        text +=
            fmt::format("shed: {}, p50 {}, p99 {}\n", all.shed_times.count(),
                        shown(all.shed_times.percentile(50)), shown(all.shed_times.percentile(99)));
    }
    if (record.missed > 0) {
        text += fmt::format("missed: {} arrivals found nobody free to serve them\n", record.missed);
    }
    if (!run.plan.profile.thresholds.empty()) text += "\n";
    for (const Threshold& threshold : run.plan.profile.thresholds) {
        text += fmt::format("{:<7}{}: {}\n", threshold.is_met(record) ? "met" : "MISSED",
                            threshold.text(), threshold.shown(threshold.value(record)));
    }
    return text;
}

std::string json_report(const Finished& run) {
    const Record& record = run.record;
    const Profile& profile = run.plan.profile;
    std::string text;
    server::JsonWriter json(text);
    json.begin_object()
        .field("profile", profile.name)
        .field("scenario", scenario_name(profile.scenario))
        .field("stages_are", profile.open_loop ? "arrivals_per_second" : "users")
        .field("target", run.plan.target)
        .field("concert_id", run.concert)
        .field("started_at", std::chrono::time_point_cast<Time::duration>(run.started))
        .field("length_ms", std::chrono::floor<std::chrono::milliseconds>(record.length()).count())
        .field("interrupted", run.interrupted)
        .field("prepared_requests", static_cast<std::int64_t>(run.prepared_requests))
        .field("missed", static_cast<std::int64_t>(record.missed));
    json.key("all");
    write_tally(json, record.all());
    json.key("steps").begin_object();
    for (std::size_t i = 0; i < steps; ++i) {
        const auto step = static_cast<Step>(i);
        if (record.of(step).requests() == 0) continue;
        json.key(step_name(step));
        write_tally(json, record.of(step));
    }
    json.end_object();
    json.key("codes");
    write_counts(json, record.codes());
    json.key("outcomes");
    write_counts(json, record.outcomes());
    json.key("thresholds").begin_array();
    for (const Threshold& threshold : profile.thresholds) {
        json.begin_object()
            .field("text", threshold.text())
            .field("met", threshold.is_met(record))
            .field("value", threshold.shown(threshold.value(record)))
            .end_object();
    }
    json.end_array()
        .field("interval_ms",
               std::chrono::floor<std::chrono::milliseconds>(record.interval()).count())
        .key("points");
    write_points(json, record);
    json.end_object();
    return text + "\n";
}

}  // namespace concertres::load
