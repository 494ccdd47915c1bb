// What the outbox of a store promises, whatever keeps it.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "concertres/outbox.hpp"
#include "support/backends.hpp"
#include "support/outbox_store.hpp"
#include "support/sample_rows.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;
using Numbers = std::vector<std::int64_t>;

constexpr auto ttl = 10s;
const std::string kafka = "kafka";

// A store with one concert, whose clock the test moves, and its outbox.
struct Scene {
    explicit Scene(const Backend& backend) : store(backend, &clock) {
        concert = add_concert(*store, {.performances = 2, .room = true});
        outbox.emplace(store);
    }

    // Commits the next events of a performance.
    void sell(int events = 1, int performance = 0) {
        append_events(*store, stream(performance), events);
    }
    [[nodiscard]] Stream stream(int performance = 0) const {
        return {StreamKind::performance,
                concert.performances[static_cast<std::size_t>(performance)].key.value};
    }
    [[nodiscard]] std::vector<Unpublished> take(const Claimed& claimed,
                                                std::optional<Stream> after = {},
                                                std::size_t limit = 100) {
        return (*outbox)->take(kafka, claimed.leases, {.after = after, .events_max = limit});
    }
    // The numbers of the first performance's events that are taken.
    [[nodiscard]] Numbers numbers(const Claimed& claimed) {
        Numbers numbers;
        for (const Unpublished& run : take(claimed)) {
            if (run.stream != stream()) continue;
            for (const Event& event : run.events) numbers.push_back(event.number);
        }
        return numbers;
    }
    [[nodiscard]] Claimed claim(const std::string& relay = "a") {
        return (*outbox)->claim(kafka, relay, ttl);
    }
    std::vector<Shard> mark(const Claimed& claimed, std::int64_t published, int performance = 0) {
        return (*outbox)->mark(kafka, claimed.leases, {{stream(performance), published}});
    }
    [[nodiscard]] SinkState state() {
        const auto sinks = (*outbox)->sinks();
        REQUIRE(sinks.size() == 1);
        CHECK(sinks.front().sink == kafka);
        return sinks.front();
    }
    void reopen() {
        outbox.reset();
        store.reopen();
        outbox.emplace(store);
    }

    TestClock clock;
    TestStore store;
    NewConcert concert;
    std::optional<StoreOutbox> outbox;
};

std::set<Shard> shards(const Claimed& claimed) {
    std::set<Shard> shards;
    for (const Lease& lease : claimed.leases) shards.insert(lease.shard);
    return shards;
}

}  // namespace

TEST_SUITE_BEGIN("storage contract: outbox");

// --- What is kept for a sink
// ----------------------------------------------------------------------

CONCERTRES_BACKEND_TEST("a sink gets what is committed after it was made known, in order") {
    Scene scene(backend);
    scene.sell(3);
    (*scene.outbox)->attach(kafka);
    const Claimed claimed = scene.claim();
    CHECK(claimed.attached);
    CHECK(claimed.leases.size() == outbox_shards);
    CHECK(scene.take(claimed).empty());
    scene.sell(2);
    scene.sell(1);
    CHECK(scene.numbers(claimed) == Numbers{4, 5, 6});
    CHECK(scene.state().events == 3);
    CHECK(scene.state().streams == 1);
    (*scene.outbox)->attach(kafka);  // again: no effect
    CHECK(scene.numbers(claimed) == Numbers{4, 5, 6});
}

CONCERTRES_BACKEND_TEST("what is taken is whole, and says whose it is") {
    Scene scene(backend);
    (*scene.outbox)->attach(kafka);
    const UserId user = UserId::random();
    const auto key = new_key<UserKey>(*scene.store);
    append_events(*scene.store, {StreamKind::wallet, key.value}, 1, user);
    append_events(*scene.store, {StreamKind::room, scene.concert.concert.key.value}, 1);
    scene.sell();
    const auto taken = scene.take(scene.claim());
    REQUIRE(taken.size() == 3);
    CHECK(taken[0].owner == scene.concert.performances[0].id.uuid);
    CHECK(taken[1].owner == user.uuid);
    CHECK(taken[2].owner == scene.concert.concert.id.uuid);
    for (const Unpublished& run : taken) {
        CHECK(run.events == scene.store->events(run.stream, 0, 10));
    }
}

CONCERTRES_BACKEND_TEST("what was marked is not taken again, and what follows is") {
    Scene scene(backend);
    (*scene.outbox)->attach(kafka);
    scene.sell(5);
    const Claimed claimed = scene.claim();
    CHECK(scene.mark(claimed, 2).empty());
    CHECK(scene.numbers(claimed) == Numbers{3, 4, 5});
    CHECK(scene.state().events == 3);
    CHECK(scene.mark(claimed, 5).empty());
    CHECK(scene.take(claimed).empty());
    CHECK(scene.state().events == 0);
    CHECK(scene.state().streams == 0);
    scene.sell();
    CHECK(scene.numbers(claimed) == Numbers{6});
}

