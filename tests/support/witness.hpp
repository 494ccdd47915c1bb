// The Witness believes nothing but answers. It writes down what a box office said it did, keeps its
// own plain account of seats and money from that, and complains as soon as two answers cannot both
// be true.
//
// Answers are told to it in the order in which they come, which is that of the decisions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"

namespace concertres::test {

class Witness {
  public:
    explicit Witness(const ConcertDraft& concert) : limits_(concert.limits) {
        for (const HallSeat& seat : concert.seats) {
            prices_[seat.number] = seat.price;
            if (seat.allotted_to) allotted_[seat.number] = *seat.allotted_to;
        }
        performances_ = static_cast<std::int64_t>(concert.performances.size());
    }

    void charged(const ChargeView& view);
    void held(const ReservationView& view, PlaceNumber place);
    void extended(const ReservationView& view);
    void released(const ReservationView& view);
    // The user's holds are gone with the pass, or with the visit.
    void left(UserId user);
    void paid(const PaymentView& view);
    void refunded(const PaymentView& view);
    // Where a place that waits is said to be: it never moves back.
    void waits(UserId user, PlaceNumber number, std::int64_t position);
    // Who waits is heard of when it joins, asks, or the box office is opened again.
    void heard(PlaceNumber number, Time at);
    void all_heard(Time at);
    // The place waits no more: its owner gave it up, or was told that it is lost.
    void gone(PlaceNumber number, Time at);
    void lost(PlaceNumber number, Time at);
    void complain(const std::string& what);
    // An operator changed the room; told in the order of the room's events.
    void changed(const RoomPolicy& room) { changes_.push_back(room); }

    // The events of a room, from the first, and of its performances: nobody was overtaken, and
    // nobody was admitted beyond what `policy`, or what it had become by then, allowed to be live
    // at once or to be admitted in any interval, nor, from a waiting list, without a seat. Where
    // there is a rule for no-shows (which stays as it is): whoever was there was not overtaken,
    // nobody who was not was admitted, and no place was lost before its grace was over.
    void check_room(const std::vector<Event>& room, const std::vector<Event>& performances,
                    const RoomPolicy& policy);
    // What is asked for at the end is what the answers came to.
    void check_seats(const SeatsView& view);
    void check_wallet(const WalletView& view);

    [[nodiscard]] const std::vector<std::string>& faults() const { return faults_; }
    [[nodiscard]] std::size_t sold() const { return sold_.size(); }
    [[nodiscard]] std::size_t payments() const { return payments_.size(); }
    // How often somebody was let in before one who was ahead, but not there.
    [[nodiscard]] std::int64_t passed_by() const { return passed_by_; }

  private:
    using SeatId = std::pair<PerformanceId, SeatNumber>;
    struct Hold {
        UserId user;
        PerformanceId performance;
        std::vector<SeatNumber> seats;
        Time until;
    };

    void expect(bool is_so, const std::string& what) {
        if (!is_so) complain(what);
    }
    // How a place waited.
    struct Waited {
        std::set<Time> heard;         // from when it was taken
        std::optional<Time> asked{};  // the last time
        std::optional<Time> gone{};
        std::optional<Time> lost{};  // when that was told
        bool admitted = false;

        // When its user was heard of last, as of `at`.
        [[nodiscard]] std::optional<Time> heard_before(Time at) const;
        // After when it was silent for the first time, so that it may have been passed over.
        [[nodiscard]] std::optional<Time> first_silence(Duration longer_than) const;
    };
    // Where a place stands in its class.
    using Standing = std::pair<int, std::int64_t>;
    [[nodiscard]] static Standing standing_of(PlaceNumber number,
                                              const std::map<LineClass, EventDraw>& draws);

    void drop(ReservationId id);
    void check_order(const Event& admitted, const std::map<LineClass, EventDraw>& draws,
                     std::map<LineClass, Standing>& last);
    void check_there(const Event& admitted, const std::map<LineClass, EventDraw>& draws,
                     const NoShows& rule);
    void check_lost(const NoShows& rule);
    void check_limits(const ReservationView& view);
    // An admission, and the policy that was in force.
    struct Admitted {
        const Event* event;
        const RoomPolicy* policy;
    };
    [[nodiscard]] std::vector<Admitted> admissions(const std::vector<Event>& room,
                                                   const RoomPolicy& first);
    void check_line(const std::vector<Event>& room, const RoomPolicy& policy);
    // When each pass ended, of those that have.
    [[nodiscard]] std::map<PlaceNumber, Time> ends(const std::vector<Event>& room,
                                                   const std::vector<Event>& performances);
    void check_active(const std::map<PlaceNumber, Time>& ends,
                      const std::vector<Admitted>& admitted);
    void check_window(const std::vector<Admitted>& admitted);
    void check_seat_for_each(const std::vector<Event>& performances,
                             const std::vector<Admitted>& admitted,
                             const std::map<PlaceNumber, Time>& ends);

    SeatLimits limits_;
    std::map<SeatNumber, Money> prices_;
    std::map<SeatNumber, LineClass> allotted_;  // kept, whatever happens
    std::int64_t performances_ = 0;
    std::map<ReservationId, Hold> holds_;      // until it is known that they have ended
    std::map<SeatId, ReservationId> held_by_;  // the last that held it
    std::map<SeatId, PaymentId> sold_;
    std::map<ReservationId, PaymentId> paid_;
    std::map<PaymentId, PaymentView> payments_;
    std::map<UserId, std::int64_t> balances_;
    std::map<TransferId, std::int64_t> charges_;
    std::map<std::pair<UserId, PlaceNumber>, std::int64_t> positions_;
    std::vector<RoomPolicy> changes_;
    std::map<PlaceNumber, Waited> waited_;
    std::int64_t passed_by_ = 0;
    std::vector<std::string> faults_;
};

}  // namespace concertres::test
