// What handlers share: groups of rows that are read together, ids that are derived, and the views
// that answers are made of.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "concertres/commands.hpp"
#include "concertres/error.hpp"
#include "engine/catalog.hpp"
#include "engine/unit_of_work.hpp"

namespace concertres {

// --- Identity ----------------------------------------------------------------------------------

// What a keyed command makes, by who sent it, what it is and its key; and what was asked for.
struct Identity {
    Uuid id;
    std::uint64_t fingerprint = 0;
};
enum class IdentityKind : std::uint8_t {
    reservation = 1,
    charge = 2,
    payment = 3,
    sale = 4,
    refund = 5,
    draw = 6,
    capture = 7,  // the charge with which money from outside comes in
    renewal = 8,  // of a reservation
};

// Refuses: idempotency_key_required (empty), request_invalid (over 255 bytes, or not visible
// ASCII).
[[nodiscard]] std::optional<Error> check_key(std::string_view key);
// `content` is the canonical command, in bytes.
[[nodiscard]] Identity identify(const KeyedHash& hash, IdentityKind kind, const UserId& user,
                                std::string_view key, std::string_view content);
// A second id that follows from a first one.
[[nodiscard]] Uuid follow(const KeyedHash& hash, IdentityKind kind, const Uuid& of);

// The seed of a concert's draw: nobody can tell it who does not know the store's secret, and it is
// the same whenever it is asked for.
[[nodiscard]] DrawSeed draw_seed_of(const KeyedHash& hash, const ConcertId& concert);

// `proven` is the concert that a command's token is of, or nil; what it names is `concert`'s.
// Refuses: token_invalid.
[[nodiscard]] std::optional<Error> check_token(const ConcertId& proven, const Concert& concert);

// The room's line is outside, and the box office was opened without it, or has yet to hear of it.
[[nodiscard]] Error line_outside(const Options& options);
// Of a place that no row tells of, or of another user's.
[[nodiscard]] Error refuse_stranger(const Board& board, const Options& options, ConcertKey concert);

[[nodiscard]] Error key_reused();
[[nodiscard]] Error unknown(Errc code, std::string_view what, const Uuid& id);

// --- Rows that are read together ---------------------------------------------------------------

// True where a row has been read and exists.
template <class Row>
[[nodiscard]] bool exists(Read<Row> row) {
    return row != nullptr && row->has_value();
}

struct StandingRows {
    Read<Sale> sale = nullptr;
    Read<Place> place = nullptr;
    Read<Pass> pass = nullptr;

    void want(UnitOfWork& rows, ConcertKey concert, PlaceNumber number);
    // REQUIRES: all read
    [[nodiscard]] Standing standing() const;
};

// Whoever has the one number cannot have got the other later. Numbers of one epoch say that within
// their class alone.
[[nodiscard]] inline bool is_superseded(PlaceNumber number, PlaceNumber by) {
    return by.epoch() > number.epoch() ||
           (by.epoch() == number.epoch() && by.line_class() == number.line_class() && by >= number);
}

// Writes who it is that storage hears of for the first time, as the pass or the leaving of one who
// stood in a line outside goes into it. REQUIRES: `user` is read
void put_outsider(UnitOfWork& rows, Read<User> user, Place& place);

// The lines of a room.
struct LineRows {
    std::vector<Read<Line>> rows;  // one for each class

    void want(UnitOfWork& rows_of, const Sale& sale);
    [[nodiscard]] bool is_read() const;
    // Those that somebody has joined, and the first class's. REQUIRES: all read
    [[nodiscard]] std::vector<Line> lines() const;
    // Writes those of `lines` that are not as they were read. REQUIRES: all read
    void put_changed(UnitOfWork& rows_of, std::span<const Line> lines) const;
};

// A reservation and the seats that it names.
struct ReservationRows {
    Read<Reservation> reservation = nullptr;
    std::vector<Read<Seat>> seats;

    void want(UnitOfWork& rows, ReservationKey key);
    // REQUIRES: all read
    [[nodiscard]] HeldRows held() const;
};
void put(UnitOfWork& rows, const HeldRows& held);

// The limits of one user, and the states of performances, that reservations touch.
struct TouchedRows {
    std::map<PerformanceKey, Read<PerformanceState>> performances;
    std::map<LimitKey, Read<Limit>> limits;

    void want(UnitOfWork& rows, const Reservation& reservation);
    [[nodiscard]] std::map<PerformanceKey, PerformanceState> performance_states() const;
    [[nodiscard]] std::map<LimitKey, Limit> user_limits() const;
};
// The row, or an empty one of that key.
[[nodiscard]] Limit limit_or_empty(Read<Limit> row, UserKey user, std::int64_t scope);
[[nodiscard]] Wallet wallet_or_empty(Read<Wallet> row, UserKey user);
template <class Map>
void put_all(UnitOfWork& rows, Map& values) {
    for (auto& [key, value] : values) rows.put(std::move(value));
}

// --- Views -------------------------------------------------------------------------------------

// Until then a reservation may only name the payment that is on its way.
[[nodiscard]] inline bool is_paid_for(const Reservation& reservation) {
    return reservation.status == ReservationStatus::paid ||
           reservation.status == ReservationStatus::refunded;
}

[[nodiscard]] ReservationView view_of(const Catalog& catalog, const Reservation& reservation,
                                      std::optional<PaymentId> payment, Time now);
// `paid` and `released` are the payment's reservations, in its order.
[[nodiscard]] PaymentView view_of(const Catalog& catalog, const Payment& payment,
                                  std::span<const Reservation> paid,
                                  std::span<const Reservation> released, Time now);

// The reservations that a payment names, for its view.
struct PaymentRows {
    Read<Payment> payment = nullptr;
    std::vector<ReservationRows> paid;
    std::vector<Read<Reservation>> released;

    void want(UnitOfWork& rows, PaymentKey key);
    // REQUIRES: all read, and there is one
    [[nodiscard]] PaymentView view(const Catalog& catalog, Time now) const;
};

}  // namespace concertres
