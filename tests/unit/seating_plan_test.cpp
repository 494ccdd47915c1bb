#include "concertres/seating_plan.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>

using namespace concertres;
using namespace std::chrono_literals;

namespace {

// The examples' plans: one place for both.
std::string plan_file(const std::string& name) {
    // Made normal first: the folder of fixtures itself need not be there.
    auto path =
        std::filesystem::path(CONCERTRES_FIXTURES "/../../examples/data").lexically_normal() /
        (name + ".seating-plan.json");
    std::ifstream file(path, std::ios::binary);
    INFO(path.string());
    REQUIRE(file.good());
    return {std::istreambuf_iterator<char>(file), {}};
}

OffsetTime at(std::string_view text) {
    auto time = parse_rfc3339(text);
    REQUIRE(time);
    return time.value_or(OffsetTime{});
}

// The text with the first `what` in it replaced.
std::string replaced(std::string text, std::string_view what, std::string_view by) {
    auto found = text.find(what);
    INFO(what);
    REQUIRE(found != std::string::npos);
    return text.replace(found, what.size(), by);
}

ImportOptions theatre_options() {
    ImportOptions options;
    options.dates = {at("2026-12-24T19:00:00+01:00")};
    options.prices = {{"Premium", Money{4'500}}, {"Standard", Money{3'000}}, {"Gallery", Money{1}}};
    return options;
}

ConcertDraft read_ok(std::string_view json, const ImportOptions& options = {}) {
    auto draft = read_concert(json, options);
    INFO((draft ? "" : draft.error().detail));
    REQUIRE(draft);
    return std::move(*draft);
}

std::string refusal(std::string_view json, const ImportOptions& options = {}) {
    auto draft = read_concert(json, options);
    INFO(json.substr(0, 500));
    REQUIRE_FALSE(draft);
    CHECK(draft.error().code == Errc::request_invalid);
    return draft.error().detail;
}

bool contains(const std::string& text, std::string_view part) {
    INFO(text);
    INFO(part);
    bool found = text.find(part) != std::string::npos;
    CHECK(found);
    return found;
}

// Two zones whose rows and seats have the same visible labels.
const std::string small_plan = R"({"name": "Hall", "categories": [{"name": "A"}, {"name": "B"}],
    "zones": [
        {"name": "Left", "position": {"x": 100, "y": 10},
         "rows": [{"row_number": "1", "position": {"x": 20, "y": 2}, "seats": [
             {"seat_guid": "l1", "seat_number": "1", "position": {"x": 3.5, "y": 0}, "category": "A"},
             {"seat_guid": "l2", "seat_number": "2", "position": {"x": 4, "y": -1}, "category": "A"}]}]},
        {"name": "Left", "position": {"x": 0, "y": 0},
         "rows": [{"row_number": "1", "seats": [
             {"seat_guid": "r1", "seat_number": "1", "position": {"x": 1, "y": 2}, "category": "B"}]}]}
    ]})";

ImportOptions small_options() {
    ImportOptions options;
    options.dates = {at("2026-12-24T19:00:00+01:00")};
    options.prices = {{"A", Money{200}}, {"B", Money{100}}};
    return options;
}

std::string plan_refusal(std::string_view what, std::string_view by) {
    return refusal(replaced(small_plan, what, by), small_options());
}

// Our own JSON with some further fields, or with one of its own replaced.
std::string own(std::string_view more = "",
                std::string_view seats = R"({"count": 3, "price": 500})") {
    return R"({"title": "Songs", "venue": "Hall",
        "performances": [{"starts_at": "2026-12-24T19:00:00+09:00"}], "seats": )" +
           std::string(seats) + std::string(more) + "}";
}

std::string own_with_plan(std::string_view plan, std::string_view prices) {
    return R"({"title": "Songs", "venue": "Hall",
        "performances": [{"starts_at": "2026-12-24T19:00:00+09:00"}], "plan": )" +
           std::string(plan) + R"(, "prices": )" + std::string(prices) + "}";
}

std::string large_plan(int zones, int rows, int seats) {
    std::string json =
        R"({"name": "Stadium", "categories": [{"name": "A", "color": "#fff"}], "zones": [)";
    for (int z = 0; z < zones; ++z) {
        json += z == 0 ? "" : ",";
        json += R"({"name": "Block )" + std::to_string(z) +
                R"(", "uuid": "0", "position": {"x": 0, "y": 0}, "areas": [], "rows": [)";
        for (int r = 0; r < rows; ++r) {
            json += r == 0 ? "" : ",";
            json +=
                R"({"row_number": ")" + std::to_string(r) +
                R"(", "row_number_position": "both", "position": {"x": 0, "y": 40}, "seats": [)";
            for (int s = 0; s < seats; ++s) {
                json += s == 0 ? "" : ",";
                json += fmt::format(
                    R"({{"seat_number": "{0}", "seat_guid": "{1}-{2}-{0}", "uuid": "6ad21fd9-)"
                    R"(3949-5f0b-aa86-06f20fbfbfd2", "position": {{"x": {3}, "y": 0}}, )"
                    R"("category": "A"}})",
                    s + 1, z, r, 25 * s);
            }
            json += "]}";
        }
        json += "]}";
    }
    return json + "]}";
}

}  // namespace

