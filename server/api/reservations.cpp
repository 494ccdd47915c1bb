#include "api/answers.hpp"
#include "api/handlers.hpp"

namespace concertres::server {

namespace {

std::vector<AreaSeats> read_areas(ObjectReader& body, Faults& faults) {
    std::vector<AreaSeats> areas;
    const JsonPath path = body.path("areas");
    const auto* array = body.array("areas", {.min = 1, .max = best_count_max});
    if (array == nullptr) return areas;
    static constexpr std::string_view known[] = {"section", "count"};
    for (std::size_t i = 0; i < array->size(); ++i) {
        ObjectReader reader((*array)[i], path.index(i), faults, known);
        const auto section = reader.text("section");
        const auto count = reader.integer("count", {.min = 1, .max = best_count_max});
        if (!section || !count) continue;
        if (std::ranges::find(areas, *section, &AreaSeats::section) != areas.end()) {
            faults.add(reader.path("section"), "duplicate", "is named more than once");
        }
        areas.push_back({std::string(*section), static_cast<std::int32_t>(*count)});
    }
    return areas;
}

std::optional<BestSeats> read_best(ObjectReader& body, Faults& faults) {
    const auto* value = body.field("best");
    if (value == nullptr) return std::nullopt;
    static constexpr std::string_view known[] = {"count", "section", "max_price"};
    ObjectReader reader(*value, body.path("best"), faults, known);
    BestSeats best;
    const auto count = reader.integer("count", {.min = 1, .max = best_count_max});
    if (count) best.count = static_cast<std::int32_t>(*count);
    if (const auto section = reader.text("section", {}, Need::optional)) best.section = *section;
    best.max_price = reader.amount("max_price", Need::optional);
    return best;
}

// What a reservation is asked for: a performance, or a concert and a date; and seats and areas, or
// the best there are.
struct Wanted {
    std::optional<PerformanceId> performance;
    FindPerformance by_date{};
    std::vector<SeatNumber> seats;
    std::vector<AreaSeats> areas;
    std::optional<BestSeats> best;
};

void read_choice(ObjectReader& body, Wanted& wanted, Faults& faults) {
    if (body.has("best")) {
        wanted.best = read_best(body, faults);
        for (const char* other : {"seats", "areas"}) {
            if (!body.has(other)) continue;
            faults.add(body.path(other), "unknown_field", "does not go with best");
        }
        return;
    }
    if (body.has("areas")) wanted.areas = read_areas(body, faults);
    if (body.has("seats") || !body.has("areas")) wanted.seats = read_seats(body, faults);
}

Wanted read_wanted(const Exchange& exchange, Faults& faults) {
    const std::string_view known[] = {"performance_id", "concert_id", "date",
                                      "seats",          "areas",      "best"};
    ObjectReader body(exchange.body(), {}, faults, known);
    Wanted wanted;
    if (body.has("performance_id")) {
        wanted.performance = read_id<PerformanceId>(body, "performance_id", faults);
        for (const char* other : {"concert_id", "date"}) {
            if (!body.has(other)) continue;
            faults.add(body.path(other), "unknown_field", "does not go with performance_id");
        }
    } else {
        const auto concert = read_id<ConcertId>(body, "concert_id", faults);
        const auto date = body.text("date", {.min = 1, .max = 32});
        if (date && !is_date(*date)) {
            faults.add(body.path("date"), "malformed",
                       "must be a date of the calendar, written 2026-12-24");
        }
        if (concert && date) wanted.by_date = {.concert = *concert, .date = std::string(*date)};
    }
    read_choice(body, wanted, faults);
    return wanted;
}

void answer_reservation(Exchange exchange, int status, const ReservationView& view) {
    std::string body;
    JsonWriter json(body);
    write_reservation(json, view, exchange.services().currency);
    if (view.replayed) exchange.add_field("Idempotent-Replayed", "true");
    exchange.answer(status, std::move(body));
}

}  // namespace

void reserve(Exchange exchange) {
    Faults faults;
    Wanted wanted = read_wanted(exchange, faults);
    if (!faults.empty()) return exchange.refuse(Problem(faults));
    if (!wanted.performance) {
        const auto found = exchange.office().find(wanted.by_date);
        if (!found) return exchange.refuse(found.error());
        wanted.performance = *found;
    }
    const TokenClaims& claims = exchange.claims();
    Hold hold{.user = claims.user,
              .place = claims.number,
              .concert = claims.concert,
              .performance = *wanted.performance,
              .seats = std::move(wanted.seats),
              .key = exchange.key(),
              .best = std::move(wanted.best),
              .areas = std::move(wanted.areas)};
    Exchange::ask_or_refuse(std::move(exchange), std::move(hold),
                            [](Exchange asked, const ReservationView& view) {
                                answer_reservation(std::move(asked), 201, view);
                            });
}

void list_reservations(Exchange exchange) {
    const auto page = read_page(exchange);
    if (!page) return exchange.refuse(page.error());
    ListReservations query{.user = exchange.claims().user, .limit = page->limit + 1};
    if (page->cursor) {
        query.before = ReservationId::parse(*page->cursor);
        if (!query.before) {
            return exchange.refuse(
                Problem::of_query("cursor", "malformed", "must be the next_cursor of an answer"));
        }
    }
    Exchange::ask_or_refuse(
        std::move(exchange), query,
        [limit = page->limit](Exchange asked, std::vector<ReservationView> views) {
            const bool more = views.size() > limit;
            if (more) views.resize(limit);
            std::string body;
            JsonWriter json(body);
            json.begin_object().key("reservations").begin_array();
            for (const ReservationView& view : views) {
                write_reservation(json, view, asked.services().currency);
            }
            json.end_array()
                .field("next_cursor", more ? std::optional(views.back().id) : std::nullopt)
                .end_object();
            asked.answer(200, std::move(body));
        });
}

namespace {

// The reservation that the path names; nothing, and then it has been refused.
std::optional<ReservationId> named(Exchange& exchange) {
    const auto id = ReservationId::parse(exchange.parameter(0));
    if (!id) exchange.refuse(Problem("unknown_reservation", "there is no such reservation"));
    return id;
}

}  // namespace

void get_reservation(Exchange exchange) {
    const auto id = named(exchange);
    if (!id) return;
    const TokenClaims& claims = exchange.claims();
    const GetReservation query{.user = claims.user, .concert = claims.concert, .reservation = *id};
    Exchange::ask_or_refuse(std::move(exchange), query,
                            [](Exchange asked, const ReservationView& view) {
                                answer_reservation(std::move(asked), 200, view);
                            });
}

void extend_reservation(Exchange exchange) {
    const auto id = named(exchange);
    if (!id) return;
    const TokenClaims& claims = exchange.claims();
    const Extend command{
        .user = claims.user, .place = claims.number, .concert = claims.concert, .reservation = *id};
    Exchange::ask_or_refuse(std::move(exchange), command,
                            [](Exchange asked, const ReservationView& view) {
                                answer_reservation(std::move(asked), 200, view);
                            });
}

void release_reservation(Exchange exchange) {
    const auto id = named(exchange);
    if (!id) return;
    const TokenClaims& claims = exchange.claims();
    const Release command{
        .user = claims.user, .place = claims.number, .concert = claims.concert, .reservation = *id};
    Exchange::ask_or_refuse(
        std::move(exchange), command,
        [](Exchange asked, const ReservationView&) { asked.answer_with({.status = 204}); });
}

}  // namespace concertres::server
