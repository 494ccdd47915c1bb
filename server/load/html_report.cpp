// The report as a page: charts in SVG, drawn here, and the text below them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "load/report.hpp"

namespace concertres::load {

namespace {

constexpr double width = 860;
constexpr double height = 220;
constexpr double left = 70;
constexpr double right = 16;
constexpr double top = 34;
constexpr double bottom = 30;

// One line of a chart: a value for each interval, or none.
struct Line {
    std::string_view name;
    std::string_view colour;
    std::function<std::optional<double>(const Point&)> value;
};

std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        switch (c) {
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            case '&':
                result += "&amp;";
                break;
            default:
                result += c;
        }
    }
    return result;
}

// The least of 1, 2, 5, 10, 20, ... that is not below it.
double round_up(double value) {
    if (value <= 0) return 1;
    const double power = std::pow(10, std::floor(std::log10(value)));
    for (const double step : {1.0, 2.0, 5.0}) {
        if (value <= step * power) return step * power;
    }
    return 10 * power;
}

class Chart {
  public:
    Chart(const Record& record, std::string_view title, std::vector<Line> lines)
        : record_(record), title_(title), lines_(std::move(lines)) {}

    [[nodiscard]] std::string svg() const {
        const double highest = round_up(highest_value());
        std::string text = fmt::format(
            "<svg viewBox=\"0 0 {0} {1}\" role=\"img\" aria-label=\"{2}\">\n<text x=\"{3}\" "
            "y=\"16\" class=\"title\">{2}</text>\n",
            width, height, escaped(title_), left);
        text += axes(highest);
        double at = width - right;
        for (auto line = lines_.rbegin(); line != lines_.rend(); ++line) {
            text += fmt::format(
                "<text x=\"{:.0f}\" y=\"16\" text-anchor=\"end\" fill=\"{}\">{}</text>\n", at,
                line->colour, line->name);
            at -= 14 + 7.5 * static_cast<double>(line->name.size());
        }
        for (const Line& line : lines_) text += path(line, highest);
        return text + "</svg>\n";
    }

  private:
    [[nodiscard]] double highest_value() const {
        double highest = 0;
        for (const Line& line : lines_) {
            for (const Point& point : record_.points()) {
                highest = std::max(highest, line.value(point).value_or(0));
            }
        }
        return highest;
    }

    [[nodiscard]] double x_of(Nanoseconds time) const {
        const double share =
            std::chrono::duration<double>(time).count() /
            std::max(1e-9, std::chrono::duration<double>(record_.length()).count());
        return left + share * (width - left - right);
    }
    static double y_of(double value, double highest) {
        return height - bottom - value / highest * (height - top - bottom);
    }

    [[nodiscard]] std::string axes(double highest) const {
        std::string text;
        for (int i = 0; i <= 4; ++i) {
            const double y = y_of(highest * i / 4, highest);
            text += fmt::format(
                "<path class=\"grid\" d=\"M{0} {1:.1f}H{2}\"/><text x=\"{3}\" y=\"{4:.1f}\" "
                "text-anchor=\"end\">{5:g}</text>\n",
                left, y, width - right, left - 8, y + 4, highest * i / 4);
        }
        for (int i = 0; i <= 6; ++i) {
            const Nanoseconds time = record_.length() * i / 6;
            text += fmt::format(
                "<text x=\"{:.0f}\" y=\"{:.0f}\" text-anchor=\"middle\">{}</text>\n", x_of(time),
                height - 10, i == 0 ? std::string("0") : shown_length(time));
        }
        return text;
    }

    // Where there is no value the line is broken.
    [[nodiscard]] std::string path(const Line& line, double highest) const {
        std::string steps;
        bool is_broken = true;
        for (const Point& point : record_.points()) {
            const auto value = line.value(point);
            if (value) {
                steps +=
                    fmt::format("{}{:.1f} {:.1f}", is_broken ? 'M' : 'L',
                                x_of(point.begin + record_.interval() / 2), y_of(*value, highest));
            }
            is_broken = !value;
        }
        return fmt::format("<path class=\"line\" stroke=\"{}\" d=\"{}\"/>\n", line.colour, steps);
    }

    const Record& record_;
    std::string_view title_;
    std::vector<Line> lines_;
};

std::uint64_t count(const Point& point, Verdict verdict) {
    return point.counts[static_cast<std::size_t>(verdict)];
}

std::string charts(const Record& record) {
    const double per_second = 1 / std::chrono::duration<double>(record.interval()).count();
    const auto rate = [=](Verdict verdict) {
        return [=](const Point& point) {
            return std::optional(static_cast<double>(count(point, verdict)) * per_second);
        };
    };
    const auto time = [](Microseconds Point::*member) {
        return [=](const Point& point) -> std::optional<double> {
            if (point.*member == Microseconds(0)) return std::nullopt;
            return static_cast<double>((point.*member).count()) / 1'000;
        };
    };
    return Chart(record, "Good answers a second", {{"good", "#2563a8", rate(Verdict::good)}})
               .svg() +
           Chart(record, "Latency in ms, from when a request was to start",
                 {{"p50", "#2c8a57", time(&Point::p50)},
                  {"p95", "#b7791f", time(&Point::p95)},
                  {"p99", "#b3372f", time(&Point::p99)}})
               .svg() +
           Chart(record, "Other answers a second",
                 {{"refused", "#6b7280", rate(Verdict::refused)},
                  {"shed", "#b7791f", rate(Verdict::shed)},
                  {"failed", "#b3372f", rate(Verdict::failed)}})
               .svg() +
           Chart(record, "People",
                 {{"at it", "#2563a8",
                   [](const Point& point) {
                       return std::optional(static_cast<double>(point.users));
                   }},
                  {"in the line", "#b3372f",
                   [](const Point& point) -> std::optional<double> {
                       if (!point.waiting) return std::nullopt;
                       return static_cast<double>(*point.waiting);
                   }}})
               .svg();
}

constexpr std::string_view style = R"(
body { font: 15px/1.5 system-ui, sans-serif; max-width: 900px; margin: 2em auto; padding: 0 1em;
       color: #1f2933; background: #fff; }
svg { width: 100%; height: auto; margin: .6em 0; }
svg text { font: 12px system-ui, sans-serif; }
svg text.title { font-weight: 600; }
.grid { stroke: #e4e7eb; fill: none; }
.line { fill: none; stroke-width: 1.6; stroke-linejoin: round; }
pre { overflow-x: auto; background: #f5f7fa; padding: 1em; }
)";

}  // namespace

std::string html_report(const Finished& run) {
    const std::string title = fmt::format("concertres load {}", run.plan.profile.name);
    return fmt::format(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n<title>{0}</title>\n"
        "<style>{1}</style>\n</head>\n<body>\n<h1>{0}</h1>\n{2}<pre>{3}</pre>\n</body>\n</html>\n",
        escaped(title), style, charts(run.record), escaped(text_report(run)));
}

}  // namespace concertres::load
