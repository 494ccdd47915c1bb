// What storage has to do with a line that a LineStore keeps: its epoch, the numbers that are
// reserved for it, and who of it is let in or has left. LineDesk asks for all of this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "concertres/line.hpp"
#include "engine/handlers/room.hpp"
#include "engine/queries.hpp"

namespace concertres {

// The line cannot be used in the epoch `from`. An epoch of which no number has been reserved is not
// raised: nobody can have lost one, and the line is begun in it once it can be.
// Refuses: unknown_concert, room_closed (no more epochs).
struct RaiseEpoch {
    // How the line stands then.
    struct Answer {
        std::optional<Board::Outside> outside{};  // nothing: it is in storage, and stays there
    };
    enum class Why : std::uint8_t {
        joined,     // the first one joins
        lost,       // the line has lost something, or is in an epoch later than storage's
        unreached,  // somebody came back to it in vain: that takes more time
    };
    ConcertId concert{};
    Why why = Why::lost;
    std::int64_t from = 0;   // where storage is in another by now, nothing happens
    std::int64_t above = 0;  // the line has been begun in this one
    // It was unused, as far as was known, when the line was asked. If it is used by now, the line
    // has been begun since, and what it said before that is no loss: it is to be asked again.
    bool was_unused = false;
};

template <>
class Handler<RaiseEpoch> {
  public:
    explicit Handler(RaiseEpoch command) : command_(command) {}

    void gather(UnitOfWork& rows);
    Result<RaiseEpoch::Answer> decide(UnitOfWork& rows);

  private:
    Result<void> raise(const UnitOfWork& rows, std::vector<Line>& lines) const;

    RaiseEpoch command_;
    const CatalogConcert* concert_ = nullptr;
    Read<Sale> sale_ = nullptr;
    LineRows lines_;
};

// Numbers for a class, which nobody else is given. Nothing: the epoch is over.
// Refuses: unknown_concert, room_closed (no more numbers).
struct ReserveNumbers {
    using Answer = std::optional<LineBlock>;
    // So many that storage is seldom asked; what is not used is lost, which does no harm.
    static constexpr std::int64_t count = 10'000;
    ConcertId concert{};
    std::int64_t epoch = 0;
    LineClass line_class = 0;
};

template <>
class Handler<ReserveNumbers> {
  public:
    explicit Handler(ReserveNumbers command) : command_(command) {}

    void gather(UnitOfWork& rows);
    Result<std::optional<LineBlock>> decide(UnitOfWork& rows);

  private:
    ReserveNumbers command_;
    const CatalogConcert* concert_ = nullptr;
    Read<Line> first_ = nullptr;
    Read<Line> line_ = nullptr;  // of the class
};

// A tick that goes by the heads of a line outside.
struct LetIn {
    struct Answer {
        std::int64_t admitted = 0;
        std::vector<LineEntry> over{};      // who is to be dropped: in by now, or not to be let in
        std::vector<std::int64_t> turns{};  // of each class, where nobody was looked at
        bool again = false;                 // there is more to do
    };
    ConcertId concert{};
    std::shared_ptr<const LineHeads> heads{};
};

template <>
class Handler<LetIn> {
  public:
    static constexpr bool goes_first = true;

    explicit Handler(LetIn command)
        : heads_(std::move(command.heads)), tick_(Tick{command.concert}, heads_.get()) {}

    void gather(UnitOfWork& rows) { tick_.gather(rows); }
    Result<LetIn::Answer> decide(UnitOfWork& rows);
    [[nodiscard]] std::size_t keys() const;

  private:
    std::shared_ptr<const LineHeads> heads_;
    Handler<Tick> tick_;
};

// An operator lets in one who stands in the line outside, with this number.
struct AdmitOutside {
    using Answer = PlaceView;
    Admit admit{};
    PlaceNumber number{};
};

template <>
class Handler<AdmitOutside> : public Handler<Admit> {
  public:
    explicit Handler(AdmitOutside command)
        : Handler<Admit>(std::move(command.admit), command.number) {}
};

// One who stands there leaves.
struct LeaveOutside {
    using Answer = PlaceView;
    Leave leave{};
};

template <>
class Handler<LeaveOutside> : public Handler<Leave> {
  public:
    explicit Handler(LeaveOutside command) : Handler<Leave>(command.leave, true) {}
};

// The latest place of the user that storage knows of; 0: none.
// Refuses: unknown_concert.
struct FindLatest {
    using Answer = PlaceNumber;
    ConcertId concert{};
    UserId user{};
};
Result<PlaceNumber> run(const QueryContext& at, const FindLatest& query);

}  // namespace concertres
