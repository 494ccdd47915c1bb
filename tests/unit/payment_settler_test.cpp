// A settler of payments, step by step on a clock of its own, and on threads.
#include "concertres/payment_settler.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "concertres/memory.hpp"
#include "support/kept_storage.hpp"
#include "support/scripted_gateway.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {
namespace {

using namespace std::chrono_literals;
using Call = ScriptedGateway::Call;
using Fault = ScriptedGateway::Fault;
using Calls = std::vector<Call>;

PaymentSettlerOptions on(TestClock& clock) {
    return {.authorize_within = 2min,
            .poll = 100ms,
            .poll_all = 1s,
            .retry_first = 1s,
            .retry_max = 4s,
            .clock = &clock};
}

struct Shop {
    PaymentId begin(int user) {
        const UserId id = SmallSale::user(user);
        const auto held = office.hold(
            {.user = id, .performance = sale.performance(), .seats = {user}, .key = "h"});
        return office.pay({.user = id, .reservations = {held->id}, .key = "p", .method = "card"})
            ->id;
    }
    PaymentView view(int user, const PaymentId& id) {
        return office.payment({.user = SmallSale::user(user), .payment = id}).value();
    }

    TestClock clock;
    BoxOffice office{open_memory({.clock = &clock}), {.running = Running::by_host}};
    SmallSale sale = SmallSale::add(office);
    ScriptedGateway gateway;
};

}  // namespace

TEST_SUITE_BEGIN("payment settler");

TEST_CASE("what was open before is looked up first, what begins later is not") {
    Shop shop;
    const PaymentId before = shop.begin(1);
    PaymentSettler settler(shop.office, shop.gateway, on(shop.clock));
    CHECK(settler.statistics().open == 0);
    CHECK(settler.step() == Duration{0});
    CHECK(shop.gateway.calls() == Calls{Call::lookup});
    CHECK(settler.statistics().open == 1);
    CHECK(settler.step() == Duration{0});
    CHECK(settler.step() == Duration{0});
    CHECK(shop.view(1, before).status == PaymentStatus::completed);
    CHECK(settler.step() == 100ms);

    shop.clock.advance(50ms);
    const PaymentId later = shop.begin(2);
    CHECK(settler.step() == 50ms);
    shop.clock.advance(50ms);
    CHECK(settler.step() == Duration{0});
    CHECK(settler.step() == Duration{0});
    CHECK(shop.view(2, later).status == PaymentStatus::completed);
    CHECK(shop.gateway.calls() ==
          Calls{Call::lookup, Call::authorize, Call::capture, Call::authorize, Call::capture});
    CHECK(shop.gateway.account(later).method == "card");
    const PaymentSettlerStatistics told = settler.statistics();
    CHECK(told.open == 0);
    CHECK(told.oldest == Duration{0});
    CHECK(told.answered[static_cast<int>(GatewayStatus::absent)] == 1);
    CHECK(told.answered[static_cast<int>(GatewayStatus::authorized)] == 2);
    CHECK(told.answered[static_cast<int>(GatewayStatus::captured)] == 2);
    CHECK(told.unavailable == 0);
}

TEST_CASE("what is open is not forgotten because it could not be listed") {
    Shop shop;
    static_cast<void>(shop.begin(1));
    PaymentSettler settler(shop.office, shop.gateway, on(shop.clock));
    settler.step();
    CHECK(settler.statistics().open == 1);
    shop.office.stop();
    shop.clock.advance(1min);
    for (int i = 0; i < 3; ++i) settler.step();
    CHECK(settler.statistics().open == 1);
    CHECK(settler.statistics().oldest == 1min);
}

TEST_CASE("a provider that does not answer is asked again, later each time, with a look first") {
    Shop shop;
    std::vector<std::string> said;
    PaymentSettlerOptions options = on(shop.clock);
    SUBCASE("it says so") {
        shop.gateway.script = [](Call, const PaymentId&) { return Fault::lost_before; };
        options.log = [&](const std::string& text) { said.push_back(text); };
    }
    SUBCASE("it throws") {
        shop.gateway.script = [](Call, const PaymentId&) { return Fault::throws; };
    }
    PaymentSettler settler(shop.office, shop.gateway, options);
    CHECK(settler.step() == 100ms);
    shop.clock.advance(1s);
    const PaymentId id = shop.begin(1);
    Duration longest{0};
    CHECK(settler.step() == Duration{0});
    for (int i = 0; i < 6; ++i) {
        const std::size_t calls = shop.gateway.calls().size();
        Duration waited{0};
        for (; shop.gateway.calls().size() == calls; waited += 50ms) {
            shop.clock.advance(50ms);
            (void)settler.step();
        }
        longest = std::max(longest, waited);
    }
    CHECK(longest > 1s);
    CHECK(longest <= 4s + 100ms);
    CHECK(settler.statistics().unavailable >= 7);
    CHECK(settler.statistics().oldest > 3s);
    CHECK(said.empty() == (options.log == nullptr));
    shop.gateway.script = nullptr;
    for (int i = 0; i < 200 && settler.statistics().open > 0; ++i) {
        (void)settler.step();
        shop.clock.advance(50ms);
    }
    CHECK(shop.view(1, id).status == PaymentStatus::completed);
}

