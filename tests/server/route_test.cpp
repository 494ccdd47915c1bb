#include "api/route.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace concertres;
using namespace concertres::server;
using http::Method;

namespace {

constexpr Side sides[] = {Side::buyers, Side::operators};

std::string_view operation_at(Side side, Method method, std::string_view path) {
    const RouteMatch match = match_route(side, method, path);
    return match.route == nullptr ? std::string_view("none") : match.route->operation;
}

bool is_on(const Route& route, Side side) { return route.side == side || route.side == Side::both; }

std::vector<std::string> segments(std::string_view path) {
    std::vector<std::string> found;
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::size_t end = std::min(path.find('/'), path.size());
        found.emplace_back(path.substr(0, end));
        path.remove_prefix(end);
    }
    return found;
}

// A path that the route takes.
std::string sample_of(const Route& route) {
    std::string path;
    int parameter = 0;
    for (const std::string& segment : segments(route.path)) {
        path += '/' + (segment.starts_with('{') ? "p" + std::to_string(++parameter) : segment);
    }
    return path;
}

// Whether some path is one of both: every segment is the same, or a parameter on either side.
bool overlap(const Route& a, const Route& b) {
    const auto of_a = segments(a.path);
    const auto of_b = segments(b.path);
    return std::equal(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(),
                      [](const std::string& x, const std::string& y) {
                          return x == y || x.starts_with('{') || y.starts_with('{');
                      });
}

}  // namespace

TEST_CASE("every route is found by its method and path, with its parameters") {
    for (const Side side : sides) {
        for (const Route& route : all_routes()) {
            if (!is_on(route, side)) continue;
            CAPTURE(route.operation);
            const std::string path = sample_of(route);
            const RouteMatch match = match_route(side, route.method, path);
            REQUIRE(match.route == &route);
            const auto parameters = std::ranges::count(route.path, '{');
            CHECK(match.parameters[0] == (parameters > 0 ? "p1" : ""));
            CHECK(match.parameters[1] == (parameters > 1 ? "p2" : ""));
        }
    }
}

TEST_CASE("no two routes of a side take the same method and path") {
    const auto routes = all_routes();
    for (std::size_t i = 0; i < routes.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            const bool share_side =
                is_on(routes[i], Side::buyers) == is_on(routes[j], Side::buyers);
            if (!share_side || routes[i].method != routes[j].method) continue;
            CHECK_MESSAGE(!overlap(routes[i], routes[j]), routes[i].path << " " << routes[j].path);
        }
    }
}

TEST_CASE("operations are named once, and each has a handler") {
    std::set<std::string_view> names;
    for (const Route& route : all_routes()) {
        CHECK(names.insert(route.operation).second);
        CHECK((route.handle != nullptr));
        CHECK(route.path.starts_with('/'));
    }
}

TEST_CASE("only what makes or changes something has a body or a key") {
    for (const Route& route : all_routes()) {
        CAPTURE(route.operation);
        if (route.takes_body) {
            CHECK((route.method == Method::post || route.method == Method::patch ||
                   route.method == Method::put));
        }
        if (route.takes_key) CHECK((route.method == Method::post && route.takes_body));
        if (route.is_import) CHECK(route.takes_body);
    }
}

TEST_CASE("operators' paths are theirs alone, and need the key") {
    for (const Route& route : all_routes()) {
        CAPTURE(route.operation);
        const bool is_operators = route.path.starts_with("/admin/") || route.path == "/metrics";
        // The console's own files tell nothing.
        const bool is_console = route.path.starts_with("/web/console/");
        CHECK((is_operators || is_console) == (route.side == Side::operators));
        CHECK(is_operators == (route.access == Access::admin));
    }
    CHECK(operation_at(Side::buyers, Method::get, "/metrics") == "none");
    CHECK(match_route(Side::buyers, Method::get, "/metrics").allowed.empty());
    CHECK(operation_at(Side::operators, Method::get, "/v1/concerts") == "none");
    CHECK(match_route(Side::operators, Method::get, "/v1/concerts").allowed.empty());
    CHECK(operation_at(Side::operators, Method::get, "/readyz") == "getReadiness");
}

TEST_CASE("HEAD goes where GET goes") {
    CHECK(operation_at(Side::buyers, Method::head, "/v1/concerts") == "listConcerts");
    CHECK(operation_at(Side::buyers, Method::head, "/") == "getPage");
    CHECK(operation_at(Side::buyers, Method::head, "/v1/concerts/c/tokens") == "none");
}

TEST_CASE("a path that takes other methods lists them") {
    const auto allowed = [](Side side, Method method, std::string_view path) {
        const RouteMatch match = match_route(side, method, path);
        CHECK(match.route == nullptr);
        return match.allowed;
    };
    CHECK(allowed(Side::buyers, Method::post, "/v1/concerts") == "GET, HEAD");
    CHECK(allowed(Side::buyers, Method::head, "/v1/concerts/c/tokens") == "POST");
    CHECK(allowed(Side::buyers, Method::put, "/v1/tokens/current") == "GET, HEAD, DELETE");
    CHECK(allowed(Side::buyers, Method::del, "/v1/reservations") == "POST, GET, HEAD");
    CHECK(allowed(Side::buyers, Method::other, "/v1/reservations/r") == "GET, HEAD, DELETE");
    CHECK(allowed(Side::operators, Method::get, "/admin/v1/backup") == "POST");
    CHECK(allowed(Side::operators, Method::put, "/admin/v1/concerts/c/room") == "GET, HEAD, PATCH");
    CHECK(allowed(Side::operators, Method::options, "/livez") == "GET, HEAD");
}

TEST_CASE("a path is taken as it is, segment by segment") {
    for (const char* path : {"", "v1/concerts", "/v1/concerts/", "//v1/concerts", "/v1//concerts",
                             "/V1/concerts", "/v1/concerts/c", "/v1/concerts//tokens", "/v1", "//",
                             "*", "/v1/concerts/c/dates/d/seats/", "/v1/concerts/c/dates//seats",
                             "/v1/reservations/", "/%761/concerts"}) {
        CAPTURE(path);
        const RouteMatch match = match_route(Side::buyers, Method::get, path);
        CHECK(match.route == nullptr);
        CHECK(match.allowed.empty());
    }
}

TEST_CASE("a parameter is one segment, whatever it holds") {
    const RouteMatch match =
        match_route(Side::buyers, Method::get, "/v1/concerts/a%2Fb/dates/{date}/seats");
    REQUIRE(match.route != nullptr);
    CHECK(match.route->operation == "listSeatsOfDate");
    CHECK(match.parameters[0] == "a%2Fb");
    CHECK(match.parameters[1] == "{date}");
}
