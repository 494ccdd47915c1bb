// Queries look at what is committed and change nothing. They run on the writer between two groups,
// so a query sees every command that was answered before it was sent. GetPlace, GetConcert,
// GetDraw, GetPerformance and FindPerformance can be answered from memory on the caller's own
// thread as well (BoxOffice::place, concert, draw, performance, find), so that a crowd may ask.
// operations.hpp has those that operators ask.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "concertres/commands.hpp"
#include "concertres/draw.hpp"
#include "concertres/event.hpp"
#include "concertres/ids.hpp"
#include "concertres/ledger.hpp"
#include "concertres/seat.hpp"
#include "concertres/time.hpp"

namespace concertres {

// A performance as it was added; nothing of it ever changes.
struct PerformanceView {
    PerformanceId id{};
    ConcertId concert{};
    Time starts_at{};
    std::chrono::minutes utc_offset{0};
    std::string date{};
    std::int64_t seats_total = 0;
};

struct DateView {
    PerformanceId performance{};
    std::string date{};
    Time starts_at{};
    std::chrono::minutes utc_offset{0};
    std::int64_t seats_total = 0;
    std::int64_t seats_available = 0;
};

struct SeatView {
    SeatNumber number = 0;
    std::string label{};
    std::string section{};
    std::string row{};
    double x = 0;
    double y = 0;
    Money price{};
    SeatStatus status = SeatStatus::free;
    std::optional<Time> held_until{};  // of a seat that is held
    bool general = false;              // of an area
    // The class of the room in whose allotment it is; empty: in none. Whether the allotment is kept
    // (RoomClass) may change.
    std::string allotted_to{};
};

// How many seats of an area are in each state; a hold past its time counts as free.
struct AreaView {
    std::string section{};
    Money price{};  // of each seat
    SeatCounts seats{};
    std::string allotted_to{};  // as of a seat
};

struct SeatsView {
    PerformanceId performance{};
    std::string date{};
    Stream stream{};            // whose events tell what changes
    std::int64_t revision = 0;  // its last event
    std::vector<SeatView> seats{};
    std::vector<AreaView> areas{};  // of the hall, in the plan's order
    Time now{};
};

// One line of those that were drawn.
struct DrawnLine {
    std::string name{};  // of its class
    Drawn drawn{};

    friend bool operator==(const DrawnLine&, const DrawnLine&) = default;
};
// A room's draw, as everybody may see it. The seed is shown once it is drawn; of zeros before.
struct DrawView {
    ConcertId concert{};
    DrawCommitment commitment{};
    std::optional<Time> opens_at{};
    std::optional<Time> drawn_at{};
    std::vector<DrawnLine> lines{};  // by class, the first always; none before the draw
    DrawSeed seed{};
    Time now{};

    // The draw that this number was in, if it was in any. Lifetime: of this view.
    [[nodiscard]] const Drawn* covering(PlaceNumber number) const;
};

struct WalletView {
    UserId user{};
    Money balance{};
    Time now{};
};

// Where the user stands. `last` is the position that the caller was told last: a position never
// grows. `confirm`: before what only those who are in may do; a line outside may still have one who
// was let in by another instance just now, and storage is asked too.
// Refuses: unknown_concert, token_invalid (there is no such place, or it is another user's).
struct GetPlace {
    using Answer = PlaceView;
    ConcertId concert{};
    UserId user{};
    PlaceNumber place{};
    std::optional<std::int64_t> last{};
    bool confirm = false;
};

struct ListConcerts {
    using Answer = std::vector<ConcertView>;
};

// Refuses: unknown_concert.
struct GetConcert {
    using Answer = ConcertView;
    ConcertId concert{};
};

// Refuses: unknown_concert, unknown_draw (it has none).
struct GetDraw {
    using Answer = DrawView;
    ConcertId concert{};
};

// Dates that have not started, by start; with `all`, sold-out ones too.
// Refuses: unknown_concert.
struct ListDates {
    using Answer = std::vector<DateView>;
    ConcertId concert{};
    bool all = false;
};

// The seats of one date, by number: those that can be held now, or all. Seats of areas are counted,
// and listed one by one only with `general`.
// Refuses: unknown_performance.
struct ListSeats {
    using Answer = SeatsView;
    PerformanceId performance{};
    bool all = false;
    bool general = false;
};

// The performance on a local date.
// Refuses: unknown_concert, unknown_performance, date_ambiguous (two on that date; the detail lists
// them).
struct FindPerformance {
    using Answer = PerformanceId;
    ConcertId concert{};
    std::string date{};
};

// Refuses: unknown_performance.
struct GetPerformance {
    using Answer = PerformanceView;
    PerformanceId performance{};
};

// `concert`: as in commands.hpp.
// Refuses: unknown_reservation (also another user's), token_invalid (`concert` is another).
struct GetReservation {
    using Answer = ReservationView;
    UserId user{};
    ConcertId concert{};
    ReservationId reservation{};
};

// Lists are newest first; `before` is the last one of the page before.
struct ListReservations {
    using Answer = std::vector<ReservationView>;
    UserId user{};
    std::optional<ReservationId> before{};
    std::size_t limit = 100;
};

// Refuses: unknown_payment (also another user's), token_invalid (`concert` is another).
struct GetPayment {
    using Answer = PaymentView;
    UserId user{};
    ConcertId concert{};
    PaymentId payment{};
};

struct ListPayments {
    using Answer = std::vector<PaymentView>;
    UserId user{};
    std::optional<PaymentId> before{};
    std::size_t limit = 100;
};

// A payment that is still to be settled with its provider.
struct OpenPayment {
    PaymentKey row{};
    PaymentId id{};
    PaymentStage stage = PaymentStage::authorize;
    Money amount{};
    std::string method{};
    Time begun_at{};

    friend bool operator==(const OpenPayment&, const OpenPayment&) = default;
};

// Everybody's, in the order in which they began, after one of them. For a PaymentSettler.
struct ListOpenPayments {
    using Answer = std::vector<OpenPayment>;
    PaymentKey after{};
    std::size_t limit = 100;
};

// A user without a wallet has a balance of 0.
struct GetWallet {
    using Answer = WalletView;
    UserId user{};
};

// A wallet's statement; `before` is a transfer's number.
struct ListTransfers {
    using Answer = std::vector<Transfer>;
    UserId user{};
    std::optional<std::int64_t> before{};
    std::size_t limit = 100;
};

// The events of a performance, a wallet or a room (one of the three is named), above number
// `after`. Refuses: request_invalid (none or several named), unknown_performance, unknown_user,
// unknown_concert.
struct ListEvents {
    using Answer = std::vector<Event>;
    std::optional<PerformanceId> performance{};
    std::optional<UserId> wallet{};
    std::optional<ConcertId> room{};
    std::int64_t after = 0;
    std::size_t limit = 100;
};

}  // namespace concertres
