// A Mix is what one seed draws: the hall, the room's policy, the people, and all that goes wrong.
//
//   const Mix mix = draw_mix(seed);
//   std::puts(describe(mix).c_str());
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "concertres/catalog.hpp"
#include "concertres/options.hpp"

namespace concertres::sim {

enum class StoreKind : std::uint8_t { memory, sqlite, shared };

// Of a world in which several instances share one store, a model of PostgreSQL.
struct Sharing {
    int instances = 1;
    bool is_optimistic = false;           // nothing is locked; what was loaded is compared
    std::uint64_t conflict_percent = 0;   // of commits that fail for nothing
    std::uint64_t interrupt_percent = 0;  // of reads before which others do something
    std::uint64_t tell_lost_percent = 0;
    Duration trouble_every{0};  // with one's next commit, or the reply to it; 0: never
    Duration away_every{0};     // nobody reaches the store, or one does not
    Duration stall_every{0};    // one stands still
    Duration clock_every{0};    // the server's clock moves
};

struct Mix {
    std::uint64_t seed = 0;
    StoreKind store = StoreKind::memory;
    Sharing sharing{};
    bool over_http = false;  // what clients ask goes through the server's dispatcher

    // --- what is sold, and how
    int performances = 1;
    SeatNumber seats = 10;    // of each, that are named by their numbers
    SeatNumber standing = 0;  // and of an area, numbered after them
    SeatLimits limits{};
    RefundPolicy refunds{};
    std::optional<RoomPolicy> room{};
    Duration opens_after{0};
    Duration starts_after{0};
    Options options{};

    // --- who comes
    int clients = 4;
    int acts = 12;  // that each does before it goes
    std::uint64_t money_max = 1'000;
    std::uint64_t absent_percent = 0;
    std::uint64_t mischief_percent = 0;  // another's reservation, a key used twice, a forged token

    // --- what goes wrong, until it heals
    Duration trouble_for{0};
    std::uint64_t lost_percent = 0;      // of requests, and of answers
    std::uint64_t repeated_percent = 0;  // of both
    Duration delay_max{0};
    Duration step_time{0};
    Duration crash_every{0};  // 0: never, here and below
    Duration stop_every{0};
    Duration wall_step_every{0};
    Duration wall_drift_every{0};
    Duration storage_fault_every{0};
    Duration operator_every{0};
};

[[nodiscard]] Mix draw_mix(std::uint64_t seed);
// One line, for whoever looks at a failure.
[[nodiscard]] std::string describe(const Mix& mix);

}  // namespace concertres::sim