TEST_CASE("what is not authorized in time is cancelled") {
    Shop shop;
    const PaymentId id = shop.begin(1);
    shop.gateway.script = [](Call call, const PaymentId&) {
        return call == Call::authorize ? Fault::lost_before : Fault::none;
    };
    PaymentSettler settler(shop.office, shop.gateway, on(shop.clock));
    for (int i = 0; i < 2'600; ++i) {
        (void)settler.step();
        shop.clock.advance(50ms);
    }
    CHECK(shop.view(1, id).status == PaymentStatus::failed);
    CHECK(shop.view(1, id).stage == PaymentStage::done);
    CHECK(shop.gateway.account(id).status == GatewayStatus::voided);
    CHECK(shop.gateway.calls().back() == Call::cancel);
}

TEST_CASE("what cannot be sold is cancelled, and given back where it was taken") {
    Shop shop;
    const PaymentId first = shop.begin(1);
    const PaymentId second = shop.begin(2);
    // Both holds are given up: before the money is set aside, and before it is taken.
    const auto give_up = [&](int user, const PaymentId& id) {
        const ReservationId reservation = shop.view(user, id).reservations.front();
        REQUIRE(shop.office.release({.user = SmallSale::user(user), .reservation = reservation}));
    };
    give_up(1, first);
    int captures = 0;
    shop.gateway.script = [&](Call call, const PaymentId&) {
        return call == Call::capture && captures++ == 0 ? Fault::lost_after : Fault::none;
    };
    PaymentSettler settler(shop.office, shop.gateway, on(shop.clock));
    while (captures == 0) (void)settler.step();
    give_up(2, second);
    for (int i = 0; i < 50; ++i) {
        (void)settler.step();
        shop.clock.advance(50ms);
    }
    CHECK(shop.gateway.account(first).status == GatewayStatus::voided);
    CHECK(shop.gateway.account(second).status == GatewayStatus::refunded);
    CHECK(shop.view(1, first).stage == PaymentStage::done);
    CHECK(shop.view(2, second).stage == PaymentStage::done);
}

TEST_CASE("two settlers over one office settle each payment once") {
    Shop shop;
    const PaymentId id = shop.begin(1);
    PaymentSettler one(shop.office, shop.gateway, on(shop.clock));
    PaymentSettler two(shop.office, shop.gateway, on(shop.clock));
    for (int i = 0; i < 30; ++i) {
        (void)one.step();
        (void)two.step();
        shop.clock.advance(50ms);
    }
    CHECK(shop.gateway.account(id).captures == 1);
    CHECK(shop.view(1, id).status == PaymentStatus::completed);
    CHECK(one.statistics().open == 0);
    CHECK(two.statistics().open == 0);
}

TEST_CASE("what another has settled is forgotten") {
    Shop shop;
    shop.gateway.script = [](Call, const PaymentId&) { return Fault::lost_before; };
    PaymentSettler settler(shop.office, shop.gateway, on(shop.clock));
    const PaymentId id = shop.begin(1);
    (void)settler.step();
    CHECK(settler.statistics().open == 1);
    REQUIRE(shop.office.settle({.payment = id, .answer = {.status = GatewayStatus::declined}}));
    shop.clock.advance(500ms);
    (void)settler.step();
    CHECK(settler.statistics().open == 1);
    shop.clock.advance(500ms);
    (void)settler.step();
    CHECK(settler.statistics().open == 0);
}

TEST_CASE("what another settles during a call is known until that has been answered") {
    Shop shop;
    PaymentSettler settler(shop.office, shop.gateway, on(shop.clock));
    (void)settler.step();
    shop.clock.advance(100ms);
    const PaymentId id = shop.begin(1);
    int calls = 0;
    shop.gateway.script = [&](Call, const PaymentId&) {
        ++calls;
        // Another has asked at the same time, and was answered first; and then all is looked at.
        REQUIRE(shop.office.settle({.payment = id, .answer = {.status = GatewayStatus::declined}}));
        REQUIRE(shop.office.open_payments({}).value().empty());
        shop.clock.advance(1s);
        CHECK(settler.step() == 100ms);
        CHECK(settler.statistics().open == 1);
        return Fault::declined;
    };
    CHECK(settler.step() == Duration{0});
    CHECK(calls == 1);
    CHECK(shop.view(1, id).status == PaymentStatus::failed);
    CHECK(shop.view(1, id).stage == PaymentStage::done);
    CHECK(settler.statistics().open == 0);
    CHECK(settler.step() == 100ms);
    CHECK(calls == 1);
}

