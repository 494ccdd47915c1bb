#include <algorithm>

#include "api/answers.hpp"
#include "api/handlers.hpp"
#include "api/start_page.hpp"

namespace concertres::server {

namespace {

// Where the caller reached us, as far as its Host says so in letters that mean nothing to a shell.
std::string origin_of(const http::Request& request) {
    const std::string_view host = request.field("Host").value_or("127.0.0.1:8080");
    const bool plain = std::ranges::all_of(host, [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
    });
    return "http://" + std::string(plain ? host : "127.0.0.1:8080");
}

void answer_page(Exchange exchange, const OnSale& on_sale) {
    const bool needs_api_key = exchange.services().keys.load()->api.has_value();
    std::string page =
        start_page(on_sale, origin_of(exchange.request()), needs_api_key, exchange.side());
    add_page_fields(exchange);
    exchange.add_field("X-Content-Type-Options", "nosniff");
    exchange.answer(200, std::move(page), "text/html; charset=utf-8");
}

}  // namespace

void get_start_page(Exchange exchange) {
    Snapshots& snapshots = exchange.services().snapshots;
    const auto home = exchange.home();
    snapshots.on_sale([home, exchange = std::move(exchange)](
                          Result<std::shared_ptr<const OnSale>> on_sale) mutable {
        boost::asio::dispatch(
            home, [exchange = std::move(exchange), on_sale = std::move(on_sale)]() mutable {
                if (!on_sale) return exchange.refuse(on_sale.error());
                answer_page(std::move(exchange), **on_sale);
            });
    });
}

void get_liveness(Exchange exchange) { exchange.answer(200, R"({"status":"ok"})"); }

namespace {

bool has_jumped(const Statistics& statistics) { return statistics.clock_jump != Duration{}; }

bool is_ready(const Services& services, const Statistics& statistics) {
    return services.ready && !services.stopping && !statistics.failed && !has_jumped(statistics);
}

}  // namespace

void get_readiness(Exchange exchange) {
    const Services& services = exchange.services();
    const Statistics statistics = services.office.statistics();
    const bool stopping = services.stopping;
    const bool jumped = has_jumped(statistics);
    if (!is_ready(services, statistics)) {
        const auto code = statistics.failed ? Errc::engine_failed
                          : stopping        ? Errc::draining
                          : jumped          ? Errc::clock_jumped
                                            : Errc::overloaded;
        const auto why = statistics.failed ? "the engine has stopped"
                         : stopping        ? "the server is stopping"
                         : jumped          ? "the database server's clock has jumped"
                                           : "the server is starting";
        return exchange.refuse(Problem(Error{code, why, {}}));
    }
    std::string body;
    JsonWriter json(body);
    json.begin_object().field("status", "ready");
    if (exchange.query("verbose")) {
        json.field("inbox", statistics.inbox)
            .field("commands", statistics.commands)
            .field("groups", statistics.groups)
            .field("now", services.office.now());
    }
    json.end_object();
    exchange.answer(200, std::move(body));
}

namespace {

void answer_metrics(Exchange exchange, std::vector<ConcertView> concerts) {
    const Services& services = exchange.services();
    const Statistics statistics = services.office.statistics();
    Readings readings{.office = statistics,
                      .ready = is_ready(services, statistics),
                      .concerts = std::move(concerts),
                      .snapshot_age = services.snapshots.age(),
                      .event_streams = services.live.followed(),
                      .gate = services.gate.figures(),
                      .log_lines_dropped = services.log.dropped(),
                      .sinks = {},
                      .settler = {},
                      .line = {}};
    if (services.sinks) readings.sinks = services.sinks();
    if (services.settler) readings.settler = services.settler();
    if (services.line) readings.line = services.line();
    std::string text = services.metrics.expose(readings);
    exchange.answer(200, std::move(text), "text/plain; version=0.0.4; charset=utf-8");
}

}  // namespace

// A stalled engine answers nothing, and a failed one neither, but both are worth looking at.
void get_metrics(Exchange exchange) {
    if (exchange.services().gate.figures().stalls) return answer_metrics(std::move(exchange), {});
    Exchange::ask(std::move(exchange), ListConcerts{},
                  [](Exchange asked, Result<std::vector<ConcertView>> concerts) {
                      std::vector<ConcertView> all;
                      if (concerts) all = std::move(*concerts);
                      answer_metrics(std::move(asked), std::move(all));
                  });
}

}  // namespace concertres::server
