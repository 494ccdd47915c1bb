#include "columns/sale_columns.hpp"

#include <utility>

namespace concertres::columns {

RoomColumns RoomColumns::of(const std::optional<RoomPolicy>& room) {
    RoomColumns columns;
    if (!room) return columns;
    columns.has_room = true;
    columns.active_max = room->active_max;
    if (room->window) {
        columns.window_admit_max = room->window->admit_max;
        columns.window = room->window->length;
    }
    columns.pass_ttl = room->pass_ttl;
    columns.draw = room->draw;
    columns.classes = room->classes;
    columns.waiting_list = room->waiting_list;
    if (room->closed_loop) columns.set_loop(*room->closed_loop);
    if (room->no_shows) {
        columns.silent_after = room->no_shows->silent_after;
        columns.grace = room->no_shows->grace;
    }
    return columns;
}

void RoomColumns::set_loop(const ClosedLoop& loop) {
    loop_floor = loop.floor;
    loop_ceiling = loop.ceiling;
    loop_add = loop.add;
    loop_cut = loop.cut;
    loop_every = loop.every;
    loop_load_max = loop.load_max;
    loop_commit_max = loop.commit_max;
    loop_seats_per_pass_min = loop.seats_per_pass_min;
}

std::optional<ClosedLoop> RoomColumns::to_loop() const {
    if (!loop_floor || !loop_ceiling || !loop_add || !loop_cut || !loop_every) return std::nullopt;
    return ClosedLoop{.floor = *loop_floor,
                      .ceiling = *loop_ceiling,
                      .add = *loop_add,
                      .cut = *loop_cut,
                      .every = *loop_every,
                      .load_max = loop_load_max,
                      .commit_max = loop_commit_max,
                      .seats_per_pass_min = loop_seats_per_pass_min};
}

std::optional<RoomPolicy> RoomColumns::to_policy(std::string custom) const {
    if (!has_room) return std::nullopt;
    RoomPolicy room{.active_max = active_max,
                    .pass_ttl = pass_ttl,
                    .custom = std::move(custom),
                    .draw = draw,
                    .classes = classes,
                    .closed_loop = to_loop(),
                    .waiting_list = waiting_list};
    if (silent_after && grace) room.no_shows = NoShows{*silent_after, *grace};
    if (window_admit_max && window) room.window = AdmissionWindow{*window_admit_max, *window};
    return room;
}

DrawColumns DrawColumns::of(const std::optional<DrawState>& draw) {
    DrawColumns columns;
    if (!draw) return columns;
    columns.seed = draw->seed;
    columns.drawn_at = draw->drawn_at;
    return columns;
}

std::optional<DrawState> DrawColumns::to_state() const {
    if (!seed) return std::nullopt;
    return DrawState{.seed = *seed, .drawn_at = drawn_at};
}

DrawnColumns DrawnColumns::of(const std::optional<Drawn>& drawn) {
    if (!drawn) return {};
    return {.epoch = drawn->epoch, .size = drawn->size, .next_rank = drawn->next_rank};
}

std::optional<Drawn> DrawnColumns::to_drawn(LineClass line_class) const {
    if (!epoch || !size || !next_rank) return std::nullopt;
    return Drawn{.line_class = line_class, .epoch = *epoch, .size = *size, .next_rank = *next_rank};
}

}  // namespace concertres::columns
