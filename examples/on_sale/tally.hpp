// What buyers have lived through. Each thread keeps one; they are added up at the end.
#pragma once

#include <concertres/error.hpp>
#include <concertres/time.hpp>
#include <cstdint>
#include <map>
#include <vector>

namespace on_sale {

struct Tally {
    std::int64_t questions = 0;            // about places, dates and seats
    std::int64_t came = 0;                 // buyers who were seen for the first time
    std::int64_t came_back = 0;            // found in line or inside, from before this start
    std::int64_t bought = 0;               // buyers
    std::int64_t left_line = 0;            // out of patience
    std::int64_t gave_back = 0;            // holds that were released
    std::int64_t let_go = 0;               // holds that were left to end by themselves
    std::int64_t replayed = 0;             // payments sent twice, answered twice, made once
    concertres::Duration longest_wait{0};  // in line
    std::map<concertres::Errc, std::int64_t> refusals;

    // How long each call took, as its caller saw it.
    std::vector<concertres::Duration> holds;
    std::vector<concertres::Duration> payments;

    void add(const Tally& other);
};

// The value that `part` (0 to 1) of all are not above. Sorts; 0 where there is none.
[[nodiscard]] concertres::Duration quantile(std::vector<concertres::Duration>& times, double part);

}  // namespace on_sale
