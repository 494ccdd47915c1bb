#include "support/shown_sale.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace concertres::test {
namespace {

NewConcert catalog_of(const std::optional<RoomPolicy>& room) {
    NewConcert concert;
    concert.concert = {.key = the_concert,
                       .id = id_of(the_concert),
                       .title = "Winter Songs",
                       .limits = {.per_performance = 4, .per_concert = 6},
                       .hold_ttl = 5min};
    for (const PerformanceKey key : {monday, tuesday}) {
        concert.performances.push_back({.key = key,
                                        .id = id_of(key),
                                        .concert = the_concert,
                                        .starts_at = t0 + std::chrono::days(key.value)});
    }
    concert.seats = numbered_seats(seats_each, seat_price);
    concert.sale = {.concert = the_concert, .room = room};
    return concert;
}

EventItem item_of(const Reservation& reservation) {
    EventItem item{.reservation = reservation.id};
    for (const ReservedSeat& seat : reservation.seats) item.seats.push_back(seat.number);
    return item;
}

}  // namespace

SaleScript::SaleScript(std::optional<RoomPolicy> room) {
    const NewConcert concert = catalog_of(room);
    store_.catalog.push_back(concert);
    store_.add(concert.sale);
    store_.add(Line{.concert = the_concert});
    for (const Performance& performance : concert.performances) {
        store_.add(
            PerformanceState{.performance = performance.key, .counts = {.free = seats_each}});
        for (const HallSeat& seat : concert.seats) {
            store_.add(Seat{.performance = performance.key, .number = seat.number});
        }
    }
}

void SaleScript::add_user(UserKey user) {
    const auto& users = store_.of<User>();
    const bool is_there = std::any_of(users.begin(), users.end(),
                                      [&](const User& each) { return each.user == user; });
    if (!is_there) store_.add(User{.id = id_of(user), .user = user});
}

void SaleScript::tell(Event event) {
    std::int64_t last = 0;
    for (const Event& told : store_.events_shown) {
        if (told.stream == event.stream) last = told.number;
    }
    event.number = last + 1;
    if (event.stream.kind == StreamKind::performance) {
        store_.row<PerformanceState>({event.stream.owner}).next_event = event.number + 1;
    } else if (event.stream.kind == StreamKind::room) {
        store_.row<Sale>({event.stream.owner}).next_event = event.number + 1;
    }
    store_.events_shown.push_back(std::move(event));
}

// --- The room ----------------------------------------------------------------------------------

PlaceNumber SaleScript::join(UserKey user, Time at, LineClass line_class) {
    add_user(user);
    const auto& lines = store_.of<Line>();
    if (std::ranges::find(lines, line_class, &Line::line_class) == lines.end()) {
        store_.add(new_line(store_.row<Line>({the_concert, 0}), line_class));
    }
    Line& line = store_.row<Line>({the_concert, line_class});
    const auto number = PlaceNumber::of({line_class, line.epoch, line.next_sequence++});
    store_.add(Place{.concert = the_concert,
                     .number = number,
                     .user = user,
                     .user_id = id_of(user),
                     .joined_at = at});
    std::erase_if(store_.of<Member>(), [&](const Member& member) { return member.user == user; });
    store_.add(Member{.concert = the_concert, .user = user, .latest = number});
    return number;
}

void SaleScript::admit(std::int64_t number, Time at, const std::string& actor) {
    Place& place = store_.row<Place>({the_concert, {number}});
    place.status = PlaceStatus::admitted;
    store_.add(Pass{.concert = the_concert,
                    .number = {number},
                    .user = place.user,
                    .user_id = place.user_id,
                    .admitted_at = at,
                    .expires_at = at + 2min,
                    .ceiling = at + 30min});
    tell({.stream = of_room,
          .kind = EventKind::pass_admitted,
          .at = at,
          .user = place.user_id,
          .place = {number},
          .pass_expires_at = at + 2min,
          .actor = actor});
}

void SaleScript::pass_over(std::int64_t number, Time at) {
    concertres::pass_over(store_.row<Place>({the_concert, {number}}), at);
}

void SaleScript::expire_pass(std::int64_t number, Time at) {
    pass({number}).status = PassStatus::expired;
    tell({.stream = of_room,
          .kind = EventKind::pass_expired,
          .at = at,
          .user = pass({number}).user_id,
          .place = {number}});
}

void SaleScript::leave(std::int64_t number, Time at) {
    Place& place = store_.row<Place>({the_concert, {number}});
    if (place.status == PlaceStatus::waiting) {
        place.status = PlaceStatus::left;
        return;
    }
    pass({number}).status = PassStatus::left;
    tell({.stream = of_room,
          .kind = EventKind::pass_left,
          .at = at,
          .user = place.user_id,
          .place = {number}});
}

