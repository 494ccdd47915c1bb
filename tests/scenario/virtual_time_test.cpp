// Crowds in virtual time on every backend, and the kernel that runs them.
#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "concertres/memory.hpp"
#include "support/backends.hpp"
#include "support/crowd.hpp"
#include "support/faulty_storage.hpp"
#include "support/kernel.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

std::vector<CrowdPlan> plans() {
    std::vector<CrowdPlan> all;
    all.push_back({.name = "a cap", .seed = 1, .room = RoomPolicy{.active_max = 10}});
    all.push_back({.name = "a small cap, no sweeps, steps that take time",
                   .seed = 2,
                   .room = RoomPolicy{.active_max = 3, .pass_ttl = minutes(2)},
                   .options = {.sweeps = false},
                   .step_time = milliseconds(2)});
    all.push_back({.name = "a window, small groups",
                   .seed = 3,
                   .room = RoomPolicy{.window = AdmissionWindow{7, seconds(30)}},
                   .options = {.group_max = 2},
                   .step_time = milliseconds(50)});
    all.push_back({.name = "a cap and a window",
                   .seed = 4,
                   .room = RoomPolicy{.active_max = 20, .window = AdmissionWindow{3, seconds(10)}},
                   .arrive_within = seconds(5),
                   .step_time = milliseconds(5)});
    all.push_back({.name = "no room", .seed = 5, .seats = 60, .step_time = milliseconds(1)});
    all.push_back({.name = "no room, no sweeps, all at once",
                   .seed = 6,
                   .options = {.sweeps = false},
                   .arrive_within = seconds(1)});
    all.push_back({.name = "opened again every minute",
                   .seed = 7,
                   .room = RoomPolicy{.active_max = 12},
                   .step_time = milliseconds(3),
                   .reopen_every = seconds(61)});
    all.push_back({.name = "a wall clock that is set to and fro",
                   .seed = 8,
                   .room = RoomPolicy{.active_max = 8, .window = AdmissionWindow{4, seconds(20)}},
                   .step_time = milliseconds(1),
                   .wall_steps = minutes(60)});
    all.push_back({.name = "a wall clock that is set to and fro, opened again and again",
                   .seed = 9,
                   .room = RoomPolicy{.active_max = 8, .window = AdmissionWindow{4, seconds(20)}},
                   .options = {.sweeps = false},
                   .step_time = milliseconds(1),
                   .reopen_every = minutes(3),
                   .wall_steps = minutes(5)});
    // Most of the crowd is there before the sale opens; some leave before that, some come later.
    all.push_back(
        {.name = "a draw, a cap and a window",
         .seed = 10,
         .room =
             RoomPolicy{.active_max = 8, .window = AdmissionWindow{4, seconds(20)}, .draw = true},
         .opens_after = minutes(8),
         .step_time = milliseconds(2)});
    all.push_back({.name = "a draw, small groups, opened again and again, no sweeps",
                   .seed = 11,
                   .room = RoomPolicy{.active_max = 12, .draw = true},
                   .opens_after = minutes(6),
                   .options = {.group_max = 3, .sweeps = false},
                   .step_time = milliseconds(5),
                   .reopen_every = seconds(61)});
    all.push_back({.name = "a draw that most come too late for",
                   .seed = 12,
                   .room = RoomPolicy{.active_max = 5, .draw = true},
                   .opens_after = seconds(90),
                   .step_time = milliseconds(1),
                   .wall_steps = minutes(60)});
    all.push_back({.name = "classes",
                   .seed = 13,
                   .room = RoomPolicy{.active_max = 8, .classes = {{"a", 1}, {"b", 5}, {"c", 2}}},
                   .step_time = milliseconds(2)});
    all.push_back({.name = "classes, a draw and a window, opened again and again",
                   .seed = 14,
                   .room = RoomPolicy{.active_max = 9,
                                      .window = AdmissionWindow{5, seconds(20)},
                                      .draw = true,
                                      .classes = {{"a", 3}, {"b", 1}}},
                   .opens_after = minutes(6),
                   .options = {.group_max = 4},
                   .step_time = milliseconds(3),
                   .reopen_every = seconds(71)});
    const NoShows soon{.silent_after = seconds(90), .grace = minutes(4)};
    all.push_back({.name = "people who are away for some minutes",
                   .seed = 15,
                   .room = RoomPolicy{.active_max = 4, .no_shows = soon},
                   .step_time = milliseconds(2),
                   .absent_percent = 5});
    all.push_back(
        {.name = "people who are away, a draw, classes and small groups",
         .seed = 21,
         .room =
             RoomPolicy{
                 .active_max = 4, .draw = true, .classes = {{"a", 3}, {"b", 1}}, .no_shows = soon},
         .opens_after = minutes(6),
         .options = {.group_max = 3},
         .step_time = milliseconds(3),
         .absent_percent = 8});
    all.push_back({.name = "people who are away, opened again and again",
                   .seed = 17,
                   .room = RoomPolicy{.window = AdmissionWindow{1, seconds(30)}, .no_shows = soon},
                   .options = {.sweeps = false},
                   .step_time = milliseconds(2),
                   .reopen_every = minutes(7),
                   .absent_percent = 8});
    return all;
}

