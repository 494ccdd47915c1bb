// Draws what docs/benchmarks.md shows of a store that grows, from the figures of a run of
// `concertres_bench growth` in docs/growth/growth.csv.
//
//   concertres_growth_plots FOLDER           writes it
//   concertres_growth_plots --check FOLDER   says whether it is not what would be written
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "plots/files.hpp"
#include "plots/svg.hpp"

namespace concertres::test {
namespace {

struct Point {
    double count = 0;
    double median = 0;
    double least = 0;
    double most = 0;
};
// By curve, then by backend.
using Curves = std::map<std::string, std::map<std::string, std::vector<Point>>>;

Curves read(const std::string& file) {
    std::ifstream in(file);
    if (!in) throw std::runtime_error("cannot read " + file);
    Curves curves;
    std::string line;
    std::getline(in, line);  // the head
    while (std::getline(in, line)) {
        std::istringstream fields(line);
        std::string curve, backend, count, median, least, most;
        for (std::string* field : {&curve, &backend, &count, &median, &least, &most}) {
            if (!std::getline(fields, *field, ';')) {
                throw std::runtime_error(file + ": not six fields: " + line);
            }
        }
        curves[curve][backend].push_back(
            {std::stod(count), std::stod(median), std::stod(least), std::stod(most)});
    }
    return curves;
}

// At least `value`, and round: 1, 2 or 5 times a power of ten.
double round_up(double value) {
    const double power = std::pow(10, std::floor(std::log10(value)));
    for (const double step : {1.0, 2.0, 5.0}) {
        if (step * power >= value) return step * power;
    }
    return 10 * power;
}

std::string short_count(double count) {
    if (count >= 1e6) return fmt::format("{:.0f}M", count / 1e6);
    if (count >= 1e3) return fmt::format("{:.0f}k", count / 1e3);
    return fmt::format("{:.0f}", count);
}

struct Panel {
    std::string curve;
    std::string title;
    std::string of;  // what is counted along the axis
};

const std::vector<Panel> panels{
    {"seats", "A command", "seats in the store"},
    {"performances", "A command", "performances in the store"},
    {"reservations", "A command", "reservations in its history"},
    {"import, seats", "An import, for each seat", "seats"},
    {"audit, reservations", "An audit, for each seat and reservation",
     "reservations in its history"},
    {"start, reservations", "A start, for each seat and reservation",
     "reservations in its history"},
};

constexpr double panel_width = 262;
constexpr double panel_height = 120;

// Where one panel's figures stand on the paper.
class Frame {
  public:
    Frame(const std::map<std::string, std::vector<Point>>& lines, double left, double top)
        : left_(left), top_(top) {
        for (const auto& [backend, points] : lines) {
            for (const Point& point : points) {
                most_ = std::max(most_, point.most);
                first_ = std::min(first_, point.count);
                last_ = std::max(last_, point.count);
            }
        }
        most_ = round_up(most_);
    }

    [[nodiscard]] double x(double count) const {
        return left_ +
               panel_width *
                   (last_ > first_ ? std::log(count / first_) / std::log(last_ / first_) : 0.5);
    }
    [[nodiscard]] double y(double value) const { return top_ + panel_height * (1 - value / most_); }

    void draw_axes(Svg& svg, const std::vector<Point>& points) const {
        for (const double part : {0.0, 0.5, 1.0}) {
            svg.line(left_, y(most_ * part), left_ + panel_width, y(most_ * part), "life");
            svg.text(left_ - 34, y(most_ * part) + 4, "small", fmt::format("{:g}", most_ * part));
        }
        for (const Point& point : points) {
            svg.text(x(point.count), top_ + panel_height + 16, "small middle",
                     short_count(point.count));
        }
    }

  private:
    double left_;
    double top_;
    double most_ = 1e-9;
    double first_ = 1e18;
    double last_ = 0;
};

void draw(Svg& svg, const Panel& panel, const std::map<std::string, std::vector<Point>>& lines,
          double left, double top) {
    const Frame frame(lines, left, top);
    svg.text(left - 34, top - 14, "head", panel.title);
    svg.text(left, top + panel_height + 32, "small", panel.of);
    frame.draw_axes(svg, lines.begin()->second);
    for (const auto& [backend, points] : lines) {
        const std::string kind = backend == "memory" ? "c0" : "c1";
        for (std::size_t i = 0; i < points.size(); ++i) {
            const Point& at = points[i];
            svg.line(frame.x(at.count), frame.y(at.least), frame.x(at.count), frame.y(at.most),
                     "stroke " + kind);
            svg.dot(frame.x(at.count), frame.y(at.median), kind);
            if (i == 0) continue;
            const Point& before = points[i - 1];
            svg.line(frame.x(before.count), frame.y(before.median), frame.x(at.count),
                     frame.y(at.median), "stroke " + kind);
        }
        svg.text(left + panel_width - 40, frame.y(points.back().median) - 8, "small " + kind,
                 backend);
    }
}

Drawings drawings() {
    const Curves curves = read(CONCERTRES_DOCS "/growth/growth.csv");
    Svg svg;
    svg.text(16, 26, "title", "What it costs as a store grows, in microseconds of the processor");
    double left = 60;
    double top = 76;
    for (const Panel& panel : panels) {
        const auto found = curves.find(panel.curve);
        if (found == curves.end()) throw std::runtime_error("no figures of " + panel.curve);
        draw(svg, panel, found->second, left, top);
        left = left < 100 ? 60 + panel_width + 84 : 60;
        if (left < 100) top += panel_height + 86;
    }
    return {{"growth.svg",
             svg.document(top - 30, "Growth",
                          "Six charts of costs by size: a command by seats, by performances and by "
                          "reservations; an import, an audit and a start for each seat or "
                          "reservation. The figures are in growth.csv beside this drawing.")}};
}

}  // namespace
}  // namespace concertres::test

int main(int argc, char** argv) {
    return concertres::test::run_drawings(argc, argv, concertres::test::drawings);
}
