#include <algorithm>
#include <charconv>

#include "api/answers.hpp"
#include "api/handlers.hpp"

namespace concertres::server {

namespace {

// What a place without a live pass is told.
Problem problem_of(const PlaceView& place) {
    switch (place.status) {
        case TokenStatus::spent:
            return Error{
                Errc::pass_spent, "the pass was spent by a payment; ask for a new place", {}};
        case TokenStatus::expired:
            return Error{Errc::pass_expired, "the pass has expired; ask for a new place", {}};
        case TokenStatus::left:
            return Error{Errc::pass_left, "the place was given back; ask for a new one", {}};
        default:
            break;
    }
    Problem problem(Error{Errc::not_admitted, "the place is still waiting for its turn", {}});
    problem.position = place.position;
    problem.retry_after_s = (milliseconds(place.poll_after) + 999) / 1000;
    return problem;
}

std::optional<std::size_t> parse_limit(std::string_view text) {
    std::size_t limit = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return limit >= 1 && limit <= page_max ? std::optional(limit) : std::nullopt;
}

Error fault_of(std::string_view name, std::string_view code, std::string_view detail) {
    const std::string pointer = "?" + std::string(name);
    return {Errc::request_invalid,
            pointer + ": " + std::string(detail),
            {},
            {{pointer, std::string(code), std::string(detail)}}};
}

bool has_etag(std::string_view if_none_match, std::string_view etag) {
    if (if_none_match == "*") return true;
    for (std::size_t at = if_none_match.find(etag); at != std::string_view::npos;
         at = if_none_match.find(etag, at + 1)) {
        const std::size_t end = at + etag.size();
        const bool begins = at == 0 || if_none_match[at - 1] == ' ' ||
                            if_none_match[at - 1] == ',' || if_none_match[at - 1] == '/';
        const bool ends =
            end == if_none_match.size() || if_none_match[end] == ' ' || if_none_match[end] == ',';
        if (begins && ends) return true;
    }
    return false;
}

GetPlace place_of(const TokenClaims& claims) {
    return {.concert = claims.concert, .user = claims.user, .place = claims.number};
}

}  // namespace

std::optional<std::string> actor_of(Exchange& exchange) {
    constexpr std::size_t bytes_max = 100;
    const auto actor = exchange.request().field("X-Actor");
    if (!actor || actor->empty()) return "admin";
    const bool is_ascii = std::ranges::all_of(*actor, [](char c) { return c >= ' ' && c < 0x7f; });
    if (is_ascii && actor->size() <= bytes_max) return std::string(*actor);
    exchange.refuse(Problem("request_invalid", "X-Actor: must be at most 100 characters of ASCII"));
    return std::nullopt;
}

std::optional<ConcertId> named_concert(Exchange& exchange) {
    const auto id = ConcertId::parse(exchange.parameter(0));
    if (!id) exchange.refuse(Problem("unknown_concert", "there is no such concert"));
    return id;
}

std::optional<PaymentId> named_payment(Exchange& exchange) {
    const auto id = PaymentId::parse(exchange.parameter(0));
    if (!id) exchange.refuse(Problem("unknown_payment", "there is no such payment"));
    return id;
}

void find_place(Exchange exchange, std::function<void(Exchange, Result<PlaceView>)> then) {
    GetPlace query = place_of(exchange.claims());
    if (const auto last = exchange.query("last")) {
        std::int64_t position = 0;
        const char* const end = last->data() + last->size();
        const auto [read, fault] = std::from_chars(last->data(), end, position);
        if (fault != std::errc{} || read != end || position < 0) {
            return exchange.refuse(Problem::of_query("last", "malformed",
                                                     "must be the position of an earlier answer"));
        }
        query.last = position;
    }
    if (auto place = exchange.office().place_in_memory(query)) {
        return then(std::move(exchange), std::move(*place));
    }
    Exchange::ask(std::move(exchange), query, std::move(then));
}

// For what only those who are in may do: who waits in memory may have been let in by another
// instance of a shared store just now.
void find_pass(Exchange exchange, std::function<void(Exchange, Result<PlaceView>)> then) {
    find_place(std::move(exchange), [then = std::move(then)](Exchange asked,
                                                             Result<PlaceView> place) mutable {
        if (!place || place->status != TokenStatus::waiting || asked.office().exclusive()) {
            return then(std::move(asked), std::move(place));
        }
        GetPlace query = place_of(asked.claims());
        query.confirm = true;
        Exchange::ask(std::move(asked), query, std::move(then));
    });
}

void require_admitted(Exchange exchange, std::function<void(Exchange)> then) {
    find_pass(std::move(exchange),
              [then = std::move(then)](Exchange asked, Result<PlaceView> place) {
                  if (!place) return asked.refuse(place.error());
                  if (place->status != TokenStatus::admitted)
                      return asked.refuse(problem_of(*place));
                  then(std::move(asked));
              });
}

void refuse_for_place(Exchange exchange, const Error& error) {
    if (error.code != Errc::not_admitted || !exchange.has_token()) {
        return exchange.refuse(error);
    }
    find_place(std::move(exchange), [error](Exchange asked, Result<PlaceView> place) {
        Problem problem(error);
        if (place && place->status == TokenStatus::waiting) problem = problem_of(*place);
        asked.refuse(problem);
    });
}

void require_wallet_reader(Exchange exchange, std::function<void(Exchange, UserId)> then) {
    const auto user = UserId::parse(exchange.parameter(0));
    const bool own = user && exchange.has_token() && exchange.claims().user == *user;
    if (!user || (!exchange.has_api_key() && !own)) {
        return exchange.refuse(Problem("unknown_user", "there is no such user"));
    }
    if (exchange.has_api_key()) return then(std::move(exchange), *user);
    find_pass(std::move(exchange),
              [user, then = std::move(then)](Exchange asked, Result<PlaceView> place) {
                  if (!place) return asked.refuse(place.error());
                  // The balance is for those who have been let in at some time, with their latest
                  // place.
                  const bool was_in =
                      place->status == TokenStatus::admitted || place->pass_expires_at.has_value();
                  if (!was_in || !place->latest) return asked.refuse(problem_of(*place));
                  then(std::move(asked), *user);
              });
}

bool takes_gzip(const http::Request& request) {
    const auto accepted = request.field("Accept-Encoding");
    if (!accepted) return false;
    const std::size_t at = accepted->find("gzip");
    if (at == std::string_view::npos) return false;
    const std::string_view rest = accepted->substr(at + 4, accepted->find(',', at) - at - 4);
    const std::size_t weight = rest.find("q=");
    // "q=0", "q=0.000": not wanted.
    return weight == std::string_view::npos ||
           rest.substr(weight + 2).find_first_of("123456789") != std::string_view::npos;
}

bool has_etag(const http::Request& request, std::string_view etag) {
    const auto known = request.field("If-None-Match");
    return known && has_etag(*known, etag);
}

std::string etag_of_packed(std::string_view etag) { return "W/" + std::string(etag); }

namespace {

void answer_bytes(Exchange exchange, SharedText::Bytes bytes) {
    exchange.answer_with(
        {.status = 200, .content_type = "application/json", .shared_body = std::move(bytes)});
}

}  // namespace

void answer_shared(Exchange exchange, Result<Snapshot> snapshot) {
    if (!snapshot) return exchange.refuse(snapshot.error());
    const std::shared_ptr<SharedText>& text = snapshot->text;
    const bool packed = text->is_worth_packing() && takes_gzip(exchange.request());
    exchange.add_field("ETag", packed ? etag_of_packed(snapshot->etag) : snapshot->etag);
    exchange.add_field("Cache-Control", "no-cache");
    exchange.add_field("Vary", "Accept-Encoding");
    if (has_etag(exchange.request(), snapshot->etag)) return exchange.answer_with({.status = 304});
    if (!packed) return answer_bytes(std::move(exchange), text->plain());
    const auto home = exchange.home();
    text->pack(exchange.services().packing, [home, text, exchange = std::move(exchange)](
                                                SharedText::Bytes bytes) mutable {
        boost::asio::dispatch(home, [text = std::move(text), exchange = std::move(exchange),
                                     bytes = std::move(bytes)]() mutable {
            if (bytes) exchange.add_field("Content-Encoding", "gzip");
            answer_bytes(std::move(exchange), bytes ? std::move(bytes) : text->plain());
        });
    });
}

Result<PageQuery> read_page(const Exchange& exchange) {
    PageQuery page{.limit = page_default};
    if (const auto limit = exchange.query("limit")) {
        const auto parsed = parse_limit(*limit);
        if (!parsed) {
            return fault_of("limit", "out_of_range",
                            "must be a whole number from 1 to " + std::to_string(page_max));
        }
        page.limit = *parsed;
    }
    page.cursor = exchange.query("cursor");
    return page;
}

Result<bool> read_status(const Exchange& exchange) {
    const auto status = exchange.query("status");
    if (!status || *status == "available") return false;
    if (*status == "all") return true;
    return fault_of("status", "out_of_range", "must be all or available");
}

std::vector<SeatNumber> read_seats(ObjectReader& body, Faults& faults) {
    std::vector<SeatNumber> seats;
    const JsonPath path = body.path("seats");
    const auto* array = body.array("seats", {.min = 1, .max = named_seats_max});
    if (array == nullptr) return seats;
    for (std::size_t i = 0; i < array->size(); ++i) {
        const auto number =
            read_integer((*array)[i], path.index(i), {.min = 1, .max = INT32_MAX}, faults);
        if (!number) continue;
        const auto seat = static_cast<SeatNumber>(*number);
        if (std::ranges::find(seats, seat) != seats.end()) {
            faults.add(path.index(i), "duplicate", "is named more than once");
        }
        seats.push_back(seat);
    }
    return seats;
}

}  // namespace concertres::server
