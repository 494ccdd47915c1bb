#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <iterator>

#include "api/answers.hpp"
#include "base/json_reader.hpp"
#include "cli/commands.hpp"
#include "cli/where.hpp"
#include "config/exit_codes.hpp"

namespace concertres::server {

namespace {

namespace json = boost::json;

std::string read_file(const std::filesystem::path& file) {
    std::error_code failed;
    const auto bytes = std::filesystem::file_size(file, failed);
    if (failed) {
        throw Failure{fmt::format("{} cannot be read: {}", file.string(), failed.message())};
    }
    if (bytes > import_bytes_max) {
        throw Failure{fmt::format("{} has {} bytes; at most {} are read", file.string(), bytes,
                                  import_bytes_max)};
    }
    std::ifstream in(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in.eof() && in.fail()) throw Failure{fmt::format("{} cannot be read", file.string())};
    return text;
}

json::object room_json(const RoomPolicy& policy) {
    json::object room;
    if (policy.active_max) room["active_max"] = *policy.active_max;
    if (policy.window) {
        room["window"] = {{"admit_max", policy.window->admit_max},
                          {"window_ms", milliseconds(policy.window->length)}};
    }
    if (policy.pass_ttl) room["pass_ms"] = milliseconds(*policy.pass_ttl);
    if (policy.draw) room["draw"] = true;
    if (policy.waiting_list) room["waiting_list"] = true;
    if (!policy.classes.empty()) {
        json::array classes;
        for (const RoomClass& each : policy.classes) {
            classes.push_back(json::object{{"name", each.name}, {"weight", each.weight}});
        }
        room["classes"] = std::move(classes);
    }
    return room;
}

// The file with what was given beside it, as one document of our own: what the server takes.
// REQUIRES: read_concert took both
std::string merged(const std::string& text, const ImportOptions& options,
                   const ConcertDraft& draft) {
    json::value document = json::parse(text);
    json::object concert = document.get_object();
    if (!concert.contains("performances") && concert.contains("zones")) {
        concert = {{"plan", std::move(document)}, {"venue", draft.venue}};
    }
    concert["title"] = draft.title;
    json::array performances;
    for (const PerformanceDraft& performance : draft.performances) {
        const auto& [time, offset] = performance.starts_at;
        performances.push_back(json::object{{"starts_at", to_rfc3339(time, offset)}});
    }
    concert["performances"] = std::move(performances);
    if (!options.prices.empty()) {
        json::value& prices = concert["prices"];
        if (!prices.is_object()) prices = json::object();
        for (const auto& [category, price] : options.prices) {
            prices.get_object()[category] = price.minor;
        }
    }
    if (options.room) concert["room"] = room_json(*options.room);
    if (options.opens_at) concert["opens_at"] = to_rfc3339(*options.opens_at);
    return json::serialize(concert);
}

std::string add_here(const ImportArguments& arguments, ConcertDraft draft) {
    BoxOffice office(open_store(arguments, false));
    Patience patience("adding the seats");
    const auto added =
        office.call(AddConcert{std::move(draft), [&](std::size_t done, std::size_t total) {
                                   patience.tell(done, total);
                               }});
    if (!added) throw refused(added.error());
    return added_json(*added, office);
}

int import_concert(const ImportArguments& arguments) {
    const std::string text = read_file(arguments.file);
    const ImportOptions options = arguments.options();
    Result<ConcertDraft> draft = Error{};
    {
        Patience patience("reading the plan");
        draft = read_concert(text, options, [&](std::size_t done, std::size_t total) {
            patience.tell(done, total);
        });
    }
    if (!draft) throw Failure{fmt::format("{}: {}", arguments.file.string(), draft.error().detail)};
    const std::size_t seats = draft->seats.size();
    std::string answer;
    if (arguments.server.empty()) {
        answer = add_here(arguments, std::move(*draft));
    } else {
        Patience patience("adding the concert");
        answer = ask_server(arguments, {.method = "POST",
                                        .target = "/admin/v1/concerts",
                                        .fields = {{"Content-Type", "application/json"}},
                                        .body = merged(text, options, *draft)});
    }
    const json::value added = json::parse(answer);
    fmt::print("concert {} with {} seats\n", added.at("concert_id").as_string().c_str(), seats);
    for (const json::value& performance : added.at("performances").as_array()) {
        fmt::print("performance {} on {}\n", performance.at("performance_id").as_string().c_str(),
                   performance.at("starts_at").as_string().c_str());
    }
    return exit_code::good;
}

}  // namespace

int run(const ImportArguments& arguments) {
    return guarded([&] { return import_concert(arguments); });
}

}  // namespace concertres::server
