// Holds the API's description against the table of routes and the table of codes.
#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cctype>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/assets.hpp"
#include "api/problem.hpp"
#include "api/route.hpp"
#include "server/sample_requests.hpp"

using namespace concertres;
using namespace concertres::server;
namespace json = boost::json;

namespace {

using Names = std::set<std::string>;

const json::object& description() {
    static const json::value parsed = [] {
        const std::string_view text = asset("openapi.json").bytes;
        return json::parse({text.data(), text.size()});
    }();
    return parsed.as_object();
}

// What "#/components/..." names; null where it names nothing.
const json::value* named(std::string_view reference) {
    if (!reference.starts_with("#/")) return nullptr;
    json::error_code failed;
    static const json::value all = description();
    return all.find_pointer({reference.data() + 1, reference.size() - 1}, failed);
}

// The object itself, or what its $ref leads to.
const json::object& resolved(const json::value& value) {
    const auto* reference = value.as_object().if_contains("$ref");
    if (reference == nullptr) return value.as_object();
    const json::value* target = named(std::string_view(reference->as_string()));
    REQUIRE(target != nullptr);
    return target->as_object();
}

// Calls `visit` with every object of the document.
void for_each_object(const json::value& value,
                     const std::function<void(const json::object&)>& visit) {
    if (const auto* object = value.if_object()) {
        visit(*object);
        for (const auto& field : *object) for_each_object(field.value(), visit);
    } else if (const auto* array = value.if_array()) {
        for (const json::value& item : *array) for_each_object(item, visit);
    }
}

std::string text(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value == nullptr ? std::string() : std::string(value->as_string());
}

std::string method_of(const Route& route) {
    std::string name(http::method_name(route.method));
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    return name;
}

bool is_method(std::string_view key) {
    return key == "get" || key == "put" || key == "post" || key == "delete" || key == "patch" ||
           key == "head" || key == "options" || key == "trace";
}

// An operation with the path that it stands under.
struct Operation {
    const json::object* path = nullptr;
    const json::object* object = nullptr;

