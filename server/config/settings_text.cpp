#include "config/settings_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/toml_file.hpp"

namespace concertres::server {
namespace {

constexpr std::string_view serve_intro =
    "usage: concertres serve [--data DIR | --store URI] [--demo] [option...]\n"
    "\n"
    "Serves the box office over HTTP until it is told to stop (SIGTERM or SIGINT),\n"
    "and prints a line when it is ready. SIGHUP reads keys and log level again.\n"
    "\n"
    "Every setting is a flag, a variable CONCERTRES_... of the environment, or a key\n"
    "of the file that --config or CONCERTRES_CONFIG names; the first of these that\n"
    "has it wins.\n";

constexpr std::string_view serve_end =
    "\n"
    "Exit codes:\n"
    "  0   stopped as it was told, or printed what was asked for\n"
    "  64  the command line is wrong\n"
    "  69  the store cannot be used, or an address is taken\n"
    "  70  the engine stopped because storage failed\n"
    "  78  the configuration is wrong\n"
    "\n"
    "Example:\n"
    "  concertres serve --data /var/lib/concertres --listen 0.0.0.0:8080 --log-format json\n";

std::string toml_value(const Setting& setting, const Settings& settings) {
    const auto texts = setting.show(settings);
    switch (setting.kind) {
        case ValueKind::toggle:
        case ValueKind::integer:
            return texts.front();
        case ValueKind::text:
            return toml_string(texts.front());
        case ValueKind::list:
            break;
    }
    std::string result;
    for (const std::string& text : texts)
        result += (result.empty() ? "" : ", ") + toml_string(text);
    return '[' + result + ']';
}

// Calls `begin(section)` before the first setting of each section, and `use(setting, index)`.
template <class Begin, class Use>
void for_each_setting(Begin begin, Use use) {
    const auto& all = all_settings();
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (i == 0 || all[i - 1].section != all[i].section) begin(all[i].section);
        use(all[i], i);
    }
}

// A bar would end the cell.
std::string in_cell(std::string text) {
    for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) {
        text.insert(at, 1, '\\');
    }
    return text;
}

}  // namespace

std::string serve_help() {
    std::string text(serve_intro);
    for_each_setting(
        [&](Section section) { text += fmt::format("\n{}:\n", section_title(section)); },
        [&](const Setting& setting, std::size_t) {
            const FlagSpec flag = flag_of(setting);
            text += describe_flags({&flag, 1});
        });
    text += "\nConfiguration:\n" + describe_flags(serve_flags());
    return text + std::string(serve_end);
}

std::string print_config(const LoadedSettings& loaded) {
    std::string text = "# What concertres serve runs with, and where each setting comes from.\n";
    for_each_setting(
        [&](Section section) { text += fmt::format("\n# {}\n", section_title(section)); },
        [&](const Setting& setting, std::size_t index) {
            std::string origin = loaded.origins[index];
            // The name of a file may have a line's end in it, and would end the comment.
            std::replace_if(
                origin.begin(), origin.end(),
                [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
            const bool hides = setting.is_secret && shown_value(setting, loaded.settings) != "off";
            text +=
                fmt::format("{} = {}  # {}{}\n", setting.name, toml_value(setting, loaded.settings),
                            origin, hides ? "; what is in the file is not shown" : "");
        });
    return text;
}

std::string settings_markdown() {
    const Settings defaults;
    std::string text;
    for_each_setting(
        [&](Section section) {
            text +=
                fmt::format("\n### {}\n\n| setting | value | default | is |\n|---|---|---|---|\n",
                            section_title(section));
        },
        [&](const Setting& setting, std::size_t) {
            const bool is_toggle = setting.kind == ValueKind::toggle;
            text += fmt::format("| `{}` | {} | `{}` | {} |\n", setting.name,
                                is_toggle ? "`true` or `false`" : in_cell(shown_hint(setting)),
                                shown_value(setting, defaults), in_cell(setting.help));
        });
    return text;
}

}  // namespace concertres::server
