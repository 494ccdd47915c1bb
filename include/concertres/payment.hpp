// A Payment turns held reservations of one user and concert into ownership: all of them, in one
// commit with the wallet's debit, the sale's credit, the pass that it spends and the other holds
// that it lets go. A refund gives the money back and frees the seats, where the concert allows it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "concertres/admission.hpp"
#include "concertres/ids.hpp"
#include "concertres/ledger.hpp"
#include "concertres/money.hpp"
#include "concertres/reservation.hpp"
#include "concertres/result.hpp"
#include "concertres/time.hpp"

namespace concertres {

enum class PaymentStatus : std::uint8_t { completed = 1, refunded = 2 };
[[nodiscard]] std::string_view payment_status_name(PaymentStatus status) noexcept;

struct Payment {
    PaymentKey row{};
    PaymentId id{};
    UserKey user{};
    UserId user_id{};
    ConcertKey concert{};
    PlaceNumber place{};
    std::vector<ReservationKey> reservations{};
    std::vector<ReservationKey> released{};  // other holds of the same pass, let go by this payment
    Money amount{};
    Money balance_after{};  // right after the payment
    PaymentStatus status = PaymentStatus::completed;
    Time paid_at{};
    Time refunded_at{};
    std::uint64_t fingerprint = 0;

    friend bool operator==(const Payment&, const Payment&) = default;

    [[nodiscard]] PaymentKey key() const { return row; }
};

struct PayRows {
    std::vector<HeldRows> paid{};                               // as the command lists them
    std::vector<HeldRows> others{};                             // the pass's other reservations
    std::map<PerformanceKey, PerformanceState> performances{};  // of all of these
    std::map<LimitKey, Limit> limits{};                         // the user's, for all of these
    Wallet wallet{};
    Standing standing{};
    std::optional<Payment> made{};
    std::vector<Transfer> transfers{};
    std::vector<Event> events{};

    friend bool operator==(const PayRows&, const PayRows&) = default;
};
struct PayFacts {
    PaymentKey row{};
    PaymentId id{};
    TransferId transfer{};
    UserKey user{};
    UserId user_id{};
    ConcertKey concert{};
    PlaceNumber place{};
    std::uint64_t fingerprint = 0;
    Time now{};
};
// Without a room there is no pass to spend, and no other hold is let go. Seats that cost nothing
// move no money: such a payment has no transfer. Refuses, first match wins: the pass (as hold),
// check_held (the first of `paid` that is not a live hold), insufficient_balance (saying what is
// missing). REQUIRES: `paid` is not empty; `paid` and `others` are the user's, of this concert, and
// each stands there once
[[nodiscard]] Result<void> pay(PayRows& rows, const PayFacts& facts);

struct RefundRows {
    Payment payment{};
    std::vector<HeldRows> paid{};
    std::map<PerformanceKey, PerformanceState> performances{};
    std::map<LimitKey, Limit> limits{};
    Wallet wallet{};
    std::vector<Transfer> transfers{};
    std::vector<Event> events{};

    friend bool operator==(const RefundRows&, const RefundRows&) = default;
};
struct RefundFacts {
    TransferId transfer{};
    RefundPolicy policy{};
    Time first_starts_at{};  // of the earliest performance paid for
    Time now{};
};
// The last moment at which a payment may be refunded; nothing where the concert gives no money
// back.
[[nodiscard]] std::optional<Time> refundable_until(const RefundPolicy& policy,
                                                   Time first_starts_at);
// Allowed until refundable_until().
// Refuses: refund_not_allowed (by the concert, or too late), amount_invalid (the wallet is full).
// REQUIRES: payment.status == completed; `paid` is all that it paid for
[[nodiscard]] Result<void> refund(RefundRows& rows, const RefundFacts& facts);

}  // namespace concertres
