#include "domain/policy.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>

#include "concertres/admission.hpp"
#include "unit/domain_rows.hpp"

using namespace concertres;
using namespace rows;

namespace {

constexpr std::int64_t unlimited = AdmissionPolicy::unlimited;

// What really happened: the plainest record there is.
struct History {
    std::vector<std::pair<Time, std::int64_t>> admissions;

    // In the half-open interval (end - length, end].
    [[nodiscard]] std::int64_t count(Time end, Duration length) const {
        std::int64_t sum = 0;
        for (const auto& [at, admitted] : admissions) {
            if (at > end - length && at <= end) sum += admitted;
        }
        return sum;
    }
};

// A room that ticks: asks its policy, admits, and has it recorded.
struct Room {
    std::shared_ptr<const AdmissionPolicy> policy;
    std::string state;
    History history;

    [[nodiscard]] std::int64_t quota(Time now, const RoomSnapshot& snapshot = {}) const {
        return policy->quota(snapshot, state, now);
    }
    void admit(std::int64_t count, Time now) {
        state = policy->record(state, count, now);
        if (count > 0) history.admissions.emplace_back(now, count);
    }
};

std::int64_t left(std::int64_t admit_max, std::int64_t admitted) {
    return std::max<std::int64_t>(0, admit_max - admitted);
}

std::int64_t pick(std::mt19937_64& random, std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(random);
}

// Remembers, in words, what it was shown and told.
class Diary final : public AdmissionPolicy {
  public:
    std::int64_t quota(const RoomSnapshot&, std::string_view state, Time) const override {
        return state == "stop" ? -3 : 1'000;
    }
    std::string record(std::string_view state, std::int64_t admitted, Time) const override {
        return std::string(state) + std::to_string(admitted) + ";";
    }
};

}  // namespace

// --- At once -------------------------------------------------------------------------------------

// Seed defect: an inclusive range admitted N + 1.
TEST_CASE("at most N are active at once, and never N + 1") {
    const auto policy = at_most_active(3);
    CHECK(policy->quota({.admitted = 0}, "", t0) == 3);
    CHECK(policy->quota({.admitted = 2}, "", t0) == 1);
    CHECK(policy->quota({.admitted = 3}, "", t0) == 0);
    CHECK(policy->quota({.admitted = 4}, "", t0) == 0);
    CHECK(policy->record("bytes of another", 2, t0) == "bytes of another");
}

// --- Per window ----------------------------------------------------------------------------------

TEST_CASE("an admission counts until exactly a window's length later") {
    Room room{at_most_per_window({.admit_max = 5, .length = 1min}), {}, {}};
    CHECK(room.quota(t0) == 5);
    room.admit(5, t0);
    CHECK(room.quota(t0) == 0);
    CHECK(room.quota(t0 + 1min - tick) == 0);
    CHECK(room.quota(t0 + 1min) == 5);
}

TEST_CASE("admissions at one time add up") {
    Room room{at_most_per_window({.admit_max = 5, .length = 1min}), {}, {}};
    room.admit(2, t0);
    room.admit(1, t0);
    CHECK(room.quota(t0) == 2);
    room.admit(2, t0 + 30s);
    CHECK(room.quota(t0 + 30s) == 0);
    CHECK(room.quota(t0 + 1min) == 3);
    CHECK(room.quota(t0 + 90s) == 5);
}

TEST_CASE("nothing is saved up for later while nobody comes") {
    Room room{at_most_per_window({.admit_max = 5, .length = 1s}), {}, {}};
    CHECK(room.quota(t0 + 1h) == 5);
    room.admit(5, t0 + 1h);
    CHECK(room.quota(t0 + 1h + 1s - tick) == 0);
}

TEST_CASE("a tick that admits nobody leaves the state as it is") {
    Room room{at_most_per_window({.admit_max = 5, .length = 1s}), {}, {}};
    room.admit(0, t0);
    CHECK(room.state.empty());
    room.admit(2, t0);
    const std::string before = room.state;
    room.admit(0, t0 + 1s);
    room.admit(-1, t0 + 1s);
    CHECK(room.state == before);
}

