#pragma once

#include "engine/handlers/common.hpp"
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
    std::optional<Error> check_seats();
    std::vector<ReservedSeat> priced() const;
    HoldRows collect(UserKey user) const;

    Hold command_;
    bool prepared_ = false;
    std::optional<Error> refusal_;
    const CatalogPerformance* at_ = nullptr;
    Identity identity_;

    Read<User> user_ = nullptr;
    Read<ReservationName> name_ = nullptr;
    Read<Reservation> earlier_ = nullptr;
    Read<Payment> earlier_payment_ = nullptr;
    StandingRows standing_;
    Read<PerformanceState> performance_ = nullptr;
    std::vector<Read<Seat>> seats_;
    std::vector<ReservationRows> dead_;
    Read<Limit> in_performance_ = nullptr;
    Read<Limit> in_concert_ = nullptr;
};

}  // namespace concertres
