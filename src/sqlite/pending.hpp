// What was committed to the journal and is not yet in the tables, beside the rows that the cache
// keeps: transfers, events, and by what else than their keys new rows are found.
//
// Threads: one.
#pragma once

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "concertres/assert.hpp"
#include "concertres/storage.hpp"
#include "sqlite/fold_queue.hpp"

namespace concertres::sqlite {

// Of an event what its row has.
struct PendingEvent {
    Stream stream{};
    std::int64_t number = 0;
    EventKind kind{};
    Time at{};
    std::string text{};     // encode() of it
    std::uint32_t crc = 0;  // checksum() of both
};
struct EventOrder {
    std::pair<Stream, std::int64_t> operator()(const PendingEvent& event) const {
        return {event.stream, event.number};
    }
};
struct TransferOrder {
    std::pair<UserKey, std::int64_t> operator()(const Transfer& transfer) const {
        return {transfer.wallet, transfer.number};
    }
};
struct StreamHash {
    std::size_t operator()(const Stream& stream) const {
        const auto kind = static_cast<std::uint64_t>(stream.kind);
        return static_cast<std::size_t>(kind << 56 ^ static_cast<std::uint64_t>(stream.owner));
    }
};

// First in, first out, in one piece of memory: most have one item or two, and there are many.
template <class T>
class Fifo {
  public:
    void push_back(T item) { items_.push_back(std::move(item)); }
    void pop_front() {
        ++front_;
        if (2 * front_ < items_.size()) return;
        items_.erase(items_.begin(), begin());
        front_ = 0;
    }
    [[nodiscard]] bool empty() const { return front_ == items_.size(); }
    [[nodiscard]] const T& front() const { return items_[front_]; }
    [[nodiscard]] const T& back() const { return items_.back(); }
    [[nodiscard]] auto begin() const {
        return items_.begin() + static_cast<std::ptrdiff_t>(front_);
    }
    [[nodiscard]] auto end() const { return items_.end(); }

  private:
    std::vector<T> items_;
    std::size_t front_ = 0;
};

// An entry of a table by which rows are found otherwise than by their keys: reservation_name and
// the like. Each is written in its order, many entries of a page together; an index of SQLite's
// would be written wherever a row happens to belong.
template <class Row>
struct NameEntry {
    decltype(Row::id) id{};
    KeyOf<Row> row{};
};
template <class Row>
struct OwnerEntry {
    UserKey user{};
    KeyOf<Row> row{};
};
struct TransferPlace {
    UserKey wallet{};
    std::int64_t number = 0;
};
struct TransferNameEntry {
    TransferId id{};
    TransferPlace place{};
};
struct EntryOrder {
    auto operator()(const auto& entry) const {
        if constexpr (requires { entry.id; }) {
            return entry.id;
        } else {
            return std::pair(entry.user, entry.row);
        }
    }
};

// New reservations, or payments: by their ids, and whose they are.
template <class Row>
class NewRows {
  public:
    using Id = decltype(Row::id);
    using Key = KeyOf<Row>;

    void add(const Row& row) {
        by_id_.emplace(row.id, row.row);
        names_.push({row.id, row.row});
        by_user_[row.user].push_back(row.row);
        owners_.push({row.user, row.row});
    }
    [[nodiscard]] std::optional<Key> find(const Id& id) const {
        const auto found = by_id_.find(id);
        return found == by_id_.end() ? std::nullopt : std::optional(found->second);
    }
    // The latest of a user's that are below `before`, the last first: keys are given in the order
    // in which they came.
    [[nodiscard]] std::vector<Key> newest(UserKey user, Key before, std::size_t limit) const {
        std::vector<Key> keys;
        const auto found = by_user_.find(user);
        if (found == by_user_.end()) return keys;
        for (auto key = found->second.end(); key != found->second.begin() && keys.size() < limit;) {
            if (*--key < before) keys.push_back(*key);
        }
        return keys;
    }

    // --- folding: see FoldQueue
    template <class Visit>
    void for_each_unfolded(Visit&& visit) {
        visit(names_);
        visit(owners_);
    }
    void settle() {
        names_.settle([&](NameEntry<Row>&& folded) { by_id_.erase(folded.id); });
        owners_.settle([&](OwnerEntry<Row>&& folded) {
            const auto user = by_user_.find(folded.user);
            CONCERTRES_ASSERT(user != by_user_.end() && user->second.front() == folded.row);
            user->second.pop_front();
            if (user->second.empty()) by_user_.erase(user);
        });
    }

  private:
    boost::unordered_flat_map<Id, Key, std::hash<Id>> by_id_;
    boost::unordered_flat_map<UserKey, Fifo<Key>, std::hash<UserKey>> by_user_;
    FoldQueue<NameEntry<Row>, EntryOrder> names_;
    FoldQueue<OwnerEntry<Row>, EntryOrder> owners_;
};

class Pending {
  public:
    // `text` is encode() of it.
    void add(const Event& event, std::string text);
    void add(const Transfer& transfer);

    // --- looking
    // visit(pending) for those of a stream above `after`, in order, until it says false.
    template <class Visit>
    void for_each_event(const Stream& stream, std::int64_t after, Visit&& visit) const {
        const auto found = by_stream_.find(stream);
        if (found == by_stream_.end()) return;
        const auto first = std::ranges::upper_bound(found->second.begin(), found->second.end(),
                                                    after, {}, &PendingEvent::number);
        for (auto at = first; at != found->second.end(); ++at) {
            if (!visit(**at)) return;
        }
    }
    // Of a wallet below `before`, the newest first.
    [[nodiscard]] std::vector<Transfer> transfers(UserKey wallet, std::int64_t before,
                                                  std::size_t limit) const;
    [[nodiscard]] std::optional<TransferPlace> find(const TransferId& id) const;
    // Null: the tables have it, or nobody.
    [[nodiscard]] const Transfer* transfer_at(const TransferPlace& place) const;
    [[nodiscard]] std::optional<std::int64_t> last_number(const Stream& stream) const {
        const auto found = by_stream_.find(stream);
        return found == by_stream_.end() ? std::nullopt
                                         : std::optional(found->second.back()->number);
    }
    [[nodiscard]] std::optional<std::int64_t> last_number(UserKey wallet) const {
        const auto found = by_wallet_.find(wallet);
        return found == by_wallet_.end() ? std::nullopt
                                         : std::optional(found->second.back()->number);
    }

    // --- folding: see FoldQueue. Names before what they name: what the tables have, they have by
    // its name too.
    template <class Visit>
    void for_each_unfolded(Visit&& visit) {
        visit(transfer_names_);
        visit(transfers_);
        visit(events_);
        reservations.for_each_unfolded(visit);
        payments.for_each_unfolded(visit);
    }
    void settle();

    NewRows<Reservation> reservations;
    NewRows<Payment> payments;

  private:
    FoldQueue<PendingEvent, EventOrder> events_;
    FoldQueue<Transfer, TransferOrder> transfers_;
    FoldQueue<TransferNameEntry, EntryOrder> transfer_names_;
    boost::unordered_flat_map<Stream, Fifo<const PendingEvent*>, StreamHash> by_stream_;
    boost::unordered_flat_map<UserKey, Fifo<const Transfer*>, std::hash<UserKey>> by_wallet_;
    boost::unordered_flat_map<TransferId, TransferPlace, std::hash<TransferId>> by_id_;
};

}  // namespace concertres::sqlite
