#include "http/head.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "http/text.hpp"

namespace concertres::http {

namespace {

Fault framing(std::string_view detail) { return {Refusal::framing_invalid, detail}; }

// --- The request line

std::optional<Method> known_method(std::string_view name) {
    static constexpr std::pair<std::string_view, Method> ours[] = {
        {"GET", Method::get},         {"HEAD", Method::head},   {"POST", Method::post},
        {"PUT", Method::put},         {"PATCH", Method::patch}, {"DELETE", Method::del},
        {"OPTIONS", Method::options},
    };
    // HTTP's other methods that llhttp knows. Those of RTSP and ICE, which it knows as well, and
    // CONNECT, which would turn the connection into a tunnel, are missing on purpose.
    static constexpr std::string_view others[] = {
        "TRACE",    "COPY",        "LOCK",       "MKCOL",      "MOVE",   "PROPFIND", "PROPPATCH",
        "SEARCH",   "UNLOCK",      "BIND",       "REBIND",     "UNBIND", "ACL",      "REPORT",
        "CHECKOUT", "MERGE",       "M-SEARCH",   "NOTIFY",     "LINK",   "UNLINK",   "SUBSCRIBE",
        "PURGE",    "UNSUBSCRIBE", "MKCALENDAR", "MKACTIVITY",
    };
    for (const auto& [text, method] : ours) {
        if (text == name) return method;
    }
    if (std::find(std::begin(others), std::end(others), name) != std::end(others)) {
        return Method::other;
    }
    return std::nullopt;
}

std::optional<Fault> read_version(std::string_view text, Head& head) {
    if (text.size() != 8 || !text.starts_with("HTTP/") || !is_digit(text[5]) || text[6] != '.' ||
        !is_digit(text[7])) {
        return framing("the request line does not end in a version such as HTTP/1.1");
    }
    if (text != "HTTP/1.1" && text != "HTTP/1.0") {
        return Fault{Refusal::version_unsupported, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
    }
    head.is_1_0 = text[7] == '0';
    return std::nullopt;
}

// "host", "host:8080", "[::1]:8080"; no user, no empty host.
bool is_authority(std::string_view text) {
    std::string_view port;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos || end < 3) return false;
        const auto address = text.substr(1, end - 1);
        if (!std::all_of(address.begin(), address.end(),
                         [](char c) { return hex_digit(c) >= 0 || c == ':' || c == '.'; })) {
            return false;
        }
        port = text.substr(end + 1);
    } else {
        const std::size_t end = std::min(text.find(':'), text.size());
        if (end == 0 ||
            !std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), is_host)) {
            return false;
        }
        port = text.substr(end);
    }
    if (port.empty()) return true;
    return port.front() == ':' && port.size() <= 6 &&
           std::all_of(port.begin() + 1, port.end(), is_digit);
}

// A target in absolute form becomes its origin form: there is one site here.
std::optional<Fault> to_origin_form(std::string_view& target) {
    constexpr std::string_view scheme = "http://";
    if (target.size() < scheme.size() ||
        !same_ignoring_case(target.substr(0, scheme.size()), scheme)) {
        return framing("the target is neither a path nor an http:// URL");
    }
    const std::size_t end = std::min(target.find_first_of("/?", scheme.size()), target.size());
    if (!is_authority(target.substr(scheme.size(), end - scheme.size()))) {
        return framing("the target's host is malformed");
    }
    target.remove_prefix(end);
    if (target.empty()) target = "/";
    if (target.front() == '?') return framing("the target has a query but no path");
    return std::nullopt;
}

std::optional<Fault> check_target_bytes(std::string_view target) {
    for (std::size_t i = 0; i < target.size(); ++i) {
        if (!is_target(target[i])) {
            return framing("the target holds a byte that must be percent-encoded");
        }
        if (target[i] == '%' && (i + 2 >= target.size() || hex_digit(target[i + 1]) < 0 ||
                                 hex_digit(target[i + 2]) < 0)) {
            return framing("the target holds a '%' without two hexadecimal digits");
        }
    }
    return std::nullopt;
}

std::optional<Fault> read_target(std::string_view target, Request& request) {
    if (target == "*") {
        if (request.method != Method::options) {
            return framing("only OPTIONS may have the target '*'");
        }
    } else if (target.front() != '/') {
        if (auto fault = to_origin_form(target)) return fault;
    }
    if (auto fault = check_target_bytes(target)) return fault;
    request.target = target;
    const std::size_t question = target.find('?');
    request.path = target.substr(0, question);
    if (question != std::string_view::npos) request.query = target.substr(question + 1);
    return std::nullopt;
}

// --- The fields

// Calls `visit` with each element of a comma-separated list.
template <class Visit>
void for_each_element(std::string_view list, Visit&& visit) {
    for (;;) {
        const std::size_t comma = list.find(',');
        visit(trimmed(list.substr(0, comma)));
        if (comma == std::string_view::npos) return;
        list.remove_prefix(comma + 1);
    }
}

