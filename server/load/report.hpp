// What is told of a run: a text for people, JSON for programs, and a page with charts.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "load/record.hpp"
#include "load/run.hpp"

namespace concertres::load {

struct Finished {
    const Plan& plan;
    const Record& record;
    std::string concert;
    std::chrono::system_clock::time_point started{};
    std::uint64_t prepared_requests = 0;
    bool interrupted = false;
};

[[nodiscard]] bool all_met(const Finished& run);
[[nodiscard]] std::string text_report(const Finished& run);
[[nodiscard]] std::string json_report(const Finished& run);
// One file that needs no network.
[[nodiscard]] std::string html_report(const Finished& run);

// "users" or "arrivals a second", and how many there are at most: "sale by up to 150 users".
[[nodiscard]] std::string shown_plan(const Profile& profile);

}  // namespace concertres::load
