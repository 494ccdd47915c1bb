// A Payment turns held reservations of one user and concert into ownership: all of them, in one
// commit with the wallet's debit, the sale's credit, the pass that it spends and the other holds
// that it lets go. A refund gives the money back and frees the seats, where the concert allows it.
//
// Money comes from the wallet, or from outside through a provider (payment_gateway.hpp). Then the
// payment is `authorizing` first, and nothing is sold: the holds keep their deadlines, and what the
// provider answers is settled one answer at a time. What it has taken is a charge and a payment in
// one commit, so the wallet ends as it was. A refund of such a payment goes to the wallet as well.
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
#include "concertres/payment_gateway.hpp"
#include "concertres/reservation.hpp"
#include "concertres/result.hpp"
#include "concertres/time.hpp"

namespace concertres {

enum class PaymentStatus : std::uint8_t {
    completed = 1,
    refunded = 2,
    authorizing = 3,  // the provider has yet to take the money; nothing is sold
    failed = 4,       // nothing was sold; what the provider has taken goes back
};
[[nodiscard]] std::string_view payment_status_name(PaymentStatus status) noexcept;

// What is still to be asked of the provider, and answered by it.
enum class PaymentStage : std::uint8_t {
    none = 0,       // there is no provider: the money is the wallet's, or the seats cost nothing
    done = 1,       // nothing any more
    authorize = 2,  // to set the money aside
    capture = 3,    // to take it
    cancel = 4,     // to let go of it; the payment has failed
    refund = 5,     // to give it back; the payment has failed
};
[[nodiscard]] std::string_view payment_stage_name(PaymentStage stage) noexcept;
[[nodiscard]] constexpr bool is_open(PaymentStage stage) { return stage > PaymentStage::done; }

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
    Time paid_at{};  // 0 before
    Time refunded_at{};
    std::uint64_t fingerprint = 0;
    // --- of money from outside
    PaymentStage stage = PaymentStage::none;
    std::string method{};     // see GatewayPayment
    std::string reference{};  // the provider's name for it
    std::string failure{};    // why it failed, for people
    Time begun_at{};

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
    std::string method{};  // begin_payment only
    Time now{};
};
// Without a room there is no pass to spend, and no other hold is let go. Seats that cost nothing
// move no money: such a payment has no transfer. Refuses, first match wins: the pass (as hold),
// check_held (the first of `paid` that is not a live hold), payment_pending (money from outside is
// on its way for one of them, or for another hold of the pass), insufficient_balance (saying what
// is missing). REQUIRES: `paid` is not empty; `paid` and `others` are the user's, of this concert,
// and each stands there once
[[nodiscard]] Result<void> pay(PayRows& rows, const PayFacts& facts);
// The same with money from outside: the payment is authorizing, its reservations name it, and all
// else stays as it is. Seats that cost nothing need no provider: they are paid at once.
// Refuses as pay() does, but with amount_invalid in the place of insufficient_balance: the charge
// would be too large, or would not fit into the wallet.
[[nodiscard]] Result<void> begin_payment(PayRows& rows, const PayFacts& facts);

// A hold, past its time, of what a payment pays for: it is made anew where its seats are free.
struct Renewal {
    ReservationKey row{};
    ReservationId id{};
};
struct SettleRows {
    Payment payment{};
    std::vector<HeldRows> paid{};    // as the payment lists them, before and after
    std::vector<HeldRows> others{};  // the pass's other reservations
    // Reservations past their time that still stand on seats of `paid`, each with all its seats.
    std::vector<HeldRows> dead{};
    std::vector<Reservation> former{};  // that were of `paid` and have been made anew
    std::map<PerformanceKey, PerformanceState> performances{};
    std::map<LimitKey, Limit> limits{};
    Wallet wallet{};
    Standing standing{};
    std::vector<Transfer> transfers{};
    std::vector<Event> events{};

    friend bool operator==(const SettleRows&, const SettleRows&) = default;
};
struct SettleFacts {
    GatewayAnswer answer{};
    TransferId charge{};
    TransferId transfer{};
    std::vector<Renewal> renewals{};  // one for each of `paid`
    SeatLimits limits{};
    Duration hold_ttl{0};  // of what is made anew
    Time now{};
};
// Brings the payment as far as the answer goes. An answer that tells nothing new, or comes late,
// changes nothing, but money that was taken after a failure is owed. False: nothing has changed.
//
// The money is taken where the seats can be sold: each reservation is a live hold, or was one until
// its deadline, and its seats are free and within the user's limits. What is past its deadline is
// then made anew and paid in the same step. Else the payment fails, with a reason, and the money
// goes back, by the provider. The pass is spent where it is still live; what another payment with
// it is on its way for is let go of, like the pass's other holds.
// REQUIRES: the payment has a provider; `paid` is all that it lists; of `dead` none is missing
[[nodiscard]] bool settle(SettleRows& rows, const SettleFacts& facts);

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
// Allowed until refundable_until(). The money goes to the wallet, wherever it came from.
// Refuses: refund_not_allowed (by the concert, or too late), amount_invalid (the wallet is full).
// REQUIRES: payment.status == completed; `paid` is all that it paid for
[[nodiscard]] Result<void> refund(RefundRows& rows, const RefundFacts& facts);

}  // namespace concertres
