// Puts the settings together: flags beat the environment (CONCERTRES_*), which beats the
// configuration file, which beats the defaults. What is misspelt or out of bounds is a fault in
// every layer, also where a higher one beats it, and all faults are told at once, each with its
// source.
//
//   LoadedSettings loaded = load_settings(arguments, read_environment(environ));
//   if (!loaded.faults.empty()) return tell(loaded.faults);
//   run(loaded.settings);
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/ticket.hpp"
#include "concertres/token.hpp"
#include "config/flags.hpp"
#include "config/settings.hpp"

namespace concertres::server {

using Environment = std::map<std::string, std::string, std::less<>>;

// Those whose names begin with CONCERTRES_. `variables` is what main's environ is.
[[nodiscard]] Environment read_environment(const char* const* variables);

// What `serve` is asked to do with its settings.
enum class ServeMode : std::uint8_t { run, help, print_config, check_config };

struct SettingFault {
    std::string text;       // "environment CONCERTRES_LISTEN: must be ..."
    bool is_usage = false;  // the command line has the wrong form, rather than a setting
};

struct LoadedSettings {
    ServeMode mode = ServeMode::run;
    Settings settings{};
    // Where each of all_settings() comes from: "flag --listen", "environment CONCERTRES_LISTEN",
    // "concertres.toml:3: listen" or "default".
    std::vector<std::string> origins{};
    std::vector<SettingFault> faults{};
};

// `arguments` are those after `serve`.
[[nodiscard]] LoadedSettings load_settings(std::span<const std::string> arguments,
                                           const Environment& environment);

// The flags that `serve` takes besides the settings.
[[nodiscard]] std::span<const FlagSpec> serve_flags();
// A setting as a flag, with its default and bounds in its help.
[[nodiscard]] FlagSpec flag_of(const Setting& setting);

// What the files of the settings say.
struct Secrets {
    std::optional<std::string> api_key{};
    std::optional<std::string> admin_key{};
    std::optional<std::string> payment_key{};
    std::vector<TokenKey> token_keys{};    // none: the store's own
    std::vector<TicketKey> ticket_keys{};  // likewise
    std::vector<std::string> webhook{};
};

// Reads them, at the start and whenever they may have changed. What is wrong is added to `faults`,
// each text with its setting: "admin-key: ...".
[[nodiscard]] Secrets read_secrets(const Settings& settings, std::vector<std::string>& faults);

// Whether the folder of the sale can be used; makes and changes nothing. Faults as above.
void check_data_folder(const Settings& settings, std::vector<std::string>& faults);

}  // namespace concertres::server
