// A tick in a copy of a store: who waited before it is of an earlier epoch.
#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "concertres/sqlite.hpp"
#include "support/small_sale.hpp"
#include "support/temp_dir.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

// One room, which ticks when it is told to.
struct TickedRoom {
    TickedRoom(std::unique_ptr<Storage> storage, RoomPolicy policy, Duration opens_in = 0s)
        : office(std::move(storage), options()) {
        ConcertDraft draft = SmallSale::draft();
        draft.room = std::move(policy);
        if (opens_in > 0s) draft.opens_at = office.now() + opens_in;
        concert = SmallSale::add(office, draft).concert;
    }
    TickedRoom(std::unique_ptr<Storage> storage, ConcertId known)
        : office(std::move(storage), options()), concert(known) {}

    static Options options() { return {.tick = 24h, .running = Running::by_host}; }

    void join(int first, int count) {
        int joined = 0;
        for (int user = first; user < first + count; ++user) {
            office.submit<Join>({.concert = concert, .user = SmallSale::user(user)},
                                [&](const Result<PlaceView>& made) { joined += made ? 1 : 0; });
        }
        run();
        REQUIRE(joined == count);
    }
    // With what follows of its own accord; the answer is how many the first of it let in.
    std::int64_t tick() {
        const auto admitted = office.tick({concert});
        REQUIRE(admitted);
        run();
        return *admitted;
    }
    void run() {
        while (office.step()) {
        }
    }
    [[nodiscard]] ConcertView view() { return office.concert({concert}).value(); }

    BoxOffice office;
    ConcertId concert;
};

}  // namespace

TEST_SUITE_BEGIN("engine: ticks");

TEST_CASE("of a copy that has the store's place more wait from before than a tick looks at") {
    constexpr int before = 600;
    TestClock clock;
    const TempDir folder;
    const auto copy = folder.path() / "copy.db";
    ConcertId concert;
    Time opens_at{};
    {
        TickedRoom room(open_sqlite(folder.path() / "sale.db", {.clock = &clock}),
                        RoomPolicy{.draw = true}, 10min);
        room.join(0, before);
        concert = room.concert;
        opens_at = *room.view().opens_at;
        REQUIRE(room.office.backup({.file = copy}));
    }
    TickedRoom room(open_sqlite(copy, {.clock = &clock}), concert);
    room.join(before, 3);
    clock.advance(opens_at - room.office.now());
    CHECK(room.tick() == 512);
    REQUIRE(room.view().admitted == before + 3);
    std::vector<PlaceNumber> admitted;
    for (std::int64_t after = 0;;) {
        const auto events = room.office.call(ListEvents{.room = concert, .after = after});
        REQUIRE(events);
        if (events->empty()) break;
        after = events->back().number;
        for (const Event& event : *events) {
            if (event.kind == EventKind::pass_admitted) admitted.push_back(event.place);
        }
    }
    REQUIRE(admitted.size() == before + 3);
    for (int i = 0; i < before; ++i) CHECK(admitted[static_cast<std::size_t>(i)].value == i + 1);
    CHECK(room.office.audit()->clean());
}

TEST_SUITE_END();

}  // namespace concertres::test
