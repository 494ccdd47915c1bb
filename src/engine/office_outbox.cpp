#include "engine/office_outbox.hpp"

#include <algorithm>
#include <type_traits>

#include "concertres/storage.hpp"

namespace concertres {
namespace {

// About 2 ms from a file.
constexpr std::size_t events_per_query = 500;

}  // namespace

template <class Use>
auto OfficeOutbox::ask(Use&& use) {
    using Answer = std::invoke_result_t<Use, Outbox&>;
    const auto check = [](const Result<Time>& asked) {
        if (asked) return;
        throw StorageError(asked.error().code == Errc::storage_full
                               ? StorageError::Kind::full
                               : StorageError::Kind::unavailable,
                           "the outbox cannot be asked: " + asked.error().detail);
    };
    if constexpr (std::is_void_v<Answer>) {
        check(ask_([&](Outbox& outbox) { use(outbox); }));
    } else {
        Answer answer{};
        check(ask_([&](Outbox& outbox) { answer = use(outbox); }));
        return answer;
    }
}

void OfficeOutbox::attach(const std::string& sink) {
    ask([&](Outbox& outbox) { outbox.attach(sink); });
}

void OfficeOutbox::detach(const std::string& sink) {
    ask([&](Outbox& outbox) { outbox.detach(sink); });
}

void OfficeOutbox::rewind(const std::string& sink, Time since) {
    ask([&](Outbox& outbox) { outbox.rewind(sink, since); });
}

void OfficeOutbox::disable(const std::string& sink) {
    ask([&](Outbox& outbox) { outbox.disable(sink); });
}

void OfficeOutbox::enable(const std::string& sink) {
    ask([&](Outbox& outbox) { outbox.enable(sink); });
}

std::vector<SinkState> OfficeOutbox::sinks() {
    return ask([](Outbox& outbox) { return outbox.sinks(); });
}

Claimed OfficeOutbox::claim(const std::string& sink, const std::string& relay, Duration ttl) {
    return ask([&](Outbox& outbox) { return outbox.claim(sink, relay, ttl); });
}

void OfficeOutbox::leave(const std::string& sink, const std::string& relay) {
    ask([&](Outbox& outbox) { outbox.leave(sink, relay); });
}

std::vector<Unpublished> OfficeOutbox::take(const std::string& sink,
                                            const std::vector<Lease>& leases,
                                            const TakeOptions& wanted) {
    TakeOptions part = wanted;
    part.events_max = std::min(wanted.events_max, events_per_query);
    return ask([&](Outbox& outbox) { return outbox.take(sink, leases, part); });
}

std::vector<Shard> OfficeOutbox::mark(const std::string& sink, const std::vector<Lease>& leases,
                                      const std::vector<Mark>& marks) {
    return ask([&](Outbox& outbox) { return outbox.mark(sink, leases, marks); });
}

}  // namespace concertres
