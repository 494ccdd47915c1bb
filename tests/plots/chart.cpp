#include "plots/chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace concertres::test {
namespace {

constexpr double width = 760;
constexpr double left = 64;
constexpr double right = 150;  // where the lines' names stand
constexpr double head = 46;
constexpr double panel_height = 132;
constexpr double panel_gap = 42;
constexpr double foot = 40;

constexpr double plot_width = width - left - right;

// At least `value`, and round: 1, 2 or 5 times a power of ten.
double round_up(double value) {
    const double power = std::pow(10, std::floor(std::log10(std::max(value, 1.0))));
    for (const double step : {1.0, 2.0, 5.0}) {
        if (step * power >= value) return step * power;
    }
    return 10 * power;
}

std::string with_commas(double value) {
    std::string digits = fmt::format("{:.0f}", value);
    for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
        digits.insert(static_cast<std::size_t>(at), ",");
    }
    return digits;
}

std::string text(double x, double y, const std::string& kind, const std::string& what) {
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\">{}</text>\n", x, y, kind,
                       what);
}

class PanelDrawing {
  public:
    PanelDrawing(const Chart& chart, const ChartPanel& panel, double top)
        : chart_(chart), panel_(panel), top_(top) {
        double most = 1;
        for (const ChartLine& line : panel.lines) {
            for (const auto& [at, value] : line.points) most = std::max(most, value.value_or(0));
        }
        most_ = round_up(most);
    }

    [[nodiscard]] std::string svg() const {
        std::string out = text(left, top_ - 10, "panel", panel_.title);
        for (int i = 0; i <= 2; ++i) out += grid_line(most_ * i / 2);
        const double mark = x(chart_.mark_at);
        out += fmt::format(
            "<line x1=\"{0:.1f}\" y1=\"{1:.1f}\" x2=\"{0:.1f}\" y2=\"{2:.1f}\" class=\"mark\"/>\n",
            mark, top_, top_ + panel_height);
        double lowest_name = top_;
        for (const ChartLine& line : panel_.lines) {
            out += curve(line);
            out += name_of(line, lowest_name);
        }
        return out;
    }

  private:
    [[nodiscard]] double x(double minutes) const {
        return left + plot_width * minutes / chart_.minutes;
    }
    [[nodiscard]] double y(double value) const { return top_ + panel_height * (1 - value / most_); }
    [[nodiscard]] std::string grid_line(double value) const {
        return fmt::format(
                   "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" "
                   "class=\"grid\"/>\n",
                   left, y(value), left + plot_width, y(value)) +
               text(left - 8, y(value) + 4, "value", with_commas(value));
    }
    // Moments at which nothing changed are left out.
    [[nodiscard]] std::string curve(const ChartLine& line) const {
        std::string path;
        bool pen_down = false;
        for (std::size_t i = 0; i < line.points.size(); ++i) {
            const auto& [at, value] = line.points[i];
            const bool is_within = pen_down && i + 1 < line.points.size() &&
                                   line.points[i - 1].second == value &&
                                   line.points[i + 1].second == value;
            if (is_within) continue;
            if (value)
                path += fmt::format("{}{:.1f},{:.1f}", pen_down ? 'L' : 'M', x(at), y(*value));
            pen_down = value.has_value();
        }
        return fmt::format("<path d=\"{}\" stroke=\"{}\" class=\"line\"/>\n", path, line.colour);
    }
    // To the right, one below the other in the order of the lines, with a stroke of the colour.
    static std::string name_of(const ChartLine& line, double& at) {
        if (line.name.empty()) return {};
        const double x0 = left + plot_width + 12;
        const std::string out =
            fmt::format(
                "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\" "
                "class=\"line\"/>\n",
                x0, at + 4, x0 + 14, at + 4, line.colour) +
            text(x0 + 20, at + 8, "name", line.name);
        at += 18;
        return out;
    }

    const Chart& chart_;
    const ChartPanel& panel_;
    double top_;
    double most_ = 1;
};

constexpr const char* style = R"(<style>
text { font-family: system-ui, sans-serif; font-size: 12px; fill: #52514e; }
.title { font-size: 15px; font-weight: 600; fill: #0b0b0b; }
.panel { font-weight: 600; fill: #0b0b0b; }
.value { text-anchor: end; }
.time { text-anchor: middle; }
.grid { stroke: #e1e0d9; }
.mark { stroke: #898781; stroke-dasharray: 4 3; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.paper { fill: #fcfcfb; }
</style>
)";

}  // namespace

std::string to_svg(const Chart& chart) {
    const auto panels = static_cast<double>(chart.panels.size());
    const double height = head + panels * (panel_height + panel_gap) + foot;
    std::string out = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
        "width=\"{0:.0f}\" "
        "height=\"{1:.0f}\" role=\"img\">\n<title>{2}</title>\n<desc>{3}</desc>\n{4}"
        "<rect width=\"{0:.0f}\" height=\"{1:.0f}\" class=\"paper\"/>\n",
        width, height, chart.title, chart.description, style);
    out += text(left, 26, "title", chart.title);
    double top = head + panel_gap / 2;
    for (const ChartPanel& panel : chart.panels) {
        out += PanelDrawing(chart, panel, top).svg();
        top += panel_height + panel_gap;
    }
    const double axis = top - panel_gap + 18;
    for (double minutes = 0; minutes <= chart.minutes; minutes += 10) {
        const double x = left + plot_width * minutes / chart.minutes;
        out += text(x, axis, "time", fmt::format("{:.0f} min", minutes));
    }
    out +=
        text(left + plot_width * chart.mark_at / chart.minutes - 20, axis + 18, "name", chart.mark);
    return out + "</svg>\n";
}

}  // namespace concertres::test
