// Cuts the power at every moment of a recorded day, and at every moment of the recovery from some
// of those cuts.
//
//   const CutResult result = cut_everywhere({.day = {.seed = 7}, .fates_each = 2});
//   CHECK(result.faults.empty());
//
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "crash/recorded_day.hpp"

namespace concertres::test {

struct CutPlan {
    DayPlan day;
    int fates_each = 2;          // at every moment, of what was not synced by then
    int recoveries_percent = 1;  // of the cuts: how many are cut again while they recover
    std::size_t cuts_max = SIZE_MAX;
    std::size_t faults_max = 5;  // it ends with this many
    // Moments in order; or as they are drawn, so that a few show what all would.
    bool in_order = true;
};

struct CutResult {
    std::size_t cuts = 0;  // those in recoveries included
    std::size_t in_recoveries = 0;
    std::size_t commits = 0;                        // of the day
    std::map<std::string, std::size_t> happened{};  // on the day, how often
    std::size_t looked_at = 0;                      // different files that recoveries came to
    std::vector<std::string> faults{};              // each with what makes it happen again
    std::size_t first_fault = 0;                    // after so many cuts
};

[[nodiscard]] CutResult cut_everywhere(const CutPlan& plan);

}  // namespace concertres::test
