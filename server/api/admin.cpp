#include <charconv>

#include "api/answers.hpp"
#include "api/chores.hpp"
#include "api/handlers.hpp"
#include "concertres/operations.hpp"
#include "concertres/seating_plan.hpp"
#include "domain/class_reader.hpp"
#include "domain/room_reader.hpp"

namespace concertres::server {

// --- Concerts ----------------------------------------------------------------------------------

// A large plan takes a while to read: not on a thread that answers buyers.
void add_concert(Exchange exchange) {
    start_chore(std::move(exchange), [](Exchange chore) {
        const auto home = chore.home();
        auto draft = read_concert(chore.request().body);
        boost::asio::post(home, [exchange = std::move(chore), draft = std::move(draft)]() mutable {
            if (!draft) return exchange.refuse(draft.error());
            Exchange::ask_or_refuse(std::move(exchange), AddConcert{std::move(*draft), {}},
                                    [](Exchange asked, const ConcertView& concert) {
                                        std::string json = added_json(concert, asked.office());
                                        asked.answer(201, std::move(json));
                                    });
        });
    });
}

// --- Rooms -------------------------------------------------------------------------------------

void get_room(Exchange exchange) {
    const auto id = named_concert(exchange);
    if (!id) return;
    const auto concert = exchange.office().concert({*id});
    if (!concert) return exchange.refuse(concert.error());
    exchange.answer(200, room_json(*concert));
}

namespace {

// As RFC 7396 has it: an absent field stays, null takes the limit away.
RoomPatch read_patch(ObjectReader& body, Faults& faults) {
    RoomPatch patch;
    const auto is_null = [&](std::string_view name) {
        const auto* field = body.field(name, Need::optional);
        return field != nullptr && field->is_null();
    };
    if (is_null("active_max")) {
        patch.active_max.emplace();
    } else if (const auto most = body.integer("active_max", {}, Need::optional)) {
        patch.active_max.emplace(*most);
    }
    if (is_null("pass_ms")) {
        patch.pass_ttl.emplace();
    } else if (const auto pass = read_ms(body, "pass_ms", Need::optional)) {
        patch.pass_ttl.emplace(*pass);
    }
    if (is_null("window")) {
        patch.window.emplace();
    } else if (const auto* window = body.field("window", Need::optional)) {
        patch.window = read_window(*window, body.path("window"), faults);
    }
    patch.draw = body.boolean("draw", Need::optional);
    patch.classes = read_classes(body, faults);
    if (is_null("closed_loop")) {
        patch.closed_loop.emplace();
    } else if (const auto* loop = body.field("closed_loop", Need::optional)) {
        patch.closed_loop = read_closed_loop(*loop, body.path("closed_loop"), faults);
    }
    patch.waiting_list = body.boolean("waiting_list", Need::optional);
    if (is_null("no_shows")) {
        patch.no_shows.emplace();
    } else if (const auto* rule = body.field("no_shows", Need::optional)) {
        patch.no_shows = read_no_shows(*rule, body.path("no_shows"), faults);
    }
    return patch;
}

std::optional<SaleMode> read_sale(ObjectReader& body, Faults& faults) {
    const auto sale = body.text("sale", {}, Need::optional);
    if (!sale) return std::nullopt;
    constexpr std::pair<std::string_view, SaleMode> modes[] = {{"open", SaleMode::open},
                                                               {"paused", SaleMode::paused},
                                                               {"draining", SaleMode::draining},
                                                               {"closed", SaleMode::closed}};
    for (const auto& [name, mode] : modes) {
        if (*sale == name) return mode;
    }
    faults.add(body.path("sale"), "out_of_range", "must be open, paused, draining or closed");
    return std::nullopt;
}

}  // namespace

void change_room(Exchange exchange) {
    Faults faults;
    const std::string_view known[] = {"sale",         "opens_at", "active_max", "window",
                                      "pass_ms",      "draw",     "classes",    "closed_loop",
                                      "waiting_list", "no_shows"};
    ObjectReader body(exchange.body(), {}, faults, known);
    const auto id = ConcertId::parse(exchange.parameter(0));
    const auto concert = id ? exchange.office().concert({*id})
                            : Error{Errc::unknown_concert, "there is no such concert", {}};
    auto actor = actor_of(exchange);
    if (!actor) return;
    SaleChange change{.actor = std::move(*actor)};
    change.mode = read_sale(body, faults);
    if (const auto opens_at = body.text("opens_at", {}, Need::optional)) {
        const auto time = parse_rfc3339(*opens_at);
        if (!time) faults.add(body.path("opens_at"), "malformed", "must be an RFC 3339 time");
        if (time) change.opens_at = time->time;
    }
    const RoomPatch patch = read_patch(body, faults);
    if (!faults.empty()) return exchange.refuse(Problem(faults));
    if (!concert) return exchange.refuse(concert.error());
    const bool makes_room = !concert->room && !body.has("sale") && !body.has("opens_at");
    if (patch != RoomPatch{} || makes_room) change.patch = patch;
    Exchange::ask_or_refuse(
        std::move(exchange), ChangeSale{.concert = concert->id, .change = std::move(change)},
        [](Exchange asked, const ConcertView& view) { asked.answer(200, room_json(view)); });
}

// The refusals that name a field come first, as everywhere.
void admit_by_hand(Exchange exchange) {
    Faults faults;
    const std::string_view known[] = {"user_id", "place"};
    ObjectReader body(exchange.body(), {}, faults, known);
    const auto user = read_id<UserId>(body, "user_id", faults, Need::optional);
    const auto place = body.integer("place", {.min = 1, .max = INT64_MAX}, Need::optional);
    if (faults.empty() && body.has("user_id") == body.has("place")) {
        faults.add(body.path(), body.has("place") ? "out_of_range" : "missing",
                   "must have user_id or place, one of the two");
    }
    if (user && user->is_nil()) {
        faults.add(body.path("user_id"), "malformed", "must not be the nil UUID");
    }
    if (!faults.empty()) return exchange.refuse(Problem(faults));
    const auto concert = named_concert(exchange);
    if (!concert) return;
    auto actor = actor_of(exchange);
    if (!actor) return;
    Exchange::ask_or_refuse(
        std::move(exchange),
        Admit{.concert = *concert,
              .user = user.value_or(UserId{}),
              .place = PlaceNumber{place.value_or(0)},
              .actor = std::move(*actor)},
        [](Exchange asked, const PlaceView& view) { asked.answer(200, place_json(view, {})); });
}

void report_load(Exchange exchange) {
    Faults faults;
    const std::string_view known[] = {"load"};
    ObjectReader body(exchange.body(), {}, faults, known);
    const auto load = body.number("load", {.min = 0, .max = 1'000});
    if (!faults.empty()) return exchange.refuse(Problem(faults));
    const auto concert = named_concert(exchange);
    if (!concert) return;
    if (auto r = exchange.office().report_load(*concert, *load); !r) {
        return exchange.refuse(r.error());
    }
    exchange.answer_with({.status = 204});
}

// --- What was sold -----------------------------------------------------------------------------

void get_report(Exchange exchange) {
    const auto id = named_concert(exchange);
    if (!id) return;
    Exchange::ask_or_refuse(std::move(exchange), GetReport{*id},
                            [](Exchange asked, const ReportView& report) {
                                std::string json = report_json(report, asked.services().currency);
                                asked.answer(200, std::move(json));
                            });
}

void block_seats(Exchange exchange) {
    Faults faults;
    const std::string_view known[] = {"seats", "blocked"};
    ObjectReader body(exchange.body(), {}, faults, known);
    std::vector<SeatNumber> seats = read_seats(body, faults);
    const auto blocked = body.boolean("blocked");
    if (!faults.empty()) return exchange.refuse(Problem(faults));
    const auto id = PerformanceId::parse(exchange.parameter(0));
    if (!id) {
        return exchange.refuse(Problem("unknown_performance", "there is no such performance"));
    }
    auto actor = actor_of(exchange);
    if (!actor) return;
    Exchange::ask_or_refuse(
        std::move(exchange),
        BlockSeats{.performance = *id,
                   .seats = std::move(seats),
                   .blocked = *blocked,
                   .actor = std::move(*actor)},
        [](Exchange asked, std::int64_t changed) {
            std::string answer;
            JsonWriter(answer).begin_object().field("changed", changed).end_object();
            asked.answer(200, std::move(answer));
        });
}

void release_anybodys(Exchange exchange) {
    const auto id = ReservationId::parse(exchange.parameter(0));
    if (!id) {
        return exchange.refuse(Problem("unknown_reservation", "there is no such reservation"));
    }
    auto actor = actor_of(exchange);
    if (!actor) return;
    AdminRelease command{.reservation = *id, .actor = std::move(*actor)};
    Exchange::ask_or_refuse(std::move(exchange), std::move(command),
                            [](Exchange asked, const ReservationView& view) {
                                std::string body;
                                JsonWriter json(body);
                                write_reservation(json, view, asked.services().currency);
                                asked.answer(200, std::move(body));
                            });
}

namespace {

// A number of the query. Nothing and a fault where it is none.
template <class Number>
bool read_number(const Exchange& exchange, std::string_view name, std::optional<Number>& number) {
    const auto text = exchange.query(name);
    if (!text) return true;
    Number value{};
    const char* const end = text->data() + text->size();
    const auto [read, fault] = std::from_chars(text->data(), end, value);
    if (fault != std::errc{} || read != end || value < 0) return false;
    number = value;
    return true;
}

}  // namespace

void explain(Exchange exchange) {
    const auto id = Uuid::parse(exchange.parameter(0));
    if (!id) {
        return exchange.refuse(Problem::of_query("{id}", "malformed", "must be a UUID"));
    }
    Explain query{.id = *id};
    std::optional<SeatNumber> seat;
    std::optional<std::int64_t> place;
    std::optional<std::size_t> limit;
    for (const auto& [name, is_good] :
         {std::pair("seat", read_number(exchange, "seat", seat)),
          std::pair("place", read_number(exchange, "place", place)),
          std::pair("limit", read_number(exchange, "limit", limit))}) {
        if (is_good) continue;
        return exchange.refuse(Problem::of_query(name, "malformed", "must be a whole number"));
    }
    query.seat = seat;
    if (place) query.place = PlaceNumber{*place};
    if (limit) query.limit = *limit;
    Exchange::ask_or_refuse(
        std::move(exchange), query, [](Exchange asked, const Explanation& explanation) {
            std::string json = explanation_json(explanation, asked.services().currency);
            asked.answer(200, std::move(json));
        });
}

// --- Copies ------------------------------------------------------------------------------------

void back_up(Exchange exchange) {
    Faults faults;
    const std::string_view known[] = {"file"};
    ObjectReader body(exchange.body(), {}, faults, known);
    const auto file = body.text("file", {.min = 1, .max = 4096});
    if (!faults.empty()) return exchange.refuse(Problem(faults));
    // A bare name stands beside the store.
    const auto path = exchange.services().folder / std::filesystem::path(std::string(*file));
    Exchange::ask_or_refuse(
        std::move(exchange), Backup{.file = path, .progress = {}},
        [](Exchange asked, const BackupView& copy) { asked.answer(200, backup_json(copy)); });
}

namespace {

void answer_audit(Exchange exchange, Result<AuditReport> report) {
    const auto home = exchange.home();
    boost::asio::post(home, [exchange = std::move(exchange), report = std::move(report)]() mutable {
        if (!report) return exchange.refuse(report.error());
        std::string json = audit_json(*report, exchange.services().currency);
        exchange.answer(200, std::move(json));
    });
}

}  // namespace

// A store that only we may open goes on selling, and a copy of it is audited.
void audit_store(Exchange exchange) {
    if (exchange.services().open_again) {
        return start_chore(std::move(exchange), [](Exchange chore) {
            auto report = audit_of(chore.services().open_again);
            answer_audit(std::move(chore), std::move(report));
        });
    }
    const auto file = copy_name(exchange.services().folder);
    Exchange::ask_or_refuse(std::move(exchange), Backup{.file = file, .progress = {}},
                            [](Exchange asked, const BackupView& copy) {
                                start_chore(std::move(asked),
                                            [file = RemovedStore(copy.file)](Exchange chore) {
                                                auto report = audit_of(file.path());
                                                answer_audit(std::move(chore), std::move(report));
                                            });
                            });
}

}  // namespace concertres::server
