#include "sqlite/sale_columns.hpp"

#include <utility>

namespace concertres::sqlite {

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
    return columns;
}

std::optional<RoomPolicy> RoomColumns::to_policy(std::string custom) const {
    if (!has_room) return std::nullopt;
    RoomPolicy room{
        .active_max = active_max, .pass_ttl = pass_ttl, .custom = std::move(custom), .draw = draw};
    if (window_admit_max && window) room.window = AdmissionWindow{*window_admit_max, *window};
    return room;
}

DrawColumns DrawColumns::of(const std::optional<DrawState>& draw) {
    DrawColumns columns;
    if (!draw) return columns;
    columns.seed = draw->seed;
    if (!draw->drawn) return columns;
    columns.epoch = draw->drawn->epoch;
    columns.size = draw->drawn->size;
    columns.drawn_at = draw->drawn->at;
    columns.next_rank = draw->drawn->next_rank;
    return columns;
}

std::optional<DrawState> DrawColumns::to_state() const {
    if (!seed) return std::nullopt;
    DrawState draw{.seed = *seed, .drawn = {}};
    if (epoch && size && drawn_at && next_rank) {
        draw.drawn = {.epoch = *epoch, .size = *size, .at = *drawn_at, .next_rank = *next_rank};
    }
    return draw;
}

}  // namespace concertres::sqlite
