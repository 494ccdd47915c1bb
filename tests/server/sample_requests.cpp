#include "server/sample_requests.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <utility>

#include "api/assets.hpp"

namespace concertres::test {

namespace {

constexpr auto samples = std::to_array<Sample>({
    {.operation = "listConcerts", .status = 200},
    {.operation = "getDraw", .status = 200, .is_of_draw = true},
    {.operation = "askForToken", .status = 200, .body = R"({"user_id": "$user_id"})"},
    {.operation = "getToken", .status = 200},
    {.operation = "followToken", .status = 200},
    {.operation = "leave", .status = 204},
    {.operation = "listDates", .status = 200, .is_of_concert = true},
    {.operation = "listSeatsOfDate", .status = 200, .is_of_concert = true},
    {.operation = "listSeats", .status = 200, .is_of_concert = true},
    {.operation = "reserve",
     .status = 201,
     .body = R"({"performance_id": "$performance_id", "seats": [50]})",
     .is_of_concert = true},
    {.operation = "listReservations", .status = 200},
    {.operation = "getReservation",
     .status = 200,
     .is_of_concert = true,
     .anothers = "404 unknown_reservation"},
    {.operation = "extendReservation",
     .status = 200,
     .is_of_concert = true,
     .anothers = "404 unknown_reservation"},
    {.operation = "releaseReservation",
     .status = 204,
     .is_of_concert = true,
     .anothers = "404 unknown_reservation"},
    {.operation = "getWallet", .status = 200, .anothers = "404 unknown_user"},
    {.operation = "chargeWallet",
     .status = 201,
     .body = R"({"amount": 1000})",
     .anothers = "404 unknown_user"},
    {.operation = "listTransfers", .status = 200, .anothers = "404 unknown_user"},
    {.operation = "pay",
     .status = 201,
     .body = R"({"reservation_id": "$reservation_id"})",
     .is_of_concert = true,
     .anothers = "404 unknown_reservation"},
    {.operation = "listPayments", .status = 200},
    {.operation = "getPayment",
     .status = 200,
     .is_of_concert = true,
     .anothers = "404 unknown_payment"},
    {.operation = "refundPayment",
     .status = 200,
     .is_of_concert = true,
     .anothers = "404 unknown_payment"},
    {.operation = "getTicket",
     .status = 200,
     .is_of_concert = true,
     .anothers = "404 unknown_payment"},
    {.operation = "getTicketKeys", .status = 200},
    {.operation = "getPage", .status = 200},
    {.operation = "getPagePart", .status = 200},
    {.operation = "getConsolePart", .status = 200},
    {.operation = "getDocsPart", .status = 200},
    {.operation = "getStartPage", .status = 200},
    {.operation = "getDescription", .status = 200},
    {.operation = "getLiveness", .status = 200},
    {.operation = "getReadiness", .status = 200},
    {.operation = "getMetrics", .status = 200},
    {.operation = "listConcertsForOperators", .status = 200},
    {.operation = "addConcert",
     .status = 201,
     .body =
         R"({"title": "Added", "venue": "Hall", "performances": [{"starts_at": "2090-01-01T19:00:00Z"}],
                 "seats": {"count": 5, "price": 1000}})"},
    {.operation = "getRoom", .status = 200},
    {.operation = "changeRoom", .status = 200, .body = R"({"active_max": 1000})"},
    {.operation = "admitByHand", .status = 200, .body = R"({"user_id": "$user_id"})"},
    {.operation = "reportLoad", .status = 204, .body = R"({"load": 0.5})"},
    {.operation = "exportDraw", .status = 200, .is_of_draw = true},
    {.operation = "getReport", .status = 200},
    {.operation = "exportSales", .status = 200},
    {.operation = "exportEvents", .status = 200},
    {.operation = "listSeatsForOperators", .status = 200},
    {.operation = "blockSeats", .status = 200, .body = R"({"seats": [17], "blocked": true})"},
    {.operation = "releaseAnybodys", .status = 200},
    {.operation = "explain", .status = 200},
    {.operation = "backup", .status = 200, .body = R"({"file": "copy-of-the-test.db"})"},
    {.operation = "audit", .status = 200},
    {.operation = "listSinks", .status = 200},
    {.operation = "enableSink", .status = 200},
});

std::string filled_in(std::string text, std::string_view before, std::string_view after,
                      const Stage& stage) {
    const std::pair<std::string_view, std::string> known[] = {
        {"concert_id", stage.sale.concert.to_string()},
        {"performance_id", stage.sale.performance().to_string()},
        {"date", "2090-12-24"},
        {"reservation_id", stage.reservation},
        {"payment_id", stage.payment},
        {"user_id", stage.user.to_string()},
        {"id", stage.sale.performance().to_string()},
        {"sink", "webhook"},
        {"file", text.starts_with("/web/console/") ? "console.css"
                 : text.starts_with("/web/docs/")  ? "docs.css"
                                                   : "style.css"},
    };
    for (const auto& [name, value] : known) {
        const std::string mark = std::string(before).append(name).append(after);
        const std::size_t at = text.find(mark);
        if (at != std::string::npos) text.replace(at, mark.size(), value);
    }
    return text;
}

}  // namespace

