#include "config/settings_loader.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <system_error>
#include <utility>

#include "base/json_reader.hpp"
#include "config/secrets.hpp"
#include "config/suggestion.hpp"
#include "config/toml_file.hpp"

namespace concertres::server {
namespace {

constexpr std::string_view environment_prefix = "CONCERTRES_";

// "10.0.0.0/8, 192.168.0.0/16" as two texts without blanks; no text for "".
std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size());
        std::string_view part = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        parts.emplace_back(part);
    }
    return parts;
}

// In quotes where it has what no setting's name has: it could end the line, or pass for more.
std::string shown_name(std::string_view name) {
    const bool is_plain = std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    });
    return is_plain ? std::string(name) : in_quotes(name);
}

bool fits(TomlType type, ValueKind kind) {
    switch (kind) {
        case ValueKind::toggle:
            return type == TomlType::boolean;
        case ValueKind::integer:
            return type == TomlType::integer;
        case ValueKind::text:
            return type == TomlType::text;
        case ValueKind::list:
            return type == TomlType::text || type == TomlType::texts;
    }
    return false;
}

const char* toml_name(ValueKind kind) {
    switch (kind) {
        case ValueKind::toggle:
            return "true or false";
        case ValueKind::integer:
            return "an integer";
        case ValueKind::text:
            return "a string in quotes";
        case ValueKind::list:
            return "a string in quotes or an array of them";
    }
    return "";
}

class Loader {
  public:
    Loader() { loaded_.origins.assign(all_settings().size(), "default"); }

    LoadedSettings load(std::span<const std::string> arguments, const Environment& environment) {
        std::vector<FlagSpec> known(serve_flags().begin(), serve_flags().end());
        for (const Setting& setting : all_settings()) known.push_back(flag_of(setting));
        const Flags flags = parse_flags(arguments, known);
        check_usage(flags);
        // Higher layers come later and so win.
        take_file(flags, environment);
        take_environment(environment);
        take_flags(flags);
        check_contradictions();
        return std::move(loaded_);
    }

  private:
    void fault(std::string text) { loaded_.faults.push_back({.text = std::move(text)}); }
    void usage_fault(std::string text) {
        loaded_.faults.push_back({.text = std::move(text), .is_usage = true});
    }

    void check_usage(const Flags& flags) {
        const bool print = flags.has("print-config");
        const bool check = flags.has("check-config");
        if (flags.help) {
            loaded_.mode = ServeMode::help;
        } else if (check) {
            loaded_.mode = ServeMode::check_config;
        } else if (print) {
            loaded_.mode = ServeMode::print_config;
        }
        for (const std::string& text : flags.faults) usage_fault(text);
        for (const std::string& word : flags.words) {
            usage_fault(fmt::format("argument {}: serve takes flags only", in_quotes(word)));
        }
        for (const char* name : {"print-config", "check-config"}) {
            if (flags.has(name) && flags.value(name) != "true") {
                usage_fault(fmt::format("flag --{}: takes no value", name));
            }
        }
        if (print && check) {
            usage_fault("flag --print-config: goes not with --check-config; give one of them");
        }
    }

    // Sets it, or notes why not; `origin` stays with the value.
    void take(const Setting& setting, const std::string& origin,
              std::span<const std::string> values) {
        if (auto wrong = setting.store(loaded_.settings, values)) {
            fault(origin + ": " + *wrong);
            faulty_.insert(setting.name);
            return;
        }
        origin_of(setting.name) = origin;
    }

    std::string& origin_of(std::string_view name) {
        return loaded_
            .origins[static_cast<std::size_t>(find_setting(name) - all_settings().data())];
    }

