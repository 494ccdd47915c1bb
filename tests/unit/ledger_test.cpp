#include "concertres/ledger.hpp"

#include <functional>
#include <map>
#include <random>
#include <set>

#include "unit/domain_rows.hpp"

using namespace concertres;
using namespace rows;

namespace {

const TransferId transfer_id = TransferId::from_name("transfer");
const PaymentId payment_id = PaymentId::from_name("payment");

MovementFacts facts(TransferKind kind, std::int64_t amount) {
    return {.kind = kind,
            .amount = {amount},
            .id = transfer_id,
            .user = id_of(alice),
            .reference = kind == TransferKind::charge ? PaymentId{} : payment_id,
            .fingerprint = 0xfeed,
            .now = t0};
}

Wallet wallet(std::int64_t balance) {
    return {.user = alice, .balance = {balance}, .next_number = 4};
}

constexpr TransferKind all_kinds[] = {TransferKind::charge, TransferKind::payment,
                                      TransferKind::refund};

}  // namespace

TEST_CASE("an amount is 1 to 2^53 - 1") {
    CHECK(code(check_amount({1})) == "ok");
    CHECK(code(check_amount({Money::max_minor})) == "ok");
    CHECK(code(check_amount({0})) == "amount_invalid");
    CHECK(code(check_amount({-1})) == "amount_invalid");
    CHECK(code(check_amount({Money::max_minor + 1})) == "amount_invalid");
    CHECK(code(check_amount({INT64_MIN})) == "amount_invalid");
    CHECK(code(check_amount({INT64_MAX})) == "amount_invalid");
}

TEST_CASE("a charge takes money from where it comes in and credits the wallet") {
    const auto r = move_money(wallet(500), facts(TransferKind::charge, 300));
    REQUIRE(code(r) == "ok");
    CHECK(r->wallet == Wallet{.user = alice, .balance = {800}, .next_number = 5});
    CHECK(r->transfer == Transfer{.id = transfer_id,
                                  .wallet = alice,
                                  .number = 4,
                                  .kind = TransferKind::charge,
                                  .debit = cash_in,
                                  .credit = {alice.value},
                                  .amount = {300},
                                  .balance_after = {800},
                                  .at = t0,
                                  .reference = {},
                                  .fingerprint = 0xfeed});
    CHECK(r->event == Event{.stream = {StreamKind::wallet, alice.value},
                            .number = 4,
                            .kind = EventKind::wallet_charged,
                            .at = t0,
                            .user = id_of(alice),
                            .transfer = transfer_id,
                            .amount = {300},
                            .balance = {800}});
}

TEST_CASE("a payment debits the wallet and credits the sales") {
    const auto r = move_money(wallet(500), facts(TransferKind::payment, 300));
    REQUIRE(code(r) == "ok");
    CHECK(r->wallet.balance == Money{200});
    CHECK(r->transfer.debit == Account{alice.value});
    CHECK(r->transfer.credit == sales);
    CHECK(r->transfer.reference == payment_id);
    CHECK(r->event.kind == EventKind::wallet_paid);
    CHECK(r->event.payment == payment_id);
    CHECK(r->event.balance == Money{200});
}

TEST_CASE("a refund debits the refunds and credits the wallet") {
    const auto r = move_money(wallet(500), facts(TransferKind::refund, 300));
    REQUIRE(code(r) == "ok");
    CHECK(r->wallet.balance == Money{800});
    CHECK(r->transfer.debit == refunds);
    CHECK(r->transfer.credit == Account{alice.value});
    CHECK(r->event.kind == EventKind::wallet_refunded);
}

TEST_CASE("a wallet can be emptied, and is never below 0") {
    CHECK(move_money(wallet(500), facts(TransferKind::payment, 500))->wallet.balance == Money{0});
    const auto r = move_money(wallet(500), facts(TransferKind::payment, 501));
    CHECK(code(r) == "insufficient_balance");
    CHECK(r.error().detail == "1 is missing: the price is 501, the balance 500");
    CHECK(code(move_money(wallet(0), facts(TransferKind::payment, Money::max_minor))) ==
          "insufficient_balance");
}

