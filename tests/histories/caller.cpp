#include "histories/caller.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include "api/snapshots.hpp"
#include "concertres/ids.hpp"
#include "http/client.hpp"

namespace concertres::test {

namespace json = boost::json;

namespace {

Moment now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

std::string text(const json::value& body, const char* name) {
    const json::value* const found = body.as_object().if_contains(name);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : "";
}

std::optional<std::int64_t> number(const json::value& body, const char* name) {
    const json::value* const found = body.as_object().if_contains(name);
    if (found == nullptr || !found->is_int64()) return std::nullopt;
    return found->get_int64();
}

void read_lists(const json::object& body, bool is_good, Answer& answer) {
    if (const json::value* const seats = body.if_contains("seats")) {
        for (const json::value& seat : seats->as_array()) {
            if (seat.is_int64()) {
                answer.taken.push_back(static_cast<int>(seat.as_int64()));
            } else if (is_good && seat.as_object().contains("status")) {
                answer.seats.emplace_back(static_cast<int>(seat.at("number").as_int64()),
                                          text(seat, "status"));
            }
        }
    }
    if (const json::value* const released = body.if_contains("released")) {
        for (const json::value& id : released->as_array()) {
            answer.released.emplace_back(id.as_string());
        }
    }
}

Answer answer_of(const Call& call, const RawAnswer& raw) {
    Answer answer{.status = raw.status, .replayed = raw.has("\r\nIdempotent-Replayed: true\r\n")};
    if (raw.body.empty()) return answer;
    const json::value body = json::parse(raw.body);
    if (!answer.is_good()) answer.code = text(body, "code");
    const char* const id = call.verb == Verb::charge                             ? "charge_id"
                           : call.verb == Verb::pay || call.verb == Verb::refund ? "payment_id"
                                                                                 : "reservation_id";
    answer.id = text(body, id);
    if (answer.is_good()) answer.state = text(body, "status");
    // Whatever epoch the line begins with: nothing that is judged goes on in another.
    answer.number = PlaceNumber{number(body, "number").value_or(0)}.sequence();
    answer.position = number(body, "position");
    if (const json::value* const balance = body.as_object().if_contains("balance")) {
        answer.balance = number(*balance, "amount").value_or(-1);
    }
    read_lists(body.as_object(), answer.is_good(), answer);
    return answer;
}

struct Line {
    std::string method;
    std::string target;
    std::string body{};
};

std::string ask_for_token(const std::string& url, const std::string& concert,
                          const std::string& user) {
    http::Client client(url);
    const http::Reply reply = client.send({.method = "POST",
                                           .target = "/v1/concerts/" + concert + "/tokens",
                                           .fields = {{"Content-Type", "application/json"}},
                                           .body = fmt::format(R"({{"user_id": "{}"}})", user)});
    if (reply.status / 100 != 2) throw std::runtime_error(reply.body);
    return text(json::parse(reply.body), "token");
}

Line line_of(const Stage& stage, const Call& call) {
    const ImportedSale& sale = stage.sales[static_cast<std::size_t>(call.sale)];
    const std::string& user = stage.users[static_cast<std::size_t>(call.user)];
    const auto hold = static_cast<std::size_t>(call.hold);
    switch (call.verb) {
        case Verb::join:
            return {"POST", "/v1/concerts/" + sale.concert + "/tokens",
                    fmt::format(R"({{"user_id": "{}", "again": {}}})", user, call.again)};
        case Verb::place:
            return {"GET", "/v1/tokens/current"};
        case Verb::leave:
            return {"DELETE", "/v1/tokens/current"};
        case Verb::hold:
            return {"POST", "/v1/reservations",
                    fmt::format(R"({{"performance_id": "{}", "seats": [{}]}})", sale.performance,
                                fmt::join(stage.history.wanted[hold].seats, ", "))};
        case Verb::extend:
            return {"POST", "/v1/reservations/" + stage.reservations[hold] + "/extend"};
        case Verb::release:
            return {"DELETE", "/v1/reservations/" + stage.reservations[hold]};
        case Verb::look:
            return {"GET", "/v1/reservations/" + stage.reservations[hold]};
        case Verb::seats:
            return {"GET", "/v1/performances/" + sale.performance + "/seats?status=all"};
        case Verb::charge:
            return {"POST", "/v1/users/" + user + "/wallet/charges",
                    fmt::format(R"({{"amount": {}}})", call.amount)};
        case Verb::pay:
            return {"POST", "/v1/payments",
                    fmt::format(R"({{"reservation_id": "{}"}})", stage.reservations[hold])};
        case Verb::refund:
            return {"POST", "/v1/payments/" + stage.payments[hold] + "/refund"};
        case Verb::wallet:
            return {"GET", "/v1/users/" + user + "/wallet"};
    }
    return {};
}

}  // namespace

Address address_of(const ServerProcess& server) {
    const std::string address = server.address();
    return {.host = address.substr(0, address.rfind(':')), .port = server.port()};
}

int Stage::want(Wanted wanted) {
    const std::lock_guard lock(mutex);
    const auto known = std::ranges::find(history.wanted, wanted);
    if (known != history.wanted.end()) return static_cast<int>(known - history.wanted.begin());
    history.wanted.push_back(std::move(wanted));
    reservations.emplace_back();
    payments.emplace_back();
    payment_keys.emplace_back();
    return static_cast<int>(history.wanted.size()) - 1;
}

std::unique_ptr<Stage> set_stage(const ServerProcess& server, const StageShape& shape) {
    auto stage = std::make_unique<Stage>();
    stage->addresses = {address_of(server)};
    const std::string all =
        R"("refunds": "allowed", "limits": {"per_performance": 1000, "per_concert": 1000})";
    const std::string price = fmt::format("\"price\": {}", shape.price);
    for (const std::string& room :
         {std::string(), fmt::format(R"(, "room": {{"active_max": {}}})", shape.admitted_max)}) {
        std::string sale = sale_json(shape.seats, all + room);
        sale.replace(sale.find("\"price\": 50000"), 14, price);
        stage->sales.push_back(import_sale({"--server", server.operators_url()}, sale));
    }
    stage->history.price = shape.price;
    stage->history.admitted_max = {0, shape.admitted_max};
    stage->history.map_age_max = std::chrono::nanoseconds(server::Snapshots::age_max).count();
    for (int user = 0; user < shape.users; ++user) {
        stage->users.push_back(UserId::from_name(fmt::format("caller {}", user)).to_string());
        stage->tokens[{user, 0}] =
            ask_for_token(server.url(), stage->sales[0].concert, stage->users.back());
    }
    return stage;
}

// --- Caller --------------------------------------------------------------------------------------

// Waits for a server that is just starting again.
bool Caller::connect() {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!socket_ && std::chrono::steady_clock::now() < until) {
        try {
            const Address& address = stage_.addresses[at_];
            socket_ = std::make_unique<RawSocket>(address.port, 0, address.host.c_str());
        } catch (const std::system_error&) {
            at_ = (at_ + 1) % stage_.addresses.size();
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
    }
    return socket_ != nullptr;
}

std::string Caller::request_for(const Call& call) {
    const std::lock_guard lock(stage_.mutex);
    const Line line = line_of(stage_, call);
    std::string request = fmt::format("{} {} HTTP/1.1\r\nHost: a\r\n", line.method, line.target);
    if (call.verb != Verb::join) {
        request +=
            fmt::format("Authorization: Bearer {}\r\n", stage_.tokens.at({call.user, call.place}));
    }
    if (!call.key.empty()) request += fmt::format("Idempotency-Key: {}\r\n", call.key);
    if (!line.body.empty()) {
        request += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n",
                               line.body.size());
    }
    return request + "\r\n" + line.body;
}

