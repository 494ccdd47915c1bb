#include "api/problem.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace concertres;
using namespace concertres::server;

namespace {

boost::json::object told(const Problem& problem) {
    return boost::json::parse(response_of(problem, "req-1").body).as_object();
}

std::string text(const boost::json::object& object, std::string_view key) {
    return std::string(object.at(key).as_string());
}

std::vector<std::string> keys(const boost::json::object& object) {
    std::vector<std::string> found;
    for (const auto& field : object) found.emplace_back(field.key());
    return found;
}

Faults faults_with(std::initializer_list<std::string_view> codes) {
    Faults faults;
    const JsonPath body;
    std::size_t i = 0;
    for (const std::string_view code : codes) faults.add(body.index(i++), code, "is wrong");
    return faults;
}

}  // namespace

TEST_CASE("a problem has what RFC 9457 asks for, its code and its request") {
    const http::Response response =
        response_of(Problem("unknown_route", "there is nothing here"), "req-1");
    CHECK(response.status == 404);
    CHECK(response.content_type == "application/problem+json");
    CHECK(response.fields.empty());
    const auto body = boost::json::parse(response.body).as_object();
    CHECK(keys(body) ==
          std::vector<std::string>{"type", "title", "status", "detail", "code", "request_id"});
    CHECK(text(body, "type") == "urn:concertres:error:unknown_route");
    CHECK(text(body, "title") == "There is nothing at this path");
    CHECK(body.at("status").as_int64() == 404);
    CHECK(text(body, "detail") == "there is nothing here");
    CHECK(text(body, "code") == "unknown_route");
    CHECK(text(body, "request_id") == "req-1");
}

TEST_CASE("without a detail of its own a problem repeats its title") {
    CHECK(text(told(Problem("sold_out")), "detail") == "Sold out");
}

TEST_CASE("what the engine refuses keeps its code, its detail and its seats") {
    const auto body = told(Error{Errc::seat_held, "these seats are held", {7, 8}});
    CHECK(body.at("status").as_int64() == 409);
    CHECK(text(body, "code") == "seat_held");
    CHECK(text(body, "detail") == "these seats are held");
    CHECK(body.at("seats") == boost::json::parse("[7,8]"));
    CHECK_FALSE(told(Error{Errc::sold_out, "", {}}).contains("seats"));
}

TEST_CASE("every code of the engine has a status and a title") {
    for (const Errc code : all_codes()) {
        CAPTURE(code_name(code));
        const Problem problem(Error{code, "", {}});
        CHECK(problem.code->name == code_name(code));
        CHECK(problem.code->status >= 400);
        CHECK(problem.code->status < 600);
        CHECK_FALSE(problem.code->title.empty());
    }
}

TEST_CASE("each kind of error is one status, but for what came too late") {
    CHECK(code_info("request_invalid").status == 400);
    CHECK(code_info("token_invalid").status == 401);
    CHECK(code_info("insufficient_balance").status == 402);
    CHECK(code_info("pass_spent").status == 403);
    CHECK(code_info("unknown_seat").status == 404);
    CHECK(code_info("seat_held").status == 409);
    CHECK(code_info("key_reused").status == 422);
    CHECK(code_info("internal").status == 500);
    CHECK(code_info("overloaded").status == 503);
    CHECK(code_info("request_timeout").status == 408);
}

TEST_CASE("codes are unique and stand by status") {
    std::set<std::string_view> names;
    for (const CodeInfo& info : all_code_infos()) CHECK(names.insert(info.name).second);
    CHECK(std::ranges::is_sorted(all_code_infos(), {}, &CodeInfo::status));
}

TEST_CASE("faults are listed with their places") {
    Faults faults;
    const JsonPath body;
    const JsonPath seats = body.key("seats");
    faults.add(seats.index(1), "duplicate", "is named more than once");
    faults.add(body.key("a/b~c"), "unknown_field", "is not known");
    faults.add(body, "wrong_type", "must be an object");
    const auto problem = told(Problem(faults));
    CHECK(problem.at("status").as_int64() == 400);
    CHECK(text(problem, "code") == "request_invalid");
    CHECK(text(problem, "detail").find("/seats/1: is named more than once") != std::string::npos);
    CHECK(problem.at("errors") == boost::json::parse(R"([
        {"pointer": "/seats/1", "code": "duplicate", "detail": "is named more than once"},
        {"pointer": "/a~1b~0c", "code": "unknown_field", "detail": "is not known"},
        {"pointer": "", "code": "wrong_type", "detail": "must be an object"}])"));
    CHECK_FALSE(problem.contains("errors_more"));
}

TEST_CASE("faults beyond the first are counted") {
    Faults faults;
    const JsonPath body;
    for (std::size_t i = 0; i < Faults::kept_max + 5; ++i) {
        faults.add(body.index(i), "malformed", "is wrong");
    }
    const auto problem = told(Problem(faults));
    CHECK(problem.at("errors").as_array().size() == Faults::kept_max);
    CHECK(problem.at("errors_more").as_int64() == 5);
}

TEST_CASE("only a body in which nothing but amounts is wrong is amount_invalid") {
    CHECK(Problem(faults_with({"amount_invalid"})).code->name == "amount_invalid");
    CHECK(Problem(faults_with({"amount_invalid", "amount_invalid"})).code->name ==
          "amount_invalid");
    CHECK(Problem(faults_with({"amount_invalid", "missing"})).code->name == "request_invalid");
    CHECK(Problem(faults_with({"missing"})).code->name == "request_invalid");
    // What is not kept may have been anything.
    Faults many;
    const JsonPath body;
    for (std::size_t i = 0; i <= Faults::kept_max; ++i) {
        many.add(body.index(i), "amount_invalid", "is wrong");
    }
    CHECK(Problem(many).code->name == "request_invalid");
}

TEST_CASE("whoever waits is told where they stand and when to ask again") {
    Problem problem(Error{Errc::not_admitted, "still waiting", {}});
    CHECK_FALSE(told(problem).contains("position"));
    problem.position = 120;
    problem.retry_after_s = 5;
    CHECK(told(problem).at("position").as_int64() == 120);
    CHECK(response_of(problem, "r").fields == "Retry-After: 5\r\n");
}

TEST_CASE("what is unavailable says when to try again, and nothing else does") {
    for (const CodeInfo& info : all_code_infos()) {
        CAPTURE(info.name);
        const auto response = response_of(Problem(info.name), "r");
        CHECK((response.fields == "Retry-After: 1\r\n") == (info.status == 503));
        CHECK(response.fields.empty() == (info.status != 503));
    }
}

TEST_CASE("texts of others cannot break out of the JSON") {
    const auto problem = told(Problem("request_invalid", "a \"quoted\"\nname\\"));
    CHECK(text(problem, "detail") == "a \"quoted\"\nname\\");
}

TEST_CASE("what is refused before it was read has the code of its reason") {
    using http::Refusal;
    const std::pair<Refusal, std::string_view> expected[] = {
        {Refusal::framing_invalid, "framing_invalid"},
        {Refusal::request_timeout, "request_timeout"},
        {Refusal::internal, "internal"},
        {Refusal::body_too_large, "body_too_large"},
        {Refusal::target_too_long, "target_too_long"},
        {Refusal::head_too_large, "head_too_large"},
        {Refusal::overloaded, "overloaded"},
        {Refusal::version_unsupported, "version_unsupported"},
    };
    for (const auto& [refusal, code] : expected) {
        const Problem problem = problem_of(refusal, "why");
        CHECK(problem.code->name == code);
        CHECK(problem.detail == "why");
    }
}
