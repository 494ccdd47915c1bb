// What the words and flags of one command say, read one after the other, with all that is wrong.
//
//   Reader reader(*find_command("audit"), arguments);
//   AuditArguments audit;
//   reader.refuse_words(0);
//   reader.read_store(audit);
//   return reader.end(std::move(audit));
//
// Threads: one.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "concertres/time.hpp"
#include "config/command_line.hpp"
#include "config/command_table.hpp"
#include "config/flags.hpp"

namespace concertres::server {

// What is said of a command line that is wrong; `command` is empty where there is none.
[[nodiscard]] Say wrong_usage(std::string_view command, const std::vector<std::string>& faults);

// What a command can work on, beside a folder.
struct Stores {
    bool server = true;
    bool database = true;
};

class Reader {
  public:
    // Lifetime: `command` outlives it.
    Reader(const CommandSpec& command, std::span<const std::string> arguments)
        : command_(command), flags_(parse_flags(arguments, command.flags)) {}

    [[nodiscard]] const Flags& flags() const { return flags_; }

    template <class... Parts>
    void fault(fmt::format_string<Parts...> format, Parts&&... parts) {
        flags_.faults.push_back(fmt::format(format, std::forward<Parts>(parts)...));
    }

    // The one word that is no flag. A flag that is not known may have hidden it.
    [[nodiscard]] std::string word(std::string_view name, std::string_view what);
    // One of several.
    [[nodiscard]] std::string word_at(std::size_t index, std::string_view name,
                                      std::string_view what);
    void refuse_words(std::size_t from);

    // From 1.
    [[nodiscard]] std::optional<std::int64_t> number(const char* name, std::int64_t max);
    [[nodiscard]] std::optional<OffsetTime> time(const char* name, const std::string& text);
    [[nodiscard]] bool toggle(const char* name);
    void read_store(StoreArguments& arguments, Stores possible = {});
    // Takes a slash off its end.
    void check_url(std::string& url, std::string_view flag);

    // The arguments, or what to say instead.
    template <class Arguments>
    [[nodiscard]] Command end(Arguments arguments) {
        if (!flags_.faults.empty()) return wrong_usage(command_.name, flags_.faults);
        return arguments;
    }

    [[nodiscard]] static std::optional<std::int64_t> whole_number(std::string_view text,
                                                                  std::int64_t min,
                                                                  std::int64_t max);

  private:
    const CommandSpec& command_;
    Flags flags_;
};

}  // namespace concertres::server
