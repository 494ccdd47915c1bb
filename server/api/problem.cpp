#include "api/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "concertres/assert.hpp"
#include "json/json_writer.hpp"

namespace concertres::server {

namespace {

int status_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::invalid:
            return 400;
        case ErrorKind::unauthorized:
            return 401;
        case ErrorKind::payment:
            return 402;
        case ErrorKind::forbidden:
            return 403;
        case ErrorKind::not_found:
            return 404;
        case ErrorKind::conflict:
            return 409;
        case ErrorKind::key_reused:
            return 422;
        case ErrorKind::unavailable:
            return 503;
        case ErrorKind::fault:
            return 500;
    }
    return 500;
}

// A title says the same for every occurrence of its code.
struct Title {
    std::string_view code;
    std::string_view title;
};
constexpr auto engine_titles = std::to_array<Title>({
    {"request_invalid", "The request is not valid"},
    {"idempotency_key_required", "An Idempotency-Key is required"},
    {"key_reused", "The Idempotency-Key belongs to another request"},
    {"token_required", "A token is required"},
    {"token_invalid", "The token is not valid here"},
    {"unknown_concert", "There is no such concert"},
    {"unknown_performance", "There is no such performance"},
    {"unknown_user", "There is no such user"},
    {"date_ambiguous", "There are several performances on this date"},
    {"not_admitted", "Not admitted yet"},
    {"pass_expired", "The pass has expired"},
    {"pass_spent", "The pass has been spent by a payment"},
    {"pass_left", "The place was given back"},
    {"room_closed", "The waiting room takes nobody any more"},
    {"room_full", "The waiting room is full"},
    {"sale_not_open", "The sale has not opened"},
    {"sale_closed", "The sale is closed"},
    {"sold_out", "Sold out"},
    {"unknown_draw", "There is no such draw"},
    {"unknown_seat", "There is no such seat"},
    {"unknown_reservation", "There is no such reservation"},
    {"seat_allotted", "A seat is kept for another class"},
    {"seat_blocked", "A seat is not for sale"},
    {"seat_sold", "A seat is sold"},
    {"seat_held", "A seat is held by somebody else"},
    {"hold_limit", "More seats than one person may have"},
    {"no_seats_match", "No free seats are as wanted"},
    {"orphan_seat", "The choice leaves a single seat over"},
    {"reservation_expired", "The reservation has expired"},
    {"reservation_released", "The reservation was released"},
    {"reservation_refunded", "The reservation was refunded"},
    {"already_paid", "The reservation is paid"},
    {"extend_limit", "The reservation cannot be extended further"},
    {"amount_invalid", "The amount is not valid"},
    {"insufficient_balance", "The balance is too low"},
    {"currency_mismatch", "Another currency"},
    {"unknown_payment", "There is no such payment"},
    {"refund_not_allowed", "This payment cannot be refunded"},
    {"payment_pending", "A payment is on its way"},
    {"internal", "Something went wrong here"},
    {"overloaded", "Too much to do just now"},
    {"request_timeout", "The request took too long"},
    {"draining", "The server is stopping"},
    {"storage_full", "Storage is full"},
    {"storage_unavailable", "Storage cannot be reached"},
    {"gateway_unavailable", "The payment provider cannot be reached"},
    {"engine_failed", "The engine has stopped"},
    {"clock_jumped", "The clock has jumped"},
});

constexpr auto server_codes = std::to_array<CodeInfo>({
    {"framing_invalid", 400, "The HTTP message is not well formed"},
    {"api_key_required", 401, "An API key is required"},
    {"admin_key_invalid", 401, "The admin key is missing or wrong"},
    {"unknown_route", 404, "There is nothing at this path"},
    {"method_not_allowed", 405, "The path does not take this method"},
    {"length_required", 411, "The length of the body is required"},
    {"body_too_large", 413, "The body is too large"},
    {"target_too_long", 414, "The target is too long"},
    {"media_type_unsupported", 415, "The body must be application/json"},
    {"rate_limited", 429, "Too many requests"},
    {"head_too_large", 431, "The head of the message is too large"},
    {"version_unsupported", 505, "Only HTTP/1.0 and HTTP/1.1 are spoken here"},
});

