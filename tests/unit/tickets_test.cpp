// The tickets of payments, as a box office signs them.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "concertres/box_office.hpp"
#include "concertres/memory.hpp"
#include "support/small_sale.hpp"

namespace concertres::test {
namespace {

// A user has bought seat 1 and seat 2 of the first date, and seat 3 of the second, at once.
struct Bought {
    Bought() : sale(SmallSale::add(office, SmallSale::draft(50, 2))) {
        const UserId user = SmallSale::user(1);
        static_cast<void>(office.charge({.user = user, .amount = {150'000}, .key = "c"}).value());
        std::vector<ReservationId> held;
        for (const SeatNumber seat : {1, 2, 3}) {
            held.push_back(office
                               .hold({.user = user,
                                      .performance = sale.performances[seat == 3 ? 1 : 0],
                                      .seats = {seat},
                                      .key = std::to_string(seat)})
                               .value()
                               .id);
        }
        paid = office.pay({.user = user, .reservations = held, .key = "p"}).value();
    }

    BoxOffice office{open_memory(), {.running = Running::by_host}};
    SmallSale sale;
    PaymentView paid;
};

TEST_CASE("the ticket of a payment names its seats, each date once, and the door verifies it") {
    Bought at;
    const auto issued = at.office.ticket(at.paid);
    REQUIRE(issued);
    CHECK(issued->ticket.payment == at.paid.id);
    CHECK(issued->ticket.concert == at.sale.concert);
    CHECK(issued->ticket.issued_at == at.paid.paid_at);
    REQUIRE(issued->ticket.dates.size() == 2);
    const auto& [first, second] = std::tie(issued->ticket.dates[0], issued->ticket.dates[1]);
    const auto& of_first = first.performance == at.sale.performances[0] ? first : second;
    const auto& of_second = first.performance == at.sale.performances[0] ? second : first;
    REQUIRE(of_first.seats.size() == 2);
    REQUIRE(of_second.seats.size() == 1);
    CHECK(of_second.performance == at.sale.performances[1]);
    CHECK(of_second.seats[0].number == 3);
    const CheckedTicket checked = verify_ticket(at.office.ticket_keys(), issued->text);
    CHECK(checked.verdict == TicketVerdict::good);
    CHECK(checked.key_id == issued->key_id);
    CHECK(checked.ticket == issued->ticket);
}

TEST_CASE("a payment that was refunded has no ticket") {
    Bought at;
    const auto refunded = at.office.refund({.user = SmallSale::user(1), .payment = at.paid.id});
    REQUIRE(refunded);
    const auto refused = at.office.ticket(*refunded);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::reservation_refunded);
}

TEST_CASE("a payment of another store has no ticket here") {
    const Bought there;
    const BoxOffice here(open_memory(), {.running = Running::by_host});
    const auto refused = here.ticket(there.paid);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::unknown_performance);
}

}  // namespace
}  // namespace concertres::test