TEST_CASE("a window's quota is exact over random sequences") {
    for (const std::uint64_t seed : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u}) {
        CAPTURE(seed);
        std::mt19937_64 random(seed);
        // Windows from some microseconds to some hours, and ticks from a thousandth of that.
        const std::int64_t length = std::int64_t{1} << pick(random, 4, 34);
        const AdmissionWindow window{.admit_max = pick(random, 1, 40), .length = Duration(length)};
        Room room{at_most_per_window(window), {}, {}};
        Time now = t0;
        for (int i = 0; i < 1'500; ++i) {
            now +=
                Duration(pick(random, 0, std::max<std::int64_t>(2, length / pick(random, 1, 500))));
            const std::int64_t quota = room.quota(now);
            REQUIRE(quota == left(window.admit_max, room.history.count(now, window.length)));
            room.admit(random() % 3 == 0 ? quota : pick(random, 0, quota), now);
        }
        for (const auto& [at, count] : room.history.admissions) {
            REQUIRE(room.history.count(at, window.length) <= window.admit_max);
            REQUIRE(room.history.count(at + window.length - tick, window.length) <=
                    window.admit_max);
        }
    }
}

TEST_CASE("beyond 1,024 times in a window it admits a little later, and never more") {
    constexpr Duration length = 10s;
    constexpr Duration late = length / 512 + tick;
    const AdmissionWindow window{.admit_max = 6'000, .length = length};
    Room room{at_most_per_window(window), {}, {}};
    std::mt19937_64 random(42);
    Time now = t0;
    for (int i = 0; i < 7'000; ++i) {
        now += Duration(pick(random, 1, 4'000));
        const std::int64_t quota = room.quota(now);
        if (i % 50 == 0) {
            REQUIRE(quota <= left(window.admit_max, room.history.count(now, length)));
            REQUIRE(quota >= left(window.admit_max, room.history.count(now, length + late)));
        }
        room.admit(std::min<std::int64_t>(quota, pick(random, 0, 2)), now);
        REQUIRE(room.state.size() < 8'000);
    }
    CHECK(room.quota(now + length + late) == window.admit_max);
}

TEST_CASE("a full window opens again, however often it is asked") {
    Room room{at_most_per_window({.admit_max = 5'000, .length = 1s}), {}, {}};
    std::int64_t admitted = 0;
    for (int i = 0; i < 10'000; ++i) {
        const Time now = t0 + i * 200us;
        const std::int64_t quota = std::min<std::int64_t>(2, room.quota(now));
        room.admit(quota, now);
        admitted += quota;
    }
    // Two seconds: at 5,000 a second, less what rounding delays.
    CHECK(admitted <= 10'000);
    CHECK(admitted >= 9'500);
}

TEST_CASE("the record stays small for the whole of a sale") {
    for (const RoomPolicy& settings :
         {RoomPolicy{}, RoomPolicy{.window = AdmissionWindow{9, 10s}}}) {
        const auto policy = policy_of(settings);
        std::string state;
        std::size_t longest = 0;
        for (int i = 0; i < 20'000; ++i) {
            state = policy->record(state, 1 + i % 9, t0 + i * 5s);
            longest = std::max(longest, state.size());
        }
        CHECK(longest < 600);
    }
}

TEST_CASE("time that stands still or goes back never admits more") {
    Room room{at_most_per_window({.admit_max = 5, .length = 1min}), {}, {}};
    room.admit(3, t0);
    room.admit(2, t0 - 30s);
    CHECK(room.quota(t0 - 30s) == 0);
    CHECK(room.quota(t0 + 1min - tick) == 0);
    CHECK(room.quota(t0 + 1min) == 5);
}

TEST_CASE("the largest numbers do not overflow") {
    Room room{at_most_per_window({.admit_max = unlimited, .length = Duration::max()}), {}, {}};
    CHECK(room.quota(t0) == unlimited);
    room.admit(unlimited, t0);
    room.admit(unlimited, t0 + 1s);
    CHECK(room.quota(t0 + 1s) == 0);
}

TEST_CASE("a window without length is a bug") {
    CHECK_THROWS_AS((void)at_most_per_window({.admit_max = 1, .length = Duration(0)}),
                    AssertionFailed);
}

// --- Composition ---------------------------------------------------------------------------------

TEST_CASE("all of several policies: the least of their quotas, never below 0") {
    const auto both = all_of({at_most_active(3), at_most_per_window({2, 1min})});
    Room room{both, {}, {}};
    CHECK(room.quota(t0, {.admitted = 0}) == 2);
    CHECK(room.quota(t0, {.admitted = 2}) == 1);
    room.admit(1, t0);
    CHECK(room.quota(t0, {.admitted = 0}) == 1);
    CHECK(room.quota(t0, {.admitted = 3}) == 0);
    CHECK(all_of({})->quota({}, "", t0) == unlimited);
    CHECK(all_of({std::make_shared<Diary>()})->quota({}, "stop", t0) == 0);
}

TEST_CASE("each of several policies records what was admitted, in bytes of its own") {
    const auto diary = std::make_shared<Diary>();
    Room room{
        all_of({at_most_per_window({4, 1min}), diary, at_most_per_window({9, 1h}), diary}), {}, {}};
    room.admit(3, t0);
    CHECK(room.quota(t0) == 1);
    CHECK(room.quota(t0 + 1min) == 4);
    room.admit(4, t0 + 1min);
    CHECK(room.quota(t0 + 2min) == 2);
    room.admit(0, t0 + 2min);
    CHECK(room.state.find("3;4;0;") != std::string::npos);
}

TEST_CASE("several policies with nothing to remember remember nothing") {
    const auto both = all_of({at_most_active(3), at_most_per_window({2, 1min})});
    CHECK(both->record("", 0, t0).empty());
}

TEST_CASE("several policies of which one is missing are a bug") {
    CHECK_THROWS_AS((void)all_of({at_most_active(1), nullptr}), AssertionFailed);
}

TEST_CASE("a room's settings: what is set limits, what is not does not") {
    const RoomSnapshot busy{.admitted = 7};
    CHECK(policy_of({})->quota(busy, "", t0) == unlimited);
    CHECK(policy_of({.active_max = 10})->quota(busy, "", t0) == 3);
    CHECK(policy_of({.window = AdmissionWindow{5, 1s}})->quota(busy, "", t0) == 5);
    const RoomPolicy both{.active_max = 10, .window = AdmissionWindow{5, 1s}};
    CHECK(policy_of(both)->quota(busy, "", t0) == 3);
    CHECK(policy_of(both)->quota({.admitted = 1}, "", t0) == 5);
}

// --- What survives a change ----------------------------------------------------------------------

TEST_CASE("what was admitted before a window was set counts in it") {
    Room room{policy_of({}), {}, {}};
    room.admit(100, t0);
    room.state = carried_over(room.state, true, t0 + 1s);
    room.policy = policy_of({.window = AdmissionWindow{100, 1h}});
    CHECK(room.quota(t0 + 1s) == 0);
    CHECK(room.quota(t0 + 1h + 15min) == 100);
}

TEST_CASE("a window that is taken away and set again goes on where it was") {
    const RoomPolicy limited{.window = AdmissionWindow{10, 1min}};
    Room room{policy_of(limited), {}, {}};
    room.admit(10, t0);
    room.policy = policy_of({.active_max = 1'000});
    room.admit(0, t0 + 1s);
    room.policy = policy_of(limited);
    CHECK(room.quota(t0 + 1min - tick) == 0);
    CHECK(room.quota(t0 + 1min) == 10);
}

TEST_CASE("whatever an operator sets, no window of the new settings is overrun") {
    const auto diary = std::make_shared<Diary>();
    for (const std::uint64_t seed : {11u, 12u, 13u, 14u, 15u, 16u}) {
        CAPTURE(seed);
        std::mt19937_64 random(seed);
        Room room{policy_of({}), {}, {}};
        RoomPolicy settings;
        Time now = t0;
        for (int i = 0; i < 3'000; ++i) {
            now += Duration(pick(random, 0, 3'000'000));
            if (random() % 40 == 0) {
                settings.window.reset();
                if (random() % 4 != 0) {
                    settings.window = AdmissionWindow{pick(random, 1, 300),
                                                      Duration(pick(random, 1, 600'000'000))};
                }
                const std::string custom = random() % 2 == 0 ? "diary" : "";
                room.state = carried_over(room.state, settings.custom == custom, now);
                settings.custom = custom;
                room.policy = policy_of(settings);
                if (!custom.empty()) room.policy = all_of({room.policy, diary});
            }
            const std::int64_t quota = std::min<std::int64_t>(room.quota(now), 1'000);
            if (settings.window) {
                const auto [admit_max, length] = *settings.window;
                const Duration late = std::max<Duration>(length / 4, Duration(1 << 20));
                REQUIRE(quota <= left(admit_max, room.history.count(now, length)));
                REQUIRE(quota >=
                        std::min<std::int64_t>(
                            1'000, left(admit_max, room.history.count(now, length + late))));
            }
            room.admit(pick(random, 0, std::min<std::int64_t>(quota, 20)), now);
        }
    }
}

TEST_CASE("a policy of the host's own begins anew when it takes another's place") {
    const auto with_custom = all_of({policy_of({}), std::make_shared<Diary>()});
    const std::string state = with_custom->record("", 3, t0);
    REQUIRE(state.find("3;") != std::string::npos);

    CHECK(carried_over(state, true, t0) == state);
    const std::string without = carried_over(state, false, t0);
    CHECK(without == policy_of({})->record("", 3, t0));
    CHECK(with_custom->record(without, 4, t0).find("3;") == std::string::npos);
}

TEST_CASE("where nothing was recorded, nothing is carried over") {
    CHECK(carried_over("", true, t0).empty());
    CHECK(carried_over("", false, t0).empty());
}

// --- Bytes that cannot be read -------------------------------------------------------------------

TEST_CASE("a record that cannot be read admits nobody, and says so") {
    const std::string good = at_most_per_window({5, 1min})->record("", 2, t0);
    const std::string bad[] = {"x",
                               "W\xff",
                               "W\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\x01",
                               good.substr(0, good.size() - 1),
                               good + "\x01",
                               good + "\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x01",
                               "A",
                               std::string("A\0\0\0\x09W", 6),
                               std::string("A\0\0\0\x01x", 6)};
    for (const std::string& state : bad) {
        CAPTURE(state);
        for (const auto& policy :
             {at_most_per_window({5, 1min}), policy_of({.window = AdmissionWindow{5, 1min}}),
              all_of({at_most_per_window({5, 1min}), at_most_active(9)})}) {
            CHECK_THROWS_AS((void)policy->quota({}, state, t0), std::invalid_argument);
        }
        // From then on it counts as if any number had just been admitted.
        const auto policy = at_most_per_window({5, 1min});
        for (const std::string& healed :
             {policy->record(state, 1, t0), carried_over(state, true, t0),
              carried_over(state, false, t0)}) {
            CHECK(policy->quota({}, healed, t0 + 1min - tick) == 0);
            CHECK(policy->quota({}, healed, t0 + 1min) == 5);
        }
    }
}

TEST_CASE("settings without a window do not need the record") {
    CHECK(policy_of({.active_max = 4})->quota({}, "x", t0) == 4);
}

TEST_CASE("random bytes are either read or refused") {
    std::mt19937_64 random(99);
    const auto window = at_most_per_window({5, 1min});
    const auto several = all_of({window, at_most_active(9)});
    for (int i = 0; i < 20'000; ++i) {
        std::string state;
        for (std::uint64_t n = random() % 24; n > 0; --n) state += static_cast<char>(random());
        if (!state.empty()) state[0] = "WAS"[random() % 3];
        for (const auto& policy : {window, several}) {
            try {
                const std::int64_t quota = policy->quota({}, state, t0);
                CHECK(quota >= 0);
                CHECK(quota <= 5);
                CHECK(policy->quota({}, policy->record(state, 5, t0), t0) == 0);
            } catch (const std::invalid_argument&) {
            }
        }
        (void)carried_over(state, random() % 2 == 0, t0);
    }
}
