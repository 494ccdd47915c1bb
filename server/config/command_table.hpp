// The commands of the program, as their help has them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/flags.hpp"

namespace concertres::server {

struct CommandSpec {
    std::string_view name;
    std::string_view arguments;  // "FILE (--data DIR | --server URL) [option...]"
    std::string_view summary;    // one line
    std::string_view text;       // what it does
    std::vector<FlagSpec> flags;
    std::string exit_codes;  // lines
    std::string_view example;
};

// `serve` is among them, without its flags: those are the settings'.
[[nodiscard]] std::span<const CommandSpec> all_commands();
[[nodiscard]] const CommandSpec* find_command(std::string_view name);

// What `concertres help` prints.
[[nodiscard]] std::string program_help();
// What `concertres COMMAND --help` prints.
[[nodiscard]] std::string command_help(const CommandSpec& command);

}  // namespace concertres::server
