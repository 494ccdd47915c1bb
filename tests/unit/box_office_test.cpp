// What a box office answers without its writer, the keys it signs with, and what it counts.
#include "concertres/box_office.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "concertres/memory.hpp"
#include "support/kept_storage.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

using namespace concertres;
using namespace concertres::test;
using namespace std::chrono_literals;

namespace {

TokenKey key(std::uint32_t id, std::uint8_t seed) {
    TokenKey key{.id = id};
    key.secret.fill(seed);
    return key;
}

// A disk that takes as long as the test says, by the store's own clock.
class SlowStorage final : public KeptStorage {
  public:
    SlowStorage(TestClock& clock, const Duration& commit_time)
        : KeptStorage(open_memory({.clock = &clock})), clock_(&clock), commit_time_(&commit_time) {}

    CommitOutcome commit(const ChangeSet& changes) override {
        clock_->advance(*commit_time_);
        return KeptStorage::commit(changes);
    }

  private:
    TestClock* clock_;
    const Duration* commit_time_;
};

PlaceView some_place() {
    return {.concert = ConcertId::from_name("c"), .user = UserId::from_name("u")};
}

}  // namespace

TEST_CASE("how long commits take is measured by store time, and a closed loop goes by it") {
    TestClock clock;
    Duration commit_time = 2ms;
    BoxOffice office(std::make_unique<SlowStorage>(clock, commit_time),
                     {.tick = 1h, .running = Running::by_host});
    ConcertDraft draft = SmallSale::draft();
    draft.room = RoomPolicy{.closed_loop =
                                ClosedLoop{.floor = 1, .ceiling = 8, .add = 3, .commit_max = 20ms}};
    const ConcertId concert = SmallSale::add(office, std::move(draft)).concert;
    const auto loop = [&] { return office.concert({concert})->loop.value(); };
    CHECK_FALSE(loop().commit_time);
    for (int user = 1; user <= 20; ++user) {
        REQUIRE(office.join({.concert = concert, .user = SmallSale::user(user)}));
    }
    CHECK(loop().commit_time == Duration(2ms));
    CHECK(office.tick({concert}).value() == 1);
    clock.advance(1s);
    CHECK(office.tick({concert}).value() == 0);
    CHECK(loop().limit == 4);
    CHECK(office.tick({concert}).value() == 3);
    // One slow commit is an eighth of what counts.
    commit_time = 50ms;
    REQUIRE(office.join({.concert = concert, .user = SmallSale::user(21)}));
    CHECK(loop().commit_time == Duration(8ms));
    for (int user = 22; user <= 30; ++user) {
        REQUIRE(office.join({.concert = concert, .user = SmallSale::user(user)}));
    }
    CHECK(loop().commit_time.value() > 20ms);
    clock.advance(1s);
    CHECK(office.tick({concert}).value() == 0);
    CHECK(loop().limit == 2);
}

TEST_CASE("performances and concerts are found without the writer, as it would find them") {
    BoxOffice office(open_memory());
    ConcertDraft draft = SmallSale::draft(30, 2);
    draft.performances[1].starts_at.time = draft.performances[0].starts_at.time + 2h;
    const SmallSale sale = SmallSale::add(office, std::move(draft));
    const auto both = [&](auto direct, auto query) {
        const auto asked = office.call(query);
        REQUIRE(direct.has_value() == asked.has_value());
        if (!direct) {
            CHECK(direct.error().code == asked.error().code);
            CHECK(direct.error().detail == asked.error().detail);
        }
        return direct;
    };

    const GetPerformance second{sale.performances[1]};
    const auto found = both(office.performance(second), second);
    REQUIRE(found);
    CHECK(found->id == sale.performances[1]);
    CHECK(found->concert == sale.concert);
    CHECK(to_rfc3339(found->starts_at, found->utc_offset) == "2090-12-24T21:00:00.000+09:00");
    CHECK(found->date == "2090-12-24");
    CHECK(found->seats_total == 30);
    const GetPerformance missing{PerformanceId::from_name("none")};
    CHECK(both(office.performance(missing), missing).error().code == Errc::unknown_performance);

    const FindPerformance twice{sale.concert, "2090-12-24"};
    CHECK(both(office.find(twice), twice).error().code == Errc::date_ambiguous);
    const FindPerformance never{sale.concert, "2090-12-25"};
    CHECK(both(office.find(never), never).error().code == Errc::unknown_performance);
    const FindPerformance nowhere{ConcertId::from_name("none"), "2090-12-24"};
    CHECK(both(office.find(nowhere), nowhere).error().code == Errc::unknown_concert);
    const SmallSale other = SmallSale::add(office);
    CHECK(*office.find({other.concert, "2090-12-24"}) == other.performance());

    const auto named = office.seats_named(sale.performances[1], {30, 7});
    REQUIRE(named);
    REQUIRE(named->size() == 2);
    CHECK(named->front().number == 30);
    CHECK(named->back().label == "7");
    CHECK(named->back().price == SmallSale::price);
    CHECK(office.seats_named(sale.performances[1], {31}).error().code == Errc::unknown_seat);
    CHECK(office.seats_named(missing.performance, {1}).error().code == Errc::unknown_performance);

    const GetConcert concert{sale.concert};
    const auto view = both(office.concert(concert), concert);
    CHECK(view->title == "Winter Songs");
    CHECK(view->performances == sale.performances);
    CHECK(view->seats.free == 60);
    const GetConcert no_concert{ConcertId::from_name("none")};
    CHECK(both(office.concert(no_concert), no_concert).error().code == Errc::unknown_concert);

    // Even where there is no writer any more.
    office.stop();
    CHECK(office.performance(second)->seats_total == 30);
    CHECK(office.find({other.concert, "2090-12-24"}));
    CHECK(office.concert(concert)->seats.free == 60);
}

