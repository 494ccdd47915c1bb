// A room's settings, as operators read them and send them back.
#include <optional>

#include "api/answers.hpp"

namespace concertres::server {

namespace {

// What the loop does not watch is left out, so that it can be sent back as it is.
void write_settings(JsonWriter& json, const ClosedLoop& loop) {
    json.begin_object()
        .field("floor", loop.floor)
        .field("ceiling", loop.ceiling)
        .field("add", loop.add)
        .field("cut", loop.cut)
        .field("every_ms", milliseconds(loop.every));
    if (loop.load_max) json.field("load_max", *loop.load_max);
    if (loop.commit_max) json.field("commit_ms_max", milliseconds(*loop.commit_max));
    if (loop.seats_per_pass_min) json.field("seats_per_pass_min", *loop.seats_per_pass_min);
    json.end_object();
}

void write_window(JsonWriter& json, const AdmissionWindow& window) {
    json.begin_object()
        .field("admit_max", window.admit_max)
        .field("window_ms", milliseconds(window.length))
        .end_object();
}

void write_settings(JsonWriter& json, const NoShows& rule) {
    json.begin_object()
        .field("silent_ms", milliseconds(rule.silent_after))
        .field("grace_ms", milliseconds(rule.grace))
        .end_object();
}

}  // namespace

void write_settings(JsonWriter& json, const RoomPolicy& room) {
    json.begin_object().field("active_max", room.active_max).key("window");
    if (room.window) {
        write_window(json, *room.window);
    } else {
        json.value(nullptr);
    }
    json.field("pass_ms",
               room.pass_ttl ? std::optional(milliseconds(*room.pass_ttl)) : std::nullopt)
        .field("draw", room.draw)
        .key("classes")
        .begin_array();
    for (const RoomClass& each : room.classes) {
        json.begin_object()
            .field("name", each.name)
            .field("weight", each.weight)
            .field("allotment", each.allotment_released ? "released" : "kept")
            .end_object();
    }
    json.end_array().key("closed_loop");
    if (room.closed_loop) {
        write_settings(json, *room.closed_loop);
    } else {
        json.value(nullptr);
    }
    json.field("waiting_list", room.waiting_list).key("no_shows");
    if (room.no_shows) {
        write_settings(json, *room.no_shows);
    } else {
        json.value(nullptr);
    }
    json.end_object();
}

}  // namespace concertres::server
