#include "config/settings_text.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "config/toml_file.hpp"
#include "support/temp_dir.hpp"

using namespace concertres;
using namespace concertres::server;
using concertres::test::TempDir;

namespace {

using Words = std::vector<std::string>;

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    REQUIRE_MESSAGE(file.good(), path.string());
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::filesystem::path root() { return std::filesystem::path(CONCERTRES_FIXTURES) / ".." / ".."; }

std::string line_of(const std::string& text, const std::string& begin) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(begin)) return line;
    }
    return "";
}

void check_same(const Settings& a, const Settings& b) {
    for (const Setting& setting : all_settings()) {
        CAPTURE(setting.name);
        CHECK(setting.show(a) == setting.show(b));
    }
}

}  // namespace

TEST_CASE("the printed configuration says of each setting where it comes from") {
    const auto loaded = load_settings(Words{"--listen", "127.0.0.1:9", "--trusted-proxy",
                                            "10.0.0.0/8", "--trusted-proxy", "::1", "--demo"},
                                      {{"CONCERTRES_API_KEY", "/etc/concertres/api-key"}});
    REQUIRE(loaded.faults.empty());
    const std::string text = print_config(loaded);
    CHECK(line_of(text, "listen") == "listen = \"127.0.0.1:9\"  # flag --listen");
    CHECK(line_of(text, "trusted-proxy") ==
          "trusted-proxy = [\"10.0.0.0/8\", \"::1/128\"]  # flag --trusted-proxy");
    CHECK(line_of(text, "cors-origin") == "cors-origin = []  # default");
    CHECK(line_of(text, "api-key") ==
          "api-key = \"/etc/concertres/api-key\"  # environment CONCERTRES_API_KEY; what is in the "
          "file is not shown");
    CHECK(line_of(text, "admin-key") == "admin-key = \"off\"  # default");
    CHECK(line_of(text, "demo") == "demo = true  # flag --demo");
    CHECK(line_of(text, "hold-ms") == "hold-ms = 300000  # default");
}

TEST_CASE("the printed configuration, read as a file, gives the same settings") {
    const TempDir dir;
    const std::string file = (dir.path() / "printed.toml").string();
    const std::vector<Words> command_lines = {
        {"--demo"},
        {"--data",          "a \"strange\" \\ p\xc3\xa5th #1",
         "--admin-listen",  "off",
         "--trusted-proxy", "10.0.0.0/8,::1",
         "--cors-origin",   "https://a.example.org",
         "--cors-origin",   "http://b.example.org:81",
         "--api-key",       "/etc/key",
         "--log-level",     "error",
         "--threads",       "9",
         "--tick-ms",       "50",
         "--currency",      "EUR"},
    };
    for (const Words& command_line : command_lines) {
        const auto first = load_settings(command_line, {});
        REQUIRE(first.faults.empty());
        std::ofstream(file, std::ios::binary) << print_config(first);
        const auto second = load_settings(Words{"--config", file}, {});
        CHECK(second.faults.empty());
        check_same(first.settings, second.settings);
        for (const std::string& origin : second.origins) CHECK(origin.starts_with(file + ":"));
    }
}

TEST_CASE("a file's name cannot end the comment that it stands in") {
    const TempDir dir;
    const std::string file = (dir.path() / "a\nlisten = \"x\"").string();
    std::ofstream(file) << "demo = true\n";
    const auto loaded = load_settings(Words{"--config", file}, {});
    REQUIRE(loaded.faults.empty());
    CHECK(parse_toml(print_config(loaded), "printed").faults.empty());
}

TEST_CASE("text is written as TOML reads it") {
    for (const std::string& text :
         {std::string(), std::string("plain"), std::string("\"\\\t\n\x7f#'"),
          std::string("p\xc3\xa5th"), std::string("a\0b", 3)}) {
        const auto file = parse_toml("key = " + toml_string(text), "text");
        REQUIRE(file.entries.size() == 1);
        CHECK(file.entries[0].values == Words{text});
    }
}

