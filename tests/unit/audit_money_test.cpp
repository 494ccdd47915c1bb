// What the audit finds of wallets, transfers and payments: one broken rule at a time.

#include <doctest/doctest.h>

#include "support/shown_sale.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

constexpr Duration tick{1};

// A sale without a room: alice has charged 9,000, holds 101 (Monday 1, 2) and 102 (Monday 3).
SaleScript two_holds() {
    SaleScript script(std::nullopt);
    script.charge(alice, {9'000}, t0);
    script.hold({.row = {101}, .user = alice, .seats = {1, 2}, .at = t0, .until = t0 + 5min});
    script.hold({.row = {102}, .user = alice, .seats = {3}, .at = t0, .until = t0 + 5min});
    return script;
}

}  // namespace

// --- The ledger --------------------------------------------------------------------------------

TEST_CASE("a transfer between accounts that do not go with its kind breaks L1") {
    ShownStore store = a_sale();
    SUBCASE("from one wallet to another") { store.transfer(carol, 1).debit = {alice.value}; }
    SUBCASE("the wrong way") {
        Transfer& paid = store.transfer(alice, 2);
        std::swap(paid.debit, paid.credit);
    }
    SUBCASE("from another account of the house") { store.transfer(carol, 3).debit = cash_in; }
    CHECK(finds(store, "L1", {}));
}

TEST_CASE("a refund from another account of the house breaks L1 alone") {
    ShownStore store = a_sale();
    store.transfer(carol, 3).debit = cash_in;
    CHECK(broken_rules(store) == "L1");
}

TEST_CASE("a transfer of a kind that does not exist breaks L1") {
    ShownStore store = a_sale();
    store.transfer(alice, 1).kind = static_cast<TransferKind>(9);
    CHECK(finds(store, "L1", {"unknown (9)"}));
}

TEST_CASE("money that comes from nowhere breaks L2") {
    ShownStore store = a_sale();
    store.row<Wallet>(alice).balance.minor += 1;
    CHECK(broken_rules(store) == "L2 L4");
    CHECK(finds(store, "L2", {"together hold 1,"}));
}

TEST_CASE("a wallet that was below 0 at any moment breaks L3") {
    SaleScript script = two_holds();
    script.pay({201}, {{101}}, t0 + 1min);
    script.charge(alice, {9'000}, t0 + 2min);
    ShownStore& shown = script.store();
    // As if she had charged but 1,000 before she paid 2,000.
    const auto was_less = [&](std::int64_t number) {
        shown.transfer(alice, number).balance_after.minor -= 8'000;
        shown.event(wallet_of(alice), number).balance.minor -= 8'000;
    };
    shown.transfer(alice, 1).amount = {1'000};
    shown.event(wallet_of(alice), 1).amount = {1'000};
    for (const std::int64_t number : {1, 2, 3}) was_less(number);
    shown.row<Payment>({201}).balance_after.minor -= 8'000;
    shown.row<Wallet>(alice).balance.minor -= 8'000;
    ShownStore store = script.shown(t0 + 3min);
    CHECK(broken_rules(store) == "L3");
    CHECK(finds(store, "L3", {"at -1000, below 0"}));
}

TEST_CASE("a wallet that is stored below 0 breaks L3") {
    ShownStore store = a_sale();
    store.row<Wallet>(alice).balance = {-1};
    CHECK(broken_rules(store) == "L2 L3 L4");
}

TEST_CASE("a balance after a transfer that is not the sum so far breaks L4") {
    ShownStore store = a_sale();
    store.transfer(carol, 1).balance_after.minor += 1;
    store.event(wallet_of(carol), 1).balance.minor += 1;
    CHECK(broken_rules(store) == "L4");
}

TEST_CASE("a transfer in a wallet that does not exist breaks L4") {
    ShownStore store = a_sale();
    store.remove<Wallet>(carol);
    CHECK(finds(store, "L4", {id_of(carol).to_string(), "does not exist"}));
}

TEST_CASE("a transfer that is missing, or out of its place, breaks L5") {
    ShownStore store = a_sale();
    SUBCASE("the first") { store.transfers_shown.erase(store.transfers_shown.begin()); }
    SUBCASE("the last") { store.transfers_shown.pop_back(); }
    SUBCASE("two swapped") { std::swap(store.transfers_shown[0], store.transfers_shown[1]); }
    CHECK(finds(store, "L5", {}));
}

TEST_CASE("an amount out of its range breaks L6") {
    Money amount{};
    SUBCASE("nothing") {}
    SUBCASE("more than any") { amount = {Money::max_minor + 1}; }
    SaleScript script(std::nullopt);
    script.charge(alice, {5'000}, t0);
    ShownStore store = script.shown(t0);
    Transfer& transfer = store.transfer(alice, 1);
    Event& event = store.event(wallet_of(alice), 1);
    transfer.amount = transfer.balance_after = amount;
    event.amount = event.balance = amount;
    store.row<Wallet>(alice).balance = amount;
    CHECK(broken_rules(store) == "L6");
}

TEST_CASE("a payment of another price than the hold's breaks L6") {
    SaleScript script = two_holds();
    script.store().event(of_monday, 1).amount = {1};
    ShownStore store = script.shown(t0 + 1min);
    SUBCASE("before it is paid") {}
    SUBCASE("when it is paid") {
        script.pay({201}, {{101}}, t0 + 1min);
        store = script.shown(t0 + 1min);
    }
    CHECK(broken_rules(store) == "L6");
}

TEST_CASE("a reservation that costs something else than its seats breaks L6") {
    SaleScript script = two_holds();
    script.store().row<Reservation>({102}).seats.front().price = {999};
    ShownStore store = script.shown(t0 + 1min);
    CHECK(broken_rules(store) == "L6");
}

TEST_CASE("a transfer that its event tells differently, or not at all, breaks O1") {
    ShownStore store = a_sale();
    Event& event = store.event(wallet_of(carol), 2);
    SUBCASE("amount") { event.amount.minor += 1; }
    SUBCASE("balance") { event.balance.minor += 1; }
    SUBCASE("time") { event.at -= tick; }
    SUBCASE("payment") { event.payment = {}; }
    SUBCASE("user") { event.user = id_of(alice); }
    SUBCASE("kind") { event.kind = EventKind::wallet_refunded; }
    SUBCASE("a transfer that another event tells of") {
        event.transfer = store.transfer(carol, 1).id;
    }
    SUBCASE("another transfer") { event.transfer = TransferId::from_name("none"); }
    CHECK(broken_rules(store) == "O1");
}

// --- Payments ----------------------------------------------------------------------------------

TEST_CASE("a payment and its reservations that do not know each other break P2") {
    ShownStore store = a_sale();
    SUBCASE("the reservation names no payment") { store.row<Reservation>({101}).payment = {}; }
    SUBCASE("it names another") { store.row<Reservation>({101}).payment = {202}; }
    SUBCASE("one that was never paid names one") { store.row<Reservation>({107}).payment = {201}; }
    SUBCASE("the payment names none") { store.row<Payment>({201}).reservations.clear(); }
    SUBCASE("it names one that does not exist") {
        store.row<Payment>({201}).reservations.push_back({999});
    }
    CHECK(broken_rules(store) == "P2");
}

TEST_CASE("a payment of another user or concert than its reservations' breaks P2") {
    ShownStore store = a_sale();
    store.row<Payment>({202}).user = alice;
    store.row<Payment>({202}).user_id = id_of(alice);
    CHECK(finds(store, "P2", {id_of(alice).to_string(), id_of(carol).to_string()}));
}

TEST_CASE("a payment at another concert than its reservations' breaks P2") {
    ShownStore store = a_sale();
    store.row<Payment>({202}).concert = {99};
    CHECK(finds(store, "P2", {id_of(PaymentKey{202}).to_string(), "at concerts with key 99"}));
}

TEST_CASE("a payment of another amount than its reservations cost breaks P2") {
    ShownStore store = a_sale();
    store.row<Payment>({201}).amount.minor -= 1;
    CHECK(broken_rules(store) == "P2");
}

TEST_CASE("a payment that its transfer does not match breaks P2") {
    ShownStore store = a_sale();
    SUBCASE("its balance") { store.row<Payment>({201}).balance_after.minor += 1; }
    SUBCASE("its refund's balance") { store.row<Payment>({202}).balance_after.minor += 1; }
    SUBCASE("the time of its refund") { store.row<Payment>({202}).refunded_at += tick; }
    SUBCASE("a refund that was none") { store.row<Payment>({201}).refunded_at = t0; }
    SUBCASE("a transfer for another payment") {
        store.transfer(alice, 2).reference = id_of(PaymentKey{999});
        store.event(wallet_of(alice), 2).payment = id_of(PaymentKey{999});
    }
    SUBCASE("a charge for a payment") {
        store.transfer(alice, 1).reference = id_of(PaymentKey{201});
        store.event(wallet_of(alice), 1).payment = id_of(PaymentKey{201});
    }
    CHECK(broken_rules(store) == "P2");
}

TEST_CASE("a refund without a transfer, or a transfer without a refund, breaks P2") {
    SaleScript script = two_holds();
    script.pay({201}, {{101}}, t0 + 1min);
    SUBCASE("no refund") {
        script.refund({201}, t0 + 2min);
        Payment& payment = script.store().row<Payment>({201});
        payment.status = PaymentStatus::completed;
        payment.refunded_at = {};
        payment.balance_after = script.store().transfer(alice, 2).balance_after;
    }
    SUBCASE("no transfer") {
        Payment& payment = script.store().row<Payment>({201});
        payment.status = PaymentStatus::refunded;
        payment.refunded_at = t0 + 2min;
    }
    ShownStore store = script.shown(t0 + 3min);
    CHECK(broken_rules(store) == "O1 P2");
    CHECK(finds(store, "P2", {id_of(PaymentKey{201}).to_string(), "refund transfer"}));
}

TEST_CASE("two transfers for one payment break P2") {
    SaleScript script = two_holds();
    script.pay({201}, {{101}}, t0 + 1min);
    script.pay({202}, {{102}}, t0 + 1min);
    script.store().transfer(alice, 3).reference = id_of(PaymentKey{201});
    script.store().event(wallet_of(alice), 3).payment = id_of(PaymentKey{201});
    ShownStore store = script.shown(t0 + 3min);
    CHECK(broken_rules(store) == "P2");
    CHECK(finds(store, "P2", {"more than one payment transfer"}));
}

TEST_CASE("a payment in a state that does not exist breaks P2") {
    ShownStore store = a_sale();
    store.row<Payment>({201}).status = static_cast<PaymentStatus>(0);
    CHECK(broken_rules(store) == "P2");
}

TEST_CASE("a reservation that is paid twice breaks P3") {
    SaleScript script = two_holds();
    script.pay({201}, {{101}}, t0 + 1min);
    script.pay({202}, {{101}}, t0 + 2min);
    ShownStore store = script.shown(t0 + 3min);
    CHECK(finds(store, "P3", {"was paid twice", id_of(PaymentKey{202}).to_string()}));
    CHECK(finds(store, "P3", {"is paid for by payments", id_of(PaymentKey{202}).to_string()}));
}

TEST_CASE("a payment that two rows claim breaks P3") {
    ShownStore store = a_sale();
    store.row<Payment>({202}).reservations = {{101}};
    CHECK(finds(store, "P3", {id_of(ReservationKey{101}).to_string()}));
}

TEST_CASE("a payment that events tell differently breaks O1") {
    ShownStore store = a_sale();
    SUBCASE("another place") { store.row<Payment>({202}).place = {4}; }
    SUBCASE("no such row") {
        SaleScript script = two_holds();
        script.pay({201}, {{101}}, t0 + 1min);
        store = script.shown(t0 + 1min);
        store.event(of_monday, 3).payment = id_of(PaymentKey{999});
    }
    CHECK(finds(store, "O1", {}));
}

TEST_CASE("a payment of another time than its events and its transfer breaks O1 and P2") {
    ShownStore store = a_sale();
    store.row<Payment>({201}).paid_at += tick;
    CHECK(broken_rules(store) == "O1 P2");
    const std::string id = id_of(PaymentKey{201}).to_string();
    CHECK(finds(store, "O1", {"payment " + id, "its events say"}));
    CHECK(finds(store, "P2", {"payment " + id, "but its transfer"}));
}

TEST_CASE("a payment or refund whose event is about nothing of it breaks P2") {
    ShownStore store = a_sale();
    SUBCASE("a payment for nothing") {
        store.event(of_monday, 3).items.clear();
        CHECK(finds(store, "P2", {"paid for nothing, by event 3"}));
    }
    SUBCASE("a refund of what another payment paid") {
        store.event(of_monday, 6).payment = id_of(PaymentKey{201});
        CHECK(finds(store, "P2", {"had paid it", id_of(ReservationKey{105}).to_string()}));
    }
}

TEST_CASE("a payment over two performances that they tell differently breaks P1") {
    SaleScript script = two_holds();
    script.hold({.row = {103},
                 .user = alice,
                 .performance = tuesday,
                 .seats = {1},
                 .at = t0,
                 .until = t0 + 5min});
    script.pay({201}, {{101}, {103}}, t0 + 1min);
    script.refund({201}, t0 + 2min);
    Event& of_payment = script.store().event(of_tuesday, 2);
    SUBCASE("the payment's transfer") { of_payment.transfer = {}; }
    SUBCASE("the payment's time") { of_payment.at += tick; }
    SUBCASE("the payment's user") { of_payment.user = id_of(bob); }
    SUBCASE("whether the payment spends a pass") { of_payment.pass_expires_at = t0 + 1min; }
    SUBCASE("its refund") { script.store().event(of_tuesday, 3).transfer = {}; }
    ShownStore store = script.shown(t0 + 2min);
    CHECK(finds(
        store, "P1",
        {"payment " + id_of(PaymentKey{201}).to_string(), "told of differently by two events"}));
}

TEST_CASE("a hold that a payment let go, and that is not released by it, breaks P1") {
    ShownStore store = a_sale();
    SUBCASE("it was released by itself") { store.row<Payment>({201}).released.push_back({107}); }
    SUBCASE("it does not exist") { store.row<Payment>({201}).released = {{999}}; }
    SUBCASE("the payment does not exist") {
        for (Event& event : store.events_shown) {
            const bool is_release = event.kind == EventKind::reservation_released;
            if (is_release && !event.payment.is_nil()) event.payment = id_of(PaymentKey{999});
        }
    }
    CHECK(broken_rules(store) == "P1");
}
