// An Event is a committed fact. The events of a store are its audit trail and its outbox at once:
// they are written in the same commit as the change that they tell of, numbered without gaps within
// their stream, and never changed. They carry public ids only, so a reader needs no other table.
//
// A stream belongs to a performance (its seats, reservations and payments), a wallet (its money) or
// a room (its draw, admissions, passes that end, operators). There is no order between streams.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/draw.hpp"
#include "concertres/ids.hpp"
#include "concertres/money.hpp"
#include "concertres/result.hpp"
#include "concertres/time.hpp"

namespace concertres {

enum class StreamKind : std::uint8_t { performance = 1, wallet = 2, room = 3 };

// "performance", "wallet" or "room".
[[nodiscard]] std::string_view stream_name(StreamKind kind) noexcept;

// `owner` is the PerformanceKey, UserKey or ConcertKey, by kind.
struct Stream {
    StreamKind kind = StreamKind::performance;
    std::int64_t owner = 0;

    friend auto operator<=>(const Stream&, const Stream&) = default;
};

enum class EventKind : std::uint8_t {
    reservation_held = 1,
    reservation_extended = 2,
    reservation_released = 3,
    reservation_expired = 4,
    payment_completed = 10,
    payment_refunded = 11,
    payment_authorizing = 12,
    payment_failed = 13,
    seats_blocked = 20,
    seats_unblocked = 21,
    wallet_charged = 30,
    wallet_paid = 31,
    wallet_refunded = 32,
    pass_admitted = 40,
    pass_expired = 41,
    pass_left = 42,
    sale_changed = 50,
    room_drawn = 51,
};

// "reservation.held", "payment.completed", ...
[[nodiscard]] std::string_view event_name(EventKind kind) noexcept;

// What an event says of one reservation.
struct EventItem {
    ReservationId reservation{};
    std::vector<SeatNumber> seats{};

    friend bool operator==(const EventItem&, const EventItem&) = default;
};

// What the draw of one line came to: whoever has this can work out its order.
struct EventDraw {
    DrawSeed seed{};
    LineClass line_class = 0;
    std::int64_t epoch = 0;
    std::int64_t size = 0;

    friend bool operator==(const EventDraw&, const EventDraw&) = default;
};

// Fields that a kind does not use stay empty, and are not written.
struct Event {
    Stream stream{};
    std::int64_t number = 0;  // from 1, without gaps
    EventKind kind = EventKind::reservation_held;
    Time at{};
    UserId user{};
    PlaceNumber place{};
    PaymentId payment{};  // also the cause, when a payment releases other holds
    TransferId transfer{};
    std::vector<EventItem> items{};
    Money amount{};
    Money balance{};  // after the movement
    Time until{};     // the hold's deadline
    // What a hold or extension made of the pass; of a payment, when it was spent.
    Time pass_expires_at{};
    std::string actor{};   // the operator, where it was one; of an admission: it was by hand
    std::string detail{};  // what an operator set; why a payment failed
    std::optional<EventDraw> draw{};

    friend bool operator==(const Event&, const Event&) = default;
};

// The event's facts as one JSON object with keys in a fixed order: what storage keeps, and what its
// checksum is taken over.
[[nodiscard]] std::string encode(const Event& event);
// Reads what encode wrote into the fields that it holds; stream, number, kind and time are kept
// beside it. Nothing if it is not such an object.
[[nodiscard]] bool decode(std::string_view json, Event& event);
// CRC-32C over stream, number, kind, time and the encoded facts.
[[nodiscard]] std::uint32_t checksum(const Event& event, std::string_view encoded);

}  // namespace concertres
