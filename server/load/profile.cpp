#include "load/profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/json_reader.hpp"
#include "config/suggestion.hpp"
#include "config/toml_file.hpp"

namespace concertres::load {

namespace {

constexpr std::array<std::string_view, 7> scenarios{"token",       "poll",    "dates", "seats",
                                                    "reservation", "payment", "sale"};
constexpr std::size_t connections_max = 20'000;
constexpr std::int64_t think_ms_max = 3'600'000;

struct Written {
    BuiltIn about;
    std::string_view toml;
};
// As files would have them.
constexpr Written built_in[] = {
    {{"smoke", "five people buy, for three seconds"}, R"(
scenario = "sale"
users = ["0s 5", "3s 5"]
think-ms = 100
thresholds = ["errors <= 0%"]
)"},
    {{"stages", "up to 50, 100 and 150 people in 5 minutes, and down in 2"}, R"(
scenario = "sale"
users = ["1m 50", "3m 100", "1m 150", "2m 0"]
think-ms = 1000
thresholds = ["p95 <= 10 ms", "errors <= 0%"]
)"},
    {{"peak", "up to 1,000 people and down again, in 11 minutes"}, R"(
scenario = "sale"
users = ["2m 100", "2m 500", "1m 1000", "2m 500", "2m 100", "2m 0"]
think-ms = 1000
thresholds = ["p95 <= 10 ms", "errors <= 0%"]
)"},
};

// Takes the entries of a file apart; all that is wrong is noted.
class Reader {
  public:
    Reader(std::string name, const std::string& source) : source_(source) {
        profile_.name = std::move(name);
    }

    Result<Profile> read(const server::TomlFile& file) {
        faults_ = file.faults;
        for (const server::TomlEntry& entry : file.entries) take(entry);
        if (faults_.empty()) check_whole();
        if (faults_.empty()) return std::move(profile_);
        return Error{Errc::request_invalid, fmt::format("{}", fmt::join(faults_, "\n")), {}};
    }

  private:
    using Type = server::TomlType;

    void take(const server::TomlEntry& entry) {
        const std::string& key = entry.key;
        if (key == "scenario") return take_scenario(entry);
        if (key == "users" || key == "rate") return take_stages(entry);
        if (key == "thresholds") return take_thresholds(entry);
        if (key == "connections") {
            if (auto number = whole_number(entry, 1, connections_max)) {
                profile_.connections = static_cast<std::size_t>(*number);
                has_connections_ = true;
            }
            return;
        }
        if (key == "think-ms") {
            if (auto number = whole_number(entry, 0, think_ms_max)) {
                profile_.think = std::chrono::milliseconds(*number);
                has_think_ = true;
            }
            return;
        }
        constexpr std::string_view known[] = {"scenario",   "users",       "rate",
                                              "thresholds", "connections", "think-ms"};
        const auto meant = server::nearest_word(key, known);
        fault(entry, fmt::format("there is no such key{}",
                                 meant ? fmt::format("; did you mean {}?", *meant) : ""));
    }

    void take_scenario(const server::TomlEntry& entry) {
        if (!is(entry, Type::text, "a string")) return;
        const auto scenario = scenario_of(entry.values.front());
        if (scenario) {
            profile_.scenario = *scenario;
            has_scenario_ = true;
        } else {
            fault(entry, fmt::format("must be one of {}, not {}", scenario_list(),
                                     in_quotes(entry.values.front())));
        }
    }

    void take_stages(const server::TomlEntry& entry) {
        if (!is(entry, Type::texts, "an array of strings")) return;
        if (!profile_.stages.empty()) return fault(entry, "goes not with the other of users, rate");
        auto stages = parse_stages(entry.values);
        if (!stages) return fault(entry, stages.error().detail);
        profile_.stages = std::move(*stages);
        profile_.open_loop = entry.key == "rate";
    }

