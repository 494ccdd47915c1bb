#include "domain/plan_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace concertres {
namespace {

using Value = boost::json::value;
using Array = boost::json::array;

// Three of them make a label, which may have 500 bytes.
constexpr LengthBounds name_length{.min = 1, .max = 200};
constexpr LengthBounds zone_length{.min = 0, .max = 200};
constexpr LengthBounds number_length{.min = 0, .max = 100};

// How many seats a plan says it has, whatever else is wrong with it.
std::size_t count_seats(const Array& zones) {
    std::size_t count = 0;
    auto array_in = [](const Value& value, std::string_view key) -> const Array* {
        const auto* object = value.if_object();
        const Value* field = object == nullptr ? nullptr : object->if_contains(key);
        return field == nullptr ? nullptr : field->if_array();
    };
    for (const Value& zone : zones) {
        const Array* rows = array_in(zone, "rows");
        if (rows == nullptr) continue;
        for (const Value& row : *rows) {
            if (const Array* seats = array_in(row, "seats")) count += seats->size();
        }
    }
    return count;
}

// "Block D 14-3". Words for row and seat would be in one language, and plans are in any.
std::string label_of(std::string_view zone, std::string_view row, std::string_view seat) {
    std::string label(zone);
    if (!label.empty() && !(row.empty() && seat.empty())) label += ' ';
    label += row;
    if (!row.empty() && !seat.empty()) label += '-';
    label += seat;
    return label;
}

}  // namespace

std::vector<HallSeat> PlanReader::read(const CategoryPrices& prices) {
    read_categories(prices);
    const Array* zones = plan_.array("zones", {.min = 1, .max = 10'000});
    if (zones == nullptr) return {};
    JsonPath path = plan_.path("zones");
    std::size_t total = count_seats(*zones);
    if (total < 1 || total > hall_seats_max) {
        faults_.add(path, "out_of_range",
                    fmt::format("must have 1 to {} seats together, not {}", hall_seats_max, total));
        return {};
    }
    progress_.start(total);
    seats_.reserve(total);
    guids_.reserve(total);
    for (std::size_t i = 0; i < zones->size(); ++i) read_zone((*zones)[i], i, path.index(i));
    check_prices();
    return std::move(seats_);
}

void PlanReader::read_categories(const CategoryPrices& prices) {
    const Array* list = plan_.array("categories", {.min = 1, .max = 10'000});
    categories_known_ = list != nullptr;
    if (list == nullptr) return;
    JsonPath path = plan_.path("categories");
    for (std::size_t i = 0; i < list->size(); ++i) {
        ObjectReader category((*list)[i], path.index(i), faults_);
        auto name = category.text("name", name_length);
        if (!name) {
            categories_known_ = false;  // so that its seats are not reproached with it
            continue;
        }
        auto price = prices.by_category.find(*name);
        bool has_price = price != prices.by_category.end();
        Money amount = has_price ? price->second.value_or(Money{}) : Money{};
        categories_.try_emplace(*name, Category{i, 0, has_price || !prices.complete, amount});
    }
}

void PlanReader::read_zone(const Value& value, std::size_t index, const JsonPath& path) {
    ObjectReader zone(value, path, faults_);
    Surroundings around;
    around.zone = zone.text("name", zone_length, Need::optional).value_or("");
    around.origin = position(zone, Need::optional);
    const Array* rows = zone.array("rows", {.min = 0, .max = 100'000});
    if (rows == nullptr) return;
    JsonPath rows_path = zone.path("rows");
    for (std::size_t i = 0; i < rows->size(); ++i) {
        read_row((*rows)[i], {.zone = index, .row = i}, around, rows_path.index(i));
    }
}

void PlanReader::read_row(const Value& value, SeatPlace place, Surroundings around,
                          const JsonPath& path) {
    ObjectReader row(value, path, faults_);
    around.row = row.text("row_number", number_length).value_or("");
    around.origin = around.origin + position(row, Need::optional);
    const Array* seats = row.array("seats", {.min = 0, .max = hall_seats_max});
    if (seats == nullptr) return;
    JsonPath seats_path = row.path("seats");
    for (place.seat = 0; place.seat < seats->size(); ++place.seat) {
        read_seat((*seats)[place.seat], place, around, seats_path.index(place.seat));
    }
}

void PlanReader::read_seat(const Value& value, SeatPlace place, const Surroundings& around,
                           const JsonPath& path) {
    ObjectReader seat(value, path, faults_);
    auto guid = seat.text("seat_guid", name_length);
    auto number = seat.text("seat_number", number_length);
    auto category = seat.text("category", zone_length);
    Point at = around.origin + position(seat, Need::required);
    if (guid) check_guid(*guid, place, seat.path("seat_guid"));
    Money price = category ? price_of(*category, seat.path("category")) : Money{};
    seats_.push_back({.number = static_cast<SeatNumber>(seats_.size() + 1),
                      .label = label_of(around.zone, around.row, number.value_or("")),
                      .section = std::string(around.zone),
                      .row = std::string(around.row),
                      .x = at.x,
                      .y = at.y,
                      .price = price,
                      .plan_id = std::string(guid.value_or(""))});
    progress_.seat_done();
}

Money PlanReader::price_of(std::string_view category, const JsonPath& path) {
    auto found = categories_.find(category);
    if (found != categories_.end()) {
        ++found->second.seats;
        return found->second.price;
    }
    if (categories_known_) {
        faults_.add(path, "unknown_category",
                    fmt::format("names {}, which is not in categories", in_quotes(category)));
    }
    return {};
}

void PlanReader::check_guid(std::string_view guid, SeatPlace place, const JsonPath& path) {
    auto [first, is_new] = guids_.try_emplace(guid, place);
    if (is_new) return;
    faults_.add(path, "duplicate",
                fmt::format("is {}, as is {}/zones/{}/rows/{}/seats/{}/seat_guid; a seat_guid is "
                            "unique in its plan",
                            in_quotes(guid), plan_.path().pointer(), first->second.zone,
                            first->second.row, first->second.seat));
}

void PlanReader::check_prices() {
    std::vector<std::pair<std::size_t, std::string_view>> without;
    for (const auto& [name, category] : categories_) {
        if (category.seats > 0 && !category.has_price) without.emplace_back(category.index, name);
    }
    std::sort(without.begin(), without.end());
    JsonPath path = plan_.path("categories");
    for (const auto& [index, name] : without) {
        faults_.add(path.index(index), "price_missing",
                    fmt::format("{} has {} seats and no price; give it one in \"prices\", or on "
                                "import (--price CATEGORY=AMOUNT, ImportOptions::prices)",
                                in_quotes(name), categories_.at(name).seats));
    }
}

PlanReader::Point PlanReader::position(ObjectReader& of, Need need) {
    const Value* value = of.field("position", need);
    if (value == nullptr) return {};
    ObjectReader point(*value, of.path("position"), faults_);
    auto x = point.number("x", coordinate_bounds);
    auto y = point.number("y", coordinate_bounds);
    return {x.value_or(0), y.value_or(0)};
}

}  // namespace concertres