TEST_CASE("who comes while another takes the first look at all waits for the next") {
    class Watched final : public KeptStorage {
      public:
        using KeptStorage::KeptStorage;
        std::vector<Payment> open_payments(PaymentKey after, std::size_t limit) override {
            if (auto look = std::exchange(on_look, nullptr)) look();
            return KeptStorage::open_payments(after, limit);
        }
        std::function<void()> on_look;
    };
    TestClock clock;
    auto storage = std::make_unique<Watched>(open_memory({.clock = &clock}));
    Watched& watched = *storage;
    BoxOffice office(std::move(storage), {.running = Running::by_host});
    ScriptedGateway gateway;
    PaymentSettler settler(office, gateway, on(clock));
    int looks = 0;
    watched.on_look = [&] {
        ++looks;
        CHECK(settler.step() == 100ms);
    };
    CHECK(settler.step() == 100ms);
    CHECK(looks == 1);
    CHECK(gateway.calls().empty());
}

TEST_CASE("no more payments are known at once than it is told") {
    Shop shop;
    for (int user = 1; user <= 3; ++user) (void)shop.begin(user);
    PaymentSettlerOptions options = on(shop.clock);
    options.open_max = 2;
    PaymentSettler settler(shop.office, shop.gateway, options);
    (void)settler.step();
    CHECK(settler.statistics().open == 2);
    for (int i = 0; i < 40; ++i) {
        (void)settler.step();
        shop.clock.advance(50ms);
    }
    CHECK(shop.office.open_payments({}).value().empty());
}

TEST_CASE("an answer that the office cannot take is asked for anew") {
    Shop shop;
    (void)shop.begin(1);
    std::vector<std::string> said;
    PaymentSettlerOptions options = on(shop.clock);
    options.log = [&](const std::string& text) { said.push_back(text); };
    PaymentSettler settler(shop.office, shop.gateway, options);
    shop.gateway.script = [&](Call, const PaymentId&) {
        shop.office.stop();
        return Fault::none;
    };
    CHECK(settler.step() == Duration{0});
    CHECK(settler.statistics().refused == 1);
    REQUIRE(said.size() == 1);
    CHECK(said[0].find("stopping") != std::string::npos);
    shop.clock.advance(200ms);
    CHECK(settler.step() > Duration{0});
    CHECK(settler.statistics().open == 1);
}

TEST_CASE("a provider that says what there is no word for is asked again") {
    class Odd final : public PaymentGateway {
      public:
        Result<GatewayAnswer> authorize(const GatewayPayment&) override { return odd(); }
        Result<GatewayAnswer> capture(const GatewayPayment&) override { return odd(); }
        Result<GatewayAnswer> cancel(const GatewayPayment&) override { return odd(); }
        Result<GatewayAnswer> refund(const GatewayPayment&) override { return odd(); }
        Result<GatewayAnswer> lookup(PaymentId) override { return odd(); }

      private:
        static GatewayAnswer odd() { return {.status = GatewayStatus{99}}; }
    };
    Shop shop;
    (void)shop.begin(1);
    Odd gateway;
    PaymentSettler settler(shop.office, gateway, on(shop.clock));
    CHECK(settler.step() == Duration{0});
    CHECK(settler.step() == Duration{0});
    CHECK(settler.step() > Duration{0});
    CHECK(settler.statistics().open == 1);
}

TEST_CASE("options that would have it never do anything are refused") {
    Shop shop;
    const std::function<void(PaymentSettlerOptions&)> mistakes[] = {
        [](PaymentSettlerOptions& options) { options.authorize_within = {}; },
        [](PaymentSettlerOptions& options) { options.poll = {}; },
        [](PaymentSettlerOptions& options) { options.poll_all = {}; },
        [](PaymentSettlerOptions& options) { options.retry_first = {}; },
        [](PaymentSettlerOptions& options) { options.retry_max = {}; },
        [](PaymentSettlerOptions& options) { options.workers = 0; },
        [](PaymentSettlerOptions& options) { options.open_max = 0; },
    };
    for (const auto& mistake : mistakes) {
        PaymentSettlerOptions options;
        mistake(options);
        CHECK_THROWS_AS(PaymentSettler(shop.office, shop.gateway, options), std::invalid_argument);
    }
}

TEST_CASE("on threads of its own it settles what is open, until it is stopped") {
    BoxOffice office(open_memory());
    const SmallSale sale = SmallSale::add(office);
    ScriptedGateway gateway;
    PaymentSettler settler(office, gateway, {.workers = 3, .poll = 1ms});
    settler.stop();
    settler.start();
    settler.start();
    const auto buy = [&](int user) {
        const UserId id = SmallSale::user(user);
        const auto held = office.hold(
            {.user = id, .performance = sale.performance(), .seats = {user}, .key = "h"});
        REQUIRE(office.pay({.user = id, .reservations = {held->id}, .key = "p", .method = "card"}));
    };
    const auto wait = [&] {
        while (!office.open_payments({}).value().empty()) std::this_thread::sleep_for(1ms);
    };
    for (int user = 1; user <= 20; ++user) buy(user);
    wait();
    settler.stop();
    CHECK(office.statistics().payments_completed == 20);
    buy(21);
    CHECK(office.open_payments({}).value().size() == 1);
    settler.start();
    wait();
    for (const auto& [id, account] : gateway.accounts()) CHECK(account.captures == 1);
    CHECK(office.audit()->clean());
}

TEST_SUITE_END();

}  // namespace concertres::test
