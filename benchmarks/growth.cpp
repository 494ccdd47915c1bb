#include "growth.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "concertres/audit.hpp"
#include "concertres/memory.hpp"
#include "concertres/seating_plan.hpp"
#include "concertres/sqlite.hpp"
#include "engine_run.hpp"
#include "report.hpp"
#include "scene.hpp"
#include "stopwatch.hpp"

namespace bench {

using namespace concertres;

namespace {

constexpr std::size_t in_flight = 256;
constexpr std::size_t commands = 20'000;  // of a run
// As many whatever the store has, who come in turn.
constexpr int buyers_in_all = 10'000;
// Of the halls that a history happens in.
constexpr std::size_t history_seats = 100'000;

// One point of a curve: processor time for each of what is counted, of each run.
struct Point {
    std::string curve;
    std::string backend;
    std::size_t count = 0;
    std::vector<double> figures;  // microseconds
};

class Growth {
  public:
    explicit Growth(const Settings& settings)
        : settings_(settings), folder_(settings.folder / "growth") {}

    void run(const std::filesystem::path& file) {
        clear();
        print_section("a command by the seats of a store: halls of 1,000 seats");
        for (const std::size_t seats : sizes(1'000, 1'000'000)) by_seats(seats);
        print_section("a command by performances: halls of 100 seats");
        for (const std::size_t halls : sizes(10, 10'000)) by_performances(halls);
        print_section("by the reservations in a store's history, on 100 halls of 1,000 seats");
        by_history();
        print_section("an import, for each seat");
        for (const std::size_t seats :
             {std::size_t{1'000}, std::size_t{10'000}, std::size_t{60'000}}) {
            by_import(settings_.quick ? std::min<std::size_t>(seats, 1'000) : seats);
        }
        clear();
        write(file);
    }

  private:
    // Ten times as many each time.
    [[nodiscard]] std::vector<std::size_t> sizes(std::size_t least, std::size_t most) const {
        std::vector<std::size_t> all;
        for (std::size_t size = least; size <= (settings_.quick ? least : most); size *= 10) {
            all.push_back(size);
        }
        return all;
    }
    void clear() const {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
    }
    [[nodiscard]] std::filesystem::path store() const { return folder_ / "growth.db"; }

    void add(Point point) {
        print({.what = fmt::format("{}, {} {}", point.backend, point.count, point.curve),
               .in_flight = {},
               .figures = point.figures,
               .unit = "us",
               .note = {}});
        points_.push_back(std::move(point));
    }
    // Processor time for each command, of each run; the first, which warms up, does not count.
    [[nodiscard]] std::vector<double> of_runs(std::size_t each,
                                              const std::function<double()>& run) const {
        std::vector<double> figures;
        for (int i = 0; i <= settings_.repetitions; ++i) {
            const double seconds = run();
            if (i > 0) figures.push_back(seconds * 1e6 / static_cast<double>(each));
        }
        return figures;
    }
    [[nodiscard]] std::vector<double> in_memory(const SceneShape& shape, std::size_t each) const {
        BoxOffice office(open_memory(), scene_options());
        const std::vector<Buyer> buyers = build_scene(office, shape);
        HoldOrder order(shape);
        EngineRun run(office, buyers, order);
        return of_runs(each, [&] {
            return run.submit({.commands = each, .in_flight = in_flight}).cpu_seconds;
        });
    }
    // Each run ends with the store closed: by then it has folded all that it wrote.
    [[nodiscard]] std::vector<double> to_file(const std::vector<Buyer>& buyers, HoldOrder& order,
                                              std::size_t each) {
        return of_runs(each, [&] {
            auto office = open();
            EngineRun run(*office, buyers, order, fmt::format("{}-", ++opened_));
            const Stopwatch watch;
            (void)run.submit({.commands = each, .in_flight = in_flight});
            office.reset();
            return watch.elapsed().cpu_seconds;
        });
    }
    [[nodiscard]] std::unique_ptr<BoxOffice> open() const {
        return std::make_unique<BoxOffice>(open_sqlite(store()), scene_options());
    }
    void on_both(const std::string& curve, std::size_t count, const SceneShape& shape) {
        const std::size_t each = settings_.quick ? 1'000 : commands;
        add({curve, "memory", count, in_memory(shape, each)});
        clear();
        const std::vector<Buyer> buyers = build_scene(*open(), shape);
        HoldOrder order(shape);
        add({curve, "sqlite", count, to_file(buyers, order, each)});
    }
    void by_seats(std::size_t seats) {
        const auto halls = static_cast<int>(seats / 1'000);
        on_both("seats", seats,
                {.name = "seats",
                 .concerts = std::max(1, halls / 10),
                 .dates = std::min(halls, 10),
                 .seats = 1'000,
                 .buyers = buyers_in_all / halls});
    }
    void by_performances(std::size_t halls) {
        on_both("performances", halls,
                {.name = "performances",
                 .concerts = static_cast<int>(halls) / 10,
                 .dates = 10,
                 .seats = 100,
                 .buyers = buyers_in_all / static_cast<int>(halls)});
    }
    // The store that all of it happened in is started anew and audited each time.
    void by_history() {
        clear();
        const SceneShape shape = hot_scene();
        if (shape.halls() * static_cast<std::size_t>(shape.seats) != history_seats) {
            throw std::logic_error("the hot scene has other seats");
        }
        const std::vector<Buyer> buyers = build_scene(*open(), shape);
        HoldOrder order(shape);
        std::size_t made = 0;  // reservations
        for (const std::size_t size : sizes(1'000, 1'000'000)) {
            if (made < size) {
                const auto office = open();
                EngineRun run(*office, buyers, order, fmt::format("{}-", ++opened_));
                (void)run.submit({.commands = 2 * (size - made), .in_flight = in_flight});
                made = size;
            }
            start_and_audit(size);
            const std::size_t each = std::min(commands, size);
            add({"reservations", "sqlite", size, to_file(buyers, order, each)});
            made += static_cast<std::size_t>(settings_.repetitions + 1) * each / 2;
        }
    }
    void start_and_audit(std::size_t size) {
        std::vector<double> starts;
        std::vector<double> audits;
        const auto each = [size](const Stopwatch& watch) {
            return watch.elapsed().cpu_seconds * 1e6 / static_cast<double>(size + history_seats);
        };
        for (int i = 0; i < settings_.repetitions; ++i) {
            const Stopwatch start;
            const auto office = open();
            starts.push_back(each(start));
            const Stopwatch audit;
            const auto report = office->audit();
            audits.push_back(each(audit));
            if (!report || !report->clean()) throw std::runtime_error("the audit is not clean");
        }
        add({"start, reservations", "sqlite", size, std::move(starts)});
        add({"audit, reservations", "sqlite", size, std::move(audits)});
    }
    // From the document's text to the commit.
    void by_import(std::size_t seats) {
        std::string text =
            R"({"title": "Hall", "venue": "Bench", "performances": [{"starts_at": "2099-01-01T19:00:00Z"}], "seats": [)";
        for (std::size_t i = 1; i <= seats; ++i) {
            text +=
                fmt::format(R"({}{{"number": {}, "section": "{}", "row": "{}", "price": 5000}})",
                            i == 1 ? "" : ", ", i, i / 1'000, i / 40);
        }
        text += "]}";
        std::vector<double> figures;
        for (int i = 0; i < settings_.repetitions; ++i) {
            clear();
            BoxOffice office(open_sqlite(store()));
            const Stopwatch watch;
            auto draft = read_concert(text);
            if (!draft) throw std::runtime_error(draft.error().detail);
            const auto added = office.add_concert(std::move(*draft));
            if (!added) throw std::runtime_error(added.error().detail);
            figures.push_back(watch.elapsed().cpu_seconds * 1e6 / static_cast<double>(seats));
        }
        add({"import, seats", "sqlite", seats, std::move(figures)});
    }

    void write(const std::filesystem::path& file) const {
        std::ofstream out(file);
        out << "curve;backend;count;median us;least;most\n";
        for (const Point& point : points_) {
            const auto [least, most] = std::ranges::minmax(point.figures);
            out << fmt::format("{};{};{};{:.3f};{:.3f};{:.3f}\n", point.curve, point.backend,
                               point.count, median(point.figures), least, most);
        }
        if (!out.flush()) throw std::runtime_error("cannot write " + file.string());
        print_note("these figures: " + file.string());
    }

    const Settings& settings_;
    std::filesystem::path folder_;
    int opened_ = 0;
    std::vector<Point> points_;
};

}  // namespace

void run_growth(const Settings& settings, const std::filesystem::path& file) {
    Growth(settings).run(file);
}

}  // namespace bench
