// concertres: the box office on the network. Takes the command line apart and runs what it asks
// for; serve/ and cli/ do the work.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>
#include <variant>
#include <vector>

#include "cli/commands.hpp"
#include "cli/where.hpp"
#include "config/command_line.hpp"
#include "config/exit_codes.hpp"
#include "serve/serve.hpp"

namespace {

using namespace concertres::server;

int run(const Say& say) {
    std::fputs(say.out.c_str(), stdout);
    std::fputs(say.err.c_str(), stderr);
    return printed(say.exit_code);
}

// The same command line once more: its files and environment may say something else by now.
std::optional<ServeArguments> reload(const std::vector<std::string>& arguments) {
    auto command = parse_command_line(arguments, read_environment(environ));
    if (auto* serve = std::get_if<ServeArguments>(&command)) return std::move(*serve);
    if (const auto* say = std::get_if<Say>(&command)) std::fputs(say->err.c_str(), stderr);
    return std::nullopt;
}

int run(Command command, const std::vector<std::string>& arguments) {
    return std::visit(
        [&]<class Arguments>(Arguments& what) {
            if constexpr (std::is_same_v<Arguments, ServeArguments>) {
                return serve(std::move(what), [&] { return reload(arguments); });
            } else {
                return run(what);
            }
        },
        command);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const std::vector<std::string> arguments(argv + 1, argv + argc);
        return run(parse_command_line(arguments, read_environment(environ)), arguments);
    } catch (const std::exception& failure) {
        fmt::print(stderr, "concertres: {}\n", failure.what());
        return exit_code::failed;
    }
}
