#include <fmt/format.h>

#include "api/answers.hpp"
#include "api/handlers.hpp"

namespace concertres::server {

namespace {

void answer_place(Exchange exchange, const PlaceView& place, std::string_view token) {
    if (place.status == TokenStatus::waiting) {
        exchange.add_field("Retry-After",
                           std::to_string((milliseconds(place.poll_after) + 999) / 1000));
    }
    exchange.answer(place.made ? 201 : 200, place_json(place, token));
}

// Only the host knows who is in a fan club: whoever it lets ask for any class but the first, which
// is everybody's, proves to be the host.
std::optional<Problem> check_class(const Exchange& exchange, const Join& command) {
    if (command.line_class.empty() || exchange.has_api_key()) return std::nullopt;
    const auto concert = exchange.office().concert({command.concert});
    if (!concert || !concert->room) return std::nullopt;
    if (classes_of(*concert->room).front().name == command.line_class) return std::nullopt;
    return Problem("api_key_required",
                   "class: only the host may ask for another class than the first; start the "
                   "server with an API key, and send X-Api-Key");
}

}  // namespace

void list_concerts(Exchange exchange) {
    Snapshots& snapshots = exchange.services().snapshots;
    const auto home = exchange.home();
    snapshots.concerts([home, exchange = std::move(exchange)](Result<Snapshot> all) mutable {
        boost::asio::dispatch(home,
                              [exchange = std::move(exchange), all = std::move(all)]() mutable {
                                  answer_shared(std::move(exchange), std::move(all));
                              });
    });
}

void ask_for_token(Exchange exchange) {
    Faults faults;
    const std::string_view known[] = {"user_id", "again", "class"};
    ObjectReader body(exchange.body(), {}, faults, known);
    const auto user = read_id<UserId>(body, "user_id", faults);
    const auto again = body.boolean("again", Need::optional);
    const auto line_class =
        body.text("class", {.min = 1, .max = RoomClass::name_max}, Need::optional);
    if (user && user->is_nil()) {
        faults.add(body.path("user_id"), "malformed", "must not be the nil UUID");
    }
    if (!faults.empty()) return exchange.refuse(Problem(faults));
    const auto concert = ConcertId::parse(exchange.parameter(0));
    if (!concert) {
        return exchange.refuse(Problem("unknown_concert", "there is no such concert"));
    }
    Join command{.concert = *concert,
                 .user = *user,
                 .again = again.value_or(false),
                 .line_class = std::string(line_class.value_or(""))};
    if (auto refusal = check_class(exchange, command)) return exchange.refuse(*refusal);
    Exchange::ask_or_refuse(
        std::move(exchange), std::move(command), [](Exchange asked, PlaceView place) {
            const std::string token = asked.office().sign(place);
            const auto age =
                std::chrono::floor<std::chrono::seconds>(asked.services().token_max_age);
            asked.add_field(
                "Set-Cookie",
                fmt::format(
                    "concertres_{}={}; Path=/v1/tokens/current/events; Max-Age={}; HttpOnly; "
                    "SameSite=Strict",
                    place.concert.to_string(), token, age.count()));
            answer_place(std::move(asked), place, token);
        });
}

void get_token(Exchange exchange) {
    find_place(std::move(exchange), [](Exchange asked, Result<PlaceView> place) {
        if (!place) return asked.refuse(place.error());
        const std::string_view token = asked.token();
        answer_place(std::move(asked), *place, token);
    });
}

void follow_token(Exchange exchange) {
    if (const auto named = exchange.query("concert_id")) {
        const auto concert = ConcertId::parse(*named);
        if (!concert) {
            return exchange.refuse(
                Problem::of_query("concert_id", "malformed", "must be the id of a concert"));
        }
        if (*concert != exchange.claims().concert) return exchange.refuse(token_refusal());
    }
    find_place(std::move(exchange), [](Exchange asked, Result<PlaceView> place) {
        if (!place) return asked.refuse(place.error());
        const auto last = asked.request().field("Last-Event-ID").value_or("");
        http::Response response{.content_type = "text/event-stream"};
        response.stream = std::make_shared<http::Stream>(Live::waiting_bytes_max);
        // nginx would keep back what is not much yet.
        asked.add_field("X-Accel-Buffering", "no");
        if (!asked.services().live.follow(*place, last.substr(0, 64), response.stream)) {
            return asked.refuse(Problem(Error{
                Errc::overloaded, "too many streams are open; ask now and then instead", {}}));
        }
        asked.answer_with(std::move(response));
    });
}

void leave(Exchange exchange) {
    const TokenClaims claims = exchange.claims();
    Exchange::ask_or_refuse(
        std::move(exchange),
        Leave{.concert = claims.concert, .user = claims.user, .place = claims.number},
        [](Exchange asked, const PlaceView&) { asked.answer_with({.status = 204}); });
}

}  // namespace concertres::server
