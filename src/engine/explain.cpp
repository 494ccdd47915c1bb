#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "engine/handlers/common.hpp"
#include "engine/slices.hpp"

namespace concertres {

namespace {

bool names(const Event& event, const ReservationId& reservation) {
    return std::ranges::any_of(
        event.items, [&](const EventItem& item) { return item.reservation == reservation; });
}

bool names(const Event& event, SeatNumber seat) {
    return std::ranges::any_of(event.items, [&](const EventItem& item) {
        return std::ranges::find(item.seats, seat) != item.seats.end();
    });
}

bool is_earlier(const ToldEvent& a, const ToldEvent& b) {
    return std::tie(a.event.at, a.event.stream, a.event.number) <
           std::tie(b.event.at, b.event.stream, b.event.number);
}

// --- The row that an id names ------------------------------------------------------------------

template <class Name, class Row>
std::optional<Row> row_named(const QueryContext& at, const Uuid& id) {
    Read<Name> name = nullptr;
    Read<Row> row = nullptr;
    at.read([&](UnitOfWork& rows) {
        name = rows.want<Name>({id});
        if (exists(name)) row = rows.want<Row>((*name)->named);
    });
    return exists(row) ? *row : std::nullopt;
}

template <class Row>
std::optional<Row> row_of(const QueryContext& at, const KeyOf<Row>& key) {
    Read<Row> row = nullptr;
    at.read([&](UnitOfWork& rows) { row = rows.want<Row>(key); });
    return *row;
}

// --- How things stand, in words ----------------------------------------------------------------

std::string words_of(const SeatCounts& seats) {
    return fmt::format("{} seats are free, {} held, {} sold, {} blocked", seats.free, seats.held,
                       seats.sold, seats.blocked);
}

std::string words_of(const Reservation& reservation, const std::optional<Payment>& payment,
                     Time now) {
    const ReservationStatus status = reservation.status_at(now);
    std::string words(reservation_status_name(status));
    if (status == ReservationStatus::held || status == ReservationStatus::expired) {
        const char* until = status == ReservationStatus::held ? "until" : "since";
        words += fmt::format(" {} {}", until, to_rfc3339(reservation.held_until));
    }
    if (payment) words += fmt::format(", payment {}", payment->id.to_string());
    std::vector<SeatNumber> seats;
    seats.reserve(reservation.seats.size());
    for (const ReservedSeat& seat : reservation.seats) seats.push_back(seat.number);
    return fmt::format("{}; seats {} for {}, user {}", words, fmt::join(seats, ", "),
                       reservation.total.minor, reservation.user_id.to_string());
}

std::string words_of(const Payment& payment) {
    const bool is_paid =
        payment.status == PaymentStatus::completed || payment.status == PaymentStatus::refunded;
    std::string words = is_paid
                            ? fmt::format("{} at {}", payment_status_name(PaymentStatus::completed),
                                          to_rfc3339(payment.paid_at))
                            : std::string(payment_status_name(payment.status));
    if (payment.stage != PaymentStage::none) {
        words += fmt::format(", begun at {}, with its provider: {}", to_rfc3339(payment.begun_at),
                             payment_stage_name(payment.stage));
    }
    if (!payment.failure.empty()) words += fmt::format(" ({})", payment.failure);
    if (payment.status == PaymentStatus::refunded) {
        words += fmt::format(", {} at {}", payment_status_name(PaymentStatus::refunded),
                             to_rfc3339(payment.refunded_at));
    }
    return fmt::format("{}; {} by user {}", words, payment.amount.minor,
                       payment.user_id.to_string());
}

std::string words_of(const Transfer& transfer) {
    const char* kind = transfer.kind == TransferKind::charge    ? "charge"
                       : transfer.kind == TransferKind::payment ? "payment"
                                                                : "refund";
    return fmt::format("{} of {} at {}; the wallet held {} after it", kind, transfer.amount.minor,
                       to_rfc3339(transfer.at), transfer.balance_after.minor);
}

std::string words_of(const Standing& standing, const UserId& user, Time now) {
    std::string words(token_status_name(status_of(standing, now)));
    if (standing.pass) {
        words += fmt::format("; admitted at {}, the pass ends or ended at {}",
                             to_rfc3339(standing.pass->admitted_at),
                             to_rfc3339(standing.pass->expires_at));
    }
    return fmt::format("{}; user {}", words, user.to_string());
}

}  // namespace

std::string_view explained_name(ExplainedKind kind) noexcept {
    switch (kind) {
        case ExplainedKind::concert:
            return "concert";
        case ExplainedKind::performance:
            return "performance";
        case ExplainedKind::seat:
            return "seat";
        case ExplainedKind::place:
            return "place";
        case ExplainedKind::reservation:
            return "reservation";
        case ExplainedKind::payment:
            return "payment";
        case ExplainedKind::transfer:
            return "transfer";
        case ExplainedKind::user:
            return "user";
    }
    return "unknown";
}

// --- Slices ------------------------------------------------------------------------------------

std::optional<Result<Explanation>> Slices<Explain>::step(const QueryContext& at) {
    if (!identified_) {
        if (auto refused = identify(at)) return std::move(*refused);
        identified_ = true;
    } else if (reservations_of_) {
        read_reservations(at);
    } else {
        read_events(at);
    }
    if (reservations_of_ || !streams_.empty()) return std::nullopt;
    std::ranges::sort(found_.events, is_earlier);
    keep_newest();
    return std::move(found_);
}

void Slices<Explain>::read_reservations(const QueryContext& at) {
    const auto page = at.storage->reservations(reservations_of_, before_, rows_per_slice);
    for (const Reservation& reservation : page) {
        if (leads_(reservation)) add(at.catalog->at(reservation.performance));
    }
    if (page.size() < rows_per_slice) {
        reservations_of_ = {};
    } else {
        before_ = page.back().row;
    }
}

void Slices<Explain>::read_events(const QueryContext& at) {
    const ToRead& reading = streams_.back();
    auto page = at.storage->events(reading.stream, after_, rows_per_slice);
    const bool is_last = page.size() < rows_per_slice;
    if (!page.empty()) after_ = page.back().number;
    for (Event& event : page) {
        if (!concerns_(event)) continue;
        const bool is_by_hand = event.kind == EventKind::pass_admitted && !event.actor.empty();
        if (is_by_hand && found_.kind == ExplainedKind::place) {
            found_.state += fmt::format("; let in by hand, by {}", event.actor);
        }
        ++found_.total;
        found_.events.push_back({std::move(event), reading.owner});
    }
    // What is kept stays within a few pages, however long the streams are.
    if (found_.events.size() >= 2 * limit_ + rows_per_slice) {
        const auto newest = found_.events.end() - static_cast<std::ptrdiff_t>(limit_);
        std::ranges::nth_element(found_.events, newest, is_earlier);
        keep_newest();
    }
    if (!is_last) return;
    streams_.pop_back();
    after_ = 0;
}

// REQUIRES: the newest stand last
void Slices<Explain>::keep_newest() {
    if (found_.events.size() <= limit_) return;
    found_.events.erase(found_.events.begin(),
                        found_.events.end() - static_cast<std::ptrdiff_t>(limit_));
}

void Slices<Explain>::add(const CatalogPerformance& performance) {
    const PerformanceKey key = performance.performance.key;
    if (!performances_.insert(key).second) return;
    streams_.push_back({{StreamKind::performance, key.value}, performance.performance.id.uuid});
}

// --- What it is --------------------------------------------------------------------------------

std::optional<Error> Slices<Explain>::identify(const QueryContext& at) {
    if (query_.seat && query_.place) {
        return Error{Errc::request_invalid, "name a seat or a place, not both", {}};
    }
    limit_ = std::clamp<std::size_t>(query_.limit, 1, at.options->page_max);
    found_.id = query_.id;
    found_.now = at.now();
    const Uuid& id = query_.id;
    const CatalogConcert* concert = at.catalog->find(ConcertId{id});
    const CatalogPerformance* performance = at.catalog->find(PerformanceId{id});
    if (query_.seat) {
        if (performance != nullptr) return begin_seat(at, *performance);
        return unknown(Errc::unknown_performance, "performance", id);
    }
    if (query_.place) {
        if (concert != nullptr) return begin_place(at, *concert);
        return unknown(Errc::unknown_concert, "concert", id);
    }
    if (concert != nullptr) {
        begin(at, *concert);
    } else if (performance != nullptr) {
        begin(at, *performance);
    } else if (const auto reservation = row_named<ReservationName, Reservation>(at, id)) {
        begin(at, *reservation);
    } else if (const auto payment = row_named<PaymentName, Payment>(at, id)) {
        begin(at, *payment);
    } else if (const auto transfer = row_of<Transfer>(at, {id})) {
        begin(at, *transfer);
    } else if (const auto user = row_of<User>(at, {id})) {
        begin(at, *user);
    } else {
        return unknown(Errc::unknown_user,
                       "concert, performance, reservation, payment, transfer or user with the id",
                       id);
    }
    return std::nullopt;
}

std::optional<Error> Slices<Explain>::begin_seat(const QueryContext& at,
                                                 const CatalogPerformance& performance) {
    const HallSeat* hall = performance.concert->seat(*query_.seat);
    if (hall == nullptr) {
        return Error{Errc::unknown_seat,
                     fmt::format("this hall has no seat {}", *query_.seat),
                     {*query_.seat}};
    }
    const auto seat = row_of<Seat>(at, {performance.performance.key, *query_.seat});
    CONCERTRES_ASSERT(seat.has_value());
    found_.kind = ExplainedKind::seat;
    const SeatStatus status = seat->status_at(found_.now);
    if (status == SeatStatus::held || status == SeatStatus::sold) {
        const auto by = row_of<Reservation>(at, seat->reservation);
        CONCERTRES_ASSERT(by.has_value());
        found_.state = fmt::format("{} by user {}, reservation {}",
                                   status == SeatStatus::held ? "held" : "bought",
                                   by->user_id.to_string(), by->id.to_string());
    } else {
        found_.state = status == SeatStatus::free ? "free" : "blocked by an operator";
    }
    if (hall->general) found_.state += fmt::format("; of the area \"{}\"", hall->section);
    add(performance);
    concerns_ = [number = *query_.seat](const Event& event) { return names(event, number); };
    return std::nullopt;
}

std::optional<Error> Slices<Explain>::begin_place(const QueryContext& at,
                                                  const CatalogConcert& concert) {
    const PlaceNumber number = *query_.place;
    const ConcertKey key = concert.concert.key;
    StandingRows rows_of_place;
    at.read([&](UnitOfWork& rows) { rows_of_place.want(rows, key, number); });
    const Standing standing = rows_of_place.standing();
    if (!standing.pass && !standing.place) {
        return Error{Errc::unknown_user,
                     fmt::format("nobody has had the place {} in the room of concert {}",
                                 number.value, query_.id.to_string()),
                     {}};
    }
    const UserId user = standing.pass ? standing.pass->user_id : standing.place->user_id;
    found_.kind = ExplainedKind::place;
    found_.state = words_of(standing, user, found_.now);
    // Where there is a pass the standing does not have the place.
    const auto place = row_of<Place>(at, {key, number});
    CONCERTRES_ASSERT(place.has_value());
    if (place->passed_at) {
        found_.state += fmt::format("; passed over at {}{}", to_rfc3339(*place->passed_at),
                                    place->is_lost() ? ", and lost: nobody came back in time" : "");
    }
    const auto room = at.board->view(concert, found_.now).room;
    const auto line_class = static_cast<std::size_t>(number.line_class());
    CONCERTRES_ASSERT(room.has_value());
    if (line_class < room->classes.size()) {
        found_.state += fmt::format("; in class {}", room->classes[line_class].name);
    }
    const auto draw = at.board->draw(concert, found_.now);
    const Drawn* drawn = draw ? draw->covering(number) : nullptr;
    if (drawn != nullptr) {
        const std::int64_t rank = Draw(draw->seed, *drawn).rank_of(number.sequence());
        found_.state += fmt::format("; drawn as number {} of {}", rank + 1, drawn->size);
    }
    // The event of its own line's draw tells of it.
    const bool is_drawn = drawn != nullptr;
    streams_.push_back({{StreamKind::room, key.value}, query_.id});
    reservations_of_ = standing.pass ? standing.pass->user : standing.place->user;
    leads_ = [=](const Reservation& reservation) {
        return reservation.concert == key && reservation.place == number;
    };
    concerns_ = [=](const Event& event) {
        return event.place == number ||
               (is_drawn && event.draw && event.draw->line_class == number.line_class());
    };
    return std::nullopt;
}

void Slices<Explain>::begin(const QueryContext& at, const CatalogConcert& concert) {
    const ConcertView view = at.board->view(concert, found_.now);
    found_.kind = ExplainedKind::concert;
    found_.state = fmt::format("the sale is {}; {} wait, {} are in; {}", sale_name(view.sale),
                               view.waiting, view.admitted, words_of(view.seats));
    if (view.passed_over > 0) {
        found_.state += fmt::format("; {} of those who wait were passed over", view.passed_over);
    }
    if (view.loop) {
        found_.state += fmt::format("; the closed loop allows {} at once", view.loop->limit);
    }
    streams_.push_back({{StreamKind::room, concert.concert.key.value}, query_.id});
    concerns_ = [](const Event&) { return true; };
}

void Slices<Explain>::begin(const QueryContext& at, const CatalogPerformance& performance) {
    const auto state = row_of<PerformanceState>(at, performance.performance.key);
    CONCERTRES_ASSERT(state.has_value());
    found_.kind = ExplainedKind::performance;
    found_.state = words_of(state->counts);
    add(performance);
    concerns_ = [](const Event&) { return true; };
}

void Slices<Explain>::begin(const QueryContext& at, const Reservation& reservation) {
    const auto payment =
        reservation.payment ? row_of<Payment>(at, reservation.payment) : std::nullopt;
    found_.kind = ExplainedKind::reservation;
    found_.state = words_of(reservation, payment, found_.now);
    add(at.catalog->at(reservation.performance));
    if (payment) {
        streams_.push_back(
            {{StreamKind::wallet, reservation.user.value}, reservation.user_id.uuid});
    }
    concerns_ = [id = reservation.id,
                 paid = payment ? payment->id : PaymentId{}](const Event& event) {
        // In the wallet it is the payment that tells; other reservations of it are others' story.
        return event.stream.kind == StreamKind::wallet ? event.payment == paid : names(event, id);
    };
}

void Slices<Explain>::add_streams_of(const QueryContext& at, const Payment& payment) {
    for (const auto* list : {&payment.reservations, &payment.released}) {
        for (const ReservationKey key : *list) {
            const auto reservation = row_of<Reservation>(at, key);
            CONCERTRES_ASSERT(reservation.has_value());
            add(at.catalog->at(reservation->performance));
        }
    }
}

void Slices<Explain>::begin(const QueryContext& at, const Payment& payment) {
    found_.kind = ExplainedKind::payment;
    found_.state = words_of(payment);
    add_streams_of(at, payment);
    streams_.push_back({{StreamKind::wallet, payment.user.value}, payment.user_id.uuid});
    concerns_ = [id = payment.id](const Event& event) { return event.payment == id; };
}

void Slices<Explain>::begin(const QueryContext& at, const Transfer& transfer) {
    found_.kind = ExplainedKind::transfer;
    found_.state = words_of(transfer);
    // A wallet's events are numbered as its transfers are, and tell whose it is.
    const Stream wallet{StreamKind::wallet, transfer.wallet.value};
    const auto events = at.storage->events(wallet, transfer.number - 1, 1);
    CONCERTRES_ASSERT(!events.empty());
    streams_.push_back({wallet, events.front().user.uuid});
    if (!transfer.reference.is_nil()) {
        const auto payment = row_named<PaymentName, Payment>(at, transfer.reference.uuid);
        CONCERTRES_ASSERT(payment.has_value());
        add_streams_of(at, *payment);
    }
    concerns_ = [id = transfer.id](const Event& event) { return event.transfer == id; };
}

void Slices<Explain>::begin(const QueryContext& at, const User& user) {
    const auto wallet = row_of<Wallet>(at, user.user);
    found_.kind = ExplainedKind::user;
    found_.state = fmt::format("the wallet holds {}", wallet ? wallet->balance.minor : 0);
    streams_.push_back({{StreamKind::wallet, user.user.value}, user.id.uuid});
    const auto concerts = at.catalog->all();
    std::vector<Read<Member>> members;
    at.read([&](UnitOfWork& rows) {
        members.clear();
        for (const CatalogConcert* concert : concerts) {
            members.push_back(rows.want<Member>({concert->concert.key, user.user}));
        }
    });
    for (std::size_t i = 0; i < concerts.size(); ++i) {
        const Concert& concert = concerts[i]->concert;
        if (!exists(members[i])) continue;
        streams_.push_back({{StreamKind::room, concert.key.value}, concert.id.uuid});
    }
    // Every event of a performance that names a user is about a reservation of that user's.
    reservations_of_ = user.user;
    leads_ = [](const Reservation&) { return true; };
    concerns_ = [id = user.id](const Event& event) { return event.user == id; };
}

}  // namespace concertres
