#include "flags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <string_view>

namespace on_sale {
namespace {

using concertres::Duration;
using concertres::Money;

template <class Number>
std::optional<Number> to_number(std::string_view text) {
    Number number{};
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::int64_t count(std::string_view flag, std::string_view text, std::int64_t most) {
    auto number = to_number<std::int64_t>(text);
    if (!number || *number < 1 || *number > most) {
        throw BadFlags(fmt::format("{} takes a number from 1 to {}, not \"{}\"", flag, most, text));
    }
    return *number;
}

Duration seconds(std::string_view flag, std::string_view text) {
    auto number = to_number<double>(text);
    if (!number || !(*number >= 0.01 && *number <= 3'600)) {
        throw BadFlags(fmt::format("{} takes seconds from 0.01 to 3600, not \"{}\"", flag, text));
    }
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*number));
}

void add_price(Flags& flags, std::string_view text) {
    auto equals = text.rfind('=');
    auto amount = equals == std::string_view::npos
                      ? std::nullopt
                      : to_number<std::int64_t>(text.substr(equals + 1));
    if (!amount || *amount < 1 || *amount > Money::max_minor) {
        throw BadFlags(
            fmt::format("--price takes CATEGORY=AMOUNT, such as Stalls=90000, not \"{}\"", text));
    }
    flags.prices[std::string(text.substr(0, equals))] = Money{*amount};
}

void add_date(Flags& flags, std::string_view text) {
    auto date = concertres::parse_rfc3339(text);
    if (!date) {
        throw BadFlags(
            fmt::format("--date takes a time such as 2099-12-24T19:00:00+01:00, not \"{}\"", text));
    }
    flags.dates.push_back(*date);
}

struct Flag {
    std::string_view name;
    std::string_view value;  // what it takes; empty: nothing
    std::string_view help;
    std::function<void(Flags&, std::string_view)> set;
};

const std::vector<Flag>& all_flags() {
    static const std::vector<Flag> flags{
        {"--buyers", "N", "how many are there at a time; who goes is replaced (3000)",
         [](Flags& f, std::string_view v) { f.buyers = count("--buyers", v, 1'000'000); }},
        {"--threads", "N", "threads that they act on (16)",
         [](Flags& f, std::string_view v) { f.threads = count("--threads", v, 1'000); }},
        {"--active", "N", "how many the waiting room lets in at a time (300)",
         [](Flags& f, std::string_view v) { f.active_max = count("--active", v, 1'000'000); }},
        {"--tick", "SECONDS", "how often it lets people in (1)",
         [](Flags& f, std::string_view v) { f.tick = seconds("--tick", v); }},
        {"--hold", "SECONDS", "how long seats are kept; buyers are as quick as that asks (8)",
         [](Flags& f, std::string_view v) { f.hold = seconds("--hold", v); }},
        {"--plan", "PLAN", "hall (1,252 seats), sample (62 seats), or a file (hall)",
         [](Flags& f, std::string_view v) {
             f.plan = v;
             f.plan_given = true;
         }},
        {"--price", "CATEGORY=AMOUNT", "what a category of a plan costs; once for each", add_price},
        {"--date", "TIME", "when it is performed, in RFC 3339; several make several dates",
         add_date},
        {"--data", "FOLDER", "where the sale's file on-sale.db is",
         [](Flags& f, std::string_view v) { f.data = v; }},
        {"--seed", "N", "decides what buyers are like (1)",
         [](Flags& f, std::string_view v) {
             f.seed = static_cast<std::uint64_t>(count("--seed", v, INT64_MAX));
         }},
        {"--fresh", "", "throws the sale's file away and starts anew",
         [](Flags& f, std::string_view) { f.fresh = true; }},
        {"--help", "", "this text", [](Flags& f, std::string_view) { f.help = true; }},
    };
    return flags;
}

}  // namespace

Flags parse_flags(int argc, const char* const* argv) {
    Flags flags;
    flags.data = ON_SALE_DATA;
    for (int i = 1; i < argc; ++i) {
        std::string_view argument = argv[i];
        // Both "--buyers 400" and "--buyers=400".
        std::string_view name = argument.substr(0, argument.find('='));
        if (name == "-h") name = "--help";
        auto flag = std::ranges::find(all_flags(), name, &Flag::name);
        if (flag == all_flags().end()) {
            throw BadFlags(fmt::format("there is no flag {}", argument));
        }
        bool has_value = name.size() < argument.size() && argument != "-h";
        if (flag->value.empty()) {
            if (has_value) throw BadFlags(fmt::format("{} takes no value", name));
            flag->set(flags, {});
        } else if (has_value) {
            flag->set(flags, argument.substr(name.size() + 1));
        } else {
            if (i + 1 == argc) throw BadFlags(fmt::format("{} needs {}", name, flag->value));
            flag->set(flags, argv[++i]);
        }
    }
    if (flags.data.empty()) throw BadFlags("--data needs a folder");
    return flags;
}

std::string help() {
    std::string text =
        "usage: on_sale [flag...]\n\n"
        "Sells a hall out: a waiting room, thousands of buyers on many threads, one SQLite file.\n"
        "Ctrl-C stops it, and so does kill -9; started again, it goes on with the same sale.\n\n";
    for (const Flag& flag : all_flags()) {
        text += fmt::format("  {:<27}{}\n", fmt::format("{} {}", flag.name, flag.value), flag.help);
    }
    text += fmt::format("\nWithout --data the folder is {}\n", ON_SALE_DATA);
    text +=
        "\nIt ends with status 0 when the hall is sold out and the audit is clean, 130 after\n"
        "Ctrl-C, 2 for bad flags, and 1 for anything else.\n";
    return text;
}

}  // namespace on_sale
