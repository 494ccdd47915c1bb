// What was committed to the journal and is not yet in the tables, beside the rows that the cache
// keeps: transfers, events, and by what else than their key new rows are found.
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

// New reservations, or payments: by their ids, and whose they are. They leave in the order in which
// they came.
template <class Id, class Row>
class NewRows {
  public:
    void add(const Row& row) {
        by_id_.emplace(row.id, row.row);
        by_user_[row.user].push_back(row.row);
    }
    void remove(const Row& row) {
        by_id_.erase(row.id);
        const auto user = by_user_.find(row.user);
        CONCERTRES_ASSERT(user != by_user_.end() && user->second.front() == row.row);
        user->second.pop_front();
        if (user->second.empty()) by_user_.erase(user);
    }
    [[nodiscard]] std::optional<KeyOf<Row>> find(const Id& id) const {
        const auto found = by_id_.find(id);
        return found == by_id_.end() ? std::nullopt : std::optional(found->second);
    }
    // The latest of a user's that are below `before`, in the order in which they came, the last
    // first: keys are given in that order.
    [[nodiscard]] std::vector<KeyOf<Row>> newest(UserKey user, KeyOf<Row> before,
                                                 std::size_t limit) const {
        std::vector<KeyOf<Row>> keys;
        const auto found = by_user_.find(user);
        if (found == by_user_.end()) return keys;
        for (auto key = found->second.end(); key != found->second.begin() && keys.size() < limit;) {
            if (*--key < before) keys.push_back(*key);
        }
        return keys;
    }

  private:
    boost::unordered_flat_map<Id, KeyOf<Row>, std::hash<Id>> by_id_;
    boost::unordered_flat_map<UserKey, Fifo<KeyOf<Row>>, std::hash<UserKey>> by_user_;
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
    [[nodiscard]] const Transfer* find(const TransferId& id) const;
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

    // --- folding: see FoldQueue
    auto& unfolded_events() { return events_; }
    auto& unfolded_transfers() { return transfers_; }
    void settle();

    NewRows<ReservationId, Reservation> reservations;
    NewRows<PaymentId, Payment> payments;

  private:
    FoldQueue<PendingEvent, EventOrder> events_;
    FoldQueue<Transfer, TransferOrder> transfers_;
    boost::unordered_flat_map<Stream, Fifo<const PendingEvent*>, StreamHash> by_stream_;
    boost::unordered_flat_map<UserKey, Fifo<const Transfer*>, std::hash<UserKey>> by_wallet_;
    boost::unordered_flat_map<TransferId, const Transfer*, std::hash<TransferId>> by_id_;
};

}  // namespace concertres::sqlite
