// What a sale keeps in several columns that are NULL together: its room's settings, and its draw.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "concertres/catalog.hpp"
#include "concertres/draw.hpp"
#include "concertres/time.hpp"

namespace concertres::sqlite {

// A room's settings as columns of the sale's row.
struct RoomColumns {
    bool has_room = false;
    std::optional<std::int64_t> active_max;
    std::optional<std::int64_t> window_admit_max;
    std::optional<Duration> window;
    std::optional<Duration> pass_ttl;
    bool draw = false;

    static RoomColumns of(const std::optional<RoomPolicy>& room);
    [[nodiscard]] std::optional<RoomPolicy> to_policy(std::string custom) const;

    template <class Visitor, class Row>
    static void visit(Visitor& v, Row& row) {
        v.column("room", row.has_room);
        v.column("active_max", row.active_max);
        v.column("window_admit_max", row.window_admit_max);
        v.column("window_length", row.window);
        v.column("pass_ttl", row.pass_ttl);
        v.column("draw", row.draw);
    }
};

// The room's draw: its seed from when it is set, the others from when it has taken place.
struct DrawColumns {
    std::optional<DrawSeed> seed;
    std::optional<std::int64_t> epoch;
    std::optional<std::int64_t> size;
    std::optional<Time> drawn_at;
    std::optional<std::int64_t> next_rank;

    static DrawColumns of(const std::optional<DrawState>& draw);
    [[nodiscard]] std::optional<DrawState> to_state() const;

    template <class Visitor, class Row>
    static void visit(Visitor& v, Row& row) {
        v.column("draw_seed", row.seed);
        v.column("draw_epoch", row.epoch);
        v.column("draw_size", row.size);
        v.column("drawn_at", row.drawn_at);
        v.column("draw_next_rank", row.next_rank);
    }
};

}  // namespace concertres::sqlite
