// That the gauge of the ledger is 0 as long as wallets and transfers agree, and tells of each way
// in which they may not.
#include "engine/commit_counters.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "concertres/ledger.hpp"

using namespace concertres;

namespace {

constexpr UserKey alice{4};
constexpr UserKey bob{5};

// The commit of a group in which Alice, who has had two transfers, charges and pays, and Bob, who
// is new, charges.
struct Group {
    std::vector<Wallet> before{{.user = alice, .balance = {30'000}, .next_number = 3},
                               {.user = bob}};
    ChangeSet changes;

    Group() {
        Wallet first = before[0];
        Wallet second = before[1];
        move(first, TransferKind::charge, {50'000});
        move(second, TransferKind::charge, {1'000});
        move(first, TransferKind::payment, {60'000});
        move(first, TransferKind::refund, {10'000});
        changes.rows.of<Wallet>() = {{first, 3}, {second, 1}};
    }
    void move(Wallet& wallet, TransferKind kind, Money amount) {
        const Movement moved = move_money(wallet, {.kind = kind, .amount = amount}).value();
        wallet = moved.wallet;
        changes.transfers.push_back(moved.transfer);
    }
    Transfer& transfer(std::size_t i) { return changes.transfers.at(i); }
    Wallet& stored(std::size_t i) { return changes.rows.of<Wallet>().at(i).row; }
    [[nodiscard]] std::int64_t imbalance() const {
        CommitCounters counters;
        counters.count(changes, before, Duration(1));
        Statistics told;
        counters.tell(told);
        return told.ledger_imbalance;
    }
};

struct PlantedFault {
    std::string name;
    std::function<void(Group&)> plant;
};

const std::vector<PlantedFault> faults = {
    {"a wallet holds more than its last transfer says",
     [](Group& g) { ++g.stored(0).balance.minor; }},
    {"a wallet holds less than its last transfer says",
     [](Group& g) { --g.stored(1).balance.minor; }},
    {"a transfer in the middle does not lead to its balance",
     [](Group& g) { g.transfer(2).balance_after.minor += 5; }},
    {"the first transfer does not begin at what the wallet held",
     [](Group& g) { g.before[0].balance.minor -= 7; }},
    {"a new wallet begins with money", [](Group& g) { g.before[1].balance.minor = 9; }},
    {"an amount is another", [](Group& g) { g.transfer(0).amount.minor += 3; }},
    {"an amount is none", [](Group& g) { g.transfer(1).amount.minor = 0; }},
    {"a number is left out", [](Group& g) { ++g.transfer(2).number; }},
    {"a number is given twice", [](Group& g) { g.transfer(2).number = g.transfer(0).number; }},
    {"the first number is not the wallet's next", [](Group& g) { ++g.before[0].next_number; }},
    {"the wallet's next number is not that after its last",
     [](Group& g) { ++g.stored(0).next_number; }},
    {"money goes out of a wallet and nowhere",
     [](Group& g) { g.transfer(2).credit = g.transfer(2).debit; }},
    {"money comes from nowhere", [](Group& g) { g.transfer(0).debit = g.transfer(0).credit; }},
    {"money goes into another's wallet",
     [](Group& g) { g.transfer(0).credit = Account{bob.value}; }},
    {"a charge is taken out of the sales", [](Group& g) { g.transfer(0).debit = sales; }},
    {"a payment goes the wrong way",
     [](Group& g) { std::swap(g.transfer(2).debit, g.transfer(2).credit); }},
    {"a transfer is of no kind",
     [](Group& g) { g.transfer(0).kind = static_cast<TransferKind>(9); }},
    {"a transfer is lost",
     [](Group& g) { g.changes.transfers.erase(g.changes.transfers.begin()); }},
    {"a transfer is written twice", [](Group& g) { g.changes.transfers.push_back(g.transfer(3)); }},
    {"a wallet is not written", [](Group& g) { g.changes.rows.of<Wallet>().pop_back(); }},
    {"no wallet is written", [](Group& g) { g.changes.rows.of<Wallet>().clear(); }},
    {"a wallet is written without its transfers", [](Group& g) { g.changes.transfers.clear(); }},
    {"a wallet is overdrawn",
     [](Group& g) {
         g.before[0].balance.minor = -30'000;
         for (const std::size_t i : {0u, 2u, 3u}) g.transfer(i).balance_after.minor -= 60'000;
         g.stored(0).balance.minor -= 60'000;
     }},
    {"amounts are so large that they do not add up",
     [](Group& g) {
         g.transfer(0).amount.minor = INT64_MAX;
         g.transfer(1).balance_after.minor = INT64_MIN;
     }},
    {"a wallet below zero pays more than any number can say",
     [](Group& g) {
         g.transfer(0).balance_after.minor = -2;
         g.transfer(2).amount.minor = INT64_MAX;
     }},
    {"a transfer is in a wallet that is not written", [](Group& g) { g.before.pop_back(); }},
};

}  // namespace

TEST_CASE("a group whose wallets and transfers agree is balanced") {
    CHECK(Group().imbalance() == 0);
    Group nothing;
    nothing.before.clear();
    nothing.changes = {};
    CHECK(nothing.imbalance() == 0);
}

TEST_CASE("whatever is wrong with the money of a group is told") {
    for (const PlantedFault& fault : faults) {
        CAPTURE(fault.name);
        Group group;
        fault.plant(group);
        CHECK(group.imbalance() > 0);
    }
}

TEST_CASE("what is told is by how much it differs") {
    Group group;
    group.stored(0).balance.minor += 12'345;
    CHECK(group.imbalance() == 12'345);
}

TEST_CASE("of payments that fail in one commit each counts once, however many halls it was for") {
    const auto failed = [](const std::string& payment) {
        Event event;
        event.kind = EventKind::payment_failed;
        event.payment = PaymentId::from_name(payment);
        return event;
    };
    Event released;
    released.kind = EventKind::reservation_released;
    ChangeSet changes;
    changes.events = {failed("first"), failed("first"), released,       failed("second"),
                      failed("third"), failed("third"), failed("third")};
    CommitCounters counters;
    counters.count(changes, {}, Duration(1));
    Statistics told;
    counters.tell(told);
    CHECK(told.payments_failed == 3);
    CHECK(told.reservations_released == 1);
    counters.count(changes, {}, Duration(1));
    counters.tell(told);
    CHECK(told.payments_failed == 6);
}
