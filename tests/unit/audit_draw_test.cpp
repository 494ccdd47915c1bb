// What the audit finds of drawn lines: one broken rule at a time.

#include <doctest/doctest.h>

#include "support/drawn_order.hpp"
#include "support/shown_sale.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

constexpr DrawSeed seed{3, 1, 4};
constexpr std::int64_t drawn_size = 5;
constexpr Time drawn_at = t0 + 1min;

// Five people who joined, and were drawn a minute later; two have come since.
SaleScript five_drawn() {
    SaleScript script;
    for (const UserKey user : {alice, bob, carol, dave, erin}) script.join(user, t0);
    script.draw(seed, drawn_at);
    script.join(frank, drawn_at);
    script.join(gina, drawn_at + 1s);
    return script;
}

// The number that is let in after `rank` others, found without the library's permutation.
std::int64_t number_at(std::uint64_t rank) {
    for (std::uint64_t number = 1; number <= drawn_size; ++number) {
        if (rank_by_hand(seed, drawn_size, number) == rank)
            return static_cast<std::int64_t>(number);
    }
    return 0;
}

void admit_ranks(SaleScript& script, std::uint64_t first, std::uint64_t end) {
    for (std::uint64_t rank = first; rank < end; ++rank) {
        script.admit(number_at(rank), drawn_at + 1s);
        ++script.store().row<Line>({the_concert, 0}).drawn->next_rank;
    }
}

ShownStore shown(const SaleScript& script) { return script.shown(drawn_at + 1min); }

}  // namespace

TEST_CASE("a draw, and admissions in its order, are clean") {
    SaleScript script = five_drawn();
    SUBCASE("nobody is in yet") {}
    SUBCASE("some are in") { admit_ranks(script, 0, 3); }
    SUBCASE("one had left") {
        script.leave(number_at(1), t0 + 30s);
        admit_ranks(script, 0, 1);
        script.store().row<Line>({the_concert, 0}).drawn->next_rank = 2;
        script.admit(number_at(2), drawn_at + 2s);
        script.store().row<Line>({the_concert, 0}).drawn->next_rank = 3;
    }
    SUBCASE("all are in, and one who came later") {
        admit_ranks(script, 0, 5);
        script.admit(6, drawn_at + 2s);
    }
    ShownStore store = shown(script);
    CHECK(findings_text(store) == "");
}

TEST_CASE("who was let in by number before the draw overtook nobody") {
    SaleScript script;
    for (const UserKey user : {alice, bob, carol, dave, erin}) script.join(user, t0);
    script.admit(1, t0 + 1s);
    script.draw(seed, drawn_at);
    const std::int64_t first = number_at(0) == 1 ? number_at(1) : number_at(0);
    script.admit(first, drawn_at);
    script.store().row<Line>({the_concert, 0}).drawn->next_rank = number_at(0) == 1 ? 2 : 1;
    ShownStore store = shown(script);
    CHECK(findings_text(store) == "");
}

TEST_CASE("an order that was doctored breaks Q1") {
    SaleScript script = five_drawn();
    SUBCASE("two are exchanged") {
        script.admit(number_at(1), drawn_at + 1s);
        script.admit(number_at(0), drawn_at + 1s);
        script.store().row<Line>({the_concert, 0}).drawn->next_rank = 2;
        ShownStore store = shown(script);
        CHECK(broken_rules(store) == "Q1");
    }
    SUBCASE("one is passed over who waits") {
        script.admit(number_at(1), drawn_at + 1s);
        ShownStore store = shown(script);
        CHECK(broken_rules(store) == "Q1");
        CHECK(finds(store, "Q1", {"waits", "behind it was admitted"}));
    }
    SUBCASE("one who came later is let in first") {
        script.admit(6, drawn_at + 1s);
        ShownStore store = shown(script);
        CHECK(broken_rules(store).find("Q1") != std::string::npos);
    }
    SUBCASE("by number, as if nothing had been drawn") {
        for (const std::int64_t number : {1, 2, 3}) script.admit(number, drawn_at + 1s);
        ShownStore store = shown(script);
        CHECK(broken_rules(store).find("Q1") != std::string::npos);
    }
}

TEST_CASE("a draw that is not the one that was told breaks Q7") {
    SaleScript script = five_drawn();
    DrawState& draw = *script.store().row<Sale>(the_concert).draw;
    Line& line = script.store().row<Line>({the_concert, 0});
    SUBCASE("another seed") { draw.seed[0] ^= 1; }
    SUBCASE("another time") { *draw.drawn_at -= 1us; }
    SUBCASE("fewer places") { line.drawn->size = 4; }
    SUBCASE("more places than there are") { line.drawn->size = 9; }
    SUBCASE("further than there are places") { line.drawn->next_rank = 6; }
    SUBCASE("further than those who are in") { line.drawn->next_rank = 1; }
    SUBCASE("fewer than none") { line.drawn->size = -1; }
    SUBCASE("more than any line can have") { line.drawn->size = Draw::size_max + 1; }
    SUBCASE("fewer than none who are in") { line.drawn->next_rank = -1; }
    SUBCASE("an epoch that is to come") { line.drawn->epoch = 1; }
    SUBCASE("no draw in the sale's row") { draw.drawn_at.reset(); }
    SUBCASE("no draw in the line's row") { line.drawn.reset(); }
    SUBCASE("no seed") { script.store().row<Sale>(the_concert).draw.reset(); }
    ShownStore store = shown(script);
    CHECK(broken_rules(store).find("Q7") != std::string::npos);
}

