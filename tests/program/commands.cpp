#include "program/commands.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <regex>
#include <sstream>

#include "http/client.hpp"
#include "support/temp_dir.hpp"

namespace concertres::test {

Ran run_command(Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return run({.arguments = std::move(words)});
}

void check_refused(const Ran& ran, const std::string& end, std::string_view text) {
    INFO(ran.out, ran.err);
    CHECK(ran.end == end);
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("concertres"));
    CHECK(contains(ran.err, text));
}

std::string sale_json(int seats, std::string_view more) {
    return fmt::format(R"({{"title": "Winter Songs", "venue": "Little Hall", )"
                       R"("performances": [{{"starts_at": "2090-12-24T19:00:00+09:00"}}], )"
                       R"("seats": {{"count": {}, "price": 50000}}{}{}}})",
                       seats, more.empty() ? "" : ", ", more);
}

ImportedSale imported(const Ran& import) {
    INFO(import.out, import.err);
    REQUIRE(import.end == "exit 0");
    static const std::regex ids(R"(concert (\S+) with \d+ seats\nperformance (\S+) on )");
    std::smatch parts;
    REQUIRE(std::regex_search(import.out, parts, ids));
    return {.concert = parts[1], .performance = parts[2]};
}

ImportedSale import_sale(const Words& where, const std::string& json) {
    const TempDir folder;
    write_file(folder.path() / "sale.json", json);
    return imported(run_command({"import", folder.path() / "sale.json"}, where));
}

std::map<std::string, std::int64_t> audit(const Words& where) {
    const Ran ran = run_command({"audit"}, where);
    INFO(ran.out, ran.err);
    REQUIRE(ran.end == "exit 0");
    CHECK(contains(ran.out, "clean: every invariant holds\n"));
    std::map<std::string, std::int64_t> counts;
    static const std::regex count(R"((\d+) ([a-z]+))");
    for (std::sregex_iterator at(ran.out.begin(), ran.out.end(), count), end; at != end; ++at) {
        counts[(*at)[2]] = std::stoll((*at)[1]);
    }
    return counts;
}

std::map<std::string, double> metrics_of(const std::string& operators_url) {
    std::map<std::string, double> all;
    std::istringstream lines(http::Client(operators_url).send({.target = "/metrics"}).body);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t space = line.rfind(' ');
        if (line.starts_with('#') || space == std::string::npos) continue;
        all[line.substr(0, space)] = std::stod(line.substr(space + 1));
    }
    return all;
}

}  // namespace concertres::test
