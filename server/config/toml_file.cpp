#include "config/toml_file.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

namespace concertres::server {
namespace {

// Far beyond any configuration; a path that leads to a disk or a pipe without end stops here.
constexpr std::size_t file_bytes_max = std::size_t{1} << 20;

const char* name_of(toml::node_type type) {
    switch (type) {
        case toml::node_type::table:
            return "a table";
        case toml::node_type::array:
            return "an array";
        case toml::node_type::string:
            return "a string";
        case toml::node_type::integer:
            return "an integer";
        case toml::node_type::floating_point:
            return "a number with a fraction";
        case toml::node_type::boolean:
            return "true or false";
        default:
            return "a date or time";
    }
}

TomlEntry entry_of(std::string_view key, int line, const toml::node& node) {
    TomlEntry entry{.key = std::string(key),
                    .line = line,
                    .type = TomlType::other,
                    .type_name = name_of(node.type())};
    if (const auto* boolean = node.as_boolean()) {
        entry.type = TomlType::boolean;
        entry.values = {boolean->get() ? "true" : "false"};
    } else if (const auto* integer = node.as_integer()) {
        entry.type = TomlType::integer;
        entry.values = {std::to_string(integer->get())};
    } else if (const auto* text = node.as_string()) {
        entry.type = TomlType::text;
        entry.values = {text->get()};
    } else if (const auto* array = node.as_array()) {
        auto is_text = [](const toml::node& element) { return element.is_string(); };
        if (!std::all_of(array->begin(), array->end(), is_text)) {
            entry.type_name = "an array of other things";
            return entry;
        }
        entry.type = TomlType::texts;
        for (const auto& element : *array) entry.values.push_back(element.as_string()->get());
    }
    return entry;
}

}  // namespace

TomlFile read_toml_file(const std::filesystem::path& path) {
    auto cannot_read = [&](std::string_view why) {
        return TomlFile{.faults = {fmt::format("cannot read {}: {}", path.native(), why)}};
    };
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) return cannot_read("it is a folder");
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file) return cannot_read(std::generic_category().message(errno));
    std::string text(file_bytes_max + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad()) return cannot_read(std::generic_category().message(errno));
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > file_bytes_max) return cannot_read("it is larger than 1 MiB");
    return parse_toml(text, path.native());
}

TomlFile parse_toml(std::string_view text, const std::string& name) {
    TomlFile file;
    try {
        const toml::table table = toml::parse(text, name);
        for (const auto& [key, node] : table) {
            const auto line = static_cast<int>(key.source().begin.line);
            file.entries.push_back(entry_of(key.str(), line, node));
        }
    } catch (const toml::parse_error& fault) {
        // It quotes what it saw, as it stands in the file.
        std::string detail(fault.description());
        std::replace_if(
            detail.begin(), detail.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; },
            '?');
        file.faults.push_back(fmt::format("{}:{}: {}", name, fault.source().begin.line, detail));
    }
    std::stable_sort(file.entries.begin(), file.entries.end(),
                     [](const TomlEntry& a, const TomlEntry& b) { return a.line < b.line; });
    return file;
}

std::string toml_string(std::string_view text) {
    std::string result = "\"";
    for (char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            result.append({'\\', c});
        } else if (byte < 0x20 || byte == 0x7f) {
            result += fmt::format("\\u{:04x}", byte);
        } else {
            result += c;
        }
    }
    return result + '"';
}

}  // namespace concertres::server
