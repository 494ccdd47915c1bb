// Power cuts: whatever of the writes since the last sync had reached the disk, all that was told is
// there, and nothing is half done. (No kill of a process can show this: the system's cache outlives
// it.) And the same harness finds what goes wrong where a store is not kept as ours is.
//
// CONCERTRES_CUTS: how many cuts; CONCERTRES_SEED: the first day's seed, with which a fault that
// was found is found again.
#include "crash/cuts.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <string>

#include "support/environment.hpp"

namespace concertres::test {
TEST_SUITE_BEGIN("crash: power cuts");

TEST_CASE("what was told survives a power cut at any moment, and nothing is half done") {
    const std::size_t all = from_environment("CONCERTRES_CUTS", 20'000);
    std::uint64_t seed = from_environment("CONCERTRES_SEED", 1);
    std::size_t cuts = 0;
    std::size_t in_recoveries = 0;
    std::map<std::string, std::size_t> happened;
    for (; cuts < all; ++seed) {
        const CutResult result = cut_everywhere({.day = {.seed = seed}, .cuts_max = all - cuts});
        for (const std::string& fault : result.faults) FAIL_CHECK(fault);
        CHECK(result.cuts > 0);
        CHECK(result.commits > 20);
        cuts += result.cuts;
        in_recoveries += result.in_recoveries;
        for (const auto& [what, times] : result.happened) happened[what] += times;
        MESSAGE(
            fmt::format("seed {}: {} commits, {} cuts ({} in recoveries) came to {} different "
                        "files, {} faults",
                        seed, result.commits, result.cuts, result.in_recoveries, result.looked_at,
                        result.faults.size()));
        if (!result.faults.empty()) break;
    }
    MESSAGE(fmt::format("{} cuts: {}", cuts, happened));
    CHECK(in_recoveries > 0);
    // Nothing of the mix is there in vain.
    for (const auto& [what, times] : happened) {
        CAPTURE(what);
        CHECK(times > 0);
    }
}

TEST_CASE("a store that is not synced as ours is loses what was told, and these cuts find it") {
    std::size_t cuts_max = 0;
    DayPlan day{.seed = 1, .acts = 30, .backs_up = false};
    SUBCASE("synchronous = NORMAL") {
        day.sabotage = "PRAGMA synchronous = NORMAL";
        cuts_max = 100;
    }
    SUBCASE("synchronous = OFF") {
        day.sabotage = "PRAGMA synchronous = OFF";
        cuts_max = 100;
    }
    SUBCASE("a disk that says it has synced, and has not") {
        day.sync_lies = true;
        cuts_max = 100;
    }
    const CutResult result = cut_everywhere(
        {.day = day, .recoveries_percent = 0, .cuts_max = cuts_max, .in_order = false});
    REQUIRE(!result.faults.empty());
    MESSAGE(fmt::format("found after {} cuts: {}", result.first_fault, result.faults[0]));
}

TEST_SUITE_END();

}  // namespace concertres::test
