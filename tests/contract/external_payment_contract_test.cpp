// Payments with money from outside over every backend: the query for those that are open, and a
// box office with a settler beside it.
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "concertres/payment_settler.hpp"
#include "support/reopened_store.hpp"
#include "support/sample_rows.hpp"
#include "support/scripted_gateway.hpp"
#include "support/small_sale.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;
using Call = ScriptedGateway::Call;
using Fault = ScriptedGateway::Fault;

std::vector<PaymentKey> keys_of(const std::vector<Payment>& payments) {
    std::vector<PaymentKey> keys;
    for (const Payment& payment : payments) keys.push_back(payment.row);
    return keys;
}

// An office that can be closed and opened again at any moment, a provider, and a settler.
struct External {
    explicit External(const Backend& backend) : store(backend) {
        open();
        sale = SmallSale::add(*office, SmallSale::draft(20, 2));
    }

    void open() {
        settler.reset();
        office.reset();
        office = std::make_unique<BoxOffice>(
            store.open(clock), Options{.running = Running::by_host, .sweeps = sweeps});
        settler = std::make_unique<PaymentSettler>(
            *office, gateway,
            PaymentSettlerOptions{.poll = Duration(1), .poll_all = 1s, .clock = &clock});
    }
    ReservationId hold(int user, std::vector<SeatNumber> seats, std::size_t date = 0) {
        const auto held = office->hold({.user = SmallSale::user(user),
                                        .performance = sale.performances[date],
                                        .seats = std::move(seats),
                                        .key = "hold" + std::to_string(++keys)});
        REQUIRE(held);
        return held->id;
    }
    AnswerTo<Pay> begin(int user, std::vector<ReservationId> reservations,
                        const std::string& key = "pay", const std::string& method = "card") {
        return office->pay({.user = SmallSale::user(user),
                            .reservations = std::move(reservations),
                            .key = key,
                            .method = method});
    }
    PaymentView view(int user, const PaymentId& id) {
        return office->payment({.user = SmallSale::user(user), .payment = id}).value();
    }
    ReservationView reservation(int user, const ReservationId& id) {
        return office->reservation({.user = SmallSale::user(user), .reservation = id}).value();
    }
    Money balance(int user) { return office->wallet({.user = SmallSale::user(user)})->balance; }
    // Until nothing is open.
    void settle_all() {
        for (int round = 0; round < 300; ++round) {
            if (office->open_payments({}).value().empty()) return;
            clock.advance(std::max(settler->step(), Duration(1ms)));
        }
        FAIL("something is still open");
    }
    void check_audit() {
        const auto report = office->audit();
        REQUIRE(report);
        for (const Finding& finding : report->findings)
            MESSAGE(finding.rule << ": " << finding.what);
        CHECK(report->findings.empty());
    }

    TestClock clock;
    ReopenedStore store;
    ScriptedGateway gateway;
    bool sweeps = true;
    std::unique_ptr<BoxOffice> office;
    std::unique_ptr<PaymentSettler> settler;
    SmallSale sale;
    int keys = 0;
};

}  // namespace

TEST_SUITE_BEGIN("contract: payments with money from outside");

CONCERTRES_BACKEND_TEST("payments that are open are listed in order, and no others") {
    TestStore store(backend);
    const UserKey user = new_key<UserKey>(*store);
    std::vector<Payment> rows(6);
    const PaymentStage stages[] = {PaymentStage::authorize, PaymentStage::none,
                                   PaymentStage::capture,   PaymentStage::cancel,
                                   PaymentStage::done,      PaymentStage::refund};
    for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i].row = new_key<PaymentKey>(*store);
        rows[i].id = {uuid_of(rows[i].row.value)};
        rows[i].user = user;
        rows[i].stage = stages[i];
        rows[i].method = "card-" + std::to_string(i);
        rows[i].reference = "r";
        rows[i].failure = "자리";
        rows[i].begun_at = Time(5s);
        put(*store, rows[i]);
    }
    const std::vector<Payment> open{rows[0], rows[2], rows[3], rows[5]};
    CHECK(store->open_payments({}, 10) == open);
    CHECK(keys_of(store->open_payments({}, 2)) ==
          std::vector<PaymentKey>{rows[0].row, rows[2].row});
    CHECK(keys_of(store->open_payments(rows[2].row, 1)) == std::vector<PaymentKey>{rows[3].row});
    CHECK(store->open_payments(rows[5].row, 10).empty());
    CHECK(store->open_payments({}, 0).empty());

    rows[2].stage = PaymentStage::done;
    put(*store, rows[2]);
    CHECK(keys_of(store->open_payments(rows[0].row, 10)) ==
          std::vector<PaymentKey>{rows[3].row, rows[5].row});
    if (!backend.lasts) return;
    store.reopen();
    CHECK(store->open_payments({}, 10) == std::vector<Payment>{rows[0], rows[3], rows[5]});
}

