// The seats of a Hold that leaves the choice to the box office: the best, or some of an area. They
// are proposed from a picture of what is free, so that their rows can be read; whether they are,
// the rows say.
//
// Commands of one group would all be shown the same best seats. So each is proposed what those
// before it were not, and mostly gets it. Where it does not (somebody named one of the seats), or
// where it would be torn apart or sent away, it chooses again when its turn comes, among all that
// is free then: nobody is refused, or worse off by a group more, because of a race. If the rows of
// that choice have not been read, the command goes to the next group, as any other would.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/catalog.hpp"
#include "engine/unit_of_work.hpp"

namespace concertres {

class SeatProposal {
  public:
    // Proposes seats, or keeps to those that were. What is missing for it is noted as wanted.
    // Several wishes are for an area each: all of them are met, or none.
    // Seats that are kept for `others` (classes of the room) are not proposed.
    // Lifetime: `wanted` is the same for the life of the proposal.
    void gather(UnitOfWork& rows, const CatalogPerformance& at, std::span<const BestSeats> wanted,
                std::vector<LineClass> others);
    void drop() { choice_.reset(); }

    // By number; nothing where no seats match. Missing rows aside, that is so in truth once the
    // group is being decided.
    [[nodiscard]] const std::optional<SeatChoice>& choice() const { return choice_; }
    // How many seats are left of the area that a wish names which cannot be met; of the first such.
    struct Shortage {
        const BestSeats* wish = nullptr;
        std::optional<std::size_t> left;  // nothing: the wish is for no area
    };
    // REQUIRES: there is no choice, and the group is being decided
    [[nodiscard]] const Shortage& shortage() const { return shortage_; }

  private:
    [[nodiscard]] std::optional<SeatChoice> choose(const SeatSet& free);
    [[nodiscard]] std::optional<SeatChoice> choose_open(const SeatSet& free);
    void propose(UnitOfWork& rows, const SeatSet& free);
    void choose_anew(UnitOfWork& rows, const SeatSet& free);
    [[nodiscard]] bool stands(UnitOfWork& rows) const;

    const CatalogPerformance* at_ = nullptr;
    std::span<const BestSeats> wanted_;
    std::vector<LineClass> others_;
    std::uint64_t group_ = 0;  // in which it was proposed
    std::optional<SeatChoice> choice_;
    Shortage shortage_;
};

}  // namespace concertres
