#include "memory/indexes.hpp"

#include <algorithm>

namespace concertres::memory {

UserRows& Users::find_or_make(UserKey user, const Group& group) {
    UserRows*& entry = index_.at(user.value, group.key_end);
    if (!entry) entry = &users_.make();
    return *entry;
}

void Ledger::stage(const std::vector<Transfer>& transfers, Users& users, const Group& group) {
    staged_.clear();
    staged_.reserve(transfers.size());
    for (const Transfer& transfer : transfers) {
        UserRows& user = users.find_or_make(transfer.wallet, group);
        if (user.staged_by != group.number) {
            user.staged_by = group.number;
            user.staged_transfers = 0;
        }
        const auto last = static_cast<std::int64_t>(user.transfers.size()) + user.staged_transfers;
        CONCERTRES_ASSERT(transfer.number == last + 1);
        ++user.staged_transfers;

        Named& named = by_id_[transfer.id];
        CONCERTRES_ASSERT(named.slot == nullptr && named.staged_by != group.number);
        named.staged_by = group.number;
        staged_.push_back(&user);
    }
}

void Ledger::apply(const std::vector<Transfer>& transfers) {
    for (std::size_t i = 0; i < transfers.size(); ++i) {
        TransferSlot& slot = slots_.make();
        slot = {transfers[i], checksum(transfers[i])};
        by_id_.find(transfers[i].id)->second.slot = &slot;
        staged_[i]->transfers.push_back(&slot);
    }
}

const Transfer* Ledger::find(const TransferId& id) const {
    const auto at = by_id_.find(id);
    return at == by_id_.end() || !at->second.slot ? nullptr : &at->second.slot->transfer;
}

}  // namespace concertres::memory
