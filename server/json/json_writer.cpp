#include "json/json_writer.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace concertres::server {

namespace {

void append_escaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            default:
                if (static_cast<unsigned char>(c) < 0x20) {
                    fmt::format_to(std::back_inserter(out), "\\u{:04x}",
                                   static_cast<unsigned char>(c));
                } else {
                    out += c;
                }
        }
    }
}

}  // namespace

// A value follows another one exactly where what stands before it does not open or name something.
void JsonWriter::separate() {
    if (out_->empty()) return;
    const char last = out_->back();
    if (last != '{' && last != '[' && last != ':') *out_ += ',';
}

JsonWriter& JsonWriter::begin(char bracket) {
    separate();
    *out_ += bracket;
    return *this;
}

JsonWriter& JsonWriter::end(char bracket) {
    *out_ += bracket;
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view key) {
    separate();
    *out_ += '"';
    append_escaped(*out_, key);
    *out_ += "\":";
    return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
    separate();
    *out_ += '"';
    append_escaped(*out_, text);
    *out_ += '"';
    return *this;
}

JsonWriter& JsonWriter::value(std::int64_t number) {
    separate();
    const fmt::format_int digits(number);
    out_->append(digits.data(), digits.size());
    return *this;
}

JsonWriter& JsonWriter::value(double number) {
    separate();
    // JSON has no word for what is not finite; nothing that we write is.
    if (std::isfinite(number)) {
        fmt::format_to(std::back_inserter(*out_), "{}", number);
    } else {
        *out_ += "null";
    }
    return *this;
}

JsonWriter& JsonWriter::value(bool boolean) {
    separate();
    *out_ += boolean ? "true" : "false";
    return *this;
}

JsonWriter& JsonWriter::value(std::nullptr_t) {
    separate();
    *out_ += "null";
    return *this;
}

JsonWriter& JsonWriter::value(const Uuid& id) { return value(std::string_view(id.to_string())); }

JsonWriter& JsonWriter::value(Time time) { return value(std::string_view(to_rfc3339(time))); }

JsonWriter& JsonWriter::raw(std::string_view json) {
    separate();
    *out_ += json;
    return *this;
}

}  // namespace concertres::server
