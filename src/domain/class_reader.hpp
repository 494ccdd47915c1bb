// A room's classes, as concert documents and operators write them:
//
//   "classes": [{"name": "general", "weight": 1}, {"name": "fan_club", "weight": 3}]
#pragma once

#include <optional>
#include <vector>

#include "base/json_reader.hpp"
#include "concertres/catalog.hpp"

namespace concertres {

// The field `classes`; nothing where it is absent. A weight that is left out is 1.
[[nodiscard]] std::optional<std::vector<RoomClass>> read_classes(ObjectReader& room,
                                                                 Faults& faults);

}  // namespace concertres
