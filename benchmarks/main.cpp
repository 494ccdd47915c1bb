// Every benchmark of concertres in one table: commands a second, queries with and without their
// indexes, and the pieces one by one. docs/benchmarks.md says how to read it.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <sys/vfs.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "burst.hpp"
#include "commands.hpp"
#include "draw.hpp"
#include "fill.hpp"
#include "growth.hpp"
#include "holds.hpp"
#include "line.hpp"
#include "micro.hpp"
#include "queries.hpp"
#include "report.hpp"
#include "settings.hpp"

namespace {

constexpr std::string_view usage = R"(usage: concertres_bench [part...] [option...]

  commands   commands a second through the engine, beside a bare loop over SQLite
  burst      a purchase in memory; on SQLite a burst, a minute, and how long callers wait
  queries    queries with and without their indexes
  draws      opening a room whose line is drawn, polling it, reading it again
  line       a line of ten million beside one of a thousand
  micro      tokens, positions, the best seats, rules, events, the audit
             no part: all of these
  growth     what commands, imports, audits and starts cost as a store grows
  holds      holds a second through the engine, and nothing else: for http/run
  fill       fills a store with transfers, or with holds where --reservations is given, and dies
             of kill -9: for restart/run

  --in-flight=N     of holds; default: 64
  --transfers=N     that fill adds; default: 1,000,000
  --reservations=N  that are held in the store that fill makes
  --figures=FILE    where growth writes its figures as well; default: growth.csv in the folder
  --folder=PATH     where stores are made; default: beside the program. Not in memory.
  --quick           small and once, to see that it works
  --benchmark_...   Google Benchmark's own options, for queries and micro
)";

struct Arguments {
    bench::Settings settings;
    std::vector<std::string> parts;
    std::vector<std::string> for_library;
    std::size_t in_flight = 64;
    std::size_t transfers = 1'000'000;
    std::size_t reservations = 0;
    std::filesystem::path figures;

    [[nodiscard]] bool wants(const std::string& part) const {
        return parts.empty() || std::ranges::find(parts, part) != parts.end();
    }
};

Arguments parse(int argc, char** argv) {
    constexpr std::string_view folder = "--folder=";
    Arguments parsed;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--quick") {
            parsed.settings.quick = true;
            parsed.settings.repetitions = 1;
        } else if (word.starts_with(folder)) {
            parsed.settings.folder = word.substr(folder.size());
        } else if (word.starts_with("--in-flight=")) {
            parsed.in_flight = std::stoul(word.substr(word.find('=') + 1));
        } else if (word.starts_with("--transfers=")) {
            parsed.transfers = std::stoul(word.substr(word.find('=') + 1));
        } else if (word.starts_with("--reservations=")) {
            parsed.reservations = std::stoul(word.substr(word.find('=') + 1));
        } else if (word.starts_with("--figures=")) {
            parsed.figures = word.substr(word.find('=') + 1);
        } else if (word.starts_with("--benchmark_")) {
            parsed.for_library.push_back(word);
        } else if (word == "burst" || word == "commands" || word == "queries" || word == "micro" ||
                   word == "draws" || word == "line" || word == "holds" || word == "fill" ||
                   word == "growth") {
            parsed.parts.push_back(word);
        } else {
            throw std::invalid_argument("what is '" + word + "'?\n" + std::string(usage));
        }
    }
    return parsed;
}

// A folder of our own on a disk: a sync that costs nothing would flatter everybody.
void prepare_folder(std::filesystem::path& folder) {
    if (folder.empty()) {
        folder = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "stores";
    }
    std::filesystem::create_directories(folder);
    constexpr auto in_memory = 0x01021994;  // TMPFS_MAGIC
    struct statfs about {};
    if (statfs(folder.c_str(), &about) == 0 && about.f_type == in_memory) {
        throw std::runtime_error(folder.string() + " is in memory, not on a disk: give a --folder");
    }
}

// Empty: it was run. Google Benchmark 1.8 has renamed what says so.
template <class Run>
std::string why_not_run(const Run& run) {
    if constexpr (requires { run.error_occurred; }) {
        return run.error_occurred ? run.error_message : std::string();
    } else {
        return run.skip_message;
    }
}

