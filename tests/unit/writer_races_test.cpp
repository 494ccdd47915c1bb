// Two box offices over one store, of which the other commits just while the one ticks: after it has
// read who is concerned, and before it has locked them. Their clocks may be a moment apart, as are
// those who ask a server for the time one after the other.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "concertres/box_office.hpp"
#include "concertres/postgres.hpp"
#include "support/kept_storage.hpp"
#include "support/postgres_server.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

// Something happens elsewhere right before rows are read, or right before they are locked.
class Overtaken final : public KeptStorage {
  public:
    using KeptStorage::KeptStorage;
    void read(const RowKeys& wanted, Rows& found) override {
        if (before_read) std::exchange(before_read, nullptr)();
        KeptStorage::read(wanted, found);
    }
    Time load(const RowKeys& wanted, Rows& found) override {
        if (before_load) std::exchange(before_load, nullptr)();
        return KeptStorage::load(wanted, found);
    }
    std::function<void()> before_read;
    std::function<void()> before_load;
};

// One room. `ticking` is overtaken by `other`, where people come, hold and leave.
struct Race {
    explicit Race(RoomPolicy policy, SeatNumber seats = 10) {
        auto storage = std::make_unique<Overtaken>(open(ticking_clock));
        overtaken = storage.get();
        ticking.emplace(std::move(storage), options());
        other.emplace(std::make_unique<KeptStorage>(open(clock)), options());
        ConcertDraft draft = SmallSale::draft(seats);
        if (policy.classes.size() > 1) draft.seats.front().allotted_to = 1;
        draft.room = std::move(policy);
        sale = SmallSale::add(*other, draft);
        advance(300ms);
    }
    ~Race() {
        ticking.reset();
        other.reset();
        postgres_server().drop_database(database);
    }
    static Options options() { return {.tick = 24h, .running = Running::by_host, .sweeps = false}; }
    std::shared_ptr<Storage> open(TestClock& at) {
        return open_postgres(postgres_server().conninfo(database), {.clock = &at});
    }
    void run() {
        for (auto* office : {&ticking, &other}) {
            while ((*office)->step()) {
            }
        }
    }
    // Time passes for both, and both do what there is to do: each hears of the other soon.
    void advance(Duration by) {
        while (by > Duration{}) {
            const Duration part = std::min<Duration>(by, 20s);
            clock.advance(part);
            ticking_clock.advance(part);
            run();
            by -= part;
        }
    }
    PlaceNumber join(int user, const std::string& line_class = {}) {
        const auto made = other->join(
            {.concert = sale.concert, .user = SmallSale::user(user), .line_class = line_class});
        REQUIRE(made);
        return made->number;
    }
    // Both are in, as both know.
    PlaceNumber let_in(int user, const std::string& line_class = {}) {
        const PlaceNumber number = join(user, line_class);
        REQUIRE(other->tick({sale.concert}));
        advance(300ms);
        REQUIRE(status(user, number) == TokenStatus::admitted);
        return number;
    }
    TokenStatus status(int user, PlaceNumber number) {
        const auto shown =
            other->place({.concert = sale.concert, .user = SmallSale::user(user), .place = number});
        REQUIRE(shown);
        return shown->status;
    }
    Result<ReservationView> hold(int user, PlaceNumber number) {
        return other->hold({.user = SmallSale::user(user),
                            .place = number,
                            .performance = sale.performance(),
                            .seats = {1},
                            .key = "hold"});
    }
    std::int64_t tick() {
        const auto admitted = ticking->tick({sale.concert});
        REQUIRE(admitted);
        return *admitted;
    }
    void check_sound() {
        CHECK_FALSE(overtaken->before_load);
        CHECK_FALSE(overtaken->before_read);
        clock.set_wall(std::max(clock.wall(), ticking_clock.wall()));
        advance(300ms);
        for (auto* office : {&ticking, &other}) CHECK_FALSE((*office)->statistics().failed);
        const auto report = ticking->audit();
        REQUIRE(report);
        for (const Finding& finding : report->findings) {
            FAIL_CHECK(finding.rule << ": " << finding.what);
        }
    }

    TestClock clock;
    TestClock ticking_clock;
    std::string database = postgres_server().make_database();
    Overtaken* overtaken = nullptr;
    std::optional<BoxOffice> ticking;
    std::optional<BoxOffice> other;
    SmallSale sale;
};

constexpr Duration least{1};

}  // namespace

TEST_SUITE_BEGIN("engine: a tick that is overtaken");

