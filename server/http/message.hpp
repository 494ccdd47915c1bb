// An HTTP request as the server's handlers see it, and the response that they give. Both are plain
// values: how bytes become one and the other become bytes is parser.hpp's and connection.hpp's
// affair.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace concertres::http {

class Stream;

enum class Method : std::uint8_t { get, head, post, put, patch, del, options, other };

[[nodiscard]] std::string_view method_name(Method method) noexcept;

// A request that is well framed: one Host, a target in origin form without fragment, a body as long
// as it said it would be.
// Lifetime: the texts are the connection's, until the request has been answered.
struct Request {
    struct Field {
        std::string_view name;  // as sent
        std::string_view value;
    };

    Method method = Method::get;
    std::string_view target;  // as sent: "/v1/concerts?limit=2"
    std::string_view path;    // "/v1/concerts", percent-encoded as sent
    std::string_view query;   // "limit=2"; empty where there is none
    std::vector<Field> fields;
    std::string_view body;
    bool has_body = false;  // it said how long its body is, be it 0 bytes
    std::string_view peer;  // the address of who sent it: "127.0.0.1"

    // The field's value by name, in any case; nothing where it is absent. A field that came more
    // than once gives the first.
    [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const;
    [[nodiscard]] std::size_t count(std::string_view name) const;
};

// Content-Length, Connection and Date are the connection's to write.
struct Response {
    int status = 200;
    std::string_view content_type{};  // of static storage; empty: none is sent
    std::string fields{};             // further ones, each "Name: value\r\n"
    std::string body{};
    // In place of `body`, for what many answers share.
    std::shared_ptr<const std::string> shared_body{};
    // In place of both, for a body that goes on; the connection ends with it.
    std::shared_ptr<Stream> stream{};
    bool close = false;  // the connection ends after it

    void add_field(std::string_view name, std::string_view value);
    [[nodiscard]] std::string_view content() const {
        return shared_body ? std::string_view(*shared_body) : std::string_view(body);
    }
};

}  // namespace concertres::http
