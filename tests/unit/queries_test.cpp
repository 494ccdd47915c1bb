// What queries answer where there is nothing to show, and where storage cannot go on.
#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "support/faulty_storage.hpp"
#include "support/kept_storage.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

// A user who has charged a wallet, and nothing else.
struct Known {
    Known() : sale(SmallSale::add(office)) {
        static_cast<void>(office.charge({.user = user, .amount = {100}, .key = "c"}).value());
    }

    UserId user = SmallSale::user(1);
    BoxOffice office{open_memory(), {.running = Running::by_host}};
    SmallSale sale;
};

TEST_CASE("what a known user never made is unknown, and lists before it are empty") {
    Known at;
    const auto reservation = ReservationId::from_name("never made");
    const auto payment = PaymentId::from_name("never made");
    CHECK(at.office.reservation({.user = at.user, .reservation = reservation}).error().code ==
          Errc::unknown_reservation);
    CHECK(at.office.payment({.user = at.user, .payment = payment}).error().code ==
          Errc::unknown_payment);
    REQUIRE(at.office.hold(
        {.user = at.user, .performance = at.sale.performance(), .seats = {1}, .key = "h"}));
    CHECK(at.office.call(ListReservations{.user = at.user}).value().size() == 1);
    CHECK(at.office.call(ListReservations{.user = at.user, .before = reservation}).value().empty());
    CHECK(at.office.call(ListPayments{.user = at.user, .before = payment}).value().empty());
}

TEST_CASE("the writer, too, says that everybody is admitted at a concert without a room") {
    Known at;
    std::optional<AnswerTo<GetPlace>> told;
    at.office.submit<GetPlace>({.concert = at.sale.concert, .user = at.user, .place = {}},
                               [&](AnswerTo<GetPlace> answer) { told = std::move(answer); });
    while (at.office.step()) {
    }
    REQUIRE(told);
    REQUIRE(*told);
    CHECK((*told)->status == TokenStatus::admitted);
    CHECK((*told)->latest);
    CHECK_FALSE((*told)->pass_expires_at);
}

TEST_CASE("who was let in by number before the line was drawn is not among those let in by lot") {
    TestClock clock;
    BoxOffice office(open_memory({.clock = &clock}), {.tick = 1h, .running = Running::by_host});
    ConcertDraft draft = SmallSale::draft();
    draft.room = RoomPolicy{.active_max = 1};
    const ConcertId concert = SmallSale::add(office, draft).concert;
    const auto let_in_by_lot = [&] { return office.admissions({.concert = concert}); };
    for (const int user : {1, 2}) {
        REQUIRE(office.join({.concert = concert, .user = SmallSale::user(user)}));
    }
    REQUIRE(office.tick({concert}).value() == 1);
    CHECK(let_in_by_lot().error().code == Errc::unknown_draw);
    SaleChange change;
    change.patch = RoomPatch{.active_max = std::optional<std::int64_t>(2), .draw = true};
    change.opens_at = office.now() + 1min;
    REQUIRE(office.change_sale({.concert = concert, .change = change}));
    CHECK(let_in_by_lot().error().code == Errc::unknown_draw);
    clock.advance(1min);
    REQUIRE(office.tick({concert}).value() == 1);
    const auto told = let_in_by_lot();
    REQUIRE(told);
    REQUIRE(told->admissions.size() == 1);
    CHECK(told->admissions[0].number == PlaceNumber{2});
    // Yet both were drawn.
    CHECK(office.draw({concert})->lines.at(0).drawn.size == 2);
    CHECK(office.admissions({.concert = ConcertId::from_name("no such")}).error().code ==
          Errc::unknown_concert);
}

// Storage on a disk that is full, for whatever is long.
class FullStorage final : public KeptStorage {
  public:
    FullStorage(std::unique_ptr<Storage> inner, const bool& is_full)
        : KeptStorage(std::move(inner)), is_full_(&is_full) {}

    void scan(ScanVisitor& visitor) override {
        check();
        KeptStorage::scan(visitor);
    }
    void add(const NewConcert& concert, const Progress& progress) override {
        check();
        KeptStorage::add(concert, progress);
    }

  private:
    void check() const {
        if (*is_full_) throw StorageError(StorageError::Kind::full, "the disk is full");
    }
    const bool* is_full_;
};

TEST_CASE("an audit or a concert for which there is no space is refused, and the sale goes on") {
    bool is_full = false;
    BoxOffice office(std::make_unique<FullStorage>(open_memory(), is_full),
                     {.running = Running::by_host});
    const SmallSale sale = SmallSale::add(office);
    is_full = true;
    const auto audited = office.audit();
    REQUIRE_FALSE(audited);
    CHECK(audited.error().code == Errc::storage_full);
    const auto added = office.add_concert(SmallSale::draft());
    REQUIRE_FALSE(added);
    CHECK(added.error().code == Errc::storage_full);
    CHECK(added.error().detail == "the disk is full");
    CHECK(office.call(ListConcerts{}).value().size() == 1);
    is_full = false;
    CHECK(office.add_concert(SmallSale::draft()));
    CHECK(office.audit()->clean());
}

TEST_CASE("storage that fails while a concert is added stops the engine") {
    FaultPlan plan;
    BoxOffice office(std::make_unique<FaultyStorage>(open_memory(), plan),
                     {.running = Running::by_host});
    plan.fail(StorageCall::add);
    CHECK(office.add_concert(SmallSale::draft()).error().code == Errc::engine_failed);
    CHECK(plan.calls_after_failure() == 0);
}

}  // namespace
}  // namespace concertres::test
