// Texts that are made from the table of settings.
#pragma once

#include <string>

#include "config/settings_loader.hpp"

namespace concertres::server {

// What `concertres serve --help` prints.
[[nodiscard]] std::string serve_help();

// The settings as a configuration file, with a comment on each line that says where the value comes
// from. Read back, it gives the same settings.
[[nodiscard]] std::string print_config(const LoadedSettings& loaded);

// The list of settings in the documentation: a Markdown table for each section.
[[nodiscard]] std::string settings_markdown();

}  // namespace concertres::server
