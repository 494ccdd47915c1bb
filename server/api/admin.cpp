#include <algorithm>
#include <charconv>

#include "api/answers.hpp"
#include "api/chores.hpp"
#include "api/handlers.hpp"
#include "concertres/operations.hpp"
#include "concertres/seating_plan.hpp"

namespace concertres::server {

namespace {

constexpr std::size_t actor_bytes_max = 100;

// Who says to act, for the record; nothing, and then it has been refused.
std::optional<std::string> actor_of(Exchange& exchange) {
    const auto actor = exchange.request().field("X-Actor");
    if (!actor || actor->empty()) return "admin";
    const bool is_ascii = std::ranges::all_of(*actor, [](char c) { return c >= ' ' && c < 0x7f; });
    if (is_ascii && actor->size() <= actor_bytes_max) return std::string(*actor);
    exchange.refuse(Problem("request_invalid", "X-Actor: must be at most 100 characters of ASCII"));
    return std::nullopt;
}

// The concert that the path names; nothing, and then it has been refused.
std::optional<ConcertId> named_concert(Exchange& exchange) {
    const auto id = ConcertId::parse(exchange.parameter(0));
    if (!id) exchange.refuse(Problem("unknown_concert", "there is no such concert"));
    return id;
}

}  // namespace

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
    } else if (const auto pass = body.integer("pass_ms", {}, Need::optional)) {
        patch.pass_ttl.emplace(std::chrono::milliseconds(*pass));
    }
    if (is_null("window")) {
        patch.window.emplace();
    } else if (const auto* window = body.field("window", Need::optional)) {
        const std::string_view known[] = {"admit_max", "window_ms"};
        ObjectReader reader(*window, body.path("window"), faults, known);
        const auto admit_max = reader.integer("admit_max");
        const auto length = reader.integer("window_ms");
        if (admit_max && length) {
            patch.window.emplace(AdmissionWindow{*admit_max, std::chrono::milliseconds(*length)});
        }
    }
    patch.draw = body.boolean("draw", Need::optional);
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
    const std::string_view known[] = {"sale",   "opens_at", "active_max",
                                      "window", "pass_ms",  "draw"};
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

void audit_copy(Exchange exchange) {
    const auto file = copy_name(exchange.services().folder);
    Exchange::ask_or_refuse(
        std::move(exchange), Backup{.file = file, .progress = {}},
        [](Exchange asked, const BackupView& copy) {
            start_chore(std::move(asked), [file = RemovedStore(copy.file)](Exchange chore) {
                auto report = audit_of(file.path());
                const auto home = chore.home();
                boost::asio::post(
                    home, [exchange = std::move(chore), report = std::move(report)]() mutable {
                        if (!report) return exchange.refuse(report.error());
                        std::string json = audit_json(*report, exchange.services().currency);
                        exchange.answer(200, std::move(json));
                    });
            });
        });
}

}  // namespace concertres::server
