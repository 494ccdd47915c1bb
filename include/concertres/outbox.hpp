// The outbox of a store: which events each sink (a Kafka cluster, a webhook, something of the
// host's) has yet to get. Events stay where they are; beside them the store keeps, for each sink
// and stream, the number up to which the sink has said that it has them. Events are numbered
// without gaps within their stream, so whoever goes on from there leaves none out, whenever its
// commit became visible.
//
// Streams are divided into shards. A relay (relay.hpp) claims shards for a while; of one shard, at
// most one relay can mark. So any number of relays share a sink's work.
//
//   outbox.attach("kafka");
//   const Claimed claimed = outbox.claim("kafka", "relay-1", std::chrono::seconds(10));
//   for (const Unpublished& run : outbox.take("kafka", claimed.leases, {})) { ... }
//   lost = outbox.mark("kafka", claimed.leases, {{run.stream, run.events.back().number}});
//
// Threads: one call at a time, unless an implementation says more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "concertres/event.hpp"
#include "concertres/ids.hpp"
#include "concertres/time.hpp"

namespace concertres {

using Shard = std::int32_t;
// More than there will be relays, and few enough to be claimed in one go.
inline constexpr Shard outbox_shards = 64;
// Fixed for ever: stores keep it.
[[nodiscard]] Shard shard_of(const Stream& stream) noexcept;

// The right to pass on a shard's streams. Its epoch grows whenever somebody else gets it.
struct Lease {
    Shard shard = 0;
    std::int64_t epoch = 0;

    friend bool operator==(const Lease&, const Lease&) = default;
};

// All that a relay holds.
struct Claimed {
    std::vector<Lease> leases{};  // by shard
    bool attached = false;        // the sink is known
    bool disabled = false;        // nobody gets a lease until it is enabled
};

// The next events of a stream for a sink, without a gap behind what it has.
struct Unpublished {
    Stream stream{};
    Uuid owner{};  // the public id of the performance, user or concert
    std::vector<Event> events{};
};

// Which events are wanted of those that a sink has yet to get.
struct TakeOptions {
    std::optional<Stream> after{};  // of streams behind this one
    std::size_t events_max = 1'000;
    std::size_t of_one_max = 1'000;  // a stream that is far behind leaves room for others
    std::set<Stream> but{};          // nothing of these
};

// The sink has a stream's events up to this number.
struct Mark {
    Stream stream{};
    std::int64_t published = 0;
};

struct SinkState {
    std::string sink{};
    std::optional<Time> disabled_at{};
    std::int64_t events = 0;   // that it has yet to get
    std::int64_t streams = 0;  // which these are of
};

// Every call may throw StorageError(unavailable): nothing is known of it then, it may be tried
// again.
class Outbox {
  public:
    virtual ~Outbox() = default;

    // From now on the store remembers what this sink has yet to get: what is committed later than
    // this call. Where it is known already nothing changes.
    virtual void attach(const std::string& sink) = 0;
    // Forgets the sink.
    virtual void detach(const std::string& sink) = 0;
    // The sink gets once more what has happened since then; Time::min(): all there ever was. It
    // leaves nothing out that the sink has yet to get. One that was disabled is enabled, and all
    // leases have ended. Slow: it may look at every stream.
    virtual void rewind(const std::string& sink, Time since) = 0;
    // Nobody passes anything on to the sink until it is enabled; what it has yet to get is kept.
    virtual void disable(const std::string& sink) = 0;
    // It goes on where it was. Of one that is not disabled nothing changes.
    virtual void enable(const std::string& sink) = 0;
    // By name.
    [[nodiscard]] virtual std::vector<SinkState> sinks() = 0;

    // The relay is there, until `ttl` from now unless it claims again. Prolongs its leases, gives
    // up those that are above its share of the shards, and takes free ones up to it. Nothing of a
    // shard may be on its way while this is called.
    [[nodiscard]] virtual Claimed claim(const std::string& sink, const std::string& relay,
                                        Duration ttl) = 0;
    // The relay is gone: others need not wait for its leases to end.
    virtual void leave(const std::string& sink, const std::string& relay) = 0;

    // The events that are wanted, of these shards, by stream; perhaps fewer than there are.
    // Nothing: there is nothing.
    [[nodiscard]] virtual std::vector<Unpublished> take(const std::string& sink,
                                                        const std::vector<Lease>& leases,
                                                        const TakeOptions& wanted) = 0;
    // Returns the shards that somebody else has claimed since: nothing of theirs is marked.
    // REQUIRES: each mark is of one of these leases, and of what take() has given under it
    [[nodiscard]] virtual std::vector<Shard> mark(const std::string& sink,
                                                  const std::vector<Lease>& leases,
                                                  const std::vector<Mark>& marks) = 0;
};

}  // namespace concertres
