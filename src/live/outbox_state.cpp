#include "live/outbox_state.hpp"

#include <algorithm>
#include <array>

#include "concertres/assert.hpp"

namespace concertres::live {

void OutboxState::Sink::add(const Stream& stream, const Behind& by) {
    CONCERTRES_ASSERT(by.published < by.head);
    const bool added = behind.try_emplace(stream, by).second;
    CONCERTRES_ASSERT(added);
    events += by.head - by.published;
}

void OutboxState::Sink::raise(const Stream& stream, std::int64_t head) {
    Behind& by = behind.at(stream);
    if (head <= by.head) return;
    events += head - by.head;
    by.head = head;
}

void OutboxState::note_for_sinks(const Event& event) {
    for (auto& [name, sink] : sinks) {
        if (sink.behind.contains(event.stream)) {
            sink.raise(event.stream, event.number);
        } else {
            sink.add(event.stream, {event.number - 1, event.number});
        }
    }
}

std::vector<SinkState> OutboxState::states() const {
    std::vector<SinkState> states;
    for (const auto& [name, sink] : sinks) {
        SinkState& state = states.emplace_back();
        state.sink = name;
        state.disabled_at = sink.disabled_at;
        state.streams = static_cast<std::int64_t>(sink.behind.size());
        state.events = sink.events;
    }
    return states;
}

Claimed OutboxState::claim(const std::string& sink, const std::string& relay, Time now,
                           Duration ttl) {
    const auto found = sinks.find(sink);
    if (found == sinks.end()) return {};
    if (found->second.disabled_at) return {.leases = {}, .attached = true, .disabled = true};
    return {.leases = found->second.leases.claim(relay, now, ttl), .attached = true};
}

void OutboxState::leave(const std::string& sink, const std::string& relay) {
    const auto found = sinks.find(sink);
    if (found != sinks.end()) found->second.leases.leave(relay);
}

std::vector<std::pair<Stream, OutboxState::Behind>> OutboxState::next(
    const std::string& sink, const std::vector<Lease>& leases, const TakeOptions& wanted) const {
    std::vector<std::pair<Stream, Behind>> streams;
    const auto found = sinks.find(sink);
    if (found == sinks.end()) return streams;
    std::array<bool, outbox_shards> is_leased{};
    for (const Lease& lease : leases) is_leased[static_cast<std::size_t>(lease.shard)] = true;
    const auto& behind = found->second.behind;
    for (auto at = wanted.after ? behind.upper_bound(*wanted.after) : behind.begin();
         at != behind.end() && streams.size() < wanted.events_max; ++at) {
        const bool is_of_these = is_leased[static_cast<std::size_t>(shard_of(at->first))];
        if (is_of_these && !wanted.but.contains(at->first)) streams.push_back(*at);
    }
    return streams;
}

std::vector<Mark> OutboxState::current(const std::string& sink, const std::vector<Lease>& leases,
                                       const std::vector<Mark>& marks,
                                       std::vector<Shard>& lost) const {
    const auto found = sinks.find(sink);
    std::array<bool, outbox_shards> is_current{};
    for (const Lease& lease : leases) {
        const bool holds = found != sinks.end() && found->second.leases.is_current(lease);
        is_current[static_cast<std::size_t>(lease.shard)] = holds;
        if (!holds) lost.push_back(lease.shard);
    }
    std::vector<Mark> current;
    for (const Mark& mark : marks) {
        if (is_current[static_cast<std::size_t>(shard_of(mark.stream))]) current.push_back(mark);
    }
    return current;
}

// A mark never goes back, nor beyond what there is.
void OutboxState::mark(const std::string& sink, const Mark& mark) {
    Sink& at = sinks.at(sink);
    const auto found = at.behind.find(mark.stream);
    if (found == at.behind.end()) return;
    Behind& behind = found->second;
    const std::int64_t published = std::clamp(mark.published, behind.published, behind.head);
    at.events -= published - behind.published;
    behind.published = published;
    if (published == behind.head) at.behind.erase(found);
}

}  // namespace concertres::live
