#include "api/dispatcher.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <boost/url/encoding_opts.hpp>
#include <boost/url/parse_query.hpp>
#include <cctype>

#include "api/chores.hpp"
#include "concertres/ids.hpp"
#include "http/text.hpp"

namespace concertres::server {

namespace {

// So many imports may be on their way in, or be read, at once: each holds up to import_bytes_max.
constexpr int imports_max = 4;

bool is_visible(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

bool is_hex(std::string_view text) {
    return std::ranges::all_of(
        text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// W3C Trace Context, version 00: "00-<32 hex>-<16 hex>-<2 hex>".
bool is_traceparent(std::string_view text) {
    return text.size() == 55 && text.starts_with("00-") && text[35] == '-' && text[52] == '-' &&
           is_hex(text.substr(3, 32)) && is_hex(text.substr(36, 16)) && is_hex(text.substr(53));
}

// Unique enough to find a line in a log; unlike an id, nobody is harmed by a guess. Fifteen digits
// need no memory of their own in a std::string.
std::string new_request_id() {
    thread_local std::uint64_t next = [] {
        const Uuid random = Uuid::random();
        std::uint64_t first = 0;
        std::memcpy(&first, random.bytes.data(), sizeof first);
        return first;
    }();
    next += 0x9e3779b97f4a7c15u;
    return fmt::format("{:015x}", next >> 4);
}

// The caller's own, where it gave one.
std::string request_id_of(const http::Request& request) {
    const auto id = request.field("X-Request-Id");
    const bool usable = id && !id->empty() && id->size() <= 128 && is_visible(*id);
    return usable ? std::string(*id) : new_request_id();
}

std::string_view traceparent_of(const http::Request& request) {
    const auto trace = request.field("traceparent");
    return trace && is_traceparent(*trace) ? *trace : std::string_view();
}

std::optional<std::string_view> bearer(const http::Request& request) {
    const auto field = request.field("Authorization");
    if (!field || field->size() < 7) return std::nullopt;
    std::string scheme(field->substr(0, 7));
    std::ranges::transform(scheme, scheme.begin(), [](unsigned char c) { return std::tolower(c); });
    if (scheme != "bearer ") return std::nullopt;
    return field->substr(7);
}

// Of a PATCH, RFC 7396's type says what it is.
bool is_json(std::string_view content_type, http::Method method) {
    std::string type(content_type.substr(0, content_type.find(';')));
    while (!type.empty() && type.back() == ' ') type.pop_back();
    std::ranges::transform(type, type.begin(), [](unsigned char c) { return std::tolower(c); });
    return type == "application/json" ||
           (method == http::Method::patch && type == "application/merge-patch+json");
}

// The token that the cookie of the concert in the query has.
std::optional<std::string_view> cookie_token(const http::Request& request) {
    constexpr std::string_view parameter = "concert_id=";
    const std::size_t at = request.query.find(parameter);
    if (at == std::string_view::npos) return std::nullopt;
    std::string_view concert = request.query.substr(at + parameter.size());
    concert = concert.substr(0, concert.find('&'));
    const auto cookies = request.field("Cookie");
    const auto id = ConcertId::parse(concert);
    if (!cookies || !id) return std::nullopt;
    const std::string name = "concertres_" + id->to_string() + "=";
    for (std::string_view rest = *cookies; !rest.empty();) {
        const std::string_view cookie = rest.substr(0, rest.find(';'));
        rest.remove_prefix(std::min(rest.size(), cookie.size() + 1));
        while (rest.starts_with(' ')) rest.remove_prefix(1);
        if (cookie.starts_with(name)) return cookie.substr(name.size());
    }
    return std::nullopt;
}

bool names_concert(const Route& route) { return route.path.starts_with("/v1/concerts/{"); }

// By scheme and name the same as what the request was sent to: a page of our own.
bool is_own_origin(std::string_view origin, std::string_view host) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (origin.starts_with(scheme) && origin.substr(scheme.size()) == host) return true;
    }
    return false;
}

// Without a key whoever reaches the operators' address may call it, but no web page that an
// operator happens to look at, other than the console: a browser says for whom it calls, and by
// what name it came here.
std::optional<Problem> check_keyless(const http::Request& request) {
    const std::string_view authority = request.field("Host").value_or("localhost");
    std::string_view host = authority;
    if (host.starts_with('[')) {
        host = host.substr(0, host.find(']') + 1);
    } else {
        host = host.substr(0, host.find(':'));
    }
    const bool is_literal =
        host == "localhost" || host.starts_with('[') || parse_address(host).has_value();
    const std::string_view site = request.field("Sec-Fetch-Site").value_or("none");
    const auto origin = request.field("Origin");
    const bool is_page =
        (origin && !is_own_origin(*origin, authority)) || (site != "none" && site != "same-origin");
    if (is_literal && !is_page) return std::nullopt;
    return Problem("admin_key_invalid",
                   "other web pages, and hosts by name, need an admin key: configure --admin-key");
}

}  // namespace

bool equal_secrets(std::string_view given, std::string_view secret) {
    // Hashes are of one length, whatever was given.
    std::array<std::array<unsigned char, SHA256_DIGEST_LENGTH>, 2> hashes{};
    std::size_t i = 0;
    for (const std::string_view text : {given, secret}) {
        SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
               hashes[i++].data());
    }
    return CRYPTO_memcmp(hashes[0].data(), hashes[1].data(), hashes[0].size()) == 0;
}

// Large bodies are for those who may send them, and for a few at a time.
http::BodyLeave Dispatcher::leave_for_body(const http::Request& request) {
    const RouteMatch match = match_route(side_, request.method, request.path);
    if (match.route == nullptr || !match.route->is_import) {
        return {.bytes_max = services_->body_bytes_max};
    }
    if (auto problem = check_admin(request)) {
        return {.refused = refuse(*problem, request)};
    }
    auto turn = take_turn(services_->imports_arriving, imports_max);
    if (!turn) {
        Problem problem(Error{Errc::overloaded, "too many imports arrive; try again later", {}});
        return {.refused = refuse(problem, request)};
    }
    return {.bytes_max = services_->import_bytes_max, .held = std::move(turn)};
}

void Dispatcher::handle(const http::Request& request, http::Respond respond,
                        const Exchange::Home& home) {
    Exchange exchange(*services_, side_, request, std::move(respond), home);
    identify(exchange);
    answer_cors(exchange);
    if (takes_cors() && request.method == http::Method::options && request.field("Origin")) {
        return exchange.answer_with({.status = 204});
    }
    if (auto problem = check(exchange)) return exchange.refuse(*problem);
    const auto handler = exchange.route_->handle;
    try {
        handler(std::move(exchange));
    } catch (const std::exception& failure) {
        // Whoever was to answer is gone, and its connection says 500.
        services_->log.line(LogLevel::error, "a handler failed",
                            {{"detail", std::string_view(failure.what())}});
    }
}

std::optional<Problem> Dispatcher::check(Exchange& exchange) const {
    if (auto problem = find_route(exchange)) return problem;
    if (auto problem = check_access(exchange)) return problem;
    if (auto problem = check_rate(exchange)) return problem;
    if (auto problem = check_query(exchange)) return problem;
    return check_body(exchange);
}

void Dispatcher::identify(Exchange& exchange) const {
    const http::Request& request = *exchange.request_;
    exchange.request_id_ = request_id_of(request);
    exchange.traceparent_ = traceparent_of(request);
    std::vector<std::string_view> forwarded;
    if (!services_->trusted_proxies.empty()) {
        for (const auto& field : request.fields) {
            if (http::same_ignoring_case(field.name, "X-Forwarded-For"))
                forwarded.push_back(field.value);
        }
    }
    exchange.client_ = client_address(request.peer, forwarded, services_->trusted_proxies);
}

void Dispatcher::answer_cors(Exchange& exchange) const {
    if (!takes_cors()) return;
    exchange.add_field("Vary", "Origin");
    const auto origin = exchange.request_->field("Origin");
    if (!origin ||
        std::ranges::find(services_->cors_origins, *origin) == services_->cors_origins.end()) {
        return;
    }
    exchange.add_field("Access-Control-Allow-Origin", *origin);
    exchange.add_field("Access-Control-Expose-Headers",
                       "ETag, Retry-After, Idempotent-Replayed, RateLimit-Limit, "
                       "RateLimit-Remaining, RateLimit-Reset, X-Request-Id");
    if (exchange.request_->method == http::Method::options) {
        exchange.add_field("Access-Control-Allow-Methods", "GET, HEAD, POST, DELETE");
        exchange.add_field("Access-Control-Allow-Headers",
                           "Authorization, Content-Type, Idempotency-Key, If-None-Match, "
                           "Last-Event-ID, X-Request-Id, traceparent");
        exchange.add_field("Access-Control-Max-Age", "600");
    }
}

std::optional<Problem> Dispatcher::find_route(Exchange& exchange) const {
    const http::Request& request = *exchange.request_;
    const RouteMatch match = match_route(side_, request.method, request.path);
    if (match.route == nullptr && match.allowed.empty()) {
        return Problem("unknown_route", side_ == Side::buyers
                                            ? "there is nothing at this path; /openapi.json "
                                              "lists what there is"
                                            : "there is nothing at this path for operators");
    }
    if (match.route == nullptr) {
        exchange.add_field("Allow", match.allowed);
        return Problem("method_not_allowed", fmt::format("this path takes {}", match.allowed));
    }
    exchange.route_ = match.route;
    exchange.parameters_ = match.parameters;
    if (match.route->takes_body && !request.has_body) {
        return Problem("length_required",
                       "send a JSON body, with Content-Length or Transfer-Encoding: chunked");
    }
    return std::nullopt;
}

// --- Who asks ----------------------------------------------------------------------------------

std::optional<Problem> Dispatcher::check_access(Exchange& exchange) const {
    const Access access = exchange.route_->access;
    if (access == Access::open) return std::nullopt;
    if (access == Access::admin) return check_admin(*exchange.request_);
    const auto keys = services_->keys.load();
    if (keys->api && access != Access::token && access != Access::admitted) {
        const auto given = exchange.request_->field("X-Api-Key");
        exchange.has_api_key_ = given && equal_secrets(*given, *keys->api);
        if (exchange.has_api_key_) return std::nullopt;
        if (given || access != Access::wallet_read) {
            return Problem("api_key_required",
                           given ? "the X-Api-Key is not the right one" : "send X-Api-Key");
        }
    }
    if (access == Access::vouched) return std::nullopt;
    return check_token(exchange);
}

std::optional<Problem> Dispatcher::check_admin(const http::Request& request) const {
    const auto keys = services_->keys.load();
    if (!keys->admin) return check_keyless(request);
    const auto given = bearer(request);
    if (given && equal_secrets(*given, *keys->admin)) return std::nullopt;
    return Problem("admin_key_invalid", "send Authorization: Bearer <admin key>");
}

std::optional<Problem> Dispatcher::check_token(Exchange& exchange) const {
    const http::Request& request = *exchange.request_;
    auto given = bearer(request);
    if (!given && exchange.route_->takes_cookie) given = cookie_token(request);
    if (!given) {
        return Problem(Error{Errc::token_required,
                             "send Authorization: Bearer <token>; POST "
                             "/v1/concerts/{concert_id}/tokens gives one",
                             {}});
    }
    auto claims = services_->office.verify(*given);
    if (!claims) {
        return Problem(claims.error());
    }
    if (names_concert(*exchange.route_) &&
        ConcertId::parse(exchange.parameters_[0]) != claims->concert) {
        return Problem(token_refusal());
    }
    exchange.claims_ = *claims;
    exchange.token_ = *given;
    return std::nullopt;
}

std::optional<Problem> Dispatcher::check_rate(Exchange& exchange) const {
    if (exchange.route_->access != Access::vouched) return std::nullopt;
    const auto turn =
        services_->token_rate.take(exchange.client_, std::chrono::steady_clock::now());
    if (turn) return std::nullopt;
    exchange.add_field("RateLimit-Limit", std::to_string(turn.limit));
    exchange.add_field("RateLimit-Remaining", std::to_string(turn.remaining));
    exchange.add_field("RateLimit-Reset", std::to_string(turn.reset.count()));
    Problem problem("rate_limited", "too many tokens are asked for from this address");
    problem.retry_after_s = turn.retry_after.count();
    return problem;
}

// --- What it brings ----------------------------------------------------------------------------

std::optional<Problem> Dispatcher::check_query(Exchange& exchange) {
    if (exchange.request_->query.empty()) return std::nullopt;
    // A copy that ends in a NUL: Boost.URL 1.81 reads a view up to the next one.
    const std::string query(exchange.request_->query);
    const auto parsed = boost::urls::parse_query(query.c_str());
    if (!parsed) {
        return Problem(Error{Errc::request_invalid, "the query of the target is malformed", {}});
    }
    boost::urls::encoding_opts options;
    options.space_as_plus = true;
    const auto& known = exchange.route_->query;
    for (const auto& parameter : *parsed) {
        std::string name = parameter.key.decode(options);
        if (name.empty() || std::ranges::find(known, std::string_view(name)) == known.end()) {
            const bool is_shown = !name.empty() && is_visible(name);
            return Problem::of_query(is_shown ? in_quotes(name) : "...", "unknown_field",
                                     "is not known here");
        }
        if (exchange.query(name)) {
            return Problem::of_query(name, "duplicate_key", "is given more than once");
        }
        exchange.query_.emplace_back(std::move(name), parameter.value.decode(options));
    }
    return std::nullopt;
}

std::optional<Problem> Dispatcher::check_body(Exchange& exchange) {
    const Route& route = *exchange.route_;
    const http::Request& request = *exchange.request_;
    if (route.takes_body) {
        const auto type = request.field("Content-Type");
        if (!type || !is_json(*type, request.method)) {
            return Problem("media_type_unsupported", "send Content-Type: application/json");
        }
        // An import is read elsewhere: it may be large.
        if (!route.is_import) {
            Faults faults;
            auto body = parse_json(request.body, faults, {.values_max = 10'000});
            if (!body) return Problem(faults);
            exchange.body_ = std::move(*body);
        }
    }
    if (route.takes_key) {
        const auto key = request.field("Idempotency-Key");
        if (!key || key->empty()) {
            return Problem(Error{Errc::idempotency_key_required,
                                 "send an Idempotency-Key: a text of your own, new for each "
                                 "attempt, the same when you ask again",
                                 {}});
        }
        if (key->size() > 255 || !is_visible(*key) || request.count("Idempotency-Key") > 1) {
            return Problem(Error{Errc::request_invalid,
                                 "Idempotency-Key: must be one text of 1 to 255 visible ASCII "
                                 "characters",
                                 {}});
        }
        exchange.key_ = *key;
    }
    return std::nullopt;
}

http::Response Dispatcher::refuse(http::Refusal refusal, std::string_view detail,
                                  std::string_view peer) {
    return refuse(problem_of(refusal, detail), peer, new_request_id());
}

http::Response Dispatcher::refuse(const Problem& problem, const http::Request& request) const {
    http::Response response = refuse(problem, request.peer, request_id_of(request));
    const auto trace = traceparent_of(request);
    if (!trace.empty()) response.add_field("traceparent", trace);
    return response;
}

http::Response Dispatcher::refuse(const Problem& problem, std::string_view peer,
                                  const std::string& id) const {
    services_->metrics.count_refusal(problem.code->name);
    services_->log.line(problem.code->status >= 500 ? LogLevel::warning : LogLevel::info, "refused",
                        {{"code", problem.code->name},
                         {"detail", std::string_view(problem.detail)},
                         {"request_id", std::string_view(id)},
                         {"client", peer}});
    http::Response response = response_of(problem, id);
    if (problem.code->status == 401) {
        response.add_field("WWW-Authenticate", challenge(problem.code->name));
    }
    response.add_field("X-Request-Id", id);
    response.close = true;
    return response;
}

}  // namespace concertres::server