// Turns what Google Benchmark has measured into rows of our table.
class TableReporter : public benchmark::BenchmarkReporter {
  public:
    bool ReportContext(const Context&) override { return true; }
    void ReportRuns(const std::vector<Run>& runs) override {
        bench::Row row;
        for (const Run& run : runs) {
            if (run.run_type != Run::RT_Iteration) continue;
            row.what = run.run_name.function_name;
            if (const auto why = why_not_run(run); !why.empty()) {
                throw std::runtime_error(row.what + ": " + why);
            }
            const auto of = run.counters.find("of");
            const double parts = of == run.counters.end() ? 1 : of->second.value;
            const double seconds =
                run.GetAdjustedRealTime() / benchmark::GetTimeUnitMultiplier(run.time_unit);
            row.figures.push_back(seconds / parts);
        }
        if (row.figures.empty()) return;
        const bool small = bench::median(row.figures) < 1e-6;
        row.unit = small ? "ns" : "us";
        for (double& figure : row.figures) figure *= small ? 1e9 : 1e6;
        bench::print(row);
    }
};

void run_library(const Arguments& arguments) {
    std::vector<std::string> words{"concertres_bench"};
    const std::string repetitions = std::to_string(arguments.settings.repetitions);
    words.push_back("--benchmark_repetitions=" + repetitions);
    words.push_back(arguments.settings.quick ? "--benchmark_min_time=0.001"
                                             : "--benchmark_min_time=0.05");
    words.insert(words.end(), arguments.for_library.begin(), arguments.for_library.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    int argc = static_cast<int>(argv.size());
    benchmark::Initialize(&argc, argv.data());
    TableReporter reporter;
    benchmark::RunSpecifiedBenchmarks(&reporter);
    benchmark::ClearRegisteredBenchmarks();
}

void run(const Arguments& arguments) {
    if (arguments.wants("commands")) bench::run_commands(arguments.settings);
    if (arguments.wants("burst")) bench::run_burst(arguments.settings);
    if (arguments.wants("queries")) {
        bench::print_section("queries: 1,000 concerts of 10 dates, 1,000,000 reservations");
        bench::register_queries(arguments.settings);
        run_library(arguments);
        bench::end_queries();
    }
    if (arguments.wants("draws")) bench::run_draws(arguments.settings);
    if (arguments.wants("line")) bench::run_line(arguments.settings);
    // Minutes: for who asks for it.
    if (std::ranges::find(arguments.parts, "growth") != arguments.parts.end()) {
        bench::run_growth(arguments.settings, arguments.figures);
    }
    if (arguments.wants("micro")) {
        bench::print_section("pieces");
        bench::register_micro();
        run_library(arguments);
    }
}

}  // namespace

int main(int argc, char** argv) {
    try {
        if (argc == 2 && std::string_view(argv[1]) == "--help") {
            fmt::print("{}", usage);
            return 0;
        }
        Arguments arguments = parse(argc, argv);
        prepare_folder(arguments.settings.folder);
        if (arguments.parts == std::vector<std::string>{"holds"}) {
            bench::run_holds(arguments.settings, std::max<std::size_t>(arguments.in_flight, 1));
            return 0;
        }
        if (arguments.parts == std::vector<std::string>{"fill"}) {
            if (arguments.reservations > 0) {
                bench::hold_and_die(arguments.settings, arguments.reservations);
            }
            bench::fill_and_die(arguments.settings, std::max<std::size_t>(arguments.transfers, 1));
        }
        if (arguments.figures.empty()) {
            arguments.figures = arguments.settings.folder / "growth.csv";
        }
        const auto start = std::chrono::steady_clock::now();
        bench::print_head(argc, argv, arguments.settings.repetitions);
        run(arguments);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        bench::print_section(fmt::format("the run took {:.0f} s", took.count()));
        return 0;
    } catch (const std::exception& failure) {
        std::fflush(stdout);
        fmt::print(stderr, "concertres_bench: {}\n", failure.what());
        return 1;
    }
}