// A second of virtual time is three questions to a server, whatever happens in it, and what is
// asked is what every backend is asked (contract/). So of the plans those that ask for different
// things: no sweeps, a cap and a window, a line that is read back, drawn, of classes, with people
// away; each on one of the two kinds of locking, which answer the same questions (contract/).
bool is_for(const Backend& backend, const CrowdPlan& plan) {
    if (!backend.shared) return true;
    static const std::set<std::uint64_t> early{2, 7, 14};
    static const std::set<std::uint64_t> late{4, 11, 17};
    return (backend.name == "postgres" ? early : late).contains(plan.seed);
}

}  // namespace

CONCERTRES_BACKEND_TEST("no crowd breaks a promise") {
    for (CrowdPlan plan : plans()) {
        if (!is_for(backend, plan)) continue;
        DOCTEST_SUBCASE(plan.name.c_str()) {
            // Every commit to a file waits for the disk.
            if (backend.lasts) plan.buyers /= 3;
            Crowd crowd(plan, backend);
            crowd.run();
            for (const std::string& fault : crowd.witness().faults()) FAIL_CHECK(fault);
            for (const Finding& finding : crowd.findings()) {
                FAIL_CHECK(finding.rule << ": " << finding.what);
            }
            // A crowd that does nothing breaks nothing.
            CHECK(crowd.commands() > 200);
            CHECK(crowd.witness().sold() > (backend.lasts ? 3 : 10));
            CHECK(crowd.witness().payments() > (backend.lasts ? 2 : 5));
            CHECK((crowd.witness().passed_by() > 0) == (plan.absent_percent > 0));
        }
    }
}

TEST_CASE("a slot that stays free for longer than the witness allows is complained of") {
    CrowdPlan plan{.name = "slow", .seed = 1, .room = RoomPolicy{.active_max = 10}};
    plan.options.tick = seconds(20);
    Crowd crowd(plan, backend_named("memory"));
    crowd.run();
    REQUIRE(crowd.witness().faults().size() > 0);
    CHECK(crowd.witness().faults()[0] ==
          "a slot was free and the first in line still waits, a tick later");
}

TEST_CASE("the same seed gives the same crowd") {
    const auto sold = [](std::uint64_t seed) {
        CrowdPlan plan{.name = "again", .seed = seed, .buyers = 60};
        plan.room = RoomPolicy{.active_max = 5};
        plan.step_time = milliseconds(2);
        Crowd crowd(plan, backend_named("memory"));
        crowd.run();
        return std::pair(crowd.commands(), crowd.witness().payments());
    };
    CHECK(sold(11) == sold(11));
    CHECK(sold(11) != sold(12));
}

