#include "plots/svg.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace concertres::test {
namespace {

// c0 to c6 are seven colours that are told from each other, and from the paper, in both.
constexpr const char* style = R"(<style>
text { font-family: system-ui, sans-serif; font-size: 12px; fill: #52514e; }
.head { font-size: 13px; font-weight: 600; fill: #0b0b0b; }
.title { font-size: 15px; font-weight: 600; fill: #0b0b0b; }
.strong { font-weight: 600; fill: #0b0b0b; }
.small { font-size: 11px; }
.key { font-weight: 700; }
.middle { text-anchor: middle; }
.paper { fill: #fcfcfb; }
.box { fill: #ffffff; stroke: #898781; }
.band { fill: #f0efea; stroke: #898781; }
.busy { fill: #e1e0d9; stroke: #898781; }
.stroke { stroke: #52514e; stroke-width: 1.5; }
.answer { stroke-dasharray: 5 3; }
.life { stroke: #c9c7be; }
.tip { fill: #52514e; }
line.c0 { stroke: #2a78d6; } text.c0, circle.c0 { fill: #1f5ca8; }
line.c1 { stroke: #c2410c; } text.c1, circle.c1 { fill: #b03a0a; }
line.c2 { stroke: #008300; } text.c2, circle.c2 { fill: #006d00; }
line.c3 { stroke: #8b3fc7; } text.c3, circle.c3 { fill: #7a32b4; }
line.c4 { stroke: #a16207; } text.c4, circle.c4 { fill: #855106; }
line.c5 { stroke: #0e7490; } text.c5, circle.c5 { fill: #0b6278; }
line.c6 { stroke: #be185d; } text.c6, circle.c6 { fill: #a51450; }
@media (prefers-color-scheme: dark) {
text { fill: #c3c2bb; }
.head, .title, .strong { fill: #f4f3ee; }
.paper { fill: #16161a; }
.box { fill: #1e1e23; stroke: #7b7a74; }
.band { fill: #2b2b31; stroke: #7b7a74; }
.busy { fill: #3a3a41; stroke: #7b7a74; }
.stroke { stroke: #c3c2bb; }
.life { stroke: #4b4a46; }
.tip { fill: #c3c2bb; }
line.c0 { stroke: #5598e7; } text.c0, circle.c0 { fill: #7db2f0; }
line.c1 { stroke: #eb6834; } text.c1, circle.c1 { fill: #f28a5f; }
line.c2 { stroke: #3fa83f; } text.c2, circle.c2 { fill: #63c463; }
line.c3 { stroke: #a970dd; } text.c3, circle.c3 { fill: #c295ec; }
line.c4 { stroke: #c08a2d; } text.c4, circle.c4 { fill: #d9a548; }
line.c5 { stroke: #2a9fbd; } text.c5, circle.c5 { fill: #52bdd8; }
line.c6 { stroke: #e0568f; } text.c6, circle.c6 { fill: #ee82ae; }
}
</style>
)";

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '<') {
            out += "&lt;";
        } else if (c == '>') {
            out += "&gt;";
        } else if (c == '&') {
            out += "&amp;";
        } else {
            out += c;
        }
    }
    return out;
}

}  // namespace

void Svg::text(double x, double y, std::string_view kind, std::string_view what) {
    body_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\">{}</text>\n", x, y, kind,
                         escaped(what));
}

void Svg::box(double x, double y, double wide, double high, std::string_view kind) {
    body_ += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" class=\"{}\"/>\n", x, y,
        wide, high, kind);
}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view kind) {
    body_ += fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n", x1, y1,
        x2, y2, kind);
}

void Svg::dot(double x, double y, std::string_view kind) {
    body_ +=
        fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\" class=\"{}\"/>\n", x, y, kind);
}

void Svg::arrow(double x1, double x2, double y, std::string_view kind) {
    const double back = x1 < x2 ? -8 : 8;
    line(x1, y, x2 + back / 2, y, kind);
    body_ += fmt::format(
        "<path d=\"M{0:.1f},{1:.1f}L{2:.1f},{3:.1f}L{2:.1f},{4:.1f}Z\" class=\"tip\"/>\n", x2, y,
        x2 + back, y - 4, y + 4);
}

std::string Svg::document(double height, std::string_view title,
                          std::string_view description) const {
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
        "width=\"{0:.0f}\" height=\"{1:.0f}\" role=\"img\">\n<title>{2}</title>\n<desc>{3}</desc>\n"
        "{4}<rect width=\"{0:.0f}\" height=\"{1:.0f}\" class=\"paper\"/>\n{5}</svg>\n",
        width, height, escaped(title), escaped(description), style, body_);
}

std::vector<std::string> wrapped(std::string_view text, std::size_t letters_max) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        std::size_t end = text.size();
        if (end > letters_max) {
            end = text.rfind(' ', letters_max);
            if (end == std::string_view::npos) end = text.find(' ');
            if (end == std::string_view::npos) end = text.size();
        }
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(text.size(), end + 1));
    }
    return lines;
}

}  // namespace concertres::test
