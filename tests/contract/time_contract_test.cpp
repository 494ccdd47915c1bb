// What storage promises of store time.
#include <doctest/doctest.h>

#include <chrono>

#include "support/backends.hpp"
#include "support/sample_rows.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

void commit_at(Storage& storage, Time time) {
    const auto user = new_key<UserKey>(storage);
    ChangeSet changes;
    changes.at = time;
    changes.rows.of<Wallet>().push_back({Wallet{.user = user}, 1});
    REQUIRE(storage.commit(changes) == CommitOutcome::committed);
}

Time load_time(Storage& storage) {
    Rows found;
    return storage.load({}, found);
}

}  // namespace

TEST_SUITE_BEGIN("storage contract: time");

CONCERTRES_BACKEND_TEST("a new store's time starts at the wall clock and goes on as time passes") {
    TestClock clock;
    TestStore store(backend, &clock);
    CHECK(store->now() == TestClock::default_wall);
    clock.advance(1us);
    CHECK(store->now() == TestClock::default_wall + 1us);
    clock.advance(10 * 365 * 24h);
    CHECK(store->now() == TestClock::default_wall + 1us + 10 * 365 * 24h);
    CHECK(load_time(*store) == store->now());
}

CONCERTRES_BACKEND_TEST("store time goes on evenly when the wall clock is stepped") {
    TestClock clock;
    TestStore store(backend, &clock);
    clock.step_wall(1h);
    CHECK(store->now() == TestClock::default_wall);
    clock.step_wall(-5h);
    clock.advance_elapsed(3s);
    CHECK(store->now() == TestClock::default_wall + 3s);
    CHECK(load_time(*store) == TestClock::default_wall + 3s);
}

CONCERTRES_BACKEND_TEST("store time is never below the stamp of a commit") {
    TestClock clock;
    TestStore store(backend, &clock);
    const Time ahead = TestClock::default_wall + 20s;
    commit_at(*store, ahead);
    CHECK(store->now() >= ahead);
    CHECK(load_time(*store) >= ahead);
    clock.advance(5s);
    CHECK(store->now() >= ahead);
    clock.advance(20s);
    CHECK(store->now() >= TestClock::default_wall + 25s);
}

CONCERTRES_BACKEND_TEST("store time goes on from the last stamp when the wall was set back") {
    if (!backend.lasts) return;
    TestClock clock;
    TestStore store(backend, &clock);
    clock.advance(10min);
    const Time stamp = store->now();
    commit_at(*store, stamp);
    clock.step_wall(-1h);
    store.reopen();
    CHECK(store->now() == stamp);
    clock.advance(7s);
    CHECK(store->now() == stamp + 7s);
}

CONCERTRES_BACKEND_TEST("store time catches up with a wall clock that is ahead at the next open") {
    if (!backend.lasts) return;
    TestClock clock;
    TestStore store(backend, &clock);
    commit_at(*store, store->now());
    store.close();
    clock.advance(3h);
    store.reopen();
    CHECK(store->now() == TestClock::default_wall + 3h);
}

CONCERTRES_BACKEND_TEST("without a clock of the test's, store time is the system's") {
    TestStore store(backend);
    const Time wall = system_clock().wall();
    const Time before = store->now();
    CHECK(before > wall - 1h);
    CHECK(before < wall + 1h);
    CHECK(store->now() >= before);
}

TEST_SUITE_END();

}  // namespace concertres::test