// The seed read the whole line for every poll.
TEST_CASE("a poll of who waits or is in reads nothing of storage") {
    TestClock clock;
    FaultPlan plan;
    BoxOffice office(std::make_unique<FaultyStorage>(open_memory({.clock = &clock}), plan),
                     {.running = Running::by_host});
    const auto concert =
        office.add_concert({.title = "Polled",
                            .performances = {{{.time = clock.wall() + std::chrono::hours(24)}}},
                            .seats = numbered_seats(10, Money{1}),
                            .room = RoomPolicy{.active_max = 1}});
    REQUIRE(concert);
    std::vector<PlaceView> places;
    for (int i = 0; i < 3; ++i) {
        const auto place = office.join(
            {.concert = concert->id, .user = UserId::from_name("user " + std::to_string(i))});
        REQUIRE(place);
        places.push_back(*place);
    }
    REQUIRE(office.tick({concert->id}));
    const auto calls = [&] {
        return plan.count(StorageCall::read) + plan.count(StorageCall::query);
    };
    const std::int64_t before = calls();
    for (int i = 0; i < 1'000; ++i) {
        const PlaceView& place = places[static_cast<std::size_t>(i) % places.size()];
        CHECK(office.place({.concert = place.concert, .user = place.user, .place = place.number}));
    }
    CHECK(calls() == before);
}

TEST_CASE("a box office that has failed is at rest, and asks nothing of storage") {
    TestClock clock;
    FaultPlan plan;
    Kernel kernel(clock, 1);
    BoxOffice office(std::make_unique<FaultyStorage>(open_memory({.clock = &clock}), plan),
                     {.running = Running::by_host});
    kernel.add(office);
    const auto concert =
        office.add_concert({.title = "Failing",
                            .performances = {{{.time = clock.wall() + std::chrono::hours(24)}}},
                            .seats = numbered_seats(10, Money{1})});
    REQUIRE(concert);
    const UserId user = UserId::from_name("user");
    const auto held = office.hold(
        {.user = user, .performance = concert->performances[0], .seats = {1}, .key = "k"});
    REQUIRE(held);
    plan.fail_commit(1, CommitFault::failed);
    const auto charged = office.charge({.user = user, .amount = Money{1}, .key = "k"});
    REQUIRE_FALSE(charged);
    CHECK(charged.error().code == Errc::engine_failed);
    // The end of the hold would be something to do.
    kernel.run_until(minutes(10));
    CHECK_FALSE(office.next_wake());
    CHECK(plan.calls_after_failure() == 0);
}

TEST_CASE("the kernel goes from one thing to the next and waits for nothing") {
    TestClock clock;
    Kernel kernel(clock, 1);
    std::vector<std::pair<int, Duration>> seen;
    kernel.schedule(seconds(5), [&] { seen.emplace_back(5, kernel.now()); });
    kernel.schedule(seconds(1), [&] {
        seen.emplace_back(1, kernel.now());
        kernel.schedule(seconds(2), [&] { seen.emplace_back(2, kernel.now()); });
        // What is past is done now.
        kernel.schedule(seconds(0), [&] { seen.emplace_back(0, kernel.now()); });
    });
    kernel.run_until(seconds(3));
    CHECK(kernel.now() == seconds(3));
    CHECK(seen ==
          std::vector<std::pair<int, Duration>>{{1, seconds(1)}, {0, seconds(1)}, {2, seconds(2)}});
    CHECK(kernel.run_until_idle());
    CHECK(kernel.now() == seconds(5));
    int calls = 0;
    kernel.spawn(seconds(10), [&]() -> std::optional<Duration> {
        if (++calls == 3) return std::nullopt;
        return seconds(10);
    });
    CHECK_FALSE(kernel.run_until_idle(seconds(15)));
    CHECK(kernel.run_until_idle());
    CHECK(calls == 3);
    CHECK(kernel.now() == seconds(30));
}

TEST_CASE("the seed decides who goes first of those whose time has come") {
    const auto order = [](std::uint64_t seed) {
        TestClock clock;
        Kernel kernel(clock, seed);
        std::string seen;
        for (char name = 'a'; name <= 'h'; ++name) {
            kernel.schedule(seconds(1), [&seen, name] { seen += name; });
        }
        CHECK(kernel.run_until_idle());
        return seen;
    };
    CHECK(order(1) == order(1));
    CHECK(order(1) != order(2));
}

}  // namespace concertres::test
