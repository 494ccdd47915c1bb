#include "domain/class_reader.hpp"

#include <string>
#include <string_view>

namespace concertres {

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
