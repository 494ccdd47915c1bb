// What was asked for on the command line.
#pragma once

#include <chrono>
#include <concertres/concertres.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace on_sale {

struct Flags {
    std::int64_t buyers = 3'000;
    std::int64_t threads = 16;
    std::int64_t active_max = 300;
    concertres::Duration tick = std::chrono::seconds(1);
    concertres::Duration hold = std::chrono::seconds(8);
    std::uint64_t seed = 1;
    bool fresh = false;
    bool help = false;

    std::filesystem::path data;  // the folder that on-sale.db is in
    std::string plan = "hall";   // "hall", "sample" or a file
    bool plan_given = false;
    std::map<std::string, concertres::Money> prices;
    std::vector<concertres::OffsetTime> dates;
};

// Says what is wrong with the flags, in one line.
class BadFlags : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// Throws BadFlags.
[[nodiscard]] Flags parse_flags(int argc, const char* const* argv);
[[nodiscard]] std::string help();

}  // namespace on_sale
