// Commands ask a box office to change something; each names the type of its answer. They say who
// (`user`), with which place of the waiting room (`place`, proven by a token; {} at a concert
// without a room), and what. `concert` is the concert of that place, as its token proves it: a
// place of another concert is refused with token_invalid. Nil: it is not checked, for a host that
// sees to it itself. `key` is the caller's idempotency key: the same user, kind of command and key
// is the same thing, however often it is sent.
//
// A command is refused with nothing changed; the reasons stand in order of precedence. All of them
// may be refused with request_invalid, overloaded, request_timeout, draining, storage_full and
// engine_failed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "concertres/admission.hpp"
#include "concertres/catalog.hpp"
#include "concertres/ids.hpp"
#include "concertres/ledger.hpp"
#include "concertres/money.hpp"
#include "concertres/payment.hpp"
#include "concertres/reservation.hpp"
#include "concertres/seating.hpp"
#include "concertres/time.hpp"

namespace concertres {

// --- Answers -----------------------------------------------------------------------------------

// Where a user stands in a room. Position counts from 1, the next of the place's class to be
// admitted; it is 0 once admitted, and absent for a place that has ended.
struct PlaceView {
    ConcertId concert{};
    UserId user{};
    PlaceNumber number{};
    std::string line_class{};  // its class; empty where the room names none
    TokenStatus status = TokenStatus::waiting;
    bool made = false;  // by this command
    std::optional<std::int64_t> position{};
    std::optional<std::int64_t> ahead{};
    // By what the last minutes of the class were like, from best to worst; `eta` is the middle.
    // Absent rather than guessed: before there is enough to go by, and where nobody is let in just
    // now.
    std::optional<Duration> eta{};
    std::optional<Duration> eta_min{};
    std::optional<Duration> eta_max{};
    Duration poll_after{0};
    std::optional<Time> pass_expires_at{};  // present where the place has a pass, or has had one
    bool latest = true;  // of the user's places at the concert; the others open nothing any more
    SaleState sale = SaleState::open;
    // Of all performances to come. A hold that has just ended counts as held until it is tidied up.
    std::int64_t seats_left = 0;
    std::int64_t seats_held = 0;
    Time now{};
};

struct SeatPrice {
    SeatNumber number = 0;
    std::string label{};  // of a seat of an area: the section's name
    Money price{};
    std::string section{};
};

struct ReservationView {
    ReservationId id{};
    ReservationStatus status = ReservationStatus::held;
    UserId user{};
    ConcertId concert{};
    PerformanceId performance{};
    std::string date{};
    std::vector<SeatPrice> seats{};
    Money total{};
    Time held_until{};
    Duration held_for{0};  // what is left of it
    Time extend_until{};
    std::optional<PaymentId> payment{};
    bool replayed = false;  // it was made by an earlier command with the same key
    Time now{};
};

struct PaidSeat {
    PerformanceId performance{};
    SeatPrice seat{};
};

struct PaymentView {
    PaymentId id{};
    PaymentStatus status = PaymentStatus::completed;
    UserId user{};
    ConcertId concert{};
    std::vector<ReservationId> reservations{};
    std::vector<ReservationId> released{};  // other holds of the pass
    std::vector<PaidSeat> seats{};
    Money amount{};
    Money balance{};  // right after the payment; in the answer to a Refund, right after the refund
    Time paid_at{};   // 0, and the balance too, while nothing has been paid
    std::optional<Time> refunded_at{};
    // The last moment for a Refund; nothing where the concert gives no money back, or has done so.
    std::optional<Time> refundable_until{};
    PaymentStage stage = PaymentStage::none;
    std::string failure{};           // why it failed
    std::string reference{};         // the provider's name for it
    std::optional<Time> begun_at{};  // with money from outside
    bool replayed = false;
    Time now{};
};

// A room's closed loop as it stands. A signal is absent where it is not known.
struct LoopView {
    std::int64_t limit = 0;  // passes that may be live now
    std::optional<double> load{};
    std::optional<Duration> commit_time{};
    std::optional<double> seats_per_pass{};

