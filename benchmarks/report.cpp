#include "report.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <memory>
#include <thread>

#include "concertres/version.hpp"

namespace bench {

namespace {

std::string cpu_name() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);) {
        const auto colon = line.find(": ");
        if (line.starts_with("model name") && colon != line.npos) return line.substr(colon + 2);
    }
    return "unknown processor";
}

std::string system_name() {
    utsname name{};
    return uname(&name) == 0 ? fmt::format("{} {}", name.sysname, name.release) : "unknown system";
}

// What git says of the sources that this was built from; empty where there is no git.
std::string commit() {
    const std::string command = std::string("git -C '") + CONCERTRES_BENCH_SOURCE +
                                "' describe --always --dirty 2>/dev/null";
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), &pclose);
    std::array<char, 128> text{};
    if (!pipe || fgets(text.data(), static_cast<int>(text.size()), pipe.get()) == nullptr) {
        return {};
    }
    std::string line(text.data());
    while (!line.empty() && line.back() == '\n') line.pop_back();
    return line;
}

// Four significant digits, with separators between thousands.
std::string figure(double value) {
    if (value == 0) return "0";
    if (value < 9.9995) return fmt::format("{:.3f}", value);
    if (value < 99.995) return fmt::format("{:.2f}", value);
    if (value < 999.95) return fmt::format("{:.1f}", value);
    std::string digits = fmt::format("{:.0f}", value);
    for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
    return digits;
}

void print_line(const std::string& what, const std::string& in_flight,
                const std::array<std::string, 3>& figures, const std::string& unit,
                const std::string& cpu, const std::string& written, const std::string& note) {
    fmt::print("{:<66} {:>9} {:>10} {:>10} {:>10}  {:<10} {:>7} {:>6}  {}\n", what, in_flight,
               figures[0], figures[1], figures[2], unit, cpu, written, note);
    std::fflush(stdout);
}

}  // namespace

double median(std::vector<double> figures) {
    if (figures.empty()) return 0;
    std::ranges::sort(figures);
    const std::size_t half = figures.size() / 2;
    return figures.size() % 2 == 1 ? figures[half] : (figures[half - 1] + figures[half]) / 2;
}

void print_head(int argc, char** argv, int repetitions) {
    const std::string name = commit();
    fmt::print("concertres {}{}\n", CONCERTRES_VERSION_STRING,
               name.empty() ? "" : ", commit " + name);
    fmt::print("date     {:%Y-%m-%d %H:%M:%S} UTC\n", fmt::gmtime(std::time(nullptr)));
    fmt::print("machine  {}, {} cores, {}\n", cpu_name(), std::thread::hardware_concurrency(),
               system_name());
    fmt::print("built    {}, {}\n", CONCERTRES_BENCH_COMPILER, CONCERTRES_BENCH_BUILD_TYPE);
    fmt::print("command ");
    for (int i = 0; i < argc; ++i) {
        const std::string word = argv[i];
        fmt::print(" {}", i == 0 ? word.substr(word.rfind('/') + 1) : word);
    }
    fmt::print("\n\nmedian, least and most of {} runs (of 3 where there is no target)",
               repetitions);
    fmt::print("; cpu: microseconds of processor time for each command, of all threads");
    fmt::print("; KB: written for each command\n\n");
    print_line("", "in flight", {"median", "least", "most"}, "", "cpu", "KB", "");
}

void print_section(const std::string& title) {
    fmt::print("\n{}\n", title);
    std::fflush(stdout);
}

void print(const Row& row) {
    const auto [least, most] = std::ranges::minmax(row.figures);
    print_line(row.what, row.in_flight, {figure(median(row.figures)), figure(least), figure(most)},
               row.unit, row.cpu_us == 0 ? "" : figure(row.cpu_us),
               row.written_kb == 0 ? "" : fmt::format("{:.2f}", row.written_kb), row.note);
}

void print_note(const std::string& text) {
    fmt::print("{}\n", text);
    std::fflush(stdout);
}

}  // namespace bench
