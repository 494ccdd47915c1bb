// Charts as SVG: panels under one another that share the time axis, each with lines.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace concertres::test {

struct ChartLine {
    std::string name;
    std::string colour;
    // Minutes, and the value; nothing: the line is broken off there.
    std::vector<std::pair<double, std::optional<double>>> points;
};

struct ChartPanel {
    std::string title;
    std::vector<ChartLine> lines;
};

struct Chart {
    std::string title;
    std::string description;  // for who does not see it
    double minutes = 0;
    double mark_at = 0;  // a vertical line, with its name
    std::string mark;
    std::vector<ChartPanel> panels;
};

// The same chart is the same text, on every machine.
[[nodiscard]] std::string to_svg(const Chart& chart);

}  // namespace concertres::test
