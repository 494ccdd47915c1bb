// The command line of the program: `concertres COMMAND ...`, taken apart into what the command
// needs, or into what is to be said instead of it.
//
//   int main(int argc, char** argv) {
//       auto command = parse_command_line({argv + 1, argv + argc}, read_environment(environ));
//       return std::visit([](auto& what) { return run(what); }, command);
//   }
//
// Threads: any.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "concertres/catalog.hpp"
#include "concertres/draw.hpp"
#include "concertres/ids.hpp"
#include "concertres/money.hpp"
#include "concertres/seating_plan.hpp"
#include "concertres/time.hpp"
#include "config/settings.hpp"
#include "config/settings_loader.hpp"
#include "events/sink_relay.hpp"

namespace concertres::server {

// There is nothing to run: help, the version, a printed or checked configuration, or what is wrong.
struct Say {
    std::string out{};  // to standard output
    std::string err{};  // to standard error
    int exit_code = 0;
};

struct ServeArguments {
    Settings settings{};
    Secrets secrets{};  // of the files that the settings name
};

// Where a command finds the sale: exactly one of the first three is there.
struct StoreArguments {
    std::filesystem::path data{};       // a folder that no server has open
    std::string store{};                // an address of PostgreSQL, also while servers run on it
    std::string server{};               // a running server's admin-listen: "http://127.0.0.1:8081"
    std::filesystem::path admin_key{};  // a file with that server's key; empty: none
};

struct ImportArguments : StoreArguments {
    std::filesystem::path file{};
    // What is set here beats the file.
    std::string title{};  // empty: the file's
    std::vector<OffsetTime> dates{};
    std::map<std::string, Money> prices{};  // by category
    std::optional<std::int64_t> active_max{};
    std::optional<AdmissionWindow> per_window{};
    std::optional<Time> opens_at{};
    bool draw = false;
    bool waiting_list = false;
    std::vector<RoomClass> classes{};

    // The same, as read_concert() takes it; a room only where one of its limits, a draw, a waiting
    // list or a class was given.
    [[nodiscard]] ImportOptions options() const;
};

struct AuditArguments : StoreArguments {};

struct ExplainArguments : StoreArguments {
    Uuid id{};  // of a concert, performance, reservation, payment, transfer or user
    std::optional<SeatNumber> seat{};    // of the performance
    std::optional<PlaceNumber> place{};  // in the concert's room
    bool json = false;
};

struct BackupArguments : StoreArguments {
    std::filesystem::path file{};
};

struct DrawArguments : StoreArguments {
    enum class Action : std::uint8_t { verify, export_ };

    Action action = Action::verify;
    ConcertId concert{};  // export
    std::filesystem::path file{};
    std::optional<DrawCommitment> commitment{};  // verify: as it was published
    std::optional<PlaceNumber> place{};          // verify: whose rank is to be told
};

struct TicketArguments : StoreArguments {  // of these, server and its key
    std::string ticket{};                  // "-": on standard input
    std::filesystem::path keys{};          // empty: the server's
};

struct RelayArguments : StoreArguments {
    RelaySettings relay{};
    // Of what is asked for below, and of nothing else. Empty: the only one that the store knows.
    std::string sink{};
    // What has happened since is to be passed on again, and nothing else is done.
    std::optional<Time> from{};  // Time::min(): all there ever was
    bool enable = false;         // a sink that was disabled goes on, and nothing else is done
};

struct DoctorArguments {
    Settings settings{};  // those of `serve`
    // What is wrong with them, and with the files that they name.
    std::vector<std::string> faults{};
};

struct LoadArguments {
    std::string profile{};  // a name, or a file
    std::string target = "http://127.0.0.1:8080";
    std::string scenario{};  // empty: the profile's
    std::string concert{};   // empty: the first that is open
    std::filesystem::path api_key{};
    double time_scale = 1;
    std::optional<std::chrono::milliseconds> think{};
    std::chrono::milliseconds timeout = std::chrono::seconds(30);
    std::filesystem::path json{};  // empty: no report of this kind
    std::filesystem::path html{};
};

using Command = std::variant<Say, ServeArguments, ImportArguments, AuditArguments, ExplainArguments,
                             BackupArguments, DrawArguments, TicketArguments, DoctorArguments,
                             LoadArguments, RelayArguments>;

// `arguments` are those after the program's name.
[[nodiscard]] Command parse_command_line(const std::vector<std::string>& arguments,
                                         const Environment& environment);

}  // namespace concertres::server
