// A Gate keeps the wait for the box office short when more is asked than it can do: what would only
// wait is turned away at once, before anything is done, and may come again.
//
//   auto turn = gate.enter(Gate::Asks::to_begin);
//   if (!turn) return refuse(overloaded);
//   ... ask the box office; the turn ends when it is destroyed
//   gate.look(now);   // ten times a second
//
// How long a newcomer would wait follows from how many wait already and how many were answered of
// late in the time that there were any (Little's law). Once that is longer than wait_max, no more
// are let in than are answered in wait_max, until the crowd is gone; whoever goes on with a
// purchase has twice the room of those who begin one, or nobody would get to the end. A storage
// that stalls answers nobody: once that has lasted twice wait_max, nobody is let in until it goes
// on.
//
// Threads: any.
// Lifetime: outlives its turns.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <mutex>

namespace concertres::server {

class Gate {
  public:
    using Clock = std::chrono::steady_clock;

    enum class Asks : std::uint8_t {
        to_begin,  // with a purchase: joins, holds
        to_go_on,
    };

    struct Leave {
        void operator()(Gate* gate) const { gate->leave(Clock::now()); }
    };
    using Turn = std::unique_ptr<Gate, Leave>;

    explicit Gate(Clock::duration wait_max) : wait_max_(wait_max) {}

    // Null: turned away.
    [[nodiscard]] Turn enter(Asks what, Clock::time_point now = Clock::now());
    // What the end of a turn does.
    void leave(Clock::time_point now);
    // Finds out how many may be let in from now on.
    void look(Clock::time_point now = Clock::now());

    struct Figures {
        std::int64_t inside = 0;
        bool limited = false;
        bool stalls = false;
        std::int64_t turned_away = 0;  // ever
    };
    [[nodiscard]] Figures figures() const;

  private:
    // What had been done when it was looked.
    struct Look {
        std::int64_t answered = 0;
        Clock::duration busy{};
    };
    static constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();

    [[nodiscard]] double pace() const;

    const Clock::duration wait_max_;
    mutable std::mutex mutex_;
    std::int64_t inside_ = 0;
    std::int64_t inside_max_ = unlimited;
    std::int64_t answered_ = 0;
    std::int64_t turned_away_ = 0;
    Clock::duration busy_{};          // how long anybody was inside, without this time
    Clock::time_point busy_since_{};  // while anybody is
    Clock::time_point moved_at_{};    // when somebody was answered last, or came in first
    std::deque<Look> looks_{};
    bool stalls_ = false;
    int slow_looks_ = 0;  // in a row
    int calm_looks_ = 0;
};

}  // namespace concertres::server