std::optional<std::uint64_t> parsed_length(std::string_view text) {
    // 18 digits cannot overflow, and no body is that long.
    if (text.empty() || text.size() > 18) return std::nullopt;
    std::uint64_t value = 0;
    for (char c : text) {
        if (!is_digit(c)) return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return value;
}

// The fields that decide where the message ends and what becomes of its connection.
struct Framing {
    int hosts = 0;
    bool host_malformed = false;
    int codings = 0;
    bool coding_is_chunked = false;
    int lengths = 0;
    std::optional<std::uint64_t> length;
    bool close = false;
    bool keep_alive = false;
    bool expects_continue = false;
    bool expects_other = false;

    void take(const Request::Field& field);
};

void Framing::take(const Request::Field& field) {
    switch (field.name.size()) {
        case 4:
            if (same_ignoring_case(field.name, "Host")) {
                ++hosts;
                host_malformed = host_malformed || !is_authority(field.value);
            }
            break;
        case 6:
            if (same_ignoring_case(field.name, "Expect")) {
                const bool known = same_ignoring_case(field.value, "100-continue");
                (known ? expects_continue : expects_other) = true;
            }
            break;
        case 10:
            if (same_ignoring_case(field.name, "Connection")) {
                for_each_element(field.value, [&](std::string_view option) {
                    close = close || same_ignoring_case(option, "close");
                    keep_alive = keep_alive || same_ignoring_case(option, "keep-alive");
                });
            }
            break;
        case 14:
            if (same_ignoring_case(field.name, "Content-Length")) {
                ++lengths;
                length = parsed_length(field.value);
            }
            break;
        case 17:
            if (same_ignoring_case(field.name, "Transfer-Encoding")) {
                ++codings;
                coding_is_chunked = same_ignoring_case(field.value, "chunked");
            }
            break;
        default:
            break;
    }
}

std::optional<Fault> check_framing(const Framing& seen, bool is_1_0) {
    if (seen.hosts > 1) return framing("there is more than one Host");
    if (seen.hosts == 0 && !is_1_0) return framing("the Host field is missing");
    if (seen.host_malformed) return framing("the Host field is malformed");
    if (seen.codings > 0) {
        if (is_1_0) return framing("HTTP/1.0 has no Transfer-Encoding");
        if (seen.lengths > 0) {
            return framing("Transfer-Encoding and Content-Length exclude one another");
        }
        if (seen.codings > 1 || !seen.coding_is_chunked) {
            return framing("the only Transfer-Encoding that is understood is chunked, once");
        }
    }
    if (seen.lengths > 1) return framing("there is more than one Content-Length");
    if (seen.lengths == 1 && !seen.length) {
        return framing("Content-Length is not a number of bytes");
    }
    if (seen.expects_other && !is_1_0) {
        return framing("the only expectation that is understood is 100-continue");
    }
    return std::nullopt;
}

}  // namespace

void Head::clear() {
    auto fields = std::move(request.fields);
    fields.clear();
    *this = Head{};
    request.fields = std::move(fields);  // its memory serves again
}

std::optional<Fault> read_request_line(std::string_view line, const Limits& limits, Head& head) {
    const std::size_t method_end = line.find(' ');
    head.method = line.substr(0, method_end);
    if (head.method.empty() || !std::all_of(head.method.begin(), head.method.end(), is_token)) {
        return framing("the request line does not begin with a method");
    }
    if (method_end == std::string_view::npos) return framing("the request line has no target");
    const std::size_t target_end = line.find(' ', method_end + 1);
    const auto target = line.substr(method_end + 1, target_end - method_end - 1);
    if (target.empty()) return framing("the request line has no target");
    if (target.size() > limits.target_bytes_max) {
        return Fault{Refusal::target_too_long, "the target is longer than this server reads"};
    }
    if (target_end == std::string_view::npos) return framing("the request line has no version");
    if (auto fault = read_version(line.substr(target_end + 1), head)) return fault;

    const auto method = known_method(head.method);
    if (!method) return framing("the method is not one of HTTP's, or opens a tunnel");
    head.request.method = *method;
    return read_target(target, head.request);
}

std::optional<Fault> check_field_line(std::string_view line) {
    if (line.starts_with(' ') || line.starts_with('\t')) {
        return framing("a field is folded over more than one line");
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return framing("a field has no colon");
    const auto name = line.substr(0, colon);
    if (name.empty()) return framing("a field has no name");
    if (!std::all_of(name.begin(), name.end(), is_token)) {
        return framing("a field's name holds a byte that names have not");
    }
    const auto value = line.substr(colon + 1);
    if (!std::all_of(value.begin(), value.end(), is_value)) {
        return framing("a field's value holds a control byte");
    }
    return std::nullopt;
}

std::optional<Fault> read_field_line(std::string_view line, Head& head) {
    if (auto fault = check_field_line(line)) return fault;
    const std::size_t colon = line.find(':');
    head.request.fields.push_back({line.substr(0, colon), trimmed(line.substr(colon + 1))});
    return std::nullopt;
}

std::optional<Fault> read_framing(Head& head) {
    Framing seen;
    for (const Request::Field& field : head.request.fields) seen.take(field);
    if (auto fault = check_framing(seen, head.is_1_0)) return fault;
    head.chunked = seen.codings == 1;
    head.content_length = seen.length;
    head.request.has_body = head.chunked || seen.length.has_value();
    head.keep_alive = !seen.close && (!head.is_1_0 || seen.keep_alive);
    head.expects_continue = seen.expects_continue && !head.is_1_0;
    return std::nullopt;
}

}  // namespace concertres::http