void SaleScript::change_sale(Time at) {
    tell({.stream = of_room, .kind = EventKind::sale_changed, .at = at, .actor = "operator"});
}

void SaleScript::draw(const DrawSeed& seed, Time at) {
    Sale& sale = store_.row<Sale>(the_concert);
    sale.room->draw = true;
    sale.opens_at = at;
    sale.draw = DrawState{.seed = seed, .drawn_at = at};
    for (Line& line : store_.of<Line>()) {
        line.drawn = draw_of(line);
        Event event{.stream = of_room, .kind = EventKind::room_drawn, .at = at};
        event.draw = EventDraw{.seed = seed,
                               .line_class = line.line_class,
                               .epoch = line.drawn->epoch,
                               .size = line.drawn->size};
        tell(std::move(event));
    }
}

// --- Seats -------------------------------------------------------------------------------------

void SaleScript::set_seat(PerformanceKey performance, SeatNumber number, Seat to) {
    Seat& seat = store_.row<Seat>({performance, number});
    SeatCounts& counts = store_.row<PerformanceState>(performance).counts;
    std::int64_t* const by_status[] = {&counts.free, &counts.blocked, &counts.held, &counts.sold};
    --*by_status[static_cast<std::size_t>(seat.status)];
    ++*by_status[static_cast<std::size_t>(to.status)];
    to.performance = performance;
    to.number = number;
    seat = to;
}

void SaleScript::move(const Reservation& reservation, SeatStatus to) {
    Seat seat{.status = to};
    if (to != SeatStatus::free) seat.reservation = reservation.row;
    if (to == SeatStatus::held) seat.held_until = reservation.held_until;
    for (const ReservedSeat& each : reservation.seats) {
        set_seat(reservation.performance, each.number, seat);
    }
}

void SaleScript::tell_of(EventKind kind, const Reservation& reservation, Time at,
                         PaymentId payment) {
    Event event{.stream = {StreamKind::performance, reservation.performance.value},
                .kind = kind,
                .at = at,
                .user = reservation.user_id,
                .place = reservation.place,
                .payment = payment,
                .items = {item_of(reservation)}};
    const bool is_hold =
        kind == EventKind::reservation_held || kind == EventKind::reservation_extended;
    if (is_hold) event.until = reservation.held_until;
    if (kind == EventKind::reservation_held) event.amount = reservation.total;
    if (is_hold && has_room()) event.pass_expires_at = pass(reservation.place).expires_at;
    tell(std::move(event));
}

Limit& SaleScript::limit(UserKey user, std::int64_t scope) {
    for (Limit& limit : store_.of<Limit>()) {
        if (limit.key() == LimitKey{user, scope}) return limit;
    }
    return store_.add(Limit{.user = user, .scope = scope});
}

void SaleScript::drop_limits(const Reservation& reservation, std::int32_t paid) {
    for (const std::int64_t scope : {reservation.performance.value, reservation.concert.value}) {
        Limit& counted = limit(reservation.user, scope);
        counted.paid += paid;
        std::erase_if(counted.held, [&](const LimitEntry& entry) {
            return entry.reservation == reservation.row;
        });
    }
}

void SaleScript::hold(const Hold& hold) {
    add_user(hold.user);
    Reservation made{.row = hold.row,
                     .id = id_of(hold.row),
                     .user = hold.user,
                     .user_id = id_of(hold.user),
                     .concert = the_concert,
                     .performance = hold.performance,
                     .place = hold.place,
                     .held_at = hold.at,
                     .held_until = hold.until,
                     .extend_until = hold.at + 15min};
    for (const SeatNumber number : hold.seats) {
        made.seats.push_back({number, seat_price});
        made.total.minor += seat_price.minor;
    }
    move(made, SeatStatus::held);
    const LimitEntry entry{made.row, static_cast<std::int32_t>(made.seats.size()), hold.until};
    limit(hold.user, hold.performance.value).held.push_back(entry);
    limit(hold.user, the_concert.value).held.push_back(entry);
    if (has_room()) {
        pass(hold.place).held.push_back(made.row);
        pass(hold.place).expires_at = std::max(pass(hold.place).expires_at, hold.until);
    }
    tell_of(EventKind::reservation_held, made, hold.at);
    store_.add(std::move(made));
}

void SaleScript::extend(ReservationKey row, Time at, Time until) {
    Reservation& held = store_.row<Reservation>(row);
    held.held_until = until;
    move(held, SeatStatus::held);
    for (const std::int64_t scope : {held.performance.value, held.concert.value}) {
        for (LimitEntry& entry : limit(held.user, scope).held) {
            if (entry.reservation == row) entry.held_until = until;
        }
    }
    if (has_room()) pass(held.place).expires_at = std::max(pass(held.place).expires_at, until);
    tell_of(EventKind::reservation_extended, held, at);
}

