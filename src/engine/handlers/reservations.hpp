// Extending and releasing a reservation, by its owner or by an operator.
#pragma once

#include "engine/handlers/common.hpp"
#include "engine/task.hpp"

namespace concertres {

// What a hold is written to, beside itself, its seats and its pass, when it ends or is extended.
struct AroundHold {
    Read<PerformanceState> performance = nullptr;
    Read<Limit> in_performance = nullptr;
    Read<Limit> in_concert = nullptr;

    void want(UnitOfWork& rows, const Reservation& reservation);
};

// What both of an owner's commands read.
struct OwnReservation {
    Read<User> user = nullptr;
    Read<ReservationName> name = nullptr;
    ReservationRows reservation;
    StandingRows standing;
    AroundHold around;

    void want(UnitOfWork& rows, const UserId& owner, const ReservationId& id, PlaceNumber place);
    // Refuses: unknown_reservation (none, or another's), token_invalid (`proven` is another
    // concert).
    [[nodiscard]] std::optional<Error> check_owner(const Catalog& catalog, const ReservationId& id,
                                                   const ConcertId& proven) const;
};

template <>
class Handler<Extend> {
  public:
    explicit Handler(Extend command) : command_(std::move(command)) {}

    void gather(UnitOfWork& rows);
    Result<ReservationView> decide(UnitOfWork& rows);

  private:
    Extend command_;
    OwnReservation own_;
};

template <>
class Handler<Release> {
  public:
    explicit Handler(Release command) : command_(std::move(command)) {}

    void gather(UnitOfWork& rows);
    Result<ReservationView> decide(UnitOfWork& rows);

  private:
    Release command_;
    OwnReservation own_;
};

template <>
class Handler<AdminRelease> {
  public:
    explicit Handler(AdminRelease command) : command_(std::move(command)) {}

    void gather(UnitOfWork& rows);
    Result<ReservationView> decide(UnitOfWork& rows);

  private:
    AdminRelease command_;
    Read<ReservationName> name_ = nullptr;
    ReservationRows reservation_;
    AroundHold around_;
};

}  // namespace concertres
