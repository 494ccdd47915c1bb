// Draws the charts of docs/concepts/queue.md: one on-sale for each policy, with the same crowd.
//
//   concertres_queue_plots FOLDER           writes them
//   concertres_queue_plots --check FOLDER   says which of them are not what would be written
#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "plots/chart.hpp"
#include "plots/files.hpp"
#include "plots/on_sale.hpp"

namespace concertres::test {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

struct Plot {
    std::string name;  // of the file
    std::string title;
    OnSalePlan plan;
};

// A host that is full with 90 inside, and from the 20th minute on with 45.
double host_load(Duration at, std::int64_t inside) {
    const double full = at < minutes(20) ? 90 : 45;
    return static_cast<double>(inside) / full;
}

std::vector<Plot> plots() {
    std::vector<Plot> all;
    const auto add = [&](std::string name, std::string title, OnSalePlan plan) {
        all.push_back({std::move(name), std::move(title), std::move(plan)});
    };
    add("at-once", "At most 60 at once", {.room = {.active_max = 60}});
    add("per-window", "At most 15 in any 30 seconds",
        {.room = {.window = AdmissionWindow{15, seconds(30)}}});
    add("both", "At most 60 at once, and at most 20 in any 30 seconds",
        {.room = {.active_max = 60, .window = AdmissionWindow{20, seconds(30)}}});
    add("draw", "A draw, at most 60 at once", {.room = {.active_max = 60, .draw = true}});
    add("classes", "At most 60 at once, a fan club of weight 3 beside all others",
        {.room = {.active_max = 60, .classes = {{"general", 1}, {"fan_club", 3}}},
         .fans_percent = 35});
    // The same people, of whom a third has gone away when their turn comes.
    add("absent", "At most 60 at once; a third has gone away, and takes turns all the same",
        {.room = {.active_max = 60}, .absent_percent = 33});
    add("no-shows", "At most 60 at once; a third has gone away, and is passed over",
        {.room = {.active_max = 60, .no_shows = NoShows{seconds(90), minutes(10)}},
         .absent_percent = 33});
    add("closed-loop", "A closed loop that keeps the host's load below 0.9",
        {.room = {.closed_loop = ClosedLoop{.floor = 10,
                                            .ceiling = 200,
                                            .add = 3,
                                            .cut = 70,
                                            .every = seconds(5),
                                            .load_max = 0.9}},
         .buyers = 1'600,
         .seats = 1'400,
         .load = host_load});
    add("waiting-list", "Sold out, with a waiting list; one of five gives the seats back",
        {.room = {.active_max = 60, .waiting_list = true},
         .buyers = 1'000,
         .seats = 500,
         .refund_percent = 20});
    return all;
}

double in_minutes(Duration at) { return std::chrono::duration<double, std::ratio<60>>(at).count(); }

// Who came early is dark; fans are of another colour.
constexpr std::array<const char*, 6> by_arrival = {"#0d366b", "#184f95", "#256abf",
                                                   "#5598e7", "#86b6ef", "#b7d3f6"};
constexpr std::array<const char*, 6> fans_by_arrival = {"#5c2300", "#8a3800", "#b84e08",
                                                        "#eb6834", "#f2946d", "#f8c0a8"};

ChartPanel positions_of(const OnSale& sale) {
    ChartPanel panel{.title = "Position of six people", .lines = {}};
    for (std::size_t i = 0; i < sale.watched_count(); ++i) {
        const OnSale::Buyer& buyer = sale.watched(i);
        const char* who = buyer.is_fan ? "fan, " : "";
        ChartLine line{.name = fmt::format("{}came at {:.0f} min", who, in_minutes(buyer.comes_at)),
                       .colour = (buyer.is_fan ? fans_by_arrival : by_arrival).at(i),
                       .points = {}};
        for (const OnSaleMoment& moment : sale.moments()) {
            const auto& position = moment.positions[i];
            const bool waits = position && *position > 0;
            line.points.emplace_back(
                in_minutes(moment.at),
                waits ? std::optional(static_cast<double>(*position)) : std::nullopt);
        }
        panel.lines.push_back(std::move(line));
    }
    return panel;
}

ChartLine count_line(const OnSale& sale, std::string name, std::string colour,
                     std::int64_t OnSaleMoment::*count) {
    ChartLine line{.name = std::move(name), .colour = std::move(colour), .points = {}};
    for (const OnSaleMoment& moment : sale.moments()) {
        line.points.emplace_back(in_minutes(moment.at), static_cast<double>(moment.*count));
    }
    return line;
}

ChartPanel inside_of(const OnSale& sale, bool has_loop) {
    ChartPanel panel{.title = "Inside at once", .lines = {}};
    if (has_loop) {
        ChartLine limit{.name = "the loop's limit", .colour = "#898781", .points = {}};
        for (const OnSaleMoment& moment : sale.moments()) {
            limit.points.emplace_back(
                in_minutes(moment.at),
                moment.limit ? std::optional(static_cast<double>(*moment.limit)) : std::nullopt);
        }
        panel.lines.push_back(std::move(limit));
    }
    panel.lines.push_back(
        count_line(sale, has_loop ? "inside" : "", "#2a78d6", &OnSaleMoment::inside));
    return panel;
}

std::string drawn(const Plot& plot) {
    OnSale sale(plot.plan);
    sale.run();
    Chart chart{.title = plot.title,
                .description =
                    "Three panels over time: the positions of six people, how many were "
                    "let in and how many seats were sold, how many are inside.",
                .minutes = in_minutes(plot.plan.length),
                .mark_at = in_minutes(plot.plan.opens_after),
                .mark = "the sale opens",
                .panels = {}};
    chart.panels.push_back(positions_of(sale));
    chart.panels.push_back({"In all",
                            {count_line(sale, "let in", "#2a78d6", &OnSaleMoment::let_in),
                             count_line(sale, "seats sold", "#008300", &OnSaleMoment::sold)}});
    chart.panels.push_back(inside_of(sale, plot.plan.room.closed_loop.has_value()));
    return to_svg(chart);
}

Drawings drawings() {
    Drawings all;
    for (const Plot& plot : plots()) all.emplace("queue-" + plot.name + ".svg", drawn(plot));
    return all;
}

}  // namespace
}  // namespace concertres::test

int main(int argc, char** argv) {
    return concertres::test::run_drawings(argc, argv, concertres::test::drawings);
}
