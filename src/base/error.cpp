#include "concertres/error.hpp"

namespace concertres {
namespace {

struct Row {
    ErrorKind kind = ErrorKind::fault;
    std::string_view name = "unknown";
};

// The one table. It is a switch without a default, so that the compiler names a code that it lacks,
// and the macro takes the name from the enumerator, so that the two cannot differ.
constexpr Row row_of(Errc code) noexcept {
#define CONCERTRES_ROW(name, kind) \
    case Errc::name:               \
        return Row { ErrorKind::kind, #name }
    switch (code) {
        CONCERTRES_ROW(request_invalid, invalid);
        CONCERTRES_ROW(idempotency_key_required, invalid);
        CONCERTRES_ROW(key_reused, key_reused);
        CONCERTRES_ROW(token_required, unauthorized);
        CONCERTRES_ROW(token_invalid, unauthorized);
        CONCERTRES_ROW(unknown_concert, not_found);
        CONCERTRES_ROW(unknown_performance, not_found);
        CONCERTRES_ROW(unknown_user, not_found);
        CONCERTRES_ROW(date_ambiguous, conflict);

        CONCERTRES_ROW(not_admitted, forbidden);
        CONCERTRES_ROW(pass_expired, forbidden);
        CONCERTRES_ROW(pass_spent, forbidden);
        CONCERTRES_ROW(pass_left, forbidden);
        CONCERTRES_ROW(room_closed, conflict);
        CONCERTRES_ROW(room_full, conflict);
        CONCERTRES_ROW(sale_not_open, conflict);
        CONCERTRES_ROW(sale_closed, conflict);
        CONCERTRES_ROW(sold_out, conflict);
        CONCERTRES_ROW(unknown_draw, not_found);

        CONCERTRES_ROW(unknown_seat, not_found);
        CONCERTRES_ROW(unknown_reservation, not_found);
        CONCERTRES_ROW(seat_blocked, conflict);
        CONCERTRES_ROW(seat_sold, conflict);
        CONCERTRES_ROW(seat_held, conflict);
        CONCERTRES_ROW(hold_limit, conflict);
        CONCERTRES_ROW(no_seats_match, conflict);
        CONCERTRES_ROW(orphan_seat, conflict);
        CONCERTRES_ROW(seat_allotted, conflict);
        CONCERTRES_ROW(reservation_expired, conflict);
        CONCERTRES_ROW(reservation_released, conflict);
        CONCERTRES_ROW(reservation_refunded, conflict);
        CONCERTRES_ROW(already_paid, conflict);
        CONCERTRES_ROW(extend_limit, conflict);

        CONCERTRES_ROW(amount_invalid, invalid);
        CONCERTRES_ROW(insufficient_balance, payment);
        CONCERTRES_ROW(currency_mismatch, conflict);

        CONCERTRES_ROW(unknown_payment, not_found);
        CONCERTRES_ROW(refund_not_allowed, conflict);
        CONCERTRES_ROW(payment_pending, conflict);

        CONCERTRES_ROW(internal, fault);
        CONCERTRES_ROW(overloaded, unavailable);
        CONCERTRES_ROW(request_timeout, unavailable);
        CONCERTRES_ROW(draining, unavailable);
        CONCERTRES_ROW(storage_full, unavailable);
        CONCERTRES_ROW(storage_unavailable, unavailable);
        CONCERTRES_ROW(gateway_unavailable, unavailable);
        CONCERTRES_ROW(engine_failed, unavailable);
        CONCERTRES_ROW(clock_jumped, unavailable);
    }
#undef CONCERTRES_ROW
    // A number that this version does not know, read from storage that a later one wrote.
    return {};
}

constexpr int code_max = 999;

}  // namespace

ErrorKind kind_of(Errc code) noexcept { return row_of(code).kind; }

std::string_view code_name(Errc code) noexcept { return row_of(code).name; }

const std::vector<Errc>& all_codes() {
    static const std::vector<Errc> codes = [] {
        std::vector<Errc> found;
        for (int number = 0; number <= code_max; ++number) {
            const auto code = static_cast<Errc>(number);
            if (row_of(code).name != Row{}.name) found.push_back(code);
        }
        return found;
    }();
    return codes;
}

}  // namespace concertres
