// What the bounded queries need beside the tables and live/: what a user has, the ledger, and rows
// by their ids.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "memory/table.hpp"

namespace concertres::memory {

// --- Users -------------------------------------------------------------------------------------

struct TransferSlot {
    Transfer transfer;
    std::uint32_t checksum = 0;
};

// What a user has, each in order.
struct UserRows {
    std::vector<const Slot<Reservation>*> reservations;
    std::vector<const Slot<Payment>*> payments;
    std::vector<const TransferSlot*> transfers;
    std::uint64_t staged_by = 0;
    std::int64_t staged_transfers = 0;
};

class Users {
  public:
    UserRows& find_or_make(UserKey user, const Group& group);
    [[nodiscard]] UserRows* find(UserKey user) const { return index_.find(user.value); }
    // In the order of their keys.
    template <class Visit>
    void for_each(Visit&& visit) const {
        index_.for_each(visit);
    }

  private:
    Pool<UserRows> users_;
    DenseIndex<UserRows> index_;
};

// Keys are given in order, so a new row is nearly always the last.
template <class Row>
void insert_by_key(std::vector<const Slot<Row>*>& sorted, const Slot<Row>& slot, KeyOf<Row> key) {
    const auto at = std::find_if(sorted.rbegin(), sorted.rend(), [&](const Slot<Row>* other) {
        return other->stored.row.key() < key;
    });
    sorted.insert(at.base(), &slot);
}

// The newest first, below `before`.
template <class Row>
[[nodiscard]] std::vector<Row> newest(const std::vector<const Slot<Row>*>& sorted,
                                      std::optional<KeyOf<Row>> before, std::size_t limit) {
    auto at = before ? std::lower_bound(sorted.begin(), sorted.end(), *before,
                                        [](const Slot<Row>* slot, const KeyOf<Row>& key) {
                                            return slot->stored.row.key() < key;
                                        })
                     : sorted.end();
    std::vector<Row> rows;
    while (at != sorted.begin() && rows.size() < limit) rows.push_back((*--at)->stored.row);
    return rows;
}

// --- The ledger --------------------------------------------------------------------------------

class Ledger {
  public:
    // Checks that the transfers continue their wallets without a gap, and that their ids are new.
    void stage(const std::vector<Transfer>& transfers, Users& users, const Group& group);
    // REQUIRES: the same transfers have just been staged
    void apply(const std::vector<Transfer>& transfers);

    [[nodiscard]] const Transfer* find(const TransferId& id) const;

  private:
    struct Named {
        const TransferSlot* slot = nullptr;
        std::uint64_t staged_by = 0;
    };

    Pool<TransferSlot> slots_;
    boost::unordered_flat_map<TransferId, Named, std::hash<TransferId>> by_id_;
    std::vector<UserRows*> staged_;
};

// Finds a row by its id: reservations and payments.
template <class Id, class Row>
class Names {
  public:
    [[nodiscard]] const Slot<Row>* find(const Id& id) const {
        const auto at = by_id_.find(id);
        return at != by_id_.end() && counts(*at->second, id) ? at->second : nullptr;
    }
    // A new row's id is new; that of a row that is there stays.
    void stage(const Slot<Row>& slot, const Row& row, const Group& group) {
        if (slot.is_there()) {
            CONCERTRES_ASSERT(slot.stored.row.id == row.id);
            return;
        }
        const auto [at, added] = by_id_.try_emplace(row.id, &slot);
        if (added) return;
        // What a commit that failed has left behind counts nothing.
        CONCERTRES_ASSERT(!counts(*at->second, row.id));
        CONCERTRES_ASSERT(at->second->staged_by != group.number || at->second == &slot);
        at->second = &slot;
    }

  private:
    [[nodiscard]] static bool counts(const Slot<Row>& slot, const Id& id) {
        return slot.is_there() && slot.stored.row.id == id;
    }

    boost::unordered_flat_map<Id, const Slot<Row>*, std::hash<Id>> by_id_;
};

}  // namespace concertres::memory
