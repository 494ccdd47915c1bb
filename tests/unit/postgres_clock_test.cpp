// A database server whose clock jumps: nothing is decided by it, on no instance, until it is back
// or an operator confirms it.
#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/postgres.hpp"
#include "support/postgres_server.hpp"
#include "support/small_sale.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;

class JumpingSale {
  public:
    JumpingSale() {
        a = open();
        b = open();
        sale = SmallSale::add(*a);
        eventually([&] { return b->concert({.concert = sale.concert}).has_value(); });
    }
    ~JumpingSale() {
        a.reset();
        b.reset();
        postgres_server().drop_database(database_);
    }
    JumpingSale(const JumpingSale&) = delete;
    JumpingSale& operator=(const JumpingSale&) = delete;

    [[nodiscard]] std::unique_ptr<BoxOffice> open() const {
        return std::make_unique<BoxOffice>(open_postgres(postgres_server().conninfo(database_)));
    }
    [[nodiscard]] std::unique_ptr<Storage> open_storage() const {
        return open_postgres(postgres_server().conninfo(database_));
    }
    std::string run(const std::string& sql) { return postgres_server().run(database_, sql); }
    // From now on the server's clock is so far ahead of the real time.
    void set_ahead(std::chrono::seconds by) {
        run("CREATE OR REPLACE FUNCTION concertres.store_time() RETURNS bigint LANGUAGE sql"
            " VOLATILE AS 'SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + " +
            std::to_string(by.count()) + "000000'");
    }
    static void eventually(const std::function<bool()>& done) {
        const auto give_up = std::chrono::steady_clock::now() + 60s;
        while (!done()) {
            REQUIRE(std::chrono::steady_clock::now() < give_up);
            std::this_thread::sleep_for(5ms);
        }
    }
    Result<ReservationView> hold(BoxOffice& office, int user, SeatNumber seat) const {
        return office.hold({.user = SmallSale::user(user),
                            .performance = sale.performance(),
                            .seats = {seat},
                            .key = "hold-" + std::to_string(seat)});
    }
    void check_refuses(BoxOffice& office, SeatNumber seat) const {
        eventually([&] { return office.statistics().clock_jump != Duration{}; });
        const auto refused = hold(office, 9, seat);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::clock_jumped);
    }
    void check_goes_on(BoxOffice& office, SeatNumber seat) const {
        eventually([&] { return office.statistics().clock_jump == Duration{}; });
        CHECK(hold(office, 9, seat));
    }

    std::unique_ptr<BoxOffice> a;
    std::unique_ptr<BoxOffice> b;
    SmallSale sale;

  private:
    std::string database_ = postgres_server().make_database();
};

}  // namespace

TEST_SUITE_BEGIN("postgres: a clock that jumps");

TEST_CASE("a jump forward ends no hold: commands are refused until the clock is back") {
    JumpingSale at;
    const auto held = at.hold(*at.a, 1, 1);
    REQUIRE(held);
    at.set_ahead(1h);
    // The very first command after it notices, also before anybody has looked.
    const auto first = at.hold(*at.a, 2, 1);
    REQUIRE_FALSE(first);
    CHECK(first.error().code == Errc::clock_jumped);
    CHECK(first.error().detail.find("3600 s") != std::string::npos);
    at.check_refuses(*at.b, 2);
    const auto late = at.open();
    at.check_refuses(*late, 3);
    // Whatever is looked at is answered, by the time as it went before; more than one sweep later.
    std::this_thread::sleep_for(600ms);
    for (BoxOffice* office : {at.a.get(), at.b.get(), late.get()}) {
        const auto seen =
            office->reservation({.user = SmallSale::user(1), .reservation = held->id});
        REQUIRE(seen);
        CHECK(seen->status == ReservationStatus::held);
        CHECK(seen->held_until > office->now());
        CHECK(office->seats({.performance = at.sale.performance(), .all = true})->seats.size() ==
              50);
    }
    at.set_ahead(0h);
    at.check_goes_on(*at.a, 4);
    at.check_goes_on(*at.b, 5);
    at.check_goes_on(*late, 6);
    REQUIRE(at.a->charge({.user = SmallSale::user(1), .amount = {100'000}, .key = "c"}));
    CHECK(at.a->pay({.user = SmallSale::user(1), .reservations = {held->id}, .key = "p"}));
    CHECK(at.b->audit()->clean());
}

TEST_CASE("a jump back is refused as well, and store time never goes below a commit") {
    JumpingSale at;
    const auto held = at.hold(*at.a, 1, 1);
    REQUIRE(held);
    const Time before = held->now;
    at.set_ahead(-1h);
    at.check_refuses(*at.a, 2);
    at.check_refuses(*at.b, 2);
    CHECK(at.a->now() >= before);
    const double confirmed = std::stod(at.run("SELECT concertres.confirm_clock()"));
    CHECK(confirmed < -3'590);
    CHECK(confirmed > -3'610);
    // By what was committed last, until the clock has come to it.
    at.check_goes_on(*at.a, 3);
    at.check_goes_on(*at.b, 4);
    CHECK(at.a->now() >= before);
    CHECK(at.b->audit()->clean());
}

TEST_CASE("a clock that is set forward makes nothing old that an instance has not heard of yet") {
    JumpingSale at;
    const auto a = at.open_storage();
    const auto b = at.open_storage();
    const auto look = [](Storage& storage, int times) {
        std::vector<News::Heard> heard;
        for (; times > 0; --times) {
            for (const News::Heard& each : storage.follow().heard) heard.push_back(each);
        }
        return heard;
    };
    CHECK(look(*a, 1).empty());
    CHECK(look(*b, 1).empty());
    const std::vector<News::Heard> heard = {
        {.place = {.concert = {7}, .number = {1}}, .at = a->now()}};
    REQUIRE(a->tell(heard));
    at.set_ahead(1h);
    CHECK(look(*a, 1).empty());
    at.run("SELECT concertres.confirm_clock()");
    const Time before = a->now();
    CHECK(look(*a, 3).empty());
    CHECK(a->now() >= before + 59min);
    CHECK(look(*b, 3) == heard);
}

TEST_CASE("an operator confirms a jump once, and all instances go by the clock as it is") {
    JumpingSale at;
    const auto held = at.hold(*at.a, 1, 1);
    REQUIRE(held);
    at.set_ahead(1h);
    at.check_refuses(*at.a, 2);
    at.check_refuses(*at.b, 2);
    const auto late = at.open();
    at.check_refuses(*late, 2);
    const double confirmed = std::stod(at.run("SELECT concertres.confirm_clock()"));
    CHECK(confirmed > 3'590);
    CHECK(confirmed < 3'610);
    at.check_goes_on(*at.a, 2);
    at.check_goes_on(*at.b, 3);
    at.check_goes_on(*late, 4);
    // Now it is an hour later: that hold has ended, and its seat is free.
    CHECK(at.hold(*at.b, 2, 1));
    CHECK(at.a->reservation({.user = SmallSale::user(1), .reservation = held->id})->status ==
          ReservationStatus::expired);
    CHECK(at.b->audit()->clean());
}

TEST_CASE("a clock that is slewed, a second at a time, is followed without a word") {
    JumpingSale at;
    for (int second = 1; second <= 6; ++second) {
        at.set_ahead(std::chrono::seconds(second));
        CHECK(at.hold(*at.a, 1, second));
        CHECK(at.hold(*at.b, 2, 10 + second));
        CHECK(at.a->statistics().clock_jump == Duration{});
    }
}

TEST_SUITE_END();

}  // namespace concertres::test
