// Tickets, and the keys that the door checks them with.
#include "api/answers.hpp"
#include "api/handlers.hpp"
#include "base/base64url.hpp"

namespace concertres::server {

namespace {

std::string_view text_of(const std::array<std::uint8_t, 32>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void write_date(JsonWriter& json, const TicketDate& date) {
    json.begin_object()
        .field("performance_id", date.performance)
        .field("date", local_date(date.starts_at, date.utc_offset))
        .field("starts_at", to_rfc3339(date.starts_at, date.utc_offset))
        .key("seats")
        .begin_array();
    for (const TicketSeat& seat : date.seats) {
        json.begin_object().field("number", seat.number).field("label", seat.label);
        if (!seat.section.empty()) json.field("section", seat.section);
        json.end_object();
    }
    json.end_array().end_object();
}

}  // namespace

std::string ticket_json(const SignedTicket& issued) {
    const Ticket& ticket = issued.ticket;
    std::string body;
    JsonWriter json(body);
    json.begin_object()
        .field("ticket", issued.text)
        .field("key_id", std::int64_t{issued.key_id})
        .field("payment_id", ticket.payment)
        .field("concert_id", ticket.concert)
        .field("issued_at", ticket.issued_at)
        .key("dates")
        .begin_array();
    for (const TicketDate& date : ticket.dates) write_date(json, date);
    json.end_array().end_object();
    return body;
}

std::string ticket_keys_json(const std::vector<TicketPublicKey>& keys) {
    std::string body;
    JsonWriter json(body);
    json.begin_object().key("keys").begin_array();
    for (const TicketPublicKey& key : keys) {
        json.begin_object()
            .field("key_id", std::int64_t{key.id})
            .field("algorithm", "Ed25519")
            .field("public_key", encode_base64url(text_of(key.bytes)))
            .end_object();
    }
    json.end_array().end_object();
    return body;
}

void get_ticket(Exchange exchange) {
    const auto id = named_payment(exchange);
    if (!id) return;
    const TokenClaims& claims = exchange.claims();
    const GetPayment query{.user = claims.user, .concert = claims.concert, .payment = *id};
    Exchange::ask_or_refuse(std::move(exchange), query,
                            [](Exchange asked, const PaymentView& view) {
                                const auto issued = asked.office().ticket(view);
                                if (!issued) return asked.refuse(issued.error());
                                asked.answer(200, ticket_json(*issued));
                            });
}

void get_ticket_keys(Exchange exchange) {
    exchange.answer(200, ticket_keys_json(exchange.office().ticket_keys()));
}

}  // namespace concertres::server
