// Money: every transfer, every balance, and what the events of wallets say of them.

#include <map>

#include "engine/audit_checks.hpp"

namespace concertres {
namespace {

// What transfers of a kind are, spelled out rather than asked of the code that makes them.
struct Form {
    Account debit{};
    Account credit{};
    EventKind event = EventKind::wallet_charged;
};

Form form_of(const Transfer& transfer) {
    const Account own{transfer.wallet.value};
    switch (transfer.kind) {
        case TransferKind::payment:
            return {.debit = own, .credit = sales, .event = EventKind::wallet_paid};
        case TransferKind::refund:
            return {.debit = refunds, .credit = own, .event = EventKind::wallet_refunded};
        case TransferKind::charge:
            break;
    }
    return {.debit = cash_in, .credit = own, .event = EventKind::wallet_charged};
}

class LedgerChecks {
  public:
    LedgerChecks(const Audited& audited, Findings& findings)
        : rows_(&audited.rows), findings_(&findings) {}

    void check() {
        for (const Transfer& transfer : rows_->transfers) {
            check_transfer(transfer);
            check_balance(transfer);
            check_told(transfer);
        }
        for (const Wallet& wallet : rows_->wallets) check_wallet(wallet);
        check_sum();
        for (const ShownMovement& told : rows_->movements) {
            findings_->expect(rows_->transfers.find(told.transfer) != nullptr, "O1",
                              "an event tells of transfer {}, which does not exist", told.transfer);
        }
    }

  private:
    void check_transfer(const Transfer& transfer);
    void check_balance(const Transfer& transfer);
    void check_told(const Transfer& transfer);
    void check_wallet(const Wallet& wallet);
    void check_sum();

    const AuditRows* rows_;
    Findings* findings_;
    AuditMap<UserKey, Wide> balances_;  // as the transfers leave them
    std::map<Account, Wide> house_;
};

void LedgerChecks::check_transfer(const Transfer& transfer) {
    const Form form = form_of(transfer);
    findings_->expect(is_known(transfer.kind), "L1", "transfer {} is of kind {}", transfer.id,
                      transfer.kind);
    findings_->expect(transfer.debit == form.debit && transfer.credit == form.credit, "L1",
                      "transfer {}, a {}, moves from account {} to {}, expected from {} to {}",
                      transfer.id, transfer.kind, transfer.debit.value, transfer.credit.value,
                      form.debit.value, form.credit.value);
    findings_->expect(transfer.amount.minor >= 1 && transfer.amount.minor <= Money::max_minor, "L6",
                      "transfer {} moves {}, expected 1 to {}", transfer.id, transfer.amount,
                      Money::max_minor);
    findings_->expect(rows_->wallets.find(transfer.wallet) != nullptr, "L4",
                      "transfer {} is in the wallet of user {}, which does not exist", transfer.id,
                      name(*rows_, transfer.wallet));
    // A charge may be for a payment with money from outside: the payments' check sees to that.
    findings_->expect(!transfer.reference.is_nil() || transfer.kind == TransferKind::charge, "P2",
                      "transfer {}, a {}, is for payment {}", transfer.id, transfer.kind,
                      transfer.reference);
    for (const auto& [account, sign] : {std::pair(transfer.debit, -1), {transfer.credit, 1}}) {
        if (account.value < 0) house_[account] += Wide{sign} * transfer.amount.minor;
    }
}

// Transfers are shown wallet by wallet, in order of their number.
void LedgerChecks::check_balance(const Transfer& transfer) {
    Wide& balance = balances_.try_emplace(transfer.wallet, 0).first->second;
    balance += transfer.kind == TransferKind::payment ? -Wide{transfer.amount.minor}
                                                      : Wide{transfer.amount.minor};
    findings_->expect(transfer.balance_after.minor == balance, "L4",
                      "transfer {} left {} in the wallet of user {}, but its transfers so far come "
                      "to {}",
                      transfer.id, transfer.balance_after, name(*rows_, transfer.wallet), balance);
    findings_->expect(balance >= 0 && transfer.balance_after.minor >= 0, "L3",
                      "transfer {} left the wallet of user {} at {}, below 0", transfer.id,
                      name(*rows_, transfer.wallet), balance);
    findings_->expect(balance <= Money::max_minor, "L6",
                      "transfer {} left the wallet of user {} at {}, of at most {}", transfer.id,
                      name(*rows_, transfer.wallet), balance, Money::max_minor);
}

void LedgerChecks::check_told(const Transfer& transfer) {
    const ShownMovement* told = rows_->movements.find(transfer.id);
    if (!findings_->expect(told != nullptr, "O1", "no event tells of transfer {}", transfer.id)) {
        return;
    }
    const auto user = rows_->user_ids.find(transfer.wallet);
    const bool is_same = told->stream == Stream{StreamKind::wallet, transfer.wallet.value} &&
                         told->number == transfer.number && told->kind == form_of(transfer).event &&
                         told->at == transfer.at && told->payment == transfer.reference &&
                         told->amount == transfer.amount &&
                         told->balance == transfer.balance_after &&
                         (user == rows_->user_ids.end() || told->user == user->second);
    findings_->expect(is_same, "O1",
                      "transfer {} is number {} in the wallet of user {}, of {}, and left {}; its "
                      "event is number {} of {}, of user {}, of {}, and left {}: expected the same",
                      transfer.id, transfer.number, name(*rows_, transfer.wallet), transfer.amount,
                      transfer.balance_after, told->number, told->stream.owner, told->user,
                      told->amount, told->balance);
}

void LedgerChecks::check_wallet(const Wallet& wallet) {
    const auto found = balances_.find(wallet.user);
    const Wide sum = found == balances_.end() ? Wide{0} : found->second;
    findings_->expect(wallet.balance.minor == sum, "L4",
                      "the wallet of user {} holds {}, but its transfers come to {}",
                      name(*rows_, wallet.user), wallet.balance, sum);
    findings_->expect(wallet.balance.minor >= 0, "L3", "the wallet of user {} holds {}, below 0",
                      name(*rows_, wallet.user), wallet.balance);
}

void LedgerChecks::check_sum() {
    Wide sum = 0;
    for (const Wallet& wallet : rows_->wallets) sum += wallet.balance.minor;
    for (const auto& [account, balance] : house_) sum += balance;
    findings_->expect(sum == 0, "L2",
                      "all wallets and the house's accounts together hold {}, expected 0", sum);
}

}  // namespace

void check_ledger(const Audited& audited, Findings& findings) {
    LedgerChecks(audited, findings).check();
}

}  // namespace concertres
