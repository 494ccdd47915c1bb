#include "engine/signals.hpp"

namespace concertres {

void Signals::report_load(ConcertKey concert, double load, Time now) {
    const std::lock_guard lock(mutex_);
    loads_[concert.value] = {load, now};
}

std::optional<double> Signals::load(ConcertKey concert, Time now, Duration stale) const {
    const std::lock_guard lock(mutex_);
    const auto found = loads_.find(concert.value);
    if (found == loads_.end() || now - found->second.at > stale) return std::nullopt;
    return found->second.load;
}

void Signals::note_commit(Duration took) {
    constexpr int weight = 8;
    const std::lock_guard lock(mutex_);
    commit_time_ = commit_time_ ? *commit_time_ + (took - *commit_time_) / weight : took;
}

std::optional<Duration> Signals::commit_time() const {
    const std::lock_guard lock(mutex_);
    return commit_time_;
}

}  // namespace concertres