TEST_CASE("a draw that no event tells of, or two do, breaks Q7") {
    SaleScript script = five_drawn();
    SUBCASE("no event") {
        script.store().event(of_room, 1).kind = EventKind::sale_changed;
        script.store().event(of_room, 1).draw.reset();
    }
    SUBCASE("an event without its draw") { script.store().event(of_room, 1).draw.reset(); }
    SUBCASE("two events") { script.draw(seed, drawn_at + 2s); }
    SUBCASE("two events of one moment") { script.draw(seed, drawn_at); }
    SUBCASE("no event of the room at all") {
        script.store().events_shown.clear();
        script.store().row<Sale>(the_concert).next_event = 1;
    }
    SUBCASE("of no class") { script.store().event(of_room, 1).draw->line_class = -1; }
    SUBCASE("of fewer than none") { script.store().event(of_room, 1).draw->size = -1; }
    SUBCASE("of more than any line can have") {
        script.store().event(of_room, 1).draw->size = Draw::size_max + 1;
    }
    SUBCASE("another epoch") { script.store().event(of_room, 1).draw->epoch = 1; }
    SUBCASE("another size") { script.store().event(of_room, 1).draw->size = 6; }
    ShownStore store = shown(script);
    CHECK(broken_rules(store).find("Q7") != std::string::npos);
}

TEST_CASE("a line that was drawn, and goes on in a later epoch, is clean") {
    ShownStore store = shown(five_drawn());
    Line& line = store.row<Line>({the_concert, 0});
    line.epoch = 1;
    line.next_sequence = 1;
    CHECK(findings_text(store) == "");
}

TEST_CASE(
    "a sale that was drawn and has lost its line breaks D2, and its draw is looked at no more") {
    ShownStore store = shown(five_drawn());
    store.remove<Line>({the_concert, 0});
    CHECK(finds(store, "D2", {"line"}));
    CHECK(!finds(store, "Q7", {"its line does not"}));
    CHECK(finds(store, "Q7", {"an event says", "its row does not"}));
}

TEST_CASE("who is in after a draw, with no event that says since when, breaks Q3 alone") {
    SaleScript script = five_drawn();
    admit_ranks(script, 0, 1);
    script.store().events_shown.pop_back();
    --script.store().row<Sale>(the_concert).next_event;
    ShownStore store = shown(script);
    CHECK(broken_rules(store) == "Q3");
}

TEST_CASE("somebody who came after the draw and stands among those drawn breaks Q7") {
    SaleScript script = five_drawn();
    script.store().row<Place>({the_concert, {5}}).joined_at = drawn_at + 1us;
    ShownStore store = shown(script);
    CHECK(broken_rules(store).find("Q7") != std::string::npos);
}

// --- Classes -----------------------------------------------------------------------------------

namespace {

// Three of the first class and two of the second, drawn; the first class's are admitted by rank.
SaleScript classes_drawn() {
    SaleScript script(RoomPolicy{.classes = {{"general", 1}, {"fan_club", 3}}});
    for (const UserKey user : {alice, bob, carol}) script.join(user, t0);
    for (const UserKey user : {dave, erin}) script.join(user, t0, 1);
    script.draw(seed, drawn_at);
    return script;
}

// The number of the second class that is let in first, or second.
std::int64_t fan_at(std::uint64_t rank) {
    const std::int64_t sequence = rank_by_hand(seed, 2, 1, 1) == rank ? 1 : 2;
    return PlaceNumber::of({.line_class = 1, .sequence = sequence}).value;
}

}  // namespace

TEST_CASE("lines that were drawn, each in its own order, are clean") {
    SaleScript script = classes_drawn();
    script.admit(fan_at(0), drawn_at + 1s);
    script.store().row<Line>({the_concert, 1}).drawn->next_rank = 1;
    ShownStore store = shown(script);
    CHECK(findings_text(store) == "");
}

TEST_CASE("the order of one class that was doctored breaks Q1, whatever the others are") {
    SaleScript script = classes_drawn();
    script.admit(fan_at(1), drawn_at + 1s);
    ShownStore store = shown(script);
    CHECK(broken_rules(store) == "Q1");
}

TEST_CASE("a class's draw that is not the one that was told breaks Q7") {
    SaleScript script = classes_drawn();
    Line& line = script.store().row<Line>({the_concert, 1});
    SUBCASE("another size") { line.drawn->size = 1; }
    SUBCASE("further than those who are in") { line.drawn->next_rank = 1; }
    SUBCASE("none in its row") { line.drawn.reset(); }
    SUBCASE("told of another class") { script.store().event(of_room, 2).draw->line_class = 2; }
    SUBCASE("told of none that there can be") {
        script.store().event(of_room, 2).draw->line_class = 16;
    }
    SUBCASE("told at another time") { script.store().event(of_room, 2).at += 1us; }
    ShownStore store = shown(script);
    CHECK(broken_rules(store).find("Q7") != std::string::npos);
}
