// Who of the relays of one sink has which shard, and until when. Each has its share: as many as
// the others, or one more. Pure: whoever keeps it sees to it that one claims at a time.
//
// A lease that has ended stays with its relay until somebody else takes it; what fences a relay
// that was stopped and is woken is the epoch.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "concertres/outbox.hpp"

namespace concertres {

struct ShardLease {
    std::int64_t epoch = 0;
    std::string relay{};  // empty: it was given up
    Time until{};

    friend bool operator==(const ShardLease&, const ShardLease&) = default;
};

class Leases {
  public:
    std::vector<ShardLease> shards = std::vector<ShardLease>(outbox_shards);
    std::map<std::string, Time> relays{};  // until when each counts as there

    [[nodiscard]] std::vector<Lease> claim(const std::string& relay, Time now, Duration ttl);
    void leave(const std::string& relay);
    // What was claimed until now is nobody's.
    void void_all();
    // Nobody has claimed its shard since.
    [[nodiscard]] bool is_current(const Lease& lease) const;

  private:
    [[nodiscard]] std::size_t share_of(const std::string& relay) const;
};

}  // namespace concertres
