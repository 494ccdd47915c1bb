// The Kernel runs box offices and their clients in virtual time: one thread, one clock that only
// the kernel moves, and a seed that decides who goes first. It never sleeps: when nobody has
// anything to do, time jumps to the next thing that happens. The same seed gives the same run.
//
//   TestClock clock;
//   Kernel kernel(clock, seed);
//   BoxOffice office(open_memory({.clock = &clock}), {.running = Running::by_host});
//   kernel.add(office);
//   kernel.spawn(0s, [&]() -> std::optional<Duration> { office.submit(...); return 1s; });
//   kernel.run_until(10min);
//
// Threads: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/time.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {

class Kernel {
  public:
    using Action = std::function<void()>;
    // Called when its time has come; says how long until it wants to be called again, or nothing
    // when it has gone.
    using Client = std::function<std::optional<Duration>()>;

    // Lifetime: `clock` outlives the kernel.
    explicit Kernel(TestClock& clock, std::uint64_t seed = 0);
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;

    // Thrown by the storage of a box office that waits for another: it is left as it is, and the
    // step is done again once something else has happened.
    struct Waits {};

    // Steps this box office from now on. `idle_max`: where its store is shared it is not asked when
    // it wants to be woken, but stepped at least as often.
    // REQUIRES: Running::by_host, on storage that goes by the kernel's clock
    // Lifetime: the box office stays until it is removed.
    void add(BoxOffice& office, std::optional<Duration> idle_max = std::nullopt);
    void remove(BoxOffice& office);

    // Each step of a box office takes a random time below `max`, so that time passes between two
    // calls to storage as it does in life. By default it takes none.
    void set_step_time(Duration max) { step_time_ = max; }

    // Called after each step of a box office, as a part of it.
    void set_after_step(Action action) { after_step_ = std::move(action); }

    // Time elapsed since the kernel was made. It goes by the clock's elapsed time, so it does not
    // notice a wall clock that is stepped.
    [[nodiscard]] Duration now() const;
    // In [0, bound), from the seed.
    [[nodiscard]] std::uint64_t random(std::uint64_t bound);

    // Runs `action` at `at`, or as soon as possible where that is past.
    void schedule(Duration at, Action action);
    void spawn(Duration at, Client client);

    // Lets everything happen that happens until `at`, `at` included; then it is `at` (or a little
    // later, where steps take time).
    void run_until(Duration at);
    // Until no client has anything to do, or it is `limit`; what box offices do by themselves later
    // is not waited for. False: it is `limit`.
    [[nodiscard]] bool run_until_idle(Duration limit = std::chrono::days(3650));
    // Lets everything happen that happens now, without moving time on.
    void settle();

  private:
    struct Actor {
        BoxOffice* office = nullptr;
        std::optional<Duration> idle_max{};
        bool at_rest = false;  // its last step found nothing, and nothing has happened since
    };

    void collect_due();
    void run_one(std::size_t chosen);
    [[nodiscard]] std::size_t active_actors() const;
    void wake_all();
    [[nodiscard]] std::optional<Duration> next_event() const;

    TestClock* clock_;
    Duration started_;
    Duration step_time_{0};
    Action after_step_;
    std::mt19937_64 random_;
    std::multimap<Duration, Action> scheduled_;
    std::vector<Action> due_;
    std::vector<Actor> actors_;
};

}  // namespace concertres::test
