// A Seat is, for one performance, in exactly one of four states: free, blocked by an operator, held
// by a reservation until a deadline, or sold to one. A hold is dead at its deadline whether or not
// anybody has tidied it up: always ask for the state at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "concertres/event.hpp"
#include "concertres/ids.hpp"
#include "concertres/result.hpp"
#include "concertres/time.hpp"

namespace concertres {

enum class SeatStatus : std::uint8_t { free = 0, blocked = 1, held = 2, sold = 3 };

struct SeatKey {
    PerformanceKey performance{};
    SeatNumber number = 0;

    friend auto operator<=>(const SeatKey&, const SeatKey&) = default;
};

struct Seat {
    PerformanceKey performance{};
    SeatNumber number = 0;
    SeatStatus status = SeatStatus::free;
    ReservationKey reservation{};  // held and sold
    Time held_until{};             // held

    friend bool operator==(const Seat&, const Seat&) = default;

    [[nodiscard]] SeatKey key() const { return {performance, number}; }
    [[nodiscard]] bool is_dead_hold(Time now) const {
        return status == SeatStatus::held && held_until <= now;
    }
    [[nodiscard]] SeatStatus status_at(Time now) const {
        return is_dead_hold(now) ? SeatStatus::free : status;
    }
};

// How many of a performance's seats are stored in each state; dead holds count as held until
// somebody tidies them up.
struct SeatCounts {
    std::int64_t free = 0;
    std::int64_t blocked = 0;
    std::int64_t held = 0;
    std::int64_t sold = 0;

    friend bool operator==(const SeatCounts&, const SeatCounts&) = default;

    [[nodiscard]] std::int64_t total() const { return free + blocked + held + sold; }
    SeatCounts& operator+=(const SeatCounts& other);
    SeatCounts& operator-=(const SeatCounts& other);
    // REQUIRES: the count that goes down is at least `by`
    void move(SeatStatus from, SeatStatus to, std::int64_t by);
};

// What changes of a performance during a sale; its row is also its stream's.
struct PerformanceState {
    PerformanceKey performance{};
    SeatCounts counts{};
    std::int64_t next_event = 1;

    friend bool operator==(const PerformanceState&, const PerformanceState&) = default;

    [[nodiscard]] PerformanceKey key() const { return performance; }
    // Gives `event` the next number of this stream.
    void number(Event& event);
};

// Refuses, first match wins over all seats: seat_blocked, seat_sold, seat_held; the error lists the
// seats that are in the state it names.
[[nodiscard]] Result<void> check_available(std::span<const Seat> seats, Time now);

// An operator takes seats out of the sale, or puts them back.
struct BlockRows {
    PerformanceState performance{};
    std::vector<Seat> seats{};
    std::vector<Event> events{};

    friend bool operator==(const BlockRows&, const BlockRows&) = default;
};
// Refuses: seat_sold, seat_held (a live hold). Seats that are as wanted already stay as they are.
// REQUIRES: no seat in `rows` is a dead hold (expire its reservation first).
[[nodiscard]] Result<void> set_blocked(BlockRows& rows, bool blocked, const std::string& actor,
                                       Time now);

}  // namespace concertres
