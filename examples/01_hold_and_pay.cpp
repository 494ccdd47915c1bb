// A box office in forty lines, in memory: 50 seats, two of them held, paid, and sold for good.
// [readme]
#include <concertres/concertres.hpp>
#include <concertres/memory.hpp>
#include <iostream>

using namespace concertres;

int refused(const Error& error) {
    std::cerr << code_name(error.code) << ": " << error.detail << '\n';
    return 1;
}

int main() {
    BoxOffice office(open_memory());

    auto concert =
        office.add_concert({.title = "Winter Songs",
                            .performances = {{*parse_rfc3339("2099-12-24T19:00:00+09:00")}},
                            .seats = numbered_seats(50, Money{50'000})});
    if (!concert) return refused(concert.error());
    PerformanceId evening = concert->performances.front();
    UserId ann = UserId::from_name("ann@example.org");
    UserId bob = UserId::from_name("bob@example.org");

    // All of the seats, or none. The key makes it safe to ask again when an answer was lost.
    auto held = office.hold({.user = ann, .performance = evening, .seats = {7, 8}, .key = "h1"});
    if (!held) return refused(held.error());
    std::cout << "Ann holds 2 seats for " << held->total.minor << " won\n";

    // Nobody else can have them meanwhile. A refusal is a value, and has changed nothing.
    auto late = office.hold({.user = bob, .performance = evening, .seats = {8}, .key = "h1"});
    if (!late) std::cout << "Bob is told: " << code_name(late.error().code) << '\n';

    auto charged = office.charge({.user = ann, .amount = Money{120'000}, .key = "c1"});
    if (!charged) return refused(charged.error());
    // The wallet's debit, the sale's credit and the sold seats are one commit.
    auto paid = office.pay({.user = ann, .reservations = {held->id}, .key = "p1"});
    if (!paid) return refused(paid.error());
    std::cout << "Ann has paid " << paid->amount.minor << " won, " << paid->balance.minor
              << " are left\n";
}
// [/readme]
