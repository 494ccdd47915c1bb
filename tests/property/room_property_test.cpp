// Q1 to Q7 for rooms of every kind: a crowd joins, leaves, vanishes, buys and comes again while the
// room's policy is changed under it and the box office is closed and opened, and the witness, who
// believes nothing but answers, sees no promise broken; nor does the audit.
#include <algorithm>
#include <string>
#include <vector>

#include "property/property.hpp"
#include "support/backends.hpp"
#include "support/crowd.hpp"

namespace concertres::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

std::int64_t number(std::int64_t least, std::int64_t most) {
    return *rc::gen::inRange<std::int64_t>(least, most + 1);
}
bool chance(int percent) { return number(0, 99) < percent; }

AdmissionWindow any_window() {
    return {.admit_max = number(1, 8), .length = milliseconds(number(500, 60'000))};
}

// What moves it is deterministic here: how many seats are left for each pass.
ClosedLoop any_loop() {
    const std::int64_t floor = number(1, 5);
    return {.floor = floor,
            .ceiling = floor + number(0, 20),
            .add = number(1, 5),
            .cut = number(1, 99),
            .every = milliseconds(number(100, 10'000)),
            .seats_per_pass_min = number(1, 5)};
}

std::vector<RoomClass> any_classes(std::size_t count) {
    std::vector<RoomClass> classes;
    for (std::size_t i = 0; i < count; ++i) {
        classes.push_back({"class_" + std::to_string(i), number(1, 9)});
    }
    return classes;
}

RoomPolicy any_room() {
    RoomPolicy room;
    if (chance(70)) room.active_max = number(1, 15);
    if (chance(50)) room.window = any_window();
    if (chance(30)) room.pass_ttl = seconds(number(30, 600));
    if (chance(40)) room.classes = any_classes(static_cast<std::size_t>(number(1, 4)));
    if (chance(30)) room.closed_loop = any_loop();
    if (chance(25)) {
        room.no_shows = NoShows{seconds(number(90, 200)), seconds(number(1, 400))};
    }
    room.waiting_list = chance(30);
    room.draw = chance(30);
    return room;
}

// Classes can be given other weights, and others appended.
RoomPatch any_patch(const RoomPolicy& room) {
    RoomPatch patch;
    if (chance(50)) {
        patch.active_max.emplace();
        if (chance(80)) *patch.active_max = number(1, 15);
    }
    if (chance(50)) {
        patch.window.emplace();
        if (chance(80)) *patch.window = any_window();
    }
    if (chance(30)) {
        patch.closed_loop.emplace();
        if (chance(70)) *patch.closed_loop = any_loop();
    }
    if (chance(30)) patch.waiting_list = chance(50);
    if (!room.classes.empty() && chance(30)) {
        patch.classes = any_classes(room.classes.size() + static_cast<std::size_t>(number(0, 2)));
    }
    return patch;
}

CrowdPlan any_plan() {
    CrowdPlan plan{.name = "any", .seed = static_cast<std::uint64_t>(number(0, 1'000'000))};
    plan.buyers = static_cast<int>(number(2, 24));
    plan.room = any_room();
    if (plan.room->draw || chance(20)) plan.opens_after = seconds(number(1, 600));
    plan.seats = static_cast<SeatNumber>(number(3, 40));
    if (!plan.room->classes.empty() && chance(60)) {
        plan.allotted = static_cast<SeatNumber>(number(1, plan.seats - 1));
    }
    plan.options.sweeps = chance(70);
    plan.options.group_max = static_cast<std::size_t>(number(1, 64));
    plan.arrive_within = seconds(number(1, 600));
    plan.step_time = milliseconds(number(0, 50));
    if (plan.room->no_shows) plan.absent_percent = static_cast<int>(number(0, 10));
    if (chance(30)) plan.reopen_every = seconds(number(40, 300));
    if (chance(30)) plan.wall_steps = minutes(number(1, 60));
    RoomPolicy room = *plan.room;
    for (std::int64_t i = number(0, 4); i > 0; --i) {
        const CrowdChange change{.at = seconds(number(1, 1'200)), .patch = any_patch(room)};
        room = change.patch.applied_to(room);
        plan.changes.push_back(change);
    }
    std::ranges::sort(plan.changes, {}, &CrowdChange::at);
    return plan;
}

// Of those, classes only ever grow: whatever the order in which changes came to be.
void keep_classes(CrowdPlan& plan) {
    std::size_t count = plan.room->classes.size();
    for (CrowdChange& change : plan.changes) {
        if (!change.patch.classes) continue;
        if (change.patch.classes->size() < count) {
            change.patch.classes.reset();
        } else {
            count = change.patch.classes->size();
        }
    }
}

}  // namespace

TEST_CASE("no room, however it is set and changed, breaks a promise to any crowd") {
    std::int64_t sold = 0;
    std::int64_t commands = 0;
    CHECK_PROPERTY("rooms and crowds of all kinds", [&] {
        CrowdPlan plan = any_plan();
        keep_classes(plan);
        Crowd crowd(plan, backend_named("memory"));
        crowd.run();
        for (const std::string& fault : crowd.witness().faults()) RC_LOG() << fault << '\n';
        for (const Finding& finding : crowd.findings()) {
            RC_LOG() << finding.rule << ": " << finding.what << '\n';
        }
        RC_ASSERT(crowd.witness().faults().empty());
        RC_ASSERT(crowd.findings().empty());
        sold += static_cast<std::int64_t>(crowd.witness().sold());
        commands += crowd.commands();
    });
    // Crowds that do nothing break nothing.
    CHECK(commands > 5'000);
    CHECK(sold > 300);
}

}  // namespace concertres::test
