// How fast a room has let people in over the last minutes, for telling those who wait how long it
// will be: not one rate, but the quickest and the slowest that it went. All that takes work is done
// once for each commit that lets somebody in; a question costs some ten steps.
//
// It goes by what happened: for 1, 2, 3, 4, 5, ... 10, 12, 14, ... people, how long it took from
// some admission until so many more had been let in, at best and at worst. Measured from an
// admission, because that is what is known of the present moment: how long ago the last one was.
// Bursts therefore tell when the next is due, and a steady flow has narrow bounds. More people than
// were measured are several lots of those who were, one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "concertres/time.hpp"

namespace concertres {

class AdmissionRate {
  public:
    // Long enough to see how it varies, short enough to follow a changed policy.
    static constexpr Duration kept = std::chrono::minutes(5);
    // Those of one second are taken as let in together.
    static constexpr Duration grain = std::chrono::seconds(1);

    struct Range {
        Duration min{0};
        Duration max{0};

        friend bool operator==(const Range&, const Range&) = default;
    };

    // One more was let in; store time does not go back.
    void note(Time at);
    // After the notes of a commit: what until() tells from now on.
    void settle();
    // What was is no guide any more: the policy has changed.
    void clear();

    // How long it will be until `people` more have been let in. Nothing where there is too little
    // to go by, or where nobody has been let in for much longer than ever before.
    // REQUIRES: people >= 1
    [[nodiscard]] std::optional<Range> until(std::int64_t people, Time now) const;

  private:
    struct Admitted {
        Time at;
        std::int64_t count = 0;
    };
    // How long so many people took.
    struct Span {
        Duration min{0};  // after an admission, and all who were let in together with it
        Duration max{0};
        Duration inner{0};  // at best, after one of many who were let in together
    };

    void drop_old();
    [[nodiscard]] Span span_of(std::int64_t people) const;
    [[nodiscard]] Duration inner_of(std::int64_t people) const;
    void choose_lots();
    [[nodiscard]] Range measured(std::int64_t people) const;
    [[nodiscard]] Range in_lots(std::int64_t people) const;

    std::deque<Admitted> admissions_;  // one for each second that had any, by time
    std::int64_t after_first_ = 0;     // who were let in after the first of them
    std::vector<Span> spans_;          // by step; see step_of
    std::size_t surest_min_ = 0;       // the lots that bound the pace of many most closely
    std::size_t surest_max_ = 0;
    Duration longest_gap_{0};
};

}  // namespace concertres
