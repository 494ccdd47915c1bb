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
    const TransferPlace place{transfer.wallet, transfer.number};
    by_id_.emplace(transfer.id, place);
    transfer_names_.push({transfer.id, place});
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

std::optional<TransferPlace> Pending::find(const TransferId& id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? std::nullopt : std::optional(found->second);
}

const Transfer* Pending::transfer_at(const TransferPlace& place) const {
    const auto found = by_wallet_.find(place.wallet);
    if (found == by_wallet_.end()) return nullptr;
    const auto at = std::ranges::lower_bound(found->second.begin(), found->second.end(),
                                             place.number, {}, &Transfer::number);
    return at != found->second.end() && (*at)->number == place.number ? *at : nullptr;
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
        const auto wallet = by_wallet_.find(folded.wallet);
        wallet->second.pop_front();
        if (wallet->second.empty()) by_wallet_.erase(wallet);
    });
    transfer_names_.settle([&](TransferNameEntry&& folded) { by_id_.erase(folded.id); });
    reservations.settle();
    payments.settle();
}

}  // namespace concertres::sqlite
