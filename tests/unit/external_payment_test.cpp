// Payments with money from outside: how they begin, and what each answer of a provider makes of
// them.
#include <algorithm>
#include <functional>

#include "concertres/payment.hpp"
#include "unit/domain_rows.hpp"

using namespace concertres;
using namespace rows;

namespace {

constexpr ReservationKey first{21};
constexpr ReservationKey second{22};
constexpr ReservationKey third{23};
constexpr ReservationKey again{41};
constexpr ReservationKey second_again{42};
constexpr PaymentKey payment_key{31};
const PaymentId payment_id = PaymentId::from_name("payment");
const TransferId charge_id = TransferId::from_name("charge");
const TransferId sale_id = TransferId::from_name("sale");
constexpr LimitKey in_monday{alice, monday.value};
constexpr LimitKey in_tuesday{alice, tuesday.value};
constexpr LimitKey in_concert{alice, concert_key.value};

PayRows pay_rows(std::vector<HeldRows> paid, std::vector<HeldRows> others = {}) {
    PayRows rows;
    rows.performances = {{monday, performance(monday)}, {tuesday, performance(tuesday)}};
    rows.limits = {{in_monday, {.user = alice, .scope = monday.value}},
                   {in_tuesday, {.user = alice, .scope = tuesday.value}},
                   {in_concert, {.user = alice, .scope = concert_key.value}}};
    rows.wallet = {.user = alice, .balance = {500}, .next_number = 3};
    rows.standing = admitted();
    for (const auto* held : {&paid, &others}) {
        for (const HeldRows& one : *held) {
            const Reservation& reservation = one.reservation;
            rows.performances.at(reservation.performance)
                .counts.move(SeatStatus::free, SeatStatus::held, std::ssize(one.seats));
            rows.limits.at({alice, reservation.performance.value}).held.push_back(entry_of(one));
            rows.limits.at(in_concert).held.push_back(entry_of(one));
            rows.standing.pass->held.push_back(reservation.row);
        }
    }
    rows.paid = std::move(paid);
    rows.others = std::move(others);
    return rows;
}

PayFacts pay_facts(Time now = t0 + 1min) {
    return {.row = payment_key,
            .id = payment_id,
            .transfer = sale_id,
            .user = alice,
            .user_id = id_of(alice),
            .concert = concert_key,
            .place = alices_place,
            .fingerprint = 0xfeed,
            .method = "card-7",
            .now = now};
}

std::string refused(PayRows rows, Time now = t0 + 1min) {
    const PayRows before = rows;
    const std::string result = code(begin_payment(rows, pay_facts(now)));
    CHECK(result != "ok");
    CHECK(rows == before);
    return result;
}

PayRows begun(std::vector<HeldRows> paid, std::vector<HeldRows> others = {}) {
    PayRows rows = pay_rows(std::move(paid), std::move(others));
    REQUIRE(code(begin_payment(rows, pay_facts())) == "ok");
    return rows;
}

// As a later command finds it.
SettleRows settle_rows(std::vector<HeldRows> paid, std::vector<HeldRows> others = {}) {
    PayRows rows = begun(std::move(paid), std::move(others));
    return {.payment = *rows.made,
            .paid = rows.paid,
            .others = rows.others,
            .performances = rows.performances,
            .limits = rows.limits,
            .wallet = rows.wallet,
            .standing = rows.standing};
}

// Adds those of `paid` that still stand on their seats at `now`.
void find_dead(SettleRows& rows, Time now) {
    for (const HeldRows& held : rows.paid) {
        if (held.reservation.status_at(now) != ReservationStatus::held &&
            std::ranges::any_of(held.seats, [&](const Seat& s) { return s.is_dead_hold(now); })) {
            rows.dead.push_back(held);
        }
    }
}

SettleFacts facts(const SettleRows& rows, GatewayStatus status, Time now = t0 + 2min) {
    SettleFacts facts{.answer = {.status = status, .amount = rows.payment.amount},
                      .charge = charge_id,
                      .transfer = sale_id,
                      .renewals = {{again, id_of(again)}, {second_again, id_of(second_again)}},
                      .limits = {.per_performance = 8, .per_concert = 16},
                      .hold_ttl = 5min,
                      .now = now};
    facts.renewals.resize(rows.paid.size());
    return facts;
}

bool step(SettleRows& rows, GatewayStatus status, Time now = t0 + 2min) {
    return settle(rows, facts(rows, status, now));
}

// The answer changes nothing at all.
void nothing(SettleRows rows, GatewayStatus status, Time now = t0 + 2min) {
    CAPTURE(gateway_status_name(status));
    const SettleRows before = rows;
    CHECK_FALSE(step(rows, status, now));
    CHECK(rows == before);
}

std::vector<EventKind> kinds_of(const std::vector<Event>& events) {
    std::vector<EventKind> kinds;
    for (const Event& event : events) kinds.push_back(event.kind);
    return kinds;
}

constexpr GatewayStatus every_status[] = {GatewayStatus::absent,   GatewayStatus::authorized,
                                          GatewayStatus::captured, GatewayStatus::declined,
                                          GatewayStatus::voided,   GatewayStatus::refunded,
                                          GatewayStatus{99}};

void check_failed(const SettleRows& rows, PaymentStage owed) {
    CHECK(rows.payment.status == PaymentStatus::failed);
    CHECK(rows.payment.stage == owed);
    CHECK_FALSE(rows.payment.failure.empty());
    CHECK(rows.transfers.empty());
    CHECK(rows.payment.paid_at == Time{});
    for (const HeldRows& held : rows.paid) CHECK(held.reservation.payment == PaymentKey{});
    Money told;
    for (const Event& event : rows.events) {
        CHECK(event.kind == EventKind::payment_failed);
        CHECK(event.detail == rows.payment.failure);
        told.minor += event.amount.minor;
    }
    CHECK(told == rows.payment.amount);
}

}  // namespace

