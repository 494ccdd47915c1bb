#include "support/outbox_store.hpp"

#include "support/sample_rows.hpp"

namespace concertres::test {
namespace {

std::int64_t last_number(Storage& storage, const Stream& stream) {
    switch (stream.kind) {
        case StreamKind::performance:
            return read_row<PerformanceState>(storage, {stream.owner})->row.next_event - 1;
        case StreamKind::wallet: {
            const auto wallet = read_row<Wallet>(storage, {stream.owner});
            return wallet ? wallet->row.next_number - 1 : 0;
        }
        case StreamKind::room:
            return read_row<Sale>(storage, {stream.owner})->row.next_event - 1;
    }
    return 0;
}

void add_owner(ChangeSet& changes, Storage& storage, const Stream& stream, std::int64_t next) {
    if (stream.kind == StreamKind::performance) {
        auto state = read_row<PerformanceState>(storage, {stream.owner})->row;
        state.next_event = next;
        add_to(changes, storage, state);
    } else if (stream.kind == StreamKind::wallet) {
        add_to(changes, storage,
               Wallet{.user = {stream.owner}, .balance = {next}, .next_number = next});
    } else {
        auto sale = read_row<Sale>(storage, {stream.owner})->row;
        sale.next_event = next;
        add_to(changes, storage, sale);
    }
}

EventKind kind_for(StreamKind stream) {
    if (stream == StreamKind::wallet) return EventKind::wallet_charged;
    return stream == StreamKind::room ? EventKind::pass_admitted : EventKind::reservation_held;
}

}  // namespace

void append_events(Storage& storage, const Stream& stream, int count, const UserId& user) {
    ChangeSet changes;
    changes.at = storage.now();
    const std::int64_t last = last_number(storage, stream);
    for (int i = 1; i <= count; ++i) {
        changes.events.push_back({.stream = stream,
                                  .number = last + i,
                                  .kind = kind_for(stream.kind),
                                  .at = changes.at,
                                  .user = user});
    }
    add_owner(changes, storage, stream, last + count + 1);
    REQUIRE(storage.commit(changes) == CommitOutcome::committed);
}

}  // namespace concertres::test
