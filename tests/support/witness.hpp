// The Witness believes nothing but answers. It writes down what a box office said it did, keeps its
// own plain account of seats and money from that, and complains as soon as two answers cannot both
// be true.
//
// Answers are told to it in the order in which they come, which is that of the decisions.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "concertres/box_office.hpp"

namespace concertres::test {

class Witness {
  public:
    explicit Witness(const ConcertDraft& concert) : limits_(concert.limits) {
        for (const HallSeat& seat : concert.seats) prices_[seat.number] = seat.price;
    }

    void charged(const ChargeView& view);
    void held(const ReservationView& view);
    void extended(const ReservationView& view);
    void released(const ReservationView& view);
    // The user's holds are gone with the pass, or with the visit.
    void left(UserId user);
    void paid(const PaymentView& view);
    void refunded(const PaymentView& view);
    // Where a place that waits is said to be: it never moves back.
    void waits(UserId user, PlaceNumber number, std::int64_t position);
    void complain(const std::string& what);

    // The events of a room, from the first, and of its performances: nobody was overtaken, at most
    // `active_max` passes were live at any time, at most `window` were admitted in any interval.
    void check_room(const std::vector<Event>& room, const std::vector<Event>& performances,
                    const RoomPolicy& policy);
    // What is asked for at the end is what the answers came to.
    void check_seats(const SeatsView& view);
    void check_wallet(const WalletView& view);

    [[nodiscard]] const std::vector<std::string>& faults() const { return faults_; }
    [[nodiscard]] std::size_t sold() const { return sold_.size(); }
    [[nodiscard]] std::size_t payments() const { return payments_.size(); }

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
    void drop(ReservationId id);
    void check_limits(const ReservationView& view);
    void check_active(const std::vector<Event>& room, const std::vector<Event>& performances,
                      std::int64_t active_max);
    void check_window(const std::vector<Event>& room, const AdmissionWindow& window);

    SeatLimits limits_;
    std::map<SeatNumber, Money> prices_;
    std::map<ReservationId, Hold> holds_;      // until it is known that they have ended
    std::map<SeatId, ReservationId> held_by_;  // the last that held it
    std::map<SeatId, PaymentId> sold_;
    std::map<ReservationId, PaymentId> paid_;
    std::map<PaymentId, PaymentView> payments_;
    std::map<UserId, std::int64_t> balances_;
    std::map<TransferId, std::int64_t> charges_;
    std::map<std::pair<UserId, PlaceNumber>, std::int64_t> positions_;
    std::vector<std::string> faults_;
};

}  // namespace concertres::test
