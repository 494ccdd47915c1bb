// The waiting room: joining, leaving, admitting; and what operators do to a sale.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "concertres/line.hpp"
#include "engine/handlers/common.hpp"
#include "engine/handlers/room_rows.hpp"
#include "engine/task.hpp"

namespace concertres {

// The heads of a line outside, as it showed them when storage was in that epoch.
struct LineHeads {
    std::int64_t epoch = 0;
    // In each class, at most. Empty: nobody was, and only how many wait is known.
    std::vector<std::size_t> looked_for{};
    std::vector<LineHead> classes{};
};

[[nodiscard]] Error unknown_class(const RoomPolicy& room, std::string_view name);

template <>
class Handler<Join> {
  public:
    explicit Handler(Join command) : command_(std::move(command)) {}

    void gather(UnitOfWork& rows);
    Result<PlaceView> decide(UnitOfWork& rows);

  private:
    Result<PlaceView> join_line(UnitOfWork& rows, LineClass line_class);

    Join command_;
    const CatalogConcert* concert_ = nullptr;
    Read<User> user_ = nullptr;
    Read<Sale> sale_ = nullptr;
    LineRows lines_;
    Read<Member> member_ = nullptr;
    StandingRows latest_;
    SeatsToCome seats_;
};

template <>
class Handler<Leave> {
  public:
    // `stands_outside`: the line outside has said so.
    explicit Handler(Leave command, bool stands_outside = false)
        : command_(command), stands_outside_(stands_outside) {}

    void gather(UnitOfWork& rows);
    Result<PlaceView> decide(UnitOfWork& rows);

  private:
    void gather_holds(UnitOfWork& rows);
    void release_holds(UnitOfWork& rows) const;
    void leave_outside(UnitOfWork& rows) const;

    Leave command_;
    const bool stands_outside_;
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

    // `heads`: the line is outside; else it is in storage. Lifetime: they outlive it
    explicit Handler(Tick command, const LineHeads* heads = nullptr)
        : command_(command), heads_(heads) {}

    void gather(UnitOfWork& rows);
    Result<std::int64_t> decide(UnitOfWork& rows);
    [[nodiscard]] bool again() const { return again_; }
    // Of those at the heads, who waits no more. REQUIRES: it was decided
    [[nodiscard]] const std::vector<LineEntry>& over() const { return over_; }
    // Where nobody was looked at: how many of each class would be let in. REQUIRES: the same
    [[nodiscard]] const std::vector<std::int64_t>& turns() const { return turns_; }

    // Of those who are in, how many hold no seat, by class.
    using Seeking = std::array<std::int64_t, PlaceNumber::classes_max>;

    // Whoever lets people in asks these, so that the policy is the same for all.
    [[nodiscard]] static RoomSnapshot snapshot_of(const UnitOfWork& rows, const Sale& sale,
                                                  const SeatsByClass& seats, std::int64_t admitted,
                                                  const Seeking& seeking, std::int64_t waiting);
    // `admitted`: how many are in. Not looked for where there is no waiting list.
    [[nodiscard]] static Seeking seeking_of(const UnitOfWork& rows, const Sale& sale,
                                            std::int64_t admitted);
    // For how many of each class there are seats.
    [[nodiscard]] static SeatTurns turns_for_seats(const Sale& sale, const SeatsByClass& seats,
                                                   const Seeking& seeking);
    // How many the policy lets in, and what it remembers of it. `let_in` is told how many may be,
    // and says how many are.
    // Nothing: the policy failed, and nobody is let in.
    static std::optional<std::int64_t> consult(
        const UnitOfWork& rows, Sale& sale, const RoomSnapshot& room,
        const std::function<std::int64_t(std::int64_t)>& let_in);

  private:
    // Who stands where in one class.
    struct Standing {
        LineIndex::Standing at{};
        Read<Place> place = nullptr;
    };
    // One at the head of a class of a line outside, and what storage knows of it.
    struct Outsider {
        LineEntry entry{};
        Read<Place> place = nullptr;
        Read<Pass> pass = nullptr;
        Read<User> user = nullptr;
        Read<Member> member = nullptr;
        Read<Pass> latest = nullptr;  // of the member, if that is another
        Place standing{};             // what it comes to where it is let in

