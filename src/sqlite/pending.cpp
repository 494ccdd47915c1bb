#include "sqlite/pending.hpp"

#include <utility>

namespace concertres::sqlite {

void Pending::add(const Event& event, std::string text) {
    const std::uint32_t crc = checksum(event, text);
    const PendingEvent& added =
        events_.push({event.stream, event.number, event.kind, event.at, std::move(text), crc});
    by_stream_[added.stream].push_back(&added);
}

void Pending::add(const Transfer& transfer) {
    const Transfer& added = transfers_.push(transfer);
    by_wallet_[added.wallet].push_back(&added);
    by_id_.emplace(added.id, &added);
}

std::vector<Transfer> Pending::transfers(UserKey wallet, std::int64_t before,
                                         std::size_t limit) const {
    std::vector<Transfer> transfers;
    const auto found = by_wallet_.find(wallet);
    if (found == by_wallet_.end()) return transfers;
    for (auto each = found->second.end(); each != found->second.begin();) {
        if (transfers.size() == limit) break;
        --each;
        if ((*each)->number < before) transfers.push_back(**each);
    }
    return transfers;
}

const Transfer* Pending::find(const TransferId& id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second;
}

// Each stream, and each wallet, is folded in its order.
void Pending::settle() {
    events_.settle([&](PendingEvent&& item) {
        const PendingEvent folded = std::move(item);  // what it has is freed now
        const auto stream = by_stream_.find(folded.stream);
        stream->second.pop_front();
        if (stream->second.empty()) by_stream_.erase(stream);
    });
    transfers_.settle([&](Transfer&& folded) {
        by_id_.erase(folded.id);
        const auto wallet = by_wallet_.find(folded.wallet);
        wallet->second.pop_front();
        if (wallet->second.empty()) by_wallet_.erase(wallet);
    });
}

}  // namespace concertres::sqlite
