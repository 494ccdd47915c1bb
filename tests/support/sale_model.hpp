// The rules of a sale, written down a second time with nothing but maps and vectors: what each
// command is answered, and what seats, money and passes are afterwards. It shares no code with the
// library. SaleDriver says the same commands to a box office, and writes its answers down in the
// same words, so that a test compares texts.
//
//   SaleModel model(true);
//   SaleDriver driver(office, true);
//   CHECK(driver.run(step) == model.run(step));
//   CHECK(driver.state() == model.state());
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"
#include "support/small_sale.hpp"
#include "support/test_clock.hpp"

namespace concertres::test {

enum class Act : std::uint8_t {
    join,
    join_again,
    leave,
    tick,
    hold,
    extend,
    release,
    charge,
    pay,
    refund,
    pass_time,
};

// One command of one user. A number that names a reservation or payment is its rank in the order
// in which they were made, whoever's they are.
struct SaleStep {
    Act act{};
    int user = 0;
    std::vector<SeatNumber> seats{};   // hold: sorted
    std::vector<std::size_t> named{};  // extend, release, refund: one; pay: reservations, sorted
    std::int64_t amount = 0;           // charge
    int key = 0;                       // hold, charge, pay
    Duration time{0};                  // pass_time
};

// "U1 hold 1,2 key=3"
[[nodiscard]] std::string text_of(const SaleStep& step);

// What both sides know of the sale: one concert of one date, with seats 1 to seats_max at one
// price.
struct SaleTerms {
    bool room = false;  // one that admits all who wait, at each tick
    SeatNumber seats_max = 12;
    std::int32_t seats_per_user = 3;

    static constexpr int users = 3;
    static constexpr std::int64_t price = SmallSale::price.minor;
    [[nodiscard]] ConcertDraft draft() const;
};

class SaleModel {
  public:
    explicit SaleModel(const SaleTerms& terms) : terms_(terms) {}

    [[nodiscard]] std::string run(const SaleStep& step);
    // Every seat, balance and reservation, a line each.
    [[nodiscard]] std::string state() const;

    [[nodiscard]] std::size_t reservations() const { return reservations_.size(); }
    [[nodiscard]] std::size_t payments() const { return payments_.size(); }
    // Whose it is. REQUIRES: there is one of this rank
    [[nodiscard]] int owner(std::size_t reservation) const {
        return reservations_[reservation].user;
    }

  private:
    using Microseconds = std::int64_t;
    struct Pass {
        std::int64_t number = 0;
        std::string status = "waiting";  // or admitted, spent, left
        Microseconds expires = 0;
        Microseconds ceiling = 0;
    };
    struct Reservation {
        int user = 0;
        std::vector<SeatNumber> seats;
        std::string status = "held";  // or paid, released, refunded
        Microseconds until = 0;
        Microseconds extend_until = 0;
    };
    struct Payment {
        int user = 0;
        std::vector<std::size_t> reservations;
        std::int64_t amount = 0;
        std::int64_t balance_after = 0;
        std::optional<std::int64_t> balance_after_refund;
    };
    struct Made {
        std::string content;
        std::size_t rank = 0;
        std::int64_t balance_after = 0;
    };

    [[nodiscard]] std::string join(int user, bool again);
    [[nodiscard]] std::string leave(int user);
    [[nodiscard]] std::string tick();
    [[nodiscard]] std::string hold(const SaleStep& step);
    [[nodiscard]] std::string extend(const SaleStep& step);
    [[nodiscard]] std::string release(const SaleStep& step);
    [[nodiscard]] std::string charge(const SaleStep& step);
    [[nodiscard]] std::string pay(const SaleStep& step);
    [[nodiscard]] std::string refund(const SaleStep& step);

    [[nodiscard]] std::string status_of(const Pass& pass) const;
    [[nodiscard]] std::string status_of(const Reservation& reservation) const;
    [[nodiscard]] std::string shown(std::size_t rank) const;
    [[nodiscard]] std::string shown_payment(std::size_t rank) const;
    // Why the user may do nothing here now; empty: they may.
    [[nodiscard]] std::string refusal_of_pass(int user) const;
    [[nodiscard]] std::string refusal_of_hold(const SaleStep& step) const;
    // What the seat is now: "free", "held" or "sold".
    [[nodiscard]] std::string seat(SeatNumber number) const;
    [[nodiscard]] std::int32_t used(int user) const;
    void release_holds(int user);

    SaleTerms terms_;
    Microseconds now_ = 0;
    std::int64_t next_number_ = 1;
    std::map<int, Pass> passes_;  // the latest of each user
    std::vector<Reservation> reservations_;
    std::vector<Payment> payments_;
    std::map<int, std::int64_t> wallets_;
    std::map<std::tuple<Act, int, int>, Made> keys_;
};

class SaleDriver {
  public:
    SaleDriver(const SaleTerms& terms, TestClock& clock) : terms_(terms), clock_(&clock) {}

    // REQUIRES: `office` is the same sale again, after the first time
    // Lifetime: until it is replaced, `office` stays.
    void use(BoxOffice& office);
    [[nodiscard]] std::string run(const SaleStep& step);
    [[nodiscard]] std::string state();

  private:
    template <class Command>
    [[nodiscard]] AnswerTo<Command> ask(Command command);
    [[nodiscard]] std::string shown(const ReservationView& view);
    [[nodiscard]] std::string shown(const PaymentView& view);
    [[nodiscard]] ReservationId reservation(std::size_t rank) const;
    [[nodiscard]] PlaceNumber place(int user) const;
    [[nodiscard]] std::string run_of_place(const SaleStep& step);
    [[nodiscard]] std::string run_of_money(const SaleStep& step);

    SaleTerms terms_;
    TestClock* clock_;
    Time started_{};
    BoxOffice* office_ = nullptr;
    SmallSale sale_;
    std::map<int, PlaceNumber> places_;
    std::vector<ReservationId> reservations_;
    std::vector<PaymentId> payments_;
};

}  // namespace concertres::test
