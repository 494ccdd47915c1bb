// One function for each route; route.cpp says which. They read what the request names, ask the box
// office, and write what it says. Who may ask has been checked before, as far as the route's Access
// says.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "api/exchange.hpp"

namespace concertres::server {

// waiting_room.cpp
void list_concerts(Exchange exchange);
void ask_for_token(Exchange exchange);
void get_token(Exchange exchange);
void follow_token(Exchange exchange);
void leave(Exchange exchange);

// draw.cpp
void get_draw(Exchange exchange);
void export_draw(Exchange exchange);

// dates.cpp
void list_dates(Exchange exchange);
void list_seats_of_date(Exchange exchange);
void list_seats(Exchange exchange);
void list_seats_for_operators(Exchange exchange);

// reservations.cpp
void reserve(Exchange exchange);
void list_reservations(Exchange exchange);
void get_reservation(Exchange exchange);
void extend_reservation(Exchange exchange);
void release_reservation(Exchange exchange);

// wallet.cpp
void get_wallet(Exchange exchange);
void charge_wallet(Exchange exchange);
void list_transfers(Exchange exchange);

// payments.cpp
void pay(Exchange exchange);
void list_payments(Exchange exchange);
void get_payment(Exchange exchange);
void refund_payment(Exchange exchange);

// tickets.cpp
void get_ticket(Exchange exchange);
void get_ticket_keys(Exchange exchange);

// page.cpp
void get_page(Exchange exchange);
void get_page_part(Exchange exchange);
void get_console_part(Exchange exchange);
void get_docs_part(Exchange exchange);
void get_description(Exchange exchange);

// system.cpp
void get_start_page(Exchange exchange);
void get_liveness(Exchange exchange);
void get_readiness(Exchange exchange);
void get_metrics(Exchange exchange);

// admin.cpp
void add_concert(Exchange exchange);
void get_room(Exchange exchange);
void change_room(Exchange exchange);
void admit_by_hand(Exchange exchange);
void report_load(Exchange exchange);
void get_report(Exchange exchange);
void release_anybodys(Exchange exchange);
void block_seats(Exchange exchange);
void explain(Exchange exchange);
void back_up(Exchange exchange);
void audit_store(Exchange exchange);

// sinks.cpp
void list_sinks(Exchange exchange);
void enable_sink(Exchange exchange);

// exports.cpp
void export_sales(Exchange exchange);
void export_events(Exchange exchange);

// --- What several of them do (common.cpp) ------------------------------------------------------

// Where the token's place stands; from memory at once where it waits or is in.
void find_place(Exchange exchange, std::function<void(Exchange, Result<PlaceView>)> then);
// Goes on where the token's place has a live pass; else refuses with what became of it.
void require_admitted(Exchange exchange, std::function<void(Exchange)> then);
// Goes on where the caller may look at this wallet.
void require_wallet_reader(Exchange exchange, std::function<void(Exchange, UserId)> then);

// Who says to act, for the record; nothing, and then it has been refused.
[[nodiscard]] std::optional<std::string> actor_of(Exchange& exchange);
// The concert that the path names first; nothing, and then it has been refused.
[[nodiscard]] std::optional<ConcertId> named_concert(Exchange& exchange);

// The payment that the path names first; nothing, and then it has been refused.
[[nodiscard]] std::optional<PaymentId> named_payment(Exchange& exchange);

// Fields of an answer that is a page: it loads and calls only what is of this server, and in files
// of its own, and tells nobody where it was.
void add_page_fields(Exchange& exchange);

// Whether an answer may be packed by gzip.
[[nodiscard]] bool takes_gzip(const http::Request& request);
// Whether the client has that answer already, packed or not.
[[nodiscard]] bool has_etag(const http::Request& request, std::string_view etag);
// Packed it is another sequence of bytes that says the same: its ETag is a weak one.
[[nodiscard]] std::string etag_of_packed(std::string_view etag);
// An answer that many share, packed for who takes it so; 304 where the client has it already.
void answer_shared(Exchange exchange, Result<Snapshot> snapshot);

// The page that the query's `limit` and `cursor` ask for. Refuses: request_invalid.
struct PageQuery {
    std::size_t limit = 0;
    std::optional<std::string> cursor{};
};
[[nodiscard]] Result<PageQuery> read_page(const Exchange& exchange);
inline constexpr std::size_t page_default = 50;
inline constexpr std::size_t page_max = 500;

// `all` of ?status=; refuses what is neither "all" nor "available". Refuses: request_invalid.
[[nodiscard]] Result<bool> read_status(const Exchange& exchange);

// The numbers in `seats` of the body, each once: more than anybody may have, and as many as an
// operator changes at a time.
inline constexpr std::size_t named_seats_max = 1'000;
[[nodiscard]] std::vector<SeatNumber> read_seats(ObjectReader& body, Faults& faults);

// An id of the body; adds a fault where it is absent or none.
template <class IdType>
std::optional<IdType> read_id(ObjectReader& body, std::string_view name, Faults& faults,
                              Need need = Need::required) {
    const auto text = body.text(name, {.min = 1, .max = 64}, need);
    if (!text) return std::nullopt;
    const auto id = IdType::parse(*text);
    if (!id) faults.add(body.path(name), "malformed", "must be a UUID");
    return id;
}

}  // namespace concertres::server