TEST_CASE("who does something with a pass in its last moment is not overruled by its end") {
    Race race({.active_max = 1});
    const PlaceNumber number = race.join(1);
    REQUIRE(race.other->tick({race.sale.concert}));
    race.advance(10min - least);
    race.ticking_clock.advance(least);
    SUBCASE("a hold prolongs it") {
        race.overtaken->before_load = [&] { REQUIRE(race.hold(1, number)); };
        CHECK(race.tick() == 0);
        CHECK(race.status(1, number) == TokenStatus::admitted);
    }
    SUBCASE("its owner gives it back") {
        race.overtaken->before_load = [&] {
            REQUIRE(race.other->leave(
                {.concert = race.sale.concert, .user = SmallSale::user(1), .place = number}));
        };
        CHECK(race.tick() == 0);
        CHECK(race.status(1, number) == TokenStatus::left);
    }
    race.check_sound();
}

TEST_CASE("a hold that does not end after all frees no seat for who waits") {
    Race race({.waiting_list = true}, 1);
    const PlaceNumber in = race.let_in(1);
    const auto held = race.hold(1, in);
    REQUIRE(held);
    const PlaceNumber waits = race.join(2);
    race.advance(5min - least);
    race.ticking_clock.advance(least);
    SUBCASE("it is extended") {
        race.overtaken->before_load = [&] {
            REQUIRE(race.other->extend(
                {.user = SmallSale::user(1), .place = in, .reservation = held->id}));
        };
        CHECK(race.tick() == 0);
        CHECK(race.status(2, waits) == TokenStatus::waiting);
    }
    SUBCASE("it is released, and its seat is free once") {
        race.overtaken->before_load = [&] {
            REQUIRE(race.other->release(
                {.user = SmallSale::user(1), .place = in, .reservation = held->id}));
        };
        CHECK(race.tick() <= 1);
    }
    race.check_sound();
}

TEST_CASE("a dead hold of an allotted seat of which nothing has been heard yet does no harm") {
    Race race({.classes = {{"general", 1}, {"fans", 1}}, .waiting_list = true});
    const PlaceNumber fan = race.let_in(1, "fans");
    const PlaceNumber waits = race.join(2, "fans");
    race.ticking_clock.advance(5min);
    race.overtaken->before_read = [&] { REQUIRE(race.hold(1, fan)); };
    CHECK(race.tick() == 1);
    CHECK(race.status(2, waits) != TokenStatus::left);
    race.check_sound();
}

TEST_CASE("a class that the room gets just while it ticks waits for the next tick") {
    Race race({});
    race.join(1);
    race.overtaken->before_load = [&] {
        SaleChange change;
        change.patch.emplace().classes.emplace({RoomClass{"general", 1}, RoomClass{"fans", 1}});
        REQUIRE(race.other->change_sale({.concert = race.sale.concert, .change = change}));
        race.join(2, "fans");
    };
    CHECK(race.tick() == 1);
    CHECK(race.tick() == 1);
    race.check_sound();
}

// --- Who was passed over -----------------------------------------------------------------------

namespace {

constexpr NoShows rule{.silent_after = 90s, .grace = 5min};

// Of three the first was passed over, the second is in and the third waits; both know it.
struct PassedOver : Race {
    PassedOver() : Race({.active_max = 1, .no_shows = rule}) {
        passed = join(1);
        advance(2min);
        in = join(2);
        advance(300ms);
        REQUIRE(ticking->tick({sale.concert}));
        advance(300ms);
        REQUIRE(ticking->concert({sale.concert})->passed_over == 1);
        REQUIRE(other->concert({sale.concert})->passed_over == 1);
    }
    void give_longer(Duration grace) {
        SaleChange change;
        change.patch.emplace().no_shows.emplace(NoShows{.silent_after = 90s, .grace = grace});
        REQUIRE(other->change_sale({.concert = sale.concert, .change = change}));
    }
    PlaceNumber passed;
    PlaceNumber in;
};

}  // namespace

TEST_CASE("a place that two instances see at its end is lost once") {
    PassedOver race;
    race.advance(rule.grace);
    race.overtaken->before_load = [&] { REQUIRE(race.other->tick({race.sale.concert})); };
    race.tick();
    CHECK(race.status(1, race.passed) == TokenStatus::left);
    race.check_sound();
}

TEST_CASE("a grace that is made longer at its end keeps the place") {
    PassedOver race;
    Duration longer = 1h;
    SUBCASE("of one who has not come back") { race.advance(rule.grace); }
    SUBCASE("of one who came back, and went again") {
        race.advance(4min);
        REQUIRE(race.ticking
                    ->place({.concert = race.sale.concert,
                             .user = SmallSale::user(1),
                             .place = race.passed})
                    ->status == TokenStatus::waiting);
        race.advance(2min);
        race.tick();
        race.advance(4min);
        longer = 8min;
    }
    race.overtaken->before_load = [&] { race.give_longer(longer); };
    race.tick();
    CHECK(race.ticking->concert({race.sale.concert})->passed_over == 1);
    CHECK(race.status(1, race.passed) == TokenStatus::waiting);
    race.check_sound();
}

TEST_SUITE_END();

}  // namespace concertres::test