    [[nodiscard]] std::vector<const json::object*> parameters() const {
        std::vector<const json::object*> all;
        for (const auto* from : {path, object}) {
            const auto* list = from->if_contains("parameters");
            if (list == nullptr) continue;
            for (const json::value& item : list->as_array()) all.push_back(&resolved(item));
        }
        return all;
    }
    [[nodiscard]] Names parameters_in(std::string_view place) const {
        Names found;
        for (const json::object* parameter : parameters()) {
            if (text(*parameter, "in") == place)
                CHECK(found.insert(text(*parameter, "name")).second);
        }
        return found;
    }
    [[nodiscard]] const json::object& responses() const {
        return object->at("responses").as_object();
    }
    [[nodiscard]] Names codes_of(std::string_view status) const {
        Names codes;
        const auto* response = responses().if_contains(status);
        if (response == nullptr) return codes;
        const auto* list = resolved(*response).if_contains("x-codes");
        if (list == nullptr) return codes;
        for (const json::value& code : list->as_array()) codes.emplace(code.as_string());
        return codes;
    }
};

// By "get /v1/concerts".
std::map<std::string, Operation> operations() {
    std::map<std::string, Operation> found;
    for (const auto& path : description().at("paths").as_object()) {
        const json::object& item = path.value().as_object();
        for (const auto& field : item) {
            if (!is_method(field.key())) continue;
            found[std::string(field.key()) + ' ' + std::string(path.key())] = {
                &item, &field.value().as_object()};
        }
    }
    return found;
}

Operation operation_of(const Route& route) {
    const auto found = operations();
    const auto at = found.find(method_of(route) + ' ' + std::string(route.path));
    REQUIRE_MESSAGE(at != found.end(), route.operation);
    return at->second;
}

Names known_codes() {
    Names names;
    for (const CodeInfo& info : all_code_infos()) names.emplace(info.name);
    return names;
}

Names parameters_of(std::string_view path) {
    Names names;
    for (std::size_t at = path.find('{'); at != std::string_view::npos; at = path.find('{', at)) {
        const std::size_t end = path.find('}', at);
        names.emplace(path.substr(at + 1, end - at - 1));
        at = end;
    }
    return names;
}

json::value security_of(Access access) {
    switch (access) {
        case Access::open:
            return json::array{};
        case Access::vouched:
            return json::parse(R"([{}, {"apiKey": []}])");
        case Access::token:
            return json::parse(R"([{"token": []}])");
        case Access::admitted:
            return json::parse(R"([{"token": ["admitted"]}])");
        case Access::wallet_read:
            return json::parse(R"([{"token": ["was_admitted"]}, {"apiKey": []}])");
        case Access::wallet_write:
            return json::parse(R"([{"token": ["admitted"]}, {"apiKey": []}])");
        case Access::admin:
            return json::parse(R"([{}, {"adminKey": []}])");
    }
    return nullptr;
}

// The codes that the dispatcher itself may answer with, by what the table says of the route.
std::vector<std::string_view> codes_by_flags(const Route& route) {
    // Any query that is not known.
    std::vector<std::string_view> codes{"request_invalid"};
    const auto add = [&](std::initializer_list<std::string_view> more) {
        codes.insert(codes.end(), more);
    };
    if (route.takes_body) add({"length_required", "body_too_large", "media_type_unsupported"});
    if (route.takes_key) add({"idempotency_key_required", "key_reused"});
    switch (route.access) {
        case Access::open:
            break;
        case Access::vouched:
            add({"api_key_required", "rate_limited"});
            break;
        case Access::token:
            add({"token_required", "token_invalid"});
            break;
        case Access::wallet_read:
        case Access::wallet_write:
            add({"api_key_required"});
            [[fallthrough]];
        case Access::admitted:
            add({"token_required", "token_invalid", "not_admitted", "pass_expired", "pass_spent",
                 "pass_left"});
            break;
        case Access::admin:
            add({"admin_key_invalid"});
            break;
    }
    return codes;
}

// Words in backticks.
Names quoted_words(std::string_view text) {
    Names words;
    for (std::size_t at = text.find('`'); at != std::string_view::npos;) {
        const std::size_t end = text.find('`', at + 1);
        if (end == std::string_view::npos) break;
        words.emplace(text.substr(at + 1, end - at - 1));
        at = text.find('`', end + 1);
    }
    return words;
}

// Codes that no answer of this version has: currency_mismatch waits for amounts with a currency,
// and for a provider of payments no caller waits.
const Names without_answer{"currency_mismatch", "gateway_unavailable"};

}  // namespace

TEST_CASE("the description is OpenAPI 3.1, and quoted texts of the YAML are texts") {
    CHECK(text(description(), "openapi") == "3.1.0");
    CHECK(text(description().at("info").as_object(), "version") == "1");
}

TEST_CASE("every route is described under its own name, and nothing else is") {
    const auto described = operations();
    for (const Route& route : all_routes()) {
        CHECK(text(*operation_of(route).object, "operationId") == route.operation);
    }
    CHECK(described.size() == all_routes().size());
    Names ids;
    for (const auto& [key, operation] : described) {
        CAPTURE(key);
        CHECK(ids.insert(text(*operation.object, "operationId")).second);
        CHECK_FALSE(text(*operation.object, "summary").empty());
    }
}

TEST_CASE("every operation has one of the tags that are listed, and every tag is used") {
    Names listed;
    for (const json::value& tag : description().at("tags").as_array()) {
        listed.insert(text(tag.as_object(), "name"));
    }
    Names used;
    for (const auto& [key, operation] : operations()) {
        CAPTURE(key);
        const json::array& tags = operation.object->at("tags").as_array();
        REQUIRE(tags.size() == 1);
        used.emplace(tags[0].as_string());
    }
    CHECK(used == listed);
}

TEST_CASE("a path is served where the table says") {
    const json::array& servers = description().at("servers").as_array();
    REQUIRE(servers.size() == 2);
    const std::string buyers = text(servers[0].as_object(), "url");
    const std::string operators = text(servers[1].as_object(), "url");
    for (const Route& route : all_routes()) {
        CAPTURE(route.path);
        Names urls;
        for (const json::value& server : operation_of(route).path->at("servers").as_array()) {
            urls.insert(text(server.as_object(), "url"));
        }
        Names expected;
        if (route.side != Side::operators) expected.insert(buyers);
        if (route.side != Side::buyers) expected.insert(operators);
        CHECK(urls == expected);
    }
}

