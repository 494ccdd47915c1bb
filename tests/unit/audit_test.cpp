// The audit as a whole: what is clean, how it counts, and that nothing in a store can throw it.

#include "concertres/audit.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <random>
#include <stdexcept>

#include "engine/audit_findings.hpp"
#include "support/shown_sale.hpp"

using namespace concertres;
using namespace concertres::test;

namespace {

// A reservation without a room: everybody has place 0 there.
SaleScript::Hold plain_hold(ReservationKey row, UserKey user, std::vector<SeatNumber> seats) {
    return {.row = row, .user = user, .seats = std::move(seats), .at = t0, .until = t0 + 5min};
}

}  // namespace

// --- What is clean -----------------------------------------------------------------------------

TEST_CASE("a sale in full swing is clean") {
    ShownStore store = a_sale();
    CHECK(findings_text(store) == "");
}

TEST_CASE("an empty store is clean") {
    ShownStore store;
    CHECK(findings_text(store) == "");
}

TEST_CASE("the report counts what was shown") {
    ShownStore store = a_sale();
    const AuditReport report = audit(store);
    CHECK(report.clean());
    CHECK(report.concerts == 1);
    CHECK(report.performances == 2);
    CHECK(report.places == 7);
    CHECK(report.passes == 5);
    CHECK(report.reservations == 7);
    CHECK(report.payments == 2);
    CHECK(report.transfers == 5);
    CHECK(report.events == static_cast<std::int64_t>(store.events_shown.size()));
    CHECK(report.seats == SeatCounts{.free = 15, .blocked = 1, .held = 2, .sold = 2});
    CHECK(report.wallets == Money{9'500});
    CHECK(report.takings == Money{2'000});
}

TEST_CASE("a sale without a room is clean, whatever place its callers name") {
    SaleScript script(std::nullopt);
    script.charge(alice, {5'000}, t0);
    SaleScript::Hold hold = plain_hold({101}, alice, {1});
    hold.place = {77};
    script.hold(hold);
    script.hold(plain_hold({102}, alice, {2}));
    script.pay({201}, {{101}}, t0 + 1min, {78});
    ShownStore store = script.shown(t0 + 2min);
    CHECK(findings_text(store) == "");
}

TEST_CASE("a payment over two performances has an event in each, and is clean") {
    SaleScript script(std::nullopt);
    script.charge(alice, {5'000}, t0);
    script.hold(plain_hold({101}, alice, {1, 2}));
    SaleScript::Hold second = plain_hold({102}, alice, {3});
    second.performance = tuesday;
    script.hold(second);
    script.pay({201}, {{101}, {102}}, t0 + 1min);
    script.refund({201}, t0 + 2min);
    ShownStore store = script.shown(t0 + 2min);
    CHECK(findings_text(store) == "");
}

TEST_CASE("a payment for seats that cost nothing has no transfer, and is clean") {
    SaleScript script(std::nullopt);
    script.store().catalog.front().seats = numbered_seats(seats_each, Money{});
    script.hold(plain_hold({101}, alice, {1}));
    Reservation& reservation = script.store().row<Reservation>({101});
    reservation.total = {};
    reservation.seats.front().price = {};
    script.store().event(of_monday, 1).amount = {};
    script.pay({201}, {{101}}, t0 + 1min);
    script.refund({201}, t0 + 2min);
    ShownStore store = script.shown(t0 + 2min);
    CHECK(findings_text(store) == "");
    CHECK(audit(store).transfers == 0);
}

TEST_CASE("a hold that is older than the room may prolong a pass, and is clean") {
    SaleScript script(std::nullopt);
    script.hold(plain_hold({101}, alice, {1}));
    script.change_sale(t0 + 1min);
    script.store().row<Sale>(the_concert).room = RoomPolicy{};
    script.join(alice, t0 + 1min);
    script.admit(1, t0 + 1min);
    ShownStore& store = script.store();
    // From place 1, though it was held from place 0.
    store.row<Reservation>({101}).place = {1};
    script.extend({101}, t0 + 2min, t0 + 7min);
    store.row<Reservation>({101}).place = {};
    store.events_shown.back().place = {};
    store.row<Pass>({the_concert, {1}}).held = {{101}};
    ShownStore shown = script.shown(t0 + 3min);
    CHECK(findings_text(shown) == "");
}

TEST_CASE("a dead hold that nobody has tidied up is clean") {
    SaleScript script(std::nullopt);
    script.hold(plain_hold({101}, alice, {1, 2}));
    ShownStore store = script.shown(t0 + 1h);
    CHECK(findings_text(store) == "");
}

TEST_CASE("a dead hold may be expired and its seat held again at one moment") {
    SaleScript script(std::nullopt);
    script.hold(plain_hold({101}, alice, {1, 2}));
    script.expire({101}, t0 + 5min);
    SaleScript::Hold next = plain_hold({102}, bob, {2});
    next.at = t0 + 5min;
    next.until = t0 + 10min;
    script.hold(next);
    ShownStore store = script.shown(t0 + 5min);
    CHECK(findings_text(store) == "");
}

// --- Streams -----------------------------------------------------------------------------------

TEST_CASE("a flipped byte in an event or a transfer breaks L5") {
    ShownStore store = a_sale();
    SUBCASE("event") { store.flipped_events = {3}; }
    SUBCASE("transfer") { store.flipped_transfers = {1}; }
    CHECK(broken_rules(store) == "L5");
}

TEST_CASE("a gap in a stream breaks L5") {
    ShownStore store = a_sale();
    store.row<Sale>(the_concert).room.reset();
    std::erase_if(store.events_shown, [](const Event& event) {
        return event.stream == of_tuesday && event.number == 2;
    });
    CHECK(finds(store, "L5", {"event 3", "after number 1"}));
}

TEST_CASE("a row that does not know the end of its stream breaks L5") {
    ShownStore store = a_sale();
    SUBCASE("performance") { store.row<PerformanceState>(monday).next_event -= 1; }
    SUBCASE("room") { store.row<Sale>(the_concert).next_event += 1; }
    SUBCASE("wallet") { store.row<Wallet>(alice).next_number += 1; }
    CHECK(broken_rules(store) == "L5");
}

TEST_CASE("events that go back in time break C1") {
    SaleScript script(std::nullopt);
    script.block(monday, {1}, true, t0 + 1min);
    script.block(monday, {1}, false, t0);
    ShownStore store = script.shown(t0 + 1min);
    CHECK(broken_rules(store) == "C1");
}

TEST_CASE("what is stamped after now breaks C1") {
    ShownStore store = a_sale();
    store.time = t0 + 2min;
    CHECK(broken_rules(store) == "C1");
    CHECK(finds(store, "C1", {"event 6 of the stream of performance 2"}));
    CHECK(finds(store, "C1", {"the refund of payment", id_of(PaymentKey{202}).to_string()}));
}

TEST_CASE("an event that is of no kind that its stream has breaks O1") {
    ShownStore store = a_sale();
    SUBCASE("another stream's") {
        store.event(of_tuesday, 1).kind = EventKind::sale_changed;
        store.row<Seat>({tuesday, 10}).status = SeatStatus::free;
        store.event(of_tuesday, 2).kind = EventKind::sale_changed;
        store.row<PerformanceState>(tuesday).counts.free += 1;
        store.row<PerformanceState>(tuesday).counts.blocked -= 1;
    }
    SUBCASE("nobody's") {
        Event event = store.events_shown.back();
        event.kind = static_cast<EventKind>(99);
        ++event.number;
        store.row<Sale>(the_concert).next_event += 1;
        store.events_shown.push_back(event);
    }
    CHECK(broken_rules(store) == "O1");
}

TEST_CASE("events of a stream that belongs to nothing break D2") {
    ShownStore store = a_sale();
    store.events_shown.push_back(
        {.stream = {StreamKind::room, 99}, .number = 1, .kind = EventKind::sale_changed, .at = t0});
    CHECK(broken_rules(store) == "D2");
}

TEST_CASE("an event of a stream of no kind breaks L5") {
    ShownStore store = a_sale();
    store.events_shown.push_back({.stream = {static_cast<StreamKind>(9), 1}, .number = 1});
    CHECK(finds(store, "L5", {"a stream of no kind (9)"}));
}

// --- Names -------------------------------------------------------------------------------------

TEST_CASE("an id or a key that names two things breaks I1") {
    ShownStore store = a_sale();
    SUBCASE("two rows of one key") { store.add(store.row<Wallet>(alice)); }
    SUBCASE("two seats of one number") { store.add(store.row<Seat>({monday, 1})); }
    SUBCASE("two users of one key") { store.add(User{.id = id_of(UserKey{99}), .user = alice}); }
    SUBCASE("a user and a reservation of one key") {
        store.add(User{.id = id_of(UserKey{101}), .user = {101}});
    }
    SUBCASE("a key that is none") { store.add(User{.id = id_of(UserKey{99}), .user = {-1}}); }
    CHECK(broken_rules(store) == "I1");
}

TEST_CASE("one id of two reservations, payments or transfers breaks I1") {
    ShownStore store = a_sale();
    SUBCASE("reservations") { store.row<Reservation>({102}).id = id_of(ReservationKey{101}); }
    SUBCASE("payments") { store.row<Payment>({202}).id = id_of(PaymentKey{201}); }
    SUBCASE("transfers") { store.transfer(carol, 1).id = store.transfer(alice, 1).id; }
    CHECK(finds(store, "I1", {}));
}

TEST_CASE("a reservation that is held twice breaks I1") {
    ShownStore store = a_sale();
    Event again = store.event(of_tuesday, 3);
    REQUIRE(again.kind == EventKind::reservation_held);
    again.number = store.row<PerformanceState>(tuesday).next_event++;
    again.at = t0 + 3min;
    for (auto at = store.events_shown.begin();; ++at) {
        if (at->stream == of_room) {
            store.events_shown.insert(at, again);
            break;
        }
    }
    CHECK(broken_rules(store) == "I1");
}

TEST_CASE("a seat number that a hall has twice breaks I1") {
    ShownStore store = a_sale();
    store.catalog.front().seats.push_back(store.catalog.front().seats.front());
    CHECK(broken_rules(store) == "I1");
}

TEST_CASE("a section that is an area in part, or an area of two prices, breaks S1") {
    ShownStore store = a_sale();
    std::vector<HallSeat>& hall = store.catalog.front().seats;
    for (HallSeat& seat : hall) {
        seat.section = "Standing";
        seat.general = true;
        seat.price = Money{100};
    }
    CHECK(findings_text(store) == "");
    SUBCASE("in part") { hall.back().general = false; }
    SUBCASE("two prices") { hall.back().price = Money{101}; }
    CHECK(broken_rules(store) == "S1");
    CHECK(finds(store, "S1", {"\"Standing\""}));
}

TEST_CASE("a row whose user does not exist breaks D2") {
    ShownStore store = a_sale();
    store.remove<User>(id_of(erin));
    CHECK(broken_rules(store) == "D2");
    CHECK(finds(store, "D2", {"a place", id_of(erin).to_string()}));
}

TEST_CASE("a concert that is not whole breaks D2") {
    SaleScript script;
    ShownStore store = script.shown(t0);
    SUBCASE("no sale") { store.remove<Sale>(the_concert); }
    SUBCASE("no line") { store.remove<Line>({the_concert, 0}); }
    SUBCASE("no counts") { store.remove<PerformanceState>(monday); }
    SUBCASE("a sale of no concert") { store.add(Sale{.concert = {99}}); }
    SUBCASE("counts of no performance") { store.add(PerformanceState{.performance = {99}}); }
    SUBCASE("a line of no concert") { store.add(Line{.concert = {99}}); }
    SUBCASE("a mode that does not exist") {
        store.row<Sale>(the_concert).mode = static_cast<SaleMode>(77);
    }
    SUBCASE("a performance of another concert") {
        NewConcert& concert = store.catalog.front();
        concert.performances.push_back({.key = {99}, .concert = {98}});
        store.add(PerformanceState{.performance = {99}});
    }
    SUBCASE("a limit in nothing") {
        store.add(User{.id = id_of(alice), .user = alice});
        store.add(Limit{.user = alice, .scope = 99});
    }
    CHECK(broken_rules(store) == "D2");
}

// --- Damage ------------------------------------------------------------------------------------

TEST_CASE("damage that the storage tells of is a finding") {
    ShownStore store = a_sale();
    store.damage = {"page 7 is torn"};
    CHECK(findings_text(store) == "storage: page 7 is torn\n");
}

TEST_CASE("a store that cannot be read to its end is not searched for what is missing") {
    ShownStore store = a_sale();
    store.breaks_off = StorageError::Kind::corrupt;
    CHECK(findings_text(store) == "storage: the store cannot be read to its end: torn\n");
}

TEST_CASE("a storage that fails is not a damaged store") {
    ShownStore store = a_sale();
    store.breaks_off = StorageError::Kind::failed;
    CHECK_THROWS_AS(static_cast<void>(audit(store)), StorageError);
}

TEST_CASE("a flood of findings is counted, and hides no other rule") {
    ShownStore store = a_sale();
    store.damage.assign(5'000, "torn");
    store.row<Wallet>(alice).next_number += 1;
    const AuditReport report = audit(store);
    CHECK(report.findings_total == 5'002);
    CHECK(report.findings.size() == 102);
    CHECK(broken_rules(store) == "L5 storage");
}

TEST_CASE("of all rules together a report keeps a thousand findings, and counts every one") {
    AuditReport report;
    Findings findings(report);
    for (int rule = 0; rule < 11; ++rule) {
        for (int i = 0; i < 100; ++i) findings.add("R" + std::to_string(rule), "number {}", i);
    }
    CHECK(report.findings_total == 1'100);
    REQUIRE(report.findings.size() == 1'000);
    CHECK(report.findings.back().rule == "R9");
    CHECK(report.findings.back().what == "number 99");
}

// --- Anything at all ---------------------------------------------------------------------------

namespace {

// Breaks rows at random, with the values that arithmetic likes least.
class Vandal {
  public:
    explicit Vandal(std::uint32_t seed) : random_(seed) {}

    void visit(ShownStore& store) {
        for (int i = 0; i < 12; ++i) strike(store);
    }

  private:
    std::size_t below(std::size_t end) { return random_() % end; }
    std::int64_t number() {
        constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
        constexpr std::int64_t values[] = {0,     -1,   1,         2,         3,
                                           11,    101,  201,       most,      most - 1,
                                           -most, 7777, -most - 1, 1LL << 40, most / 2};
        return values[below(std::size(values))];
    }
    Time time() { return Time(Duration(number())); }
    std::uint8_t byte() { return static_cast<std::uint8_t>(random_()); }
    SeatNumber seat() { return static_cast<SeatNumber>(number()); }

    template <class Row>
    Row* any(std::vector<Row>& rows) {
        return rows.empty() ? nullptr : &rows[below(rows.size())];
    }
    template <class Row>
    void lose(std::vector<Row>& rows) {
        if (!rows.empty()) {
            rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(below(rows.size())));
        }
    }
    template <class Row>
    void repeat(std::vector<Row>& rows) {
        if (!rows.empty()) rows.push_back(Row(rows[below(rows.size())]));
    }
    template <class Row>
    void disturb(std::vector<Row>& rows) {
        if (below(3) == 0) lose(rows);
        if (below(3) == 0) repeat(rows);
        for (int i = 0; i < 2; ++i) {
            if (Row* row = any(rows)) hit(*row);
        }
    }

    void hit(User& row) { row.user = {number()}; }
    void hit(Sale& row) {
        row.mode = static_cast<SaleMode>(byte());
        row.next_event = number();
        row.room = RoomPolicy{.active_max = number(),
                              .window = AdmissionWindow{number(), Duration(number())}};
    }
    void hit(Line& row) {
        row.epoch = number();
        row.next_sequence = number();
    }
    void hit(Member& row) { (below(2) == 0 ? row.latest.value : row.user.value) = number(); }
    void hit(Place& row) {
        row.number = {number()};
        row.status = static_cast<PlaceStatus>(byte());
        row.joined_at = time();
    }
    void hit(Pass& row) {
        row.status = static_cast<PassStatus>(byte());
        row.expires_at = time();
        row.ceiling = time();
        row.held.push_back({number()});
    }
    void hit(PerformanceState& row) {
        row.counts = {number(), number(), number(), number()};
        row.next_event = number();
    }
    void hit(Limit& row) {
        row.scope = number();
        row.paid = seat();
        row.held.push_back({{number()}, seat(), time()});
    }
    void hit(Reservation& row) {
        row.status = static_cast<ReservationStatus>(byte());
        row.performance = {number()};
        row.payment = {number()};
        row.total = {number()};
        row.held_until = time();
        row.seats.push_back({seat(), {number()}});
        row.seats.push_back({seat(), {number()}});
    }
    void hit(Payment& row) {
        row.status = static_cast<PaymentStatus>(byte());
        row.amount = {number()};
        row.reservations.push_back({number()});
        row.released.push_back({number()});
        row.refunded_at = time();
    }
    void hit(Seat& row) {
        row.status = static_cast<SeatStatus>(byte());
        row.number = seat();
        row.reservation = {number()};
        row.held_until = time();
    }
    void hit(Wallet& row) {
        row.balance = {number()};
        row.next_number = number();
    }
    void hit(Transfer& row) {
        row.kind = static_cast<TransferKind>(byte());
        row.amount = {number()};
        row.balance_after = {number()};
        row.number = number();
        row.debit = {number()};
        row.at = time();
    }
    void hit(Event& row) {
        row.stream.kind = static_cast<StreamKind>(below(5));
        row.kind = static_cast<EventKind>(byte() % 60);
        row.number = number();
        row.at = time();
        row.until = time();
        row.pass_expires_at = time();
        row.amount = {number()};
        row.place = {number()};
        if (below(2) == 0) row.items.clear();
        for (EventItem& item : row.items) item.seats.push_back(seat());
    }
    void hit(NewConcert& row) {
        row.concert.limits = {seat(), seat()};
        row.performances.front().concert = {number()};
        row.seats.front().number = seat();
    }

    void strike(ShownStore& store) {
        switch (below(8)) {
            case 0:
                return disturb(store.events_shown);
            case 1:
                return disturb(store.transfers_shown);
            case 2:
                return disturb(store.catalog);
            case 3:
                store.time = time();
                return;
            default:
                store.visit_tables([&](auto& rows) {
                    if (below(4) == 0) disturb(rows);
                });
        }
    }

    std::mt19937 random_;
};

}  // namespace

TEST_CASE("nothing in a damaged store can throw the audit") {
    for (std::uint32_t seed = 0; seed < 400; ++seed) {
        CAPTURE(seed);
        ShownStore store = a_sale();
        Vandal(seed).visit(store);
        AuditReport report;
        REQUIRE_NOTHROW(report = audit(store));
        CHECK(!report.clean());
        CHECK(report.findings.size() <= 1'000);
    }
}
