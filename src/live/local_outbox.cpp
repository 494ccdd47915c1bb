#include "live/local_outbox.hpp"

#include <algorithm>

namespace concertres::live {

Claimed LocalOutbox::claim(const std::string& sink, const std::string& relay, Duration ttl) {
    return state_.claim(sink, relay, now(), ttl);
}

void LocalOutbox::leave(const std::string& sink, const std::string& relay) {
    state_.leave(sink, relay);
}

std::vector<Unpublished> LocalOutbox::take(const std::string& sink,
                                           const std::vector<Lease>& leases,
                                           const TakeOptions& wanted) {
    std::vector<Unpublished> taken;
    std::size_t room = wanted.events_max;
    for (const auto& [stream, behind] : state_.next(sink, leases, wanted)) {
        if (room == 0) break;
        Unpublished& run = taken.emplace_back();
        run.stream = stream;
        run.events = read(stream, behind.published, std::min(room, wanted.of_one_max));
        room -= run.events.size();
        if (stream.kind == StreamKind::wallet) {
            run.owner = run.events.front().user.uuid;
            continue;
        }
        const auto [id, added] = ids_.try_emplace(stream);
        if (added) id->second = id_of(stream);
        run.owner = id->second;
    }
    return taken;
}

std::vector<Shard> LocalOutbox::mark(const std::string& sink, const std::vector<Lease>& leases,
                                     const std::vector<Mark>& marks) {
    std::vector<Shard> lost;
    const std::vector<Mark> current = state_.current(sink, leases, marks, lost);
    if (current.empty()) return lost;
    keep(sink, current);
    for (const Mark& each : current) state_.mark(sink, each);
    return lost;
}

}  // namespace concertres::live
