// What the audit finds of payments with money from outside: one broken rule at a time, in what a
// box office has written.
#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "support/kept_storage.hpp"
#include "support/shown_sale.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

class Copy final : public ScanVisitor {
  public:
    explicit Copy(ShownStore& to) : to_(to) {}
    using ScanVisitor::on;
    void on_concert(const NewConcert& concert) override { to_.catalog.push_back(concert); }
    void on(const User& row) override { to_.add(row); }
    void on(const Sale& row) override { to_.add(row); }
    void on(const Line& row) override { to_.add(row); }
    void on(const PerformanceState& row) override { to_.add(row); }
    void on(const Limit& row) override { to_.add(row); }
    void on(const Reservation& row) override { to_.add(row); }
    void on(const Payment& row) override { to_.add(row); }
    void on(const Seat& row) override { to_.add(row); }
    void on(const Wallet& row) override { to_.add(row); }
    void on(const Transfer& row, bool) override { to_.transfers_shown.push_back(row); }
    void on(const Event& row, bool) override { to_.events_shown.push_back(row); }

  private:
    ShownStore& to_;
};

// Payments with money from outside: by user 1, whose money was taken; by 2, whose is on its way; by
// 3, whose was declined; by 4, whose came after the end of the hold; by 5, whose is to go back; by
// 8, whose is to be taken; by 9, which began while that of 1 was on its way; and by 10, whose is to
// be let go of. By 6 one from the wallet.
struct Outside {
    Outside() {
        TestClock clock;
        const std::shared_ptr<Storage> kept = open_memory({.clock = &clock});
        BoxOffice office(std::make_unique<KeptStorage>(kept), {.running = Running::by_host});
        const SmallSale sale = SmallSale::add(office, SmallSale::draft(20, 2));
        const auto begin = [&](int user) {
            const UserId id = SmallSale::user(user);
            std::vector<ReservationId> held;
            for (const PerformanceId& at : sale.performances) {
                held.push_back(office
                                   .hold({.user = id,
                                          .performance = at,
                                          .seats = {user},
                                          .key = "h" + at.to_string()})
                                   .value()
                                   .id);
            }
            return office
                .pay({.user = id,
                      .reservations = held,
                      .key = "p",
                      .method = user == 6 ? "" : "card"})
                .value()
                .id;
        };
        const auto settle = [&](const PaymentId& id, GatewayStatus status) {
            (void)office.settle({.payment = id, .answer = {.status = status, .amount = {100'000}}})
                .value();
        };
        const PaymentId late = begin(4);
        const PaymentId back = begin(5);
        clock.advance(6min);
        (void)office.hold({.user = SmallSale::user(7),
                           .performance = sale.performance(),
                           .seats = {5},
                           .key = "h"});
        settle(late, GatewayStatus::captured);
        settle(back, GatewayStatus::captured);
        const PaymentId taken = begin(1);
        (void)begin(9);
        settle(taken, GatewayStatus::captured);
        settle(begin(8), GatewayStatus::authorized);
        const PaymentId given_up = begin(10);
        const auto held_by_10 = office.call(ListReservations{.user = SmallSale::user(10)}).value();
        for (const ReservationView& held : held_by_10) {
            (void)office.release({.user = SmallSale::user(10), .reservation = held.id}).value();
        }
        settle(given_up, GatewayStatus::authorized);
        (void)begin(2);
        settle(begin(3), GatewayStatus::declined);
        (void)office.charge({.user = SmallSale::user(6), .amount = {100'000}, .key = "c"});
        (void)begin(6);
        store.time = office.now();
        Copy copy(store);
        kept->scan(copy);
    }
    Payment& of(int user) {
        for (Payment& payment : store.of<Payment>()) {
            if (payment.user_id == SmallSale::user(user)) return payment;
        }
        throw std::logic_error("no such payment");
    }
    Transfer& charge(int user) {
        for (Transfer& transfer : store.transfers_shown) {
            if (transfer.reference == of(user).id && transfer.kind == TransferKind::charge) {
                return transfer;
            }
        }
        throw std::logic_error("no such charge");
    }
    Event& event(int user, EventKind kind) {
        for (Event& event : store.events_shown) {
            if (event.kind == kind && event.user == SmallSale::user(user)) return event;
        }
        throw std::logic_error("no such event");
    }
    Event& last_event(int user, EventKind kind) {
        Event* last = &event(user, kind);
        for (Event& event : store.events_shown) {
            if (event.kind == kind && event.user == SmallSale::user(user)) last = &event;
        }
        return *last;
    }
    Reservation& reservation(int user) { return store.row<Reservation>(of(user).reservations[0]); }

    ShownStore store;
};

}  // namespace

TEST_CASE("payments with money from outside, in every state, are clean") {
    Outside at;
    CHECK(broken_rules(at.store) == "");
    CHECK(at.of(1).status == PaymentStatus::completed);
    CHECK(at.of(2).status == PaymentStatus::authorizing);
    CHECK(at.of(3).status == PaymentStatus::failed);
    CHECK(at.of(4).status == PaymentStatus::completed);
    CHECK(at.of(5).stage == PaymentStage::refund);
    CHECK(at.of(6).stage == PaymentStage::none);
    CHECK(at.of(8).status == PaymentStatus::authorizing);
    CHECK(at.of(8).stage == PaymentStage::capture);
    CHECK(at.of(9).stage == PaymentStage::authorize);
    CHECK(at.of(10).status == PaymentStatus::failed);
    CHECK(at.of(10).stage == PaymentStage::cancel);
}

TEST_CASE("a stage that does not fit the status breaks P4") {
    Outside at;
    SUBCASE("of what is on its way") { at.of(2).stage = PaymentStage::refund; }
    SUBCASE("of what failed") { at.of(3).stage = PaymentStage::capture; }
    SUBCASE("of what is paid") { at.of(1).stage = PaymentStage::capture; }
    SUBCASE("of what is paid from the wallet") { at.of(6).stage = PaymentStage::cancel; }
    SUBCASE("that there is not") { at.of(5).stage = PaymentStage{9}; }
    CHECK(finds(at.store, "P4", {"but with its provider it is at"}));
}

TEST_CASE("a beginning that does not go with the stage breaks P4") {
    Outside at;
    SUBCASE("none, with a provider") { at.of(1).begun_at = {}; }
    SUBCASE("one, without") { at.of(6).begun_at = Time(Duration(5)); }
    CHECK(finds(at.store, "P4", {"began at"}));
}

TEST_CASE("a sale without its charge, or a charge without its sale, breaks P2") {
    Outside at;
    SUBCASE("none") { at.charge(1).reference = {}; }
    SUBCASE("of a payment that failed") { at.charge(1).reference = at.of(3).id; }
    SUBCASE("of one from the wallet") { at.charge(1).reference = at.of(6).id; }
    SUBCASE("two of one") { at.charge(1).reference = at.of(4).id; }
    SUBCASE("of one that there is not") { at.charge(1).reference = PaymentId::from_name("x"); }
    CHECK(finds(at.store, "P2", {}));
}

TEST_CASE("a charge that is not what was taken breaks P1") {
    Outside at;
    SUBCASE("its amount") { at.charge(1).amount.minor += 1; }
    SUBCASE("its time") { at.charge(1).at += Duration(1); }
    SUBCASE("its wallet") { at.charge(1).wallet = at.of(4).user; }
    CHECK(finds(at.store, "P1", {"but its charge"}));
}

TEST_CASE("a payment that bought nothing and says when it was paid breaks P2") {
    Outside at;
    at.of(3).paid_at = at.of(3).begun_at;
    CHECK(finds(at.store, "P2", {"says that it was paid at"}));
}

TEST_CASE("reservations that name another payment than is on its way break P2") {
    Outside at;
    SUBCASE("none, while it is") { at.reservation(2).payment = {}; }
    SUBCASE("one that failed") { at.reservation(3).payment = at.of(3).row; }
    SUBCASE("it is, of one that is paid") { at.of(2).reservations[0] = at.of(1).reservations[0]; }
    CHECK(finds(at.store, "P2", {}));
}

TEST_CASE("two payments that are on their way for one reservation break P3") {
    Outside at;
    Payment other = at.of(2);
    other.row.value += 1'000;
    other.id = PaymentId::from_name("other");
    at.store.add(other);
    CHECK(finds(at.store, "P3", {"is paid for by payments"}));
}

TEST_CASE("what no event tells of a payment, or another tells, breaks O1") {
    Outside at;
    SUBCASE("that it failed") { at.event(3, EventKind::payment_failed).kind = EventKind{99}; }
    SUBCASE("that it began") {
        for (Event& event : at.store.events_shown) {
            if (event.payment == at.of(2).id) event.kind = EventKind{99};
        }
    }
    SUBCASE("when it began") { at.of(2).begun_at += Duration(1); }
    SUBCASE("that it is paid") { at.of(2).status = PaymentStatus::completed; }
    CHECK(finds(at.store, "O1", {}));
}

TEST_CASE("a beginning of another amount, or for others, breaks P2") {
    Outside at;
    SUBCASE("amount") { at.event(2, EventKind::payment_authorizing).amount.minor += 1; }
    SUBCASE("reservations") { at.event(2, EventKind::payment_authorizing).items.clear(); }
    CHECK(finds(at.store, "P2", {"but began, by its events"}));
}

TEST_CASE("a payment that begins, fails or is paid out of turn breaks P1") {
    Outside at;
    SUBCASE("it begins at two times") {
        at.event(2, EventKind::payment_authorizing).at -= Duration(1);
    }
    SUBCASE("it fails and never began") {
        at.event(6, EventKind::payment_completed).kind = EventKind::payment_failed;
    }
    SUBCASE("it fails and is paid") {
        at.event(1, EventKind::payment_completed).kind = EventKind::payment_failed;
    }
    SUBCASE("it is paid and fails") {
        // As the second of its two performances tells it.
        at.last_event(1, EventKind::payment_completed).kind = EventKind::payment_failed;
    }
    CHECK(finds(at.store, "P1", {}));
}

TEST_CASE("a payment that begins for what is not held breaks S4") {
    Outside at;
    Event& begun = at.event(2, EventKind::payment_authorizing);
    SUBCASE("any more") { begun.at += std::chrono::hours(1); }
    SUBCASE("but sold") {
        const Event& sold = at.event(1, EventKind::payment_completed);
        begun.items = sold.items;
    }
    CHECK(finds(at.store, "S4", {"begins at"}));
}

TEST_CASE("an event that begins a payment for nothing that was held breaks O1") {
    Outside at;
    at.event(2, EventKind::payment_authorizing).items[0].reservation =
        ReservationId::from_name("?");
    CHECK(finds(at.store, "O1", {"which no event there has held"}));
}

TEST_CASE("a reservation that two payments are on their way for, by events, breaks P3") {
    Outside at;
    Event& third = at.event(3, EventKind::payment_authorizing);
    SUBCASE("both") {
        third.items = at.event(2, EventKind::payment_authorizing).items;
        third.user = SmallSale::user(2);
    }
    SUBCASE("one of them that failed") {
        at.event(3, EventKind::payment_failed).kind = EventKind::payment_authorizing;
    }
    SUBCASE("and one is paid") {
        // As if the payment of the wallet had been made for what user 2 has asked for.
        Event& paid = at.event(6, EventKind::payment_completed);
        paid.items = at.event(2, EventKind::payment_authorizing).items;
        paid.user = SmallSale::user(2);
    }
    CHECK(finds(at.store, "P3", {}));
}

TEST_CASE("what was asked for twice is on its way until the later of both is over, and breaks P3") {
    Outside at;
    // As if user 9's payment had begun for what user 1's was on its way for, which is then paid.
    Event& other = at.event(9, EventKind::payment_authorizing);
    other.items = at.event(1, EventKind::payment_authorizing).items;
    other.user = SmallSale::user(1);
    CHECK(finds(at.store, "P3",
                {"was paid by payment " + at.of(1).id.to_string(),
                 "while payment " + at.of(9).id.to_string() + " was on its way"}));
}
