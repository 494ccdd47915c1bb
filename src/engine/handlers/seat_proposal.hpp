// The seats of a Hold that leaves the choice to the box office. They are proposed from a picture
// of what is free, so that their rows can be read; whether they are, the rows say.
//
// Commands of one group would all be shown the same best seats. So each is proposed what those
// before it were not, and mostly gets it. Where it does not (somebody named one of the seats), or
// where it would be torn apart or sent away, it chooses again when its turn comes, among all that
// is free then: nobody is refused, or worse off by a group more, because of a race. If the rows of
// that choice have not been read, the command goes to the next group, as any other would.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/catalog.hpp"
#include "engine/unit_of_work.hpp"

namespace concertres {

class SeatProposal {
  public:
    // Proposes seats, or keeps to those that were. What is missing for it is noted as wanted.
    void gather(UnitOfWork& rows, const CatalogPerformance& at, const BestSeats& wanted);
    void drop() { choice_.reset(); }

    // By number; nothing where no seats match. Missing rows aside, that is so in truth once the
    // group is being decided.
    [[nodiscard]] const std::optional<SeatChoice>& choice() const { return choice_; }

  private:
    void propose(UnitOfWork& rows, const SeatSet& free);
    void choose_anew(UnitOfWork& rows, const SeatSet& free);
    [[nodiscard]] bool stands(UnitOfWork& rows) const;

    const CatalogPerformance* at_ = nullptr;
    const BestSeats* wanted_ = nullptr;
    std::uint64_t group_ = 0;  // in which it was proposed
    std::optional<SeatChoice> choice_;
};

}  // namespace concertres
