#include "engine/handlers/common.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/bytes.hpp"
#include "concertres/token.hpp"

namespace concertres {

std::optional<Error> check_key(std::string_view key) {
    if (key.empty()) {
        return Error{Errc::idempotency_key_required,
                     "an idempotency key is required: 1 to 255 visible characters, the same for "
                     "every attempt at one thing",
                     {}};
    }
    const bool visible = std::ranges::all_of(key, [](char c) { return c > ' ' && c < '\x7f'; });
    if (key.size() > 255 || !visible) {
        return Error{Errc::request_invalid,
                     "the idempotency key must be 1 to 255 visible ASCII characters",
                     {}};
    }
    return std::nullopt;
}

Identity identify(const KeyedHash& hash, IdentityKind kind, const UserId& user,
                  std::string_view key, std::string_view content) {
    std::string bytes;
    bytes.reserve(32 + std::max(key.size(), content.size()));
    bytes.push_back(static_cast<char>(kind));
    bytes.append(reinterpret_cast<const char*>(user.uuid.bytes.data()), 16);
    const std::size_t prefix = bytes.size();
    bytes.append(key);
    Identity identity;
    identity.id = Uuid{hash(bytes)};
    bytes.resize(prefix);
    // A key is never empty and has no byte 0, so this input is no other command's id.
    bytes.push_back('\0');
    bytes.append(content);
    const auto digest = hash(bytes);
    std::memcpy(&identity.fingerprint, digest.data(), sizeof identity.fingerprint);
    // Storage keeps it as a signed integer, and 0 stands for none.
    identity.fingerprint = (identity.fingerprint & INT64_MAX) | 1;
    return identity;
}

Uuid follow(const KeyedHash& hash, IdentityKind kind, const Uuid& of) {
    std::string bytes(1, static_cast<char>(kind));
    bytes.append(reinterpret_cast<const char*>(of.bytes.data()), 16);
    return Uuid{hash(bytes)};
}

DrawSeed draw_seed_of(const KeyedHash& hash, const ConcertId& concert) {
    return follow(hash, IdentityKind::draw, concert.uuid).bytes;
}

std::optional<Error> check_token(const ConcertId& proven, const Concert& concert) {
    if (proven.is_nil() || proven == concert.id) return std::nullopt;
    return token_refusal();
}

Error line_outside(const Options& options) {
    std::string detail = "the line of this waiting room is kept outside of the store, ";
    detail += options.line ? "and this box office has only just heard of it; try again shortly"
                           : "and this box office was opened without it (Options::line)";
    return {Errc::storage_unavailable, std::move(detail), {}};
}

Error refuse_stranger(const Board& board, const Options& options, ConcertKey concert) {
    const bool is_missing = !options.line && board.outside(concert);
    return is_missing ? line_outside(options) : token_refusal();
}

Error key_reused() {
    return {Errc::key_reused,
            "this idempotency key belongs to an earlier command with other content: use a new key "
            "for a new command",
            {}};
}

Error unknown(Errc code, std::string_view what, const Uuid& id) {
    return {code, fmt::format("there is no {} {}", what, id.to_string()), {}};
}

void StandingRows::want(UnitOfWork& rows, ConcertKey concert, PlaceNumber number) {
    *this = {};
    sale = rows.want<Sale>(concert);
    // Before it is known whether there is a room: mostly there is. Both in one round, in which the
    // place is read first: were it read after the pass, another instance could admit in between,
    // and there would be neither a pass nor a place that waits.
    if (number != PlaceNumber{}) {
        (void)rows.want<Place>({concert, number});
        (void)rows.want<Pass>({concert, number});
    }
    if (!exists(sale) || !(*sale)->room) return;
    pass = rows.want<Pass>({concert, number});
    // Without a pass the place tells whether one may still come.
    if (pass != nullptr && !*pass) place = rows.want<Place>({concert, number});
}

Standing StandingRows::standing() const {
    CONCERTRES_ASSERT(exists(sale));
    Standing standing;
    standing.has_room = (*sale)->room.has_value();
    if (place != nullptr) standing.place = *place;
    if (pass != nullptr) standing.pass = *pass;
    return standing;
}

void put_outsider(UnitOfWork& rows, Read<User> user, Place& place) {
    place.user = rows.user_key(user);
    if (!*user) rows.put(User{place.user_id, place.user});
    rows.put(Member{.concert = place.concert, .user = place.user, .latest = place.number});
}

void LineRows::want(UnitOfWork& rows_of, const Sale& sale) {
    CONCERTRES_ASSERT(sale.room.has_value());
    const auto classes = std::max<std::size_t>(sale.room->classes.size(), 1);
    rows.clear();
    for (std::size_t i = 0; i < classes; ++i) {
        rows.push_back(rows_of.want<Line>({sale.concert, static_cast<LineClass>(i)}));
    }
}

bool LineRows::is_read() const {
    return std::ranges::none_of(rows, [](Read<Line> row) { return row == nullptr; });
}

std::vector<Line> LineRows::lines() const {
    std::vector<Line> lines;
    for (const auto row : rows) {
        if (*row) lines.push_back(**row);
    }
    return lines;
}

void LineRows::put_changed(UnitOfWork& rows_of, std::span<const Line> lines) const {
    for (const Line& line : lines) {
        const auto row = rows.at(static_cast<std::size_t>(line.line_class));
        if (**row != line) rows_of.put(line);
    }
}

void ReservationRows::want(UnitOfWork& rows, ReservationKey key) {
    reservation = rows.want<Reservation>(key);
    seats.clear();
    if (!exists(reservation)) return;
    const Reservation& found = **reservation;
    for (const ReservedSeat& seat : found.seats) {
        seats.push_back(rows.want<Seat>({found.performance, seat.number}));
    }
}

HeldRows ReservationRows::held() const {
    CONCERTRES_ASSERT(exists(reservation));
    HeldRows held{**reservation, {}};
    held.seats.reserve(seats.size());
    for (const auto seat : seats) {
        CONCERTRES_ASSERT(exists(seat));
        held.seats.push_back(**seat);
    }
    return held;
}

void put(UnitOfWork& rows, const HeldRows& held) {
    rows.put(held.reservation);
    for (const Seat& seat : held.seats) rows.put(seat);
}

void TouchedRows::want(UnitOfWork& rows, const Reservation& reservation) {
    performances[reservation.performance] = rows.want<PerformanceState>(reservation.performance);
    for (const std::int64_t scope : {reservation.performance.value, reservation.concert.value}) {
        const LimitKey key{reservation.user, scope};
        limits[key] = rows.want<Limit>(key);
    }
}

std::map<PerformanceKey, PerformanceState> TouchedRows::performance_states() const {
    std::map<PerformanceKey, PerformanceState> states;
    for (const auto& [key, row] : performances) {
        CONCERTRES_ASSERT(exists(row));
        states.emplace(key, **row);
    }
    return states;
}

std::map<LimitKey, Limit> TouchedRows::user_limits() const {
    std::map<LimitKey, Limit> found;
    for (const auto& [key, row] : limits) {
        found.emplace(key, limit_or_empty(row, key.user, key.scope));
    }
    return found;
}

Limit limit_or_empty(Read<Limit> row, UserKey user, std::int64_t scope) {
    if (exists(row)) return **row;
    return {.user = user, .scope = scope, .paid = 0, .held = {}};
}

Wallet wallet_or_empty(Read<Wallet> row, UserKey user) {
    if (exists(row)) return **row;
    return {.user = user, .balance = {}};
}

namespace {

SeatPrice priced(const CatalogConcert& concert, const ReservedSeat& seat) {
    const HallSeat* at = concert.seat(seat.number);
    CONCERTRES_ASSERT(at != nullptr);
    return {seat.number, label_of(*at), seat.price, at->section};
}

}  // namespace

ReservationView view_of(const Catalog& catalog, const Reservation& reservation,
                        std::optional<PaymentId> payment, Time now) {
    const CatalogPerformance& at = catalog.at(reservation.performance);
    ReservationView view;
    view.id = reservation.id;
    view.status = reservation.status_at(now);
    view.user = reservation.user_id;
    view.concert = at.concert->concert.id;
    view.performance = at.performance.id;
    view.date = at.performance.date;
    for (const ReservedSeat& seat : reservation.seats) {
        view.seats.push_back(priced(*at.concert, seat));
    }
    view.total = reservation.total;
    view.held_until = reservation.held_until;
    if (view.status == ReservationStatus::held) view.held_for = reservation.held_until - now;
    view.extend_until = reservation.extend_until;
    view.payment = payment;
    view.now = now;
    return view;
}

PaymentView view_of(const Catalog& catalog, const Payment& payment,
                    std::span<const Reservation> paid, std::span<const Reservation> released,
                    Time now) {
    const Concert& concert = catalog.at(payment.concert).concert;
    PaymentView view;
    view.id = payment.id;
    view.status = payment.status;
    view.user = payment.user_id;
    view.concert = concert.id;
    Time first_starts_at = Time::max();
    for (const Reservation& reservation : paid) {
        const CatalogPerformance& at = catalog.at(reservation.performance);
        first_starts_at = std::min(first_starts_at, at.performance.starts_at);
        view.reservations.push_back(reservation.id);
        for (const ReservedSeat& seat : reservation.seats) {
            view.seats.push_back({at.performance.id, priced(*at.concert, seat)});
        }
    }
    for (const Reservation& reservation : released) view.released.push_back(reservation.id);
    view.amount = payment.amount;
    view.balance = payment.balance_after;
    view.paid_at = payment.paid_at;
    view.stage = payment.stage;
    view.failure = payment.failure;
    view.reference = payment.reference;
    if (payment.stage != PaymentStage::none) view.begun_at = payment.begun_at;
    if (payment.status == PaymentStatus::refunded) {
        view.refunded_at = payment.refunded_at;
    } else if (payment.status == PaymentStatus::completed) {
        view.refundable_until = refundable_until(concert.refunds, first_starts_at);
    }
    view.now = now;
    return view;
}

void PaymentRows::want(UnitOfWork& rows, PaymentKey key) {
    payment = rows.want<Payment>(key);
    paid.clear();
    released.clear();
    if (!exists(payment)) return;
    for (const ReservationKey reservation : (*payment)->reservations) {
        paid.emplace_back().want(rows, reservation);
    }
    for (const ReservationKey reservation : (*payment)->released) {
        released.push_back(rows.want<Reservation>(reservation));
    }
}

PaymentView PaymentRows::view(const Catalog& catalog, Time now) const {
    std::vector<Reservation> of_paid;
    of_paid.reserve(paid.size());
    for (const ReservationRows& row : paid) of_paid.push_back(**row.reservation);
    std::vector<Reservation> of_released;
    of_released.reserve(released.size());
    for (const auto row : released) of_released.push_back(**row);
    return view_of(catalog, **payment, of_paid, of_released, now);
}

}  // namespace concertres