TEST_CASE("help tells of every setting, its default and its bounds, in narrow lines") {
    const std::string help = serve_help();
    for (const Setting& setting : all_settings()) {
        CAPTURE(setting.name);
        const std::string line =
            "  --" + setting.name + (setting.hint.empty() ? "" : " " + setting.hint);
        CHECK(help.find("\n" + line + "\n") != std::string::npos);
    }
    for (const FlagSpec& flag : serve_flags()) {
        CHECK(help.find("\n  --" + flag.name) != std::string::npos);
    }
    CHECK(help.find("\n      Default: 0; from 0 to 1024\n") != std::string::npos);
    std::istringstream lines(help);
    for (std::string line; std::getline(lines, line);) {
        CAPTURE(line);
        CHECK(line.size() <= 94);
        CHECK_FALSE(line.ends_with(" "));
    }
}

TEST_CASE("the documented list of settings is the table in the code") {
    const auto path = root() / "docs/reference/configuration.md";
    const std::string text = text_of(path);
    const std::string begin =
        "<!-- settings: begin; a test compares this list with the program -->\n";
    const std::string end = "\n<!-- settings: end -->";
    const std::size_t from = text.find(begin);
    const std::size_t to = text.find(end);
    REQUIRE(from != std::string::npos);
    REQUIRE(to != std::string::npos);
    const std::string documented = text.substr(from + begin.size(), to - from - begin.size());
    const std::string right = settings_markdown();
    CHECK_MESSAGE(documented == right, "between the two marks must stand:\n", right);
}

TEST_CASE("the example in the documentation and the deployed file are good configurations") {
    const std::string text = text_of(root() / "docs/reference/configuration.md");
    const std::size_t from = text.find("```toml\n");
    REQUIRE(from != std::string::npos);
    const std::string example = text.substr(from + 8, text.find("```", from + 8) - from - 8);
    const TempDir dir;
    const std::string file = (dir.path() / "example.toml").string();
    std::ofstream(file, std::ios::binary) << example;
    for (const std::string& path : {file, (root() / "server/deploy/concertres.toml").string()}) {
        const auto loaded = load_settings(Words{"--config", path}, {});
        for (const SettingFault& fault : loaded.faults) FAIL_CHECK(fault.text);
    }
}

TEST_CASE("the deployed file's commented lines are settings with their defaults") {
    const std::string text = text_of(root() / "server/deploy/concertres.toml");
    std::istringstream lines(text);
    int compared = 0;
    for (std::string line; std::getline(lines, line);) {
        const std::size_t equals = line.find(" = ");
        if (!line.starts_with("# ") || equals == std::string::npos) continue;
        CAPTURE(line);
        const Setting* setting = find_setting(line.substr(2, equals - 2));
        REQUIRE(setting != nullptr);
        const auto file = parse_toml(line.substr(2), "line");
        REQUIRE(file.entries.size() == 1);
        Settings settings;
        CHECK_FALSE(setting->store(settings, file.entries[0].values).has_value());
        ++compared;
        const bool can_be_off = shown_value(*setting, Settings()) == "off";
        CHECK((can_be_off || shown_value(*setting, settings) == shown_value(*setting, Settings())));
    }
    CHECK(compared > 5);
}

namespace {

// What a unit for systemd says, beside what there is.
void check_unit(const std::string& name) {
    CAPTURE(name);
    const std::string text = text_of(root() / "server/deploy" / name);
    const std::string start = line_of(text, "ExecStart=/usr/bin/concertres serve ");
    REQUIRE(!start.empty());
    std::istringstream words(start.substr(start.find("serve ") + 6));
    Words arguments;
    for (std::string word; words >> word;) {
        if (word.starts_with("/etc/concertres/")) {
            word = (root() / "server/deploy" / word.substr(16)).string();
        }
        arguments.push_back(word);
    }
    for (const SettingFault& fault : load_settings(arguments, {}).faults) FAIL_CHECK(fault.text);
    CHECK(line_of(text, "RestartPreventExitStatus=") == "RestartPreventExitStatus=64 78");
    // The variables that the marks hide are settings too.
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("#Environment=CONCERTRES_")) continue;
        CAPTURE(line);
        const std::string variable = line.substr(13, line.find('=', 13) - 13);
        bool is_known = false;
        for (const Setting& setting : all_settings()) {
            is_known = is_known || environment_name(setting.name) == variable;
        }
        CHECK(is_known);
    }
}

}  // namespace

TEST_CASE("the units for systemd start what there is") {
    check_unit("concertres.service");
    check_unit("concertres-shared.service");
}
