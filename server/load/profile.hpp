// A profile: what people do, how many of them, and what must come of it. Built in by a name, or
// read from a file:
//
//   scenario = "reservation"
//   rate = ["10s 500", "1m 500"]           # arrivals a second, whatever the server does; or
//   users = ["1m 50", "3m 100", "2m 0"]    # people who do it again and again
//   thresholds = ["p95 <= 10 ms", "errors <= 0.1%"]
//   connections = 500                      # with rate: who serve the arrivals, and how many at
//   most think-ms = 1000                        # with users: between two requests of one person
//
// Threads: any, once made.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/result.hpp"
#include "load/stages.hpp"
#include "load/threshold.hpp"

namespace concertres::load {

// What one person does, again and again.
enum class Scenario : std::uint8_t {
    token,        // joins the room as a new user
    poll,         // asks where they stand
    dates,        // asks for the dates
    seats,        // asks for the seats of a date
    reservation,  // holds a free seat and releases it
    payment,      // as a new user charges the wallet, holds a seat and pays
    sale,         // all of it: joins, waits, looks at dates and seats, holds, charges and pays
};
[[nodiscard]] std::string_view scenario_name(Scenario scenario);
[[nodiscard]] std::optional<Scenario> scenario_of(std::string_view name);
// "token, poll, ..." for messages.
[[nodiscard]] std::string scenario_list();

struct Profile {
    std::string name;
    Scenario scenario = Scenario::sale;
    bool open_loop = false;  // the stages are arrivals a second, not users
    Stages stages{};
    std::vector<Threshold> thresholds{};
    std::size_t connections = 200;
    std::chrono::milliseconds think{0};
};

struct BuiltIn {
    std::string_view name;
    std::string_view summary;
};
[[nodiscard]] std::vector<BuiltIn> built_in_profiles();

// The built-in one of that name, or that of the file, which is anything with a '/' or that ends in
// ".toml". Refuses: request_invalid, with all that is wrong, a line each.
[[nodiscard]] Result<Profile> load_profile(const std::string& name_or_file);
[[nodiscard]] Result<Profile> parse_profile(std::string_view toml, const std::string& name);

}  // namespace concertres::load