TEST_CASE("parameters of path and query are those that are read") {
    for (const Route& route : all_routes()) {
        CAPTURE(route.operation);
        const Operation operation = operation_of(route);
        CHECK(operation.parameters_in("path") == parameters_of(route.path));
        Names query;
        for (const std::string_view name : route.query) {
            if (!name.empty()) query.emplace(name);
        }
        CHECK(operation.parameters_in("query") == query);
        for (const json::object* parameter : operation.parameters()) {
            const bool is_required = parameter->contains("required");
            const bool must_be =
                text(*parameter, "in") == "path" || text(*parameter, "name") == "Idempotency-Key";
            CHECK(is_required == must_be);
            if (is_required) CHECK(parameter->at("required").as_bool());
        }
    }
}

TEST_CASE("header fields are those that are read") {
    for (const Route& route : all_routes()) {
        CAPTURE(route.operation);
        const Operation operation = operation_of(route);
        const Names fields = operation.parameters_in("header");
        CHECK(fields.contains("X-Request-Id"));
        CHECK(fields.contains("traceparent"));
        CHECK(fields.contains("Idempotency-Key") == route.takes_key);
        CHECK(fields.contains("If-None-Match") == operation.responses().contains("304"));
        if (fields.contains("X-Actor")) CHECK(route.access == Access::admin);
    }
}

TEST_CASE("a body is described where one is required") {
    for (const Route& route : all_routes()) {
        CAPTURE(route.operation);
        const json::object& operation = *operation_of(route).object;
        const auto* body = operation.if_contains("requestBody");
        REQUIRE((body != nullptr) == route.takes_body);
        if (body == nullptr) continue;
        CHECK(body->at("required").as_bool());
        const json::object& content = body->at("content").as_object();
        CHECK(content.size() == 1);
        CHECK(content.contains("application/json"));
    }
}

TEST_CASE("what a route must prove is what the table says") {
    for (const Route& route : all_routes()) {
        CAPTURE(route.operation);
        const json::value& security = operation_of(route).object->at("security");
        CHECK(security == security_of(route.access));
    }
    const json::object& schemes = description().at("components").at("securitySchemes").as_object();
    CHECK(schemes.size() == 3);
    for (const auto& [key, operation] : operations()) {
        for (const json::value& way : operation.object->at("security").as_array()) {
            for (const auto& scheme : way.as_object()) {
                CHECK_MESSAGE(schemes.contains(scheme.key()), key);
            }
        }
    }
}

TEST_CASE("every reference leads somewhere, and every component is led to") {
    Names targets;
    for_each_object(description(), [&](const json::object& object) {
        const auto* reference = object.if_contains("$ref");
        if (reference == nullptr) return;
        const std::string target(reference->as_string());
        CHECK_MESSAGE(named(target) != nullptr, target);
        targets.insert(target);
    });
    for (const auto& kind : description().at("components").as_object()) {
        if (kind.key() == "securitySchemes") continue;  // named without a reference
        for (const auto& component : kind.value().as_object()) {
            const std::string name =
                "#/components/" + std::string(kind.key()) + '/' + std::string(component.key());
            CHECK_MESSAGE(targets.contains(name), name);
        }
    }
}

TEST_CASE("what a schema requires is among its properties") {
    for_each_object(description(), [](const json::object& object) {
        const auto* required = object.if_contains("required");
        const auto* properties = object.if_contains("properties");
        if (required == nullptr || properties == nullptr || !required->is_array()) return;
        for (const json::value& name : required->as_array()) {
            CHECK_MESSAGE(properties->as_object().contains(name.as_string()),
                          std::string(name.as_string()));
        }
    });
}

