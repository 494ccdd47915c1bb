#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>

#include "base/json_reader.hpp"
#include "cli/commands.hpp"
#include "cli/ticket_keys_file.hpp"
#include "cli/where.hpp"
#include "config/exit_codes.hpp"

namespace concertres::server {

namespace {

// Far above any ticket and any list of keys; what is longer is not read to its end.
constexpr std::size_t input_bytes_max = 1'000'000;

std::string read_all(std::istream& in) {
    std::string text(input_bytes_max + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
}

std::vector<TicketPublicKey> keys_of(const TicketArguments& arguments) {
    std::string text;
    const std::string name = arguments.keys.empty() ? arguments.server : arguments.keys.string();
    if (arguments.keys.empty()) {
        text = ask_server(arguments, {.target = "/v1/ticket-keys"});
    } else {
        std::ifstream in(arguments.keys, std::ios::binary);
        text = read_all(in);
        if (!in.is_open() || in.bad() || text.size() > input_bytes_max) {
            throw Failure{fmt::format("{} cannot be read as keys", name), exit_code::config};
        }
    }
    auto keys = read_ticket_keys_json(text);
    if (!keys) throw Failure{fmt::format("{}: {}", name, keys.error().detail), exit_code::config};
    return std::move(*keys);
}

// The text, without the blanks and line ends that scanners and editors put around it.
std::string text_of(const TicketArguments& arguments) {
    std::string text = arguments.ticket == "-" ? read_all(std::cin) : arguments.ticket;
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

int refuse(std::string_view why) {
    fmt::print("NOT good: {}\n", why);
    return exit_code::refused;
}

int refuse(const CheckedTicket& checked) {
    switch (checked.verdict) {
        case TicketVerdict::malformed:
            return refuse("malformed, this is no text that a ticket can have; scan it again");
        case TicketVerdict::foreign:
            return refuse("this is no ticket of ours, but something else");
        case TicketVerdict::unknown_key:
            return refuse(fmt::format(
                "it names the key {}, which is not among the keys given: it is somebody else's, or "
                "the keys are out of date",
                checked.key_id));
        default:
            return refuse(
                fmt::format("altered, this is not what the key {} has signed", checked.key_id));
    }
}

void tell(const CheckedTicket& checked) {
    const Ticket& ticket = checked.ticket;
    fmt::print("good: the key {} has signed this, and it is unchanged\n", checked.key_id);
    fmt::print("payment {}, concert {}, paid at {}\n", ticket.payment.to_string(),
               ticket.concert.to_string(), to_rfc3339(ticket.issued_at));
    for (const TicketDate& date : ticket.dates) {
        fmt::print("performance {}, starts at {}\n", date.performance.to_string(),
                   to_rfc3339(date.starts_at, date.utc_offset));
        for (const TicketSeat& seat : date.seats) {
            const std::string section =
                seat.section.empty() ? "" : " in " + in_quotes(seat.section);
            fmt::print("seat {}: {}{}\n", seat.number, in_quotes(seat.label), section);
        }
    }
    fmt::print("a copy is as good as the original: let each seat in once\n");
}

// Why the payment does not stand any more, by what the server knows of it; nothing where it does.
std::optional<std::string> why_void(const TicketArguments& arguments, const Ticket& ticket) {
    std::string answer;
    try {
        answer =
            ask_server(arguments, {.target = "/admin/v1/explain/" + ticket.payment.to_string()});
    } catch (const Failure& failure) {
        if (failure.exit_code != exit_code::refused) throw;
        return "the server that has the key knows no such payment: " + failure.message;
    }
    const auto explanation = boost::json::parse(answer);
    for (const auto& event : explanation.at("events").as_array()) {
        if (event.at("event").as_string() == "payment.refunded") {
            return fmt::format("refunded at {}; the seats are free again, or another's",
                               event.at("at").as_string().c_str());
        }
    }
    return std::nullopt;
}

int verify(const TicketArguments& arguments) {
    const auto keys = keys_of(arguments);
    const CheckedTicket checked = verify_ticket(keys, text_of(arguments));
    if (checked.verdict != TicketVerdict::good) return refuse(checked);
    const bool asks = !arguments.server.empty();
    if (asks) {
        if (const auto why = why_void(arguments, checked.ticket)) return refuse(*why);
    }
    tell(checked);
    fmt::print("{}\n", asks ? "the payment stands, as the server knows it now"
                            : "whether it was refunded since is not known here; --server asks");
    return exit_code::good;
}

}  // namespace

int run(const TicketArguments& arguments) {
    return guarded([&] { return verify(arguments); });
}

}  // namespace concertres::server
