#pragma once

#include "engine/handlers/common.hpp"
#include "engine/handlers/seat_proposal.hpp"
#include "engine/task.hpp"

namespace concertres {

template <>
class Handler<Hold> {
  public:
    explicit Handler(Hold command) : command_(std::move(command)) {}

    void gather(UnitOfWork& rows);
    Result<ReservationView> decide(UnitOfWork& rows);

  private:
    void prepare(UnitOfWork& rows);
    std::optional<Error> check_wanted();
    std::optional<Error> check_seats();
    std::optional<Error> check_areas();
    std::optional<Error> check_best();
    std::string content() const;
    void gather_earlier(UnitOfWork& rows);
    void gather_choice(UnitOfWork& rows);
    void gather_seats(UnitOfWork& rows);
    void gather_benches(UnitOfWork& rows);
    Result<void> check_entry(Time now) const;
    Error no_seats_match() const;
    ReservationView replay(UnitOfWork& rows) const;
    std::vector<ReservedSeat> priced() const;
    std::vector<LineClass> others() const;
    std::vector<SeatNumber> allotted() const;
    std::vector<SeatNumber> orphans(Time now) const;
    HoldRows collect(UserKey user) const;

    Hold command_;
    bool prepared_ = false;
    std::optional<Error> refusal_;
    const CatalogPerformance* at_ = nullptr;
    Identity identity_;
    std::vector<BestSeats> wishes_;   // what is chosen by the box office; empty: nothing
    SeatProposal proposal_;           // for them
    std::vector<SeatNumber> wanted_;  // by number: what was named and chosen; empty: no seats match

    Read<User> user_ = nullptr;
    Read<ReservationName> name_ = nullptr;
    Read<Reservation> earlier_ = nullptr;
    Read<Payment> earlier_payment_ = nullptr;
    StandingRows standing_;
    Read<PerformanceState> performance_ = nullptr;
    std::vector<Read<Seat>> seats_;
    std::vector<Read<Seat>> benches_;  // on which they are, where the concert refuses orphans
    std::vector<ReservationRows> dead_;
    Read<Limit> in_performance_ = nullptr;
    Read<Limit> in_concert_ = nullptr;
};

}  // namespace concertres