CONCERTRES_BACKEND_TEST("a mark never goes back") {
    Scene scene(backend);
    (*scene.outbox)->attach(kafka);
    scene.sell(5);
    const Claimed claimed = scene.claim();
    CHECK(scene.mark(claimed, 4).empty());
    CHECK(scene.mark(claimed, 2).empty());
    CHECK(scene.numbers(claimed) == Numbers{5});
}

CONCERTRES_BACKEND_TEST("each sink has marks of its own, and one that is forgotten has none") {
    Scene scene(backend);
    (*scene.outbox)->attach(kafka);
    (*scene.outbox)->attach("webhook");
    scene.sell(2);
    CHECK(scene.mark(scene.claim(), 2).empty());
    const Claimed other = (*scene.outbox)->claim("webhook", "a", ttl);
    CHECK((*scene.outbox)->take("webhook", other.leases, {}).size() == 1);
    (*scene.outbox)->detach("webhook");
    CHECK(scene.state().events == 0);
    CHECK(!(*scene.outbox)->claim("webhook", "a", ttl).attached);
    scene.sell();
    (*scene.outbox)->attach("webhook");  // from now on, as if it had never been there
    const Claimed again = (*scene.outbox)->claim("webhook", "a", ttl);
    CHECK((*scene.outbox)->take("webhook", again.leases, {}).empty());
}

CONCERTRES_BACKEND_TEST("what is taken is bounded, and goes on behind a stream") {
    Scene scene(backend);
    (*scene.outbox)->attach(kafka);
    scene.sell(5, 0);
    scene.sell(5, 1);
    const Claimed claimed = scene.claim();
    const auto first = scene.take(claimed, {}, 3);
    REQUIRE(first.size() == 1);
    CHECK(first.front().events.size() == 3);
    const auto both = scene.take(claimed, {}, 7);
    REQUIRE(both.size() == 2);
    CHECK(both[0].events.size() == 5);
    CHECK(both[1].events.size() == 2);
    const auto behind = scene.take(claimed, scene.stream(0), 100);
    REQUIRE(behind.size() == 1);
    CHECK(behind.front().stream == scene.stream(1));
    CHECK(scene.take(claimed, scene.stream(1), 100).empty());
    CHECK(scene.take(claimed, {}, 0).empty());
}

CONCERTRES_BACKEND_TEST("what is taken has so many events of a stream, and none of some streams") {
    Scene scene(backend);
    (*scene.outbox)->attach(kafka);
    scene.sell(5, 0);
    scene.sell(5, 1);
    const Claimed claimed = scene.claim();
    const auto few = (*scene.outbox)->take(kafka, claimed.leases, {.of_one_max = 2});
    REQUIRE(few.size() == 2);
    CHECK(few[0].events.size() == 2);
    CHECK(few[1].events.size() == 2);
    // Those that are left out take no room.
    const auto rest =
        (*scene.outbox)->take(kafka, claimed.leases, {.events_max = 1, .but = {scene.stream(0)}});
    REQUIRE(rest.size() == 1);
    CHECK(rest.front().stream == scene.stream(1));
    CHECK((*scene.outbox)
              ->take(kafka, claimed.leases, {.but = {scene.stream(0), scene.stream(1)}})
              .empty());
}

CONCERTRES_BACKEND_TEST("sinks and their marks outlast the store's closing") {
    if (!backend.lasts) return;
    Scene scene(backend);
    scene.sell(2);
    (*scene.outbox)->attach(kafka);
    scene.sell(5);
    CHECK(scene.mark(scene.claim(), 4).empty());
    scene.reopen();
    (*scene.outbox)->attach(kafka);
    CHECK(scene.state().events == 3);
    scene.clock.advance(ttl);
    const Claimed claimed = scene.claim("b");
    CHECK(scene.numbers(claimed) == Numbers{5, 6, 7});
    CHECK(scene.mark(claimed, 7).empty());
    scene.reopen();
    CHECK(scene.state().events == 0);
    scene.sell();
    scene.reopen();
    scene.clock.advance(ttl);
    CHECK(scene.numbers(scene.claim("c")) == Numbers{8});
}

// --- Going back
// -----------------------------------------------------------------------------------

CONCERTRES_BACKEND_TEST("a sink that is rewound gets again what has happened since") {
    Scene scene(backend);
    scene.sell(2);  // before the sink was known
    (*scene.outbox)->attach(kafka);
    scene.clock.advance(1min);
    const Time since = scene.store->now();
    scene.sell(2);
    scene.clock.advance(1min);
    scene.sell(2);
    CHECK(scene.mark(scene.claim(), 5).empty());
    SUBCASE("a while ago") {
        (*scene.outbox)->rewind(kafka, since);
        CHECK(scene.numbers(scene.claim()) == Numbers{3, 4, 5, 6});
        CHECK(scene.state().events == 4);
    }
    SUBCASE("ever") {
        (*scene.outbox)->rewind(kafka, Time::min());
        CHECK(scene.numbers(scene.claim()) == Numbers{1, 2, 3, 4, 5, 6});
    }
    SUBCASE("in the time to come: nothing is left out that it has yet to get") {
        (*scene.outbox)->rewind(kafka, scene.store->now() + 1h);
        CHECK(scene.numbers(scene.claim()) == Numbers{6});
    }
}

