// How much load there is when: stages, each of which goes evenly from where the one before it ended
// to a target of its own, as k6 has them. A stage that lasts no time jumps there. It begins at 0.
//
//   auto stages = parse_stages({"1m 50", "3m 100", "2m 0"});
//   stages->value_at(std::chrono::seconds(30));  // 25
//
// What the value is, users or arrivals a second, is the caller's affair.
//
// Threads: any, once made.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/result.hpp"

namespace concertres::load {

using Nanoseconds = std::chrono::nanoseconds;

struct Stage {
    Nanoseconds length{};
    double target = 0;
};

class Stages {
  public:
    Stages() = default;
    explicit Stages(std::vector<Stage> stages) : stages_(std::move(stages)) {}

    [[nodiscard]] const std::vector<Stage>& all() const { return stages_; }
    [[nodiscard]] bool empty() const { return stages_.empty(); }
    [[nodiscard]] Nanoseconds length() const;
    [[nodiscard]] double highest() const;
    // 0 after the end.
    [[nodiscard]] double value_at(Nanoseconds since_start) const;

    // Read as arrivals a second: how many arrive in all, and when the one with this number does,
    // from 0, by the area below the curve; nothing after the last.
    [[nodiscard]] std::int64_t arrivals() const;
    [[nodiscard]] std::optional<Nanoseconds> arrival(std::int64_t number) const;

    // Each stage so much as long.
    [[nodiscard]] Stages scaled(double factor) const;

  private:
    std::vector<Stage> stages_;
};

// "250ms", "30s", "5m", "2h".
[[nodiscard]] std::optional<Nanoseconds> parse_length(std::string_view text);
// "1m30s" for people, of what is at least a second; "250ms".
[[nodiscard]] std::string shown_length(Nanoseconds length);

// Each "LENGTH TARGET". Refuses: request_invalid, saying which and why.
[[nodiscard]] Result<Stages> parse_stages(const std::vector<std::string>& texts);

}  // namespace concertres::load
