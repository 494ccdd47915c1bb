#include "engine/allotted_seats.hpp"

#include <utility>

#include "concertres/assert.hpp"

namespace concertres {

void AllottedSeats::add(const CatalogConcert& concert) {
    Shown all{.concert = &concert, .seats = {}, .counts = {}};
    for (const HallSeat& seat : concert.seats) {
        if (!seat.allotted_to) continue;
        all.seats.emplace(seat.number, SeatStatus::free);
        ++all.counts[*seat.allotted_to].free;
    }
    if (all.seats.empty()) return;
    for (const CatalogPerformance& entry : concert.performances) {
        shown_[entry.performance.key.value] = all;
    }
}

void AllottedSeats::forget(const CatalogConcert& concert) {
    for (const CatalogPerformance& entry : concert.performances) {
        shown_.erase(entry.performance.key.value);
    }
}

void AllottedSeats::restore(std::span<const Seat> seats) {
    for (const Seat& seat : seats) {
        show(shown_.at(seat.performance.value), seat);
    }
}

void AllottedSeats::apply(const ChangeSet& changes) {
    if (shown_.empty()) return;
    for (const auto& [seat, version] : changes.rows.of<Seat>()) {
        const auto shown = shown_.find(seat.performance.value);
        if (shown != shown_.end()) show(shown->second, seat);
    }
}

void AllottedSeats::show(Shown& shown, const Seat& seat) {
    const auto before = shown.seats.find(seat.number);
    if (before == shown.seats.end()) return;
    const HallSeat* hall = shown.concert->seat(seat.number);
    CONCERTRES_ASSERT(hall != nullptr && hall->allotted_to);
    const SeatStatus from = std::exchange(before->second, seat.status);
    if (from != seat.status) shown.counts[*hall->allotted_to].move(from, seat.status, 1);
}

SeatCounts AllottedSeats::counts(PerformanceKey performance, LineClass line_class) const {
    const Shown& shown = shown_.at(performance.value);
    const auto counts = shown.counts.find(line_class);
    return counts == shown.counts.end() ? SeatCounts{} : counts->second;
}

}  // namespace concertres
