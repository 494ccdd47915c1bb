// The waiting room: joining, leaving, admitting; and what operators do to a sale.
#pragma once

#include "engine/handlers/common.hpp"
#include "engine/task.hpp"

namespace concertres {

template <>
class Handler<Join> {
  public:
    explicit Handler(Join command) : command_(command) {}

    void gather(UnitOfWork& rows);
    Result<PlaceView> decide(UnitOfWork& rows);

  private:
    // REQUIRES: the rows of the line are as they were before this place
    void draw_before(UnitOfWork& rows) const;

    Join command_;
    const CatalogConcert* concert_ = nullptr;
    Read<User> user_ = nullptr;
    Read<Sale> sale_ = nullptr;
    Read<Line> line_ = nullptr;
    Read<Member> member_ = nullptr;
    StandingRows latest_;
    std::vector<Read<PerformanceState>> to_come_;
};

template <>
class Handler<Leave> {
  public:
    explicit Handler(Leave command) : command_(command) {}

    void gather(UnitOfWork& rows);
    Result<PlaceView> decide(UnitOfWork& rows);

  private:
    void gather_holds(UnitOfWork& rows);
    void release_holds(UnitOfWork& rows) const;

    Leave command_;
    const CatalogConcert* concert_ = nullptr;
    Read<User> user_ = nullptr;
    Read<Member> member_ = nullptr;
    StandingRows standing_;
    Read<Limit> in_concert_ = nullptr;
    std::vector<ReservationRows> holds_;
    TouchedRows touched_;
};

template <>
class Handler<Tick> {
  public:
    static constexpr bool goes_first = true;

    explicit Handler(Tick command) : command_(command) {}

    void gather(UnitOfWork& rows);
    Result<std::int64_t> decide(UnitOfWork& rows);
    [[nodiscard]] bool again() const { return again_; }

  private:
    void gather_waiting(UnitOfWork& rows);
    std::int64_t expire_passes(UnitOfWork& rows, Sale& sale, std::vector<Event>& events);
    std::int64_t admit_waiting(UnitOfWork& rows, Sale& sale, std::int64_t admitted,
                               std::vector<Event>& events);
    // Moves the draw's cursor.
    void pass_over(Sale& sale) const;
    // How many the policy lets in, and what it remembers of it.
    static std::int64_t consult(const UnitOfWork& rows, Sale& sale, const RoomSnapshot& room);

    Tick command_;
    const CatalogConcert* concert_ = nullptr;
    Read<Sale> sale_ = nullptr;
    Read<RoomLine> line_ = nullptr;
    Read<Line> end_ = nullptr;  // of the line, where a draw is due
    std::vector<Read<PerformanceState>> to_come_;
    std::vector<Read<Pass>> ended_;
    std::vector<Read<Place>> waiting_;  // in the order in which they are let in
    std::size_t first_drawn_ = 0;       // of them; and how many were drawn, by their ranks
    std::size_t drawn_ = 0;
    bool again_ = false;
};

template <>
class Handler<ChangeSale> {
  public:
    explicit Handler(ChangeSale command) : command_(std::move(command)) {}

    void gather(UnitOfWork& rows);
    Result<ConcertView> decide(UnitOfWork& rows);

  private:
    ChangeSale command_;
    const CatalogConcert* concert_ = nullptr;
    Read<Sale> sale_ = nullptr;
    Read<Line> line_ = nullptr;  // where a draw is due
};
void finish(ConcertView& view, const Board& board);

template <>
class Handler<BlockSeats> {
  public:
    explicit Handler(BlockSeats command) : command_(std::move(command)) {}

    void gather(UnitOfWork& rows);
    Result<std::int64_t> decide(UnitOfWork& rows);

  private:
    BlockSeats command_;
    std::optional<Error> refusal_;
    const CatalogPerformance* at_ = nullptr;
    Read<PerformanceState> performance_ = nullptr;
    std::vector<Read<Seat>> seats_;
    std::vector<ReservationRows> dead_;
};

// Tidies up holds past their time; the answer is how many. The writer's own, when sweeps are on.
struct Sweep {
    using Answer = std::int64_t;
};

template <>
class Handler<Sweep> {
  public:
    explicit Handler(Sweep) {}

    void gather(UnitOfWork& rows);
    Result<std::int64_t> decide(UnitOfWork& rows);
    [[nodiscard]] bool again() const { return again_; }

  private:
    Read<ExpiringHolds> holds_ = nullptr;
    std::vector<ReservationRows> dead_;
    std::vector<Read<PerformanceState>> performances_;
    bool again_ = false;
};

}  // namespace concertres