TEST_CASE("a wallet holds 2^53 - 1 at most") {
    for (const TransferKind kind : {TransferKind::charge, TransferKind::refund}) {
        CHECK(code(move_money(wallet(Money::max_minor - 1), facts(kind, 1))) == "ok");
        CHECK(code(move_money(wallet(Money::max_minor), facts(kind, 1))) == "amount_invalid");
        CHECK(code(move_money(wallet(1), facts(kind, Money::max_minor))) == "amount_invalid");
    }
}

// Seed defect: a negative price credited the wallet that it should have debited.
TEST_CASE("no movement has an amount of 0 or less, in either direction") {
    for (const TransferKind kind : all_kinds) {
        for (const std::int64_t amount : {std::int64_t{0}, std::int64_t{-1}, INT64_MIN}) {
            CHECK(code(move_money(wallet(500), facts(kind, amount))) == "amount_invalid");
        }
    }
}

TEST_CASE("an amount out of range is refused as such, also where the balance would not do") {
    CHECK(code(move_money(wallet(0), facts(TransferKind::payment, Money::max_minor + 1))) ==
          "amount_invalid");
}

TEST_CASE("a wallet without an owner, or out of its bounds, is a bug") {
    const MovementFacts charge = facts(TransferKind::charge, 1);
    CHECK_THROWS_AS((void)move_money(Wallet{}, charge), AssertionFailed);
    CHECK_THROWS_AS((void)move_money(wallet(-1), charge), AssertionFailed);
    CHECK_THROWS_AS((void)move_money(wallet(Money::max_minor + 1), charge), AssertionFailed);
}

TEST_CASE("over any sequence the accounts sum to zero and the balance is the sum of transfers") {
    std::mt19937_64 random(20'261'224);
    Wallet own{.user = alice};
    std::map<Account, std::int64_t> accounts;
    std::int64_t next = 1;
    for (int i = 0; i < 5'000; ++i) {
        const TransferKind kind = all_kinds[random() % 3];
        const auto amount = static_cast<std::int64_t>(random() % 2'000) - 5;
        const auto r = move_money(own, facts(kind, amount));
        if (!r) continue;
        accounts[r->transfer.debit] -= r->transfer.amount.minor;
        accounts[r->transfer.credit] += r->transfer.amount.minor;
        own = r->wallet;
        REQUIRE(own.balance.minor >= 0);
        REQUIRE(r->transfer.balance_after == own.balance);
        REQUIRE(r->transfer.number == next);
        REQUIRE(r->event.number == next);
        ++next;
    }
    CHECK(next > 1'000);
    CHECK(own.next_number == next);
    CHECK(accounts[Account{alice.value}] == own.balance.minor);
    std::int64_t sum = 0;
    for (const auto& [account, balance] : accounts) sum += balance;
    CHECK(sum == 0);
}

TEST_CASE("a transfer's checksum covers every field") {
    const Transfer transfer = move_money(wallet(500), facts(TransferKind::payment, 300))->transfer;
    const std::function<void(Transfer&)> changes[] = {
        [](Transfer& t) { t.id = TransferId::from_name("other"); },
        [](Transfer& t) { t.wallet = bob; },
        [](Transfer& t) { ++t.number; },
        [](Transfer& t) { t.kind = TransferKind::refund; },
        [](Transfer& t) { t.debit = sales; },
        [](Transfer& t) { t.credit = refunds; },
        [](Transfer& t) { ++t.amount.minor; },
        [](Transfer& t) { ++t.balance_after.minor; },
        [](Transfer& t) { t.at += tick; },
        [](Transfer& t) { t.reference = {}; },
        [](Transfer& t) { ++t.fingerprint; },
    };
    std::set<std::uint32_t> sums = {checksum(transfer)};
    for (const auto& change : changes) {
        Transfer other = transfer;
        change(other);
        sums.insert(checksum(other));
    }
    CHECK(sums.size() == std::size(changes) + 1);
    CHECK(checksum(transfer) == checksum(Transfer(transfer)));
}
