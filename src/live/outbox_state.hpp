// What sinks have yet to get of a store that belongs to one process: the streams that are behind,
// and the leases of the relays in this process. The store tells of each event that it commits;
// what is kept of it on disk is the store's business.
//
//   state.note(event);                                    // of each commit
//   for (const auto& [stream, behind] : state.next("kafka", leases, wanted)) ...
//   state.mark("kafka", stream, number);
//
// Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "concertres/outbox.hpp"
#include "relay/leases.hpp"

namespace concertres::live {

class OutboxState {
  public:
    // A stream whose events above `published`, up to `head`, a sink has yet to get.
    struct Behind {
        std::int64_t published = 0;
        std::int64_t head = 0;
    };
    struct Sink {
        Leases leases{};
        std::optional<Time> disabled_at{};
        std::map<Stream, Behind> behind{};
        std::int64_t events = 0;  // that these streams are behind by

        // REQUIRES: it is not there, and above 0
        void add(const Stream& stream, const Behind& by);
        // REQUIRES: it is there
        void raise(const Stream& stream, std::int64_t head);
    };

    // By name.
    std::map<std::string, Sink> sinks{};

    // One was committed. A stream that no sink is behind in is behind by this event.
    void note(const Event& event) {
        if (!sinks.empty()) note_for_sinks(event);
    }
    [[nodiscard]] std::vector<SinkState> states() const;
    [[nodiscard]] Claimed claim(const std::string& sink, const std::string& relay, Time now,
                                Duration ttl);
    void leave(const std::string& sink, const std::string& relay);
    // The streams of these shards that are behind, in order: as many as events
    // are wanted.
    [[nodiscard]] std::vector<std::pair<Stream, Behind>> next(const std::string& sink,
                                                              const std::vector<Lease>& leases,
                                                              const TakeOptions& wanted) const;
    // Those of the marks that count: somebody still has their lease. Adds the shards of the others.
    [[nodiscard]] std::vector<Mark> current(const std::string& sink,
                                            const std::vector<Lease>& leases,
                                            const std::vector<Mark>& marks,
                                            std::vector<Shard>& lost) const;
    void mark(const std::string& sink, const Mark& mark);

  private:
    void note_for_sinks(const Event& event);
};

}  // namespace concertres::live
