#include "concertres/seating_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/json_reader.hpp"
#include "domain/allotment_reader.hpp"
#include "domain/class_reader.hpp"
#include "domain/plan_reader.hpp"
#include "domain/room_reader.hpp"

namespace concertres {
namespace {

using Value = boost::json::value;
using Array = boost::json::array;

constexpr std::size_t performances_max = 1'000;
constexpr std::size_t areas_max = 1'000;
// Ten years, as in check(ConcertDraft), in the unit that the document speaks.
constexpr std::int64_t duration_ms_max = 315'360'000'000;
constexpr LengthBounds label_length{.min = 1, .max = 500};
constexpr LengthBounds section_length{.min = 0, .max = 500};

std::optional<OffsetTime> read_time(const Value& value, const JsonPath& path, Faults& faults) {
    auto text = read_text(value, path, {.min = 1, .max = 64}, faults);
    if (!text) return std::nullopt;
    auto time = parse_rfc3339(*text);
    if (!time) {
        faults.add(path, "malformed",
                   fmt::format("is {}, which is no RFC 3339 time with an offset, such as "
                               "2026-12-24T19:00:00+09:00",
                               in_quotes(*text)));
    }
    return time;
}

std::optional<Duration> read_duration(ObjectReader& from, std::string_view key, std::int64_t min_ms,
                                      Need need) {
    auto ms = from.integer(key, {.min = min_ms, .max = duration_ms_max}, need);
    if (!ms) return std::nullopt;
    return std::chrono::milliseconds{*ms};
}

// Reads a whole document of either form.
class ConcertReader {
  public:
    ConcertReader(const ImportOptions& options, Faults& faults, ImportProgress progress)
        : options_(options), faults_(faults), progress_(std::move(progress)) {}

    [[nodiscard]] ConcertDraft read(const Value& document);
    void finish() { progress_.finish(); }

  private:
    void read_bare_plan(const Value& document);
    void read_own(const Value& document);
    void read_hall(ObjectReader& concert);
    void read_numbered(ObjectReader& concert, bool has_areas);
    void read_plan(const Value& plan, const JsonPath& path, const Value* prices,
                   const JsonPath& prices_path);
    void read_seats(const Value& seats, const JsonPath& path);
    void read_seat_list(const Array& list, const JsonPath& path);
    void read_areas(const Value& value, const JsonPath& path);
    void add_area_read(AreaDraft area, const JsonPath& capacity_path);
    void read_performances(ObjectReader& concert);
    void read_room(const Value& value, const JsonPath& path);
    void read_limits(const Value& value, const JsonPath& path);
    void read_refunds(const Value& value, const JsonPath& path);
    void read_orphans(const Value& value, const JsonPath& path);

