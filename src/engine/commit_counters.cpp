#include "engine/commit_counters.hpp"

#include <algorithm>
#include <cstdlib>
#include <unordered_map>
#include <utility>

#include "concertres/assert.hpp"

namespace concertres {

namespace {

// Follows wallets from what they were, through the transfers of one commit, to what is stored of
// them. By how much that does not agree is summed up; what is wrong but no amount counts 1.
class LedgerCheck {
  public:
    explicit LedgerCheck(std::span<const Wallet> before) {
        for (const Wallet& wallet : before) wallets_.emplace(wallet.user, wallet);
    }

    void follow(const Transfer& transfer);
    void compare(const Wallet& stored);
    [[nodiscard]] std::int64_t imbalance();

  private:
    void expect(bool holds) { add(holds ? 0 : 1); }
    void expect_same(Money a, Money b) {
        std::int64_t difference = 0;
        if (__builtin_sub_overflow(a.minor, b.minor, &difference)) difference = Money::max_minor;
        add(difference);
    }
    void add(std::int64_t difference) {
        // Whatever nonsense the amounts are, their sum is one that can be shown.
        sum_ += std::abs(std::clamp(difference, -Money::max_minor, Money::max_minor));
        sum_ = std::min(sum_, Money::max_minor);
    }

    std::unordered_map<UserKey, Wallet> wallets_;  // as the transfers so far leave them
    std::int64_t sum_ = 0;
};

// From which account to which a transfer of this kind goes.
std::pair<Account, Account> accounts_of(const Transfer& transfer) {
    const Account own{transfer.wallet.value};
    switch (transfer.kind) {
        case TransferKind::charge:
            return {cash_in, own};
        case TransferKind::payment:
            return {own, sales};
        case TransferKind::refund:
            return {refunds, own};
    }
    return {};
}

// What the wallet's balance is after `transfer`, by its accounts; as it was where that is no
// number.
Money balance_after(Money balance, const Transfer& transfer) {
    const Account own{transfer.wallet.value};
    std::int64_t after = balance.minor;
    const std::int64_t amount = transfer.amount.minor;
    if (transfer.credit == own && __builtin_add_overflow(after, amount, &after)) return balance;
    if (transfer.debit == own && __builtin_sub_overflow(after, amount, &after)) return balance;
    return Money{after};
}

void LedgerCheck::follow(const Transfer& transfer) {
    const auto found = wallets_.find(transfer.wallet);
    if (found == wallets_.end()) {
        expect(false);  // its wallet is not written
        return;
    }
    Wallet& wallet = found->second;
    expect(transfer.number == wallet.next_number);
    expect(std::pair(transfer.debit, transfer.credit) == accounts_of(transfer));
    expect(check_amount(transfer.amount).has_value());
    expect_same(transfer.balance_after, balance_after(wallet.balance, transfer));
    // The next is compared with this one as it is: one fault is told once.
    wallet.balance = transfer.balance_after;
    wallet.next_number = transfer.number + 1;
}

void LedgerCheck::compare(const Wallet& stored) {
    const auto found = wallets_.find(stored.user);
    if (found == wallets_.end()) {
        expect(false);
        return;
    }
    expect_same(stored.balance, found->second.balance);
    expect(stored.next_number == found->second.next_number);
    expect(stored.balance.minor >= 0);
    wallets_.erase(found);
}

std::int64_t LedgerCheck::imbalance() {
    // Those left were to be written, and are not.
    add(static_cast<std::int64_t>(wallets_.size()));
    return sum_;
}

}  // namespace

void CommitCounters::count(const ChangeSet& changes, std::span<const Wallet> before,
                           Duration took) {
    const auto& bounds = CommitTimes::bounds;
    const auto at = std::lower_bound(bounds.begin(), bounds.end(), took) - bounds.begin();
    times_[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
    time_sum_.fetch_add(took.count(), std::memory_order_relaxed);
    const auto& wallets = changes.rows.of<Wallet>();
    if (!changes.transfers.empty() || !wallets.empty()) {
        LedgerCheck ledger(before);
        for (const Transfer& transfer : changes.transfers) ledger.follow(transfer);
        for (const auto& [wallet, version] : wallets) ledger.compare(wallet);
        ledger_imbalance_.fetch_add(ledger.imbalance(), std::memory_order_relaxed);
    }
    const PaymentId* failed = nullptr;
    for (const Event& event : changes.events) {
        if (event.kind == EventKind::payment_failed) {
            // Those of one payment stand together.
            const bool is_another = failed == nullptr || *failed != event.payment;
            payments_failed_.fetch_add(is_another ? 1 : 0, std::memory_order_relaxed);
            failed = &event.payment;
        }
        const auto kind = static_cast<std::size_t>(event.kind);
        CONCERTRES_ASSERT(kind < kinds);
        events_[kind].fetch_add(1, std::memory_order_relaxed);
    }
    // What a provider has taken is charged for the payment that it is taken for.
    for (const Transfer& transfer : changes.transfers) {
        const bool is_from_outside =
            transfer.kind == TransferKind::charge && !transfer.reference.is_nil();
        if (is_from_outside) count_paid(transfer.amount);
    }
    // A payment's row is written when it is made, for each step with a provider, and when it is
    // given back; maybe several times in one group.
    for (const auto& [payment, version] : changes.rows.of<Payment>()) {
        const bool is_begun = payment.stage != PaymentStage::none;
        if (version == 1 && is_begun) payments_begun_.fetch_add(1, std::memory_order_relaxed);
        if (version == 1 && !is_begun) count_paid(payment.amount);
        if (payment.status == PaymentStatus::refunded) {
            payments_refunded_.fetch_add(1, std::memory_order_relaxed);
            minor_refunded_.fetch_add(payment.amount.minor, std::memory_order_relaxed);
        }
    }
}

void CommitCounters::count_paid(Money amount) {
    payments_completed_.fetch_add(1, std::memory_order_relaxed);
    minor_paid_.fetch_add(amount.minor, std::memory_order_relaxed);
}

void CommitCounters::tell(Statistics& statistics) const {
    for (std::size_t i = 0; i < times_.size(); ++i) statistics.commit_times.counts[i] = times_[i];
    statistics.commit_times.sum = Duration(time_sum_);
    statistics.reservations_made = events(EventKind::reservation_held);
    statistics.reservations_released = events(EventKind::reservation_released);
    statistics.reservations_expired = events(EventKind::reservation_expired);
    statistics.payments_completed = payments_completed_;
    statistics.payments_refunded = payments_refunded_;
    statistics.payments_begun = payments_begun_;
    statistics.payments_failed = payments_failed_;
    statistics.minor_paid = minor_paid_;
    statistics.minor_refunded = minor_refunded_;
    statistics.ledger_imbalance = ledger_imbalance_;
    statistics.charges = events(EventKind::wallet_charged);
    statistics.passes_admitted = events(EventKind::pass_admitted);
    statistics.passes_expired = events(EventKind::pass_expired);
    statistics.passes_left = events(EventKind::pass_left);
}

}  // namespace concertres