std::optional<Answer> Caller::ask(const Call& call) {
    const std::string request = request_for(call);
    if (!connect()) throw std::runtime_error("there is no server to talk to");
    Event event{.client = number_, .span = {.invoked = now()}, .call = call};
    if (const auto raw = exchange(request)) {
        event.span.returned = now();
        event.answer = answer_of(call, *raw);
        if (event.answer->is_good()) {
            const std::string token =
                call.verb == Verb::join ? text(json::parse(raw->body), "token") : "";
            learn(call, *event.answer, token);
        }
    }
    events_.push_back(event);
    return event.answer;
}

std::optional<RawAnswer> Caller::exchange(const std::string& request) {
    try {
        socket_->send(request);
        RawAnswer raw = socket_->receive();
        if (raw.has("\r\nConnection: close\r\n")) socket_.reset();
        return raw;
    } catch (const std::runtime_error&) {  // cut, or too late
        socket_.reset();
        return std::nullopt;
    }
}

void Caller::learn(const Call& call, const Answer& answer, const std::string& token) {
    const std::lock_guard lock(stage_.mutex);
    const auto hold = static_cast<std::size_t>(call.hold);
    if (call.verb == Verb::join) stage_.tokens[{call.user, answer.number}] = token;
    if (call.verb == Verb::hold) stage_.reservations[hold] = answer.id;
    if (call.verb == Verb::pay) {
        stage_.payments[hold] = answer.id;
        stage_.payment_keys[hold] = call.key;
    }
}

}  // namespace concertres::test
