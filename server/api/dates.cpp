#include "api/handlers.hpp"

namespace concertres::server {

namespace {

void answer_map(Exchange exchange, const PerformanceId& performance, bool all) {
    Snapshots& snapshots = exchange.services().snapshots;
    const auto home = exchange.home();
    snapshots.seats(
        performance, all, [home, exchange = std::move(exchange)](Result<Snapshot> seats) mutable {
            boost::asio::dispatch(
                home, [exchange = std::move(exchange), seats = std::move(seats)]() mutable {
                    answer_shared(std::move(exchange), std::move(seats));
                });
        });
}

void answer_seats(Exchange exchange, const PerformanceId& performance, bool all) {
    require_admitted(std::move(exchange), [performance, all](Exchange admitted) {
        answer_map(std::move(admitted), performance, all);
    });
}

// The performance that the path names first.
Result<PerformanceView> named_performance(const Exchange& exchange) {
    const auto id = PerformanceId::parse(exchange.parameter(0));
    if (!id) return Error{Errc::unknown_performance, "there is no such performance", {}};
    return exchange.office().performance({*id});
}

}  // namespace

void list_dates(Exchange exchange) {
    const auto all = read_status(exchange);
    if (!all) return exchange.refuse(all.error());
    require_admitted(std::move(exchange), [all = *all](Exchange admitted) {
        Snapshots& snapshots = admitted.services().snapshots;
        const auto home = admitted.home();
        const ConcertId concert = admitted.claims().concert;
        snapshots.dates(
            concert, all, [home, exchange = std::move(admitted)](Result<Snapshot> dates) mutable {
                boost::asio::dispatch(
                    home, [exchange = std::move(exchange), dates = std::move(dates)]() mutable {
                        answer_shared(std::move(exchange), std::move(dates));
                    });
            });
    });
}

void list_seats_of_date(Exchange exchange) {
    const auto all = read_status(exchange);
    if (!all) return exchange.refuse(all.error());
    const std::string date(exchange.parameter(1));
    if (!is_date(date)) {
        return exchange.refuse(Problem::of_query(
            "{date}", "malformed", "must be a date of the calendar, written 2026-12-24"));
    }
    const auto performance =
        exchange.office().find({.concert = exchange.claims().concert, .date = date});
    if (!performance) return exchange.refuse(performance.error());
    answer_seats(std::move(exchange), *performance, *all);
}

void list_seats(Exchange exchange) {
    const auto all = read_status(exchange);
    if (!all) return exchange.refuse(all.error());
    const auto performance = named_performance(exchange);
    if (!performance) return exchange.refuse(performance.error());
    if (performance->concert != exchange.claims().concert) {
        return exchange.refuse(token_refusal());
    }
    answer_seats(std::move(exchange), performance->id, *all);
}

void list_seats_for_operators(Exchange exchange) {
    const auto all = read_status(exchange);
    if (!all) return exchange.refuse(all.error());
    const auto performance = named_performance(exchange);
    if (!performance) return exchange.refuse(performance.error());
    answer_map(std::move(exchange), performance->id, *all);
}

}  // namespace concertres::server