TEST_CASE("codes stand under the status that they are answered with") {
    const Names known = known_codes();
    for (const auto& [key, operation] : operations()) {
        CAPTURE(key);
        for (const auto& response : operation.responses()) {
            const std::string status(response.key());
            for (const std::string& code : operation.codes_of(status)) {
                CAPTURE(code);
                REQUIRE(known.contains(code));
                if (status != "default") CHECK(std::to_string(code_info(code).status) == status);
            }
        }
    }
}

TEST_CASE("a problem is described as one, and lists its codes in words as well") {
    const Names known = known_codes();
    for (const auto& [key, operation] : operations()) {
        for (const auto& item : operation.responses()) {
            const std::string status(item.key());
            CAPTURE(key);
            CAPTURE(status);
            const json::object& response = resolved(item.value());
            const Names codes = operation.codes_of(status);
            const bool is_problem = status == "default" || status >= "400";
            CHECK(codes.empty() != is_problem);
            if (!is_problem) continue;
            const json::object& content = response.at("content").as_object();
            REQUIRE(content.size() == 1);
            CHECK(text(content.at("application/problem+json").at("schema").as_object(), "$ref") ==
                  "#/components/schemas/Problem");
            Names in_words;
            for (const std::string& word : quoted_words(text(response, "description"))) {
                if (known.contains(word)) in_words.insert(word);
            }
            CHECK(in_words == codes);
        }
    }
}

TEST_CASE("every operation tells of what it grants, and of what no route is to blame for") {
    for (const auto& [key, operation] : operations()) {
        CAPTURE(key);
        CHECK(std::ranges::any_of(operation.responses(), [](const auto& response) {
            return std::string_view(response.key()).starts_with('2');
        }));
        CHECK(operation.codes_of("default").contains("framing_invalid"));
    }
}

TEST_CASE("every route tells of the refusals that the table makes possible") {
    for (const Route& route : all_routes()) {
        CAPTURE(route.operation);
        const Operation operation = operation_of(route);
        for (const std::string_view code : codes_by_flags(route)) {
            CAPTURE(code);
            const auto status = std::to_string(code_info(code).status);
            CHECK(operation.codes_of(status).contains(std::string(code)));
        }
    }
}

TEST_CASE("keys and rates are told of nowhere else") {
    for (const Route& route : all_routes()) {
        CAPTURE(route.operation);
        const Operation operation = operation_of(route);
        const auto possible = codes_by_flags(route);
        for (const char* status : {"401", "403", "411", "413", "415", "422", "429"}) {
            for (const std::string& code : operation.codes_of(status)) {
                CAPTURE(code);
                // What became of the place that an operator names, not of a token's.
                if (route.operation == "admitByHand" && code.starts_with("pass_")) continue;
                CHECK(std::ranges::find(possible, code) != possible.end());
            }
        }
    }
}

TEST_CASE("every code is answered by some operation, or it is known that none does") {
    Names answered;
    for (const auto& [key, operation] : operations()) {
        for (const auto& response : operation.responses())
            answered.merge(operation.codes_of(response.key()));
    }
    for (const CodeInfo& info : all_code_infos()) {
        const std::string name(info.name);
        CHECK_MESSAGE(answered.contains(name) != without_answer.contains(name), name);
    }
}

TEST_CASE("the problem's schema lists the codes that there are") {
    const json::array& listed =
        named("#/components/schemas/Problem/properties/code/enum")->as_array();
    Names codes;
    for (const json::value& code : listed) CHECK(codes.emplace(code.as_string()).second);
    CHECK(codes == known_codes());
}

TEST_CASE(
    "whoever has the answer of a call that describes 304 is told that it is still the answer") {
    test::ReadyStage set({});
    int calls = 0;
    for (const Route& route : all_routes()) {
        if (!operation_of(route).responses().contains("304")) continue;
        CAPTURE(route.operation);
        test::Ask request = set.request(route);
        const test::Reply first = set.ask(route, request);
        CHECK(first.status == 200);
        request.fields.emplace_back("If-None-Match", first.field("ETag"));
        const test::Reply again = set.ask(route, request);
        CHECK(again.status == 304);
        CHECK(again.body.empty());
        CHECK(again.field("ETag") == first.field("ETag"));
        ++calls;
    }
    CHECK(calls > 8);
}
