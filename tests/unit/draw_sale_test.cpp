// What a draw does to a sale: when it is made, when it is due, and that it stays what it is.
#include <string>

#include "base/hex.hpp"
#include "unit/domain_rows.hpp"

using namespace concertres;
using namespace rows;

namespace {

constexpr DrawSeed seed{7, 7, 7};
constexpr DrawSeed other_seed{8, 8, 8};

// A sale that opens in an hour and draws its line then.
Sale drawing_sale() {
    Sale sale = open_sale();
    REQUIRE(change_sale(sale, {.room = RoomPolicy{.draw = true}, .opens_at = t0 + 1h}, seed, t0));
    return sale;
}

SaleChange set_draw(bool draw) {
    SaleChange change;
    change.patch.emplace().draw = draw;
    return change;
}

Line line_of(std::int64_t places) {
    return {.concert = concert_key, .epoch = 0, .next_sequence = places + 1};
}

// The sale after its draw of that many places.
Sale drawn_sale(std::int64_t places) {
    Sale sale = drawing_sale();
    std::vector<Event> events;
    std::vector<Line> lines = {line_of(places)};
    hold_draw(sale, lines, t0 + 1h, events);
    return sale;
}

std::string refusal_of(Sale& sale, const SaleChange& change, Time now) {
    const Sale before = sale;
    const auto changed = change_sale(sale, change, seed, now);
    CHECK(sale == before);
    return changed ? "" : changed.error().detail;
}

}  // namespace

TEST_CASE("setting a draw makes its seed and tells the hash of it, and not the seed") {
    Sale sale = open_sale();
    const auto told =
        change_sale(sale, {.room = RoomPolicy{.draw = true}, .opens_at = t0 + 1h}, seed, t0);
    REQUIRE(told);
    CHECK(sale.draw == DrawState{.seed = seed, .drawn_at = {}});
    CHECK(told->detail ==
          "room: any number at once, drawn at the opening; opens at: " + to_rfc3339(t0 + 1h) +
              "; draw: feistel-siphash-1, SHA-256 of its seed " + to_hex(commitment_of(seed)));
    CHECK(told->detail.find(to_hex(seed)) == std::string::npos);
}

TEST_CASE("a seed whose hash was told stays, also where the draw is put off and set again") {
    Sale sale = drawing_sale();
    const auto off = change_sale(sale, set_draw(false), other_seed, t0);
    REQUIRE(off);
    CHECK_FALSE(awaits_draw(sale));
    CHECK(sale.draw->seed == seed);
    const auto again = change_sale(sale, set_draw(true), other_seed, t0);
    REQUIRE(again);
    CHECK(awaits_draw(sale));
    CHECK(sale.draw->seed == seed);
    // It was told already.
    CHECK(again->detail.find("SHA-256") == std::string::npos);
}

TEST_CASE("only a room that draws, and has its seed, waits for a draw") {
    CHECK(awaits_draw(drawing_sale()));
    Sale without_seed = drawing_sale();
    without_seed.draw.reset();
    CHECK_FALSE(awaits_draw(without_seed));
    CHECK_FALSE(is_draw_due(without_seed, t0 + 20h));
    Sale without_room = drawing_sale();
    without_room.room.reset();
    CHECK_FALSE(awaits_draw(without_room));
}

TEST_CASE("a draw needs an opening that is to come") {
    Sale sale = open_sale();
    const std::string without =
        "room/draw: a draw takes place when the sale opens: give opens_at too";
    CHECK(refusal_of(sale, set_draw(true), t0) == without);
    SaleChange change = set_draw(true);
    change.opens_at = t0;
    CHECK(refusal_of(sale, change, t0) == "room/draw: the sale has opened at " + to_rfc3339(t0) +
                                              ", and its line cannot be drawn any more");
    sale.opens_at = t0 - 1s;
    CHECK(refusal_of(sale, set_draw(true), t0) != "");
    change.opens_at = t0 + 1us;
    CHECK(change_sale(sale, change, seed, t0));
}

TEST_CASE("the draw is due from the opening on, whatever the operator has set") {
    Sale sale = drawing_sale();
    CHECK_FALSE(is_draw_due(sale, t0 + 1h - 1us));
    for (const SaleMode mode :
         {SaleMode::open, SaleMode::paused, SaleMode::draining, SaleMode::closed}) {
        sale.mode = mode;
        CHECK(is_draw_due(sale, t0 + 1h));
    }
    sale.room->draw = false;
    CHECK_FALSE(is_draw_due(sale, t0 + 1h));
    CHECK_FALSE(is_draw_due(open_sale(), t0));
}

