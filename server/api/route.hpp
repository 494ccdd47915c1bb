// The routes, in one table: what each takes, what it must prove and who answers it. Matching,
// 404 and 405, authorization and its tests, the labels of metrics and the check against
// openapi.yaml all come from here.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "http/message.hpp"

namespace concertres::server {

class Exchange;
struct Services;

// What a request must prove before its handler runs. The order of checks is http-api.md's.
enum class Access : std::uint8_t {
    open,          // nothing
    vouched,       // X-Api-Key, where one is configured
    token,         // a token, whatever became of its place
    admitted,      // a token whose pass is live; the handler or the engine looks at the pass
    wallet_read,   // an API key; or a token whose place has been admitted at some time
    wallet_write,  // an API key where one is configured; else as `admitted`
    admin,         // the admin key, where one is configured
};

enum class Side : std::uint8_t { buyers, operators, both };

struct Route {
    http::Method method = http::Method::get;
    // "/v1/concerts/{concert_id}/dates"; braces take one segment.
    std::string_view path;
    std::string_view operation;  // operationId in openapi.yaml
    Access access = Access::open;
    void (*handle)(Exchange exchange) = nullptr;
    bool takes_body = false;  // JSON, required
    bool takes_key = false;   // Idempotency-Key, required
    bool is_import = false;   // its body may be large
    // The token may come in the cookie concertres_<concert_id>, which ?concert_id= names: a
    // browser's EventSource sends no fields. For what changes nothing.
    bool takes_cookie = false;
    Side side = Side::buyers;
    // Parameters of the query that it knows.
    std::array<std::string_view, 3> query{};
};

[[nodiscard]] std::span<const Route> all_routes();

using PathParameters = std::array<std::string_view, 2>;

struct RouteMatch {
    const Route* route = nullptr;  // nothing: no route has this path and method
    PathParameters parameters{};   // in the order of the path, as sent
    // The methods that the path takes, for 405; empty: nothing is at this path.
    std::string_view allowed;
};

// HEAD matches what GET does.
[[nodiscard]] RouteMatch match_route(Side side, http::Method method, std::string_view path);

}  // namespace concertres::server
