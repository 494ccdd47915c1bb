// What a run of load has measured: of each step and of all together how many requests ended how and
// after how long, and the same as it went on, in intervals of time. Its size is bounded, however
// long the run and whatever the answers.
//
//   Record record(std::chrono::seconds(1));
//   record.add({.step = Step::hold, .verdict = Verdict::good, .latency = ..., .code = "201"}, t);
//
// Threads: one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "load/histogram.hpp"
#include "load/stages.hpp"

namespace concertres::load {

// What a request is for.
enum class Step : std::uint8_t { token, poll, dates, seats, hold, release, charge, pay };
inline constexpr std::size_t steps = 8;
[[nodiscard]] std::string_view step_name(Step step);
[[nodiscard]] std::optional<Step> step_of(std::string_view name);

enum class Verdict : std::uint8_t {
    good,
    refused,  // by a rule of the sale: the seat is gone, the concert sold out
    shed,     // the server had too much to do and said so: 503 or 429
    failed,   // any other answer, or none
};
inline constexpr std::size_t verdicts = 4;

struct Sample {
    Step step{};
    Verdict verdict{};
    Microseconds latency{};  // from when it was to start
    std::string_view code;   // "201", "409 seat_held", "connection refused"
};

// How requests ended, and how long those took that were not shed, and those that were.
struct Tally {
    std::array<std::uint64_t, verdicts> counts{};
    Histogram times{};
    Histogram shed_times{};

    void add(const Sample& sample);
    void add(const Tally& other);
    [[nodiscard]] std::uint64_t count(Verdict verdict) const {
        return counts[static_cast<std::size_t>(verdict)];
    }
    [[nodiscard]] std::uint64_t requests() const;
};

// One interval of the run.
struct Point {
    Nanoseconds begin{};
    std::array<std::uint64_t, verdicts> counts{};
    Microseconds p50{};
    Microseconds p95{};
    Microseconds p99{};
    std::uint64_t users = 0;                // who were at it when it ended
    std::optional<std::int64_t> waiting{};  // in the line of the concert, as last heard
};

class Record {
  public:
    explicit Record(Nanoseconds interval) : interval_(interval) {}

    // `at`: since the start, when it ended; it never goes back.
    void add(const Sample& sample, Nanoseconds at);
    // What became of a whole scenario: "bought", "sold out".
    void add_outcome(std::string_view outcome);
    void tell_users(std::uint64_t users) { users_ = users; }
    void tell_waiting(std::int64_t waiting) { waiting_ = waiting; }
    // Ends the intervals up to then.
    void advance(Nanoseconds to);
    // The last interval as well.
    void finish(Nanoseconds at);

    [[nodiscard]] const Tally& of(Step step) const {
        return by_step_[static_cast<std::size_t>(step)];
    }
    [[nodiscard]] Tally all() const;
    [[nodiscard]] const std::map<std::string, std::uint64_t, std::less<>>& codes() const {
        return codes_;
    }
    [[nodiscard]] const std::map<std::string, std::uint64_t, std::less<>>& outcomes() const {
        return outcomes_;
    }
    // That have ended, however.
    [[nodiscard]] std::uint64_t rounds() const;
    [[nodiscard]] const std::vector<Point>& points() const { return points_; }
    [[nodiscard]] Nanoseconds interval() const { return interval_; }
    // Until finish().
    [[nodiscard]] Nanoseconds length() const { return length_; }

    // Arrivals that nobody was free to serve until the end.
    std::uint64_t missed = 0;

  private:
    void end_interval();

    Nanoseconds interval_;
    Nanoseconds length_{};
    std::array<Tally, steps> by_step_{};
    std::map<std::string, std::uint64_t, std::less<>> codes_{};
    std::map<std::string, std::uint64_t, std::less<>> outcomes_{};
    Tally now_{};  // of the interval
    std::vector<Point> points_{};
    std::uint64_t users_ = 0;
    std::optional<std::int64_t> waiting_{};
};

}  // namespace concertres::load
