#include "http/message.hpp"

#include <algorithm>

#include "http/text.hpp"

namespace concertres::http {

std::string_view method_name(Method method) noexcept {
    switch (method) {
        case Method::get:
            return "GET";
        case Method::head:
            return "HEAD";
        case Method::post:
            return "POST";
        case Method::put:
            return "PUT";
        case Method::patch:
            return "PATCH";
        case Method::del:
            return "DELETE";
        case Method::options:
            return "OPTIONS";
        case Method::other:
            break;
    }
    return "OTHER";
}

std::optional<std::string_view> Request::field(std::string_view name) const {
    for (const Field& candidate : fields) {
        if (same_ignoring_case(candidate.name, name)) return candidate.value;
    }
    return std::nullopt;
}

std::size_t Request::count(std::string_view name) const {
    const auto found = std::count_if(fields.begin(), fields.end(), [&](const Field& candidate) {
        return same_ignoring_case(candidate.name, name);
    });
    return static_cast<std::size_t>(found);
}

void Response::add_field(std::string_view name, std::string_view value) {
    fields.append(name).append(": ");
    const std::size_t start = fields.size();
    fields.append(value);
    // A value must not be able to end its line and begin another field.
    for (std::size_t i = start; i < fields.size(); ++i) {
        if (!is_value(fields[i])) fields[i] = ' ';
    }
    fields.append("\r\n");
}

}  // namespace concertres::http