    const ImportOptions& options_;
    Faults& faults_;
    SeatProgress progress_;
    ConcertDraft draft_;
};

// A plan has zones and categories; our own JSON has neither, and what it must have is in no plan.
bool is_bare_plan(const Value& document) {
    const auto* object = document.if_object();
    if (object == nullptr) return false;
    for (const char* own : {"performances", "seats", "areas", "plan", "prices"}) {
        if (object->contains(own)) return false;
    }
    return object->contains("zones") || object->contains("categories");
}

ConcertDraft ConcertReader::read(const Value& document) {
    if (is_bare_plan(document)) {
        read_bare_plan(document);
    } else {
        read_own(document);
    }
    if (!options_.title.empty()) draft_.title = options_.title;
    for (OffsetTime date : options_.dates) draft_.performances.push_back({date});
    if (options_.opens_at) draft_.opens_at = options_.opens_at;
    return std::move(draft_);
}

void ConcertReader::read_bare_plan(const Value& document) {
    ObjectReader plan(document, {}, faults_);
    draft_.room = options_.room;
    draft_.venue = plan.text("name").value_or("");
    draft_.title = draft_.venue;
    if (options_.dates.empty()) {
        faults_.add({}, "missing",
                    "a seating plan has no dates; give at least one (--date RFC3339, "
                    "ImportOptions::dates)");
    }
    read_plan(document, {}, nullptr, {});
}

void ConcertReader::read_own(const Value& document) {
    static constexpr std::string_view known[] = {
        "title",    "venue", "performances", "seats",   "areas",   "plan",    "prices",
        "opens_at", "room",  "limits",       "hold_ms", "refunds", "orphans", "allotments"};
    ObjectReader concert(document, {}, faults_, known);
    Need title_need = options_.title.empty() ? Need::required : Need::optional;
    draft_.title = concert.text("title", {}, title_need).value_or("");
    draft_.venue = concert.text("venue").value_or("");
    read_performances(concert);
    read_hall(concert);
    if (const Value* value = concert.field("opens_at", Need::optional)) {
        if (auto time = read_time(*value, concert.path("opens_at"), faults_)) {
            draft_.opens_at = time->time;
        }
    }
    if (const Value* value = concert.field("room", Need::optional)) {
        read_room(*value, concert.path("room"));
    }
    if (options_.room) draft_.room = options_.room;
    if (const Value* value = concert.field("limits", Need::optional)) {
        read_limits(*value, concert.path("limits"));
    }
    draft_.hold_ttl = read_duration(concert, "hold_ms", 1, Need::optional);
    if (const Value* value = concert.field("refunds", Need::optional)) {
        read_refunds(*value, concert.path("refunds"));
    }
    if (const Value* value = concert.field("orphans", Need::optional)) {
        read_orphans(*value, concert.path("orphans"));
    }
    if (const Value* value = concert.field("allotments", Need::optional)) {
        read_allotments(*value, concert.path("allotments"), draft_, faults_);
    }
}

void ConcertReader::read_performances(ObjectReader& concert) {
    std::size_t needed = options_.dates.empty() ? 1 : 0;
    const Array* list = concert.array("performances", {.min = needed, .max = performances_max},
                                      needed == 0 ? Need::optional : Need::required);
    if (list == nullptr) return;
    static constexpr std::string_view known[] = {"starts_at"};
    JsonPath path = concert.path("performances");
    for (std::size_t i = 0; i < list->size(); ++i) {
        ObjectReader performance((*list)[i], path.index(i), faults_, known);
        const Value* value = performance.field("starts_at");
        if (value == nullptr) continue;
        if (auto time = read_time(*value, performance.path("starts_at"), faults_)) {
            draft_.performances.push_back({*time});
        }
    }
}

// One of "seats" and "plan", the latter with "prices"; and "areas" beside it or in its place.
void ConcertReader::read_hall(ObjectReader& concert) {
    const Value* areas = concert.field("areas", Need::optional);
    read_numbered(concert, areas != nullptr);
    if (areas != nullptr) read_areas(*areas, concert.path("areas"));
}

void ConcertReader::read_numbered(ObjectReader& concert, bool has_areas) {
    const Value* plan = concert.field("plan", Need::optional);
    const Value* prices = concert.field("prices", Need::optional);
    const bool optional = plan != nullptr || has_areas;
    const Value* seats = concert.field("seats", optional ? Need::optional : Need::required);
    if (plan != nullptr && seats != nullptr) {
        faults_.add(concert.path("plan"), "conflict", "is given as well as seats; one of them");
        return;
    }
    if (plan != nullptr) {
        read_plan(*plan, concert.path("plan"), prices, concert.path("prices"));
        return;
    }
    if (seats != nullptr) read_seats(*seats, concert.path("seats"));
    std::string_view why =
        "has no use without a plan: listed seats and areas have prices of their own";
    if (prices != nullptr) faults_.add(concert.path("prices"), "conflict", why);
    if (!options_.prices.empty()) {
        faults_.add({}, "conflict", fmt::format("a price on import {}", why));
    }
}

void ConcertReader::read_plan(const Value& plan, const JsonPath& path, const Value* prices,
                              const JsonPath& prices_path) {
    CategoryPrices all;
    const boost::json::object no_prices;
    const auto* in_file = prices == nullptr ? &no_prices : prices->if_object();
    if (in_file == nullptr) {
        faults_.add(prices_path, "wrong_type", "must be an object of category and amount");
        all.complete = false;
        in_file = &no_prices;
    }
    for (const auto& [name, value] : *in_file) {
        all.by_category[name] = read_amount(value, prices_path.key(name), faults_);
    }
    for (const auto& [name, price] : options_.prices) {
        all.by_category[name] = price;
        if (price.minor >= 1 && price.minor <= Money::max_minor) continue;
        faults_.add({}, "amount_invalid",
                    fmt::format("the price given on import for {} must be from 1 to {}",
                                in_quotes(name), Money::max_minor));
    }
    PlanReader reader(plan, path, faults_, progress_);
    draft_.seats = reader.read(all);
    for (const auto& [name, price] : all.by_category) {
        if (reader.has_category(name)) continue;
        bool is_in_file = in_file->contains(name);
        std::string detail = fmt::format("the plan has no category {}", in_quotes(name));
        faults_.add(is_in_file ? prices_path.key(name) : JsonPath{}, "unknown_category",
                    is_in_file ? detail : detail + ", for which a price was given on import");
    }
}

void ConcertReader::read_seats(const Value& seats, const JsonPath& path) {
    if (const Array* list = seats.if_array()) return read_seat_list(*list, path);
    if (!seats.is_object()) {
        faults_.add(path, "wrong_type", "must be a list of seats, or an object of count and price");
        return;
    }
    static constexpr std::string_view known[] = {"count", "price"};
    ObjectReader reader(seats, path, faults_, known);
    auto count = reader.integer("count", {.min = 1, .max = hall_seats_max});
    auto price = reader.amount("price");
    if (!count || !price) return;
    progress_.start(static_cast<std::size_t>(*count));
    draft_.seats = numbered_seats(static_cast<SeatNumber>(*count), *price);
}

void ConcertReader::read_seat_list(const Array& list, const JsonPath& path) {
    if (list.empty() || list.size() > hall_seats_max) {
        faults_.add(path, "out_of_range", fmt::format("must have 1 to {} seats", hall_seats_max));
        return;
    }
    static constexpr std::string_view known[] = {"number", "label", "section", "row",
                                                 "x",      "y",     "price"};
    progress_.start(list.size());
    draft_.seats.reserve(list.size());
    std::unordered_map<std::int64_t, std::size_t> numbers;
    numbers.reserve(list.size());
    for (std::size_t i = 0; i < list.size(); ++i) {
        ObjectReader seat(list[i], path.index(i), faults_, known);
        auto number = seat.integer("number", {.min = 1, .max = INT32_MAX});
        auto label = seat.text("label", label_length, Need::optional);
        auto section = seat.text("section", section_length, Need::optional);
        auto row = seat.text("row", section_length, Need::optional);
        auto x = seat.number("x", coordinate_bounds, Need::optional);
        auto y = seat.number("y", coordinate_bounds, Need::optional);
        auto price = seat.amount("price");
        progress_.seat_done();
        if (!number) continue;
        auto [first, is_new] = numbers.try_emplace(*number, i);
        if (!is_new) {
            faults_.add(seat.path("number"), "duplicate",
                        fmt::format("is {}, as is {}", *number,
                                    path.index(first->second).pointer() + "/number"));
        }
        draft_.seats.push_back({.number = static_cast<SeatNumber>(*number),
                                .label = label ? std::string(*label) : std::to_string(*number),
                                .section = std::string(section.value_or("")),
                                .row = std::string(row.value_or("")),
                                .x = x.value_or(0),
                                .y = y.value_or(0),
                                .price = price.value_or(Money{}),
                                .plan_id = {}});
    }
}

// A fault is told where the area stands; check(ConcertDraft) knows only of seats.
void ConcertReader::read_areas(const Value& value, const JsonPath& path) {
    const Array* list = read_array(value, path, {.min = 1, .max = areas_max}, faults_);
    if (list == nullptr) return;
    static constexpr std::string_view known[] = {"section", "capacity", "price"};
    std::unordered_set<std::string> numbered;
    for (const HallSeat& seat : draft_.seats) numbered.insert(seat.section);
    std::unordered_map<std::string, std::size_t> seen;
    for (std::size_t i = 0; i < list->size(); ++i) {
        ObjectReader area((*list)[i], path.index(i), faults_, known);
        const auto section = area.text("section", label_length);
        const auto capacity = area.integer("capacity", {.min = 1, .max = hall_seats_max});
        const auto price = area.amount("price");
        if (!section) continue;
        std::string name(*section);
        if (numbered.contains(name)) {
            faults_.add(area.path("section"), "conflict",
                        fmt::format("is {}, which has numbered seats", in_quotes(name)));
            continue;
        }
        const auto [first, is_new] = seen.try_emplace(name, i);
        if (!is_new) {
            faults_.add(area.path("section"), "duplicate",
                        fmt::format("is {}, as is {}", in_quotes(name),
                                    path.index(first->second).pointer() + "/section"));
            continue;
        }
        if (!capacity || !price) continue;
        add_area_read({std::move(name), static_cast<std::int32_t>(*capacity), *price},
                      area.path("capacity"));
    }
    progress_.start(draft_.seats.size());
}

void ConcertReader::add_area_read(AreaDraft area, const JsonPath& capacity_path) {
    const auto seats = static_cast<std::int64_t>(draft_.seats.size());
    if (seats + area.capacity > hall_seats_max) {
        faults_.add(capacity_path, "out_of_range",
                    fmt::format("makes more seats than the {} that a hall may have, all counted",
                                hall_seats_max));
        return;
    }
    const SeatNumber last =
        draft_.seats.empty()
            ? 0
            : std::ranges::max_element(draft_.seats, {}, &HallSeat::number)->number;
    if (area.capacity > INT32_MAX - last) {
        faults_.add(capacity_path, "out_of_range",
                    fmt::format("finds no free numbers after seat {}, the highest", last));
        return;
    }
    add_area(draft_.seats, area);
}

void ConcertReader::read_room(const Value& value, const JsonPath& path) {
    static constexpr std::string_view known[] = {"active_max",   "window",  "pass_ms",
                                                 "draw",         "classes", "closed_loop",
                                                 "waiting_list", "no_shows"};
    ObjectReader room(value, path, faults_, known);
    RoomPolicy policy;
    // What is null is as if it were not there: a room may be given as the server shows it.
    const auto given = [&](std::string_view key) -> const Value* {
        const Value* found = room.field(key, Need::optional);
        return found != nullptr && !found->is_null() ? found : nullptr;
    };
    if (const Value* active_max = given("active_max")) {
        policy.active_max = read_integer(*active_max, room.path("active_max"), {}, faults_);
    }
    if (given("pass_ms") != nullptr) {
        policy.pass_ttl = read_duration(room, "pass_ms", 1, Need::optional);
    }
    policy.draw = room.boolean("draw", Need::optional).value_or(false);
    policy.classes = read_classes(room, faults_).value_or(std::vector<RoomClass>{});
    if (const Value* nested = given("window")) {
        policy.window = read_window(*nested, room.path("window"), faults_);
    }
    if (const Value* nested = given("closed_loop")) {
        policy.closed_loop = read_closed_loop(*nested, room.path("closed_loop"), faults_);
    }
    policy.waiting_list = room.boolean("waiting_list", Need::optional).value_or(false);
    if (const Value* nested = given("no_shows")) {
        policy.no_shows = read_no_shows(*nested, room.path("no_shows"), faults_);
    }
    draft_.room = std::move(policy);
}

void ConcertReader::read_limits(const Value& value, const JsonPath& path) {
    static constexpr std::string_view known[] = {"per_performance", "per_concert"};
    ObjectReader limits(value, path, faults_, known);
    auto read = [&](std::string_view key, std::int32_t& limit) {
        auto number = limits.integer(key, {.min = 1, .max = INT32_MAX}, Need::optional);
        if (number) limit = static_cast<std::int32_t>(*number);
    };
    read("per_performance", draft_.limits.per_performance);
    read("per_concert", draft_.limits.per_concert);
}

void ConcertReader::read_refunds(const Value& value, const JsonPath& path) {
    if (value.is_object()) {
        static constexpr std::string_view known[] = {"until_ms_before_start"};
        ObjectReader refunds(value, path, faults_, known);
        auto until = read_duration(refunds, "until_ms_before_start", 0, Need::required);
        draft_.refunds = {.allowed = true, .until_before_start = until.value_or(Duration{0})};
    } else if (value == "none") {
        draft_.refunds = {.allowed = false, .until_before_start = Duration{0}};
    } else if (value != "allowed") {
        faults_.add(path, "malformed",
                    "must be \"allowed\", \"none\" or {\"until_ms_before_start\": N}");
    }
}

void ConcertReader::read_orphans(const Value& value, const JsonPath& path) {
    if (value == "refused") {
        draft_.orphans = OrphanRule::refused;
    } else if (value != "allowed") {
        faults_.add(path, "malformed", "must be \"allowed\" or \"refused\"");
    }
}

}  // namespace

Result<ConcertDraft> read_concert(std::string_view json, const ImportOptions& options,
                                  ImportProgress progress) {
    constexpr std::string_view subject = "the import";
    Faults faults;
    if (json.size() > import_bytes_max) {
        faults.add({}, "out_of_range", fmt::format("must have at most {} bytes", import_bytes_max));
        return faults.to_error(subject);
    }
    auto document = parse_json(json, faults);
    if (!document) return faults.to_error(subject);
    ConcertReader reader(options, faults, std::move(progress));
    ConcertDraft draft = reader.read(*document);
    if (!faults.empty()) return faults.to_error(subject);
    if (auto checked = check(draft); !checked) return checked.error();
    reader.finish();
    return draft;
}

}  // namespace concertres
