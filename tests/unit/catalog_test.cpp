#include "concertres/catalog.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <limits>

using namespace concertres;
using namespace std::chrono_literals;

namespace {

ConcertDraft valid_draft() {
    ConcertDraft draft;
    draft.title = "Winter Songs";
    draft.performances = {{*parse_rfc3339("2026-12-24T19:00:00+09:00")},
                          {*parse_rfc3339("2026-12-25T19:00:00+09:00")}};
    draft.seats = numbered_seats(50, Money{50'000});
    return draft;
}

// The detail of the refusal that a change of the valid draft meets; "" where there is none.
std::string detail_after(const std::function<void(ConcertDraft&)>& change) {
    ConcertDraft draft = valid_draft();
    change(draft);
    const Result<void> r = check(draft);
    if (r) return "";
    CHECK(r.error().code == Errc::request_invalid);
    return r.error().detail;
}

bool starts_with(const std::string& detail, std::string_view where) {
    return detail.size() > where.size() + 2 && detail.starts_with(where) &&
           detail.substr(where.size(), 2) == ": ";
}

RoomPolicy looped() {
    return {.closed_loop = ClosedLoop{.floor = 10, .ceiling = 100, .load_max = 0.8}};
}

}  // namespace

TEST_CASE("numbered seats are 1 to the count, ten to a row") {
    const auto seats = numbered_seats(50, Money{50'000});
    REQUIRE(seats.size() == 50);
    CHECK(seats.front().number == 1);
    CHECK(seats.front().label == "1");
    CHECK(seats.front().row == "1");
    CHECK(seats[9].row == "1");
    CHECK(seats[10].row == "2");
    CHECK(seats[10].x == 0);
    CHECK(seats[10].y == 1);
    CHECK(seats.back().number == 50);
    CHECK(seats.back().label == "50");
    CHECK(seats.back().price == Money{50'000});
    CHECK(numbered_seats(0, Money{1}).empty());
    CHECK(numbered_seats(-1, Money{1}).empty());
}

TEST_CASE("an area's seats are numbered on from the highest number that there is") {
    std::vector<HallSeat> seats = numbered_seats(3, Money{50'000});
    seats[1].number = 70;
    add_area(seats, {.section = "Standing", .capacity = 2, .price = Money{60'000}});
    add_area(seats, {.section = "Terrace", .capacity = 1, .price = Money{0}});
    REQUIRE(seats.size() == 6);
    HallSeat expected;
    expected.number = 71;
    expected.section = "Standing";
    expected.price = Money{60'000};
    expected.general = true;
    CHECK(seats[3] == expected);
    CHECK(seats[4].number == 72);
    CHECK(seats[5].number == 73);
    CHECK(seats[5].section == "Terrace");
    CHECK_FALSE(seats[0].general);
    ConcertDraft draft = valid_draft();
    draft.seats = seats;
    CHECK(check(draft));
    draft.seats.erase(draft.seats.begin(), draft.seats.begin() + 3);
    CHECK(check(draft));
}

TEST_CASE("a draft as the header shows it is accepted") {
    const ConcertDraft draft{.title = "Winter Songs",
                             .performances = {{*parse_rfc3339("2026-12-24T19:00:00+09:00")}},
                             .seats = numbered_seats(50, Money{50'000})};
    CHECK(check(draft));
    CHECK(check(valid_draft()));
}

TEST_CASE("a draft at its bounds is accepted") {
    CHECK(detail_after([](ConcertDraft& d) { d.title = std::string(500, 't'); }) == "");
    CHECK(detail_after([](ConcertDraft& d) { d.venue = std::string(500, 'v'); }) == "");
    CHECK(detail_after([](ConcertDraft& d) { d.seats = numbered_seats(200'000, Money{0}); }) == "");
    CHECK(detail_after([](ConcertDraft& d) { d.seats[0].price = {Money::max_minor / 16}; }) == "");
    CHECK(detail_after([](ConcertDraft& d) {
              d.seats[0].price = {Money::max_minor / 16 + 1};
          }).find("seats/0/price") != std::string::npos);
    CHECK(detail_after([](ConcertDraft& d) { d.seats[0].label = d.seats[1].label; }) == "");
    CHECK(detail_after([](ConcertDraft& d) { d.room = RoomPolicy{}; }) == "");
    CHECK(detail_after([](ConcertDraft& d) { d.limits = {1, 1}; }) == "");
    CHECK(detail_after([](ConcertDraft& d) { d.hold_ttl = 1us; }) == "");
    CHECK(detail_after([](ConcertDraft& d) { d.refunds = {false, 0us}; }) == "");
    CHECK(detail_after([](ConcertDraft& d) {
              d.performances.clear();
              for (int i = 0; i < 1'000; ++i) d.performances.push_back({{Time(1h * i), 0min}});
          }) == "");
}

TEST_CASE("every fault is refused and named with its place") {
    const auto huge = std::string(501, 'x');
    const auto nan = std::numeric_limits<double>::quiet_NaN();
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const struct {
        const char* where;
        std::function<void(ConcertDraft&)> change;
    } cases[] = {
        {"title", [](ConcertDraft& d) { d.title.clear(); }},
        {"title", [&](ConcertDraft& d) { d.title = huge; }},
        {"venue", [&](ConcertDraft& d) { d.venue = huge; }},
        {"performances", [](ConcertDraft& d) { d.performances.clear(); }},
        {"performances", [](ConcertDraft& d) { d.performances.resize(1'001); }},
        {"performances/1/starts_at",
         [](ConcertDraft& d) { d.performances[1] = d.performances[0]; }},
        {"performances/1/starts_at",
         [](ConcertDraft& d) {
             d.performances[1] = {{d.performances[0].starts_at.time, 0min}};
         }},
        {"performances/0/starts_at",
         [](ConcertDraft& d) { d.performances[0].starts_at.time = Time(-1us); }},
        {"performances/0/starts_at",
         [](ConcertDraft& d) { d.performances[0].starts_at.time = Time::max(); }},
        {"performances/0/starts_at",
         [](ConcertDraft& d) { d.performances[0].starts_at.utc_offset = 24h; }},
        {"performances/0/starts_at",
         [](ConcertDraft& d) { d.performances[0].starts_at.utc_offset = -24h; }},
        {"performances/0/starts_at",
         [](ConcertDraft& d) {
             d.performances[0].starts_at = {Time{}, -1min};
         }},
        {"seats", [](ConcertDraft& d) { d.seats.clear(); }},
        {"seats", [](ConcertDraft& d) { d.seats = numbered_seats(200'001, Money{1}); }},
        {"seats/7/number", [](ConcertDraft& d) { d.seats[7].number = 0; }},
        {"seats/7/number", [](ConcertDraft& d) { d.seats[7].number = -1; }},
        {"seats/7/number", [](ConcertDraft& d) { d.seats[7].number = d.seats[2].number; }},
        {"seats/7/label", [&](ConcertDraft& d) { d.seats[7].label = huge; }},
        {"seats/7/section", [&](ConcertDraft& d) { d.seats[7].section = huge; }},
        {"seats/7/row", [&](ConcertDraft& d) { d.seats[7].row = huge; }},
        {"seats/7/plan_id", [&](ConcertDraft& d) { d.seats[7].plan_id = huge; }},
        {"seats/7/plan_id",
         [](ConcertDraft& d) { d.seats[7].plan_id = d.seats[2].plan_id = "A-3"; }},
        {"seats/7/x", [&](ConcertDraft& d) { d.seats[7].x = nan; }},
        {"seats/7/y", [&](ConcertDraft& d) { d.seats[7].y = -infinity; }},
        {"seats/7/price", [](ConcertDraft& d) { d.seats[7].price = Money{-1}; }},
        {"seats/7/price", [](ConcertDraft& d) { d.seats[7].price = {Money::max_minor + 1}; }},
        {"seats/7/section", [](ConcertDraft& d) { d.seats[7].general = true; }},
        {"seats/51/price",
         [](ConcertDraft& d) {
             add_area(d.seats, {.section = "Standing", .capacity = 2, .price = Money{1}});
             d.seats[51].price = Money{2};
         }},
        {"seats/51/section",
         [](ConcertDraft& d) {
             add_area(d.seats, {.section = "Standing", .capacity = 2, .price = Money{1}});
             d.seats[51].general = false;
         }},
        {"seats/51/section",
         [](ConcertDraft& d) {
             add_area(d.seats, {.section = "Standing", .capacity = 2, .price = Money{1}});
             d.seats[50].general = false;
         }},
        {"seats/51/allotted_to",
         [](ConcertDraft& d) {
             d.room = {.classes = {{"general", 1}, {"fan_club", 1}}};
             add_area(d.seats, {.section = "Standing", .capacity = 2, .price = Money{1}});
             d.seats[50].allotted_to = 1;
         }},
        {"seats/7/allotted_to", [](ConcertDraft& d) { d.seats[7].allotted_to = 0; }},
        {"seats/7/allotted_to",
         [](ConcertDraft& d) {
             d.room = {.classes = {{"general", 1}, {"fan_club", 1}}};
             d.seats[7].allotted_to = -1;
         }},
        {"seats/7/allotted_to",
         [](ConcertDraft& d) {
             d.room = {.classes = {{"general", 1}, {"fan_club", 1}}};
             d.seats[6].allotted_to = 1;
             d.seats[7].allotted_to = 2;
         }},
        {"opens_at", [](ConcertDraft& d) { d.opens_at = Time(-1us); }},
        {"room/active_max", [](ConcertDraft& d) { d.room = {.active_max = 0}; }},
        {"room/window/admit_max",
         [](ConcertDraft& d) {
             d.room = {.window = {{0, 1s}}};
         }},
        {"room/window/length",
         [](ConcertDraft& d) {
             d.room = {.window = {{1, 0s}}};
         }},
        {"room/window/length",
         [](ConcertDraft& d) {
             d.room = {.window = {{1, Duration::max()}}};
         }},
        {"room/pass_ttl", [](ConcertDraft& d) { d.room = {.pass_ttl = 0s}; }},
        {"room/draw", [](ConcertDraft& d) { d.room = {.draw = true}; }},
        {"room/no_shows/silent_after",
         [](ConcertDraft& d) {
             d.room = {.no_shows = NoShows{90s - Duration(1), 1s}};
         }},
        {"room/no_shows/silent_after",
         [](ConcertDraft& d) {
             d.room = {.no_shows = NoShows{Duration::max(), 1s}};
         }},
        {"room/no_shows/grace",
         [](ConcertDraft& d) {
             d.room = {.no_shows = NoShows{90s, 1s - Duration(1)}};
         }},
        {"room/no_shows/grace",
         [](ConcertDraft& d) {
             d.room = {.no_shows = NoShows{90s, Duration::max()}};
         }},
        {"room/closed_loop/floor",
         [](ConcertDraft& d) {
             d.room = looped();
             d.room->closed_loop->floor = 0;
         }},
        {"room/closed_loop/ceiling",
         [](ConcertDraft& d) {
             d.room = looped();
             d.room->closed_loop->ceiling = 9;
         }},
        {"room/closed_loop/add",
         [](ConcertDraft& d) {
             d.room = looped();
             d.room->closed_loop->add = 0;
         }},
        {"room/closed_loop/cut",
         [](ConcertDraft& d) {
             d.room = looped();
             d.room->closed_loop->cut = 0;
         }},
        {"room/closed_loop/cut",
         [](ConcertDraft& d) {
             d.room = looped();
             d.room->closed_loop->cut = 100;
         }},
        {"room/closed_loop/every",
         [](ConcertDraft& d) {
             d.room = looped();
             d.room->closed_loop->every = 0s;
         }},
        {"room/closed_loop/load_max",
         [](ConcertDraft& d) {
             d.room = looped();
             d.room->closed_loop->load_max.reset();
         }},
        {"room/closed_loop/load_max",
         [](ConcertDraft& d) {
             d.room = looped();
             d.room->closed_loop->load_max = 0;
         }},
        {"room/closed_loop/load_max",
         [](ConcertDraft& d) {
             d.room = looped();
             d.room->closed_loop->load_max = 1'000.5;
         }},
        {"room/closed_loop/load_max",
         [](ConcertDraft& d) {
             d.room = looped();
             d.room->closed_loop->load_max = std::numeric_limits<double>::quiet_NaN();
         }},
        {"room/closed_loop/commit_max",
         [](ConcertDraft& d) {
             d.room = looped();
             d.room->closed_loop->commit_max = 0s;
         }},
        {"room/closed_loop/seats_per_pass_min",
         [](ConcertDraft& d) {
             d.room = looped();
             d.room->closed_loop->seats_per_pass_min = 0;
         }},
        {"room/custom", [&](ConcertDraft& d) { d.room = {.custom = huge}; }},
        {"limits/per_performance", [](ConcertDraft& d) { d.limits.per_performance = 0; }},
        {"limits/per_concert", [](ConcertDraft& d) { d.limits.per_concert = 0; }},
        {"hold_ttl", [](ConcertDraft& d) { d.hold_ttl = 0s; }},
        {"hold_ttl", [](ConcertDraft& d) { d.hold_ttl = Duration::max(); }},
        {"refunds/until_before_start",
         [](ConcertDraft& d) { d.refunds.until_before_start = -1us; }},
    };
    for (const auto& c : cases) {
        const std::string detail = detail_after(c.change);
        CAPTURE(c.where);
        CAPTURE(detail);
        CHECK(starts_with(detail, c.where));
    }
}

TEST_CASE("a repetition names what it repeats") {
    CHECK(detail_after([](ConcertDraft& d) { d.performances[1] = d.performances[0]; }) ==
          "performances/1/starts_at: 2026-12-24T19:00:00.000+09:00 is also that of performances/0");
    CHECK(detail_after([](ConcertDraft& d) { d.seats[7].number = 3; }) ==
          "seats/7/number: 3 is also that of seats/2");
    CHECK(detail_after([](ConcertDraft& d) { d.seats[7].plan_id = d.seats[2].plan_id = "A-3"; }) ==
          "seats/7/plan_id: \"A-3\" is also that of seats/2");
}

TEST_CASE("a room's policy alone is checked like a draft's") {
    CHECK(check(RoomPolicy{}));
    CHECK(check(RoomPolicy{.active_max = 100, .window = {{50, 1s}}, .pass_ttl = 10min}));
    CHECK(check(looped()));
    const Result<void> r = check(RoomPolicy{.active_max = 0});
    REQUIRE_FALSE(r);
    CHECK(r.error().detail == "active_max: must be at least 1, not 0");
}
