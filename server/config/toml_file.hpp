// A configuration file in TOML, taken apart into keys and texts. What the keys mean is not known
// here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace concertres::server {

enum class TomlType : std::uint8_t { boolean, integer, text, texts, other };

struct TomlEntry {
    std::string key;
    int line = 0;
    TomlType type{};
    std::string type_name;              // for messages: "a string", "a table"
    std::vector<std::string> values{};  // as texts; none where the type is `other`
};

// Entries in the order of the file; either they or faults, which name the file and the line.
struct TomlFile {
    std::vector<TomlEntry> entries{};
    std::vector<std::string> faults{};
};

[[nodiscard]] TomlFile read_toml_file(const std::filesystem::path& path);
// The same of a text; `name` is what messages call it.
[[nodiscard]] TomlFile parse_toml(std::string_view text, const std::string& name);

// The text as TOML writes it: in quotes, with what needs it escaped.
[[nodiscard]] std::string toml_string(std::string_view text);

}  // namespace concertres::server
