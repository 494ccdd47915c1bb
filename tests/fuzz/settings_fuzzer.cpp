// Settings from flags, environment and file: either they are refused, and every fault is one line
// fit for a log, or they are taken, and the printed configuration is a file that gives the same.
//
// A line of an input is "flag --listen=...", "env CONCERTRES_LISTEN=..." or a line of the file.
#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "base/json_reader.hpp"
#include "config/settings_loader.hpp"
#include "config/settings_text.hpp"
#include "fuzz/fuzzer.hpp"
#include "support/temp_dir.hpp"

using namespace concertres;
using server::LoadedSettings;

namespace {

const std::filesystem::path& file() {
    static const test::TempDir folder;
    static const std::filesystem::path path = folder.path() / "concertres.toml";
    return path;
}

LoadedSettings load(std::vector<std::string> arguments, const server::Environment& environment,
                    std::string_view text) {
    std::ofstream(file(), std::ios::binary) << text;
    arguments.push_back("--config=" + file().string());
    return server::load_settings(arguments, environment);
}

LoadedSettings load_input(std::string_view input) {
    std::vector<std::string> arguments;
    server::Environment environment;
    std::string text;
    while (!input.empty()) {
        std::string_view line = fuzz::take_line(input);
        // Where the file is is ours to say; there would be others on this machine.
        if (line.find("--config") != std::string_view::npos ||
            line.find("_CONFIG") != std::string_view::npos) {
            continue;
        }
        if (line.starts_with("flag ")) {
            arguments.emplace_back(line.substr(5));
        } else if (line.starts_with("env ")) {
            line.remove_prefix(4);
            const std::size_t equals = std::min(line.find('='), line.size());
            environment["CONCERTRES_" + std::string(line.substr(0, equals))] =
                line.substr(std::min(equals + 1, line.size()));
        } else {
            text.append(line).append("\n");
        }
    }
    return load(std::move(arguments), environment, text);
}

void demand_one_line(const std::string& text) {
    const bool is_fit =
        std::ranges::all_of(text, [](unsigned char c) { return c >= ' ' && c != 127; });
    fuzz::demand(!text.empty() && is_fit, "a fault is one line without control characters", text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const LoadedSettings loaded = load_input(fuzz::text_of(data, size));
    for (const auto& fault : loaded.faults) demand_one_line(fault.text);
    fuzz::demand(loaded.origins.size() == server::all_settings().size(),
                 "every setting has an origin");
    if (!loaded.faults.empty() || loaded.mode == server::ServeMode::help) return 0;
    // A path may be what no TOML file can say: bytes that are no UTF-8.
    const bool is_ascii = std::all_of(data, data + size, [](std::uint8_t c) { return c < 0x80; });
    if (!is_ascii) return 0;
    const std::string printed = server::print_config(loaded);
    const LoadedSettings again = load({"--print-config"}, {}, printed);
    fuzz::demand(again.faults.empty(), "the printed configuration is one",
                 printed + (again.faults.empty() ? "" : again.faults.front().text));
    for (const server::Setting& setting : server::all_settings()) {
        fuzz::demand(setting.show(loaded.settings) == setting.show(again.settings),
                     "the printed configuration gives the same", setting.name + "\n" + printed);
    }
    return 0;
}