    void take_thresholds(const server::TomlEntry& entry) {
        if (!is(entry, Type::texts, "an array of strings")) return;
        for (const std::string& text : entry.values) {
            if (auto threshold = Threshold::parse(text)) {
                profile_.thresholds.push_back(std::move(*threshold));
            } else {
                fault(entry, threshold.error().detail);
            }
        }
    }

    std::optional<std::int64_t> whole_number(const server::TomlEntry& entry, std::int64_t min,
                                             std::int64_t max) {
        if (!is(entry, Type::integer, "an integer")) return std::nullopt;
        const std::string& text = entry.values.front();
        std::int64_t value = 0;
        const auto error = std::from_chars(text.data(), text.data() + text.size(), value).ec;
        if (error == std::errc() && value >= min && value <= max) return value;
        fault(entry, fmt::format("must be from {} to {}, not {}", min, max, text));
        return std::nullopt;
    }

    void check_whole() {
        if (!has_scenario_) {
            faults_.push_back(
                fmt::format("{}: scenario is missing: one of {}", source_, scenario_list()));
        }
        if (profile_.stages.empty()) {
            faults_.push_back(fmt::format(
                "{}: users, or rate, is missing: stages like [\"1m 50\", \"2m 0\"]", source_));
        } else if (profile_.open_loop && has_think_) {
            faults_.push_back(
                fmt::format("{}: think-ms goes with users; arrivals come when they come", source_));
        } else if (!profile_.open_loop && has_connections_) {
            faults_.push_back(
                fmt::format("{}: connections goes with rate; each of the users has one", source_));
        } else if (!profile_.open_loop &&
                   profile_.stages.highest() > static_cast<double>(connections_max)) {
            faults_.push_back(fmt::format("{}: users: at most {}", source_, connections_max));
        }
    }

    bool is(const server::TomlEntry& entry, Type type, std::string_view wanted) {
        if (entry.type == type) return true;
        fault(entry, fmt::format("must be {}, not {}", wanted, entry.type_name));
        return false;
    }
    void fault(const server::TomlEntry& entry, std::string_view what) {
        faults_.push_back(fmt::format("{}:{}: {}: {}", source_, entry.line, entry.key, what));
    }

    std::string source_;
    Profile profile_;
    bool has_scenario_ = false;
    bool has_connections_ = false;
    bool has_think_ = false;
    std::vector<std::string> faults_;
};

}  // namespace

std::string_view scenario_name(Scenario scenario) {
    return scenarios[static_cast<std::size_t>(scenario)];
}

std::optional<Scenario> scenario_of(std::string_view name) {
    const auto found = std::ranges::find(scenarios, name);
    if (found == scenarios.end()) return std::nullopt;
    return static_cast<Scenario>(found - scenarios.begin());
}

std::string scenario_list() { return fmt::format("{}", fmt::join(scenarios, ", ")); }

std::vector<BuiltIn> built_in_profiles() {
    std::vector<BuiltIn> all;
    for (const Written& profile : built_in) all.push_back(profile.about);
    return all;
}

Result<Profile> load_profile(const std::string& name_or_file) {
    if (name_or_file.ends_with(".toml") || name_or_file.find('/') != std::string::npos) {
        return Reader(name_or_file, name_or_file).read(server::read_toml_file(name_or_file));
    }
    std::vector<std::string_view> names;
    for (const Written& profile : built_in) {
        if (profile.about.name == name_or_file) {
            return parse_profile(profile.toml, name_or_file);
        }
        names.push_back(profile.about.name);
    }
    const auto meant = server::nearest_word(name_or_file, names);
    return Error{Errc::request_invalid,
                 fmt::format("there is no profile {}{}; there are {}, or give a file: ./mine.toml",
                             in_quotes(name_or_file),
                             meant ? fmt::format(" (did you mean {}?)", *meant) : "",
                             fmt::join(names, ", ")),
                 {}};
}

Result<Profile> parse_profile(std::string_view toml, const std::string& name) {
    return Reader(name, name).read(server::parse_toml(toml, name));
}

}  // namespace concertres::load
