#include "api/csv.hpp"

#include <algorithm>
#include <utility>

namespace concertres::server {

namespace {

// How formulas begin, also as they are written in East Asia, and what is skipped before them.
constexpr std::string_view formula_signs[] = {"=",  "+",  "-",  "@",  "\t", "\r",
                                              "\n", "＝", "＋", "－", "＠"};

bool is_formula(std::string_view text) {
    return std::ranges::any_of(formula_signs,
                               [&](std::string_view sign) { return text.starts_with(sign); });
}

}  // namespace

void CsvWriter::separate() {
    if (!std::exchange(is_first_, false)) *out_ += ',';
}

CsvWriter& CsvWriter::text(std::string_view text) {
    separate();
    const bool is_harmful = is_formula(text);
    if (!is_harmful && text.find_first_of(",\"\r\n") == std::string_view::npos) {
        *out_ += text;
        return *this;
    }
    *out_ += is_harmful ? "\"'" : "\"";
    for (const char c : text) {
        if (c == '"') *out_ += '"';
        *out_ += c;
    }
    *out_ += '"';
    return *this;
}

CsvWriter& CsvWriter::number(std::int64_t number) {
    separate();
    *out_ += std::to_string(number);
    return *this;
}

CsvWriter& CsvWriter::time(Time time) { return text(to_rfc3339(time)); }

CsvWriter& CsvWriter::id(const Uuid& id) { return id == Uuid{} ? empty() : text(id.to_string()); }

CsvWriter& CsvWriter::end_row() {
    *out_ += "\r\n";
    is_first_ = true;
    return *this;
}

}  // namespace concertres::server
