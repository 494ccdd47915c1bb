#include "engine/audit_streams.hpp"

#include <algorithm>
#include <string_view>

namespace concertres {
namespace {

// Nothing for a kind that does not exist.
std::string_view name_of(StreamKind kind) {
    constexpr std::string_view names[] = {"", "performance", "wallet", "room"};
    return name_among(names, static_cast<std::size_t>(kind));
}

StreamKind stream_of(EventKind kind) {
    switch (kind) {
        case EventKind::reservation_held:
        case EventKind::reservation_extended:
        case EventKind::reservation_released:
        case EventKind::reservation_expired:
        case EventKind::payment_completed:
        case EventKind::payment_refunded:
        case EventKind::payment_authorizing:
        case EventKind::payment_failed:
        case EventKind::seats_blocked:
        case EventKind::seats_unblocked:
            return StreamKind::performance;
        case EventKind::wallet_charged:
        case EventKind::wallet_paid:
        case EventKind::wallet_refunded:
            return StreamKind::wallet;
        case EventKind::pass_admitted:
        case EventKind::pass_expired:
        case EventKind::pass_left:
        case EventKind::sale_changed:
        case EventKind::room_drawn:
            return StreamKind::room;
    }
    return StreamKind{};
}

}  // namespace

// --- As it is shown ----------------------------------------------------------------------------

void StreamChecks::follow(const Event& event, bool intact) {
    const std::string_view stream = name_of(event.stream.kind);
    findings_->expect(intact, "L5",
                      "event {} of the stream of {} {} is not what was written: its checksum is "
                      "another",
                      event.number, stream, event.stream.owner);
    findings_->expect(!stream.empty(), "L5", "event {} of {} is in a stream of no kind ({})",
                      event.number, event.stream.owner, static_cast<unsigned>(event.stream.kind));
    findings_->expect(stream_of(event.kind) == event.stream.kind, "O1",
                      "event {} of the stream of {} {} is of kind {}, which is none of such a "
                      "stream",
                      event.number, stream, event.stream.owner, static_cast<unsigned>(event.kind));
    findings_->expect(event.at <= now_, "C1",
                      "event {} of the stream of {} {} happened at {}, and now it is {}",
                      event.number, stream, event.stream.owner, At{event.at}, At{now_});
    follow_stream(event);
}

void StreamChecks::follow_stream(const Event& event) {
    Followed& stream = streams_[event.stream];
    findings_->expect(stream.is_next(event.number), "L5",
                      "event {} of the stream of {} {} comes after number {}", event.number,
                      name_of(event.stream.kind), event.stream.owner, stream.last);
    findings_->expect(event.at >= stream.at, "C1",
                      "event {} of the stream of {} {} happened at {}, before one that was earlier "
                      "in it, at {}",
                      event.number, name_of(event.stream.kind), event.stream.owner, At{event.at},
                      At{stream.at});
    stream.last = std::max(stream.last, event.number);
    stream.at = std::max(stream.at, event.at);
}

void StreamChecks::follow(const Transfer& transfer, bool intact) {
    findings_->expect(intact, "L5", "transfer {} is not what was written: its checksum is another",
                      transfer.id);
    findings_->expect(transfer.at <= now_, "C1", "transfer {} was made at {}, and now it is {}",
                      transfer.id, At{transfer.at}, At{now_});
    Followed& wallet = wallets_[transfer.wallet];
    findings_->expect(wallet.is_next(transfer.number), "L5",
                      "transfer {} has number {} in the wallet of user {}, after number {}",
                      transfer.id, transfer.number, name(*rows_, transfer.wallet), wallet.last);
    findings_->expect(transfer.at >= wallet.at, "C1",
                      "transfer {} was made at {}, before one that was earlier in its wallet, at "
                      "{}",
                      transfer.id, At{transfer.at}, At{wallet.at});
    wallet.last = std::max(wallet.last, transfer.number);
    wallet.at = std::max(wallet.at, transfer.at);
}

// --- Once everything was shown -----------------------------------------------------------------

std::int64_t StreamChecks::last_of(StreamKind kind, std::int64_t owner) const {
    const auto found = streams_.find(Stream{kind, owner});
    return found == streams_.end() ? 0 : found->second.last;
}

bool StreamChecks::has_owner(const Stream& stream) const {
    switch (stream.kind) {
        case StreamKind::performance:
            return rows_->performances.find({stream.owner}) != nullptr;
        case StreamKind::wallet:
            return rows_->wallets.find({stream.owner}) != nullptr;
        case StreamKind::room:
            return rows_->concerts.find({stream.owner}) != nullptr;
    }
    return false;
}

void StreamChecks::check_next() const {
    const auto check = [&](StreamKind kind, std::int64_t owner, std::int64_t next) {
        const std::int64_t last = last_of(kind, owner);
        findings_->expect(Followed{.last = last}.is_next(next), "L5",
                          "the stream of {} {} ends with event {}, but its row says that the next "
                          "is {}",
                          name_of(kind), owner, last, next);
    };
    for (const PerformanceState& state : rows_->states) {
        check(StreamKind::performance, state.performance.value, state.next_event);
    }
    for (const Sale& sale : rows_->sales) {
        check(StreamKind::room, sale.concert.value, sale.next_event);
    }
    for (const Wallet& wallet : rows_->wallets) {
        check(StreamKind::wallet, wallet.user.value, wallet.next_number);
        const auto found = wallets_.find(wallet.user);
        const std::int64_t last = found == wallets_.end() ? 0 : found->second.last;
        findings_->expect(Followed{.last = last}.is_next(wallet.next_number), "L5",
                          "the last transfer of the wallet of user {} has number {}, but its row "
                          "says that the next is {}",
                          name(*rows_, wallet.user), last, wallet.next_number);
    }
    for (const auto& [stream, followed] : streams_) {
        findings_->expect(has_owner(stream), "D2",
                          "{} events are in the stream of {} {}, which does not exist",
                          followed.last, name_of(stream.kind), stream.owner);
    }
}

}  // namespace concertres
