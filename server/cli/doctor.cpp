// Looks at everything that `serve` would need with the same settings, and changes nothing of it.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

#include "cli/commands.hpp"
#include "cli/where.hpp"
#include "config/exit_codes.hpp"
#include "line/outside_line.hpp"
#include "postgres/look.hpp"
#include "sqlite/look.hpp"

namespace concertres::server {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::uint64_t mebi = 1'024 * 1'024;

// A line for each thing that was looked at.
class Findings {
  public:
    void ok(std::string_view what, std::string_view found) { say("ok", what, found); }
    // It runs, but see to it.
    void warning(std::string_view what, std::string_view found) { say("warning", what, found); }
    // It does not run so, or not safely.
    void problem(std::string_view what, std::string_view found) {
        say("PROBLEM", what, found);
        ++problems_;
    }
    [[nodiscard]] int problems() const { return problems_; }

  private:
    static void say(std::string_view verdict, std::string_view what, std::string_view found) {
        fmt::print("{:<8} {:<14} {}\n", verdict, what, found);
    }

    int problems_ = 0;
};

std::string reason(int fault) { return std::generic_category().message(fault); }

void check_configuration(const DoctorArguments& arguments, Findings& out) {
    for (const std::string& fault : arguments.faults) out.problem("configuration", fault);
    if (arguments.faults.empty()) out.ok("configuration", "every setting and key file is good");
}

// --- Where the sale is -------------------------------------------------------------------------

// File systems on which a lock, or a sync, may not be what SQLite needs; and those that forget.
std::string_view network_file_system(const struct statfs& about) {
    switch (static_cast<unsigned long>(about.f_type)) {
        case 0x6969:
            return "NFS";
        case 0xff534d42:
        case 0xfe534d42:
        case 0x517b:
            return "SMB";
        case 0x01021997:
            return "9p";
        default:
            return {};
    }
}
bool is_in_memory(const struct statfs& about) {
    const auto type = static_cast<unsigned long>(about.f_type);
    return type == 0x01021994 || type == 0x858458f6;  // tmpfs, ramfs
}

void check_file_system(const fs::path& folder, Findings& out) {
    struct statfs about {};
    if (::statfs(folder.c_str(), &about) != 0) {
        return out.problem("data", fmt::format("{}: {}", folder.string(), reason(errno)));
    }
    const std::uint64_t free_mebi =
        about.f_bavail * static_cast<std::uint64_t>(about.f_bsize) / mebi;
    // The journal alone may take 64 MiB, and as much again while it is folded.
    const std::string space = fmt::format("{} MiB are free in {}", free_mebi, folder.string());
    if (free_mebi < 256) {
        out.problem("disk space", space + "; make room: a full disk refuses every sale");
    } else if (free_mebi < 2'048) {
        out.warning("disk space", space + "; a large sale takes some GiB");
    } else {
        out.ok("disk space", space);
    }
    if (const auto network = network_file_system(about); !network.empty()) {
        out.problem("file system",
                    fmt::format("{} is on {}, where locks and syncs are not to be relied on; use a "
                                "local disk, or --store",
                                folder.string(), network));
    } else if (is_in_memory(about)) {
        out.problem("file system",
                    folder.string() + " is in memory: the sale is gone when this machine restarts");
    } else {
        out.ok("file system", "local");
    }
}

void check_file(const fs::path& file, Findings& out) {
    using State = sqlite::Look::State;
    const sqlite::Look look = sqlite::look_at(file);
    const std::string name = file.string();
    switch (look.state) {
        case State::absent:
            return out.ok("database", name + " is not there yet; it will be made");
        case State::current:
            break;
        case State::earlier:
            out.warning("database",
                        fmt::format("{} is of version {}; `serve` brings it to this one, and older "
                                    "programs do not read it then: back it up before",
                                    name, look.version));
            break;
        case State::newer:
            return out.problem("database", fmt::format("{} is of version {}, made by a newer "
                                                       "program than this; use that one",
                                                       name, look.version));
        case State::foreign:
            return out.problem("database", name + " is no sale, but something else; move it away");
        case State::truncated:
            return out.problem("database", name + " is cut short; restore it from a backup");
    }
    if (look.is_open) {
        return out.warning("database",
                           name +
                               " is open in another program. If that is a server, all is well, "
                               "and a second one cannot start");
    }
    if (look.state == State::current) out.ok("database", name + " is a sale, closed");
}

void check_folder(const fs::path& data, Findings& out) {
    std::error_code failed;
    fs::path folder = fs::absolute(data);
    const bool exists = fs::is_directory(folder, failed);
    while (!fs::exists(folder, failed) && folder.has_relative_path()) folder = folder.parent_path();
    if (!fs::is_directory(folder, failed) || ::access(folder.c_str(), W_OK | X_OK) != 0) {
        return;  // check_configuration has said so
    }
    out.ok("data", exists ? fmt::format("{} can be written", folder.string())
                          : fmt::format("{} will be made in {}", data.string(), folder.string()));
    check_file_system(folder, out);
    if (exists) check_file(store_file(folder), out);
}

void check_database(const std::string& store, Findings& out) {
    const postgres::Look look = postgres::look_at(store);
    const std::string server = fmt::format("PostgreSQL {} answers", look.server_version / 10'000);
    if (look.server_version < 130'000) {
        out.problem("database", server + "; 13 or later is needed");
    } else if (look.is_standby) {
        out.problem("database", server + ", but it is a standby, which takes no writes");
    } else if (!look.has_store) {
        out.ok("database", server + "; there is no sale yet, it will be made");
    } else {
        out.ok("database", server + ", and has a sale");
    }
    if (look.connections_free < 10) {
        out.warning("connections",
                    fmt::format("{} connections are left there; raise max_connections",
                                look.connections_free));
    } else {
        out.ok("connections", fmt::format("{} are left there", look.connections_free));
    }
}

void check_store(const Settings& settings, Findings& out) {
    try {
        if (!settings.store.empty()) return check_database(settings.store, out);
        if (!settings.data.empty()) return check_folder(settings.data, out);
        if (settings.demo) {
            out.warning("data", "a demo without data: its sale is thrown away at the end");
        }
    } catch (const StorageError& failure) {
        out.problem("database", failure.what());
    }
}

void check_line(const LineSettings& settings, Findings& out) {
    if (settings.address.empty()) return;
    const auto line = open_line(settings, {});
    if (const auto trouble = line_trouble(*line)) {
        return out.problem("line", *trouble +
                                       "; until it can be used nobody joins a line that is kept "
                                       "there, or is let in");
    }
    out.ok("line", "Redis answers");
}

// --- The machine -------------------------------------------------------------------------------

Duration clock_time(clockid_t id) {
    timespec at{};
    ::clock_gettime(id, &at);
    return std::chrono::seconds(at.tv_sec) +
           std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(at.tv_nsec));
}

void check_clock(Findings& out) {
    // Store time begins at the wall's and goes on by the other: both must run, and alike.
    const Duration wall = clock_time(CLOCK_REALTIME);
    const Duration elapsed = clock_time(CLOCK_BOOTTIME);
    std::this_thread::sleep_for(milliseconds(100));
    const Duration apart =
        (clock_time(CLOCK_REALTIME) - wall) - (clock_time(CLOCK_BOOTTIME) - elapsed);
    constexpr Duration year_2026 = std::chrono::seconds(1'767'225'600);
    timex state{};
    const bool is_known = ::adjtimex(&state) >= 0;
    if (wall < year_2026) {
        out.problem("clock", fmt::format("it is {} by this machine's clock; set it",
                                         to_rfc3339(Time(wall))));
    } else if (apart > milliseconds(50) || apart < -milliseconds(50)) {
        out.problem("clock", "the wall clock is being set while it runs; see to the time service");
    } else if (is_known && (state.status & STA_UNSYNC) != 0) {
        out.warning("clock",
                    "it is not kept by a time service (NTP): openings may come early or late");
    } else {
        out.ok("clock", is_known ? "kept by a time service" : "runs evenly");
    }
}

void check_address(std::string_view what, const http::Endpoint& endpoint, Findings& out) {
    namespace ip = boost::asio::ip;
    boost::asio::io_context context;
    boost::system::error_code error;
    const auto address = ip::make_address(endpoint.address, error);
    ip::tcp::acceptor acceptor(context);
    if (!error) acceptor.open(ip::tcp::endpoint(address, endpoint.port).protocol(), error);
    if (!error) acceptor.set_option(ip::tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind({address, endpoint.port}, error);
    if (!error) acceptor.listen(1, error);
    const std::string name = to_string(endpoint);
    if (!error) return out.ok(what, name + " is free");
    const bool is_taken = error == boost::asio::error::address_in_use;
    out.problem(what, fmt::format("{}: {}{}", name, error.message(),
                                  is_taken ? "; is a server running already?" : ""));
}

void check_addresses(const Settings& settings, Findings& out) {
    check_address("listen", settings.listen, out);
    if (settings.admin_listen) check_address("admin-listen", *settings.admin_listen, out);
}

void check_limits(const Settings& settings, Findings& out) {
    // The store, the log and the like take some more.
    const std::uint64_t needed =
        settings.limits.connections_max * (settings.admin_listen ? 2 : 1) + 64;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < needed) {
        out.warning("descriptors",
                    fmt::format("{} at most, and connections-max asks for {}: raise the limit "
                                "(LimitNOFILE in the unit, ulimit -Hn), or lower connections-max",
                                limit.rlim_max, needed));
    } else {
        out.ok("descriptors", fmt::format("{} at most; {} may be needed", limit.rlim_max, needed));
    }
    std::int64_t somaxconn = 0;
    if (!(std::ifstream("/proc/sys/net/core/somaxconn") >> somaxconn)) return;
    if (somaxconn < 1'024) {
        out.warning("backlog", fmt::format("net.core.somaxconn is {}: of a crowd that comes at "
                                           "once some are turned away; sysctl it to 4096",
                                           somaxconn));
    } else {
        out.ok("backlog", fmt::format("net.core.somaxconn is {}", somaxconn));
    }
}

int examine(const DoctorArguments& arguments) {
    Findings out;
    check_configuration(arguments, out);
    check_store(arguments.settings, out);
    check_line(arguments.settings.line, out);
    check_clock(out);
    check_addresses(arguments.settings, out);
    check_limits(arguments.settings, out);
    if (out.problems() == 0) return exit_code::good;
    fmt::print("{} to be mended before `serve` runs as it should\n",
               out.problems() == 1 ? "1 problem" : fmt::format("{} problems", out.problems()));
    return exit_code::refused;
}

}  // namespace

int run(const DoctorArguments& arguments) {
    return guarded([&] { return examine(arguments); });
}

}  // namespace concertres::server
