#include "commands.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "bare_loop.hpp"
#include "concertres/memory.hpp"
#include "concertres/sqlite.hpp"
#include "engine_run.hpp"
#include "report.hpp"
#include "same_rows.hpp"
#include "scene.hpp"

namespace bench {

using namespace concertres;

namespace {

// Commands in flight, and how many of them a run on SQLite carries: enough for a tenth of a second
// or more.
struct Step {
    std::size_t in_flight;
    std::size_t commands;
};
constexpr std::array<Step, 4> steps{{{1, 1'000}, {8, 4'000}, {64, 12'800}, {256, 25'600}}};
// The engine on memory is quicker, and is given more to do.
constexpr std::size_t memory_factor = 4;

// What the engine is to reach with 256 in flight.
constexpr double times_one_by_one_min = 5;
constexpr double of_bare_loop_min = 0.7;

class Series {
  public:
    explicit Series(const Load& load) : load_(load) {}

    void add(const Elapsed& run) { runs_.push_back(run); }
    // Commands a second, of each run.
    [[nodiscard]] std::vector<double> rates() const {
        return of_each([this](const Elapsed& run) { return commands() / run.seconds; });
    }
    // How many times as fast as `other`, run by run: those that were made one after the other are
    // compared, so that a machine that slows down slows down both.
    [[nodiscard]] std::vector<double> ratios(const Series& other) const {
        std::vector<double> ratios = rates();
        const std::vector<double> others = other.rates();
        for (std::size_t i = 0; i < ratios.size(); ++i) ratios[i] /= others[i];
        return ratios;
    }
    [[nodiscard]] Row row(const std::string& what, const std::string& note = {}) const {
        const auto cpu = of_each([](const Elapsed& run) { return run.cpu_seconds * 1e6; });
        const auto written =
            of_each([](const Elapsed& run) { return static_cast<double>(run.written_bytes); });
        return {.what = what,
                .in_flight = std::to_string(load_.in_flight),
                .figures = rates(),
                .unit = "commands/s",
                .cpu_us = median(cpu) / commands(),
                .written_kb = median(written) / 1024 / commands(),
                .note = note};
    }

  private:
    [[nodiscard]] double commands() const { return static_cast<double>(load_.commands); }
    template <class Figure>
    [[nodiscard]] std::vector<double> of_each(Figure&& figure) const {
        std::vector<double> figures;
        for (const Elapsed& run : runs_) figures.push_back(figure(run));
        return figures;
    }

    Load load_;
    std::vector<Elapsed> runs_;
};

// One scene from its building to its figures.
class SceneBenchmark {
  public:
    SceneBenchmark(const SceneShape& shape, const Settings& settings)
        : shape_(settings.quick ? smaller(shape) : shape), settings_(settings) {}

    void run() {
        print_section(shape_.name + ": " + std::to_string(shape_.halls()) + " halls of " +
                      std::to_string(shape_.seats) + " seats, " +
                      std::to_string(shape_.all_buyers()) + " buyers");
        build_files();
        measure_on_sqlite();
        print_and_compare();
        measure_calls_on_sqlite();
        measure_on_memory();
        remove_files();
    }