void SaleScript::release(ReservationKey row, Time at, PaymentId cause) {
    Reservation& held = store_.row<Reservation>(row);
    held.status = ReservationStatus::released;
    move(held, SeatStatus::free);
    drop_limits(held, 0);
    if (has_room()) std::erase(pass(held.place).held, row);
    tell_of(EventKind::reservation_released, held, at, cause);
}

// Nobody but its owner writes its owner's limits: they keep it until then.
void SaleScript::expire(ReservationKey row, Time at) {
    Reservation& held = store_.row<Reservation>(row);
    held.status = ReservationStatus::expired;
    move(held, SeatStatus::free);
    tell_of(EventKind::reservation_expired, held, at);
}

void SaleScript::block(PerformanceKey performance, const std::vector<SeatNumber>& seats,
                       bool blocked, Time at) {
    for (const SeatNumber number : seats) {
        set_seat(performance, number, {.status = blocked ? SeatStatus::blocked : SeatStatus::free});
    }
    tell({.stream = {StreamKind::performance, performance.value},
          .kind = blocked ? EventKind::seats_blocked : EventKind::seats_unblocked,
          .at = at,
          .items = {{.seats = seats}},
          .actor = "operator"});
}

// --- Money -------------------------------------------------------------------------------------

TransferId SaleScript::transfer(UserKey user, TransferKind kind, Money amount, Time at,
                                PaymentId payment) {
    auto& wallets = store_.of<Wallet>();
    const auto found = std::find_if(wallets.begin(), wallets.end(),
                                    [&](const Wallet& wallet) { return wallet.user == user; });
    Wallet& wallet = found == wallets.end() ? store_.add(Wallet{.user = user}) : *found;
    if (amount == Money{}) return {};

    const bool is_out = kind == TransferKind::payment;
    wallet.balance.minor += is_out ? -amount.minor : amount.minor;
    const Account own{user.value};
    const Account house = is_out ? sales : (kind == TransferKind::charge ? cash_in : refunds);
    const Transfer made{.id = TransferId::from_name("transfer " + std::to_string(next_transfer_++)),
                        .wallet = user,
                        .number = wallet.next_number++,
                        .kind = kind,
                        .debit = is_out ? own : house,
                        .credit = is_out ? house : own,
                        .amount = amount,
                        .balance_after = wallet.balance,
                        .at = at,
                        .reference = payment};
    const EventKind event_kind = is_out
                                     ? EventKind::wallet_paid
                                     : (kind == TransferKind::charge ? EventKind::wallet_charged
                                                                     : EventKind::wallet_refunded);
    store_.transfers_shown.push_back(made);
    tell({.stream = wallet_of(user),
          .kind = event_kind,
          .at = at,
          .user = id_of(user),
          .payment = payment,
          .transfer = made.id,
          .amount = amount,
          .balance = wallet.balance});
    return made.id;
}

void SaleScript::charge(UserKey user, Money amount, Time at) {
    add_user(user);
    transfer(user, TransferKind::charge, amount, at, {});
}

void SaleScript::pay(PaymentKey row, const std::vector<ReservationKey>& paid, Time at,
                     PlaceNumber place) {
    const UserKey user = store_.row<Reservation>(paid.front()).user;
    Payment made{.row = row,
                 .id = id_of(row),
                 .user = user,
                 .user_id = id_of(user),
                 .concert = the_concert,
                 .place = place,
                 .reservations = paid,
                 .paid_at = at};
    for (const ReservationKey key : paid) {
        made.amount.minor += store_.row<Reservation>(key).total.minor;
    }
    const TransferId moved = transfer(user, TransferKind::payment, made.amount, at, made.id);
    made.balance_after = store_.row<Wallet>(user).balance;
    for (const PerformanceKey performance : {monday, tuesday}) {
        Event event{.stream = {StreamKind::performance, performance.value},
                    .kind = EventKind::payment_completed,
                    .at = at,
                    .user = id_of(user),
                    .place = place,
                    .payment = made.id,
                    .transfer = moved,
                    .pass_expires_at = has_room() ? at : Time{}};
        for (const ReservationKey key : paid) {
            Reservation& reservation = store_.row<Reservation>(key);
            if (reservation.performance != performance) continue;
            reservation.status = ReservationStatus::paid;
            reservation.payment = row;
            move(reservation, SeatStatus::sold);
            drop_limits(reservation, static_cast<std::int32_t>(reservation.seats.size()));
            event.items.push_back(item_of(reservation));
            event.amount.minor += reservation.total.minor;
        }
        if (!event.items.empty()) tell(std::move(event));
    }
    if (has_room()) {
        Pass& spent = pass(place);
        spent.status = PassStatus::spent;
        for (const ReservationKey key : std::exchange(spent.held, {})) {
            if (store_.row<Reservation>(key).status != ReservationStatus::held) continue;
            release(key, at, made.id);
            made.released.push_back(key);
        }
    }
    store_.add(std::move(made));
}