    void take_file(const Flags& flags, const Environment& environment) {
        std::string source = "flag --config";
        std::optional<std::string> path = flags.value("config");
        if (!path) {
            auto found = environment.find("CONCERTRES_CONFIG");
            if (found == environment.end()) return;
            path = found->second;
            source = "environment CONCERTRES_CONFIG";
        }
        const TomlFile file = read_toml_file(*path);
        // Faults of its text name the file and the line already.
        for (const std::string& text : file.faults) {
            fault(text.starts_with("cannot read") ? fmt::format("{}: {}", source, text) : text);
        }
        for (const TomlEntry& entry : file.entries) {
            take_entry(entry, fmt::format("{}:{}: {}", *path, entry.line, shown_name(entry.key)));
        }
    }

    void take_entry(const TomlEntry& entry, const std::string& origin) {
        const Setting* setting = find_setting(entry.key);
        if (setting == nullptr) {
            std::vector<std::string_view> names;
            for (const Setting& known : all_settings()) names.push_back(known.name);
            const auto meant = nearest_word(entry.key, names);
            const bool is_section = entry.type_name == "a table";
            fault(origin + ": there is no such setting" +
                  (is_section ? ", and no sections: each stands on a line of its own"
                   : meant    ? fmt::format("; did you mean {}?", *meant)
                              : ""));
        } else if (!fits(entry.type, setting->kind)) {
            fault(fmt::format("{}: must be {}, not {}", origin, toml_name(setting->kind),
                              entry.type_name));
            faulty_.insert(setting->name);
        } else {
            take(*setting, origin, entry.values);
        }
    }

    void take_environment(const Environment& environment) {
        std::vector<std::string> known{"CONCERTRES_CONFIG"};
        known.reserve(1 + all_settings().size());
        for (const Setting& setting : all_settings()) {
            known.push_back(environment_name(setting.name));
        }
        // Compared without what they all begin with, or everything would look alike.
        std::vector<std::string_view> ends;
        ends.reserve(known.size());
        for (std::string_view name : known) ends.push_back(name.substr(environment_prefix.size()));
        for (const auto& [name, value] : environment) {
            if (!name.starts_with(environment_prefix) || name == "CONCERTRES_CONFIG") continue;
            auto found = std::find(known.begin() + 1, known.end(), name);
            if (found == known.end()) {
                const auto meant =
                    nearest_word(std::string_view(name).substr(environment_prefix.size()), ends);
                fault(fmt::format(
                    "environment {}: there is no such setting{}", shown_name(name),
                    meant ? fmt::format("; did you mean {}{}?", environment_prefix, *meant) : ""));
                continue;
            }
            const Setting& setting =
                all_settings()[static_cast<std::size_t>(found - known.begin() - 1)];
            const std::vector<std::string> values =
                setting.kind == ValueKind::list ? split_list(value) : std::vector{value};
            take(setting, "environment " + name, values);
        }
    }

    void take_flags(const Flags& flags) {
        for (const Setting& setting : all_settings()) {
            if (!flags.has(setting.name)) continue;
            std::vector<std::string> values = flags.values(setting.name);
            if (setting.kind == ValueKind::list) {
                values = split_list(fmt::format("{}", fmt::join(values, ",")));
            }
            take(setting, "flag --" + setting.name, values);
        }
    }

    // Between settings that are each well: what is at fault itself says nothing about another.
    void check_contradictions() {
        const bool needs_store = loaded_.mode != ServeMode::print_config;
        for (const Contradiction& found : contradictions(loaded_.settings, needs_store)) {
            if (faulty_.contains(found.first) || faulty_.contains(found.second)) continue;
            const std::string& first = origin_of(found.first);
            const std::string& second = origin_of(found.second);
            const bool is_missing = found.first == "data" && loaded_.settings.data.empty();
            if (is_missing && faulty_.contains("store")) continue;
            std::string text = fmt::format("{} ({}) {}", found.first, first, found.detail);
            if (is_missing) text = fmt::format("{} {}", found.first, found.detail);
            if (second != "default") text += fmt::format("; {} is from {}", found.second, second);
            // To check a configuration that is wrong is no wrong command line.
            const bool on_command_line =
                is_missing || (first.starts_with("flag") && second.starts_with("flag"));
            loaded_.faults.push_back(
                {.text = std::move(text),
                 .is_usage = on_command_line && loaded_.mode == ServeMode::run});
        }
    }

