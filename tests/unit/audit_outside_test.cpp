// What the audit finds of a room whose line is kept outside of the store.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/shown_sale.hpp"

using namespace concertres;
using namespace concertres::test;

TEST_CASE("the order of a line outside is not looked at where people are passed over in it") {
    RoomPolicy policy;
    policy.no_shows = NoShows{.silent_after = 90s, .grace = 5min};
    SaleScript script(policy);
    script.join(alice, t0);
    script.join(bob, t0 + 1s);
    for (const std::int64_t number : {2, 1}) script.admit(number, t0 + 3s);
    ShownStore store = script.shown(t0 + 3s);
    store.row<Line>({the_concert, 0}).closed_until = t0;
    const std::vector<std::string> behind{"place 1", "after place 2 behind it"};
    CHECK(findings_text(store) == "");
    SUBCASE("but it is where nobody is passed over") {
        store.row<Sale>(the_concert).room->no_shows.reset();
        CHECK(finds(store, "Q1", behind));
    }
    SUBCASE("and where the sale has no room by now") {
        store.row<Sale>(the_concert).room.reset();
        CHECK(finds(store, "Q1", behind));
    }
    SUBCASE("and where the sale is lost") {
        store.remove<Sale>(the_concert);
        CHECK(finds(store, "Q1", behind));
    }
}