const Sample& sample_of(const server::Route& route) {
    const auto found = std::ranges::find(samples, route.operation, &Sample::operation);
    REQUIRE_MESSAGE(found != samples.end(), "sample_requests.cpp has no " << route.operation);
    return *found;
}

const server::Route& route_of(std::string_view operation) {
    const auto routes = server::all_routes();
    const auto found = std::ranges::find(routes, operation, &server::Route::operation);
    REQUIRE_MESSAGE(found != routes.end(), "no route has the operation " << operation);
    return *found;
}

Ask request_of(const server::Route& route, const Stage& stage, const std::string& token,
               const std::string& key) {
    const Sample& sample = sample_of(route);
    Stage named = stage;
    if (sample.is_of_draw) named.sale = stage.drawn;
    Ask request{.method = std::string(http::method_name(route.method)),
                .target = filled_in(std::string(route.path), "{", "}", named),
                .token = token};
    REQUIRE(request.target.find('{') == std::string::npos);
    REQUIRE(sample.body.empty() != route.takes_body);
    if (route.takes_body) request.body = filled_in(std::string(sample.body), "$", "", stage);
    if (route.takes_key) request.key = key;
    return request;
}

Reply ask(TestServer& server, const server::Route& route, const Ask& request) {
    return route.side == server::Side::operators ? server.ask_operators(request)
                                                 : server.ask(request);
}

ReadyStage::ReadyStage(ServerSettings settings) : server(std::move(settings)), sale(server.add()) {
    buyer = server.buyer("ann", sale.concert);
    const Reply held = server.hold(buyer, sale.performance(), {1});
    REQUIRE(server.charge(buyer, 200'000).status == 201);
    const Reply paid = server.pay(buyer, {held.text("/reservation_id")});
    spent = buyer;
    buyer = server.again(buyer, sale.concert);
    server.services().open_outbox()->attach("webhook");
    stage = {.sale = sale,
             .user = buyer.user,
             .drawn = server.add_drawn(),
             .reservation = server.hold(buyer, sale.performance(), {2}).text("/reservation_id"),
             .payment = paid.text("/payment_id")};
}

DescribedCodes described_codes() {
    const boost::json::value document = boost::json::parse(server::asset("openapi.json").bytes);
    const auto codes_of = [&](const boost::json::value& response) {
        const boost::json::value* target = &response;
        if (const auto* reference = response.as_object().if_contains("$ref")) {
            target = &document.at_pointer(std::string_view(reference->as_string()).substr(1));
        }
        return target->as_object().if_contains("x-codes");
    };
    DescribedCodes codes;
    for (const auto& [path, methods] : document.at("paths").as_object()) {
        for (const auto& [method, operation] : methods.as_object()) {
            if (!operation.is_object() || !operation.as_object().contains("operationId")) continue;
            auto& of = codes[std::string(operation.at("operationId").as_string())];
            for (const auto& [status, response] : operation.at("responses").as_object()) {
                const auto* named = status == "default" ? nullptr : codes_of(response);
                if (named == nullptr) continue;
                for (const auto& code : named->as_array()) of.emplace(code.as_string());
            }
        }
    }
    return codes;
}

}  // namespace concertres::test
