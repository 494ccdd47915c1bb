#include "domain/class_reader.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace concertres {
namespace {

// As check(RoomPolicy) has it.
bool is_plain(std::string_view name) {
    return std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

}  // namespace

std::optional<std::vector<RoomClass>> read_classes(ObjectReader& room, Faults& faults) {
    const auto* list =
        room.array("classes", {.min = 0, .max = RoomClass::count_max}, Need::optional);
    if (list == nullptr) return std::nullopt;
    const JsonPath path = room.path("classes");
    std::vector<RoomClass> classes;
    for (std::size_t i = 0; i < list->size(); ++i) {
        static constexpr std::string_view known[] = {"name", "weight", "allotment"};
        ObjectReader each((*list)[i], path.index(i), faults, known);
        const auto name = each.text("name", {.min = 1, .max = RoomClass::name_max});
        if (name && !is_plain(*name)) {
            faults.add(each.path("name"), "malformed", "must be of a-z, 0-9, _ and -");
        } else if (name && std::ranges::find(classes, *name, &RoomClass::name) != classes.end()) {
            faults.add(each.path("name"), "duplicate", "must not be that of another class");
        }
        const auto weight =
            each.integer("weight", {.min = 1, .max = RoomClass::weight_max}, Need::optional);
        const auto allotment = each.text("allotment", {}, Need::optional);
        if (allotment && *allotment != "kept" && *allotment != "released") {
            faults.add(each.path("allotment"), "malformed", "must be \"kept\" or \"released\"");
        }
        classes.push_back({.name = std::string(name.value_or("")),
                           .weight = weight.value_or(1),
                           .allotment_released = allotment && *allotment == "released"});
    }
    return classes;
}

}  // namespace concertres
