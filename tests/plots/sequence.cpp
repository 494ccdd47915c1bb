#include "plots/sequence.hpp"

#include <array>
#include <cstddef>

#include "plots/svg.hpp"

namespace concertres::test {
namespace {

struct Lane {
    const char* name;
    double x;
};
constexpr std::array<Lane, 3> lanes{{{"caller", 70}, {"box office", 350}, {"storage", 650}}};

constexpr double top = 74;  // where life begins
constexpr double line_height = 15;
constexpr double step_gap = 17;
constexpr std::size_t letters_max = 44;

const Lane& lane(Actor actor) { return lanes.at(static_cast<std::size_t>(actor)); }

// The lines of a step as they are drawn.
std::vector<std::string> words_of(const FlowStep& step) {
    std::vector<std::string> words;
    for (const std::string& line : step.lines) {
        for (std::string& part : wrapped(line, letters_max)) words.push_back(std::move(part));
    }
    return words;
}

// Draws it from `y` on; gives where the next begins.
double draw(Svg& svg, const FlowStep& step, double y) {
    const double from = lane(step.from).x;
    const double to = lane(step.to).x;
    const bool is_own = step.from == step.to;
    const double x = is_own ? from + 12 : (from + to) / 2;
    bool is_first = true;
    for (const std::string& word : words_of(step)) {
        y += line_height;
        std::string kind = is_first && !step.is_answer ? "strong" : "small";
        if (!is_own) kind += " middle";
        svg.text(x, y, kind, word);
        is_first = false;
    }
    if (is_own) {
        svg.dot(from, y - 4, "tip");
        return y + 6;
    }
    y += 7;
    svg.arrow(from, to, y, step.is_answer ? "stroke answer" : "stroke");
    return y + step_gap - line_height / 2;
}

}  // namespace

std::string to_svg(const Flow& flow) {
    Svg arrows;
    double bottom = top + 4;
    for (const FlowStep& step : flow.steps) bottom = draw(arrows, step, bottom);
    bottom += 12;

    Svg svg;
    svg.text(20, 24, "title", flow.title);
    for (const Lane& at : lanes) {
        svg.line(at.x, top - 16, at.x, bottom, "life");
        svg.box(at.x - 50, top - 36, 100, 24, "band");
        svg.text(at.x, top - 20, "strong middle", at.name);
    }
    svg.append(arrows);
    return svg.document(bottom + 14, flow.title,
                        "What a caller asks of the box office, what the box office asks of "
                        "storage, and what is answered, from top to bottom.");
}

}  // namespace concertres::test