std::vector<CodeInfo> make_infos() {
    std::vector<CodeInfo> infos(server_codes.begin(), server_codes.end());
    for (const Errc code : all_codes()) {
        const auto title = std::ranges::find(engine_titles, code_name(code), &Title::code);
        CONCERTRES_ASSERT(title != engine_titles.end());
        // It is the client's request that took too long, wherever it waited.
        const int status = code == Errc::request_timeout ? 408 : status_of(kind_of(code));
        infos.push_back({title->code, status, title->title});
    }
    std::ranges::stable_sort(infos, {}, &CodeInfo::status);
    return infos;
}

}  // namespace

std::span<const CodeInfo> all_code_infos() {
    static const std::vector<CodeInfo> infos = make_infos();
    return infos;
}

const CodeInfo& code_info(std::string_view name) {
    const auto infos = all_code_infos();
    const auto info = std::ranges::find(infos, name, &CodeInfo::name);
    CONCERTRES_ASSERT(info != infos.end());
    return *info;
}

Problem::Problem(std::string_view code_name, std::string why)
    : code(&code_info(code_name)), detail(std::move(why)) {
    if (code->status == 503) retry_after_s = 1;
}

Problem::Problem(const Error& error) : Problem(code_name(error.code), error.detail) {
    seats = error.seats;
    faults = error.faults;
}

Problem::Problem(const Faults& all) : Problem("request_invalid") {
    const bool amounts_only =
        all.count() == all.kept().size() && std::ranges::all_of(all.kept(), [](const Fault& fault) {
            return fault.code == "amount_invalid";
        });
    if (amounts_only) code = &code_info("amount_invalid");
    faults = all.kept();
    faults_more = all.count() - faults.size();
    detail = all.to_error("the request").detail;
}

Problem Problem::of_query(std::string_view name, std::string_view fault, std::string_view detail) {
    const std::string pointer = name.starts_with('{') ? std::string(name) : "?" + std::string(name);
    Problem problem("request_invalid", pointer + ": " + std::string(detail));
    problem.faults.push_back({pointer, std::string(fault), std::string(detail)});
    return problem;
}

Problem problem_of(http::Refusal refusal, std::string_view detail) {
    using http::Refusal;
    std::string_view code = "framing_invalid";
    switch (refusal) {
        case Refusal::framing_invalid:
            code = "framing_invalid";
            break;
        case Refusal::request_timeout:
            code = "request_timeout";
            break;
        case Refusal::internal:
            code = "internal";
            break;
        case Refusal::body_too_large:
            code = "body_too_large";
            break;
        case Refusal::target_too_long:
            code = "target_too_long";
            break;
        case Refusal::head_too_large:
            code = "head_too_large";
            break;
        case Refusal::overloaded:
            code = "overloaded";
            break;
        case Refusal::version_unsupported:
            code = "version_unsupported";
            break;
    }
    return Problem(code, std::string(detail));
}

std::string_view challenge(std::string_view code) {
    if (code == "api_key_required") return "ApiKey header=\"X-Api-Key\"";
    return code == "token_invalid" ? "Bearer error=\"invalid_token\"" : "Bearer";
}

http::Response response_of(const Problem& problem, std::string_view request_id) {
    http::Response response{.status = problem.code->status,
                            .content_type = "application/problem+json"};
    JsonWriter json(response.body);
    json.begin_object()
        .field("type", "urn:concertres:error:" + std::string(problem.code->name))
        .field("title", problem.code->title)
        .field("status", problem.code->status)
        .field("detail",
               problem.detail.empty() ? problem.code->title : std::string_view(problem.detail))
        .field("code", problem.code->name)
        .field("request_id", request_id);
    if (!problem.faults.empty()) {
        json.key("errors").begin_array();
        for (const Fault& fault : problem.faults) {
            json.begin_object()
                .field("pointer", fault.pointer)
                .field("code", fault.code)
                .field("detail", fault.detail)
                .end_object();
        }
        json.end_array();
        if (problem.faults_more > 0) {
            json.field("errors_more", static_cast<std::int64_t>(problem.faults_more));
        }
    }
    if (!problem.seats.empty()) {
        json.key("seats").begin_array();
        for (const std::int32_t seat : problem.seats) json.value(seat);
        json.end_array();
    }
    if (problem.position) json.field("position", *problem.position);
    json.end_object();
    if (problem.retry_after_s) {
        response.add_field("Retry-After", std::to_string(*problem.retry_after_s));
    }
    return response;
}

}  // namespace concertres::server
