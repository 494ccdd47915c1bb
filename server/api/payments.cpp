#include "api/answers.hpp"
#include "api/handlers.hpp"

namespace concertres::server {

namespace {

std::vector<ReservationId> read_reservations(ObjectReader& body, Faults& faults) {
    std::vector<ReservationId> ids;
    if (!body.has("reservation_ids")) {
        if (const auto id = read_id<ReservationId>(body, "reservation_id", faults)) {
            ids.push_back(*id);
        }
        return ids;
    }
    if (body.has("reservation_id")) {
        faults.add(body.path("reservation_id"), "unknown_field",
                   "does not go with reservation_ids");
    }
    const JsonPath path = body.path("reservation_ids");
    const std::size_t most = Options{}.reservations_per_payment;
    const auto* array = body.array("reservation_ids", {.min = 1, .max = most});
    for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
        const auto text = read_text((*array)[i], path.index(i), {.min = 1, .max = 64}, faults);
        if (!text) continue;
        const auto id = ReservationId::parse(*text);
        if (!id) {
            faults.add(path.index(i), "malformed", "must be a UUID");
        } else if (std::ranges::find(ids, *id) != ids.end()) {
            faults.add(path.index(i), "duplicate", "is named more than once");
        } else {
            ids.push_back(*id);
        }
    }
    return ids;
}

// Where the money comes from, if not from the wallet.
std::string read_method(ObjectReader& body, const Services& services, Faults& faults) {
    const auto method = body.text("method", {.min = 1, .max = 255}, Need::optional);
    if (!method) return {};
    const bool is_visible =
        std::ranges::all_of(*method, [](char c) { return c > ' ' && c < '\x7f'; });
    if (!is_visible) {
        faults.add(body.path("method"), "malformed", "must be visible characters of ASCII");
    } else if (!services.settler) {
        faults.add(body.path("method"), "unknown_field",
                   "goes only with a provider of payments, and this sale has none: leave it out to "
                   "pay from the wallet");
    }
    return std::string(*method);
}

void answer_payment(Exchange exchange, int status, const PaymentView& view) {
    std::string body;
    JsonWriter json(body);
    write_payment(json, view, exchange.services().currency);
    if (view.replayed) exchange.add_field("Idempotent-Replayed", "true");
    exchange.answer(status, std::move(body));
}

}  // namespace

void pay(Exchange exchange) {
    Faults faults;
    const std::string_view known[] = {"reservation_id", "reservation_ids", "method"};
    ObjectReader body(exchange.body(), {}, faults, known);
    auto reservations = read_reservations(body, faults);
    auto method = read_method(body, exchange.services(), faults);
    if (!faults.empty()) return exchange.refuse(Problem(faults));
    const TokenClaims& claims = exchange.claims();
    Pay command{.user = claims.user,
                .place = claims.number,
                .concert = claims.concert,
                .reservations = std::move(reservations),
                .key = exchange.key(),
                .method = std::move(method)};
    Exchange::ask_or_refuse(std::move(exchange), std::move(command),
                            [](Exchange asked, const PaymentView& view) {
                                const bool is_paid = view.paid_at != Time{};
                                answer_payment(std::move(asked), is_paid ? 201 : 202, view);
                            });
}

void list_payments(Exchange exchange) {
    const auto page = read_page(exchange);
    if (!page) return exchange.refuse(page.error());
    ListPayments query{.user = exchange.claims().user, .limit = page->limit + 1};
    if (page->cursor) {
        query.before = PaymentId::parse(*page->cursor);
        if (!query.before) {
            return exchange.refuse(
                Problem::of_query("cursor", "malformed", "must be the next_cursor of an answer"));
        }
    }
    Exchange::ask_or_refuse(std::move(exchange), query,
                            [limit = page->limit](Exchange asked, std::vector<PaymentView> views) {
                                const bool more = views.size() > limit;
                                if (more) views.resize(limit);
                                std::string body;
                                JsonWriter json(body);
                                json.begin_object().key("payments").begin_array();
                                for (const PaymentView& view : views) {
                                    write_payment(json, view, asked.services().currency);
                                }
                                json.end_array()
                                    .field("next_cursor",
                                           more ? std::optional(views.back().id) : std::nullopt)
                                    .end_object();
                                asked.answer(200, std::move(body));
                            });
}

void get_payment(Exchange exchange) {
    const auto id = named_payment(exchange);
    if (!id) return;
    const TokenClaims& claims = exchange.claims();
    const GetPayment query{.user = claims.user, .concert = claims.concert, .payment = *id};
    Exchange::ask_or_refuse(std::move(exchange), query,
                            [](Exchange asked, const PaymentView& view) {
                                answer_payment(std::move(asked), 200, view);
                            });
}

void refund_payment(Exchange exchange) {
    const auto id = named_payment(exchange);
    if (!id) return;
    const TokenClaims& claims = exchange.claims();
    const Refund command{.user = claims.user, .concert = claims.concert, .payment = *id};
    Exchange::ask_or_refuse(std::move(exchange), command,
                            [](Exchange asked, const PaymentView& view) {
                                answer_payment(std::move(asked), 200, view);
                            });
}

}  // namespace concertres::server