  private:
    static SceneShape smaller(SceneShape shape) {
        shape.concerts = 2;
        shape.dates = 5;
        return shape;
    }
    [[nodiscard]] std::filesystem::path engine_file() const {
        return settings_.folder / (shape_.name + ".db");
    }
    [[nodiscard]] std::filesystem::path bare_file() const {
        return settings_.folder / (shape_.name + "-bare.db");
    }
    void remove_files() const {
        for (const auto& file : {engine_file(), bare_file()}) {
            std::filesystem::remove(file);
            std::filesystem::remove(file.string() + "-wal");
        }
    }
    [[nodiscard]] Load load_of(const Step& step, std::size_t factor = 1) const {
        return {.commands = step.commands * factor / (settings_.quick ? 10 : 1),
                .in_flight = step.in_flight};
    }
    // Until caches are warm: of hot halls every seat, elsewhere a part of the buyers.
    [[nodiscard]] Load warm_up() const {
        const std::size_t seats = static_cast<std::size_t>(shape_.seats) * shape_.halls();
        const std::size_t each = seats / shape_.all_buyers();
        const bool hot = each <= 10;
        return {.commands = 2 * std::min<std::size_t>(shape_.all_buyers(), 10'000),
                .in_flight = 256,
                .seats = hot ? static_cast<int>(each) : 1};
    }

    void build_files() const {
        remove_files();
        {
            BoxOffice office(open_sqlite(engine_file()), scene_options());
            static_cast<void>(build_scene(office, shape_));
        }
        std::filesystem::copy_file(engine_file(), bare_file());
        // Or the system writes it out while the first figures are taken.
        ::sync();
    }

    void measure_on_sqlite() {
        BareLoop bare(bare_file(), shape_);
        BoxOffice office(open_sqlite(engine_file()), scene_options());
        const std::vector<Buyer> buyers = find_buyers(office, shape_);
        HoldOrder order(shape_);
        EngineRun engine(office, buyers, order);
        bare.run(warm_up());
        engine.submit(warm_up());
        for (const Step& step : steps) {
            bare_.emplace_back(load_of(step));
            engine_.emplace_back(load_of(step));
        }
        for (int repetition = 0; repetition < settings_.repetitions; ++repetition) {
            for (std::size_t i = 0; i < steps.size(); ++i) {
                bare_[i].add(bare.run(load_of(steps[i])));
                engine_[i].add(engine.submit(load_of(steps[i])));
            }
        }
    }

    void print_and_compare() {
        for (const Series& series : bare_) print(series.row("SQLite, bare loop"));
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const double ratio = median(engine_[i].ratios(bare_[i]));
            print(engine_[i].row("SQLite, engine", fmt::format("{:.2f} of the bare loop", ratio)));
        }
        require_same_rows(engine_file(), bare_file());
        check_targets();
    }

    void check_targets() {
        const Series& engine = engine_.back();
        if (shape_.name == "hot") {
            check_target("the bare loop, one by one", engine.ratios(bare_.front()),
                         times_one_by_one_min);
        }
        check_target("the bare loop, grouped", engine.ratios(bare_.back()), of_bare_loop_min);
    }
    void check_target(const std::string& against, const std::vector<double>& ratios, double min) {
        const double ratio = median(ratios);
        print({.what = "target: engine with 256 against " + against,
               .figures = ratios,
               .unit = "times",
               .note = fmt::format("at least {:.1f}: {}", min, ratio >= min ? "PASS" : "MISS")});
    }

    void measure_calls_on_sqlite() const {
        BoxOffice office(open_sqlite(engine_file()), scene_options());
        const std::vector<Buyer> buyers = find_buyers(office, shape_);
        HoldOrder order(shape_);
        EngineRun engine(office, buyers, order, "again-");
        for (const Step& step : steps) {
            Series calls(load_of(step));
            for (int i = 0; i < settings_.repetitions_without_target(); ++i) {
                calls.add(engine.call(load_of(step)));
            }
            print(calls.row("SQLite, engine, threads that wait"));
        }
    }

    void measure_on_memory() const {
        BoxOffice office(open_memory(), scene_options());
        const std::vector<Buyer> buyers = build_scene(office, shape_);
        HoldOrder order(shape_);
        EngineRun engine(office, buyers, order);
        engine.submit(warm_up());
        for (const bool waiting : {false, true}) {
            for (const Step& step : steps) {
                const Load load = load_of(step, memory_factor);
                Series series(load);
                for (int i = 0; i < settings_.repetitions_without_target(); ++i) {
                    series.add(waiting ? engine.call(load) : engine.submit(load));
                }
                print(series.row(waiting ? "memory, engine, threads that wait" : "memory, engine"));
            }
        }
    }

    SceneShape shape_;
    const Settings& settings_;
    std::vector<Series> bare_;
    std::vector<Series> engine_;
};

}  // namespace

void run_commands(const Settings& settings) {
    for (const SceneShape& shape : {hot_scene(), spread_scene()}) {
        SceneBenchmark(shape, settings).run();
    }
}

}  // namespace bench
