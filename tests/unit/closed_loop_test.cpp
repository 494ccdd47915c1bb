#include "domain/closed_loop.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <random>

#include "concertres/event.hpp"
#include "domain/policy.hpp"
#include "unit/domain_rows.hpp"

namespace concertres {

static bool operator==(const LoopState& a, const LoopState& b) {
    return a.limit == b.limit && a.moved_at == b.moved_at;
}

}  // namespace concertres

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

constexpr Time t0{Duration(1'800'000'000'000'000)};

ClosedLoop by_load() {
    return {.floor = 10, .ceiling = 100, .add = 5, .cut = 50, .every = 1s, .load_max = 0.8};
}

RoomSnapshot seen(std::int64_t admitted, std::optional<double> load) {
    return {.admitted = admitted, .waiting = 1'000, .load = load};
}

// One room whose loop is asked every `step`.
struct Looped {
    std::shared_ptr<const AdmissionPolicy> policy;
    std::string state{};
    std::int64_t admitted = 0;
    Time now = t0;

    explicit Looped(const ClosedLoop& loop) : policy(by_closed_loop(loop)) {}

    // Lets in all whom the loop lets in, then time passes.
    std::int64_t tick(std::optional<double> load, Duration step = 1s) {
        const RoomSnapshot room = seen(admitted, load);
        const std::int64_t let_in = std::min(policy->quota(room, state, now), room.waiting);
        state = policy->record(state, let_in, now);
        state = policy->observe(room, state, let_in, now);
        admitted += let_in;
        now += step;
        return let_in;
    }
    [[nodiscard]] std::int64_t limit() const { return read_loop(state).value().limit; }
};

}  // namespace

TEST_SUITE_BEGIN("closed loop");

TEST_CASE("a loop begins at its floor, or at what is live where that is more, within its ceiling") {
    const auto policy = by_closed_loop(by_load());
    for (const auto& [admitted, limit] : {std::pair<std::int64_t, std::int64_t>{0, 10},
                                          {9, 10},
                                          {40, 40},
                                          {100, 100},
                                          {500, 100}}) {
        CAPTURE(admitted);
        CHECK(policy->quota(seen(admitted, 0.1), "", t0) ==
              std::max<std::int64_t>(0, limit - admitted));
        const std::string state = policy->observe(seen(admitted, 0.1), "", 0, t0);
        CHECK(read_loop(state) == LoopState{.limit = limit, .moved_at = t0});
    }
}

TEST_CASE("while all is well and the limit is reached, it goes up by a step at a time") {
    Looped room(by_load());
    CHECK(room.tick(0.5) == 10);
    CHECK(room.limit() == 10);
    CHECK(room.tick(0.8) == 0);
    CHECK(room.limit() == 15);
    CHECK(room.tick(0.8) == 5);
    CHECK(room.limit() == 20);
    for (int i = 0; i < 50; ++i) (void)room.tick(0.2);
    CHECK(room.limit() == 100);
    CHECK(room.admitted == 100);
}

TEST_CASE("where the load is too high it goes down at once, by its factor, to the floor") {
    Looped room(by_load());
    for (int i = 0; i < 60; ++i) (void)room.tick(0.2);
    REQUIRE(room.limit() == 100);
    room.admitted = 60;
    // Nobody is let in by the limit of before.
    CHECK(room.tick(0.81) == 0);
    CHECK(room.limit() == 50);
    // Sixty are in: what the step does is not to be seen yet, and no other follows.
    CHECK(room.tick(3.0) == 0);
    CHECK(room.limit() == 50);
    for (const std::int64_t limit : {25, 12, 10, 10}) {
        room.admitted = room.limit();
        CHECK(room.tick(3.0) == 0);
        CHECK(room.limit() == limit);
    }
}

TEST_CASE("a loop takes at most one step in its time, in either direction") {
    ClosedLoop loop = by_load();
    loop.every = 5s;
    Looped room(loop);
    for (int i = 0; i < 5; ++i) {
        (void)room.tick(0.1);
        CHECK(room.limit() == 10);
    }
    (void)room.tick(0.1);
    CHECK(room.limit() == 15);
    for (int i = 0; i < 4; ++i) {
        (void)room.tick(0.9);
        CHECK(room.limit() == 15);
    }
    (void)room.tick(0.9);
    CHECK(room.limit() == 10);
}

TEST_CASE("what is not known moves nothing up, and nothing down") {
    Looped room(by_load());
    for (int i = 0; i < 10; ++i) (void)room.tick(std::nullopt);
    CHECK(room.limit() == 10);
    for (int i = 0; i < 3; ++i) (void)room.tick(0.1);
    CHECK(room.limit() == 25);
    for (int i = 0; i < 10; ++i) (void)room.tick(std::nullopt);
    CHECK(room.limit() == 25);
}

TEST_CASE("a limit that is not reached does not grow") {
    const auto policy = by_closed_loop(by_load());
    const std::string state = write_loop({.limit = 20, .moved_at = t0});
    // 15 are in and 4 are let in: one was free.
    CHECK(policy->observe(seen(15, 0.1), state, 4, t0 + 1min) == state);
    CHECK(read_loop(policy->observe(seen(15, 0.1), state, 5, t0 + 1min)) ==
          LoopState{25, t0 + 1min});
}

TEST_CASE("what is watched is judged together: any that is bad is enough") {
    ClosedLoop loop = by_load();
    loop.commit_max = 20ms;
    loop.seats_per_pass_min = 2;
    const RoomSnapshot good{
        .admitted = 10, .seats_left = 20, .load = 0.8, .commit_time = Duration(20ms)};
    CHECK(judge(loop, good) == Bearing::good);
    RoomSnapshot room = good;
    SUBCASE("the host's load") {
        room.load = 0.801;
        CHECK(judge(loop, room) == Bearing::bad);
        room.load = std::nullopt;
        CHECK(judge(loop, room) == Bearing::unknown);
        room.seats_left = 19;
        CHECK(judge(loop, room) == Bearing::bad);
    }
    SUBCASE("how long commits take") {
        room.commit_time = 20ms + Duration(1);
        CHECK(judge(loop, room) == Bearing::bad);
        room.commit_time = std::nullopt;
        CHECK(judge(loop, room) == Bearing::unknown);
    }
    SUBCASE("the seats that are left") {
        room.seats_left = 19;
        CHECK(judge(loop, room) == Bearing::bad);
        room.admitted = 0;
        CHECK(judge(loop, room) == Bearing::good);
    }
    SUBCASE("what is not watched counts nothing") {
        loop.load_max = std::nullopt;
        room.load = 99;
        CHECK(judge(loop, room) == Bearing::good);
    }
}

TEST_CASE("a loop of huge bounds does not overflow") {
    constexpr std::int64_t most = INT64_MAX;
    const ClosedLoop loop{
        .floor = 1, .ceiling = most, .add = most, .cut = 99, .every = 1s, .load_max = 1.0};
    const std::string state = write_loop({.limit = most - 1, .moved_at = t0});
    const auto up = loop_observed(loop, seen(most - 1, 0.1), state, 0, t0 + 1s);
    CHECK(read_loop(up)->limit == most);
    const auto down = loop_observed(loop, seen(0, 9.0), up, 0, t0 + 2s);
    CHECK(read_loop(down)->limit == most / 100 * 99 + most % 100 * 99 / 100);
}

TEST_CASE("bytes that are none of a loop begin it anew, whatever they are") {
    std::mt19937_64 random(5);
    for (int i = 0; i < 20'000; ++i) {
        std::string bytes;
        for (std::uint64_t n = random() % 20; n > 0; --n) bytes += static_cast<char>(random());
        if (!bytes.empty()) bytes[0] = 'L';
        const LoopState at = loop_at(by_load(), bytes, 20, t0);
        CHECK(at.limit >= 10);
        CHECK(at.limit <= 100);
        CHECK(at.moved_at <= t0);
        CHECK(loop_quota(by_load(), seen(20, 0.9), bytes, t0) <= 80);
        (void)loop_observed(by_load(), seen(20, 0.9), bytes, 0, t0);
    }
    CHECK(loop_at(by_load(), "L", 20, t0) == LoopState{20, t0});
    // A loop's limit under another tag is none either.
    std::string other = write_loop({70, t0});
    CHECK(loop_at(by_load(), other, 20, t0) == LoopState{70, t0});
    other[0] = 'M';
    CHECK(loop_at(by_load(), other, 20, t0) == LoopState{20, t0});
}

TEST_CASE("a loop's bytes tell of its limit, and of when it moved") {
    const LoopState state{70, t0};
    CHECK(read_loop(write_loop(state)) == state);
    CHECK(read_loop(write_loop({71, t0})) != state);
    CHECK(read_loop(write_loop({70, t0 + 1s})) != state);
}

TEST_CASE("what a loop remembers is read as it was written, and nothing else is") {
    const LoopState state{.limit = 17, .moved_at = t0};
    CHECK(read_loop(write_loop(state)) == state);
    CHECK(read_loop(write_loop({.limit = 18, .moved_at = t0})) != state);
    CHECK(read_loop(write_loop({.limit = 17, .moved_at = t0 + 1us})) != state);
    CHECK_FALSE(read_loop(""));
    CHECK_FALSE(read_loop(write_loop(state) + "x"));
    CHECK_FALSE(read_loop("W" + write_loop(state).substr(1)));
}

TEST_SUITE_END();
TEST_SUITE_BEGIN("closed loop: in a room");

namespace {

RoomPolicy looped_room() { return {.window = AdmissionWindow{30, 1min}, .closed_loop = by_load()}; }

// A room's bytes after it has let in `admitted`, at t0 and again at t0 + 1s.
std::string used(const RoomPolicy& room, std::int64_t admitted) {
    const auto policy = policy_of(room);
    std::string state;
    for (const Time at : {t0, t0 + 1s}) {
        state = policy->record(state, admitted, at);
        state = policy->observe(seen(admitted, 0.1), state, admitted, at);
    }
    return state;
}

}  // namespace

TEST_CASE("a room asks its loop as well as its other limits") {
    const auto policy = policy_of(looped_room());
    CHECK(policy->quota(seen(0, 0.1), "", t0) == 10);
    RoomPolicy room = looped_room();
    room.active_max = 4;
    CHECK(policy_of(room)->quota(seen(0, 0.1), "", t0) == 4);
    room.active_max = 90;
    const std::string state = used(room, 12);
    CHECK(loop_limit({.room = room, .policy_state = state}, 24) == 17);
    // 24 of 30 in this minute.
    CHECK(policy_of(room)->quota(seen(0, 0.1), state, t0 + 2s) == 6);
}

TEST_CASE("a loop that goes keeps the record, and one that comes back begins anew") {
    const RoomPolicy looped = looped_room();
    RoomPolicy plain = looped;
    plain.closed_loop.reset();
    const std::string with = used(looped, 12);
    CHECK(stored_limit(with) == 17);
    const std::string without = carried_over(with, true, t0 + 2s, plain.closed_loop);
    CHECK_FALSE(stored_limit(without));
    CHECK(without == used(plain, 12));
    CHECK(policy_of(plain)->quota({}, without, t0 + 2s) == 6);
    const std::string again = carried_over(without, true, t0 + 3s, looped.closed_loop);
    CHECK(again == without);
    CHECK(policy_of(looped)->quota(seen(40, 0.1), again, t0 + 3s) == 0);
}

TEST_CASE("a change of a loop's bounds keeps its limit within them") {
    const std::string state = used(looped_room(), 12);
    RoomPolicy changed = looped_room();
    CHECK(carried_over(state, true, t0 + 2s, changed.closed_loop) == state);
    changed.closed_loop->ceiling = 15;
    const std::string lower = carried_over(state, true, t0 + 2s, changed.closed_loop);
    CHECK(stored_limit(lower) == 15);
    CHECK(policy_of(changed)->quota({}, lower, t0 + 2s) == 6);
}

TEST_CASE("a room with a loop and a custom policy keeps all three apart") {
    const auto custom = at_most_per_window({50, 1h});
    const auto both = all_of({policy_of(looped_room()), custom});
    std::string state = both->record("", 8, t0);
    state = both->observe(seen(2, 0.1), state, 8, t0);
    CHECK(stored_limit(state) == 10);
    CHECK(both->quota(seen(0, 0.1), state, t0 + 1s) == 10);
    const std::string same = carried_over(state, true, t0 + 1s, looped_room().closed_loop);
    CHECK(same == state);
    // The host's policy goes, the room's own goes on.
    const std::string other = carried_over(state, false, t0 + 1s, looped_room().closed_loop);
    CHECK(stored_limit(other) == 10);
    CHECK(policy_of(looped_room())->quota(seen(0, 0.1), other, t0 + 1s) == 10);
    const std::string alone = carried_over(state, false, t0 + 1s);
    CHECK(alone == policy_of({.window = AdmissionWindow{30, 1min}})->record("", 8, t0));
    CHECK(alone.front() == 'W');
}

TEST_CASE("settings that cannot be read count as any number, and their loop as none") {
    const std::string good = used(looped_room(), 12);
    for (const std::string& bad : {good.substr(0, good.size() - 1), good + "x", std::string("S")}) {
        CHECK_THROWS_AS((void)policy_of(looped_room())->quota({}, bad, t0), std::invalid_argument);
        CHECK_FALSE(stored_limit(bad));
        const std::string healed = carried_over(bad, true, t0, looped_room().closed_loop);
        CHECK(policy_of(looped_room())->quota({}, healed, t0 + 59s) == 0);
        CHECK(policy_of(looped_room())->quota({}, healed, t0 + 1min) == 10);
    }
}

TEST_CASE("a waiting list lets in nobody for whom no seat is free") {
    const auto policy = policy_of({.waiting_list = true});
    const auto quota = [&](std::int64_t free, std::int64_t sought) {
        return policy->quota({.admitted = 7,
                              .waiting = 100,
                              .seats_left = free + 20,
                              .seats_free = free,
                              .seats_sought = sought},
                             "", t0);
    };
    CHECK(quota(5, 0) == 5);
    CHECK(quota(5, 5) == 0);
    CHECK(quota(1, 0) == 1);
    // Whoever is in and holds nothing yet may be about to take the one that is free.
    CHECK(quota(1, 1) == 0);
    CHECK(quota(0, 0) == 0);
}

TEST_SUITE_END();

}  // namespace concertres::test
