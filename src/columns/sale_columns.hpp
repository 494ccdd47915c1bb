// What a sale and its lines keep in several columns that are NULL together: the room's settings,
// and its draw.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "concertres/catalog.hpp"
#include "concertres/draw.hpp"
#include "concertres/time.hpp"

namespace concertres::columns {

// A room's settings as columns of the sale's row.
struct RoomColumns {
    bool has_room = false;
    std::optional<std::int64_t> active_max;
    std::optional<std::int64_t> window_admit_max;
    std::optional<Duration> window;
    std::optional<Duration> pass_ttl;
    bool draw = false;
    bool waiting_list = false;
    std::optional<std::int64_t> loop_floor;
    std::optional<std::int64_t> loop_ceiling;
    std::optional<std::int64_t> loop_add;
    std::optional<std::int64_t> loop_cut;
    std::optional<Duration> loop_every;
    std::optional<double> loop_load_max;
    std::optional<Duration> loop_commit_max;
    std::optional<std::int64_t> loop_seats_per_pass_min;
    std::vector<RoomClass> classes;
    std::optional<Duration> silent_after;
    std::optional<Duration> grace;

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
        v.column("waiting_list", row.waiting_list);
        v.column("loop_floor", row.loop_floor);
        v.column("loop_ceiling", row.loop_ceiling);
        v.column("loop_add", row.loop_add);
        v.column("loop_cut", row.loop_cut);
        v.column("loop_every", row.loop_every);
        v.column("loop_load_max", row.loop_load_max);
        v.column("loop_commit_max", row.loop_commit_max);
        v.column("loop_seats_per_pass_min", row.loop_seats_per_pass_min);
        v.column("classes", row.classes);
        v.column("silent_after", row.silent_after);
        v.column("no_show_grace", row.grace);
    }

  private:
    void set_loop(const ClosedLoop& loop);
    // Nothing where the room has none.
    [[nodiscard]] std::optional<ClosedLoop> to_loop() const;
};

// The room's draw: its seed from when it is set, and when it took place.
struct DrawColumns {
    std::optional<DrawSeed> seed;
    std::optional<Time> drawn_at;

    static DrawColumns of(const std::optional<DrawState>& draw);
    [[nodiscard]] std::optional<DrawState> to_state() const;

    template <class Visitor, class Row>
    static void visit(Visitor& v, Row& row) {
        v.column("draw_seed", row.seed);
        v.column("drawn_at", row.drawn_at);
    }
};

// What was drawn of one line.
struct DrawnColumns {
    std::optional<std::int64_t> epoch;
    std::optional<std::int64_t> size;
    std::optional<std::int64_t> next_rank;

    static DrawnColumns of(const std::optional<Drawn>& drawn);
    [[nodiscard]] std::optional<Drawn> to_drawn(LineClass line_class) const;

    template <class Visitor, class Row>
    static void visit(Visitor& v, Row& row) {
        v.column("drawn_epoch", row.epoch);
        v.column("drawn_size", row.size);
        v.column("drawn_next_rank", row.next_rank);
    }
};

}  // namespace concertres::columns