CONCERTRES_BACKEND_TEST("money from outside buys the seats, and the wallet ends as it was") {
    External at(backend);
    const ReservationId first = at.hold(1, {1, 2});
    const ReservationId second = at.hold(1, {7}, 1);
    const auto begun = at.begin(1, {first, second});
    REQUIRE(begun);
    CHECK(begun->status == PaymentStatus::authorizing);
    CHECK(begun->stage == PaymentStage::authorize);
    CHECK(begun->begun_at == at.office->now());
    CHECK(begun->amount == Money{150'000});
    CHECK_FALSE(begun->refundable_until);
    CHECK_FALSE(at.reservation(1, first).payment);
    CHECK(at.reservation(1, first).status == ReservationStatus::held);
    CHECK(at.begin(1, {second, first})->replayed);
    CHECK(at.begin(1, {second, first}, "pay", "other").error().code == Errc::key_reused);
    CHECK(at.begin(1, {second, first}, "pay", "").error().code == Errc::key_reused);
    CHECK(at.begin(1, {first}, "again").error().code == Errc::payment_pending);
    CHECK(at.begin(1, {first}, "again", "").error().code == Errc::payment_pending);
    CHECK(at.office->ticket(*begun).error().code == Errc::payment_pending);
    CHECK(at.office->refund({.user = SmallSale::user(1), .payment = begun->id}).error().code ==
          Errc::payment_pending);
    at.check_audit();
    const auto open = at.office->open_payments({});
    REQUIRE(open->size() == 1);
    CHECK(open->front().method == "card");
    CHECK(open->front().amount == Money{150'000});

    at.settle_all();
    const PaymentView paid = at.view(1, begun->id);
    CHECK(at.office->explain({.id = begun->id.uuid})->state.starts_with("completed at "));
    CHECK(paid.status == PaymentStatus::completed);
    CHECK(paid.stage == PaymentStage::done);
    CHECK(paid.reservations == std::vector<ReservationId>{first, second});
    CHECK_FALSE(paid.reference.empty());
    CHECK(at.office->ticket(paid));
    CHECK(at.gateway.account(begun->id).captures == 1);
    CHECK(at.gateway.calls() == std::vector<Call>{Call::lookup, Call::authorize, Call::capture});
    CHECK(at.balance(1) == Money{0});
    CHECK(at.office->transfers({.user = SmallSale::user(1)})->size() == 2);
    const Statistics told = at.office->statistics();
    CHECK(told.payments_begun == 1);
    CHECK(told.payments_completed == 1);
    CHECK(told.minor_paid == 150'000);
    CHECK(told.payments_failed == 0);
    at.check_audit();

    // It is in the buyer's wallet where it goes back to.
    REQUIRE(at.office->refund({.user = SmallSale::user(1), .payment = begun->id}));
    CHECK(at.balance(1) == Money{150'000});
    CHECK(at.office->statistics().payments_refunded == 1);
    CHECK(at.office->statistics().payments_completed == 1);
    at.check_audit();
    at.open();
    at.check_audit();
}

CONCERTRES_BACKEND_TEST("a payment that is declined leaves the hold to be paid otherwise") {
    External at(backend);
    at.gateway.script = [](Call call, const PaymentId&) {
        return call == Call::authorize ? Fault::declined : Fault::none;
    };
    const ReservationId first = at.hold(1, {1});
    const ReservationId second = at.hold(1, {2}, 1);
    const PaymentId id = at.begin(1, {first, second})->id;
    at.settle_all();
    const PaymentView failed = at.view(1, id);
    CHECK(failed.status == PaymentStatus::failed);
    CHECK(failed.failure == "no money");
    CHECK_FALSE(failed.refundable_until);
    CHECK(at.office->ticket(failed).error().code == Errc::unknown_payment);
    CHECK(at.office->refund({.user = SmallSale::user(1), .payment = id}).error().code ==
          Errc::refund_not_allowed);
    CHECK_FALSE(at.reservation(1, first).payment);
    CHECK(at.office->statistics().payments_failed == 1);
    const auto told = at.office->explain({.id = id.uuid});
    REQUIRE(told);
    CHECK(told->state.starts_with("failed, begun at "));
    CHECK(told->state.find("with its provider: done (no money)") != std::string::npos);
    CHECK(told->events.size() == 4);
    at.check_audit();
    REQUIRE(at.office->charge({.user = SmallSale::user(1), .amount = {100'000}, .key = "c"}));
    CHECK(at.begin(1, {first, second}, "wallet", "")->status == PaymentStatus::completed);
    CHECK(at.begin(1, {first, second})->status == PaymentStatus::failed);  // what it became
    at.check_audit();
}

CONCERTRES_BACKEND_TEST("money that is taken too late buys the seats if they are free") {
    External at(backend);
    SUBCASE("tidied up before") { at.sweeps = true; }
    SUBCASE("and not") { at.sweeps = false; }
    at.open();
    const ReservationId held = at.hold(1, {1, 2});
    const ReservationId other = at.hold(2, {3, 4});
    const PaymentId mine = at.begin(1, {held})->id;
    const PaymentId theirs = at.begin(2, {other})->id;
    // Both are authorized in time, and captured after the end of the holds.
    int captures_lost = 2;
    at.gateway.script = [&](Call call, const PaymentId&) {
        return call == Call::capture && captures_lost-- > 0 ? Fault::lost_after : Fault::none;
    };
    while (captures_lost > 0) at.clock.advance(std::max(at.settler->step(), Duration(1ms)));
    at.clock.advance(6min);
    for (int i = 0; at.sweeps && i < 10; ++i) at.office->step();
    const ReservationId taken = at.hold(3, {4, 5});  // a seat of the second
    at.settle_all();

    const PaymentView late = at.view(1, mine);
    CHECK(late.status == PaymentStatus::completed);
    REQUIRE(late.reservations.size() == 1);
    CHECK(late.reservations[0] != held);
    const ReservationView made = at.reservation(1, late.reservations[0]);
    CHECK(made.status == ReservationStatus::paid);
    CHECK(made.payment == mine);
    CHECK(made.total == Money{100'000});
    CHECK(numbers_of(made) == std::vector<SeatNumber>{1, 2});
    CHECK(at.reservation(1, held).status == ReservationStatus::expired);
    CHECK_FALSE(at.reservation(1, held).payment);

    const PaymentView failed = at.view(2, theirs);
    CHECK(failed.status == PaymentStatus::failed);
    CHECK(failed.stage == PaymentStage::done);
    CHECK(at.gateway.account(theirs).status == GatewayStatus::refunded);
    CHECK(at.gateway.account(theirs).refunds == 1);
    CHECK(at.reservation(3, taken).status == ReservationStatus::held);
    at.check_audit();
}

CONCERTRES_BACKEND_TEST("another's dead hold on a seat is no reason to give the money back") {
    External at(backend);
    at.sweeps = false;
    at.open();
    const ReservationId held = at.hold(1, {1, 2});
    const PaymentId id = at.begin(1, {held})->id;
    at.clock.advance(6min);
    const ReservationId in_the_way = at.hold(2, {2, 3});
    at.clock.advance(6min);
    const auto paid = at.office->settle(
        {.payment = id, .answer = {.status = GatewayStatus::captured, .amount = {100'000}}});
    REQUIRE(paid);
    CHECK(paid->status == PaymentStatus::completed);
    CHECK(at.reservation(2, in_the_way).status == ReservationStatus::expired);
    at.check_audit();
}

CONCERTRES_BACKEND_TEST("an answer that comes twice, late or of nothing changes nothing") {
    External at(backend);
    const PaymentId id = at.begin(1, {at.hold(1, {1})})->id;
    const auto settle = [&](GatewayStatus status) {
        return at.office->settle({.payment = id, .answer = {.status = status, .amount = {50'000}}});
    };
    CHECK(settle(GatewayStatus::absent)->stage == PaymentStage::authorize);
    CHECK(settle(GatewayStatus::authorized)->stage == PaymentStage::capture);
    CHECK(settle(GatewayStatus::authorized)->stage == PaymentStage::capture);
    CHECK(settle(GatewayStatus::captured)->status == PaymentStatus::completed);
    const std::int64_t groups = at.office->statistics().rows;
    for (const GatewayStatus late : {GatewayStatus::captured, GatewayStatus::voided,
                                     GatewayStatus::refunded, GatewayStatus::authorized}) {
        CHECK(settle(late)->status == PaymentStatus::completed);
    }
    CHECK(at.office->statistics().rows == groups);
    CHECK(at.balance(1) == Money{0});

    CHECK(at.office->settle({.payment = {uuid_of(1)}}).error().code == Errc::unknown_payment);
    REQUIRE(at.office->charge({.user = SmallSale::user(1), .amount = {50'000}, .key = "c"}));
    const PaymentId own = at.begin(1, {at.hold(1, {2})}, "own", "")->id;
    CHECK(at.office->settle({.payment = own}).error().code == Errc::unknown_payment);
    at.check_audit();
}

CONCERTRES_BACKEND_TEST("what an office that is gone has left open is settled by the next") {
    External at(backend);
    const PaymentId id = at.begin(1, {at.hold(1, {1})})->id;
    Fault fault = Fault::lost_after;
    at.gateway.script = [&](Call call, const PaymentId&) {
        return call == Call::lookup ? Fault::none : fault;
    };
    for (int i = 0; i < 3; ++i) {
        (void)at.settler->step();
        at.open();
    }
    fault = Fault::none;
    at.settle_all();
    CHECK(at.view(1, id).status == PaymentStatus::completed);
    CHECK(at.gateway.account(id).captures == 1);
    at.check_audit();
}

CONCERTRES_BACKEND_TEST("the pass is spent by the payment that takes the money") {
    External at(backend);
    ConcertDraft draft = SmallSale::draft(20);
    draft.room = RoomPolicy{};
    const SmallSale sale = SmallSale::add(*at.office, draft);
    const UserId user = SmallSale::user(1);
    const auto place = at.office->join({.concert = sale.concert, .user = user});
    REQUIRE(place);
    REQUIRE(at.office->tick({.concert = sale.concert}));
    const auto hold = [&](SeatNumber seat, const std::string& key) {
        return at.office
            ->hold({.user = user,
                    .place = place->number,
                    .performance = sale.performance(),
                    .seats = {seat},
                    .key = key})
            .value()
            .id;
    };
    const ReservationId held = hold(1, "a");
    const ReservationId other = hold(2, "b");
    const auto pay = [&](ReservationId which, const std::string& key) {
        return at.office->pay({.user = user,
                               .place = place->number,
                               .reservations = {which},
                               .key = key,
                               .method = "card"});
    };
    const auto begun = pay(held, "p");
    REQUIRE(begun);
    CHECK(pay(other, "q").error().code == Errc::payment_pending);
    const PlaceView before =
        at.office->place({.concert = sale.concert, .user = user, .place = place->number}).value();
    CHECK(before.status == TokenStatus::admitted);
    at.settle_all();
    const PaymentView paid = at.view(1, begun->id);
    CHECK(at.office->explain({.id = begun->id.uuid})->state.starts_with("completed at "));
    CHECK(paid.released == std::vector<ReservationId>{other});
    CHECK(
        at.office->place({.concert = sale.concert, .user = user, .place = place->number})->status ==
        TokenStatus::spent);
    at.check_audit();
}

TEST_SUITE_END();

}  // namespace concertres::test
