#include "support/kernel.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace concertres::test {
namespace {

// Far more than any run does at one moment: beyond it, somebody never comes to rest.
constexpr std::int64_t steps_at_one_moment_max = 10'000'000;

}  // namespace

Kernel::Kernel(TestClock& clock, std::uint64_t seed)
    : clock_(&clock), started_(clock.elapsed()), random_(seed) {}

void Kernel::add(BoxOffice& office, std::optional<Duration> idle_max) {
    actors_.push_back({.office = &office, .idle_max = idle_max});
}

void Kernel::remove(BoxOffice& office) {
    std::erase_if(actors_, [&](const Actor& actor) { return actor.office == &office; });
}

Duration Kernel::now() const { return clock_->elapsed() - started_; }

std::uint64_t Kernel::random(std::uint64_t bound) { return bound <= 1 ? 0 : random_() % bound; }

void Kernel::schedule(Duration at, Action action) {
    scheduled_.emplace(std::max(at, now()), std::move(action));
}

void Kernel::spawn(Duration at, Client client) {
    schedule(at, [this, client = std::move(client)]() mutable {
        if (const std::optional<Duration> pause = client()) {
            spawn(now() + *pause, std::move(client));
        }
    });
}

void Kernel::run_until(Duration at) {
    settle();
    while (now() < at) {
        const std::optional<Duration> next = next_event();
        clock_->advance(std::min(at, next.value_or(at)) - now());
        wake_all();
        settle();
    }
}

bool Kernel::run_until_idle(Duration limit) {
    settle();
    while (!scheduled_.empty()) {
        if (now() >= limit) return false;
        run_until(std::min(limit, std::max(now(), scheduled_.begin()->first)));
    }
    return true;
}

void Kernel::settle() {
    // Whoever calls may have submitted something.
    wake_all();
    const Duration moment = now();
    std::int64_t steps = 0;
    for (;;) {
        collect_due();
        const std::size_t choices = due_.size() + active_actors();
        if (choices == 0) return;
        run_one(static_cast<std::size_t>(random(choices)));
        if (++steps > steps_at_one_moment_max && now() == moment) {
            throw std::logic_error("the kernel never comes to rest");
        }
    }
}

void Kernel::collect_due() {
    while (!scheduled_.empty() && scheduled_.begin()->first <= now()) {
        due_.push_back(std::move(scheduled_.begin()->second));
        scheduled_.erase(scheduled_.begin());
    }
}

void Kernel::run_one(std::size_t chosen) {
    if (chosen < due_.size()) {
        std::swap(due_[chosen], due_.back());
        Action action = std::move(due_.back());
        due_.pop_back();
        wake_all();
        action();
        return;
    }
    chosen -= due_.size();
    for (Actor& actor : actors_) {
        if (actor.at_rest || chosen-- > 0) continue;
        try {
            if (!actor.office->step()) {
                actor.at_rest = true;
                return;
            }
        } catch (const Waits&) {
            actor.at_rest = true;
            return;
        }
        if (after_step_) after_step_();
        // An answer may have submitted to any of them.
        wake_all();
        if (step_time_ > Duration{0}) {
            clock_->advance(
                Duration{static_cast<Duration::rep>(random(std::uint64_t(step_time_.count())))});
        }
        return;
    }
}

std::size_t Kernel::active_actors() const {
    return static_cast<std::size_t>(std::count_if(
        actors_.begin(), actors_.end(), [](const Actor& actor) { return !actor.at_rest; }));
}

void Kernel::wake_all() {
    for (Actor& actor : actors_) actor.at_rest = false;
}

std::optional<Duration> Kernel::next_event() const {
    std::optional<Duration> next;
    if (!scheduled_.empty()) next = scheduled_.begin()->first;
    for (const Actor& actor : actors_) {
        if (actor.idle_max) {
            next = std::min(next.value_or(now() + *actor.idle_max), now() + *actor.idle_max);
            continue;
        }
        const std::optional<Time> wake = actor.office->next_wake();
        if (!wake) continue;
        // Store time runs as fast as the clock, from an origin of its own.
        const Duration pause = *wake - actor.office->now();
        if (pause <= Duration{0}) {
            throw std::logic_error("a box office names a next_wake that is past, yet does nothing");
        }
        next = std::min(next.value_or(now() + pause), now() + pause);
    }
    return next;
}

}  // namespace concertres::test
