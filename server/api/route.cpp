#include "api/route.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "api/handlers.hpp"

namespace concertres::server {

namespace {

using http::Method;

constexpr auto routes = std::to_array<Route>({
    // --- the waiting room
    {.method = Method::get,
     .path = "/v1/concerts",
     .operation = "listConcerts",
     .access = Access::open,
     .handle = list_concerts},
    {.method = Method::get,
     .path = "/v1/concerts/{concert_id}/draw",
     .operation = "getDraw",
     .access = Access::open,
     .handle = get_draw},
    {.method = Method::post,
     .path = "/v1/concerts/{concert_id}/tokens",
     .operation = "askForToken",
     .access = Access::vouched,
     .handle = ask_for_token,
     .takes_body = true},
    {.method = Method::get,
     .path = "/v1/tokens/current",
     .operation = "getToken",
     .access = Access::token,
     .handle = get_token,
     .query = {"last"}},
    {.method = Method::get,
     .path = "/v1/tokens/current/events",
     .operation = "followToken",
     .access = Access::token,
     .handle = follow_token,
     .takes_cookie = true,
     .query = {"concert_id"}},
    {.method = Method::del,
     .path = "/v1/tokens/current",
     .operation = "leave",
     .access = Access::token,
     .handle = leave},

    // --- dates and seats
    {.method = Method::get,
     .path = "/v1/concerts/{concert_id}/dates",
     .operation = "listDates",
     .access = Access::admitted,
     .handle = list_dates,
     .query = {"status"}},
    {.method = Method::get,
     .path = "/v1/concerts/{concert_id}/dates/{date}/seats",
     .operation = "listSeatsOfDate",
     .access = Access::admitted,
     .handle = list_seats_of_date,
     .query = {"status"}},
    {.method = Method::get,
     .path = "/v1/performances/{performance_id}/seats",
     .operation = "listSeats",
     .access = Access::admitted,
     .handle = list_seats,
     .query = {"status"}},

    // --- reservations
    {.method = Method::post,
     .path = "/v1/reservations",
     .operation = "reserve",
     .access = Access::admitted,
     .handle = reserve,
     .takes_body = true,
     .takes_key = true},
    {.method = Method::get,
     .path = "/v1/reservations",
     .operation = "listReservations",
     .access = Access::token,
     .handle = list_reservations,
     .query = {"limit", "cursor"}},
    {.method = Method::get,
     .path = "/v1/reservations/{reservation_id}",
     .operation = "getReservation",
     .access = Access::token,
     .handle = get_reservation},
    {.method = Method::post,
     .path = "/v1/reservations/{reservation_id}/extend",
     .operation = "extendReservation",
     .access = Access::admitted,
     .handle = extend_reservation},
    {.method = Method::del,
     .path = "/v1/reservations/{reservation_id}",
     .operation = "releaseReservation",
     .access = Access::admitted,
     .handle = release_reservation},

    // --- the wallet
    {.method = Method::get,
     .path = "/v1/users/{user_id}/wallet",
     .operation = "getWallet",
     .access = Access::wallet_read,
     .handle = get_wallet},
    {.method = Method::post,
     .path = "/v1/users/{user_id}/wallet/charges",
     .operation = "chargeWallet",
     .access = Access::wallet_write,
     .handle = charge_wallet,
     .takes_body = true,
     .takes_key = true},
    {.method = Method::get,
     .path = "/v1/users/{user_id}/wallet/transfers",
     .operation = "listTransfers",
     .access = Access::wallet_read,
     .handle = list_transfers,
     .query = {"limit", "cursor"}},

    // --- payments
    {.method = Method::post,
     .path = "/v1/payments",
     .operation = "pay",
     .access = Access::admitted,
     .handle = pay,
     .takes_body = true,
     .takes_key = true},
    {.method = Method::get,
     .path = "/v1/payments",
     .operation = "listPayments",
     .access = Access::token,
     .handle = list_payments,
     .query = {"limit", "cursor"}},
    {.method = Method::get,
     .path = "/v1/payments/{payment_id}",
     .operation = "getPayment",
     .access = Access::token,
     .handle = get_payment},
    {.method = Method::get,
     .path = "/v1/payments/{payment_id}/ticket",
     .operation = "getTicket",
     .access = Access::token,
     .handle = get_ticket},
    {.method = Method::post,
     .path = "/v1/payments/{payment_id}/refund",
     .operation = "refundPayment",
     .access = Access::token,
     .handle = refund_payment},
    {.method = Method::get,
     .path = "/v1/ticket-keys",
     .operation = "getTicketKeys",
     .access = Access::open,
     .handle = get_ticket_keys,
     .side = Side::both},

    // --- the server itself
    {.method = Method::get,
     .path = "/",
     .operation = "getPage",
     .access = Access::open,
     .handle = get_page,
     .side = Side::both},
    {.method = Method::get,
     .path = "/web/{file}",
     .operation = "getPagePart",
     .access = Access::open,
     .handle = get_page_part,
     .side = Side::both},
    {.method = Method::get,
     .path = "/web/console/{file}",
     .operation = "getConsolePart",
     .access = Access::open,
     .handle = get_console_part,
     .side = Side::operators},
    {.method = Method::get,
     .path = "/docs",
     .operation = "getStartPage",
     .access = Access::open,
     .handle = get_start_page,
     .side = Side::both},
    {.method = Method::get,
     .path = "/web/docs/{file}",
     .operation = "getDocsPart",
     .access = Access::open,
     .handle = get_docs_part,
     .side = Side::both},
    {.method = Method::get,
     .path = "/openapi.json",
     .operation = "getDescription",
     .access = Access::open,
     .handle = get_description,
     .side = Side::both},
    {.method = Method::get,
     .path = "/livez",
     .operation = "getLiveness",
     .access = Access::open,
     .handle = get_liveness,
     .side = Side::both},
    {.method = Method::get,
     .path = "/readyz",
     .operation = "getReadiness",
     .access = Access::open,
     .handle = get_readiness,
     .side = Side::both,
     .query = {"verbose"}},

    // --- operators
    {.method = Method::get,
     .path = "/metrics",
     .operation = "getMetrics",
     .access = Access::admin,
     .handle = get_metrics,
     .side = Side::operators},
    {.method = Method::get,
     .path = "/admin/v1/concerts",
     .operation = "listConcertsForOperators",
     .access = Access::admin,
     .handle = list_concerts,
     .side = Side::operators},
    {.method = Method::post,
     .path = "/admin/v1/concerts",
     .operation = "addConcert",
     .access = Access::admin,
     .handle = add_concert,
     .takes_body = true,
     .is_import = true,
     .side = Side::operators},
    {.method = Method::get,
     .path = "/admin/v1/concerts/{concert_id}/room",
     .operation = "getRoom",
     .access = Access::admin,
     .handle = get_room,
     .side = Side::operators},
    {.method = Method::patch,
     .path = "/admin/v1/concerts/{concert_id}/room",
     .operation = "changeRoom",
     .access = Access::admin,
     .handle = change_room,
     .takes_body = true,
     .side = Side::operators},
    {.method = Method::post,
     .path = "/admin/v1/concerts/{concert_id}/admit",
     .operation = "admitByHand",
     .access = Access::admin,
     .handle = admit_by_hand,
     .takes_body = true,
     .side = Side::operators},
    {.method = Method::put,
     .path = "/admin/v1/concerts/{concert_id}/load",
     .operation = "reportLoad",
     .access = Access::admin,
     .handle = report_load,
     .takes_body = true,
     .side = Side::operators},
    {.method = Method::get,
     .path = "/admin/v1/concerts/{concert_id}/draw",
     .operation = "exportDraw",
     .access = Access::admin,
     .handle = export_draw,
     .side = Side::operators,
     .query = {"limit", "cursor"}},
    {.method = Method::get,
     .path = "/admin/v1/concerts/{concert_id}/report",
     .operation = "getReport",
     .access = Access::admin,
     .handle = get_report,
     .side = Side::operators},
    {.method = Method::get,
     .path = "/admin/v1/concerts/{concert_id}/sales.csv",
     .operation = "exportSales",
     .access = Access::admin,
     .handle = export_sales,
     .side = Side::operators},
    {.method = Method::get,
     .path = "/admin/v1/concerts/{concert_id}/events.csv",
     .operation = "exportEvents",
     .access = Access::admin,
     .handle = export_events,
     .side = Side::operators},
    {.method = Method::get,
     .path = "/admin/v1/performances/{performance_id}/seats",
     .operation = "listSeatsForOperators",
     .access = Access::admin,
     .handle = list_seats_for_operators,
     .side = Side::operators,
     .query = {"status"}},
    {.method = Method::post,
     .path = "/admin/v1/performances/{performance_id}/block",
     .operation = "blockSeats",
     .access = Access::admin,
     .handle = block_seats,
     .takes_body = true,
     .side = Side::operators},
    {.method = Method::post,
     .path = "/admin/v1/reservations/{reservation_id}/release",
     .operation = "releaseAnybodys",
     .access = Access::admin,
     .handle = release_anybodys,
     .side = Side::operators},
    {.method = Method::get,
     .path = "/admin/v1/explain/{id}",
     .operation = "explain",
     .access = Access::admin,
     .handle = explain,
     .side = Side::operators,
     .query = {"seat", "place", "limit"}},
    {.method = Method::post,
     .path = "/admin/v1/backup",
     .operation = "backup",
     .access = Access::admin,
     .handle = back_up,
     .takes_body = true,
     .side = Side::operators},
    {.method = Method::post,
     .path = "/admin/v1/audit",
     .operation = "audit",
     .access = Access::admin,
     .handle = audit_store,
     .side = Side::operators},
    {.method = Method::get,
     .path = "/admin/v1/sinks",
     .operation = "listSinks",
     .access = Access::admin,
     .handle = list_sinks,
     .side = Side::operators},
    {.method = Method::post,
     .path = "/admin/v1/sinks/{sink}/enable",
     .operation = "enableSink",
     .access = Access::admin,
     .handle = enable_sink,
     .side = Side::operators},
});

// Takes the first segment off `path`, which begins with a slash.
std::string_view take_segment(std::string_view& path) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    return segment;
}

bool matches(std::string_view pattern, std::string_view path, PathParameters& parameters) {
    std::size_t taken = 0;
    while (!pattern.empty() && !path.empty()) {
        const std::string_view expected = take_segment(pattern);
        const std::string_view segment = take_segment(path);
        if (expected.starts_with('{')) {
            if (segment.empty()) return false;
            parameters[taken++] = segment;
        } else if (expected != segment) {
            return false;
        }
    }
    return pattern.empty() && path.empty();
}

bool serves(const Route& route, Side side) {
    return route.side == side || route.side == Side::both;
}

// By path: "GET, HEAD, POST", made once.
std::string_view allowed_at(Side side, std::string_view pattern) {
    static const auto made = [] {
        std::map<std::pair<Side, std::string_view>, std::string> all;
        for (const Side of : {Side::buyers, Side::operators}) {
            for (const Route& route : routes) {
                if (!serves(route, of)) continue;
                std::string& text = all[{of, route.path}];
                if (!text.empty()) text += ", ";
                text += http::method_name(route.method);
                if (route.method == Method::get) text += ", HEAD";
            }
        }
        return all;
    }();
    return made.at({side, pattern});
}

}  // namespace

std::span<const Route> all_routes() { return routes; }

RouteMatch match_route(Side side, http::Method method, std::string_view path) {
    const Method wanted = method == Method::head ? Method::get : method;
    RouteMatch match;
    if (!path.starts_with('/')) return match;
    for (const Route& route : routes) {
        PathParameters parameters{};
        if (!serves(route, side) || !matches(route.path, path, parameters)) continue;
        if (route.method == wanted) {
            return {.route = &route, .parameters = parameters, .allowed = {}};
        }
        match.allowed = allowed_at(side, route.path);
    }
    return match;
}

}  // namespace concertres::server
