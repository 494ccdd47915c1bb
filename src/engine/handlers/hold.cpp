#include "engine/handlers/hold.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.hpp"

namespace concertres {

void Handler<Hold>::prepare(UnitOfWork& rows) {
    prepared_ = true;
    refusal_ = check_key(command_.key);
    if (refusal_) return;
    at_ = rows.catalog().find(command_.performance);
    if (at_ == nullptr) {
        refusal_ = unknown(Errc::unknown_performance, "performance", command_.performance.uuid);
        return;
    }
    refusal_ = check_wanted();
    if (!refusal_) refusal_ = check_token(command_.concert, at_->concert->concert);
    if (refusal_) return;
    identity_ =
        identify(rows.ids(), IdentityKind::reservation, command_.user, command_.key, content());
}

// What was asked for, in bytes. No seat has a number below 1, so one kind is never taken for the
// other.
std::string Handler<Hold>::content() const {
    std::string bytes(reinterpret_cast<const char*>(command_.performance.uuid.bytes.data()), 16);
    const auto append = [&](const auto& number) {
        bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
    };
    for (const SeatNumber number : command_.seats) append(number);
    if (!command_.areas.empty()) append(SeatNumber{-1});
    for (const AreaSeats& area : command_.areas) {
        append(area.count);
        append(area.section.size());
        bytes += area.section;
    }
    if (!command_.best) return bytes;
    const BestSeats& best = *command_.best;
    append(SeatNumber{0});
    append(best.count);
    append(best.max_price ? best.max_price->minor : std::int64_t{-1});
    bytes.push_back(best.section ? '1' : '0');
    bytes += best.section.value_or("");
    return bytes;
}

std::optional<Error> Handler<Hold>::check_wanted() {
    if (command_.best) return check_best();
    std::ranges::sort(command_.seats);
    std::ranges::sort(command_.areas, {}, &AreaSeats::section);
    if (command_.seats.empty() && command_.areas.empty()) {
        return Error{Errc::request_invalid, "seats: name at least one seat, or areas", {}};
    }
    if (auto refused = check_seats()) return refused;
    return check_areas();
}

std::optional<Error> Handler<Hold>::check_best() {
    if (!command_.seats.empty() || !command_.areas.empty()) {
        return Error{Errc::request_invalid,
                     fmt::format("best: is given as well as {}; one of them",
                                 command_.seats.empty() ? "areas" : "seats"),
                     {}};
    }
    const BestSeats& best = *command_.best;
    wishes_ = {best};
    if (best.count < 1 || best.count > best_count_max) {
        return Error{Errc::request_invalid,
                     fmt::format("best/count: must be 1 to {}, not {}", best_count_max, best.count),
                     {}};
    }
    if (best.max_price && best.max_price->minor < 0) {
        return Error{
            Errc::request_invalid,
            fmt::format("best/max_price: must not be below 0, as {} is", best.max_price->minor),
            {}};
    }
    return std::nullopt;
}

std::optional<Error> Handler<Hold>::check_seats() {
    const auto twice = std::ranges::adjacent_find(command_.seats);
    if (twice != command_.seats.end()) {
        return Error{Errc::request_invalid, fmt::format("seats: {} is named twice", *twice), {}};
    }
    Error error{Errc::unknown_seat, {}, {}};
    const HallSeat* general = nullptr;
    for (const SeatNumber number : command_.seats) {
        const HallSeat* seat = at_->concert->seat(number);
        if (seat != nullptr && !seat->general) continue;
        error.seats.push_back(number);
        if (seat != nullptr) general = seat;
    }
    if (error.seats.empty()) return std::nullopt;
    if (error.seats.size() > 100) error.seats.resize(100);
    error.detail = fmt::format("this hall has no seat {}", fmt::join(error.seats, ", "));
    if (general != nullptr) {
        error.detail += fmt::format(
            " that can be named: {} is of the area \"{}\", of which `areas` takes as many as are "
            "wanted",
            general->number, general->section);
    }
    return error;
}

std::optional<Error> Handler<Hold>::check_areas() {
    const Seating& seating = at_->concert->seating;
    std::int64_t together = 0;
    for (const AreaSeats& area : command_.areas) {
        if (area.count < 1) {
            return Error{Errc::request_invalid,
                         fmt::format("areas: the count of \"{}\" must be at least 1, not {}",
                                     area.section, area.count),
                         {}};
        }
        together += area.count;
        wishes_.push_back({.count = area.count, .section = area.section});
    }
    if (together > best_count_max) {
        return Error{
            Errc::request_invalid,
            fmt::format("areas: must be up to {} seats together, not {}", best_count_max, together),
            {}};
    }
    const auto twice = std::ranges::adjacent_find(command_.areas, {}, &AreaSeats::section);
    if (twice != command_.areas.end()) {
        return Error{
            Errc::request_invalid, fmt::format("areas: \"{}\" is named twice", twice->section), {}};
    }
    for (const AreaSeats& area : command_.areas) {
        if (seating.find_area(area.section) != nullptr) continue;
        return Error{
            Errc::unknown_seat, fmt::format("this hall has no area \"{}\"", area.section), {}};
    }
    return std::nullopt;
}

void Handler<Hold>::gather(UnitOfWork& rows) {
    if (!prepared_) prepare(rows);
    if (refusal_) return;
    user_ = rows.want<User>(command_.user);
    name_ = rows.want<ReservationName>({identity_.id});
    if (exists(name_)) return gather_earlier(rows);
    const ConcertKey concert = at_->concert->concert.key;
    const PerformanceKey performance = at_->performance.key;
    standing_.want(rows, concert, command_.place);
    performance_ = rows.want<PerformanceState>(performance);
    if (exists(user_)) {
        in_performance_ = rows.want<Limit>({(*user_)->user, performance.value});
        in_concert_ = rows.want<Limit>({(*user_)->user, concert.value});
    }
    wanted_ = command_.seats;
    if (!wishes_.empty()) gather_choice(rows);
    gather_seats(rows);
    if (at_->concert->concert.orphans == OrphanRule::refused) gather_benches(rows);
}

void Handler<Hold>::gather_earlier(UnitOfWork& rows) {
    earlier_ = rows.want<Reservation>((*name_)->named);
    if (exists(earlier_) && (*earlier_)->payment) {
        earlier_payment_ = rows.want<Payment>((*earlier_)->payment);
    }
}

// Only who may hold is proposed anything: others would keep the best seats from those of their
// group.
void Handler<Hold>::gather_choice(UnitOfWork& rows) {
    if (rows.missing()) return;
    if (check_entry(rows.now())) {
        proposal_.gather(rows, *at_, wishes_, others());
    } else {
        proposal_.drop();
    }
    if (!proposal_.choice()) return wanted_.clear();
    const std::vector<SeatNumber>& chosen = proposal_.choice()->seats;
    wanted_.insert(wanted_.end(), chosen.begin(), chosen.end());
    std::ranges::sort(wanted_);
}

void Handler<Hold>::gather_seats(UnitOfWork& rows) {
    seats_.clear();
    dead_.clear();
    std::vector<ReservationKey> in_the_way;
    for (const SeatNumber number : wanted_) {
        const auto seat = rows.want<Seat>({at_->performance.key, number});
        seats_.push_back(seat);
        if (exists(seat) && (*seat)->is_dead_hold(rows.now()) &&
            std::ranges::find(in_the_way, (*seat)->reservation) == in_the_way.end()) {
            in_the_way.push_back((*seat)->reservation);
        }
    }
    for (const ReservationKey key : in_the_way) dead_.emplace_back().want(rows, key);
}

void Handler<Hold>::gather_benches(UnitOfWork& rows) {
    benches_.clear();
    const Seating& seating = at_->concert->seating;
    std::vector<SeatSlot> seen;
    for (const SeatNumber number : command_.seats) {
        const Seating::Bench& bench = seating.bench_of(*seating.find(number));
        if (bench.size() > orphan_bench_max) continue;
        if (std::ranges::find(seen, bench.begin) != seen.end()) continue;
        seen.push_back(bench.begin);
        for (const SeatNumber beside : seating.numbers(bench)) {
            benches_.push_back(rows.want<Seat>({at_->performance.key, beside}));
        }
    }
}

// The pass and the sale, which are said before anything is said of seats.
Result<void> Handler<Hold>::check_entry(Time now) const {
    const UserKey user = exists(user_) ? (*user_)->user : UserKey{};
    if (auto r = check_admitted(standing_.standing(), user, now); !r) return r;
    return check_holdable(**standing_.sale, at_->performance.starts_at, now);
}

Error Handler<Hold>::no_seats_match() const {
    const auto& [wish, left] = proposal_.shortage();
    const BestSeats& best = *wish;
    if (left) {
        return {
            Errc::no_seats_match,
            fmt::format(
                "there are not {} free seats in \"{}\"{}: {} are left", best.count, *best.section,
                best.max_price ? fmt::format(" at up to {} each", best.max_price->minor) : "",
                *left),
            {}};
    }
    const std::vector<std::string>& sections = at_->concert->seating.sections();
    if (best.section && std::ranges::find(sections, *best.section) == sections.end()) {
        return {
            Errc::no_seats_match, fmt::format("the hall has no section \"{}\"", *best.section), {}};
    }
    return {
        Errc::no_seats_match,
        fmt::format("there are not {} free seats{}{}", best.count,
                    best.section ? fmt::format(" in section \"{}\"", *best.section) : "",
                    best.max_price ? fmt::format(" at up to {} each", best.max_price->minor) : ""),
        {}};
}

// The classes whose allotments are kept from whoever asks.
std::vector<LineClass> Handler<Hold>::others() const {
    return kept_for_others((*standing_.sale)->room, command_.place.line_class());
}

std::vector<SeatNumber> Handler<Hold>::allotted() const {
    std::vector<SeatNumber> kept_from;
    if (!at_->concert->seating.has_allotments()) return kept_from;
    for (const SeatNumber number : wanted_) {
        const auto kept = kept_for(*at_->concert->seat(number), (*standing_.sale)->room);
        if (kept && *kept != command_.place.line_class()) kept_from.push_back(number);
    }
    return kept_from;
}

// What stands beside the chosen seats is as the earlier commands of the group have left it.
std::vector<SeatNumber> Handler<Hold>::orphans(Time now) const {
    if (benches_.empty()) return {};
    const Seating& seating = at_->concert->seating;
    SeatSet free(seating.size());
    for (const auto seat : benches_) {
        if ((*seat)->status_at(now) == SeatStatus::free)
            free.insert(*seating.find((*seat)->number));
    }
    erase_allotments(free, seating, others());
    return avoidable_orphans(seating, free, command_.seats);
}

std::vector<ReservedSeat> Handler<Hold>::priced() const {
    std::vector<ReservedSeat> seats;
    seats.reserve(wanted_.size());
    for (const SeatNumber number : wanted_) {
        seats.push_back({number, at_->concert->seat(number)->price});
    }
    return seats;
}

HoldRows Handler<Hold>::collect(UserKey user) const {
    HoldRows in;
    in.performance = **performance_;
    for (const auto seat : seats_) in.seats.push_back(**seat);
    for (const ReservationRows& dead : dead_) in.dead.push_back(dead.held());
    in.in_performance = limit_or_empty(in_performance_, user, at_->performance.key.value);
    in.in_concert = limit_or_empty(in_concert_, user, at_->concert->concert.key.value);
    in.standing = standing_.standing();
    in.sale = **standing_.sale;
    return in;
}

ReservationView Handler<Hold>::replay(UnitOfWork& rows) const {
    const Reservation& earlier = **earlier_;
    std::optional<PaymentId> payment;
    if (is_paid_for(earlier)) payment = (*earlier_payment_)->id;
    ReservationView view = view_of(rows.catalog(), earlier, payment, rows.now());
    view.replayed = true;
    return view;
}

Result<ReservationView> Handler<Hold>::decide(UnitOfWork& rows) {
    if (refusal_) return *refusal_;
    if (exists(name_)) {
        if ((*earlier_)->fingerprint != identity_.fingerprint) return key_reused();
        return replay(rows);
    }
    if (wanted_.empty()) {
        if (auto r = check_entry(rows.now()); !r) return r.error();
        return no_seats_match();
    }
    const UserKey user = rows.user_key(user_);
    HoldRows in = collect(user);
    const HoldFacts facts{.row = {rows.new_key()},
                          .id = {identity_.id},
                          .user = user,
                          .user_id = command_.user,
                          .place = command_.place,
                          .concert = at_->concert->concert,
                          .starts_at = at_->performance.starts_at,
                          .seats = priced(),
                          .allotted = allotted(),
                          .orphans = orphans(rows.now()),
                          .fingerprint = identity_.fingerprint,
                          .extend_max = rows.options().extend_max,
                          .now = rows.now()};
    if (auto held = hold(in, facts); !held) return held.error();

    if (!*user_) rows.put(User{command_.user, user});
    for (const HeldRows& dead : in.dead) put(rows, dead);
    for (Seat& seat : in.seats) rows.put(seat);
    rows.put(in.performance);
    rows.put(std::move(in.in_performance));
    rows.put(std::move(in.in_concert));
    if (in.standing.pass) rows.put(std::move(*in.standing.pass));
    rows.append(in.events);
    ReservationView view = view_of(rows.catalog(), *in.made, std::nullopt, rows.now());
    rows.put(std::move(*in.made));
    return view;
}

}  // namespace concertres
