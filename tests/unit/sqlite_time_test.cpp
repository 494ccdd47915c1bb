// Store time across restarts.
#include <doctest/doctest.h>

#include <chrono>

#include "concertres/sqlite.hpp"
#include "support/sample_rows.hpp"
#include "support/sqlite_sample.hpp"
#include "support/temp_dir.hpp"

namespace concertres::test {

using namespace std::chrono_literals;

TEST_SUITE_BEGIN("sqlite: time");

TEST_CASE("store time does not go back over a restart, though the wall clock did") {
    const TempDir folder;
    TestClock clock;
    const auto open = [&] { return open_sqlite(folder.path() / "sale.db", {.clock = &clock}); };
    Time stamped;
    {
        const auto store = open();
        CHECK(store->now() == clock.wall());
        clock.advance(10min);
        put(*store, Wallet{.user = {1}});
        stamped = store->now();
    }
    clock.step_wall(-1h);
    {
        const auto store = open();
        CHECK(store->now() == stamped);
        clock.advance_elapsed(1s);
        CHECK(store->now() == stamped + 1s);
        put(*store, Wallet{.user = {1}});
    }
    {
        const auto store = open();
        CHECK(store->now() == stamped + 1s);
        // What was read, and not stamped on a commit, is forgotten.
        clock.advance_elapsed(1min);
        CHECK(store->now() == stamped + 1s + 1min);
    }
    CHECK(open()->now() == stamped + 1s);
    clock.step_wall(2h);
    CHECK(open()->now() == clock.wall());
}

TEST_CASE("a wall clock that is stepped while the store is open changes nothing") {
    const TempDir folder;
    TestClock clock;
    const auto store = open_sqlite(folder.path() / "sale.db", {.clock = &clock});
    const Time opened = store->now();
    for (const Duration step : {1h, -2h, 48h}) {
        clock.step_wall(step);
        CHECK(store->now() == opened);
    }
    clock.advance_elapsed(5s);
    CHECK(store->now() == opened + 5s);
}

TEST_CASE("a commit that is stamped late carries store time with it") {
    const TempDir folder;
    TestClock clock;
    const auto open = [&] { return open_sqlite(folder.path() / "sale.db", {.clock = &clock}); };
    const Time late = clock.wall() + 3h;
    {
        const auto store = open();
        ChangeSet changes;
        changes.at = late;
        CHECK(store->commit(changes) == CommitOutcome::committed);
        CHECK(store->now() == late);
        changes.at = late - 2h;
        CHECK(store->commit(changes) == CommitOutcome::committed);
        CHECK(store->now() == late);
    }
    CHECK(open()->now() == late);
}

TEST_SUITE_END();

}  // namespace concertres::test
