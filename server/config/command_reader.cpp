#include "config/command_reader.hpp"

#include <charconv>
#include <system_error>

#include "base/json_reader.hpp"
#include "config/exit_codes.hpp"
#include "config/store_address.hpp"

namespace concertres::server {

Say wrong_usage(std::string_view command, const std::vector<std::string>& faults) {
    Say say{.exit_code = exit_code::usage};
    const std::string program = "concertres" + (command.empty() ? "" : " " + std::string(command));
    for (const std::string& fault : faults) say.err += fmt::format("{}: {}\n", program, fault);
    say.err += fmt::format("{} --help says what it takes.\n", program);
    return say;
}

std::string Reader::word(std::string_view name, std::string_view what) {
    if (flags_.words.empty()) {
        if (flags_.faults.empty()) fault("{}, {}, is missing", name, what);
        return {};
    }
    refuse_words(1);
    return flags_.words.front();
}

std::string Reader::word_at(std::size_t index, std::string_view name, std::string_view what) {
    if (index < flags_.words.size()) return flags_.words[index];
    if (flags_.faults.empty()) fault("{}, {}, is missing", name, what);
    return {};
}

void Reader::refuse_words(std::size_t from) {
    for (std::size_t i = from; i < flags_.words.size(); ++i) {
        fault("argument {}: nothing more is expected", in_quotes(flags_.words[i]));
    }
}

std::optional<std::int64_t> Reader::number(const char* name, std::int64_t max) {
    const auto text = flags_.value(name);
    if (!text) return std::nullopt;
    const auto value = whole_number(*text, 1, max);
    if (!value) fault("flag --{}: must be a whole number from 1, not {}", name, in_quotes(*text));
    return value;
}

std::optional<OffsetTime> Reader::time(const char* name, const std::string& text) {
    auto time = parse_rfc3339(text);
    if (!time) {
        fault(
            "flag --{}: must be a time with its offset, like 2026-12-24T19:00:00+09:00, "
            "not {}",
            name, in_quotes(text));
    }
    return time;
}

bool Reader::toggle(const char* name) {
    const auto text = flags_.value(name);
    if (text && *text != "true" && *text != "false") {
        fault("flag --{}: must be true or false, not {}", name, in_quotes(*text));
    }
    return text == "true";
}

void Reader::read_store(StoreArguments& arguments, Stores possible) {
    arguments.data = flags_.value("data").value_or("");
    arguments.store = flags_.value("store").value_or("");
    arguments.server = flags_.value("server").value_or("");
    arguments.admin_key = flags_.value("admin-key").value_or("");
    const bool has_server = flags_.has("server");
    const bool has_store = flags_.has("store");
    if (int{flags_.has("data")} + int{has_server} + int{has_store} != 1) {
        std::vector<std::string_view> ways = {"--data DIR, where no server runs"};
        if (possible.server) ways.emplace_back("--server URL, where one does");
        if (possible.database) ways.emplace_back("--store URI, a PostgreSQL database");
        const std::string_view last = ways.back();
        ways.pop_back();
        fault("give exactly one of {}, and {}", fmt::join(ways, ", "), last);
    } else if (flags_.has("data") && arguments.data.empty()) {
        fault("flag --data: must be a folder, not nothing");
    } else if (has_server) {
        check_url(arguments.server, "server");
    } else if (flags_.has("admin-key")) {
        fault("flag --admin-key: goes with --server; a store asks for no key");
    } else if (has_store) {
        if (auto wrong = store_address_fault(arguments.store)) {
            fault("flag --store: {}", *wrong);
        }
    }
}

void Reader::check_url(std::string& url, std::string_view flag) {
    constexpr std::string_view scheme = "http://";
    if (url.starts_with("https://")) {
        return fault(
            "flag --{}: must begin with http://; the server itself speaks no TLS, "
            "what stands before it does",
            flag);
    }
    if (url.ends_with('/')) url.pop_back();
    const bool has_host = url.starts_with(scheme) && url.size() > scheme.size();
    if (!has_host || url.find_first_of("/?#@ ", scheme.size()) != std::string::npos) {
        fault("flag --{}: must be like http://127.0.0.1:8081, not {}", flag, in_quotes(url));
    }
}

std::optional<std::int64_t> Reader::whole_number(std::string_view text, std::int64_t min,
                                                 std::int64_t max) {
    std::int64_t value = 0;
    const char* text_end = text.data() + text.size();
    auto [stop, wrong] = std::from_chars(text.data(), text_end, value);
    const bool is_number = wrong == std::errc() && stop == text_end;
    return is_number && value >= min && value <= max ? std::optional(value) : std::nullopt;
}

}  // namespace concertres::server
