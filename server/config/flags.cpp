#include "config/flags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/json_reader.hpp"
#include "config/suggestion.hpp"

namespace concertres::server {
namespace {

class FlagParser {
  public:
    FlagParser(std::span<const std::string> arguments, std::span<const FlagSpec> known)
        : rest_(arguments), known_(known) {}

    Flags parse() {
        while (!rest_.empty()) {
            const std::string_view word = rest_.front();
            rest_ = rest_.subspan(1);
            if (word == "--") {
                flags_.words.insert(flags_.words.end(), rest_.begin(), rest_.end());
                break;
            }
            if (word == "--help" || word == "-h") {
                flags_.help = true;
            } else if (word.starts_with("--")) {
                take(word.substr(2));
            } else if (word.starts_with('-') && word.size() > 1) {
                fault("flag {}: there is no such flag; flags begin with two dashes",
                      in_quotes(word));
            } else {
                flags_.words.emplace_back(word);
            }
        }
        return std::move(flags_);
    }

  private:
    template <class... Parts>
    void fault(fmt::format_string<Parts...> format, Parts&&... parts) {
        flags_.faults.push_back(fmt::format(format, std::forward<Parts>(parts)...));
    }

    void take(std::string_view word) {
        const std::size_t equals = word.find('=');
        const std::string_view name = word.substr(0, equals);
        auto spec = std::find_if(known_.begin(), known_.end(),
                                 [name](const FlagSpec& flag) { return flag.name == name; });
        if (spec == known_.end()) return refuse_unknown(name, equals != std::string_view::npos);

        std::string value = "true";
        if (equals != std::string_view::npos) {
            value = word.substr(equals + 1);
        } else if (!spec->hint.empty()) {
            if (rest_.empty() || rest_.front().starts_with("--")) {
                return fault("flag --{}: needs a value: --{} {}", name, name, spec->hint);
            }
            value = rest_.front();
            rest_ = rest_.subspan(1);
        }
        auto& values = flags_.given[spec->name];
        if (!values.empty() && !spec->repeatable) {
            return fault("flag --{}: is given more than once", name);
        }
        values.push_back(std::move(value));
    }

    void refuse_unknown(std::string_view name, bool has_value) {
        std::vector<std::string_view> names{"help"};
        for (const FlagSpec& flag : known_) names.push_back(flag.name);
        const auto meant = nearest_word(name, names);
        auto spec = std::find_if(known_.begin(), known_.end(),
                                 [&](const FlagSpec& flag) { return flag.name == meant; });
        // The value of what was meant goes with it: it is not a fault of its own.
        const bool takes_value = spec == known_.end() ? !meant : !spec->hint.empty();
        if (takes_value && !has_value && !rest_.empty() && !rest_.front().starts_with('-')) {
            rest_ = rest_.subspan(1);
        }
        fault("flag {}: there is no such flag{}", in_quotes("--" + std::string(name)),
              meant ? fmt::format("; did you mean --{}?", *meant) : "");
    }

    std::span<const std::string> rest_;
    std::span<const FlagSpec> known_;
    Flags flags_;
};

}  // namespace

std::vector<std::string> Flags::values(std::string_view name) const {
    auto found = given.find(name);
    return found == given.end() ? std::vector<std::string>() : found->second;
}

std::optional<std::string> Flags::value(std::string_view name) const {
    auto found = given.find(name);
    return found == given.end() ? std::nullopt : std::optional(found->second.front());
}

Flags parse_flags(std::span<const std::string> arguments, std::span<const FlagSpec> known) {
    return FlagParser(arguments, known).parse();
}

std::string describe_flags(std::span<const FlagSpec> flags) {
    std::string text;
    for (const FlagSpec& flag : flags) {
        text += "  --" + flag.name;
        if (!flag.hint.empty()) text += ' ' + flag.hint;
        text += '\n' + wrapped(flag.help, 6);
        if (!flag.note.empty()) text += "      " + flag.note + '\n';
    }
    return text;
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
    std::string result;
    std::size_t column = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        const std::string_view word = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (column != 0 && column + 1 + word.size() > width) {
            result += '\n';
            column = 0;
        }
        const std::size_t blanks = column == 0 ? indent : 1;
        result.append(blanks, ' ').append(word);
        column += blanks + word.size();
    }
    return result.empty() ? result : result + '\n';
}

}  // namespace concertres::server
