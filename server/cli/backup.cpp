#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "api/answers.hpp"
#include "cli/commands.hpp"
#include "cli/where.hpp"
#include "config/exit_codes.hpp"

namespace concertres::server {

namespace {

std::string back_up_here(const BackupArguments& arguments) {
    BoxOffice office(open_store(arguments, true));
    Patience patience("copying");
    const auto copy = office.backup(
        {.file = arguments.file,
         .progress = [&](std::size_t done, std::size_t total) { patience.tell(done, total); }});
    if (!copy) throw refused(copy.error());
    return backup_json(*copy);
}

std::string ask_for_backup(const BackupArguments& arguments) {
    Patience patience("copying");
    // A bare name stands beside the store; any other relative path means one here.
    const auto file = arguments.file.has_parent_path() ? std::filesystem::absolute(arguments.file)
                                                       : arguments.file;
    return ask_server(
        arguments, {.method = "POST",
                    .target = "/admin/v1/backup",
                    .fields = {{"Content-Type", "application/json"}},
                    .body = boost::json::serialize(boost::json::object{{"file", file.string()}})});
}

int back_up_sale(const BackupArguments& arguments) {
    const std::string answer =
        arguments.server.empty() ? back_up_here(arguments) : ask_for_backup(arguments);
    const auto copy = boost::json::parse(answer);
    fmt::print("{} has {} bytes: the sale as of {}\n", copy.at("file").as_string().c_str(),
               copy.at("bytes").to_number<std::int64_t>(), copy.at("now").as_string().c_str());
    return exit_code::good;
}

}  // namespace

int run(const BackupArguments& arguments) {
    return guarded([&] { return back_up_sale(arguments); });
}

}  // namespace concertres::server
