#include "domain/allotment_reader.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace concertres {
namespace {

using Value = boost::json::value;

class AllotmentReader {
  public:
    AllotmentReader(ConcertDraft& draft, Faults& faults) : draft_(draft), faults_(faults) {
        for (HallSeat& seat : draft.seats) {
            by_number_.emplace(seat.number, &seat);
            by_section_[seat.section].push_back(&seat);
        }
    }

    void read(const Value& value, const JsonPath& path) {
        static constexpr std::string_view known[] = {"class", "sections", "seats"};
        ObjectReader allotment(value, path, faults_, known);
        const auto name = allotment.text("class", {.min = 1, .max = RoomClass::name_max});
        const auto* sections =
            allotment.array("sections", {.min = 1, .max = draft_.seats.size()}, Need::optional);
        const auto* seats =
            allotment.array("seats", {.min = 1, .max = draft_.seats.size()}, Need::optional);
        if (!allotment.has("sections") && !allotment.has("seats")) {
            faults_.add(path, "missing", "must name sections, seats or both");
        }
        if (!name) return;
        const auto line_class = class_of(*name, allotment.path("class"));
        if (!line_class) return;
        if (sections != nullptr) {
            add_sections(*sections, allotment.path("sections"), *line_class);
        }
        if (seats != nullptr) add_seats(*seats, allotment.path("seats"), *line_class);
    }

  private:
    [[nodiscard]] std::optional<LineClass> class_of(std::string_view name, const JsonPath& path) {
        if (!draft_.room || draft_.room->classes.empty()) {
            faults_.add(
                path, "conflict",
                fmt::format("is {}, but the concert has no room with classes", in_quotes(name)));
            return std::nullopt;
        }
        const auto found = class_named(*draft_.room, name);
        if (found) return found;
        std::string names;
        for (const RoomClass& each : draft_.room->classes) {
            if (!names.empty()) names += ", ";
            names += each.name;
        }
        faults_.add(path, "unknown_class",
                    fmt::format("is {}, but the room's classes are {}", in_quotes(name), names));
        return std::nullopt;
    }

    void add_sections(const boost::json::array& list, const JsonPath& path, LineClass line_class) {
        for (std::size_t i = 0; i < list.size(); ++i) {
            const auto name = read_text(list[i], path.index(i), {.min = 0}, faults_);
            if (!name) continue;
            const auto section = by_section_.find(std::string(*name));
            if (section == by_section_.end()) {
                faults_.add(path.index(i), "unknown_section",
                            fmt::format("the hall has no section {}", in_quotes(*name)));
                continue;
            }
            for (HallSeat* seat : section->second) allot(*seat, line_class, path.index(i));
        }
    }

    void add_seats(const boost::json::array& list, const JsonPath& path, LineClass line_class) {
        for (std::size_t i = 0; i < list.size(); ++i) {
            const auto number =
                read_integer(list[i], path.index(i), {.min = 1, .max = INT32_MAX}, faults_);
            if (!number) continue;
            const auto seat = by_number_.find(static_cast<SeatNumber>(*number));
            if (seat == by_number_.end()) {
                faults_.add(path.index(i), "unknown_seat",
                            fmt::format("the hall has no seat {}", *number));
            } else if (seat->second->general) {
                faults_.add(path.index(i), "conflict",
                            fmt::format("{} is a seat of the area {}, which is allotted whole, by "
                                        "its name in sections",
                                        *number, in_quotes(seat->second->section)));
            } else {
                allot(*seat->second, line_class, path.index(i));
            }
        }
    }

    // A seat that is named twice for one class is in its allotment all the same.
    void allot(HallSeat& seat, LineClass line_class, const JsonPath& path) {
        if (seat.allotted_to && *seat.allotted_to != line_class) {
            const auto other = static_cast<std::size_t>(*seat.allotted_to);
            faults_.add(path, "conflict",
                        fmt::format("seat {} is in the allotment of {} already", seat.number,
                                    in_quotes(draft_.room->classes[other].name)));
            return;
        }
        seat.allotted_to = line_class;
    }

    ConcertDraft& draft_;
    Faults& faults_;
    std::unordered_map<SeatNumber, HallSeat*> by_number_;
    std::unordered_map<std::string, std::vector<HallSeat*>> by_section_;
};

}  // namespace

void read_allotments(const Value& value, const JsonPath& path, ConcertDraft& draft,
                     Faults& faults) {
    const auto* list = read_array(value, path, {.min = 1, .max = 1'000}, faults);
    if (list == nullptr || draft.seats.empty()) return;
    AllotmentReader reader(draft, faults);
    for (std::size_t i = 0; i < list->size(); ++i) reader.read((*list)[i], path.index(i));
}

}  // namespace concertres
