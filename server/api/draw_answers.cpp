// Draws as JSON.
#include "api/answers.hpp"
#include "base/hex.hpp"
#include "json/json_writer.hpp"

namespace concertres::server {

namespace {

void write_draw(JsonWriter& json, const DrawView& draw) {
    const bool drawn = draw.drawn_at.has_value();
    const auto of_first = [&draw](std::int64_t Drawn::*field) {
        return draw.lines.empty() ? std::nullopt : std::optional(draw.lines.front().drawn.*field);
    };
    json.field("concert_id", draw.concert)
        .field("algorithm", draw_algorithm)
        .field("commitment", to_hex(draw.commitment))
        .field("opens_at", draw.opens_at)
        .field("drawn", drawn)
        .field("seed", drawn ? std::optional(to_hex(draw.seed)) : std::nullopt)
        .field("epoch", of_first(&Drawn::epoch))
        .field("size", of_first(&Drawn::size))
        .field("drawn_at", draw.drawn_at)
        .key("lines")
        .begin_array();
    for (const auto& [name, line] : draw.lines) {
        json.begin_object()
            .field("class", name)
            .field("class_number", line.line_class)
            .field("epoch", line.epoch)
            .field("size", line.size)
            .end_object();
    }
    json.end_array().field("now", draw.now);
}

}  // namespace

std::string draw_json(const DrawView& draw) {
    std::string body;
    JsonWriter json(body);
    json.begin_object();
    write_draw(json, draw);
    json.end_object();
    return body;
}

std::string drawn_page_json(const DrawView& draw, const AdmissionsView& page) {
    std::string body;
    JsonWriter json(body);
    json.begin_object();
    write_draw(json, draw);
    json.key("admissions").begin_array();
    for (const Admission& admission : page.admissions) {
        json.begin_object().field("number", admission.number.value).field("at", admission.at);
        if (admission.by_hand) json.field("by_hand", true);
        if (admission.passed_at) json.field("passed_at", *admission.passed_at);
        json.end_object();
    }
    json.end_array()
        .field("next_cursor", page.next ? std::optional(std::to_string(*page.next)) : std::nullopt)
        .end_object();
    return body;
}

}  // namespace concertres::server