CONCERTRES_BACKEND_TEST("what was taken before a rewind cannot be marked after it") {
    Scene scene(backend);
    (*scene.outbox)->attach(kafka);
    scene.sell(3);
    const Claimed before = scene.claim();
    (*scene.outbox)->rewind(kafka, Time::min());
    CHECK(scene.mark(before, 3).size() == outbox_shards);
    CHECK(scene.numbers(scene.claim()) == Numbers{1, 2, 3});
}

CONCERTRES_BACKEND_TEST("a sink that is disabled gets nothing until it is enabled or rewound") {
    Scene scene(backend);
    (*scene.outbox)->attach(kafka);
    scene.sell();
    (*scene.outbox)->disable(kafka);
    Claimed claimed = scene.claim();
    CHECK(claimed.attached);
    CHECK(claimed.disabled);
    CHECK(claimed.leases.empty());
    CHECK(scene.state().disabled_at == scene.store->now());
    if (backend.lasts) {
        scene.reopen();
        CHECK(scene.claim().disabled);
    }
    scene.sell();
    SUBCASE("enabled") { (*scene.outbox)->enable(kafka); }
    SUBCASE("rewound") { (*scene.outbox)->rewind(kafka, scene.store->now() + 1h); }
    CHECK(!scene.state().disabled_at);
    if (backend.lasts) scene.reopen();
    CHECK(!scene.state().disabled_at);
    claimed = scene.claim();
    CHECK(!claimed.disabled);
    CHECK(scene.numbers(claimed) == Numbers{1, 2});
}

CONCERTRES_BACKEND_TEST("a sink that is not disabled, or not known, is enabled without effect") {
    Scene scene(backend);
    (*scene.outbox)->enable(kafka);
    CHECK((*scene.outbox)->sinks().empty());
    (*scene.outbox)->attach(kafka);
    scene.sell(3);
    const Claimed claimed = scene.claim();
    CHECK(scene.mark(claimed, 1).empty());
    (*scene.outbox)->enable(kafka);
    CHECK(scene.claim().leases == claimed.leases);
    CHECK(scene.numbers(claimed) == Numbers{2, 3});
}

// --- Sharing the work
// -----------------------------------------------------------------------------

CONCERTRES_BACKEND_TEST("relays share the shards, and each shard is one relay's") {
    Scene scene(backend);
    (*scene.outbox)->attach(kafka);
    CHECK(scene.claim("a").leases.size() == outbox_shards);
    CHECK(scene.claim("b").leases.empty());  // those of the first have not ended
    CHECK(scene.claim("a").leases.size() == outbox_shards / 2);
    const Claimed b = scene.claim("b");
    const Claimed a = scene.claim("a");
    CHECK(a.leases.size() == outbox_shards / 2);
    std::set<Shard> all = shards(a);
    all.merge(shards(b));
    CHECK(all.size() == outbox_shards);
    (*scene.outbox)->leave(kafka, "a");
    CHECK(scene.claim("b").leases.size() == outbox_shards);
}

CONCERTRES_BACKEND_TEST("a relay whose leases have ended is fenced once another has claimed them") {
    Scene scene(backend);
    (*scene.outbox)->attach(kafka);
    scene.sell(3);
    const Claimed stopped = scene.claim("a");
    CHECK(scene.take(stopped).size() == 1);
    scene.clock.advance(ttl - 1ms);
    CHECK(scene.claim("b").leases.empty());
    scene.clock.advance(1ms);
    const Claimed other = scene.claim("b");
    CHECK(other.leases.size() == outbox_shards);
    CHECK(scene.mark(other, 1).empty());
    const std::vector<Shard> lost = scene.mark(stopped, 3);
    CHECK(lost.size() == outbox_shards);
    CHECK(scene.numbers(other) == Numbers{2, 3});
    CHECK(scene.mark(other, 3).empty());
    CHECK(scene.take(other).empty());
}

CONCERTRES_BACKEND_TEST("a lease that has ended and that nobody has claimed still marks") {
    Scene scene(backend);
    (*scene.outbox)->attach(kafka);
    scene.sell(3);
    const Claimed claimed = scene.claim("a");
    scene.clock.advance(1h);
    CHECK(scene.mark(claimed, 3).empty());
    CHECK(scene.claim("a").leases == claimed.leases);
}

TEST_SUITE_END();

}  // namespace concertres::test
