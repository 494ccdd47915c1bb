#include "concertres/error.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

using namespace concertres;

namespace {

// The enumerators as the header writes them: the table must have these and no others.
std::map<std::string, int> codes_in_header() {
    const auto root = std::filesystem::path(CONCERTRES_FIXTURES).parent_path().parent_path();
    std::ifstream header(root / "include/concertres/error.hpp");
    REQUIRE(header);
    const std::regex enumerator(R"(^ +([a-z_]+) = (\d+),$)");
    std::map<std::string, int> codes;
    for (std::string line; std::getline(header, line);) {
        std::smatch match;
        if (!std::regex_match(line, match, enumerator)) continue;
        CHECK(codes.emplace(match[1], std::stoi(match[2])).second);
    }
    return codes;
}

}  // namespace

TEST_CASE("every code of the header is in the table, under its own name") {
    const auto expected = codes_in_header();
    CHECK(expected.size() > 40);
    CHECK(all_codes().size() == expected.size());
    for (const auto& [name, number] : expected) {
        CAPTURE(name);
        CHECK(code_name(static_cast<Errc>(number)) == name);
    }
}

TEST_CASE("numbers and names are unique") {
    std::set<Errc> numbers;
    std::set<std::string_view> names;
    for (const Errc code : all_codes()) {
        CHECK(numbers.insert(code).second);
        CHECK(names.insert(code_name(code)).second);
    }
}

TEST_CASE("numbers stand in their families") {
    for (const Errc code : all_codes()) {
        CAPTURE(code_name(code));
        const int family = static_cast<int>(code) / 100;
        CHECK(((family >= 1 && family <= 5) || family == 9));
        // Only the engine's own family tells of what is not the caller's doing.
        const ErrorKind kind = kind_of(code);
        CHECK((family == 9) == (kind == ErrorKind::unavailable || kind == ErrorKind::fault));
    }
}

TEST_CASE("names are snake case") {
    for (const Errc code : all_codes()) {
        const std::string_view name = code_name(code);
        CAPTURE(name);
        CHECK(std::all_of(name.begin(), name.end(),
                          [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; }));
    }
}

TEST_CASE("every kind is used, and one code stands for each as documented") {
    std::set<ErrorKind> kinds;
    for (const Errc code : all_codes()) kinds.insert(kind_of(code));
    CHECK(kinds.size() == 9);
    CHECK(kind_of(Errc::request_invalid) == ErrorKind::invalid);
    CHECK(kind_of(Errc::token_invalid) == ErrorKind::unauthorized);
    CHECK(kind_of(Errc::pass_spent) == ErrorKind::forbidden);
    CHECK(kind_of(Errc::unknown_seat) == ErrorKind::not_found);
    CHECK(kind_of(Errc::seat_held) == ErrorKind::conflict);
    CHECK(kind_of(Errc::insufficient_balance) == ErrorKind::payment);
    CHECK(kind_of(Errc::key_reused) == ErrorKind::key_reused);
    CHECK(kind_of(Errc::overloaded) == ErrorKind::unavailable);
    CHECK(kind_of(Errc::internal) == ErrorKind::fault);
}

TEST_CASE("a number that nobody gave is a fault without a name") {
    CHECK(code_name(static_cast<Errc>(0)) == "unknown");
    CHECK(code_name(static_cast<Errc>(65'535)) == "unknown");
    CHECK(kind_of(static_cast<Errc>(999)) == ErrorKind::fault);
}