TEST_CASE("threads may look up while concerts are added") {
    BoxOffice office(open_memory());
    const SmallSale first = SmallSale::add(office);
    std::atomic<bool> done{false};
    std::atomic<int> missed{0};
    std::thread looking([&] {
        while (!done.load()) {
            if (!office.performance({first.performance()})) ++missed;
            if (!office.find({first.concert, "2090-12-24"})) ++missed;
            if (!office.concert({first.concert})) ++missed;
        }
    });
    for (int i = 0; i < 50; ++i) (void)SmallSale::add(office, SmallSale::draft(5));
    done = true;
    looking.join();
    CHECK(missed == 0);
}

// --- Places ------------------------------------------------------------------------------------

TEST_CASE("a place is its owner's alone: waiting or admitted, and after the store is reopened") {
    const std::shared_ptr<Storage> store = open_memory();
    const Options options{.running = Running::by_host};
    ConcertId concert;
    const auto look = [&](BoxOffice& office, int user, std::int64_t number) {
        return office.place({.concert = concert, .user = SmallSale::user(user), .place = {number}});
    };
    const auto check = [&](BoxOffice& office) {
        // The first is in, the second waits; the third has never come.
        for (const std::int64_t number : {1, 2}) {
            for (const int user : {1, 2, 3}) {
                CAPTURE(number);
                CAPTURE(user);
                const GetPlace query{
                    .concert = concert, .user = SmallSale::user(user), .place = {number}};
                CHECK(office.place_in_memory(query).has_value() == (user == number));
                const auto place = office.place(query);
                if (user == number) {
                    CHECK(place->status ==
                          (user == 1 ? TokenStatus::admitted : TokenStatus::waiting));
                } else {
                    CHECK(place.error().code == Errc::token_invalid);
                }
            }
        }
    };
    {
        BoxOffice office(std::make_unique<KeptStorage>(store), options);
        ConcertDraft draft = SmallSale::draft();
        draft.room = RoomPolicy{.active_max = 1};
        concert = SmallSale::add(office, std::move(draft)).concert;
        for (const int user : {1, 2}) {
            REQUIRE(office.join({.concert = concert, .user = SmallSale::user(user)}));
        }
        REQUIRE(office.tick({concert}));
        check(office);
    }
    BoxOffice office(std::make_unique<KeptStorage>(store), options);
    check(office);
    REQUIRE(look(office, 2, 2)->ahead == 0);
}

// --- Token keys --------------------------------------------------------------------------------

TEST_CASE("tokens are signed with the store's keys, or with those of the options") {
    BoxOffice own(open_memory());
    CHECK(own.verify(own.sign(some_place())));
    BoxOffice a(open_memory(), {.token_keys = {key(7, 1)}});
    BoxOffice b(open_memory(), {.token_keys = {key(8, 2), key(7, 1)}});
    CHECK(b.verify(a.sign(some_place())));
    CHECK(a.verify(b.sign(some_place())).error().code == Errc::token_invalid);
    CHECK(own.verify(a.sign(some_place())).error().code == Errc::token_invalid);
}

TEST_CASE("token keys are replaced while tokens are signed and verified, and none fails") {
    const TokenKey before = key(1, 1);
    const TokenKey after = key(2, 2);
    BoxOffice office(open_memory(), {.token_keys = {before}});
    const std::string old = office.sign(some_place());
    std::atomic<bool> done{false};
    std::atomic<int> failed{0};
    std::thread asking([&] {
        while (!done.load()) {
            if (!office.verify(office.sign(some_place()))) ++failed;
            if (!office.verify(old)) ++failed;
        }
    });
    for (int i = 0; i < 200; ++i) {
        office.replace_token_keys({before, after});
        office.replace_token_keys({after, before});
    }
    done = true;
    asking.join();
    CHECK(failed == 0);
    office.replace_token_keys({after});
    CHECK(office.verify(old).error().code == Errc::token_invalid);
}

