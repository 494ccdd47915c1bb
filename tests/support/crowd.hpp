// A Crowd is some hundred buyers in virtual time: they charge, join, wait, hold, extend, release,
// pay, ask twice, give up, vanish, come again. What each does next is drawn from the kernel's seed;
// what they are answered goes to a Witness.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "concertres/box_office.hpp"
#include "support/backends.hpp"
#include "support/kernel.hpp"
#include "support/reopened_store.hpp"
#include "support/test_clock.hpp"
#include "support/witness.hpp"

namespace concertres::test {

// What an operator does to the room while the crowd is there.
struct CrowdChange {
    Duration at{0};
    RoomPatch patch;
};

struct CrowdPlan {
    std::string name;
    std::uint64_t seed = 0;
    int buyers = 120;
    std::optional<RoomPolicy> room;
    Duration opens_after{0};  // 0: the sale is open at once
    SeatNumber seats = 40;    // of each of two performances
    SeatNumber allotted = 0;  // of these, the first: for the last class that the room begins with
    Options options;
    Duration arrive_within = std::chrono::minutes(10);
    Duration step_time{0};     // see Kernel
    Duration reopen_every{0};  // the box office is closed and opened again; 0: never
    int absent_percent = 0;    // how often somebody who waits stops asking for some minutes
    Duration wall_steps{0};    // the wall clock is set this much to and fro while running; 0: never
    std::vector<CrowdChange> changes{};
};

class Crowd {
  public:
    Crowd(const CrowdPlan& plan, const Backend& backend);
    ~Crowd();
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    // Lets them all come and go, and everything end that ends by itself; then asks what is left.
    void run();

    [[nodiscard]] const Witness& witness() const { return witness_; }
    // Of the store as it was left, and of the same opened again.
    [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }
    [[nodiscard]] std::int64_t commands() const { return commands_; }

  private:
    struct Kept {
        ReservationId id;
        PerformanceId performance;
    };
    struct Buyer {
        UserId id;
        PlaceNumber place;
        int visits = 0;
        int acts = 0;
        int keys = 0;
        bool in_line = false;  // waits, as far as it knows
        bool in = false;       // has a pass, as far as it knows
        bool is_away = false;  // does not ask for its place
        Time asked_at{};       // when it did last
        std::optional<std::int64_t> last;
        std::vector<Kept> holds;
        std::vector<PaymentId> payments;
    };
    using Act = void (Crowd::*)(Buyer&);

    void come_and_go();
    void open();
    void close();
    void add_concert();
    void change_room(const RoomPatch& patch);
    // The buyer does this after a pause of up to `most`.
    void later(Buyer& buyer, Duration most, Act act);
    [[nodiscard]] bool chance(std::uint64_t percent) { return kernel_.random(100) < percent; }
    [[nodiscard]] std::string next_key(Buyer& buyer) { return std::to_string(++buyer.keys); }

    // Sends a command, sometimes twice; `done` sees every answer, and then the buyer does `next`.
    template <class Command, class See>
    void send(Buyer& buyer, Command command, const std::set<Errc>& refusals, See see, Act next,
              bool may_repeat);

    void arrive(Buyer& buyer);
    void join(Buyer& buyer);
    // The buyer is heard of where it is answered.
    [[nodiscard]] AnswerTo<GetPlace> ask_place(Buyer& buyer, std::optional<std::int64_t> last);
    void see_position(const Buyer& buyer, const PlaceView& view);
    void wait(Buyer& buyer);
    void come_back(Buyer& buyer);
    void shop(Buyer& buyer);
    void hold(Buyer& buyer);
    void extend(Buyer& buyer);
    void release(Buyer& buyer);
    void pay(Buyer& buyer);
    void try_spent(Buyer& buyer, PlaceNumber place);
    void charge_more(Buyer& buyer);
    void refund(Buyer& buyer);
    void leave(Buyer& buyer);
    void go(Buyer& buyer);

    std::optional<Duration> watch();
    void check_waiting_slots(const ConcertView& shown, std::optional<PlaceNumber> first);
    // Somebody ahead of this one has not been away for so long that it is passed over.
    [[nodiscard]] bool may_be_ahead(PlaceNumber number) const;
    void check_end();
    [[nodiscard]] std::vector<Event> events(ListEvents query);
    template <class Command>
    [[nodiscard]] AnswerTo<Command> ask(Command command);

    CrowdPlan plan_;
    TestClock clock_;
    ReopenedStore store_;
    Kernel kernel_;
    std::unique_ptr<BoxOffice> office_;
    ConcertDraft draft_;
    ConcertView concert_;
    Witness witness_;
    std::deque<Buyer> buyers_;
    int gone_ = 0;
    std::int64_t commands_ = 0;
    std::optional<PlaceNumber> due_;  // was first in line at the last look, when a slot was free
    std::vector<Finding> findings_;
};

}  // namespace concertres::test
