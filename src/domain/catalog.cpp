#include "concertres/catalog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <unordered_map>

#include "concertres/assert.hpp"

namespace concertres {
namespace {

constexpr std::size_t text_bytes_max = 500;
constexpr std::size_t performances_max = 1'000;
constexpr std::size_t seats_max = 200'000;
// Longer than any sale; and added to any time of these centuries, it cannot overflow.
constexpr Duration duration_max = std::chrono::days(3'650);
constexpr std::chrono::minutes utc_offset_max = std::chrono::hours(23) + std::chrono::minutes(59);
constexpr Time time_first = std::chrono::sys_days(std::chrono::year(1970) / 1 / 1);
constexpr Time time_end = std::chrono::sys_days(std::chrono::year(10'000) / 1 / 1);

// What is wrong, and where below the value that was looked at. Written only once something is
// wrong: a hall may have 200,000 seats that are right.
struct Fault {
    std::string where;
    std::string what;

    Fault below(std::string_view parent) && {
        return {fmt::format("{}/{}", parent, where), std::move(what)};
    }
};
using Finding = std::optional<Fault>;

Finding check_text(const std::string& text, const char* where) {
    if (text.size() <= text_bytes_max) return std::nullopt;
    return Fault{where, fmt::format("must have at most {} bytes", text_bytes_max)};
}

Finding check_count(std::size_t count, std::size_t max, const char* where) {
    if (count >= 1 && count <= max) return std::nullopt;
    return Fault{where, fmt::format("there must be 1 to {}, not {}", max, count)};
}

Finding check_positive(std::int64_t value, const char* where) {
    if (value >= 1) return std::nullopt;
    return Fault{where, fmt::format("must be at least 1, not {}", value)};
}

Finding check_duration(Duration value, Duration min, const char* where) {
    if (value >= min && value <= duration_max) return std::nullopt;
    return Fault{where, fmt::format("must be {} to {} microseconds, not {}", min.count(),
                                    duration_max.count(), value.count())};
}

bool is_in_range(Time time) { return time >= time_first && time < time_end; }

// Both as an instant and as its offset shows it, so that it can be written and read back.
bool is_in_range(const OffsetTime& at) {
    return at.utc_offset >= -utc_offset_max && at.utc_offset <= utc_offset_max &&
           is_in_range(at.time) && is_in_range(at.time + at.utc_offset);
}

Finding check_performances(const std::vector<PerformanceDraft>& performances) {
    if (auto f = check_count(performances.size(), performances_max, "performances")) return f;
    std::map<Time, std::size_t> seen;
    for (std::size_t i = 0; i < performances.size(); ++i) {
        const OffsetTime& at = performances[i].starts_at;
        const std::string where = fmt::format("performances/{}/starts_at", i);
        if (!is_in_range(at)) {
            return Fault{where, "must be in the years 1970 to 9999, its offset under 24 hours"};
        }
        const auto [first, is_new] = seen.emplace(at.time, i);
        if (!is_new) {
            return Fault{where, fmt::format("{} is also that of performances/{}",
                                            to_rfc3339(at.time, at.utc_offset), first->second)};
        }
    }
    return std::nullopt;
}

Finding check_seat(const HallSeat& seat) {
    if (auto f = check_positive(seat.number, "number")) return f;
    if (auto f = check_text(seat.label, "label")) return f;
    if (auto f = check_text(seat.section, "section")) return f;
    if (auto f = check_text(seat.row, "row")) return f;
    if (auto f = check_text(seat.plan_id, "plan_id")) return f;
    if (!std::isfinite(seat.x)) return Fault{"x", "must be a finite number"};
    if (!std::isfinite(seat.y)) return Fault{"y", "must be a finite number"};
    if (seat.price.minor >= 0 && seat.price.minor <= Money::max_minor) return std::nullopt;
    return Fault{"price",
                 fmt::format("must be 0 to {}, not {}", Money::max_minor, seat.price.minor)};
}

// A section is an area or it is not, and an area has one price.
Finding check_areas(const std::vector<HallSeat>& seats) {
    if (std::ranges::none_of(seats, &HallSeat::general)) return std::nullopt;
    std::unordered_map<std::string_view, std::size_t> first_of_section;
    for (std::size_t i = 0; i < seats.size(); ++i) {
        const HallSeat& seat = seats[i];
        if (seat.general && seat.section.empty()) {
            return Fault{fmt::format("seats/{}/section", i), "a general seat must be in a section"};
        }
        const std::size_t at = first_of_section.try_emplace(seat.section, i).first->second;
        const HallSeat& first = seats[at];
        if (seat.general != first.general) {
            return Fault{fmt::format("seats/{}/section", i),
                         fmt::format("\"{}\" must have numbered seats or general ones, not both: "
                                     "seats/{} is {}",
                                     seat.section, at, first.general ? "general" : "numbered")};
        }
        if (seat.general && seat.price != first.price) {
            return Fault{fmt::format("seats/{}/price", i),
                         fmt::format("must be {}, as in all of the area \"{}\", not {}",
                                     first.price.minor, seat.section, seat.price.minor)};
        }
        if (seat.general && seat.allotted_to != first.allotted_to) {
            return Fault{fmt::format("seats/{}/allotted_to", i),
                         fmt::format("must be as in all of the area \"{}\"", seat.section)};
        }
    }
    return std::nullopt;
}

Finding check_seats(const std::vector<HallSeat>& seats) {
    if (auto f = check_count(seats.size(), seats_max, "seats")) return f;
    std::unordered_map<SeatNumber, std::size_t> numbers;
    std::unordered_map<std::string_view, std::size_t> plan_ids;
    numbers.reserve(seats.size());
    for (std::size_t i = 0; i < seats.size(); ++i) {
        const HallSeat& seat = seats[i];
        if (auto f = check_seat(seat)) return std::move(*f).below(fmt::format("seats/{}", i));
        if (const auto [first, is_new] = numbers.emplace(seat.number, i); !is_new) {
            return Fault{fmt::format("seats/{}/number", i),
                         fmt::format("{} is also that of seats/{}", seat.number, first->second)};
        }
        if (seat.plan_id.empty()) continue;
        if (const auto [first, is_new] = plan_ids.emplace(seat.plan_id, i); !is_new) {
            return Fault{
                fmt::format("seats/{}/plan_id", i),
                fmt::format("\"{}\" is also that of seats/{}", seat.plan_id, first->second)};
        }
    }
    return std::nullopt;
}

Finding check_range(std::int64_t value, std::int64_t min, std::int64_t max, const char* where) {
    if (value >= min && value <= max) return std::nullopt;
    return Fault{where, fmt::format("must be {} to {}, not {}", min, max, value)};
}

// What a closed loop is to keep.
Finding check_watched(const ClosedLoop& loop) {
    if (!loop.load_max && !loop.commit_max && !loop.seats_per_pass_min) {
        return Fault{"load_max",
                     "one of load_max, commit_max and seats_per_pass_min must be given: what the "
                     "loop is to keep"};
    }
    if (loop.load_max && !(*loop.load_max > 0 && *loop.load_max <= 1'000)) {
        return Fault{"load_max",
                     fmt::format("must be above 0 and at most 1000, not {}", *loop.load_max)};
    }
    if (loop.commit_max) {
        if (auto f = check_duration(*loop.commit_max, Duration(1), "commit_max")) return f;
    }
    if (!loop.seats_per_pass_min) return std::nullopt;
    return check_positive(*loop.seats_per_pass_min, "seats_per_pass_min");
}

Finding check_loop(const ClosedLoop& loop) {
    if (auto f = check_positive(loop.floor, "floor")) return f;
    if (loop.ceiling < loop.floor) {
        return Fault{"ceiling", fmt::format("must be at least the floor, {}, not {}", loop.floor,
                                            loop.ceiling)};
    }
    if (auto f = check_positive(loop.add, "add")) return f;
    if (auto f = check_range(loop.cut, 1, 99, "cut")) return f;
    if (auto f = check_duration(loop.every, Duration(1), "every")) return f;
    return check_watched(loop);
}

Finding check_no_shows(const NoShows& rule) {
    if (rule.silent_after < NoShows::silent_after_min) {
        return Fault{"silent_after",
                     fmt::format("must be at least {} s, not {} us: whoever asks again when told "
                                 "to, which may be over a minute later, must not count as absent",
                                 std::chrono::seconds(90).count(), rule.silent_after.count())};
    }
    if (auto f = check_duration(rule.silent_after, NoShows::silent_after_min, "silent_after")) {
        return f;
    }
    return check_duration(rule.grace, NoShows::grace_min, "grace");
}

Finding check_class(const RoomClass& each) {
    const bool is_plain = std::ranges::all_of(each.name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
    if (!is_plain || each.name.empty() || each.name.size() > RoomClass::name_max) {
        return Fault{"name",
                     fmt::format("must be 1 to {} of a-z, 0-9, _ and -", RoomClass::name_max)};
    }
    if (each.weight >= 1 && each.weight <= RoomClass::weight_max) return std::nullopt;
    return Fault{"weight",
                 fmt::format("must be 1 to {}, not {}", RoomClass::weight_max, each.weight)};
}

Finding check_classes(const std::vector<RoomClass>& classes) {
    if (classes.size() > RoomClass::count_max) {
        return Fault{"classes", fmt::format("must be at most {}, not {}", RoomClass::count_max,
                                            classes.size())};
    }
    for (std::size_t i = 0; i < classes.size(); ++i) {
        if (auto f = check_class(classes[i])) {
            return std::move(*f).below(fmt::format("classes/{}", i));
        }
        const auto first = std::ranges::find(classes, classes[i].name, &RoomClass::name);
        if (first == classes.begin() + static_cast<std::ptrdiff_t>(i)) continue;
        return Fault{fmt::format("classes/{}/name", i),
                     fmt::format("\"{}\" is also that of classes/{}", classes[i].name,
                                 first - classes.begin())};
    }
    return std::nullopt;
}

Finding check_room(const RoomPolicy& policy) {
    if (policy.active_max) {
        if (auto f = check_positive(*policy.active_max, "active_max")) return f;
    }
    if (policy.window) {
        if (auto f = check_positive(policy.window->admit_max, "window/admit_max")) return f;
        if (auto f = check_duration(policy.window->length, Duration(1), "window/length")) return f;
    }
    if (policy.pass_ttl) {
        if (auto f = check_duration(*policy.pass_ttl, Duration(1), "pass_ttl")) return f;
    }
    if (policy.closed_loop) {
        if (auto f = check_loop(*policy.closed_loop)) return std::move(*f).below("closed_loop");
    }
    if (policy.no_shows) {
        if (auto f = check_no_shows(*policy.no_shows)) return std::move(*f).below("no_shows");
    }
    if (auto f = check_text(policy.custom, "custom")) return f;
    return check_classes(policy.classes);
}

// What says how it is sold, after what is sold.
Finding check_terms(const ConcertDraft& draft) {
    if (draft.opens_at && !is_in_range(*draft.opens_at)) {
        return Fault{"opens_at", "must be in the years 1970 to 9999"};
    }
    if (draft.room) {
        if (auto f = check_room(*draft.room)) return std::move(*f).below("room");
        if (draft.room->draw && !draft.opens_at) {
            return Fault{"room/draw", "a draw takes place when the sale opens: give opens_at too"};
        }
    }
    if (auto f = check_positive(draft.limits.per_performance, "limits/per_performance")) return f;
    if (auto f = check_positive(draft.limits.per_concert, "limits/per_concert")) return f;
    if (draft.hold_ttl) {
        if (auto f = check_duration(*draft.hold_ttl, Duration(1), "hold_ttl")) return f;
    }
    return check_duration(draft.refunds.until_before_start, Duration(0),
                          "refunds/until_before_start");
}

// What one user may have of a concert must be a sum that money can express: then no hold and no
// payment can overflow.
Finding check_prices(const ConcertDraft& draft) {
    const std::int64_t price_max = Money::max_minor / draft.limits.per_concert;
    for (std::size_t i = 0; i < draft.seats.size(); ++i) {
        if (draft.seats[i].price.minor <= price_max) continue;
        return Fault{fmt::format("seats/{}/price", i),
                     fmt::format("must be at most {} where a user may have {} seats, not {}",
                                 price_max, draft.limits.per_concert, draft.seats[i].price.minor)};
    }
    return std::nullopt;
}

Finding check_allotments(const ConcertDraft& draft) {
    const std::size_t classes = draft.room ? draft.room->classes.size() : 0;
    for (std::size_t i = 0; i < draft.seats.size(); ++i) {
        const auto& line_class = draft.seats[i].allotted_to;
        if (!line_class) continue;
        if (*line_class >= 0 && static_cast<std::size_t>(*line_class) < classes) continue;
        return Fault{
            fmt::format("seats/{}/allotted_to", i),
            fmt::format("must be one of the room's {} classes, not {}", classes, *line_class)};
    }
    return std::nullopt;
}

Finding check_draft(const ConcertDraft& draft) {
    if (draft.title.empty()) return Fault{"title", "must not be empty"};
    if (auto f = check_text(draft.title, "title")) return f;
    if (auto f = check_text(draft.venue, "venue")) return f;
    if (auto f = check_performances(draft.performances)) return f;
    if (auto f = check_seats(draft.seats)) return f;
    if (auto f = check_areas(draft.seats)) return f;
    if (auto f = check_terms(draft)) return f;
    if (auto f = check_allotments(draft)) return f;
    return check_prices(draft);
}

Result<void> result_of(const Finding& finding) {
    if (!finding) return {};
    return Error{.code = Errc::request_invalid,
                 .detail = fmt::format("{}: {}", finding->where, finding->what),
                 .seats = {}};
}

}  // namespace

std::vector<HallSeat> numbered_seats(SeatNumber count, Money price) {
    constexpr SeatNumber per_row = 10;
    std::vector<HallSeat> seats;
    seats.reserve(static_cast<std::size_t>(std::max(count, SeatNumber{0})));
    for (SeatNumber i = 0; i < count; ++i) {
        const SeatNumber row = i / per_row;
        seats.push_back({.number = i + 1,
                         .label = std::to_string(i + 1),
                         .section = {},
                         .row = std::to_string(row + 1),
                         .x = static_cast<double>(i % per_row),
                         .y = static_cast<double>(row),
                         .price = price,
                         .plan_id = {}});
    }
    return seats;
}

void add_area(std::vector<HallSeat>& seats, const AreaDraft& area) {
    const SeatNumber last =
        seats.empty() ? 0 : std::ranges::max_element(seats, {}, &HallSeat::number)->number;
    CONCERTRES_ASSERT(area.capacity >= 1 &&
                      area.capacity <= std::numeric_limits<SeatNumber>::max() - last);
    seats.reserve(seats.size() + static_cast<std::size_t>(area.capacity));
    for (SeatNumber i = 1; i <= area.capacity; ++i) {
        HallSeat& seat = seats.emplace_back();
        seat.number = last + i;
        seat.section = area.section;
        seat.price = area.price;
        seat.general = true;
    }
}

RoomPolicy RoomPatch::applied_to(RoomPolicy room) const {
    if (active_max) room.active_max = *active_max;
    if (window) room.window = *window;
    if (pass_ttl) room.pass_ttl = *pass_ttl;
    if (draw) room.draw = *draw;
    if (classes) room.classes = *classes;
    if (closed_loop) room.closed_loop = *closed_loop;
    if (waiting_list) room.waiting_list = *waiting_list;
    if (no_shows) room.no_shows = *no_shows;
    return room;
}

std::vector<RoomClass> classes_of(const RoomPolicy& room) {
    if (!room.classes.empty()) return room.classes;
    return {RoomClass{.name = "general", .weight = 1}};
}

std::optional<LineClass> kept_for(const HallSeat& seat, const std::optional<RoomPolicy>& room) {
    if (!seat.allotted_to || !room) return std::nullopt;
    const auto line_class = static_cast<std::size_t>(*seat.allotted_to);
    const bool is_kept =
        line_class < room->classes.size() && !room->classes[line_class].allotment_released;
    return is_kept ? seat.allotted_to : std::nullopt;
}

std::vector<LineClass> kept_for_others(const std::optional<RoomPolicy>& room, LineClass own) {
    std::vector<LineClass> others;
    if (!room) return others;
    for (std::size_t i = 0; i < room->classes.size(); ++i) {
        const auto line_class = static_cast<LineClass>(i);
        if (line_class != own && !room->classes[i].allotment_released) others.push_back(line_class);
    }
    return others;
}

std::optional<LineClass> class_named(const RoomPolicy& room, std::string_view name) {
    if (name.empty()) return 0;
    const std::vector<RoomClass> classes = classes_of(room);
    const auto found = std::ranges::find(classes, name, &RoomClass::name);
    if (found == classes.end()) return std::nullopt;
    return static_cast<LineClass>(found - classes.begin());
}

Result<void> check(const ConcertDraft& draft) { return result_of(check_draft(draft)); }

Result<void> check(const RoomPolicy& policy) { return result_of(check_room(policy)); }

}  // namespace concertres
