#include "engine/line_index.hpp"

#include "concertres/assert.hpp"

namespace concertres {

void LineIndex::add(PlaceNumber number, Owner owner) {
    if (!epochs_[number.epoch()].add(number.sequence(), owner)) return;
    ++size_;
    set_rank(number, true);
}

void LineIndex::remove(PlaceNumber number) {
    auto at = epochs_.find(number.epoch());
    if (at == epochs_.end() || !at->second.remove(number.sequence())) return;
    --size_;
    set_rank(number, false);
}

bool LineIndex::contains(PlaceNumber number) const {
    auto at = epochs_.find(number.epoch());
    return at != epochs_.end() && at->second.waiting().get(number.sequence());
}

LineIndex::Owner LineIndex::owner_of(PlaceNumber number) const {
    return epochs_.at(number.epoch()).owner_of(number.sequence());
}

std::int64_t LineIndex::ahead_of(PlaceNumber number) const {
    std::int64_t ahead = 0;
    for (const auto& [epoch, numbers] : epochs_) {
        if (epoch > number.epoch()) break;
        if (epoch < number.epoch()) {
            ahead += numbers.waiting().size();
        } else if (drawn_ && drawn_->drawn.covers(number)) {
            ahead += drawn_->ranks.below(drawn_->order.rank_of(number.sequence()));
        } else {
            ahead += numbers.waiting().below(number.sequence());
        }
    }
    return ahead;
}

// --- A line that was drawn -----------------------------------------------------------------------

void LineIndex::draw(const DrawSeed& seed, const Drawn& drawn) {
    if (drawn_) return;
    drawn_.emplace(DrawnOrder{drawn, Draw(seed, drawn.size), {}});
    const CountedSet& numbers = epochs_[drawn.epoch].waiting();
    const std::int64_t waiting = numbers.below(drawn.size + 1);
    const bool most_wait = waiting > drawn.size / 2;
    if (most_wait) drawn_->ranks.fill(drawn.size);
    for (std::int64_t sequence = 1; sequence <= drawn.size; ++sequence) {
        const bool waits = numbers.get(sequence);
        if (waits != most_wait) set_rank(PlaceNumber::of(drawn.epoch, sequence), waits);
    }
}

void LineIndex::set_rank(PlaceNumber number, bool waits) {
    if (!drawn_ || !drawn_->drawn.covers(number)) return;
    drawn_->ranks.set(drawn_->order.rank_of(number.sequence()), waits);
}

// --- The numbers of one epoch --------------------------------------------------------------------

bool LineIndex::Epoch::add(std::int64_t sequence, Owner owner) {
    const bool is_new = waiting_.set(sequence, true);
    const auto block = static_cast<std::size_t>(sequence / block_size);
    if (block >= owners_.size()) owners_.resize(block + 1);
    if (!owners_[block]) owners_[block] = std::make_unique<Owners>();
    (*owners_[block])[static_cast<std::size_t>(sequence % block_size)] = owner;
    return is_new;
}

bool LineIndex::Epoch::remove(std::int64_t sequence) {
    if (!waiting_.set(sequence, false)) return false;
    const std::int64_t block = sequence / block_size;
    if (waiting_.count_in(block) == 0) owners_[static_cast<std::size_t>(block)].reset();
    return true;
}

LineIndex::Owner LineIndex::Epoch::owner_of(std::int64_t sequence) const {
    CONCERTRES_ASSERT(waiting_.get(sequence));
    const auto block = static_cast<std::size_t>(sequence / block_size);
    return (*owners_[block])[static_cast<std::size_t>(sequence % block_size)];
}

}  // namespace concertres
