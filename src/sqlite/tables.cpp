#include "sqlite/tables.hpp"

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
    return columns;
}

std::optional<RoomPolicy> RoomColumns::to_policy(std::string custom) const {
    if (!has_room) return std::nullopt;
    RoomPolicy room{.active_max = active_max, .pass_ttl = pass_ttl, .custom = std::move(custom)};
    if (window_admit_max && window) room.window = AdmissionWindow{*window_admit_max, *window};
    return room;
}

}  // namespace concertres::sqlite