TEST_CASE("an operator who moves the opening before it has come moves the draw") {
    Sale sale = drawing_sale();
    REQUIRE(change_sale(sale, {.opens_at = t0 + 2h}, other_seed, t0));
    CHECK_FALSE(is_draw_due(sale, t0 + 1h));
    REQUIRE(change_sale(sale, {.opens_at = t0}, other_seed, t0));
    CHECK(is_draw_due(sale, t0));
    CHECK(sale.draw->seed == seed);
    // Once it is due nobody can put it off: whoever comes draws first.
    CHECK_THROWS_AS((void)change_sale(sale, {.opens_at = t0 + 2h}, seed, t0), AssertionFailed);
}

TEST_CASE("a draw is of all numbers that were given, and is told with its seed") {
    Sale sale = drawing_sale();
    const std::int64_t number = sale.next_event;
    std::vector<Event> events;
    std::vector<Line> lines = {{.concert = concert_key, .epoch = 2, .next_sequence = 40}};
    hold_draw(sale, lines, t0 + 61min, events);
    CHECK(sale.draw == DrawState{.seed = seed, .drawn_at = t0 + 61min});
    CHECK(lines[0].drawn == Drawn{.epoch = 2, .size = 39});
    CHECK(lines[0].next_sequence == 40);
    REQUIRE(events.size() == 1);
    Event expected{.stream = {StreamKind::room, concert_key.value},
                   .number = number,
                   .kind = EventKind::room_drawn,
                   .at = t0 + 61min};
    expected.draw = EventDraw{.seed = seed, .epoch = 2, .size = 39};
    CHECK(events[0] == expected);
    CHECK(events[0].actor.empty());
    CHECK_FALSE(is_draw_due(sale, t0 + 61min));
    CHECK_THROWS_AS(hold_draw(sale, lines, t0 + 62min, events), AssertionFailed);
}

TEST_CASE("every line of a room is drawn for itself, at one moment and with one seed") {
    Sale sale = drawing_sale();
    std::vector<Line> lines = {line_of(4),
                               {.concert = concert_key, .line_class = 2, .next_sequence = 3}};
    std::vector<Event> events;
    hold_draw(sale, lines, t0 + 1h, events);
    CHECK(lines[0].drawn == Drawn{.size = 4});
    CHECK(lines[1].drawn == Drawn{.line_class = 2, .size = 2});
    REQUIRE(events.size() == 2);
    CHECK(events[0].draw == EventDraw{.seed = seed, .size = 4});
    CHECK(events[1].draw == EventDraw{.seed = seed, .line_class = 2, .size = 2});
    CHECK(events[1].number == events[0].number + 1);
    CHECK(events[1].at == events[0].at);
}

TEST_CASE("what has been drawn stays drawn, whatever is set then") {
    const Sale drawn = drawn_sale(5);
    for (const SaleChange& change :
         {set_draw(false), set_draw(true), SaleChange{.room = RoomPolicy{.active_max = 3}},
          SaleChange{.opens_at = t0 + 9h}, SaleChange{.mode = SaleMode::closed}}) {
        Sale sale = drawn;
        REQUIRE(change_sale(sale, change, other_seed, t0 + 2h));
        CHECK(sale.draw == drawn.draw);
        CHECK_FALSE(awaits_draw(sale));
        CHECK_FALSE(is_draw_due(sale, t0 + 20h));
        REQUIRE(change_sale(sale, set_draw(true), other_seed, t0 + 3h));
        CHECK(sale.draw == drawn.draw);
    }
}

TEST_CASE("a draw of nobody is one too") {
    CHECK(drawn_sale(0).draw->drawn_at == t0 + 1h);
    CHECK(draw_of(line_of(0)).size == 0);
    CHECK_FALSE(draw_of(line_of(0)).covers({1}));
}

TEST_CASE("who waits for a draw far off asks about once a minute") {
    CHECK(poll_after_draw(10, 2h, 0.0) == 40s);
    CHECK(poll_after_draw(1'000'000, 51s, 0.5) == 50s);
}

TEST_CASE("who waits for a draw that is near asks after it, and not all in one second") {
    CHECK(poll_after_draw(10, 30s, 0.0) == 31s);
    CHECK(poll_after_draw(10, 30s, 0.5) == 32s);
    CHECK(poll_after_draw(200'000, 50s, 0.0) == 51s);
    CHECK(poll_after_draw(200'000, 50s, 0.5) == 56s);
    CHECK(poll_after_draw(1'000'000'000, 0s, 0.5) == 16s);
    // It is due, and comes with the next tick.
    CHECK(poll_after_draw(10, -1s, 0.0) == 1s);
    CHECK_THROWS_AS((void)poll_after_draw(1, 1s, 1.0), AssertionFailed);
}
