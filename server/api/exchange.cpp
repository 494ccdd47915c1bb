#include "api/exchange.hpp"

#include <functional>

#include "http/spare_text.hpp"

namespace concertres::server {

Exchange::Exchange(Services& services, Side side, const http::Request& request,
                   http::Respond respond, const Home& home)
    : services_(&services),
      request_(&request),
      respond_(std::move(respond)),
      home_(home),
      side_(side),
      fields_(http::take_spare_text()),
      started_(std::chrono::steady_clock::now()) {}

std::optional<std::string> Exchange::query(std::string_view name) const {
    for (const auto& [known, value] : query_) {
        if (known == name) return value;
    }
    return std::nullopt;
}

void Exchange::add_field(std::string_view name, std::string_view value) {
    fields_.append(name).append(": ").append(value).append("\r\n");
}

void Exchange::answer(int status, std::string json, std::string_view content_type) {
    finish({.status = status, .content_type = content_type, .body = std::move(json)}, {});
}

void Exchange::answer_with(http::Response response) { finish(std::move(response), {}); }

void Exchange::refuse(const Problem& problem) {
    if (problem.code->status == 401) add_field("WWW-Authenticate", challenge(problem.code->name));
    finish(response_of(problem, request_id_), problem.code->name);
}

void Exchange::finish(http::Response response, std::string_view code) {
    const auto took = std::chrono::steady_clock::now() - started_;
    const int status = response.status;
    add_field("X-Request-Id", request_id_);
    if (!traceparent_.empty()) add_field("traceparent", traceparent_);
    // What is answered to one is no other's, unless a handler says so.
    if (fields_.find("Cache-Control: ") == std::string::npos) {
        add_field("Cache-Control", "no-store");
    }
    fields_ += response.fields;
    response.fields = std::move(fields_);
    services_->metrics.count(route_, request_->method, status, code, took);
    const LogLevel level = status >= 500 ? LogLevel::warning : LogLevel::info;
    if (services_->log.is_on(level)) {
        const std::string client = client_.to_string();
        services_->log.line(
            level, "request",
            {{"method", http::method_name(request_->method)},
             {"route", route_ ? route_->path : std::string_view("unknown")},
             {"status", std::int64_t{status}},
             {"code", code},
             {"duration_us",
              std::int64_t{std::chrono::floor<std::chrono::microseconds>(took).count()}},
             {"request_id", request_id_},
             {"traceparent", traceparent_},
             {"client", client}});
    }
    respond_(std::move(response));
}

void turn_away(Exchange exchange) {
    Problem problem(Error{Errc::overloaded, "there is too much to do just now; try again", {}});
    // Not all at once, or they would meet again.
    problem.retry_after_s =
        1 + static_cast<std::int64_t>(std::hash<std::string_view>()(exchange.request_id()) % 3);
    exchange.refuse(problem);
}

}  // namespace concertres::server
