// What closed loops go by beside the rows: the load that the host reports for a concert, and how
// long commits take, smoothed. Kept in memory: after a restart nothing is known until it is told.
//
// Threads: any.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <mutex>
#include <optional>

#include "concertres/ids.hpp"
#include "concertres/time.hpp"

namespace concertres {

class Signals {
  public:
    void report_load(ConcertKey concert, double load, Time now);
    // Nothing where none was reported after `now - stale`.
    [[nodiscard]] std::optional<double> load(ConcertKey concert, Time now, Duration stale) const;

    // One more commit took so long, by store time.
    void note_commit(Duration took);
    // Of the last ones, of which the latest weighs an eighth. Nothing before the first.
    [[nodiscard]] std::optional<Duration> commit_time() const;

  private:
    struct Report {
        double load = 0;
        Time at{};
    };

    mutable std::mutex mutex_;
    boost::unordered_flat_map<std::int64_t, Report> loads_;  // by concert
    std::optional<Duration> commit_time_;
};

}  // namespace concertres
