#include "engine/commit_counters.hpp"

#include <algorithm>
#include <cstdlib>
#include <unordered_map>

#include "concertres/assert.hpp"

namespace concertres {

void CommitCounters::count(const ChangeSet& changes, Duration took) {
    const auto& bounds = CommitTimes::bounds;
    const auto at = std::lower_bound(bounds.begin(), bounds.end(), took) - bounds.begin();
    times_[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
    time_sum_.fetch_add(took.count(), std::memory_order_relaxed);
    if (!changes.transfers.empty()) compare_ledger(changes);
    for (const Event& event : changes.events) {
        const auto kind = static_cast<std::size_t>(event.kind);
        CONCERTRES_ASSERT(kind < kinds);
        events_[kind].fetch_add(1, std::memory_order_relaxed);
    }
    // A payment's row is written when it is made and when it is given back; maybe in one group.
    for (const auto& [payment, version] : changes.rows.of<Payment>()) {
        if (version == 1) payments_completed_.fetch_add(1, std::memory_order_relaxed);
        if (payment.status == PaymentStatus::refunded) {
            payments_refunded_.fetch_add(1, std::memory_order_relaxed);
        }
    }
}

// A wallet's row is written with its transfers, the last of which says what the row must hold.
void CommitCounters::compare_ledger(const ChangeSet& changes) {
    std::unordered_map<UserKey, std::int64_t> balances;
    for (const Transfer& transfer : changes.transfers) {
        balances[transfer.wallet] = transfer.balance_after.minor;
    }
    std::int64_t imbalance = 0;
    for (const auto& [wallet, version] : changes.rows.of<Wallet>()) {
        const auto last = balances.find(wallet.key());
        if (last == balances.end()) continue;  // its stream alone was numbered on
        imbalance += std::abs(wallet.balance.minor - last->second);
        balances.erase(last);
    }
    for (const auto& [wallet, balance] : balances) imbalance += std::abs(balance);
    ledger_imbalance_.fetch_add(imbalance, std::memory_order_relaxed);
}

void CommitCounters::tell(Statistics& statistics) const {
    for (std::size_t i = 0; i < times_.size(); ++i) statistics.commit_times.counts[i] = times_[i];
    statistics.commit_times.sum = Duration(time_sum_);
    statistics.reservations_made = events(EventKind::reservation_held);
    statistics.reservations_released = events(EventKind::reservation_released);
    statistics.reservations_expired = events(EventKind::reservation_expired);
    statistics.payments_completed = payments_completed_;
    statistics.payments_refunded = payments_refunded_;
    statistics.ledger_imbalance = ledger_imbalance_;
    statistics.charges = events(EventKind::wallet_charged);
    statistics.passes_admitted = events(EventKind::pass_admitted);
    statistics.passes_expired = events(EventKind::pass_expired);
    statistics.passes_left = events(EventKind::pass_left);
}

}  // namespace concertres