void SaleScript::refund(PaymentKey row, Time at) {
    Payment& payment = store_.row<Payment>(row);
    const TransferId moved =
        transfer(payment.user, TransferKind::refund, payment.amount, at, payment.id);
    payment.status = PaymentStatus::refunded;
    payment.refunded_at = at;
    for (const ReservationKey key : payment.reservations) {
        Reservation& reservation = store_.row<Reservation>(key);
        reservation.status = ReservationStatus::refunded;
        move(reservation, SeatStatus::free);
        drop_limits(reservation, -static_cast<std::int32_t>(reservation.seats.size()));
        tell({.stream = {StreamKind::performance, reservation.performance.value},
              .kind = EventKind::payment_refunded,
              .at = at,
              .user = payment.user_id,
              .place = payment.place,
              .payment = payment.id,
              .transfer = moved,
              .items = {item_of(reservation)},
              .amount = reservation.total});
    }
}

// --- All of it ---------------------------------------------------------------------------------

ShownStore SaleScript::shown(Time now) const {
    ShownStore store = store_;
    store.time = now;
    std::stable_sort(store.events_shown.begin(), store.events_shown.end(),
                     [](const Event& a, const Event& b) { return a.stream < b.stream; });
    std::stable_sort(store.transfers_shown.begin(), store.transfers_shown.end(),
                     [](const Transfer& a, const Transfer& b) { return a.wallet < b.wallet; });
    return store;
}

ShownStore a_sale() {
    SaleScript script(
        RoomPolicy{.active_max = 4, .window = AdmissionWindow{.admit_max = 2, .length = 1min}});
    for (const UserKey user : {alice, bob, carol, dave, frank, erin, gina}) {
        script.join(user, t0 - 1min);
    }
    script.leave(6, t0 - 1s);
    script.block(tuesday, {9, 10}, true, t0);
    script.block(tuesday, {9}, false, t0);
    script.admit(1, t0);
    script.admit(2, t0);
    script.charge(alice, {10'000}, t0);
    script.hold({{101}, alice, {1}, monday, {1, 2}, t0 + 10s, t0 + 4min});
    script.hold({{102}, alice, {1}, tuesday, {1}, t0 + 11s, t0 + 4min});
    script.hold({{103}, bob, {2}, monday, {3}, t0 + 20s, t0 + 4min});
    script.hold({{104}, bob, {2}, tuesday, {5}, t0 + 20s, t0 + 4min});
    script.pay({201}, {{101}}, t0 + 50s, {1});
    script.admit(3, t0 + 1min);
    script.admit(4, t0 + 1min);
    script.charge(carol, {1'500}, t0 + 1min);
    script.hold({{105}, carol, {3}, monday, {4}, t0 + 1min, t0 + 4min});
    script.hold({{106}, dave, {4}, tuesday, {2}, t0 + 1min, t0 + 3min});
    script.pay({202}, {{105}}, t0 + 2min, {3});
    script.admit(5, t0 + 2min);
    script.hold({{107}, frank, {5}, tuesday, {3}, t0 + 2min, t0 + 4min});
    script.refund({202}, t0 + 3min);
    script.expire({106}, t0 + 3min);
    script.expire_pass(4, t0 + 3min);
    script.release({107}, t0 + 3min);
    script.leave(5, t0 + 3min);
    script.extend({103}, t0 + 3min, t0 + 8min);
    return script.shown(t0 + 5min);
}

// --- What an audit finds -----------------------------------------------------------------------

std::string broken_rules(Storage& store) {
    std::set<std::string> rules;
    for (const Finding& finding : audit(store).findings) rules.insert(finding.rule);
    std::string text;
    for (const std::string& rule : rules) text += (text.empty() ? "" : " ") + rule;
    return text;
}

std::string findings_text(Storage& store) {
    std::string text;
    for (const Finding& finding : audit(store).findings) {
        text += finding.rule + ": " + finding.what + '\n';
    }
    return text;
}

bool finds(Storage& store, const std::string& rule, const std::vector<std::string>& words) {
    const AuditReport report = audit(store);
    return std::any_of(report.findings.begin(), report.findings.end(), [&](const Finding& finding) {
        return finding.rule == rule &&
               std::all_of(words.begin(), words.end(), [&](const std::string& word) {
                   return finding.what.find(word) != std::string::npos;
               });
    });
}

}  // namespace concertres::test
