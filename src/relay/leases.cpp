#include "relay/leases.hpp"

#include <algorithm>
#include <iterator>

namespace concertres {

Shard shard_of(const Stream& stream) noexcept {
    // The end of SplitMix64: owners are dense keys, and every bit of theirs shall count.
    auto bits =
        static_cast<std::uint64_t>(stream.owner) * 4 + static_cast<std::uint64_t>(stream.kind);
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9U;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebU;
    bits ^= bits >> 31;
    return static_cast<Shard>(bits % static_cast<std::uint64_t>(outbox_shards));
}

// The first of them by name have one more where the shards do not divide.
std::size_t Leases::share_of(const std::string& relay) const {
    const std::size_t present = relays.size();
    const auto rank = static_cast<std::size_t>(std::distance(relays.begin(), relays.find(relay)));
    return shards.size() / present + (rank < shards.size() % present ? 1 : 0);
}

std::vector<Lease> Leases::claim(const std::string& relay, Time now, Duration ttl) {
    std::erase_if(relays, [&](const auto& each) { return each.second <= now; });
    relays[relay] = now + ttl;
    const std::size_t share = share_of(relay);
    std::size_t held = 0;
    for (ShardLease& each : shards) {
        if (each.relay != relay) continue;
        if (held < share) {
            each.until = now + ttl;
            ++held;
        } else {
            each.relay.clear();
        }
    }
    for (ShardLease& each : shards) {
        if (held >= share) break;
        const bool is_free = each.relay.empty() || (each.relay != relay && each.until <= now);
        if (!is_free) continue;
        each = {.epoch = each.epoch + 1, .relay = relay, .until = now + ttl};
        ++held;
    }
    std::vector<Lease> leases;
    for (std::size_t i = 0; i < shards.size(); ++i) {
        if (shards[i].relay == relay) leases.push_back({static_cast<Shard>(i), shards[i].epoch});
    }
    return leases;
}

void Leases::leave(const std::string& relay) {
    relays.erase(relay);
    for (ShardLease& each : shards) {
        if (each.relay == relay) each.relay.clear();
    }
}

void Leases::void_all() {
    for (ShardLease& each : shards) {
        ++each.epoch;
        each.relay.clear();
    }
}

bool Leases::is_current(const Lease& lease) const {
    return shards[static_cast<std::size_t>(lease.shard)].epoch == lease.epoch;
}

}  // namespace concertres
