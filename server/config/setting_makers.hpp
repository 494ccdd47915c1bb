// How a line of the table of settings is made: by the kind of its value, from what it says of
// itself and the member that it sets.
//
//   all.push_back(path(Section::events, {"webhook-ca", "FILE", "..."},
//                      CONCERTRES_MEMBER(relay.webhook_ca)));
//
// Threads: any.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/json_reader.hpp"
#include "config/settings.hpp"

namespace concertres::server {

// The member, of settings that are const or not.
#define CONCERTRES_MEMBER(member) ([](auto& s) -> auto& { return s.member; })

using Fault = std::optional<std::string>;
using Texts = std::span<const std::string>;

inline constexpr std::string_view off = "off";

// What a setting says of itself, beside how it is stored.
struct About {
    std::string_view name;
    std::string_view hint;
    std::string_view help;
};

inline Setting described(Section section, ValueKind kind, const About& about) {
    return {.name = std::string(about.name),
            .hint = std::string(about.hint),
            .section = section,
            .kind = kind,
            .help = std::string(about.help)};
}

struct Bounds {
    std::int64_t min;
    std::int64_t max;
};

inline std::optional<std::int64_t> whole_number(std::string_view text, Bounds bounds) {
    std::int64_t value = 0;
    const char* end = text.data() + text.size();
    auto [stop, fault] = std::from_chars(text.data(), end, value);
    const bool is_within = value >= bounds.min && value <= bounds.max;
    if (fault != std::errc() || stop != end || !is_within) return std::nullopt;
    return value;
}

// `member` gives the member of a Settings, const or not.
template <class Member, class Assign, class Count>
Setting number(Section section, const About& about, Bounds bounds, Member member, Assign assign,
               Count count) {
    Setting setting = described(section, ValueKind::integer, about);
    setting.min = bounds.min;
    setting.max = bounds.max;
    setting.store = [=](Settings& settings, Texts texts) -> Fault {
        const auto value = whole_number(texts.front(), bounds);
        if (!value) {
            return fmt::format("must be a whole number{} from {} to {}, not {}",
                               about.hint == "MS" ? " of milliseconds" : "", bounds.min, bounds.max,
                               in_quotes(texts.front()));
        }
        assign(member(settings), *value);
        return {};
    };
    setting.show = [=](const Settings& settings) -> std::vector<std::string> {
        return {std::to_string(count(member(settings)))};
    };
    return setting;
}

template <class Member>
Setting integer(Section section, const About& about, Bounds bounds, Member member) {
    return number(
        section, about, bounds, member,
        [](auto& value, std::int64_t count) {
            value = static_cast<std::remove_reference_t<decltype(value)>>(count);
        },
        [](auto value) { return value; });
}

template <class Member>
Setting milliseconds(Section section, const About& about, Bounds bounds, Member member) {
    return number(
        section, about, bounds, member,
        [](auto& value, std::int64_t count) { value = std::chrono::milliseconds(count); },
        [](auto value) {
            return std::chrono::duration_cast<std::chrono::milliseconds>(value).count();
        });
}

template <class Member>
Setting path(Section section, const About& about, Member member) {
    Setting setting = described(section, ValueKind::text, about);
    setting.is_secret = section == Section::secrets;
    setting.store = [=](Settings& settings, Texts texts) -> Fault {
        const std::string& text = texts.front();
        auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
        if (text.empty() || std::any_of(text.begin(), text.end(), is_control)) {
            return "must be a path, or off, not " + in_quotes(text);
        }
        member(settings) = text == off ? std::string() : text;
        return {};
    };
    setting.show = [=](const Settings& settings) -> std::vector<std::string> {
        const std::string& text = member(settings).native();
        return {text.empty() ? std::string(off) : text};
    };
    return setting;
}

template <class Value, std::size_t n, class Member>
Setting choice(Section section, const About& about,
               const std::pair<std::string_view, Value> (&values)[n], Member member) {
    Setting setting = described(section, ValueKind::text, about);
    const std::vector<std::pair<std::string_view, Value>> known(std::begin(values),
                                                                std::end(values));
    setting.store = [=](Settings& settings, Texts texts) -> Fault {
        for (const auto& [name, value] : known) {
            if (name == texts.front()) return member(settings) = value, Fault();
        }
        return fmt::format("must be one of {}, not {}", about.hint, in_quotes(texts.front()));
    };
    setting.show = [=](const Settings& settings) -> std::vector<std::string> {
        for (const auto& [name, value] : known) {
            if (value == member(settings)) return {std::string(name)};
        }
        return {};
    };
    return setting;
}

// `parse` makes a Result of a text, `show` a text of an element.
template <class Member, class Parse, class Show>
Setting list(Section section, const About& about, Member member, Parse parse, Show show) {
    Setting setting = described(section, ValueKind::list, about);
    setting.store = [=](Settings& settings, Texts texts) -> Fault {
        std::remove_reference_t<decltype(member(settings))> values;
        std::vector<std::string> faults;
        if (texts.size() == 1 && texts.front() == off) texts = {};
        for (const std::string& text : texts) {
            if (auto value = parse(text)) {
                values.push_back(std::move(*value));
            } else {
                faults.push_back(value.error().detail);
            }
        }
        if (!faults.empty()) return fmt::format("{}", fmt::join(faults, "; "));
        member(settings) = std::move(values);
        return {};
    };
    setting.show = [=](const Settings& settings) {
        std::vector<std::string> texts;
        for (const auto& value : member(settings)) texts.push_back(show(value));
        return texts;
    };
    return setting;
}

template <class Member>
Setting toggle(Section section, const About& about, Member member) {
    Setting setting = described(section, ValueKind::toggle, about);
    setting.store = [=](Settings& settings, Texts texts) -> Fault {
        const std::string& text = texts.front();
        const bool is_on = text == "true" || text == "1";
        if (!is_on && text != "false" && text != "0") {
            return "must be true or false, not " + in_quotes(text);
        }
        member(settings) = is_on;
        return {};
    };
    setting.show = [=](const Settings& settings) -> std::vector<std::string> {
        return {member(settings) ? "true" : "false"};
    };
    return setting;
}

// `check` says what is wrong with a text; of a setting that may be off it is not asked about that.
template <class Member>
Setting text(Section section, const About& about, bool may_be_off,
             Fault (*check)(const std::string&), Member member) {
    Setting setting = described(section, ValueKind::text, about);
    setting.store = [=](Settings& settings, Texts texts) -> Fault {
        const bool is_off = may_be_off && texts.front() == off;
        if (!is_off) {
            if (auto fault = check(texts.front())) return fault;
        }
        member(settings) = is_off ? std::string() : texts.front();
        return {};
    };
    setting.show = [=](const Settings& settings) -> std::vector<std::string> {
        const std::string& value = member(settings);
        return {value.empty() ? std::string(off) : value};
    };
    return setting;
}

// Where events are passed on to.
void add_event_settings(std::vector<Setting>& all);
// Who takes money from outside.
void add_payment_settings(std::vector<Setting>& all);
// Where those are kept who wait.
void add_line_settings(std::vector<Setting>& all);

}  // namespace concertres::server
