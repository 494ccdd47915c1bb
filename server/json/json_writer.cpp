#include "json/json_writer.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace concertres::server {

namespace {

// How many bytes the character at the beginning of `text` has, which is not ASCII; 0 where it is
// not well-formed UTF-8 (Unicode, table 3-7).
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
    const unsigned char least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned char most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (byte(1) < least || byte(1) > most) return 0;
    for (std::size_t i = 2; i < length; ++i) {
        if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
    }
    return length;
}

void append_ascii(std::string& out, char c) {
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
                fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
            } else {
                out += c;
            }
    }
}

// What is no text becomes U+FFFD: whatever is written, the answer is JSON.
void append_escaped(std::string& out, std::string_view text) {
    while (!text.empty()) {
        std::size_t length = 1;
        if (static_cast<unsigned char>(text.front()) < 0x80) {
            append_ascii(out, text.front());
        } else if (const std::size_t well = utf8_length(text)) {
            out += text.substr(0, well);
            length = well;
        } else {
            out += "\xef\xbf\xbd";
        }
        text.remove_prefix(length);
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

JsonWriter& JsonWriter::value(const Uuid& id) {
    separate();
    *out_ += '"';
    id.append_to(*out_);
    *out_ += '"';
    return *this;
}

JsonWriter& JsonWriter::value(Time time) {
    separate();
    *out_ += '"';
    append_rfc3339(*out_, time);
    *out_ += '"';
    return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
    separate();
    *out_ += json;
    return *this;
}

}  // namespace concertres::server
