#include "sim/door.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <stdexcept>
#include <string_view>

#include "concertres/time.hpp"

namespace concertres::sim {
namespace {

namespace json = boost::json;

constexpr std::string_view api_key = "the host's own key";

// --- Commands as requests ------------------------------------------------------------------------

using Asked = std::optional<DoorRequest>;

void add_token(DoorRequest& request, const std::string& token) {
    request.fields.emplace_back("Authorization", "Bearer " + token);
}
void add_body(DoorRequest& request, const json::object& body) {
    request.fields.emplace_back("Content-Type", "application/json");
    request.body = json::serialize(body);
}

Asked request_of(const Join& c, const std::string&) {
    DoorRequest request{http::Method::post, "/v1/concerts/" + c.concert.to_string() + "/tokens"};
    request.fields.emplace_back("X-Api-Key", api_key);
    json::object body{{"user_id", c.user.to_string()}};
    if (c.again) body["again"] = true;
    if (!c.line_class.empty()) body["class"] = c.line_class;
    add_body(request, body);
    return request;
}

Asked request_of(const GetPlace&, const std::string& token) {
    if (token.empty()) return std::nullopt;
    DoorRequest request{http::Method::get, "/v1/tokens/current"};
    add_token(request, token);
    return request;
}

Asked request_of(const Leave&, const std::string& token) {
    if (token.empty()) return std::nullopt;
    DoorRequest request{http::Method::del, "/v1/tokens/current"};
    add_token(request, token);
    return request;
}

Asked request_of(const Hold& c, const std::string& token) {
    if (token.empty()) return std::nullopt;
    DoorRequest request{http::Method::post, "/v1/reservations"};
    add_token(request, token);
    request.fields.emplace_back("Idempotency-Key", c.key);
    json::object body{{"performance_id", c.performance.to_string()}};
    if (c.best) body["best"] = {{"count", c.best->count}};
    if (!c.seats.empty()) body["seats"] = json::value_from(c.seats);
    if (!c.areas.empty()) {
        json::array areas;
        for (const AreaSeats& area : c.areas) {
            areas.push_back({{"section", area.section}, {"count", area.count}});
        }
        body["areas"] = std::move(areas);
    }
    add_body(request, body);
    return request;
}

Asked request_of(const Extend& c, const std::string& token) {
    if (token.empty()) return std::nullopt;
    DoorRequest request{http::Method::post,
                        "/v1/reservations/" + c.reservation.to_string() + "/extend"};
    add_token(request, token);
    return request;
}

Asked request_of(const Release& c, const std::string& token) {
    if (token.empty()) return std::nullopt;
    DoorRequest request{http::Method::del, "/v1/reservations/" + c.reservation.to_string()};
    add_token(request, token);
    return request;
}

Asked request_of(const Pay& c, const std::string& token) {
    if (token.empty()) return std::nullopt;
    DoorRequest request{http::Method::post, "/v1/payments"};
    add_token(request, token);
    request.fields.emplace_back("Idempotency-Key", c.key);
    json::array ids;
    for (const ReservationId& id : c.reservations) ids.emplace_back(id.to_string());
    add_body(request, {{"reservation_ids", std::move(ids)}});
    return request;
}

Asked request_of(const Refund& c, const std::string& token) {
    if (token.empty()) return std::nullopt;
    DoorRequest request{http::Method::post, "/v1/payments/" + c.payment.to_string() + "/refund"};
    add_token(request, token);
    return request;
}

// With the host's key, which vouches for the money; without it there is another way in.
Asked request_of(const Charge& c, const std::string&) {
    if (c.admitted || c.amount.minor < 1) return std::nullopt;
    DoorRequest request{http::Method::post, "/v1/users/" + c.user.to_string() + "/wallet/charges"};
    request.fields.emplace_back("X-Api-Key", api_key);
    request.fields.emplace_back("Idempotency-Key", c.key);
    add_body(request, {{"amount", c.amount.minor}});
    return request;
}

Asked request_of(const GetWallet& q, const std::string&) {
    DoorRequest request{http::Method::get, "/v1/users/" + q.user.to_string() + "/wallet"};
    request.fields.emplace_back("X-Api-Key", api_key);
    return request;
}

// --- Answers as they are read --------------------------------------------------------------------

std::string_view text(const json::object& from, const char* name) {
    return from.at(name).as_string();
}
template <class Id>
Id id(const json::value& from) {
    return Id::parse(std::string_view(from.as_string())).value();
}
Money money(const json::object& from, const char* name) {
    return {from.at(name).as_object().at("amount").as_int64()};
}
Time time(const json::object& from, const char* name) {
    return parse_rfc3339(text(from, name)).value().time;
}
// The value that is called so.
template <class Value>
Value called(std::string_view name, std::string_view (*name_of)(Value) noexcept) {
    for (int i = 0; i < 16; ++i) {
        if (name_of(static_cast<Value>(i)) == name) return static_cast<Value>(i);
    }
    throw std::runtime_error("an answer says " + std::string(name));
}
std::vector<ReservationId> ids(const json::object& from, const char* name) {
    std::vector<ReservationId> found;
    for (const json::value& each : from.at(name).as_array()) {
        found.push_back(id<ReservationId>(each));
    }
    return found;
}
bool is_replay(const http::Response& response) {
    return response.fields.find("Idempotent-Replayed: true") != std::string::npos;
}

PlaceView read(const Join& c, const http::Response& response, const json::object& from) {
    PlaceView view;
    view.concert = c.concert;
    view.user = id<UserId>(from.at("user_id"));
    view.number = {from.at("number").as_int64()};
    view.status = called(text(from, "status"), token_status_name);
    view.made = response.status == 201;
    if (!from.at("position").is_null()) view.position = from.at("position").as_int64();
    view.sale = called(text(from, "sale"), sale_name);
    view.seats_left = from.at("seats_left").as_int64();
    view.seats_held = from.at("seats_held").as_int64();
    view.now = time(from, "now");
    return view;
}

PlaceView read(const GetPlace& q, const http::Response& response, const json::object& from) {
    return read(Join{.concert = q.concert, .user = q.user}, response, from);
}

// It has no body: that it is left is all that it says.
PlaceView read(const Leave& c, const http::Response&, const json::object&) {
    return {.concert = c.concert, .user = c.user, .number = c.place, .status = TokenStatus::left};
}

ReservationView read_reservation(UserId user, const http::Response& response,
                                 const json::object& from) {
    ReservationView view;
    view.id = id<ReservationId>(from.at("reservation_id"));
    view.status = called(text(from, "status"), reservation_status_name);
    view.user = user;
    view.concert = id<ConcertId>(from.at("concert_id"));
    view.performance = id<PerformanceId>(from.at("performance_id"));
    for (const json::value& each : from.at("seats").as_array()) {
        const json::object& seat = each.as_object();
        view.seats.push_back({.number = static_cast<SeatNumber>(seat.at("number").as_int64()),
                              .price = money(seat, "price")});
    }
    view.total = money(from, "total");
    view.held_until = time(from, "held_until");
    view.replayed = is_replay(response);
    view.now = time(from, "now");
    return view;
}

ReservationView read(const Hold& c, const http::Response& response, const json::object& from) {
    return read_reservation(c.user, response, from);
}
ReservationView read(const Extend& c, const http::Response& response, const json::object& from) {
    return read_reservation(c.user, response, from);
}
// It has no body: that it is released is all that it says.
ReservationView read(const Release& c, const http::Response&, const json::object&) {
    return {.id = c.reservation, .status = ReservationStatus::released, .user = c.user};
}

PaymentView read_payment(UserId user, const http::Response& response, const json::object& from) {
    PaymentView view;
    view.id = id<PaymentId>(from.at("payment_id"));
    view.status = called(text(from, "status"), payment_status_name);
    view.user = user;
    view.reservations = ids(from, "reservation_ids");
    view.released = ids(from, "released");
    view.amount = money(from, "amount");
    view.balance = money(from, "balance");
    view.replayed = is_replay(response);
    view.now = time(from, "now");
    return view;
}

PaymentView read(const Pay& c, const http::Response& response, const json::object& from) {
    return read_payment(c.user, response, from);
}
PaymentView read(const Refund& c, const http::Response& response, const json::object& from) {
    return read_payment(c.user, response, from);
}

ChargeView read(const Charge& c, const http::Response& response, const json::object& from) {
    return {.id = id<TransferId>(from.at("charge_id")),
            .user = c.user,
            .amount = money(from, "amount"),
            .balance = money(from, "balance"),
            .replayed = is_replay(response),
            .now = time(from, "now")};
}

WalletView read(const GetWallet&, const http::Response&, const json::object& from) {
    return {.user = id<UserId>(from.at("user_id")),
            .balance = money(from, "balance"),
            .now = time(from, "now")};
}

Error refusal_of(const json::object& from) {
    const std::string_view name = text(from, "code");
    const auto& codes = all_codes();
    const auto code = std::ranges::find(codes, name, code_name);
    if (code == codes.end()) throw std::runtime_error("a refusal says " + std::string(name));
    return {*code, std::string(text(from, "detail")), {}};
}

template <class Command>
AnswerTo<Command> answer_of(const Command& command, const http::Response& response) {
    const json::value body =
        response.body.empty() ? json::value(json::object()) : json::parse(response.body);
    if (response.status >= 400) return refusal_of(body.as_object());
    return read(command, response, body.as_object());
}

}  // namespace

Door::Door(BoxOffice& office, std::function<void(const std::string&)> complain)
    : complain_(std::move(complain)),
      stays_(home_.get_executor()),
      live_(home_, snapshots_),
      log_(server::LogFormat::text, LogLevel::error),
      token_rate_({.per_second = 0}),
      gate_(std::chrono::hours(1)),
      services_{.office = office,
                .snapshots = snapshots_,
                .live = live_,
                .metrics = metrics_,
                .log = log_,
                .token_rate = token_rate_,
                .gate = gate_,
                .chores = chores_},
      dispatcher_(services_, server::Side::buyers) {
    services_.keys = std::make_shared<const server::AccessKeys>(
        server::AccessKeys{.api = std::string(api_key), .admin = {}});
    snapshots_.bind(office, services_.currency);
}

Door::~Door() { chores_.join(); }

void Door::send(DoorRequest request, http::Respond respond) {
    // Its own would be drawn at random.
    request.fields.emplace_back("X-Request-Id", std::to_string(++requests_));
    const auto kept = std::make_shared<const DoorRequest>(std::move(request));
    const auto seen = std::make_shared<http::Request>();
    seen->method = kept->method;
    seen->target = seen->path = kept->path;
    for (const auto& [name, value] : kept->fields) seen->fields.push_back({name, value});
    seen->body = kept->body;
    seen->has_body = !kept->body.empty();
    seen->peer = "127.0.0.1";
    dispatcher_.handle(
        *seen,
        [kept, seen, respond = std::move(respond)](http::Response response) mutable {
            respond(std::move(response));
        },
        home_.get_executor());
    deliver();
}

template <class Command>
bool Door::ask(const Command& command, const std::string& token,
               std::function<void(const AnswerTo<Command>&)> then) {
    Asked request = request_of(command, token);
    if (!request) return false;
    send(std::move(*request),
         [this, command, then = std::move(then)](const http::Response& response) {
             std::optional<AnswerTo<Command>> answer;
             try {
                 answer = answer_of(command, response);
             } catch (const std::exception& fault) {
                 return complain_(std::to_string(response.status) + ", " + response.body + ": " +
                                  fault.what());
             }
             then(*answer);
         });
    return true;
}

template bool Door::ask(const Join&, const std::string&,
                        std::function<void(const Result<PlaceView>&)>);
template bool Door::ask(const GetPlace&, const std::string&,
                        std::function<void(const Result<PlaceView>&)>);
template bool Door::ask(const Leave&, const std::string&,
                        std::function<void(const Result<PlaceView>&)>);
template bool Door::ask(const Hold&, const std::string&,
                        std::function<void(const Result<ReservationView>&)>);
template bool Door::ask(const Extend&, const std::string&,
                        std::function<void(const Result<ReservationView>&)>);
template bool Door::ask(const Release&, const std::string&,
                        std::function<void(const Result<ReservationView>&)>);
template bool Door::ask(const Pay&, const std::string&,
                        std::function<void(const Result<PaymentView>&)>);
template bool Door::ask(const Refund&, const std::string&,
                        std::function<void(const Result<PaymentView>&)>);
template bool Door::ask(const Charge&, const std::string&,
                        std::function<void(const Result<ChargeView>&)>);
template bool Door::ask(const GetWallet&, const std::string&,
                        std::function<void(const Result<WalletView>&)>);

}  // namespace concertres::sim
