#include "engine/handlers/seat_proposal.hpp"

#include <algorithm>
#include <utility>

#include "concertres/assert.hpp"
#include "engine/handlers/common.hpp"

namespace concertres {

void SeatProposal::gather(UnitOfWork& rows, const CatalogPerformance& at,
                          std::span<const BestSeats> wanted, std::vector<LineClass> others) {
    at_ = &at;
    wanted_ = wanted;
    others_ = std::move(others);
    const SeatSet* free = rows.want_free(at.performance.key);
    if (free == nullptr) return drop();
    if (group_ != rows.group()) propose(rows, *free);
    if (rows.deciding() && !stands(rows)) choose_anew(rows, *free);
}

std::optional<SeatChoice> SeatProposal::choose(const SeatSet& free) {
    const Seating& seating = at_->concert->seating;
    if (!seating.has_allotments() || others_.empty()) return choose_open(free);
    SeatSet open = free;
    erase_allotments(open, seating, others_);
    return choose_open(open);
}

std::optional<SeatChoice> SeatProposal::choose_open(const SeatSet& free) {
    const Seating& seating = at_->concert->seating;
    SeatChoice all;
    for (const BestSeats& wish : wanted_) {
        const auto chosen = choose_best(seating, free, wish);
        if (!chosen) {
            const auto* area = wish.section ? seating.find_area(*wish.section) : nullptr;
            shortage_ = {&wish, std::nullopt};
            if (area != nullptr) shortage_.left = free.count(area->begin, area->end);
            return std::nullopt;
        }
        all.groups = std::max(all.groups, chosen->groups);
        all.seats.insert(all.seats.end(), chosen->seats.begin(), chosen->seats.end());
    }
    std::ranges::sort(all.seats);
    return all;
}

void SeatProposal::propose(UnitOfWork& rows, const SeatSet& free) {
    group_ = rows.group();
    const Seating& seating = at_->concert->seating;
    SeatSet& unclaimed = rows.unclaimed(at_->performance.key);
    if (unclaimed.size() == 0) unclaimed = free;
    choice_ = choose(unclaimed);
    if (!choice_) return;
    for (const SeatNumber number : choice_->seats) unclaimed.erase(*seating.find(number));
}

// As the rows say, which may know better than the picture.
void SeatProposal::choose_anew(UnitOfWork& rows, const SeatSet& free) {
    const Seating& seating = at_->concert->seating;
    SeatSet now_free = free;
    rows.for_each<Seat>([&](const Seat& seat) {
        if (seat.performance != at_->performance.key) return;
        const auto slot = seating.find(seat.number);
        CONCERTRES_ASSERT(slot);
        if (seat.status_at(rows.now()) == SeatStatus::free) {
            now_free.insert(*slot);
        } else {
            now_free.erase(*slot);
        }
    });
    choice_ = choose(now_free);
}

// Whether nobody can wish for more: neighbours, and all are free.
bool SeatProposal::stands(UnitOfWork& rows) const {
    return choice_ && choice_->groups == 1 &&
           std::ranges::all_of(choice_->seats, [&](SeatNumber number) {
               const auto seat = rows.want<Seat>({at_->performance.key, number});
               return exists(seat) && (*seat)->status_at(rows.now()) == SeatStatus::free;
           });
}

}  // namespace concertres
