// The same sale in a file: what was answered is still there when the file is opened again, and a
// command that is sent again with its key is answered again, without being done again.
#include <concertres/concertres.hpp>
#include <concertres/sqlite.hpp>
#include <filesystem>
#include <iostream>

using namespace concertres;

namespace {

const UserId ann = UserId::from_name("ann@example.org");

// The answer, or an exception that says why there is none: enough for a program that expects all
// of its commands to be accepted.
template <class T>
T expect(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().detail);
    return std::move(result).value();
}

// Sells seats 7 and 8 to Ann; how often it is called makes no difference.
PaymentView sell(BoxOffice& office, PerformanceId evening) {
    auto held = expect(
        office.hold({.user = ann, .performance = evening, .seats = {7, 8}, .key = "hold-1"}));
    expect(office.charge({.user = ann, .amount = Money{120'000}, .key = "charge-1"}));
    return expect(office.pay({.user = ann, .reservations = {held.id}, .key = "pay-1"}));
}

PaymentId first_evening(const std::filesystem::path& file) {
    BoxOffice office(open_sqlite(file));
    auto concert =
        expect(office.add_concert({.title = "Winter Songs",
                                   .performances = {{*parse_rfc3339("2099-12-24T19:00:00+09:00")}},
                                   .seats = numbered_seats(50, Money{50'000})}));
    PaymentView paid = sell(office, concert.performances.front());
    std::cout << "sold " << paid.seats.size() << " seats, " << paid.balance.minor
              << " won are left; the file is closed\n";
    return paid.id;
}

void next_morning(const std::filesystem::path& file, PaymentId id) {
    BoxOffice office(open_sqlite(file));
    ConcertView concert = expect(office.concerts()).front();
    PaymentView paid = expect(office.payment({.user = ann, .payment = id}));
    std::cout << "the file is open again: " << concert.title << ", " << concert.seats.sold
              << " seats sold, payment of " << paid.amount.minor << " won is "
              << payment_status_name(paid.status) << '\n';

    PaymentView again = sell(office, concert.performances.front());
    std::cout << "the same keys again: "
              << (again.replayed && again.id == id ? "the same payment" : "another payment") << ", "
              << expect(office.call(GetWallet{.user = ann})).balance.minor << " won are left\n";
    std::cout << "the audit is " << (expect(office.audit()).clean() ? "clean" : "not clean")
              << '\n';
}

}  // namespace

int main(int argc, char** argv) {
    std::filesystem::path file = argc > 1 ? argv[1] : "02_sqlite.db";
    if (std::filesystem::exists(file)) {
        std::cerr << file << " is there already; name another file\n";
        return 1;
    }
    try {
        next_morning(file, first_evening(file));
    } catch (const std::exception& e) {
        std::cerr << e.what() << '\n';
        return 1;
    }
}