    friend bool operator==(const LoopView&, const LoopView&) = default;
};

// A concert as it is on sale.
struct ConcertView {
    ConcertId id{};
    std::string title{};
    std::string venue{};
    SaleState sale = SaleState::open;
    std::optional<Time> opens_at{};
    std::optional<RoomPolicy> room{};
    std::int64_t waiting = 0;
    std::vector<std::int64_t> class_waiting{};  // of them, in each class that the room names
    std::int64_t passed_over = 0;  // of them, whose turn came while they were not there
    std::int64_t admitted = 0;     // passes that are live, as of the last tick
    std::optional<LoopView> loop{};
    SeatCounts seats{};  // over all performances, those past included
    std::vector<PerformanceId> performances{};
    Time now{};
};

// A place at a concert, as a token proves it.
struct PlaceAt {
    ConcertId concert{};
    PlaceNumber number{};
};

struct ChargeView {
    TransferId id{};
    UserId user{};
    Money amount{};
    Money balance{};  // right after the charge
    bool replayed = false;
    Time now{};
};

// --- The waiting room --------------------------------------------------------------------------

// Takes a place at the end of a class's line, or finds the one that the user has, which stays in
// the class that it is in. At a concert without a room everybody is admitted with number 0,
// whatever the class. Who may be in which class is the host's to know. Refuses: unknown_concert,
// request_invalid (the room has no such class), room_closed, sold_out (not where there is a waiting
// list), room_full (all three only a new place).
struct Join {
    using Answer = PlaceView;
    ConcertId concert{};
    UserId user{};
    bool again = false;        // a new place, where the latest is spent, expired or left
    std::string line_class{};  // the name of a class of the room; empty: the first
};

// Leaves the line, or gives back the pass and its holds. Once more does no harm.
// Refuses: unknown_concert, token_invalid (no such place of this user).
struct Leave {
    using Answer = PlaceView;
    ConcertId concert{};
    UserId user{};
    PlaceNumber place{};
};

// Admits whoever may go on now; a box office does it by itself every Options::tick. The answer is
// how many were admitted.
// Refuses: unknown_concert.
struct Tick {
    using Answer = std::int64_t;
    ConcertId concert{};
};

// --- Seats -------------------------------------------------------------------------------------

// Holds all of the seats for this user until now + hold_ttl, or none. The user names the seats, or
// leaves the choice to the box office, with `best` (see choose_best). Of areas the user says how
// many, with `areas`, beside or in place of `seats`: up to best_count_max together, each area once.
// Which seats that gave is in the answer; the same key gives the same reservation again, whatever
// would be chosen by then.
// Refuses: idempotency_key_required, unknown_performance, request_invalid (none of `seats`, `areas`
// and `best`, or `best` with another; or what it says is out of range), unknown_seat (also a seat
// of an area named in `seats`, and what is no area in `areas`), token_invalid (`concert` is
// another), key_reused, not_admitted, pass_expired, pass_spent, pass_left, sale_not_open,
// sale_closed, no_seats_match (`best` and `areas`), seat_allotted, seat_blocked, seat_sold,
// seat_held, hold_limit, orphan_seat (`seats`, at a concert that refuses orphans).
struct Hold {
    using Answer = ReservationView;
    UserId user{};
    PlaceNumber place{};
    ConcertId concert{};
    PerformanceId performance{};
    std::vector<SeatNumber> seats{};
    std::string key{};
    std::optional<BestSeats> best{};
    std::vector<AreaSeats> areas{};
};

// Moves the deadline to now + hold_ttl, within extend_until.
// Refuses: unknown_reservation, token_invalid (`concert` is another), not_admitted, pass_expired,
// pass_spent, pass_left, reservation_expired, reservation_released, already_paid,
// reservation_refunded, extend_limit.
struct Extend {
    using Answer = ReservationView;
    UserId user{};
    PlaceNumber place{};
    ConcertId concert{};
    ReservationId reservation{};
};

// Gives the seats back at once. A released reservation is answered as it is.
// Refuses: unknown_reservation, token_invalid (`concert` is another), not_admitted, pass_expired,
// pass_spent, pass_left, reservation_expired, already_paid, reservation_refunded.
struct Release {
    using Answer = ReservationView;
    UserId user{};
    PlaceNumber place{};
    ConcertId concert{};
    ReservationId reservation{};
};

// --- Money -------------------------------------------------------------------------------------

// Puts money into a wallet. Whether the user's pass matters is the host's choice: with `admitted`,
// it must be live. Refuses: idempotency_key_required, amount_invalid, unknown_concert, key_reused,
// not_admitted, pass_expired, pass_spent, pass_left.
struct Charge {
    using Answer = ChargeView;
    UserId user{};
    Money amount{};
    std::string key{};
    std::optional<PlaceAt> admitted{};
};

// Pays for reservations of one concert, all or nothing: the seats are the user's, the pass is
// spent. With a `method` the money comes from outside, and the payment is answered as authorizing:
// a PaymentSettler must run somewhere, which brings it to its end; GetPayment tells how it stands,
// and so does the same command with the same key.
// Refuses: idempotency_key_required, unknown_reservation, request_invalid (they are of two
// concerts), token_invalid (`concert` is another), key_reused, not_admitted, pass_expired,
// pass_spent, pass_left, reservation_expired, reservation_released, already_paid,
// reservation_refunded, payment_pending, insufficient_balance, amount_invalid (with a `method`: it
// is more than fits into a wallet).
struct Pay {
    using Answer = PaymentView;
    UserId user{};
    PlaceNumber place{};
    ConcertId concert{};
    std::vector<ReservationId> reservations{};
    std::string key{};
    std::string
        method{};  // empty: from the wallet. 1 to 255 visible characters: see GatewayPayment
};

// What a provider answered about a payment with money from outside, for whoever calls the provider:
// a PaymentSettler does. What tells nothing new, or comes late, changes nothing; the answer is the
// payment as it then stands.
// Refuses: unknown_payment (also one that has no provider).
struct SettlePayment {
    using Answer = PaymentView;
    PaymentId payment{};
    GatewayAnswer answer{};
};

// Gives the money back, into the wallet, and frees the seats. A refunded payment is answered as it
// is. Refuses: unknown_payment, token_invalid (`concert` is another), payment_pending,
// refund_not_allowed (also one that failed), amount_invalid.
struct Refund {
    using Answer = PaymentView;
    UserId user{};
    ConcertId concert{};
    PaymentId payment{};
};

// --- Operators ---------------------------------------------------------------------------------

// Adds a concert with its seats, whole or not at all.
// Refuses: request_invalid (see check(ConcertDraft)).
struct AddConcert {
    using Answer = ConcertView;
    ConcertDraft draft{};
    std::function<void(std::size_t done, std::size_t total)> progress{};  // on the writer's thread
};

// Opens, pauses, drains or closes a sale, sets its room's policy, or makes a room. Places are kept.
// Refuses: unknown_concert, request_invalid.
struct ChangeSale {
    using Answer = ConcertView;
    ConcertId concert{};
    SaleChange change{};
};

// An operator lets in one who waits, before those who came earlier; never more than the room's
// policy allows at that moment. Names a user, whose latest place it is, or a place. One that is in
// already is answered as it is, and so is everybody at a concert without a room.
// Refuses: request_invalid (both of them or neither; no actor), unknown_concert, unknown_user (no
// such place), pass_expired, pass_spent, pass_left, room_closed (the sale is closed),
// sale_not_open, sold_out, room_full (the policy allows nobody just now).
struct Admit {
    using Answer = PlaceView;
    ConcertId concert{};
    UserId user{};
    PlaceNumber place{};
    std::string actor{};
};

// Ends anybody's hold.
// Refuses: unknown_reservation, reservation_expired, already_paid, reservation_refunded.
struct AdminRelease {
    using Answer = ReservationView;
    ReservationId reservation{};
    std::string actor{};
};

// Takes free seats out of the sale, or puts them back; all or none.
// Refuses: unknown_performance, unknown_seat, seat_sold, seat_held.
struct BlockSeats {
    using Answer = std::int64_t;  // how many changed
    PerformanceId performance{};
    std::vector<SeatNumber> seats{};
    bool blocked = true;
    std::string actor{};
};

}  // namespace concertres
