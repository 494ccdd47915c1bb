#include "memory/memory_outbox.hpp"

#include <algorithm>

#include "memory/memory_storage.hpp"

namespace concertres::memory {

void MemoryOutbox::rewind(const std::string& sink, Time since) {
    const auto found = state().sinks.find(sink);
    if (found == state().sinks.end()) return;
    live::OutboxState::Sink& at = found->second;
    at.disabled_at.reset();
    at.leases.void_all();
    auto before = std::exchange(at.behind, {});
    at.events = 0;
    const EventLog& log = storage_.event_log();
    log.for_each_stream([&](const Stream& stream) {
        const std::int64_t head = log.size(stream);
        std::int64_t published = count_before(stream, since);
        const auto was_behind = before.find(stream);
        if (was_behind != before.end()) {
            published = std::min(published, was_behind->second.published);
        }
        if (published < head) at.add(stream, {published, head});
    });
}

// Times never go back within a stream.
std::int64_t MemoryOutbox::count_before(const Stream& stream, Time since) const {
    const EventLog& log = storage_.event_log();
    std::int64_t low = 0;
    std::int64_t high = log.size(stream);
    while (low < high) {
        const std::int64_t middle = low + (high - low) / 2;
        if (log.read(stream, middle + 1).event.at < since) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void MemoryOutbox::disable(const std::string& sink) {
    const auto found = state().sinks.find(sink);
    if (found == state().sinks.end() || found->second.disabled_at) return;
    found->second.disabled_at = now();
}

void MemoryOutbox::enable(const std::string& sink) {
    const auto found = state().sinks.find(sink);
    if (found != state().sinks.end()) found->second.disabled_at.reset();
}

Time MemoryOutbox::now() { return storage_.now(); }

std::vector<Event> MemoryOutbox::read(const Stream& stream, std::int64_t after, std::size_t limit) {
    return storage_.events(stream, after, limit);
}

Uuid MemoryOutbox::id_of(const Stream& stream) { return storage_.id_of(stream); }

}  // namespace concertres::memory
