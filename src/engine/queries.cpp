#include "engine/queries.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "concertres/token.hpp"
#include "engine/handlers/common.hpp"
#include "engine/restore.hpp"

namespace concertres {

namespace {

// The row of a user, or nothing.
std::optional<UserKey> user_of(const QueryContext& at, const UserId& id) {
    Read<User> user = nullptr;
    at.read([&](UnitOfWork& rows) { user = rows.want<User>(id); });
    return *user ? std::optional((*user)->user) : std::nullopt;
}

std::size_t page(const QueryContext& at, std::size_t limit) {
    return std::clamp<std::size_t>(limit, 1, at.options->page_max);
}

ReservationView reservation_view(const QueryContext& at, const Reservation& reservation) {
    std::optional<PaymentId> payment;
    if (is_paid_for(reservation)) {
        Read<Payment> row = nullptr;
        at.read([&](UnitOfWork& rows) { row = rows.want<Payment>(reservation.payment); });
        payment = (*row)->id;
    }
    return view_of(*at.catalog, reservation, payment, at.now());
}

PaymentView payment_view(const QueryContext& at, PaymentKey key) {
    PaymentRows payment;
    at.read([&](UnitOfWork& rows) { payment.want(rows, key); });
    return payment.view(*at.catalog, at.now());
}

Error unknown_concert(const ConcertId& id) {
    return unknown(Errc::unknown_concert, "concert", id.uuid);
}

Error unknown_performance(const PerformanceId& id) {
    return unknown(Errc::unknown_performance, "performance", id.uuid);
}

}  // namespace

// --- The waiting room
// -----------------------------------------------------------------------------

Result<PlaceView> run(const QueryContext& at, const GetPlace& query) {
    const CatalogConcert* concert = at.catalog->find(query.concert);
    if (concert == nullptr) return unknown_concert(query.concert);
    Read<User> user = nullptr;
    Read<Member> member = nullptr;
    StandingRows standing;
    at.read([&](UnitOfWork& rows) {
        user = rows.want<User>(query.user);
        if (exists(user)) member = rows.want<Member>({concert->concert.key, (*user)->user});
        standing.want(rows, concert->concert.key, query.place);
    });
    const Standing found = standing.standing();
    const UserKey key = *user ? (*user)->user : UserKey{};
    const bool own =
        (found.pass && found.pass->user == key) || (found.place && found.place->user == key);
    if (found.has_room && !own) {
        return refuse_stranger(*at.board, *at.options, concert->concert.key);
    }
    const Time now = at.now();
    const TokenStatus status = status_of(found, now);
    PlaceView view{.user = query.user, .status = status};
    at.board->fill(*concert, query.place, now, view);
    if (view.status != status) {
        // Another instance has let them in, or ended the pass, and it has not been heard of here.
        view.status = status;
        view.eta = view.eta_min = view.eta_max = std::nullopt;
        view.position = view.ahead = std::nullopt;
        if (status == TokenStatus::admitted) view.position = view.ahead = 0;
    }
    if (found.pass) view.pass_expires_at = found.pass->expires_at;
    if (found.has_room) view.latest = (*member)->latest == query.place;
    return capped(std::move(view), query);
}

namespace {

Error unknown_draw(std::string detail) { return {Errc::unknown_draw, std::move(detail), {}}; }

}  // namespace

const Drawn* DrawView::covering(PlaceNumber number) const {
    const auto found = std::ranges::find_if(
        lines, [&](const DrawnLine& line) { return line.drawn.covers(number); });
    return found == lines.end() ? nullptr : &found->drawn;
}

Result<DrawView> run(const QueryContext& at, const GetDraw& query) {
    const CatalogConcert* concert = at.catalog->find(query.concert);
    if (concert == nullptr) return unknown_concert(query.concert);
    auto view = at.board->draw(*concert, at.now());
    if (!view) return unknown_draw("this concert's waiting room does not draw its line");
    return std::move(*view);
}

Result<AdmissionsView> run(const QueryContext& at, const ListAdmissions& query) {
    const CatalogConcert* concert = at.catalog->find(query.concert);
    if (concert == nullptr) return unknown_concert(query.concert);
    const auto draw = at.board->draw(*concert, at.now());
    if (!draw || !draw->drawn_at) {
        return unknown_draw("nothing has been drawn in this concert's waiting room");
    }
    const std::size_t limit = page(at, query.limit);
    const auto events =
        at.storage->events({StreamKind::room, concert->concert.key.value}, query.after, limit);
    AdmissionsView view;
    RowKeys keys;
    for (const Event& event : events) {
        // Who was let in before the line was drawn was so by number.
        if (event.kind == EventKind::pass_admitted && event.at >= *draw->drawn_at &&
            draw->covering(event.place) != nullptr) {
            view.admissions.push_back(
                {.number = event.place, .at = event.at, .by_hand = !event.actor.empty()});
            keys.of<Place>().push_back({{concert->concert.key, event.place}});
        }
    }
    Rows places;
    at.storage->read(keys, places);
    for (const Found<Place>& found : places.of<Place>()) {
        const auto admission =
            std::ranges::find(view.admissions, found.key.number, &Admission::number);
        if (found.row && admission != view.admissions.end()) {
            admission->passed_at = found.row->row.passed_at;
        }
    }
    if (events.size() == limit) view.next = events.back().number;
    return view;
}

// --- Dates and seats
// ------------------------------------------------------------------------------

Result<std::vector<ConcertView>> run(const QueryContext& at, const ListConcerts&) {
    std::vector<ConcertView> views;
    for (const CatalogConcert* concert : at.catalog->all()) {
        views.push_back(at.board->view(*concert, at.now()));
    }
    return views;
}

Result<ConcertView> run(const QueryContext& at, const GetConcert& query) {
    const CatalogConcert* concert = at.catalog->find(query.concert);
    if (concert == nullptr) return unknown_concert(query.concert);
    return at.board->view(*concert, at.now());
}

Result<std::vector<DateView>> run(const QueryContext& at, const ListDates& query) {
    const CatalogConcert* concert = at.catalog->find(query.concert);
    if (concert == nullptr) return unknown_concert(query.concert);
    const Time now = at.now();
    const auto dead = at.storage->dead_seats(now);
    std::vector<DateView> dates;
    for (const PerformanceState& state : at.storage->performances(concert->concert.key, now)) {
        const Performance& performance = at.catalog->at(state.performance).performance;
        const auto dead_here = dead.find(state.performance);
        const std::int64_t available =
            state.counts.free + (dead_here == dead.end() ? 0 : dead_here->second);
        if (available == 0 && !query.all) continue;
        dates.push_back({.performance = performance.id,
                         .date = performance.date,
                         .starts_at = performance.starts_at,
                         .utc_offset = performance.utc_offset,
                         .seats_total = state.counts.total(),
                         .seats_available = available});
    }
    return dates;
}

namespace {

std::string allotment_name(const HallSeat& seat, const Sale& sale) {
    if (!seat.allotted_to) return {};
    // Neither a room nor a class of it is ever taken away.
    return sale.room.value().classes.at(static_cast<std::size_t>(*seat.allotted_to)).name;
}

// The areas of a hall, with all of their seats free.
std::vector<AreaView> areas_of(const CatalogConcert& concert, const Sale& sale) {
    std::vector<AreaView> areas;
    for (const Seating::Area& area : concert.seating.areas()) {
        const HallSeat* seat = concert.seat(concert.seating.number(area.begin));
        CONCERTRES_ASSERT(seat != nullptr);
        areas.push_back({.section = concert.seating.name(area),
                         .price = area.price,
                         .seats = {.free = area.end - area.begin},
                         .allotted_to = allotment_name(*seat, sale)});
    }
    return areas;
}

}  // namespace

Result<SeatsView> run(const QueryContext& at, const ListSeats& query) {
    const CatalogPerformance* performance = at.catalog->find(query.performance);
    if (performance == nullptr) return unknown_performance(query.performance);
    const Time now = at.now();
    const PerformanceKey key = performance->performance.key;
    Read<PerformanceState> state = nullptr;
    Read<Sale> sale = nullptr;
    at.read([&](UnitOfWork& rows) {
        state = rows.want<PerformanceState>(key);
        sale = rows.want<Sale>(performance->concert->concert.key);
    });
    SeatsView view{.performance = query.performance,
                   .date = performance->performance.date,
                   .stream = {StreamKind::performance, key.value},
                   .revision = (*state)->next_event - 1,
                   .seats = {},
                   .areas = areas_of(*performance->concert, **sale),
                   .now = now};
    for (const Seat& seat : at.storage->seats(key, 0, SIZE_MAX)) {
        const SeatStatus status = seat.status_at(now);
        const HallSeat* hall = performance->concert->seat(seat.number);
        CONCERTRES_ASSERT(hall != nullptr);
        if (hall->general) {
            const auto area = std::ranges::find(view.areas, hall->section, &AreaView::section);
            area->seats.move(SeatStatus::free, status, 1);
            if (!query.general) continue;
        }
        if (status != SeatStatus::free && !query.all) continue;
        view.seats.push_back({.number = seat.number,
                              .label = label_of(*hall),
                              .section = hall->section,
                              .row = hall->row,
                              .x = hall->x,
                              .y = hall->y,
                              .price = hall->price,
                              .status = status,
                              .held_until = status == SeatStatus::held
                                                ? std::optional(seat.held_until)
                                                : std::nullopt,
                              .general = hall->general,
                              .allotted_to = allotment_name(*hall, **sale)});
    }
    return view;
}

Result<PerformanceView> run(const QueryContext& at, const GetPerformance& query) {
    return find_in(*at.catalog, query);
}

Result<PerformanceId> run(const QueryContext& at, const FindPerformance& query) {
    return find_in(*at.catalog, query);
}

// --- From the catalog alone
// -----------------------------------------------------------------------

Result<PerformanceView> find_in(const Catalog& catalog, const GetPerformance& query) {
    const CatalogPerformance* found = catalog.find(query.performance);
    if (found == nullptr) return unknown_performance(query.performance);
    const Performance& performance = found->performance;
    return PerformanceView{.id = performance.id,
                           .concert = found->concert->concert.id,
                           .starts_at = performance.starts_at,
                           .utc_offset = performance.utc_offset,
                           .date = performance.date,
                           .seats_total = static_cast<std::int64_t>(found->concert->seats.size())};
}

Result<PerformanceId> find_in(const Catalog& catalog, const FindPerformance& query) {
    const CatalogConcert* concert = catalog.find(query.concert);
    if (concert == nullptr) return unknown_concert(query.concert);
    std::vector<PerformanceId> found;
    std::string listed;
    for (const CatalogPerformance& entry : concert->performances) {
        if (entry.performance.date != query.date) continue;
        found.push_back(entry.performance.id);
        listed +=
            fmt::format("{}{} at {}", listed.empty() ? "" : ", ", entry.performance.id.to_string(),
                        to_rfc3339(entry.performance.starts_at, entry.performance.utc_offset));
    }
    if (found.empty()) {
        return Error{Errc::unknown_performance,
                     fmt::format("this concert has no performance on {}", query.date),
                     {}};
    }
    if (found.size() > 1) {
        return Error{Errc::date_ambiguous,
                     fmt::format("there are several performances on {}: {}", query.date, listed),
                     {}};
    }
    return found.front();
}

Result<std::vector<SeatPrice>> find_in(const Catalog& catalog, const PerformanceId& performance,
                                       const std::vector<SeatNumber>& seats) {
    const CatalogPerformance* found = catalog.find(performance);
    if (found == nullptr) return unknown_performance(performance);
    std::vector<SeatPrice> named;
    named.reserve(seats.size());
    for (const SeatNumber number : seats) {
        const HallSeat* seat = found->concert->seat(number);
        if (seat == nullptr) {
            return Error{
                Errc::unknown_seat, fmt::format("this hall has no seat {}", number), {number}};
        }
        named.push_back({seat->number, label_of(*seat), seat->price, seat->section});
    }
    return named;
}

// --- Reservations and payments
// --------------------------------------------------------------------

Result<ReservationView> run(const QueryContext& at, const GetReservation& query) {
    const auto user = user_of(at, query.user);
    Read<ReservationName> name = nullptr;
    Read<Reservation> row = nullptr;
    at.read([&](UnitOfWork& rows) {
        name = rows.want<ReservationName>(query.reservation);
        if (exists(name)) row = rows.want<Reservation>((*name)->named);
    });
    if (!user || !exists(row) || (*row)->user != *user) {
        return unknown(Errc::unknown_reservation, "reservation of this user with the id",
                       query.reservation.uuid);
    }
    const Concert& concert = at.catalog->at((*row)->concert).concert;
    if (auto refused = check_token(query.concert, concert)) return *refused;
    const Reservation reservation = **row;
    return reservation_view(at, reservation);
}

Result<std::vector<ReservationView>> run(const QueryContext& at, const ListReservations& query) {
    std::vector<ReservationView> views;
    const auto user = user_of(at, query.user);
    if (!user) return views;
    std::optional<ReservationKey> before;
    if (query.before) {
        Read<ReservationName> name = nullptr;
        at.read([&](UnitOfWork& rows) { name = rows.want<ReservationName>(*query.before); });
        if (!*name) return views;
        before = (*name)->named;
    }
    for (const Reservation& found :
         at.storage->reservations(*user, before, page(at, query.limit))) {
        views.push_back(reservation_view(at, found));
    }
    return views;
}

Result<PaymentView> run(const QueryContext& at, const GetPayment& query) {
    const auto user = user_of(at, query.user);
    Read<PaymentName> name = nullptr;
    Read<Payment> row = nullptr;
    at.read([&](UnitOfWork& rows) {
        name = rows.want<PaymentName>(query.payment);
        if (exists(name)) row = rows.want<Payment>((*name)->named);
    });
    if (!user || !exists(row) || (*row)->user != *user) {
        return unknown(Errc::unknown_payment, "payment of this user with the id",
                       query.payment.uuid);
    }
    const Concert& concert = at.catalog->at((*row)->concert).concert;
    if (auto refused = check_token(query.concert, concert)) return *refused;
    return payment_view(at, (*name)->named);
}

Result<std::vector<PaymentView>> run(const QueryContext& at, const ListPayments& query) {
    std::vector<PaymentView> views;
    const auto user = user_of(at, query.user);
    if (!user) return views;
    std::optional<PaymentKey> before;
    if (query.before) {
        Read<PaymentName> name = nullptr;
        at.read([&](UnitOfWork& rows) { name = rows.want<PaymentName>(*query.before); });
        if (!*name) return views;
        before = (*name)->named;
    }
    for (const Payment& found : at.storage->payments(*user, before, page(at, query.limit))) {
        views.push_back(payment_view(at, found.row));
    }
    return views;
}

// --- Money and events
// -----------------------------------------------------------------------------

Result<WalletView> run(const QueryContext& at, const GetWallet& query) {
    Read<User> user = nullptr;
    Read<Wallet> wallet = nullptr;
    at.read([&](UnitOfWork& rows) {
        user = rows.want<User>(query.user);
        if (exists(user)) wallet = rows.want<Wallet>((*user)->user);
    });
    return WalletView{query.user, exists(wallet) ? (*wallet)->balance : Money{}, at.now()};
}

Result<std::vector<Transfer>> run(const QueryContext& at, const ListTransfers& query) {
    const auto user = user_of(at, query.user);
    if (!user) return std::vector<Transfer>{};
    return at.storage->transfers(*user, query.before, page(at, query.limit));
}

Result<std::vector<Event>> run(const QueryContext& at, const ListEvents& query) {
    const int named = int{query.performance.has_value()} + int{query.wallet.has_value()} +
                      int{query.room.has_value()};
    if (named != 1) {
        return Error{Errc::request_invalid, "name one performance, one wallet or one room", {}};
    }
    Stream stream;
    if (query.performance) {
        const CatalogPerformance* performance = at.catalog->find(*query.performance);
        if (performance == nullptr) return unknown_performance(*query.performance);
        stream = {StreamKind::performance, performance->performance.key.value};
    } else if (query.wallet) {
        const auto user = user_of(at, *query.wallet);
        if (!user) return unknown(Errc::unknown_user, "user", query.wallet->uuid);
        stream = {StreamKind::wallet, user->value};
    } else {
        const CatalogConcert* concert = at.catalog->find(*query.room);
        if (concert == nullptr) return unknown_concert(*query.room);
        stream = {StreamKind::room, concert->concert.key.value};
    }
    return at.storage->events(stream, query.after, page(at, query.limit));
}

namespace {

// A full disk refuses; whatever else fails stops the engine.
template <class Ask>
auto unless_full(const Ask& ask) -> Result<decltype(ask())> {
    try {
        return ask();
    } catch (const StorageError& failure) {
        if (failure.kind() != StorageError::Kind::full) throw;
        return Error{Errc::storage_full, failure.what(), {}};
    }
}

}  // namespace

Result<AuditReport> run(const QueryContext& at, const RunAudit&) {
    return unless_full([&] { return audit(*at.storage); });
}

Result<Time> run(const QueryContext& at, const UseOutbox& query) {
    return unless_full([&] {
        query.use(*at.storage->outbox());
        return at.now();
    });
}

// --- Adding a concert ------------------------------------------------------------------------

Result<ConcertView> run(const QueryContext& at, AddConcert& command) {
    ConcertDraft& draft = command.draft;
    if (auto checked = check(draft); !checked) return checked.error();
    NewConcert added;
    std::int64_t key = at.storage->allocate(1 + draft.performances.size());
    added.concert = {.key = {key++},
                     .id = ConcertId::random(),
                     .title = draft.title,
                     .venue = draft.venue,
                     .limits = draft.limits,
                     .hold_ttl = draft.hold_ttl.value_or(at.options->hold_ttl),
                     .refunds = draft.refunds,
                     .orphans = draft.orphans};
    for (const PerformanceDraft& performance : draft.performances) {
        const auto& [time, utc_offset] = performance.starts_at;
        added.performances.push_back({.key = {key++},
                                      .id = PerformanceId::random(),
                                      .concert = added.concert.key,
                                      .starts_at = time,
                                      .utc_offset = utc_offset,
                                      .date = local_date(time, utc_offset)});
    }
    added.seats = std::move(draft.seats);
    std::ranges::sort(added.seats, {}, &HallSeat::number);
    added.sale = {.concert = added.concert.key,
                  .mode = SaleMode::open,
                  .opens_at = draft.opens_at,
                  .room = draft.room,
                  .policy_state = {}};
    if (draft.room && draft.room->draw) {
        added.sale.draw = {.seed = draw_seed_of(at.rows->ids(), added.concert.id), .drawn_at = {}};
    }
    const auto stored = unless_full([&] {
        at.storage->add(added, command.progress);
        return at.now();
    });
    if (!stored) return stored.error();
    restore(*at.storage, *at.catalog, *at.board, added);
    return at.board->view(at.catalog->at(added.concert.key), at.now());
}

}  // namespace concertres
