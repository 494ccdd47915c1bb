#include "concertres/audit.hpp"

#include <fmt/format.h>

#include <boost/json/parse.hpp>

#include "api/answers.hpp"
#include "cli/commands.hpp"
#include "cli/where.hpp"
#include "config/exit_codes.hpp"

namespace concertres::server {

namespace {

std::string audit_here(const AuditArguments& arguments) {
    const auto storage = open_store(arguments, true);
    return audit_json(audit(*storage), "");
}

int audit_sale(const AuditArguments& arguments) {
    std::string answer;
    {
        Patience patience("auditing");
        answer = arguments.server.empty()
                     ? audit_here(arguments)
                     : ask_server(arguments, {.method = "POST", .target = "/admin/v1/audit"});
    }
    const auto report = boost::json::parse(answer);
    const auto count = [&](const char* name) { return report.at(name).to_number<std::int64_t>(); };
    for (const auto& finding : report.at("findings").as_array()) {
        fmt::print("{}: {}\n", finding.at("rule").as_string().c_str(),
                   finding.at("what").as_string().c_str());
    }
    const auto& seats = report.at("seats");
    fmt::print(
        "{} concerts, {} performances, {} places, {} passes, {} reservations, {} payments, "
        "{} transfers, {} events\n",
        count("concerts"), count("performances"), count("places"), count("passes"),
        count("reservations"), count("payments"), count("transfers"), count("events"));
    fmt::print(
        "seats: {} free, {} held, {} sold, {} blocked\n",
        seats.at("free").to_number<std::int64_t>(), seats.at("held").to_number<std::int64_t>(),
        seats.at("sold").to_number<std::int64_t>(), seats.at("blocked").to_number<std::int64_t>());
    fmt::print("takings {}, in wallets {}\n",
               report.at("takings").at("amount").to_number<std::int64_t>(),
               report.at("wallets").at("amount").to_number<std::int64_t>());
    if (report.at("clean").as_bool()) {
        fmt::print("clean: every invariant holds\n");
        return exit_code::good;
    }
    fmt::print("NOT clean: {} findings\n", count("findings_total"));
    return exit_code::refused;
}

}  // namespace

int run(const AuditArguments& arguments) {
    return guarded([&] { return audit_sale(arguments); });
}

}  // namespace concertres::server
