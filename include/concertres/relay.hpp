// A Relay passes events on: it takes from an outbox what a sink has yet to get, gives it to a
// publisher, and marks what has been acknowledged. Any number of relays share a sink, in this
// process and in others; one that stops, or is stopped, is replaced by the others.
//
//   const auto outbox = office.outbox();          // or open_postgres_outbox(...)
//   Relay relay(*outbox, publisher, {.sink = "kafka"});
//   std::jthread thread([&](std::stop_token stop) { relay.run(stop); });
//
// The sink gets every event at least once, and the events of one performance, wallet or room in the
// order of their commits: a repetition may come later, but no event comes for the first time after
// one that was committed behind it. Events have ids that do not change, so that whoever receives
// them can drop what came before.
//
// Threads: step() and run() from one; statistics() from any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <vector>

#include "concertres/outbox.hpp"
#include "concertres/publisher.hpp"
#include "concertres/time.hpp"

namespace concertres {

struct RelayOptions {
    std::string sink = "events";
    // Its own among the relays of the sink; empty: a random one.
    std::string relay{};
    // How long shards are claimed for; after this time others go on in place of a relay that is
    // gone. Longer than whatever may stop a relay for a moment.
    Duration lease = std::chrono::seconds(10);
    // How soon something new is noticed.
    Duration poll = std::chrono::milliseconds(50);
    // Events that are given to the publisher at once.
    std::size_t batch_max = 4'000;
    // Of one stream among them. A publisher that has one of each stream under way at a time is busy
    // if there are several streams.
    std::size_t run_max = 1'000;
    // After a failure: how long until the next attempt, twice as long each time, up to a bound;
    // less up to a half of it, by chance. A sink that asks for a longer pause has it, up to the
    // bound.
    Duration retry_first = std::chrono::milliseconds(200);
    Duration retry_max = std::chrono::minutes(1);
    // Attempts in a row that brought nothing, until the sink is disabled (Outbox::enable() has it
    // go on); 0: never.
    int failures_max = 0;
    Clock* clock = nullptr;  // default: the system's. Lifetime: outlives the relay
    // Told of what an operator should know.
    std::function<void(const std::string&)> log{};
};

struct RelayStatistics {
    std::int64_t published = 0;   // acknowledged and marked
    std::int64_t failures = 0;    // attempts that did not bring all
    std::int64_t fenced = 0;      // shards that others had claimed when they were to be marked
    std::int64_t shards = 0;      // that it holds now
    std::int64_t lag_events = 0;  // that the sink has yet to get, of all shards
    Duration lag{};               // how long ago the oldest was committed that it knows of
    bool disabled = false;
};

class Relay {
  public:
    // Lifetime: both outlive it.
    Relay(Outbox& outbox, Publisher& publisher, RelayOptions options);
    ~Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;

    // One round. Returns how long there is nothing to do; it may be called earlier.
    Duration step();
    // Round after round until it is told to stop; then others get its shards.
    void run(const std::stop_token& stop);
    // Others get its shards at once.
    void leave();

    [[nodiscard]] RelayStatistics statistics() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace concertres
