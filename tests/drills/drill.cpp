#include "drills/drill.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "support/environment.hpp"

namespace concertres::test {

bool full_size() { return from_environment("CONCERTRES_DRILLS", 0) != 0; }

void judge(bool as_wanted, const std::string& measured) {
    MESSAGE(measured);
    if (!full_size()) return;
    CAPTURE(measured);
    CHECK(as_wanted);
}

std::filesystem::path quick_folder() {
    const std::filesystem::path in_memory = "/dev/shm";
    std::error_code none;
    return std::filesystem::is_directory(in_memory, none) ? in_memory
                                                          : std::filesystem::temp_directory_path();
}

void raise_descriptor_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

Vitals vitals_of(pid_t process) {
    namespace fs = std::filesystem;
    const fs::path folder = fmt::format("/proc/{}", process);
    Vitals vitals;
    // After the name, which ends with the last bracket: state, and eleven numbers later the times.
    const std::string stat = read_file(folder / "stat");
    std::istringstream fields(stat.substr(stat.rfind(')') + 1));
    std::string skipped;
    for (int i = 0; i < 12; ++i) fields >> skipped;
    double user = 0;
    double system = 0;
    if (!(fields >> user >> system)) throw std::runtime_error("no such process");
    vitals.cpu_seconds = (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    std::ifstream status(folder / "status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:")) vitals.memory_kib = std::stoll(line.substr(6));
        if (line.starts_with("VmHWM:")) vitals.memory_max_kib = std::stoll(line.substr(6));
    }
    vitals.descriptors = std::distance(fs::directory_iterator(folder / "fd"), {});
    return vitals;
}

// --- SlowDisk ----------------------------------------------------------------------------------

void SlowDisk::add_to(Launch& launch) const {
    launch.environment.insert(
        launch.environment.end(),
        {{"LD_PRELOAD", CONCERTRES_SLOW_DISK},
         {"SLOW_DISK_SYNC_US", std::to_string(speed_.sync_us)},
         {"SLOW_DISK_KIB_PER_SECOND", std::to_string(speed_.kib_per_second)},
         {"SLOW_DISK_STALL", file()},
         // It comes before the sanitizer's runtime, which else refuses to start.
         {"ASAN_OPTIONS", "verify_asan_link_order=0"}});
}

void SlowDisk::stall() const { write_file(file(), ""); }
void SlowDisk::go_on() const { std::filesystem::remove(file()); }

// --- Load --------------------------------------------------------------------------------------

std::string halls_json(int halls, int seats) {
    std::string performances;
    for (int i = 0; i < halls; ++i) {
        performances += fmt::format(R"({}{{"starts_at": "2090-{:02}-{:02}T19:00:00+09:00"}})",
                                    i == 0 ? "" : ", ", 1 + i / 28, 1 + i % 28);
    }
    return fmt::format(R"({{"title": "Winter Songs", "venue": "Many Halls", )"
                       R"("performances": [{}], "seats": {{"count": {}, "price": 50000}}, )"
                       R"("room": {{}}}})",
                       performances, seats);
}

boost::json::value put_load(const std::string& url, const std::string& profile) {
    const TempDir folder;
    const std::string file = folder.path() / "profile.toml";
    const std::string report = folder.path() / "report.json";
    write_file(file, profile);
    const Ran ran = run_command({"load", file, "--target", url, "--json", report});
    INFO(ran.out, ran.err);
    REQUIRE(ran.end == "exit 0");
    return boost::json::parse(read_file(report));
}

std::int64_t number_at(const boost::json::value& report, std::string_view pointer) {
    boost::system::error_code absent;
    const auto* value = report.find_pointer({pointer.data(), pointer.size()}, absent);
    return value == nullptr ? 0 : value->to_number<std::int64_t>();
}

}  // namespace concertres::test
