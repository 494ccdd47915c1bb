#include "support/scenario_table.hpp"

#include <array>
#include <charconv>
#include <fstream>
#include <sstream>
#include <utility>

namespace concertres::test {
namespace {

struct Unit {
    std::string_view name;
    std::int64_t microseconds;
};
// From the largest, so that the first one that divides a duration is the shortest way to write it;
// seconds are preferred to minutes and more, because that is how the tables think.
constexpr std::array<Unit, 6> units{{{"d", 86'400'000'000},
                                     {"h", 3'600'000'000},
                                     {"m", 60'000'000},
                                     {"s", 1'000'000},
                                     {"ms", 1'000},
                                     {"us", 1}}};

std::optional<std::int64_t> parse_integer(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    std::int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stopped, fault] = std::from_chars(text.data(), end, value);
    if (fault != std::errc{} || stopped != end) return std::nullopt;
    return value;
}

std::int64_t integer_of(const std::string& text, const std::string& what) {
    if (const auto value = parse_integer(text)) return *value;
    throw TableError("`" + text + "` is not a number (" + what + ")");
}

Duration duration_of(const std::string& text, const std::string& what) {
    if (const auto value = parse_duration(text)) return *value;
    throw TableError("`" + text + "` is not a duration (" + what + ")");
}

// `name=value` is a field where the name is one; anything else is a word.
void sort_token(const std::string& token, std::vector<std::string>& words,
                std::map<std::string, std::string>& fields) {
    const std::size_t at = token.find('=');
    if (at == std::string::npos || at == 0) {
        words.push_back(token);
        return;
    }
    if (!fields.emplace(token.substr(0, at), token.substr(at + 1)).second) {
        throw TableError("`" + token.substr(0, at) + "` stands there twice");
    }
}

bool same_value(const std::string& expected, const std::string& value) {
    if (expected == value) return true;
    const auto left = parse_duration(expected);
    return left && left == parse_duration(value);
}

}  // namespace

std::string Answer::to_string() const {
    std::string text = join_text(words, ' ');
    for (const auto& [name, value] : fields) text += " " + name + "=" + value;
    return detail.empty() ? text : text + " (" + detail + ")";
}

std::optional<std::string> difference(const Answer& expected, const Answer& answer) {
    const auto differs = [&](const std::string& what) {
        return what + "; expected `" + expected.to_string() + "`, got `" + answer.to_string() + "`";
    };
    if (expected.words.size() > answer.words.size() ||
        (answer.whole && expected.words.size() < answer.words.size())) {
        return differs("another number of words");
    }
    for (std::size_t i = 0; i < expected.words.size(); ++i) {
        if (!same_value(expected.words[i], answer.words[i])) return differs(expected.words[i]);
    }
    // Fields alone are expected of an answer, not of a refusal.
    if (expected.words.empty() && answer.refused) return differs("refused");
    for (const auto& [name, value] : expected.fields) {
        const auto found = answer.fields.find(name);
        if (found == answer.fields.end()) return differs("no `" + name + "`");
        if (!same_value(value, found->second)) return differs(name);
    }
    return std::nullopt;
}

std::optional<Duration> parse_duration(std::string_view text) {
    const std::size_t digits = text.find_last_of("0123456789");
    if (digits == std::string_view::npos) return std::nullopt;
    const auto count = parse_integer(text.substr(0, digits + 1));
    if (!count) return std::nullopt;
    for (const Unit& unit : units) {
        if (unit.name == text.substr(digits + 1)) return Duration{*count * unit.microseconds};
    }
    return std::nullopt;
}

std::string duration_text(Duration duration) {
    for (const Unit& unit : units) {
        if (unit.microseconds <= 1'000'000 && duration.count() % unit.microseconds == 0) {
            return std::to_string(duration.count() / unit.microseconds) + std::string(unit.name);
        }
    }
    return {};
}

std::vector<std::int32_t> parse_numbers(std::string_view text) {
    std::vector<std::int32_t> numbers;
    if (text == "none") return numbers;
    for (const std::string& part : split(text, ',')) {
        const std::size_t dash = part.find('-', 1);
        const std::int64_t first = integer_of(part.substr(0, dash), "seat numbers");
        const std::int64_t last =
            dash == std::string::npos ? first : integer_of(part.substr(dash + 1), "seat numbers");
        for (std::int64_t n = first; n <= last; ++n) {
            numbers.push_back(static_cast<std::int32_t>(n));
        }
    }
    return numbers;
}

std::string numbers_text(const std::vector<std::int32_t>& numbers) {
    std::string text;
    for (std::size_t i = 0; i < numbers.size();) {
        std::size_t last = i;
        while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
        if (!text.empty()) text += ',';
        text += std::to_string(numbers[i]);
        // Two in a row read better as two: 3,4.
        if (last == i + 1) text += "," + std::to_string(numbers[last]);
        if (last > i + 1) text += "-" + std::to_string(numbers[last]);
        i = last + 1;
    }
    return text.empty() ? "none" : text;
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (true) {
        const std::size_t at = text.find(separator);
        parts.emplace_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

std::string join_text(const std::vector<std::string>& words, char separator) {
    std::string text;
    for (const std::string& word : words) {
        if (!text.empty()) text += separator;
        text += word;
    }
    return text;
}

Line::Line(int number, std::string text) : number_(number), text_(std::move(text)) {
    std::istringstream tokens(text_);
    std::string token;
    tokens >> verb_;
    while (tokens >> token) {
        if (token == "->" && !expected_) {
            expected_.emplace();
        } else if (expected_) {
            sort_token(token, expected_->words, expected_->fields);
        } else {
            sort_token(token, words_, fields_);
        }
    }
    if (expected_ && expected_->words.empty() && expected_->fields.empty()) {
        throw TableError("nothing stands after ->");
    }
}

std::string Line::word(const char* what) {
    if (taken_ == words_.size()) throw TableError(std::string("missing: ") + what);
    return words_[taken_++];
}

std::optional<std::string> Line::more() {
    if (taken_ == words_.size()) return std::nullopt;
    return words_[taken_++];
}

bool Line::flag(std::string_view name) {
    if (taken_ == words_.size() || words_[taken_] != name) return false;
    ++taken_;
    return true;
}

std::optional<std::string> Line::field(const std::string& name) {
    const auto found = fields_.find(name);
    if (found == fields_.end()) return std::nullopt;
    std::string value = std::move(found->second);
    fields_.erase(found);
    return value;
}

std::int64_t Line::number_word(const char* what) { return integer_of(word(what), what); }

Duration Line::duration_word(const char* what) { return duration_of(word(what), what); }

std::optional<std::int64_t> Line::number_field(const std::string& name) {
    const auto value = field(name);
    if (!value) return std::nullopt;
    return integer_of(*value, name);
}

std::optional<Duration> Line::duration_field(const std::string& name) {
    const auto value = field(name);
    if (!value) return std::nullopt;
    return duration_of(*value, name);
}

void Line::finish() const {
    if (taken_ < words_.size()) throw TableError("what is `" + words_[taken_] + "`?");
    if (!fields_.empty()) throw TableError("what is `" + fields_.begin()->first + "=`?");
}

std::vector<Line> read_table(const std::filesystem::path& file) {
    std::ifstream stream(file);
    if (!stream) throw TableError(file.string() + ": cannot be read");
    std::vector<Line> lines;
    std::string text;
    for (int number = 1; std::getline(stream, text); ++number) {
        text.erase(std::min(text.find('#'), text.size()));
        text.erase(text.find_last_not_of(" \t\r") + 1);
        if (text.find_first_not_of(" \t") == std::string::npos) continue;
        try {
            lines.emplace_back(number, text);
        } catch (const TableError& error) {
            throw TableError(file.string() + ":" + std::to_string(number) + ": " + error.what());
        }
    }
    if (lines.empty()) throw TableError(file.string() + ": says nothing");
    return lines;
}

}  // namespace concertres::test
