// In an Asio program: twenty buyers go for one seat at once, each a small object that is told of
// every answer by a completion handler. The io_context runs on this one thread; the box office
// decides on its own.
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <concertres/asio.hpp>
#include <concertres/concertres.hpp>
#include <concertres/memory.hpp>
#include <iostream>
#include <memory>
#include <string>

using namespace concertres;
namespace asio = boost::asio;

namespace {

// Only handlers touch it, and they all run on the io_context's one thread.
struct Score {
    int bought = 0;
    int refused = 0;
};

// Holds, charges and pays. It lives until its last answer: each handler keeps it alive.
class Buyer : public std::enable_shared_from_this<Buyer> {
  public:
    Buyer(asio::io_context& io, BoxOffice& office, UserId user, Score& score)
        : io_(io), office_(office), user_(user), score_(score) {}

    void start(PerformanceId performance, SeatNumber seat) {
        ask(Hold{.user = user_, .performance = performance, .seats = {seat}, .key = "hold"},
            &Buyer::on_held);
    }

  private:
    template <class Command>
    void ask(Command command, void (Buyer::*then)(const typename Command::Answer&)) {
        async_call(
            office_, std::move(command),
            asio::bind_executor(io_, [self = shared_from_this(), then](AnswerTo<Command> answer) {
                if (answer) return ((*self).*then)(*answer);
                ++self->score_.refused;  // answer.error() says why
            }));
    }
    void on_held(const ReservationView& held) {
        reservation_ = held.id;
        ask(Charge{.user = user_, .amount = held.total, .key = "charge"}, &Buyer::on_charged);
    }
    void on_charged(const ChargeView&) {
        ask(Pay{.user = user_, .reservations = {reservation_}, .key = "pay"}, &Buyer::on_paid);
    }
    void on_paid(const PaymentView&) { ++score_.bought; }

    asio::io_context& io_;
    BoxOffice& office_;
    UserId user_;
    Score& score_;
    ReservationId reservation_;
};

}  // namespace

int main() {
    asio::io_context io;  // before the box office: it outlives every answer
    BoxOffice office(open_memory());
    auto concert =
        office.add_concert({.title = "Winter Songs",
                            .performances = {{*parse_rfc3339("2099-12-24T19:00:00+09:00")}},
                            .seats = numbered_seats(1, Money{50'000})});
    if (!concert) {
        std::cerr << concert.error().detail << '\n';
        return 1;
    }

    Score score;
    for (int i = 1; i <= 20; ++i) {
        UserId user = UserId::from_name("buyer " + std::to_string(i));
        std::make_shared<Buyer>(io, office, user, score)->start(concert->performances.front(), 1);
    }
    io.run();  // until no call is under way

    std::cout << "20 buyers, 1 seat: " << score.bought << " has bought it, " << score.refused
              << " were refused\n";
}