// --- The beginning -------------------------------------------------------------------------------

TEST_CASE("a payment with money from outside begins with nothing sold") {
    const HeldRows hold = held(first, monday, {7, 8});
    PayRows rows = pay_rows({hold}, {held(second, monday, {9})});
    const PayRows before = rows;
    REQUIRE(code(begin_payment(rows, pay_facts())) == "ok");
    CHECK(*rows.made == Payment{.row = payment_key,
                                .id = payment_id,
                                .user = alice,
                                .user_id = id_of(alice),
                                .concert = concert_key,
                                .place = alices_place,
                                .reservations = {first},
                                .released = {},
                                .amount = {20'000},
                                .balance_after = {},
                                .status = PaymentStatus::authorizing,
                                .paid_at = {},
                                .refunded_at = {},
                                .fingerprint = 0xfeed,
                                .stage = PaymentStage::authorize,
                                .method = "card-7",
                                .reference = {},
                                .failure = {},
                                .begun_at = t0 + 1min});
    CHECK(rows.events == std::vector<Event>{{.stream = {StreamKind::performance, monday.value},
                                             .number = 7,
                                             .kind = EventKind::payment_authorizing,
                                             .at = t0 + 1min,
                                             .user = id_of(alice),
                                             .place = alices_place,
                                             .payment = payment_id,
                                             .items = {{id_of(first), {7, 8}}},
                                             .amount = {20'000}}});
    CHECK(rows.paid[0].reservation.payment == payment_key);
    CHECK(rows.paid[0].reservation.status == ReservationStatus::held);
    CHECK(rows.paid[0].seats == hold.seats);
    CHECK(rows.others == before.others);
    CHECK(rows.limits == before.limits);
    CHECK(rows.wallet == before.wallet);
    CHECK(rows.standing == before.standing);
    CHECK(rows.transfers.empty());
    CHECK(rows.performances.at(monday).counts == before.performances.at(monday).counts);
}

TEST_CASE("why a payment with money from outside may not begin, in order") {
    PayRows rows = pay_rows({held(first, monday, {7}), held(second, monday, {8}, t0 + 1min)},
                            {held(third, monday, {9})});
    rows.wallet.balance = {Money::max_minor - 19'999};
    rows.others[0].reservation.payment = {77};
    rows.standing.pass->status = PassStatus::spent;
    CHECK(refused(rows) == "pass_spent");
    rows.standing = admitted();
    CHECK(refused(rows) == "reservation_expired");
    rows.paid[1].reservation.held_until = t0 + 5min;
    CHECK(refused(rows) == "payment_pending");
    // One whose time has passed stands in nobody's way.
    rows.others[0].reservation.held_until = t0 + 1min;
    CHECK(refused(rows) == "amount_invalid");
    rows.wallet.balance = {Money::max_minor - 20'000};
    CHECK(code(begin_payment(rows, pay_facts())) == "ok");
}

TEST_CASE("while money is on its way the hold can be paid in no other way") {
    PayRows rows = begun({held(first, monday, {7})});
    rows.wallet.balance = {100'000};
    CHECK(refused(rows) == "payment_pending");
    PayRows before = rows;
    CHECK(code(pay(rows, pay_facts())) == "payment_pending");
    CHECK(rows == before);
    rows.paid.swap(rows.others);
    rows.paid = {held(second, monday, {8})};
    CHECK(code(pay(rows, pay_facts())) == "payment_pending");
}

TEST_CASE("seats that cost nothing need no provider") {
    HeldRows one = held(first, monday, {7});
    one.reservation.seats[0].price = {0};
    one.reservation.total = {0};
    PayRows rows = begun({one});
    CHECK(rows.made->status == PaymentStatus::completed);
    CHECK(rows.made->stage == PaymentStage::none);
    CHECK(rows.transfers.empty());
    CHECK(rows.standing.pass->status == PassStatus::spent);
    check_seats(rows.paid[0]);
}

// --- The way to a sale ---------------------------------------------------------------------------

TEST_CASE("money that is taken is a charge and a payment in one step") {
    SettleRows rows = settle_rows({held(first, monday, {7, 8}), held(second, tuesday, {1})},
                                  {held(third, monday, {9})});
    SettleFacts authorized = facts(rows, GatewayStatus::authorized);
    authorized.answer.reference = "ch_1";
    REQUIRE(settle(rows, authorized));
    CHECK(rows.payment.stage == PaymentStage::capture);
    CHECK(rows.payment.status == PaymentStatus::authorizing);
    CHECK(rows.payment.reference == "ch_1");
    CHECK(rows.events.empty());
    nothing(rows, GatewayStatus::authorized);
    nothing(rows, GatewayStatus::absent);

    REQUIRE(step(rows, GatewayStatus::captured, t0 + 3min));
    const Payment& payment = rows.payment;
    CHECK(payment.status == PaymentStatus::completed);
    CHECK(payment.stage == PaymentStage::done);
    CHECK(payment.reference == "ch_1");
    CHECK(payment.paid_at == t0 + 3min);
    CHECK(payment.balance_after == Money{500});
    CHECK(payment.reservations == std::vector<ReservationKey>{first, second});
    CHECK(payment.released == std::vector<ReservationKey>{third});
    CHECK(rows.wallet == Wallet{.user = alice, .balance = {500}, .next_number = 5});
    for (const HeldRows& paid : rows.paid) {
        CHECK(paid.reservation.status == ReservationStatus::paid);
        CHECK(paid.reservation.payment == payment_key);
        check_seats(paid);
    }
    CHECK(rows.former.empty());
    CHECK(rows.limits.at(in_concert).paid == 3);
    CHECK(rows.limits.at(in_concert).held.empty());
    CHECK(rows.standing.pass->status == PassStatus::spent);
    CHECK(rows.standing.pass->held.empty());
    CHECK(rows.transfers == std::vector<Transfer>{{.id = charge_id,
                                                   .wallet = alice,
                                                   .number = 3,
                                                   .kind = TransferKind::charge,
                                                   .debit = cash_in,
                                                   .credit = {alice.value},
                                                   .amount = {30'000},
                                                   .balance_after = {30'500},
                                                   .at = t0 + 3min,
                                                   .reference = payment_id,
                                                   .fingerprint = 0},
                                                  {.id = sale_id,
                                                   .wallet = alice,
                                                   .number = 4,
                                                   .kind = TransferKind::payment,
                                                   .debit = {alice.value},
                                                   .credit = sales,
                                                   .amount = {30'000},
                                                   .balance_after = {500},
                                                   .at = t0 + 3min,
                                                   .reference = payment_id,
                                                   .fingerprint = 0xfeed}});
    CHECK(kinds_of(rows.events) ==
          std::vector<EventKind>{EventKind::wallet_charged, EventKind::wallet_paid,
                                 EventKind::payment_completed, EventKind::payment_completed,
                                 EventKind::reservation_released});
    CHECK(rows.events[2].pass_expires_at == t0 + 3min);
    CHECK(rows.events[2].transfer == sale_id);

    for (const GatewayStatus status : every_status) nothing(rows, status);
}

TEST_CASE("a provider that takes the money at once is believed") {
    SettleRows rows = settle_rows({held(first, monday, {7})});
    REQUIRE(step(rows, GatewayStatus::captured));
    CHECK(rows.payment.status == PaymentStatus::completed);
}

TEST_CASE("a pass that is over by then is left as it is") {
    SettleRows rows = settle_rows({held(first, monday, {7})}, {held(second, monday, {8})});
    SUBCASE("spent") { rows.standing.pass->status = PassStatus::spent; }
    SUBCASE("at a concert without a room") { rows.standing = no_room(); }
    const Standing standing = rows.standing;
    REQUIRE(step(rows, GatewayStatus::captured));
    CHECK(rows.payment.status == PaymentStatus::completed);
    CHECK(rows.standing == standing);
    CHECK(rows.payment.released.empty());
    CHECK(rows.events[2].kind == EventKind::payment_completed);
    CHECK(rows.events[2].pass_expires_at == Time{});
}

TEST_CASE("a pass pays once, also where another payment with it is on its way") {
    SettleRows rows = settle_rows({held(first, monday, {7})}, {held(second, monday, {8})});
    rows.others[0].reservation.payment = {77};
    REQUIRE(step(rows, GatewayStatus::captured));
    CHECK(rows.standing.pass->status == PassStatus::spent);
    CHECK(rows.payment.released == std::vector{rows.others[0].reservation.row});
    // That one finds its seats given up, and gives its money back.
    CHECK(rows.others[0].reservation.payment == PaymentKey{77});
    CHECK(rows.others[0].reservation.status == ReservationStatus::released);
}

TEST_CASE("what a provider says is kept, and not too much of it") {
    SettleRows rows = settle_rows({held(first, monday, {7})});
    SettleFacts declined = facts(rows, GatewayStatus::declined);
    declined.answer.reason = std::string(199, 'x') + "\xEA\xB0\x80";
    declined.answer.reference = std::string(201, 'r');
    REQUIRE(settle(rows, declined));
    CHECK(rows.payment.failure == std::string(199, 'x'));
    CHECK(rows.payment.reference == std::string(200, 'r'));
    rows = settle_rows({held(first, monday, {7})});
    declined.answer.reason = std::string(300, '\x80');
    REQUIRE(settle(rows, declined));
    CHECK(rows.payment.failure.empty());
}

// --- Late ----------------------------------------------------------------------------------------

TEST_CASE("money that is taken after the hold's end buys the same seats, where they are free") {
    const Time late = t0 + 6min;
    SettleRows rows = settle_rows({held(first, monday, {7, 8}), held(second, tuesday, {1})});
    SUBCASE("nobody has tidied up") { find_dead(rows, late); }
    SUBCASE("the sweep has, of one") {
        HeldRows& swept = rows.paid[1];
        swept.reservation.status = ReservationStatus::expired;
        swept.seats[0] = {.performance = tuesday, .number = 1};
        rows.performances.at(tuesday).counts.move(SeatStatus::held, SeatStatus::free, 1);
        find_dead(rows, late);
        CHECK(rows.dead.size() == 1);
    }
    const std::size_t dead = rows.dead.size();
    REQUIRE(step(rows, GatewayStatus::authorized, late));
    CHECK(rows.payment.stage == PaymentStage::capture);
    REQUIRE(step(rows, GatewayStatus::captured, late));

    CHECK(rows.payment.status == PaymentStatus::completed);
    CHECK(rows.payment.reservations == std::vector<ReservationKey>{again, second_again});
    const Reservation& made = rows.paid[0].reservation;
    CHECK(made.row == again);
    CHECK(made.id == id_of(again));
    CHECK(made.status == ReservationStatus::paid);
    CHECK(made.held_at == late);
    CHECK(made.held_until == late + 5min);
    CHECK(made.extend_until == late + 5min);
    CHECK(made.payment == payment_key);
    CHECK(made.total == Money{20'000});
    CHECK(made.fingerprint == 0);
    for (const HeldRows& paid : rows.paid) check_seats(paid);
    for (const HeldRows& one : rows.dead) {
        CHECK(one.reservation.status == ReservationStatus::expired);
        CHECK(one.reservation.payment == PaymentKey{});
    }
    CHECK(rows.former.size() == 2 - dead);
    for (const Reservation& former : rows.former) {
        CHECK(former.row == second);
        CHECK(former.status == ReservationStatus::expired);
        CHECK(former.payment == PaymentKey{});
    }
    CHECK(rows.performances.at(monday).counts == SeatCounts{.free = 98, .sold = 2});
    CHECK(rows.performances.at(tuesday).counts == SeatCounts{.free = 99, .sold = 1});
    CHECK(rows.limits.at(in_concert).paid == 3);
    CHECK(rows.limits.at(in_concert).held.empty());
    CHECK(std::ranges::count(kinds_of(rows.events), EventKind::reservation_expired) ==
          static_cast<std::ptrdiff_t>(dead));
    CHECK(std::ranges::count(kinds_of(rows.events), EventKind::reservation_held) == 2);
    const auto held_again =
        std::ranges::find(rows.events, EventKind::reservation_held, &Event::kind);
    CHECK(held_again->items == std::vector<EventItem>{{id_of(again), {7, 8}}});
    CHECK(held_again->until == late + 5min);
    CHECK(held_again->amount == Money{20'000});
}

TEST_CASE("a hold that still lives is sold as it is, beside one that has to be made anew") {
    const Time late = t0 + 3min;
    SettleRows rows = settle_rows({held(first, monday, {7}), held(second, monday, {8}, t0 + 2min)});
    find_dead(rows, late);
    REQUIRE(step(rows, GatewayStatus::captured, late));
    CHECK(rows.payment.reservations == std::vector<ReservationKey>{first, second_again});
    for (const HeldRows& paid : rows.paid) check_seats(paid);
}

TEST_CASE("another's dead hold on the seats ends as a whole") {
    const Time late = t0 + 10min;
    SettleRows rows = settle_rows({held(first, monday, {7})});
    HeldRows mine = rows.paid[0];
    HeldRows others = held(third, monday, {7, 6}, t0 + 9min, bob);
    others.reservation.payment = {77};  // an open payment of Bob's, which it goes on naming
    rows.paid[0].reservation.status = ReservationStatus::expired;
    rows.paid[0].seats = {others.seats[0]};
    rows.dead = {others};
    rows.performances.at(monday).counts.move(SeatStatus::free, SeatStatus::held, 1);
    REQUIRE(step(rows, GatewayStatus::captured, late));
    CHECK(rows.dead[0].reservation.status == ReservationStatus::expired);
    CHECK(rows.dead[0].reservation.payment == PaymentKey{77});
    CHECK(rows.former.size() == 1);
    CHECK(rows.performances.at(monday).counts == SeatCounts{.free = 99, .sold = 1});
    check_seats(rows.paid[0]);
}

// --- Failing -------------------------------------------------------------------------------------

TEST_CASE("what cannot be sold is let go of before the money is taken, and given back after") {
    const Time late = t0 + 6min;
    SettleRows rows = settle_rows({held(first, monday, {7}), held(second, tuesday, {1})});
    Time now = late;
    SUBCASE("the seats are another's") {
        rows.paid[0].reservation.status = ReservationStatus::expired;
        rows.paid[0].seats[0].reservation = third;
        rows.paid[0].seats[0].held_until = late + 1min;
    }
    SUBCASE("the seats are sold") {
        rows.paid[0].reservation.status = ReservationStatus::expired;
        rows.paid[0].seats[0] = {
            .performance = monday, .number = 7, .status = SeatStatus::sold, .reservation = third};
    }
    SUBCASE("the hold was given up") {
        now = t0 + 2min;
        rows.paid[0].reservation.status = ReservationStatus::released;
    }
    SUBCASE("the user has as many seats of the performance as are allowed") {
        rows.limits.at(in_tuesday).paid = 8;
    }
    SUBCASE("the user has as many seats of the concert as are allowed") {
        rows.limits.at(in_concert).paid = 15;
    }
    SUBCASE("the wallet has become too full") { rows.wallet.balance = {Money::max_minor}; }
    SettleRows at_capture = rows;
    REQUIRE(step(rows, GatewayStatus::authorized, now));
    check_failed(rows, PaymentStage::cancel);
    REQUIRE(step(at_capture, GatewayStatus::captured, now));
    check_failed(at_capture, PaymentStage::refund);
    CHECK(at_capture.payment.failure == rows.payment.failure);
}

TEST_CASE("what was to be taken, and can be sold no more, is let go of") {
    SettleRows rows = settle_rows({held(first, monday, {7})});
    rows.payment.stage = PaymentStage::capture;
    nothing(rows, GatewayStatus::authorized);
    rows.paid[0].reservation.status = ReservationStatus::released;
    REQUIRE(step(rows, GatewayStatus::authorized));
    check_failed(rows, PaymentStage::cancel);
}

TEST_CASE("a provider that has another amount is not believed") {
    SettleRows rows = settle_rows({held(first, monday, {7})});
    SettleFacts less = facts(rows, GatewayStatus::authorized);
    less.answer.amount = {9'999};
    REQUIRE(settle(rows, less));
    check_failed(rows, PaymentStage::cancel);
    CHECK(rows.payment.failure == "the provider has 9999 for it, and the price is 10000");
}

TEST_CASE("a provider that will not pay ends the payment, and the hold goes on") {
    for (const GatewayStatus status :
         {GatewayStatus::declined, GatewayStatus::voided, GatewayStatus::refunded}) {
        for (const PaymentStage stage : {PaymentStage::authorize, PaymentStage::capture}) {
            SettleRows rows = settle_rows({held(first, monday, {7})});
            rows.payment.stage = stage;
            const std::vector<Seat> seats = rows.paid[0].seats;
            REQUIRE(step(rows, status));
            check_failed(rows, PaymentStage::done);
            CHECK(rows.payment.failure ==
                  "the provider has " + std::string(gateway_status_name(status)) + " it");
            CHECK(rows.paid[0].seats == seats);
            CHECK(rows.paid[0].reservation.status == ReservationStatus::held);
            for (const GatewayStatus more : every_status) {
                if (more != GatewayStatus::captured) nothing(rows, more);
            }
        }
    }
}

TEST_CASE("an answer that tells nothing new changes nothing") {
    const SettleRows rows = settle_rows({held(first, monday, {7})});
    nothing(rows, GatewayStatus::absent);
    nothing(rows, GatewayStatus{99});
    SettleRows failed = rows;
    failed.payment.status = PaymentStatus::failed;
    for (const PaymentStage owed : {PaymentStage::cancel, PaymentStage::refund}) {
        failed.payment.stage = owed;
        nothing(failed, GatewayStatus::absent);
        nothing(failed, GatewayStatus::authorized);
        nothing(failed, GatewayStatus{99});
        for (const GatewayStatus over :
             {GatewayStatus::declined, GatewayStatus::voided, GatewayStatus::refunded}) {
            if (owed == PaymentStage::refund && over != GatewayStatus::refunded) {
                nothing(failed, over);  // the money was taken, so it is owed
                continue;
            }
            SettleRows ended = failed;
            CHECK(step(ended, over));
            CHECK(ended.payment.stage == PaymentStage::done);
            CHECK(ended.events.empty());
        }
    }
    nothing(failed, GatewayStatus::captured);
    failed.payment.stage = PaymentStage::cancel;
    CHECK(step(failed, GatewayStatus::captured));
    CHECK(failed.payment.stage == PaymentStage::refund);
}

TEST_CASE("money that was taken after a payment had failed is owed") {
    SettleRows failed = settle_rows({held(first, monday, {7})});
    failed.payment.status = PaymentStatus::failed;
    failed.payment.stage = PaymentStage::done;
    for (const GatewayStatus status :
         {GatewayStatus::absent, GatewayStatus::authorized, GatewayStatus::declined,
          GatewayStatus::voided, GatewayStatus::refunded, GatewayStatus{99}}) {
        nothing(failed, status);
    }
    CHECK(step(failed, GatewayStatus::captured));
    CHECK(failed.payment.stage == PaymentStage::refund);
    CHECK(failed.events.empty());
}

TEST_CASE("a payment is settled with the rows that it names") {
    const std::function<void(SettleRows&, SettleFacts&)> mistakes[] = {
        [](SettleRows& rows, SettleFacts&) { rows.payment.stage = PaymentStage::none; },
        [](SettleRows& rows, SettleFacts&) { rows.paid.pop_back(); },
        [](SettleRows&, SettleFacts& facts) { facts.renewals.clear(); },
        [](SettleRows& rows, SettleFacts&) { rows.paid[0].reservation.payment = {99}; },
    };
    for (const auto& mistake : mistakes) {
        SettleRows rows = settle_rows({held(first, monday, {7})});
        SettleFacts declined = facts(rows, GatewayStatus::declined);
        mistake(rows, declined);
        CHECK_THROWS_AS((void)settle(rows, declined), AssertionFailed);
    }
}

TEST_CASE("stages and a provider's statuses have names") {
    CHECK(payment_status_name(PaymentStatus::authorizing) == "authorizing");
    CHECK(payment_status_name(PaymentStatus::failed) == "failed");
    const std::pair<PaymentStage, std::string_view> stages[] = {
        {PaymentStage::none, "none"},           {PaymentStage::done, "done"},
        {PaymentStage::authorize, "authorize"}, {PaymentStage::capture, "capture"},
        {PaymentStage::cancel, "cancel"},       {PaymentStage::refund, "refund"},
        {PaymentStage{99}, "unknown"}};
    for (const auto& [stage, name] : stages) CHECK(payment_stage_name(stage) == name);
    const std::string_view names[] = {"absent", "authorized", "captured", "declined",
                                      "voided", "refunded",   "unknown"};
    for (std::size_t i = 0; i < std::size(names); ++i) {
        CHECK(gateway_status_name(every_status[i]) == names[i]);
    }
}
