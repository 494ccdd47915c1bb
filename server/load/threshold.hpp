// What a run must reach, as a profile writes it:
//
//   "p95 <= 10 ms"   "hold p99 < 250 ms"   "errors <= 0.1%"   "rate >= 500/s"
//
// A step in front makes it that step's. p50 (or any pN, p99.9 too), mean and max are times of all
// requests that were not shed, from when they were to start. `errors` is what was shed or failed,
// `shed`, `failed` and `refused` one kind alone, each as a share of all requests; `missed` the
// share of arrivals that nobody was free to serve; `rate` good answers a second.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "concertres/result.hpp"
#include "load/record.hpp"

namespace concertres::load {

class Threshold {
  public:
    // Refuses: request_invalid, saying what is wrong.
    [[nodiscard]] static Result<Threshold> parse(std::string_view text);

    [[nodiscard]] const std::string& text() const { return text_; }
    // What the run has come to, in the threshold's own unit. Nothing where its step had no request:
    // then there is nothing that meets it.
    [[nodiscard]] std::optional<double> value(const Record& record) const;
    [[nodiscard]] bool is_met(const Record& record) const;
    // "3.2 ms", "0.05%", "812/s"; "nothing".
    [[nodiscard]] std::string shown(std::optional<double> value) const;

  private:
    enum class Metric : std::uint8_t {
        percentile,
        mean,
        max,
        errors,
        shed,
        failed,
        refused,
        missed,
        rate
    };
    enum class Relation : std::uint8_t { less, at_most, more, at_least };

    [[nodiscard]] bool take_metric(std::string_view name);
    [[nodiscard]] bool take_limit(std::string_view text);
    [[nodiscard]] bool is_time() const { return metric_ <= Metric::max; }

    std::string text_;
    std::optional<Step> step_{};
    Metric metric_{};
    double percent_ = 0;
    Relation relation_{};
    double limit_ = 0;  // milliseconds, percent, or a second
};

}  // namespace concertres::load
