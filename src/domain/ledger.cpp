#include "concertres/ledger.hpp"

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "base/crc32c.hpp"

namespace concertres {
namespace {

bool is_amount(Money amount) { return amount.minor >= 1 && amount.minor <= Money::max_minor; }

Account house_account(TransferKind kind) {
    switch (kind) {
        case TransferKind::charge:
            return cash_in;
        case TransferKind::payment:
            return sales;
        case TransferKind::refund:
            return refunds;
    }
    CONCERTRES_ASSERT(false && "no such kind");
    return {};
}

EventKind event_kind(TransferKind kind) {
    switch (kind) {
        case TransferKind::charge:
            return EventKind::wallet_charged;
        case TransferKind::payment:
            return EventKind::wallet_paid;
        case TransferKind::refund:
            return EventKind::wallet_refunded;
    }
    CONCERTRES_ASSERT(false && "no such kind");
    return {};
}

// Only a payment takes money out of a wallet.
Result<Money> balance_after(Money balance, TransferKind kind, Money amount) {
    if (auto r = check_amount(amount); !r) return r.error();
    if (kind == TransferKind::payment) {
        if (balance >= amount) return Money{balance.minor - amount.minor};
        return Error{
            .code = Errc::insufficient_balance,
            .detail = fmt::format("{} is missing: the price is {}, the balance {}",
                                  amount.minor - balance.minor, amount.minor, balance.minor),
            .seats = {}};
    }
    if (const auto sum = checked_add(balance, amount)) return *sum;
    return Error{.code = Errc::amount_invalid,
                 .detail = fmt::format("a wallet holds {} at most, and this one has {}",
                                       Money::max_minor, balance.minor),
                 .seats = {}};
}

Transfer transfer_of(const Wallet& wallet, const MovementFacts& facts, Money after) {
    const Account own{wallet.user.value};
    const Account house = house_account(facts.kind);
    const bool is_out = facts.kind == TransferKind::payment;
    return {.id = facts.id,
            .wallet = wallet.user,
            .number = wallet.next_number,
            .kind = facts.kind,
            .debit = is_out ? own : house,
            .credit = is_out ? house : own,
            .amount = facts.amount,
            .balance_after = after,
            .at = facts.now,
            .reference = facts.reference,
            .fingerprint = facts.fingerprint};
}

Event event_of(const Transfer& transfer, UserId user) {
    return {.stream = {StreamKind::wallet, transfer.wallet.value},
            .number = transfer.number,
            .kind = event_kind(transfer.kind),
            .at = transfer.at,
            .user = user,
            .payment = transfer.reference,
            .transfer = transfer.id,
            .amount = transfer.amount,
            .balance = transfer.balance_after};
}

}  // namespace

std::uint32_t checksum(const Transfer& transfer) {
    std::string bytes;
    bytes.reserve(112);
    ByteWriter(bytes)
        .raw(transfer.id.uuid.bytes)
        .i64(transfer.wallet.value)
        .i64(transfer.number)
        .u8(static_cast<std::uint8_t>(transfer.kind))
        .i64(transfer.debit.value)
        .i64(transfer.credit.value)
        .i64(transfer.amount.minor)
        .i64(transfer.balance_after.minor)
        .i64(transfer.at.time_since_epoch().count())
        .raw(transfer.reference.uuid.bytes)
        .u64(transfer.fingerprint);
    return crc32c(bytes);
}

Result<void> check_amount(Money amount) {
    if (is_amount(amount)) return {};
    return Error{
        .code = Errc::amount_invalid,
        .detail = fmt::format("an amount is 1 to {}, not {}", Money::max_minor, amount.minor),
        .seats = {}};
}

Result<Movement> move_money(const Wallet& wallet, const MovementFacts& facts) {
    CONCERTRES_ASSERT(wallet.user);
    CONCERTRES_ASSERT(wallet.balance.minor >= 0 && wallet.balance.minor <= Money::max_minor);
    const Result<Money> after = balance_after(wallet.balance, facts.kind, facts.amount);
    if (!after) return after.error();

    Movement movement{
        .wallet = wallet, .transfer = transfer_of(wallet, facts, *after), .event = {}};
    movement.event = event_of(movement.transfer, facts.user);
    movement.wallet.balance = *after;
    ++movement.wallet.next_number;
    return movement;
}

}  // namespace concertres
