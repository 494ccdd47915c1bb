// The documents that tell of codes and calls have those that there are, and no others.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "api/problem.hpp"
#include "api/route.hpp"

using namespace concertres;
using namespace concertres::server;

namespace {

std::vector<std::string> lines_of(const std::string& document) {
    std::ifstream file(std::string(CONCERTRES_DOCS) + '/' + document);
    REQUIRE_MESSAGE(file, document);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
}

struct Told {
    int status = 0;
    std::string title;
    int section = 0;      // the status of the heading that it stands under
    bool advice = false;  // whether anything is said of it
};

// Each code is "### name", then "409 · Title", then what it means.
std::map<std::string, Told> codes_in_document() {
    const auto lines = lines_of("reference/errors.md");
    const std::regex section("^## (\\d{3}): .+$");
    const std::regex heading("^### ([a-z_]+)$");
    const std::regex status("^(\\d{3}) · (.+)$");
    std::map<std::string, Told> codes;
    int current = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        std::smatch match;
        if (std::regex_match(lines[i], match, section)) current = std::stoi(match[1]);
        if (!lines[i].starts_with("### ")) continue;
        CAPTURE(lines[i]);
        REQUIRE(std::regex_match(lines[i], match, heading));
        const std::string name = match[1];
        REQUIRE(i + 4 < lines.size());
        REQUIRE(std::regex_match(lines[i + 2], match, status));
        const Told told{std::stoi(match[1]), match[2], current,
                        !lines[i + 4].empty() && !lines[i + 4].starts_with('#')};
        CHECK_MESSAGE(codes.emplace(name, told).second, name << " comes twice");
    }
    return codes;
}

}  // namespace

TEST_CASE("errors.md tells of every code with its status and title, and of no other") {
    const auto told = codes_in_document();
    for (const CodeInfo& info : all_code_infos()) {
        CAPTURE(info.name);
        const auto found = told.find(std::string(info.name));
        REQUIRE(found != told.end());
        CHECK(found->second.status == info.status);
        CHECK(found->second.title == info.title);
        CHECK(found->second.section == info.status);
        CHECK(found->second.advice);
    }
    CHECK(told.size() == all_code_infos().size());
}

TEST_CASE("http-api.md tells of every call, and of no other") {
    std::string text;
    for (const std::string& line : lines_of("reference/http-api.md")) text += line + '\n';
    std::set<std::string> routes;
    for (const Route& route : all_routes()) {
        routes.insert(std::string(http::method_name(route.method)) + ' ' + std::string(route.path));
    }
    // In tables: | `POST /v1/payments` | ...
    const std::regex row("\n\\| `([A-Z]+ [^ `]+)` \\|");
    std::set<std::string> told;
    for (std::sregex_iterator it(text.begin(), text.end(), row), end; it != end; ++it) {
        CHECK_MESSAGE(told.insert((*it)[1]).second, (*it)[1] << " comes twice");
    }
    for (const std::string& route : routes) CHECK_MESSAGE(told.contains(route), route);
    for (const std::string& call : told) CHECK_MESSAGE(routes.contains(call), call);
}

TEST_CASE("http-api.md names no code that there is not") {
    std::set<std::string> codes;
    for (const CodeInfo& info : all_code_infos()) codes.insert(std::string(info.name));
    const std::regex after_status("4\\d\\d `([a-z_]+)`");
    for (const std::string& line : lines_of("reference/http-api.md")) {
        for (std::sregex_iterator it(line.begin(), line.end(), after_status), end; it != end;
             ++it) {
            CHECK_MESSAGE(codes.contains((*it)[1]), (*it)[1]);
        }
    }
}
