#include "api/gate.hpp"

#include <algorithm>

namespace concertres::server {

namespace {

using Seconds = std::chrono::duration<double>;

// The pace is that of three seconds, in which even slow commits come several times.
constexpr std::size_t looks_kept = 30;
// In a row: what waits for a single commit is not too much yet.
constexpr int slow_looks_min = 3;
// In a row: after a commit that answered most there is room for a moment.
constexpr int calm_looks_min = 20;
// However slow it is, so many may always wait.
constexpr std::int64_t inside_min = 16;

}  // namespace

Gate::Turn Gate::enter(Asks what, Clock::time_point now) {
    const std::lock_guard lock(mutex_);
    const std::int64_t room =
        what == Asks::to_begin || inside_max_ == unlimited ? inside_max_ : 2 * inside_max_;
    if (stalls_ || inside_ >= room) {
        ++turned_away_;
        return nullptr;
    }
    if (inside_++ == 0) {
        busy_since_ = now;
        moved_at_ = now;
    }
    return Turn(this);
}

void Gate::leave(Clock::time_point now) {
    const std::lock_guard lock(mutex_);
    ++answered_;
    moved_at_ = now;
    if (--inside_ == 0) busy_ += now - busy_since_;
}

// Answered a second; 0 where nothing is known.
double Gate::pace() const {
    const double busy = Seconds(looks_.back().busy - looks_.front().busy).count();
    const auto answered = static_cast<double>(looks_.back().answered - looks_.front().answered);
    return busy > 0 ? answered / busy : 0;
}

void Gate::look(Clock::time_point now) {
    const std::lock_guard lock(mutex_);
    stalls_ = inside_ > 0 && now - moved_at_ > 2 * wait_max_;
    if (stalls_) {
        looks_.clear();  // the pace of before is the one that comes after
        return;
    }
    const auto busy = inside_ > 0 ? busy_ + (now - busy_since_) : busy_;
    looks_.push_back({answered_, busy});
    if (looks_.size() > looks_kept) looks_.pop_front();
    const double answered = pace();
    if (answered == 0) return;
    const double wait_max = Seconds(wait_max_).count();
    const auto answered_in_time =
        std::max(inside_min, static_cast<std::int64_t>(answered * wait_max));
    slow_looks_ = inside_ > answered_in_time ? slow_looks_ + 1 : 0;
    calm_looks_ = inside_ < answered_in_time / 2 ? calm_looks_ + 1 : 0;
    const bool was_limited = inside_max_ != unlimited;
    if (slow_looks_ >= slow_looks_min || (was_limited && calm_looks_ < calm_looks_min)) {
        inside_max_ = answered_in_time;
    } else {
        inside_max_ = unlimited;
    }
}

Gate::Figures Gate::figures() const {
    const std::lock_guard lock(mutex_);
    return {.inside = inside_,
            .limited = inside_max_ != unlimited,
            .stalls = stalls_,
            .turned_away = turned_away_};
}

}  // namespace concertres::server