    LoadedSettings loaded_;
    std::set<std::string, std::less<>> faulty_;
};

}  // namespace

Environment read_environment(const char* const* variables) {
    Environment environment;
    for (; *variables != nullptr; ++variables) {
        const std::string_view variable = *variables;
        const std::size_t equals = variable.find('=');
        if (!variable.starts_with(environment_prefix) || equals == std::string_view::npos) continue;
        environment.emplace(variable.substr(0, equals), variable.substr(equals + 1));
    }
    return environment;
}

LoadedSettings load_settings(std::span<const std::string> arguments,
                             const Environment& environment) {
    return Loader().load(arguments, environment);
}

std::span<const FlagSpec> serve_flags() {
    static const FlagSpec flags[] = {
        {.name = "config",
         .hint = "FILE",
         .help = "A TOML file with settings; flags and the environment beat what it says."},
        {.name = "print-config",
         .help = "Prints the settings and where each comes from, and ends. Keys are not shown."},
        {.name = "check-config",
         .help = "Checks the settings and the files that they name, says what is wrong, and "
                 "ends."},
        {.name = "help", .help = "This text."},
    };
    return flags;
}

FlagSpec flag_of(const Setting& setting) {
    static const Settings defaults;
    FlagSpec flag{.name = setting.name,
                  .hint = setting.hint,
                  .help = setting.help,
                  .repeatable = setting.kind == ValueKind::list};
    if (setting.kind != ValueKind::toggle) {
        flag.note = "Default: " + shown_value(setting, defaults);
    }
    if (setting.kind == ValueKind::integer) {
        flag.note += fmt::format("; from {} to {}", setting.min, setting.max);
    }
    return flag;
}

Secrets read_secrets(const Settings& settings, std::vector<std::string>& faults) {
    Secrets secrets;
    auto read_key = [&faults](const char* name, const std::filesystem::path& path,
                              std::optional<std::string>& key) {
        if (path.empty()) return;
        auto read = read_secret_file(path);
        if (!read) return faults.push_back(fmt::format("{}: {}", name, read.error().detail));
        key = std::move(*read);
    };
    read_key("api-key", settings.api_key, secrets.api_key);
    read_key("admin-key", settings.admin_key, secrets.admin_key);
    read_key("payment-key", settings.provider.key, secrets.payment_key);
    auto read_keys = [&faults](const char* name, const std::filesystem::path& path, auto read,
                               auto& keys) {
        if (path.empty()) return;
        auto found = read(path);
        if (!found) return faults.push_back(fmt::format("{}: {}", name, found.error().detail));
        keys = std::move(*found);
    };
    read_keys("token-keys", settings.token_keys, read_token_keys, secrets.token_keys);
    read_keys("ticket-keys", settings.ticket_keys, read_ticket_keys, secrets.ticket_keys);
    read_keys("webhook-secrets", settings.relay.webhook_secrets, read_webhook_secrets,
              secrets.webhook);
    return secrets;
}

void check_data_folder(const Settings& settings, std::vector<std::string>& faults) {
    if (settings.data.empty()) return;
    // What does not exist will be made, in the nearest folder above that does.
    std::error_code ignored;
    std::filesystem::path folder = std::filesystem::absolute(settings.data);
    while (!std::filesystem::exists(folder, ignored) && folder.has_relative_path()) {
        folder = folder.parent_path();
    }
    if (!std::filesystem::is_directory(folder, ignored)) {
        faults.push_back(fmt::format("data: {} is no folder", folder.native()));
    } else if (::access(folder.c_str(), W_OK | X_OK) != 0) {
        faults.push_back(fmt::format("data: cannot write to {}: {}", folder.native(),
                                     std::generic_category().message(errno)));
    }
}

}  // namespace concertres::server
