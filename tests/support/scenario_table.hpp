// The text of a scenario, line by line: a verb with arguments, and the answer that is expected.
//
//   hold H1 U1 P1 7,8 key=k1 -> held for=300s total=100000
//
// Arguments are words, and fields `name=value`. `#` begins a comment. What stands on a line is
// checked when the line is carried out; scenario.hpp says which verbs there are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/time.hpp"

namespace concertres::test {

// What a line is answered with, or expected to be.
struct Answer {
    std::vector<std::string> words;
    std::map<std::string, std::string> fields;
    bool refused = false;
    bool whole = false;  // a list: all of its words must be expected, not only the first ones
    std::string detail;  // for people

    [[nodiscard]] std::string to_string() const;
};

// What of `expected` is not in `answer`; nothing where all of it is. Times are compared as times:
// 60s is 1m.
[[nodiscard]] std::optional<std::string> difference(const Answer& expected, const Answer& answer);

// A line that cannot be read or carried out as it stands.
class TableError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// 250us, 20ms, 300s, 5m, 2h, 7d; with a sign or without.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);
// As short as it goes: 300s, 1500ms.
[[nodiscard]] std::string duration_text(Duration duration);
// 3,5-7 is 3 5 6 7. Throws TableError.
[[nodiscard]] std::vector<std::int32_t> parse_numbers(std::string_view text);
[[nodiscard]] std::string numbers_text(const std::vector<std::int32_t>& numbers);
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);
[[nodiscard]] std::string join_text(const std::vector<std::string>& words, char separator);

// One line. What is taken of it is used up; what is left over at the end nobody understands.
class Line {
  public:
    Line() = default;
    // Throws TableError.
    Line(int number, std::string text);

    [[nodiscard]] int number() const { return number_; }
    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] const std::string& verb() const { return verb_; }
    [[nodiscard]] const std::optional<Answer>& expected() const { return expected_; }

    // The next word. Throws TableError, naming `what`, where there is none.
    [[nodiscard]] std::string word(const char* what);
    [[nodiscard]] std::optional<std::string> more();
    // Takes `name` where it is the next word.
    [[nodiscard]] bool flag(std::string_view name);
    [[nodiscard]] std::optional<std::string> field(const std::string& name);
    // The same, read. Throws TableError.
    [[nodiscard]] std::int64_t number_word(const char* what);
    [[nodiscard]] Duration duration_word(const char* what);
    [[nodiscard]] std::optional<std::int64_t> number_field(const std::string& name);
    [[nodiscard]] std::optional<Duration> duration_field(const std::string& name);
    // Throws TableError where something is left over.
    void finish() const;

  private:
    int number_ = 0;
    std::string text_;
    std::string verb_;
    std::vector<std::string> words_;
    std::size_t taken_ = 0;
    std::map<std::string, std::string> fields_;
    std::optional<Answer> expected_;
};

// The lines that say something. Throws TableError ("file:line: ...").
[[nodiscard]] std::vector<Line> read_table(const std::filesystem::path& file);

}  // namespace concertres::test
