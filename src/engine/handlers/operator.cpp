#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>

#include "engine/handlers/room.hpp"

namespace concertres {

// --- ChangeSale
// -----------------------------------------------------------------------------------

void finish(ConcertView& view, const Board& board) {
    const CatalogConcert* concert = board.catalog().find(view.id);
    CONCERTRES_ASSERT(concert != nullptr);
    view = board.view(*concert, view.now);
}

void Handler<ChangeSale>::gather(UnitOfWork& rows) {
    concert_ = rows.catalog().find(command_.concert);
    if (concert_ == nullptr) return;
    sale_ = rows.want<Sale>(concert_->concert.key);
    first_ = rows.want<Line>({concert_->concert.key, 0});
    lines_.rows.clear();
    if (exists(sale_) && is_draw_due(**sale_, rows.now())) lines_.want(rows, **sale_);
}

Result<ConcertView> Handler<ChangeSale>::decide(UnitOfWork& rows) {
    if (concert_ == nullptr) {
        return unknown(Errc::unknown_concert, "concert", command_.concert.uuid);
    }
    Sale sale = **sale_;
    std::vector<Event> events;
    std::vector<Line> lines = lines_.lines();
    // An operator who comes a moment too late does not put the draw off.
    if (!lines.empty()) hold_draw(sale, lines, rows.now(), events);
    const DrawSeed seed = draw_seed_of(rows.ids(), command_.concert);
    auto event = change_sale(sale, command_.change, seed, rows.now());
    if (!event) return event.error();
    if (exists(first_) && (*first_)->closed_until) {
        if (auto r = check_outside(sale); !r) return r.error();
    }
    events.push_back(std::move(*event));
    rows.put(std::move(sale));
    lines_.put_changed(rows, lines);
    rows.append(events);
    ConcertView view;
    view.id = command_.concert;
    view.now = rows.now();
    return view;
}

// --- BlockSeats
// -----------------------------------------------------------------------------------

void Handler<BlockSeats>::gather(UnitOfWork& rows) {
    at_ = rows.catalog().find(command_.performance);
    if (at_ == nullptr) return;
    refusal_.reset();
    std::ranges::sort(command_.seats);
    const auto twice = std::ranges::unique(command_.seats);
    command_.seats.erase(twice.begin(), twice.end());
    const PerformanceKey performance = at_->performance.key;
    performance_ = rows.want<PerformanceState>(performance);
    seats_.clear();
    dead_.clear();
    std::vector<ReservationKey> in_the_way;
    for (const SeatNumber number : command_.seats) {
        if (at_->concert->seat(number) == nullptr) {
            refusal_ = Error{
                Errc::unknown_seat, fmt::format("this hall has no seat {}", number), {number}};
            return;
        }
        const auto seat = rows.want<Seat>({performance, number});
        seats_.push_back(seat);
        if (exists(seat) && (*seat)->is_dead_hold(rows.now()) &&
            std::ranges::find(in_the_way, (*seat)->reservation) == in_the_way.end()) {
            in_the_way.push_back((*seat)->reservation);
        }
    }
    for (const ReservationKey key : in_the_way) dead_.emplace_back().want(rows, key);
}

Result<std::int64_t> Handler<BlockSeats>::decide(UnitOfWork& rows) {
    if (at_ == nullptr) {
        return unknown(Errc::unknown_performance, "performance", command_.performance.uuid);
    }
    if (refusal_) return *refusal_;
    // All of it happens to copies, and is put back only once nothing refuses any more.
    BlockRows in;
    in.performance = **performance_;
    std::map<SeatNumber, Seat> seats;
    for (const auto seat : seats_) seats[(*seat)->number] = **seat;
    std::vector<HeldRows> expired;
    for (const ReservationRows& dead : dead_) {
        EndRows end{in.performance, dead.held(), {}};
        expire(end, rows.now());
        in.performance = end.performance;
        std::ranges::move(end.events, std::back_inserter(in.events));
        for (const Seat& seat : end.held.seats) {
            if (seats.contains(seat.number)) seats[seat.number] = seat;
        }
        expired.push_back(std::move(end.held));
    }
    for (const auto& [number, seat] : seats) in.seats.push_back(seat);
    const SeatCounts before = in.performance.counts;
    const auto set = set_blocked(in, command_.blocked, command_.actor, rows.now());
    if (!set) return set.error();

    for (const HeldRows& held : expired) put(rows, held);
    for (const Seat& seat : in.seats) rows.put(seat);
    const std::int64_t changed = std::abs(in.performance.counts.blocked - before.blocked);
    rows.put(in.performance);
    rows.append(in.events);
    return changed;
}

// --- Sweep
// ----------------------------------------------------------------------------------------

void Handler<Sweep>::gather(UnitOfWork& rows) {
    holds_ = rows.want<ExpiringHolds>(0);
    dead_.clear();
    performances_.clear();
    if (!exists(holds_)) return;
    for (const auto& end : (*holds_)->reservations) {
        if (end.ends_at > rows.now()) break;
        dead_.emplace_back().want(rows, end.name);
        if (exists(dead_.back().reservation)) {
            const PerformanceKey performance = (*dead_.back().reservation)->performance;
            performances_.push_back(rows.want<PerformanceState>(performance));
        }
    }
}

Result<std::int64_t> Handler<Sweep>::decide(UnitOfWork& rows) {
    std::int64_t swept = 0;
    for (std::size_t i = 0; i < dead_.size(); ++i) {
        const Reservation& reservation = **dead_[i].reservation;
        // An earlier command of this group may have ended it, or prolonged it.
        if (reservation.status != ReservationStatus::held ||
            reservation.status_at(rows.now()) != ReservationStatus::expired) {
            continue;
        }
        EndRows in{**performances_[i], dead_[i].held(), {}};
        expire(in, rows.now());
        put(rows, in.held);
        rows.put(in.performance);
        rows.append(in.events);
        ++swept;
    }
    again_ = dead_.size() == ExpiringHolds::batch;
    rows.forget<ExpiringHolds>(0);
    return swept;
}

}  // namespace concertres
