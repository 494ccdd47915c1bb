// An Error says why a command was refused: a code that programs compare, and a sentence for people
// that names what is wrong. A refusal had no effect.
//
//   if (!r) log(code_name(r.error().code), r.error().detail);
//
// The numbers are written out by family (1xx request, 2xx queue, 3xx seat, 4xx wallet, 5xx payment,
// 9xx engine) and never reused. The snake_case name is the same in C++, in JSON and in metrics.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace concertres {

enum class Errc : std::uint16_t {
    // 1xx: the request
    request_invalid = 101,
    idempotency_key_required = 102,
    key_reused = 103,
    token_required = 110,
    token_invalid = 111,
    unknown_concert = 120,
    unknown_performance = 121,
    unknown_user = 122,
    date_ambiguous = 123,

    // 2xx: the queue and the sale
    not_admitted = 201,
    pass_expired = 202,
    pass_spent = 203,
    pass_left = 204,
    room_closed = 210,
    room_full = 211,
    sale_not_open = 212,
    sale_closed = 213,
    sold_out = 214,
    unknown_draw = 220,

    // 3xx: seats and reservations
    unknown_seat = 301,
    unknown_reservation = 302,
    seat_blocked = 310,
    seat_sold = 311,
    seat_held = 312,
    hold_limit = 313,
    no_seats_match = 314,
    orphan_seat = 315,
    seat_allotted = 316,
    reservation_expired = 320,
    reservation_released = 321,
    reservation_refunded = 322,
    already_paid = 323,
    extend_limit = 324,

    // 4xx: the wallet
    amount_invalid = 401,
    insufficient_balance = 402,
    currency_mismatch = 403,

    // 5xx: payments
    unknown_payment = 501,
    refund_not_allowed = 502,
    payment_pending = 503,

    // 9xx: the engine and its storage
    internal = 900,
    overloaded = 901,
    request_timeout = 902,
    draining = 903,
    storage_full = 904,
    storage_unavailable = 905,
    gateway_unavailable = 908,
    engine_failed = 906,
    clock_jumped = 907,
};

// What a caller may do about an error; the server maps each kind to one status.
enum class ErrorKind : std::uint8_t {
    invalid,       // the request is wrong; sending it again changes nothing
    unauthorized,  // who calls is not known
    forbidden,     // the caller's pass does not open this now
    not_found,     // no such thing, or not the caller's
    conflict,      // the state of things does not allow it
    payment,       // money is missing
    key_reused,    // the idempotency key belongs to another command
    unavailable,   // not now; try again later
    fault,         // a bug in this library
};

[[nodiscard]] ErrorKind kind_of(Errc code) noexcept;
[[nodiscard]] std::string_view code_name(Errc code) noexcept;
[[nodiscard]] const std::vector<Errc>& all_codes();

// What is wrong at one place of a document. `code` is a word such as missing, unknown_field,
// wrong_type, out_of_range.
struct Fault {
    std::string pointer{};  // RFC 6901: "/zones/0/name"; "" for the whole document
    std::string code{};
    std::string detail{};
};

struct Error {
    Errc code = Errc::internal;
    std::string detail{};
    // The seat numbers concerned, where the refusal is about seats.
    std::vector<std::int32_t> seats{};
    // Where a document was read, or a room changed: what is wrong with it, place by place; the
    // first 20.
    std::vector<Fault> faults{};
};

}  // namespace concertres
