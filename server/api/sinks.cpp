// Where events are passed on to: what they have yet to get, and the end of a disabled one's rest.
#include <boost/asio/post.hpp>
#include <string>
#include <utility>
#include <vector>

#include "api/answers.hpp"
#include "api/chores.hpp"
#include "api/handlers.hpp"

namespace concertres::server {
namespace {

using Asked = Result<std::vector<SinkState>>;

// To count what waits may take a while, and a database of others may be away.
Asked ask_outbox(const Services& services, const std::string& to_enable) {
    try {
        const auto outbox = services.open_outbox();
        if (!to_enable.empty()) outbox->enable(to_enable);
        return outbox->sinks();
    } catch (const StorageError& failure) {
        const bool is_full = failure.kind() == StorageError::Kind::full;
        return Error{is_full ? Errc::storage_full : Errc::storage_unavailable, failure.what(), {}};
    }
}

// Answers with all of them, or with the one that is named.
void answer_sinks(Exchange exchange, std::string named) {
    start_chore(std::move(exchange), [named = std::move(named)](Exchange chore) {
        const auto home = chore.home();
        Asked asked = ask_outbox(chore.services(), named);
        boost::asio::post(
            home, [exchange = std::move(chore), asked = std::move(asked), named]() mutable {
                if (!asked) return exchange.refuse(asked.error());
                if (named.empty())
                    return exchange.answer(200, sinks_json(*asked, exchange.office()));
                for (const SinkState& sink : *asked) {
                    if (sink.sink == named) {
                        return exchange.answer(200, sink_json(sink, exchange.office()));
                    }
                }
                exchange.refuse(Problem("unknown_route",
                                        "the store knows no sink of this name: GET "
                                        "/admin/v1/sinks has those that it knows"));
            });
    });
}

}  // namespace

void list_sinks(Exchange exchange) { answer_sinks(std::move(exchange), {}); }

void enable_sink(Exchange exchange) {
    std::string sink(exchange.parameter(0));
    answer_sinks(std::move(exchange), std::move(sink));
}

}  // namespace concertres::server
