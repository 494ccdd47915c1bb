#include "concertres/seat.hpp"

#include <algorithm>
#include <string_view>

namespace concertres {
namespace {

// The refusal for those of `seats` that are in `status` now, or nothing.
Result<void> refuse_any(std::span<const Seat> seats, SeatStatus status, Time now, Errc code,
                        std::string_view what) {
    Error error{.code = code, .detail = {}, .seats = {}};
    for (const Seat& seat : seats) {
        if (seat.status_at(now) == status) error.seats.push_back(seat.number);
    }
    if (error.seats.empty()) return {};
    error.detail = error.seats.size() == 1 ? "this seat is " : "these seats are ";
    error.detail += what;
    return error;
}

Result<void> check_not_sold(std::span<const Seat> seats, Time now) {
    return refuse_any(seats, SeatStatus::sold, now, Errc::seat_sold, "sold");
}

Result<void> check_not_held(std::span<const Seat> seats, Time now) {
    return refuse_any(seats, SeatStatus::held, now, Errc::seat_held, "held by a reservation");
}

std::int64_t& count_of(SeatCounts& counts, SeatStatus status) {
    switch (status) {
        case SeatStatus::free:
            return counts.free;
        case SeatStatus::blocked:
            return counts.blocked;
        case SeatStatus::held:
            return counts.held;
        case SeatStatus::sold:
            return counts.sold;
    }
    CONCERTRES_ASSERT(false && "no such status");
    return counts.free;
}

void apply_blocked(BlockRows& rows, bool blocked, const std::string& actor, Time now) {
    const SeatStatus from = blocked ? SeatStatus::free : SeatStatus::blocked;
    const SeatStatus to = blocked ? SeatStatus::blocked : SeatStatus::free;
    EventItem item;
    for (Seat& seat : rows.seats) {
        CONCERTRES_ASSERT(seat.performance == rows.performance.performance);
        if (seat.status != from) continue;
        seat.status = to;
        item.seats.push_back(seat.number);
    }
    if (item.seats.empty()) return;
    rows.performance.counts.move(from, to, static_cast<std::int64_t>(item.seats.size()));
    Event event{.kind = blocked ? EventKind::seats_blocked : EventKind::seats_unblocked,
                .at = now,
                .items = {std::move(item)},
                .actor = actor};
    rows.performance.number(event);
    rows.events.push_back(std::move(event));
}

}  // namespace

SeatCounts& SeatCounts::operator+=(const SeatCounts& other) {
    free += other.free;
    blocked += other.blocked;
    held += other.held;
    sold += other.sold;
    return *this;
}

SeatCounts& SeatCounts::operator-=(const SeatCounts& other) {
    free -= other.free;
    blocked -= other.blocked;
    held -= other.held;
    sold -= other.sold;
    return *this;
}

void SeatCounts::move(SeatStatus from, SeatStatus to, std::int64_t by) {
    CONCERTRES_ASSERT(by >= 0);
    CONCERTRES_ASSERT(count_of(*this, from) >= by);
    count_of(*this, from) -= by;
    count_of(*this, to) += by;
}

void PerformanceState::number(Event& event) {
    CONCERTRES_ASSERT(event.number == 0);
    event.stream = {StreamKind::performance, performance.value};
    event.number = next_event++;
}

Result<void> check_available(std::span<const Seat> seats, Time now) {
    auto not_blocked =
        refuse_any(seats, SeatStatus::blocked, now, Errc::seat_blocked, "not for sale");
    if (!not_blocked) return not_blocked;
    if (auto r = check_not_sold(seats, now); !r) return r;
    return check_not_held(seats, now);
}

Result<void> set_blocked(BlockRows& rows, bool blocked, const std::string& actor, Time now) {
    if (auto r = check_not_sold(rows.seats, now); !r) return r;
    if (auto r = check_not_held(rows.seats, now); !r) return r;
    CONCERTRES_ASSERT(std::none_of(rows.seats.begin(), rows.seats.end(),
                                   [now](const Seat& seat) { return seat.is_dead_hold(now); }));
    apply_blocked(rows, blocked, actor, now);
    return {};
}

}  // namespace concertres