        // It has a pass, has left, or its user is in with another place.
        [[nodiscard]] bool is_over(Time now) const;
    };
    // Who is next in one class, in the order in which they are let in.
    struct Queue {
        std::vector<Outsider> outside;  // alone, where the line is there
        std::vector<Standing> line;
        std::size_t first_drawn = 0;  // of the line; and how many were drawn, by their ranks
        std::size_t drawn = 0;
        bool is_cut = false;  // there may be more behind them
        // Who was passed over and has come back, within the part of the line that is looked at.
        std::vector<Standing> back;
    };
    // Of one who may be let in; whoever is not there is passed over.
    struct Next {
        const Place* place = nullptr;
        bool is_there = true;
        const Outsider* outsider = nullptr;  // where the line is outside
    };
    using Candidates = std::vector<Next>;  // of one class, in order
    // What a tick gives to one class.
    struct Turns {
        std::int64_t admitted = 0;
        bool to_end = false;  // there are turns for all who were looked at
    };

    // Who is there may change at any moment; it is asked once, so that the rows stay the same.
    void look_who_is_back(const UnitOfWork& rows, const Sale& sale);
    void gather_waiting(UnitOfWork& rows);
    [[nodiscard]] Queue gather_queue(UnitOfWork& rows, const Sale& sale, LineClass line_class,
                                     const std::optional<Drawn>& drawn) const;
    [[nodiscard]] Queue gather_outside(UnitOfWork& rows, const Sale& sale,
                                       std::size_t line_class) const;
    [[nodiscard]] bool is_open_outside(Time now) const;
    void count_turns(const UnitOfWork& rows, Sale& sale, const RoomSnapshot& room,
                     std::vector<ClassDemand> demands, std::int64_t common);
    void gather_back(UnitOfWork& rows, Queue& queue, LineClass line_class, const Drawn* drawn,
                     const Draw* order) const;
    // Takes their places from those whose grace is over; the answer is how many.
    std::size_t lose_places(UnitOfWork& rows, const Sale& sale) const;
    // How many were let in; nothing where the sale lets nobody in now.
    std::optional<std::int64_t> admit_waiting(UnitOfWork& rows, Sale& sale, std::int64_t admitted,
                                              std::vector<Event>& events);
    [[nodiscard]] Candidates candidates(const UnitOfWork& rows, const Sale& sale,
                                        const Queue& queue) const;
    // Whose turn it is, of those who are there.
    [[nodiscard]] std::optional<std::vector<Turns>> share_turns(
        const UnitOfWork& rows, Sale& sale, const RoomSnapshot& room,
        std::span<const ClassDemand> demands, std::int64_t common) const;
    void take_turns(UnitOfWork& rows, Sale& sale, const Candidates& candidates, Turns turns,
                    std::vector<Event>& events);
    void move_cursors(std::span<Line> lines) const;

    // Those at the head of a class outside who may be let in; the others are over.
    Candidates candidates_outside(const Queue& queue, Time now);

    Tick command_;
    const LineHeads* heads_;
    const CatalogConcert* concert_ = nullptr;
    Read<Sale> sale_ = nullptr;
    Read<RoomLine> line_ = nullptr;
    LineRows lines_;  // where a draw is due, or has been held; and where the line is outside
    SeatsToCome seats_;
    EndedPasses ended_;
    // By class, who was passed over and has come back; as of the group in which it was looked at.
    std::vector<std::vector<PlaceNumber>> back_;
    std::uint64_t looked_in_ = 0;
    std::vector<PlaceNumber> overdue_;  // who was passed over and may lose the place
    std::vector<Read<Place>> losing_;   // the same
    std::vector<Queue> queues_;         // by class
    std::vector<LineEntry> over_;
    std::vector<std::int64_t> turns_;
    bool again_ = false;
};

template <>
class Handler<Admit> {
  public:
    // `outside`: the user stands in the line outside, with this number; 0: not.
    explicit Handler(Admit command, PlaceNumber outside = {})
        : command_(std::move(command)), outside_(outside) {}

    void gather(UnitOfWork& rows);
    Result<PlaceView> decide(UnitOfWork& rows);

  private:
    void gather_place(UnitOfWork& rows);
    [[nodiscard]] std::optional<Error> check_command() const;
    // The place, or why it cannot be let in whatever the room's state.
    [[nodiscard]] Result<Standing> find_place(const UnitOfWork& rows) const;
    // REQUIRES: the place waits
    Result<void> let_in(UnitOfWork& rows, Place place) const;

    Admit command_;
    const PlaceNumber outside_;
    const CatalogConcert* concert_ = nullptr;
    Read<User> user_ = nullptr;
    Read<Member> member_ = nullptr;
    Read<Pass> latest_ = nullptr;  // of the member
    StandingRows standing_;        // its sale is read always
    Read<RoomLine> line_ = nullptr;
    LineRows lines_;  // where a draw is due
    SeatsToCome seats_;
    EndedPasses ended_;
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
    Read<Line> first_ = nullptr;
    LineRows lines_;  // where a draw is due
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
