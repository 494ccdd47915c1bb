// Payments with money from outside as a box office takes them: what a method may be called, that a
// key stands for it too, and that what is over stays so.
#include <doctest/doctest.h>

#include <string>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "support/small_sale.hpp"

namespace concertres::test {
namespace {

struct Shop {
    ReservationId hold(SeatNumber seat) {
        return office
            .hold({.user = user,
                   .performance = sale.performance(),
                   .seats = {seat},
                   .key = "h" + std::to_string(seat)})
            .value()
            .id;
    }
    Result<PaymentView> pay(const ReservationId& reservation, const std::string& method,
                            const std::string& key = "p") {
        return office.pay(
            {.user = user, .reservations = {reservation}, .key = key, .method = method});
    }
    PaymentView settle(const PaymentId& id, GatewayStatus status) {
        return office
            .settle({.payment = id, .answer = {.status = status, .amount = SmallSale::price}})
            .value();
    }
    Money balance() { return office.wallet({user})->balance; }

    BoxOffice office{open_memory(), {.running = Running::by_host}};
    SmallSale sale = SmallSale::add(office);
    UserId user = SmallSale::user(1);
};

Errc code_of(const auto& refused) { return refused ? Errc{} : refused.error().code; }

}  // namespace

TEST_SUITE_BEGIN("payments with money from outside");

TEST_CASE("a method is 1 to 255 visible characters") {
    Shop shop;
    const ReservationId held = shop.hold(1);
    for (const std::string& method :
         {std::string(256, 'm'), std::string("my card"), std::string("card\n"),
          std::string("card\x7f"), std::string("\xc3\xa9"), std::string(1, '\0')}) {
        CAPTURE(method.size());
        const auto refused = shop.pay(held, method);
        REQUIRE(code_of(refused) == Errc::request_invalid);
        CHECK(refused.error().detail.starts_with("method: "));
    }
    const auto begun = shop.pay(held, std::string(254, '!') + "~");
    REQUIRE(begun);
    CHECK(begun->status == PaymentStatus::authorizing);
    CHECK(shop.office.open_payments({}).value().at(0).method.size() == 255);
}

TEST_CASE("a key stands for one method, however long that is") {
    for (const std::size_t length : {1, 14, 15, 16, 31, 255}) {
        CAPTURE(length);
        Shop shop;
        const ReservationId held = shop.hold(1);
        const std::string method(length, 'm');
        const auto begun = shop.pay(held, method);
        REQUIRE(begun);
        CHECK_FALSE(begun->replayed);
        const auto again = shop.pay(held, method);
        REQUIRE(again);
        CHECK(again->replayed);
        CHECK(again->id == begun->id);
        for (const std::string& other :
             {method.substr(1), std::string(length, 'n'), std::string("other")}) {
            CHECK(code_of(shop.pay(held, other)) == Errc::key_reused);
        }
        CHECK(code_of(shop.pay(shop.hold(2), method)) == Errc::key_reused);
    }
}

TEST_CASE("what a provider says of a payment that was given back changes nothing") {
    Shop shop;
    const PaymentId id = shop.pay(shop.hold(1), "card")->id;
    REQUIRE(shop.settle(id, GatewayStatus::captured).status == PaymentStatus::completed);
    REQUIRE(shop.office.refund({.user = shop.user, .payment = id})->status ==
            PaymentStatus::refunded);
    CHECK(shop.balance() == SmallSale::price);
    const std::int64_t rows = shop.office.statistics().rows;
    for (const GatewayStatus late : {GatewayStatus::captured, GatewayStatus::authorized,
                                     GatewayStatus::declined, GatewayStatus::refunded}) {
        const PaymentView view = shop.settle(id, late);
        CHECK(view.status == PaymentStatus::refunded);
        CHECK(view.stage == PaymentStage::done);
    }
    CHECK(shop.office.statistics().rows == rows);
    CHECK(shop.balance() == SmallSale::price);
    CHECK(shop.office.audit()->clean());
}

TEST_SUITE_END();

}  // namespace concertres::test