TEST_CASE("the little theatre is read with its seats numbered in the plan's order") {
    ConcertDraft draft = read_ok(plan_file("little-theatre"), theatre_options());
    CHECK(draft.title == "Little Theatre");
    CHECK(draft.venue == "Little Theatre");
    REQUIRE(draft.performances.size() == 1);
    CHECK(draft.performances[0].starts_at.utc_offset == 60min);
    REQUIRE(draft.seats.size() == 62);
    for (std::size_t i = 0; i < draft.seats.size(); ++i) {
        CHECK(draft.seats[i].number == static_cast<SeatNumber>(i + 1));
    }
    std::map<Money, int> by_price;
    for (const HallSeat& seat : draft.seats) ++by_price[seat.price];
    CHECK(by_price == std::map<Money, int>{{Money{1}, 10}, {Money{3'000}, 24}, {Money{4'500}, 28}});
    CHECK_FALSE(draft.room);
    CHECK_FALSE(draft.opens_at);
}

TEST_CASE("the real hall has 1,252 seats in six blocks") {
    ImportOptions options;
    options.title = "Winter Songs";
    options.dates = {at("2026-12-24T19:00:00+01:00"), at("2026-12-25T19:00:00+01:00")};
    options.prices = {{"Kategorie I", Money{1}},   {"Kategorie II", Money{2}},
                      {"Kategorie III", Money{3}}, {"Fanblock", Money{4}},
                      {"C unten", Money{5}},       {"VIP", Money{6}}};
    ConcertDraft draft = read_ok(plan_file("riethsporthalle"), options);
    CHECK(draft.title == "Winter Songs");
    CHECK(draft.venue == "Riethsporthalle Erfurt");
    CHECK(draft.performances.size() == 2);
    REQUIRE(draft.seats.size() == 1'252);
    std::map<std::string, int> by_section;
    std::map<std::int64_t, int> by_category;
    std::set<std::string> ids;
    for (const HallSeat& seat : draft.seats) {
        ++by_section[seat.section];
        ++by_category[seat.price.minor];
        ids.insert(seat.plan_id);
    }
    CHECK(by_section == std::map<std::string, int>{{"Block A", 235},
                                                   {"Block B", 198},
                                                   {"Block C", 233},
                                                   {"Block D", 198},
                                                   {"Block E", 193},
                                                   {"Block F", 195}});
    CHECK(by_category ==
          std::map<std::int64_t, int>{{1, 310}, {2, 545}, {3, 153}, {4, 82}, {5, 81}, {6, 81}});
    CHECK(ids.size() == 1'252);
    const HallSeat& first = draft.seats[0];
    CHECK(first.label == "Block D 14-1");
    CHECK(first.row == "14");
    CHECK(first.plan_id == "D-14-1");
}

TEST_CASE("a plan of 60,000 seats is read, telling how far it has come") {
    std::string json = large_plan(60, 20, 50);
    ImportOptions options = small_options();
    options.prices = {{"A", Money{100}}};
    std::vector<std::pair<std::size_t, std::size_t>> told;
    auto started = std::chrono::steady_clock::now();
    auto draft = read_concert(json, options, [&](std::size_t done, std::size_t total) {
        told.emplace_back(done, total);
    });
    auto took = std::chrono::steady_clock::now() - started;
    MESSAGE("read " << json.size() << " bytes in "
                    << std::chrono::duration_cast<std::chrono::milliseconds>(took).count()
                    << " ms");
    REQUIRE(draft);
    CHECK(draft->seats.size() == 60'000);
    CHECK(draft->seats.back().number == 60'000);
    CHECK(draft->seats.back().label == "Block 59 19-50");
    REQUIRE(told.size() == 60);
    CHECK(told.front() == std::pair<std::size_t, std::size_t>{1'000, 60'000});
    CHECK(told.back() == std::pair<std::size_t, std::size_t>{60'000, 60'000});
}

TEST_CASE("what the progress callback throws passes through") {
    auto stop = [](std::size_t, std::size_t) { throw std::runtime_error("stop"); };
    CHECK_THROWS_AS((void)read_concert(own(), {}, stop), std::runtime_error);
}

TEST_CASE("a seat's position adds up from zone, row and seat") {
    ConcertDraft draft = read_ok(small_plan, small_options());
    REQUIRE(draft.seats.size() == 3);
    CHECK(draft.seats[0].x == 123.5);
    CHECK(draft.seats[0].y == 12.0);
    CHECK(draft.seats[1].x == 124.0);
    CHECK(draft.seats[1].y == 11.0);
    CHECK(draft.seats[2].x == 1.0);
    CHECK(draft.seats[2].y == 2.0);
}

TEST_CASE("labels may repeat, and their empty parts leave no trace") {
    ConcertDraft draft = read_ok(small_plan, small_options());
    CHECK(draft.seats[0].label == "Left 1-1");
    CHECK(draft.seats[2].label == "Left 1-1");
    CHECK(draft.seats[0].plan_id == "l1");
    CHECK(draft.seats[2].plan_id == "r1");

    std::string no_row = replaced(small_plan, R"("row_number": "1")", R"("row_number": "")");
    CHECK(read_ok(no_row, small_options()).seats[0].label == "Left 1");
    std::string no_zone = replaced(small_plan, R"("name": "Left", )", "");
    CHECK(read_ok(no_zone, small_options()).seats[0].label == "1-1");
    CHECK(read_ok(no_zone, small_options()).seats[0].section.empty());
    std::string only_zone = replaced(no_row, R"("seat_number": "1")", R"("seat_number": "")");
    CHECK(read_ok(only_zone, small_options()).seats[0].label == "Left");
}

TEST_CASE("a sample that is cut short is refused") {
    std::string json = plan_file("little-theatre");
    json.resize(json.find_last_of('}') + 1);
    REQUIRE(read_concert(json, theatre_options()));
    // Every third, and all of the last: each kind of token is cut at each of its bytes somewhere.
    const auto next = [&](std::size_t size) { return size + (size + 300 < json.size() ? 3 : 1); };
    for (std::size_t size = 0; size < json.size(); size = next(size)) {
        // A copy of exactly that size, so that a sanitizer sees a read past its end.
        std::vector<char> cut(json.begin(), json.begin() + static_cast<std::ptrdiff_t>(size));
        auto draft = read_concert(std::string_view(cut.data(), cut.size()), theatre_options());
        if (draft || draft.error().code != Errc::request_invalid) FAIL(size);
    }
}

TEST_CASE("the sample with any one byte changed is read or refused, never worse") {
    const std::string json = plan_file("little-theatre");
    const std::string bytes = "\"}]0,\xff";
    for (std::size_t i = 0; i < json.size(); i += 5) {
        std::string changed = json;
        changed[i] = bytes[i % bytes.size()];
        auto draft = read_concert(changed, theatre_options());
        if (!draft && draft.error().code != Errc::request_invalid) FAIL(i);
    }
}

TEST_CASE("a bare plan needs a date and takes what the options say") {
    ImportOptions options = small_options();
    options.dates.clear();
    contains(refusal(small_plan, options), "a seating plan has no dates; give at least one");

    options = small_options();
    options.title = "Other";
    options.opens_at = at("2026-12-01T00:00:00Z").time;
    options.room = RoomPolicy{.active_max = 5};
    ConcertDraft draft = read_ok(small_plan, options);
    CHECK(draft.title == "Other");
    CHECK(draft.venue == "Hall");
    CHECK(draft.opens_at == options.opens_at);
    CHECK(draft.room == options.room);
}

TEST_CASE("a seat_guid that comes twice is refused with both places") {
    contains(
        plan_refusal(R"("r1")", R"("l2")"),
        R"(/zones/1/rows/0/seats/0/seat_guid: is "l2", as is /zones/0/rows/0/seats/1/seat_guid)");
    std::string nested =
        own_with_plan(replaced(small_plan, R"("l2")", R"("l1")"), R"({"A":1,"B":1})");
    contains(refusal(nested), R"(/plan/zones/0/rows/0/seats/1/seat_guid: is "l1", as is )"
                              R"(/plan/zones/0/rows/0/seats/0/seat_guid)");
}

TEST_CASE("a seat's category must be one of the plan's") {
    contains(plan_refusal(R"("category": "B")", R"("category": "C")"),
             R"(/zones/1/rows/0/seats/0/category: names "C", which is not in categories)");
    contains(plan_refusal(R"("category": "B")", R"("category": "")"),
             R"(/zones/1/rows/0/seats/0/category: names "")");
    contains(plan_refusal(R"("category": "B")", R"("category": null)"),
             "/zones/1/rows/0/seats/0/category: must be a string");
}

TEST_CASE("a category with seats needs a price, one without does not") {
    ImportOptions options = small_options();
    options.prices.erase("B");
    std::string detail = refusal(small_plan, options);
    contains(detail,
             R"(/categories/1: "B" has 1 seats and no price; give it one in "prices", or on)");
    contains(detail, "--price CATEGORY=AMOUNT");
    std::string unused =
        replaced(small_plan, R"({"name": "B"})", R"({"name": "B"}, {"name": "C"})");
    CHECK(read_ok(unused, small_options()).seats.size() == 3);
}

TEST_CASE("a price for a category that the plan does not have is refused") {
    ImportOptions options = small_options();
    options.prices["C"] = Money{1};
    contains(refusal(small_plan, options),
             R"(the plan has no category "C", for which a price was given on import)");
    contains(refusal(own_with_plan(small_plan, R"({"A": 1, "B": 2, "C/D": 3})")),
             R"(/prices/C~1D: the plan has no category "C/D")");
}

TEST_CASE("prices on import are 1 to 2^53-1") {
    for (std::int64_t minor : {std::int64_t{0}, std::int64_t{-1}, Money::max_minor + 1}) {
        ImportOptions options = small_options();
        options.prices["A"] = Money{minor};
        contains(refusal(small_plan, options),
                 R"(the price given on import for "A" must be from 1)");
    }
}

TEST_CASE("a plan's fields are checked, each with its pointer") {
    contains(plan_refusal(R"("seat_guid": "l2", )", ""),
             "/zones/0/rows/0/seats/1/seat_guid: is missing");
    contains(plan_refusal(R"("l2")", R"("")"),
             "/zones/0/rows/0/seats/1/seat_guid: must have 1 to 200 bytes");
    contains(plan_refusal(R"("seat_number": "2")", R"("seat_number": 2)"),
             "/zones/0/rows/0/seats/1/seat_number: must be a string");
    contains(plan_refusal(R"("position": {"x": 4, "y": -1}, )", ""),
             "/zones/0/rows/0/seats/1/position: is missing");
    contains(plan_refusal(R"("y": -1)", R"("y": "-1")"),
             "/zones/0/rows/0/seats/1/position/y: must be a number");
    contains(plan_refusal(R"("y": -1)", R"("y": 1e300)"),
             "/zones/0/rows/0/seats/1/position/y: must be from");
    contains(plan_refusal(R"({"x": 20, "y": 2})", R"({"x": 20})"),
             "/zones/0/rows/0/position/y: is missing");
    contains(plan_refusal(R"({"x": 100, "y": 10})", "[100, 10]"),
             "/zones/0/position: must be an object");
    contains(plan_refusal(R"("row_number": "1", )", ""), "/zones/0/rows/0/row_number: is missing");
    contains(plan_refusal(R"("name": "Hall", )", ""), "/name: is missing");
    contains(plan_refusal(R"([{"name": "A"}, {"name": "B"}])", "[]"),
             "/categories: must have 1 to 10000 elements");
    contains(plan_refusal(R"({"name": "B"})", R"({"name": 2})"),
             "/categories/1/name: must be a string");
    contains(plan_refusal(R"("rows": [)", R"("rows": 1, "r": [)"),
             "/zones/0/rows: must be an array");
    contains(plan_refusal(R"("zones": [)", R"("zones": ["Left", )"), "/zones/0: must be an object");
    contains(refusal(R"({"name": "N", "categories": [{"name": "A"}]})", small_options()),
             "/zones: is missing");
    contains(refusal(R"({"name": "N", "zones": []})", small_options()),
             "/zones: must have 1 to 10000 elements");
    contains(
        refusal(
            R"({"name": "N", "categories": [{"name": "A"}, {"name": "B"}], "zones": [{"rows": []}]})",
            small_options()),
        "/zones: must have 1 to 200000 seats together, not 0");
}

TEST_CASE("a faulty list of categories does not blame the seats") {
    std::string detail = plan_refusal(R"({"name": "B"})", R"({"name": ""})");
    CHECK(detail == "the import: /categories/1/name: must have 1 to 200 bytes");
}

TEST_CASE("all faults of a plan are reported, not only the first") {
    std::string json = replaced(small_plan, R"("l2")", R"("l1")");
    json = replaced(json, R"("category": "B")", R"("category": "C")");
    json = replaced(json, R"("name": "Hall")", R"("name": "")");
    ImportOptions options;
    options.prices = {{"X", Money{1}}};
    std::string detail = refusal(json, options);
    contains(detail, "/name: must have");
    contains(detail, "no dates");
    contains(detail, R"(is "l1", as is)");
    contains(detail, R"(names "C")");
    contains(detail, R"("A" has 2 seats and no price)");
    contains(detail, R"(no category "X")");
}

TEST_CASE("of very many faults the first 20 are listed and the others counted") {
    std::string json = large_plan(1, 10, 10);
    json = replaced(json, R"("categories": [{"name": "A")", R"("categories": [{"name": "Z")");
    ImportOptions options = small_options();
    options.prices.clear();
    std::string detail = refusal(json, options);
    contains(detail, "/zones/0/rows/1/seats/9/category");
    contains(detail, "; and 80 more");
    CHECK(detail.find("/zones/0/rows/2/") == std::string::npos);
}

TEST_CASE("our own JSON with a count makes numbered seats") {
    ConcertDraft draft = read_ok(own());
    CHECK(draft.title == "Songs");
    CHECK(draft.venue == "Hall");
    REQUIRE(draft.performances.size() == 1);
    CHECK(draft.performances[0].starts_at.time == at("2026-12-24T10:00:00Z").time);
    CHECK(draft.performances[0].starts_at.utc_offset == 540min);
    CHECK(draft.seats == numbered_seats(3, Money{500}));
    CHECK_FALSE(draft.opens_at);
    CHECK_FALSE(draft.room);
    CHECK_FALSE(draft.hold_ttl);
    CHECK(draft.limits == SeatLimits{});
    CHECK(draft.refunds == RefundPolicy{});
    CHECK(draft.orphans == OrphanRule::allowed);
}

TEST_CASE("our own JSON may list its seats") {
    ConcertDraft draft = read_ok(own("", R"([
        {"number": 7, "label": "A-7", "section": "A", "row": "1", "x": 1.5, "y": -2, "price": 100},
        {"number": 3, "price": 200}])"));
    REQUIRE(draft.seats.size() == 2);
    HallSeat listed{.number = 7,
                    .label = "A-7",
                    .section = "A",
                    .row = "1",
                    .x = 1.5,
                    .y = -2,
                    .price = Money{100},
                    .plan_id = {}};
    CHECK(draft.seats[0] == listed);
    CHECK(draft.seats[1].number == 3);
    CHECK(draft.seats[1].label == "3");
    CHECK(draft.seats[1].price == Money{200});
}

TEST_CASE("our own JSON may have areas beside its seats, or nothing else") {
    const std::string areas = R"(, "areas": [
        {"section": "Standing", "capacity": 3, "price": 600},
        {"section": "Terrace", "capacity": 2, "price": 400}])";
    std::vector<HallSeat> expected = numbered_seats(3, Money{500});
    add_area(expected, {.section = "Standing", .capacity = 3, .price = Money{600}});
    add_area(expected, {.section = "Terrace", .capacity = 2, .price = Money{400}});
    CHECK(read_ok(own(areas)).seats == expected);
    // After the highest number, wherever it stands.
    const ConcertDraft listed =
        read_ok(own(areas, R"([{"number": 9, "price": 1}, {"number": 2, "price": 1}])"));
    CHECK(listed.seats[2].number == 10);
    CHECK(listed.seats.back().number == 14);
    const ConcertDraft alone = read_ok(R"({"title": "Songs", "venue": "Hall",
        "performances": [{"starts_at": "2026-12-24T19:00:00+09:00"}],
        "areas": [{"section": "Standing", "capacity": 200000, "price": 600}]})");
    CHECK(alone.seats.size() == 200'000);
    CHECK(alone.seats.front().number == 1);
    std::string with_plan = own_with_plan(small_plan, R"({"A": 900, "B": 800})");
    with_plan.insert(with_plan.rfind('}'), areas);
    const ConcertDraft planned = read_ok(with_plan);
    CHECK(planned.seats.size() == 8);
    CHECK(planned.seats.back().number == 8);
    CHECK(planned.seats.back().general);
}

TEST_CASE("the areas of our own JSON are checked, each with its pointer") {
    auto areas = [](std::string_view value,
                    std::string_view seats = R"({"count": 3, "price": 500})") {
        return refusal(own(R"(, "areas": )" + std::string(value), seats));
    };
    contains(areas("[]"), "/areas: must have 1 to 1000 elements");
    contains(areas("{}"), "/areas: must be an array");
    contains(areas("[{}]"),
             "/areas/0/section: is missing; /areas/0/capacity: is missing; "
             "/areas/0/price: is missing");
    contains(areas(R"([{"section": "", "capacity": 0, "price": 0, "row": "1"}])"),
             "/areas/0/row: is not known; known here: section, capacity, price");
    contains(areas(R"([{"section": "S", "capacity": 0, "price": 1}])"),
             "/areas/0/capacity: must be an integer from 1 to 200000");
    contains(areas(R"([{"section": "S", "capacity": 1, "price": 0}])"),
             "/areas/0/price: must be an integer from 1");
    contains(areas(R"([{"section": "S", "capacity": 1, "price": 1},
                       {"section": "S", "capacity": 1, "price": 1}])"),
             R"(/areas/1/section: is "S", as is /areas/0/section)");
    contains(areas(R"([{"section": "S", "capacity": 1, "price": 1}])",
                   R"([{"number": 1, "section": "S", "price": 1}])"),
             R"(/areas/0/section: is "S", which has numbered seats)");
    contains(areas(R"([{"section": "S", "capacity": 199998, "price": 1}])"),
             "/areas/0/capacity: makes more seats than the 200000");
    contains(areas(R"([{"section": "S", "capacity": 2, "price": 1}])",
                   R"([{"number": 2147483646, "price": 1}])"),
             "/areas/0/capacity: finds no free numbers after seat 2147483646");
}

TEST_CASE("our own JSON may carry a plan and its prices") {
    ConcertDraft draft = read_ok(own_with_plan(small_plan, R"({"A": 900, "B": 800})"));
    REQUIRE(draft.seats.size() == 3);
    CHECK(draft.venue == "Hall");
    CHECK(draft.title == "Songs");
    CHECK(draft.seats[2].price == Money{800});
    ImportOptions options;
    options.prices = {{"B", Money{5}}};
    CHECK(read_ok(own_with_plan(small_plan, R"({"A": 900, "B": 800})"), options).seats[2].price ==
          Money{5});
    CHECK(read_ok(own_with_plan(small_plan, R"({"A": 900})"), options).seats[0].price ==
          Money{900});
}

TEST_CASE("every optional field of our own JSON is read") {
    ConcertDraft draft = read_ok(own(R"(, "opens_at": "2026-12-01T10:00:00.500+09:00",
        "room": {"active_max": 100, "window": {"admit_max": 50, "window_ms": 60000}, "pass_ms": 600000,
                 "draw": true, "waiting_list": true,
                 "classes": [{"name": "all", "weight": 2}, {"name": "fan_club"}],
                 "closed_loop": {"floor": 10, "ceiling": 300, "add": 5, "cut": 60, "every_ms": 2000,
                                 "load_max": 0.8, "commit_ms_max": 20, "seats_per_pass_min": 2},
                 "no_shows": {"silent_ms": 90000, "grace_ms": 1000}},
        "limits": {"per_performance": 4, "per_concert": 6},
        "hold_ms": 300000, "refunds": {"until_ms_before_start": 86400000},
        "orphans": "refused")"));
    CHECK(draft.opens_at == at("2026-12-01T01:00:00.500Z").time);
    CHECK(draft.room == RoomPolicy{.active_max = 100,
                                   .window = AdmissionWindow{50, 60s},
                                   .pass_ttl = Duration{10min},
                                   .draw = true,
                                   .classes = {{"all", 2}, {"fan_club", 1}},
                                   .closed_loop = ClosedLoop{.floor = 10,
                                                             .ceiling = 300,
                                                             .add = 5,
                                                             .cut = 60,
                                                             .every = 2s,
                                                             .load_max = 0.8,
                                                             .commit_max = Duration{20ms},
                                                             .seats_per_pass_min = 2},
                                   .waiting_list = true,
                                   .no_shows = NoShows{90s, 1s}});
    CHECK(!read_ok(own(R"(, "room": {"no_shows": null})")).room->no_shows);
    CHECK(draft.limits == SeatLimits{4, 6});
    CHECK(draft.hold_ttl == Duration{5min});
    CHECK(draft.refunds == RefundPolicy{true, 24h});
    CHECK(draft.orphans == OrphanRule::refused);
}

TEST_CASE("an empty room admits all, and refunds are also a word") {
    ConcertDraft draft =
        read_ok(own(R"(, "room": {}, "limits": {"per_concert": 20}, "refunds": "none")"));
    CHECK(draft.room == RoomPolicy{});
    CHECK(draft.limits == SeatLimits{8, 20});
    CHECK_FALSE(draft.refunds.allowed);
    CHECK(read_ok(own(R"(, "refunds": "allowed")")).refunds == RefundPolicy{});
    CHECK(read_ok(own(R"(, "orphans": "allowed")")).orphans == OrphanRule::allowed);
}

TEST_CASE("a closed loop may keep any one of the three alone") {
    const auto loop = [](std::string_view watched) {
        return read_ok(own(fmt::format(
                           R"(, "room": {{"closed_loop": {{"floor": 5, "ceiling": 9, {}}}}})",
                           watched)))
            .room->closed_loop.value();
    };
    CHECK(loop(R"("load_max": 0.5)").load_max == 0.5);
    const ClosedLoop by_commits = loop(R"("commit_ms_max": 20)");
    CHECK(by_commits.commit_max == 20ms);
    CHECK_FALSE(by_commits.load_max);
    CHECK(loop(R"("seats_per_pass_min": 2)").seats_per_pass_min == 2);
}

TEST_CASE("what is set on import beats our own JSON, and dates are added") {
    std::string json = own(R"(, "room": {"active_max": 1}, "opens_at": "2026-12-01T10:00:00Z")");
    ImportOptions options;
    options.title = "Other";
    options.dates = {at("2026-12-25T19:00:00+09:00")};
    options.room = RoomPolicy{.active_max = 7};
    options.opens_at = at("2026-12-02T10:00:00Z").time;
    ConcertDraft draft = read_ok(json, options);
    CHECK(draft.title == "Other");
    CHECK(draft.performances.size() == 2);
    CHECK(draft.room == options.room);
    CHECK(draft.opens_at == options.opens_at);
    options.title = "Given";
    ConcertDraft bare = read_ok(R"({"venue": "V", "seats": {"count": 1, "price": 1}})", options);
    CHECK(bare.title == "Given");
    CHECK(bare.performances.size() == 1);
}

TEST_CASE("unknown keys of our own JSON are refused by name, in every object") {
    contains(refusal(own(R"(, "titel": 1)")), "/titel: is not known; known here: title, venue");
    contains(refusal(own("", R"({"count": 1, "price": 1, "prise": 2})")),
             "/seats/prise: is not known");
    contains(refusal(own("", R"([{"number": 1, "price": 1, "colour": 2}])")),
             "/seats/0/colour: is not known");
    contains(refusal(own(R"(, "room": {"custom": "x"})")), "/room/custom: is not known");
    contains(refusal(own(R"(, "room": {"window": {"admit_max": 1, "window_ms": 1, "s": 1}})")),
             "/room/window/s: is not known");
    contains(refusal(own(R"(, "limits": {"per_user": 1})")), "/limits/per_user: is not known");
    contains(refusal(own(R"(, "refunds": {"until": 1})")), "/refunds/until: is not known");
    contains(refusal(replaced(own(), R"("starts_at")", R"("start": 1, "starts_at")")),
             "/performances/0/start: is not known");
}

TEST_CASE("duplicate keys are refused") {
    CHECK(refusal(own(R"(, "title": "Again")")) == "the import: /title: is given more than once");
}

TEST_CASE("the fields of our own JSON are checked, each with its pointer") {
    auto field = [](std::string_view name, std::string_view value) {
        return refusal(own(", \"" + std::string(name) + "\": " + std::string(value)));
    };
    contains(field("opens_at", R"("tomorrow")"),
             R"(/opens_at: is "tomorrow", which is no RFC 3339)");
    contains(field("opens_at", R"("2026-12-01T10:00:00")"), "/opens_at: is");
    contains(field("opens_at", "null"), "/opens_at: must be a string");
    contains(field("room", "null"), "/room: must be an object");
    contains(field("room", R"({"active_max": 0})"), "/room/active_max: must be an integer from 1");
    contains(field("room", R"({"active_max": 1.0})"),
             "/room/active_max: must be an integer from 1");
    contains(field("room", R"({"pass_ms": 0})"), "/room/pass_ms: must be an integer");
    contains(field("room", R"({"window": {"admit_max": 5}})"),
             "/room/window/window_ms: is missing");
    contains(field("room", R"({"window": {"window_ms": 5}})"),
             "/room/window/admit_max: is missing");
    contains(field("room", R"({"waiting_list": "yes"})"), "/room/waiting_list: must be");
    const auto loop = [&](std::string_view fields) {
        return field("room",
                     R"({"closed_loop": {"floor": 5, "ceiling": 9)" + std::string(fields) + "}}");
    };
    contains(loop(""), "/room/closed_loop: must have load_max, commit_ms_max or");
    contains(loop(R"(, "load_max": 0)"), "/room/closed_loop/load_max: must be");
    contains(loop(R"(, "commit_ms_max": 0)"), "/room/closed_loop/commit_ms_max: must be");
    contains(loop(R"(, "load_max": 1, "cut": 100)"), "/room/closed_loop/cut: must be");
    contains(loop(R"(, "load_max": 1, "every_ms": 0)"), "/room/closed_loop/every_ms: must be");
    contains(loop(R"(, "load_max": 1, "max": 1)"), "/room/closed_loop/max: ");
    contains(field("room", R"({"closed_loop": {"floor": 5, "ceiling": 4, "load_max": 1}})"),
             "/room/closed_loop/ceiling: must not be below floor");
    contains(field("room", R"({"closed_loop": {"load_max": 1}})"),
             "/room/closed_loop/floor: is missing");
    const auto no_shows = [&](std::string_view fields) {
        return field("room", R"({"no_shows": )" + std::string(fields) + "}");
    };
    contains(no_shows("7"), "/room/no_shows: must be an object");
    contains(no_shows(R"({"silent_ms": 90000})"), "/room/no_shows/grace_ms: is missing");
    contains(no_shows(R"({"grace_ms": 1000})"), "/room/no_shows/silent_ms: is missing");
    contains(no_shows(R"({"silent_ms": 89999, "grace_ms": 1000})"),
             "/room/no_shows/silent_ms: must be at least 90000: whoever asks again after");
    contains(no_shows(R"({"silent_ms": 90000, "grace_ms": 999})"),
             "/room/no_shows/grace_ms: must be at least 1000");
    contains(no_shows(R"({"silent_ms": 90000, "grace_ms": 315360000001})"),
             "/room/no_shows/grace_ms: must be an integer");
    contains(no_shows(R"({"silent_ms": 90000, "grace_ms": 1000, "more": 1})"),
             "/room/no_shows/more: ");
    contains(field("limits", R"({"per_performance": 0})"), "/limits/per_performance: must be");
    contains(field("limits", R"({"per_concert": 2147483648})"), "/limits/per_concert: must be");
    contains(field("hold_ms", "0"), "/hold_ms: must be an integer from 1 to 315360000000");
    contains(field("hold_ms", "9223372036854775807"), "/hold_ms: must be");
    contains(field("hold_ms", "1e3"), "/hold_ms: must be an integer");
    contains(field("refunds", R"("some")"), R"(/refunds: must be "allowed", "none" or)");
    contains(field("refunds", "true"), "/refunds: must be");
    contains(field("refunds", R"({"until_ms_before_start": -1})"),
             "/refunds/until_ms_before_start: must be an integer from 0");
    contains(field("refunds", "{}"), "/refunds/until_ms_before_start: is missing");
    contains(field("orphans", R"("none")"), R"(/orphans: must be "allowed" or "refused")");
    contains(field("orphans", "true"), "/orphans: must be");
    contains(field("prices", R"({"A": 1})"), "/prices: has no use without a plan");
    contains(field("plan", "{}"), "/plan: is given as well as seats");
}

TEST_CASE("the seats of our own JSON are checked, each with its pointer") {
    auto seats = [](std::string_view value) { return refusal(own("", value)); };
    contains(seats("50"), "/seats: must be a list of seats, or an object of count and price");
    contains(seats("[]"), "/seats: must have 1 to 200000 seats");
    contains(seats("{}"), "/seats/count: is missing; /seats/price: is missing");
    contains(seats(R"({"count": 0, "price": 1})"),
             "/seats/count: must be an integer from 1 to 200000");
    contains(seats(R"({"count": 200001, "price": 1})"), "/seats/count: must be");
    contains(seats(R"({"count": 1, "price": 0})"), "/seats/price: must be an integer from 1 to");
    contains(seats(R"({"count": 1, "price": 10.0})"), "/seats/price: must be an integer from 1 to");
    contains(seats("[7]"), "/seats/0: must be an object");
    contains(seats(R"([{"price": 1}])"), "/seats/0/number: is missing");
    contains(seats(R"([{"number": 1}])"), "/seats/0/price: is missing");
    contains(seats(R"([{"number": 0, "price": 1}])"), "/seats/0/number: must be an integer from 1");
    contains(seats(R"([{"number": 1, "price": 1, "label": ""}])"), "/seats/0/label: must have");
    contains(seats(R"([{"number": 1, "price": 1, "row": 3}])"), "/seats/0/row: must be a string");
    contains(seats(R"([{"number": 1, "price": 1, "section": "\u0000"}])"),
             "/seats/0/section: must not contain control characters");
    contains(seats(R"([{"number": 1, "price": 1, "x": 1e999}])"), "/seats/0/x: must be from");
    contains(
        seats(
            R"([{"number": 5, "price": 1}, {"number": 6, "price": 1}, {"number": 5, "price": 1}])"),
        "/seats/2/number: is 5, as is /seats/0/number");
}

TEST_CASE("the required fields of our own JSON are required") {
    CHECK(refusal("{}") ==
          "the import: /title: is missing; /venue: is missing; "
          "/performances: is missing; /seats: is missing");
    contains(refusal("[]"), "the import: must be an object");
    contains(refusal("null"), "the import: must be an object");
    contains(refusal(replaced(own(), R"("Songs")", R"("")")), "/title: must have 1 to 500 bytes");
    contains(refusal(replaced(own(), R"("Hall")", '"' + std::string(501, 'x') + '"')),
             "/venue: must");
    contains(refusal(replaced(own(), R"([{"starts_at": "2026-12-24T19:00:00+09:00"}])", "[]")),
             "/performances: must have 1 to 1000 elements");
    contains(refusal(replaced(own(), R"({"starts_at": "2026-12-24T19:00:00+09:00"})", "{}")),
             "/performances/0/starts_at: is missing");
    contains(refusal(replaced(own(), "12-24", "13-24")), "/performances/0/starts_at: is ");
}

TEST_CASE("the prices of our own JSON are checked without hiding faults of the plan") {
    std::string faulty = replaced(small_plan, R"("l2")", R"("l1")");
    std::string detail = refusal(own_with_plan(faulty, "[]"));
    contains(detail, "/prices: must be an object");
    contains(detail, R"(is "l1", as is)");
    CHECK(detail.find("no price") == std::string::npos);
    CHECK(refusal(own_with_plan(small_plan, R"({"A": 0, "B": 1})"))
              .starts_with("the import: /prices/A: must be an integer from 1 to 9007199254740991"));
    ImportOptions options;
    options.prices = {{"A", Money{1}}};
    contains(refusal(own(), options), "a price on import has no use without a plan");
    contains(refusal(R"({"title": "T", "venue": "V", "performances": [], "plan": 5})"),
             "/plan: must be an object");
}

TEST_CASE("what only the whole concert shows is refused as well") {
    ImportOptions options;
    options.dates = {at("2026-12-24T10:00:00Z")};
    contains(refusal(own(), options), "performances/1");
}

TEST_CASE("a file over 64 MiB or a hall over 200,000 seats is refused") {
    contains(refusal(std::string(import_bytes_max + 1, ' ')), "must have at most 67108864 bytes");
    std::string seats = "[";
    for (int i = 0; i < 200'000; ++i) seats += "0,";
    contains(refusal(own("", seats + "0]")), "/seats: must have 1 to 200000 seats");
    std::string plan =
        R"({"name": "N", "categories": [{"name": "A"}], "zones": [{"rows": [{"seats": )";
    contains(refusal(plan + seats + "0]}]}]}", small_options()),
             "/zones: must have 1 to 200000 seats together, not 200001");
}
