// The words of a command line, taken apart: flags with their values, and what stands for itself.
// Only the form is looked at; what the values mean is the caller's affair.
//
//   const FlagSpec known[] = {{.name = "date", .hint = "RFC3339", .help = "...",
//                              .repeatable = true}};
//   Flags flags = parse_flags(arguments, known);
//   for (const std::string& date : flags.values("date")) ...
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace concertres::server {

struct FlagSpec {
    std::string name;    // without its dashes
    std::string hint{};  // what its value is: "FILE"; empty: it takes none
    std::string help{};
    std::string note{};  // a line of its own after the help
    bool repeatable = false;
};

// What was given. A flag that takes no value has "true", or what --flag=false said.
struct Flags {
    std::map<std::string, std::vector<std::string>, std::less<>> given{};
    std::vector<std::string> words{};   // what is no flag
    bool help = false;                  // --help or -h
    std::vector<std::string> faults{};  // each names its flag

    [[nodiscard]] bool has(std::string_view name) const { return given.contains(name); }
    [[nodiscard]] std::vector<std::string> values(std::string_view name) const;
    // The value of a flag that is not repeatable.
    [[nodiscard]] std::optional<std::string> value(std::string_view name) const;
};

// `--name value` and `--name=value`; after `--` everything is a word. A value that begins with two
// dashes needs the second form. All faults are found.
[[nodiscard]] Flags parse_flags(std::span<const std::string> arguments,
                                std::span<const FlagSpec> known);

// What --help says of them: two spaces, the flag, and its help below, in lines of at most 80.
[[nodiscard]] std::string describe_flags(std::span<const FlagSpec> flags);

// The text in lines of at most `width`, each behind `indent` blanks and ended.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t indent,
                                  std::size_t width = 80);

}  // namespace concertres::server
