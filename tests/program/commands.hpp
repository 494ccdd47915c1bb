// The commands beside `serve`, run to their end.
//
//   const ImportedSale sale = import_sale({"--data", folder}, sale_json(50));
//   CHECK(audit({"--data", folder}).at("free") == 50);
//   check_refused(run_command({"audit"}), "exit 64", "give exactly one of --data DIR");
//
// Threads: that of the test.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "program/process.hpp"

namespace concertres::test {

using Words = std::vector<std::string>;

[[nodiscard]] Ran run_command(Words words, const Words& more = {});
// What somebody sees who asks wrongly: the exit code, nothing on standard output, and a message
// that has this text.
void check_refused(const Ran& ran, const std::string& end, std::string_view text);

// A concert that was imported, as the command printed it.
struct ImportedSale {
    std::string concert;
    std::string performance;  // the first
};

// The project's own JSON, with numbered seats; `more` are further members: R"("room": {})".
[[nodiscard]] std::string sale_json(int seats, std::string_view more = {});
// Runs `import`; `where` is {"--data", DIR} or {"--server", URL}. The test fails where that fails.
[[nodiscard]] ImportedSale import_sale(const Words& where, const std::string& json);
[[nodiscard]] ImportedSale imported(const Ran& import);

// Runs `audit`, which must find nothing wrong, and gives what it counted: "payments", "places",
// "sold" and so on.
std::map<std::string, std::int64_t> audit(const Words& where);

// The server's metrics, by name with labels: "concertres_seats{concert=\"...\",state=\"sold\"}".
[[nodiscard]] std::map<std::string, double> metrics_of(const std::string& operators_url);

}  // namespace concertres::test
