#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "api/answers.hpp"
#include "cli/commands.hpp"
#include "cli/where.hpp"
#include "config/exit_codes.hpp"

namespace concertres::server {

namespace {

std::string explain_here(const ExplainArguments& arguments) {
    BoxOffice office(open_store(arguments, true));
    const auto explanation =
        office.explain({.id = arguments.id, .seat = arguments.seat, .place = arguments.place});
    if (!explanation) throw refused(explanation.error());
    return explanation_json(*explanation, "");
}

std::string ask_to_explain(const ExplainArguments& arguments) {
    std::string target = "/admin/v1/explain/" + arguments.id.to_string();
    if (arguments.seat) target += fmt::format("?seat={}", *arguments.seat);
    if (arguments.place) target += fmt::format("?place={}", arguments.place->value);
    return ask_server(arguments, {.target = target});
}

std::string fact_text(const boost::json::value& value) {
    if (value.is_string()) return std::string(value.get_string());
    const auto* money = value.if_object();
    if (money != nullptr && money->contains("currency")) {
        return boost::json::serialize(money->at("amount"));
    }
    return boost::json::serialize(value);
}

void print_event(const boost::json::value& event) {
    std::string facts;
    for (const auto& [name, value] : event.at("facts").as_object()) {
        facts += fmt::format(" {}={}", std::string_view(name), fact_text(value));
    }
    fmt::print("{} {:<22} {} {} #{}{}\n", event.at("at").as_string().c_str(),
               event.at("event").as_string().c_str(), event.at("stream").as_string().c_str(),
               event.at("stream_id").as_string().c_str(),
               event.at("number").to_number<std::int64_t>(), facts);
}

int explain_thing(const ExplainArguments& arguments) {
    std::string answer;
    {
        Patience patience("looking");
        answer = arguments.server.empty() ? explain_here(arguments) : ask_to_explain(arguments);
    }
    if (arguments.json) {
        fmt::print("{}\n", answer);
        return exit_code::good;
    }
    const auto explanation = boost::json::parse(answer);
    std::string which;
    if (arguments.seat) which = fmt::format("{} of ", *arguments.seat);
    if (arguments.place) which = fmt::format("{} of ", arguments.place->value);
    fmt::print("{} {}{}: {}\n", explanation.at("kind").as_string().c_str(), which,
               explanation.at("id").as_string().c_str(),
               explanation.at("state").as_string().c_str());
    const auto& events = explanation.at("events").as_array();
    for (const auto& event : events) print_event(event);
    const auto total = explanation.at("total").to_number<std::int64_t>();
    if (total > static_cast<std::int64_t>(events.size())) {
        fmt::print("the newest {} of {} events\n", events.size(), total);
    }
    return exit_code::good;
}

}  // namespace

int run(const ExplainArguments& arguments) {
    return guarded([&] { return explain_thing(arguments); });
}

}  // namespace concertres::server
