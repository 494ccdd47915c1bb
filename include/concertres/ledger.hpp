// The ledger: wallets, and the transfers that move money between accounts. Every transfer debits
// one account by what it credits to another (double entry), and is never changed. A wallet's stored
// balance is the sum of its transfers; the house's accounts have no row, their balance is a sum.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "concertres/event.hpp"
#include "concertres/ids.hpp"
#include "concertres/money.hpp"
#include "concertres/result.hpp"
#include "concertres/time.hpp"

namespace concertres {

enum class TransferKind : std::uint8_t { charge = 1, payment = 2, refund = 3 };

// A wallet's account is its user's key; the house's are negative.
struct Account {
    std::int64_t value = 0;

    friend auto operator<=>(const Account&, const Account&) = default;
};
inline constexpr Account cash_in{-1};  // where charges come from
inline constexpr Account sales{-2};    // where payments go
inline constexpr Account refunds{-3};  // where refunds come from

struct Wallet {
    UserKey user{};
    Money balance{};
    std::int64_t next_number = 1;  // of its transfers, and of its stream: one event a transfer

    friend bool operator==(const Wallet&, const Wallet&) = default;

    [[nodiscard]] UserKey key() const { return user; }
};

struct Transfer {
    TransferId id{};
    UserKey wallet{};
    std::int64_t number = 0;  // within the wallet, from 1, without gaps
    TransferKind kind = TransferKind::charge;
    Account debit{};
    Account credit{};
    Money amount{};         // above 0
    Money balance_after{};  // of the wallet
    Time at{};
    PaymentId reference{};          // payment and refund
    std::uint64_t fingerprint = 0;  // of the command that made it

    friend bool operator==(const Transfer&, const Transfer&) = default;

    [[nodiscard]] TransferId key() const { return id; }
};

// CRC-32C over every field.
[[nodiscard]] std::uint32_t checksum(const Transfer& transfer);

// Refuses: amount_invalid (not in 1..Money::max_minor).
[[nodiscard]] Result<void> check_amount(Money amount);

struct MovementFacts {
    TransferKind kind = TransferKind::charge;
    Money amount{};
    TransferId id{};
    UserId user{};
    PaymentId reference{};
    std::uint64_t fingerprint = 0;
    Time now{};
};
struct Movement {
    Wallet wallet{};
    Transfer transfer{};
    Event event{};

    friend bool operator==(const Movement&, const Movement&) = default;
};
// One movement between `wallet` and the house.
// Refuses: amount_invalid (out of range, or the balance would pass Money::max_minor);
// insufficient_balance, saying how much is missing.
[[nodiscard]] Result<Movement> move_money(const Wallet& wallet, const MovementFacts& facts);

}  // namespace concertres