TEST_CASE("keys that cannot be used are refused, and those before them stay") {
    BoxOffice office(open_memory());
    const std::string token = office.sign(some_place());
    CHECK_THROWS_AS(office.replace_token_keys({}), std::invalid_argument);
    CHECK_THROWS_AS(office.replace_token_keys({key(1, 1), key(1, 2)}), std::invalid_argument);
    CHECK_THROWS_AS(office.replace_token_keys({key(1, 0)}), std::invalid_argument);
    CHECK(office.verify(token));

    Options options{.token_keys = {key(1, 1), key(1, 2)}};
    CHECK(check(options).error().detail.find("appears twice") != std::string::npos);
    CHECK_THROWS_AS(BoxOffice(open_memory(), options), std::invalid_argument);
}

// --- Statistics --------------------------------------------------------------------------------

TEST_CASE("statistics count what was committed, and how long it took") {
    TestClock clock;
    BoxOffice office(open_memory({.clock = &clock}),
                     {.pass_ttl = 1min, .pass_max = 1min, .running = Running::by_host});
    const auto settle = [&] {
        while (office.step()) {
        }
    };
    ConcertDraft draft = SmallSale::draft(20, 2);
    draft.room = RoomPolicy{};
    const SmallSale sale = SmallSale::add(office, std::move(draft));
    std::vector<PlaceNumber> places;
    for (int i = 0; i < 4; ++i) {
        places.push_back(
            office.join({.concert = sale.concert, .user = SmallSale::user(i)})->number);
    }
    REQUIRE(*office.tick({sale.concert}) == 4);
    const auto hold = [&](int user, int date, SeatNumber seat, const char* named) {
        const auto held =
            office.hold({.user = SmallSale::user(user),
                         .place = places[static_cast<std::size_t>(user)],
                         .performance = sale.performances[static_cast<std::size_t>(date)],
                         .seats = {seat},
                         .key = named});
        return held.value().id;
    };
    REQUIRE(office.charge({.user = SmallSale::user(0), .amount = {200'000}, .key = "c"}));
    // A payment over two dates is one payment; it lets a third hold go.
    const ReservationId a = hold(0, 0, 1, "a");
    const ReservationId b = hold(0, 1, 1, "b");
    (void)hold(0, 0, 2, "let-go");
    const auto paid = office.pay(
        {.user = SmallSale::user(0), .place = places[0], .reservations = {a, b}, .key = "p"});
    REQUIRE(paid);
    REQUIRE(office.refund({.user = SmallSale::user(0), .payment = paid->id}));
    (void)hold(1, 0, 3, "left-with-its-pass");
    REQUIRE(
        office.leave({.concert = sale.concert, .user = SmallSale::user(1), .place = places[1]}));
    (void)hold(2, 0, 4, "to-expire");
    // Refused: nothing of it counts.
    CHECK(!office.refund({.user = SmallSale::user(1), .payment = paid->id}));
    clock.advance(10min);
    settle();

    const Statistics told = office.statistics();
    CHECK(told.reservations_made == 5);
    CHECK(told.reservations_released == 2);
    CHECK(told.reservations_expired == 1);
    CHECK(told.payments_completed == 1);
    CHECK(told.payments_refunded == 1);
    CHECK(told.minor_paid == paid->amount.minor);
    CHECK(told.minor_refunded == paid->amount.minor);
    CHECK(told.charges == 1);
    CHECK(told.passes_admitted == 4);
    CHECK(told.passes_expired == 2);
    CHECK(told.passes_left == 1);
    const auto& counts = told.commit_times.counts;
    CHECK(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}) == told.groups);
    CHECK(told.commit_times.sum > Duration{0});
}

TEST_CASE("a load that is no load is refused") {
    BoxOffice office(open_memory(), {.running = Running::by_host});
    const ConcertId concert = SmallSale::add(office).concert;
    for (const double load :
         {-0.1, std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
          std::numeric_limits<double>::quiet_NaN()}) {
        CAPTURE(load);
        const auto refused = office.report_load(concert, load);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::request_invalid);
    }
    CHECK(office.report_load(concert, 0));
    CHECK(office.report_load(ConcertId::from_name("no such"), 0).error().code ==
          Errc::unknown_concert);
}

TEST_CASE("whoever waits for an answer gets it where the time is up before the work begins") {
    // Time passes with each look at the clock.
    class HurriedClock final : public Clock {
      public:
        Time wall() override { return TestClock::default_wall; }
        Duration elapsed() override { return Duration(1'000 * ++looks_); }

      private:
        std::atomic<std::int64_t> looks_{0};
    } clock;
    for (const Running running : {Running::own_thread, Running::by_host}) {
        BoxOffice office(open_memory({.clock = &clock}),
                         {.tick = 1h, .request_timeout = 1us, .running = running});
        // The first finds more to do than itself, the others nothing.
        for (int i = 0; i < 3; ++i) {
            const auto late =
                office.charge({.user = SmallSale::user(1), .amount = {1}, .key = "c"});
            REQUIRE_FALSE(late);
            CHECK(late.error().code == Errc::request_timeout);
        }
        CHECK(office.statistics().timed_out == 3);
    }
}
