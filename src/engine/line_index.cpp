#include "engine/line_index.hpp"

#include <algorithm>

#include "concertres/assert.hpp"

namespace concertres {

namespace {

// Rounded up, so that nobody counts as silent too early.
std::uint32_t seconds_of(Time time) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(time.time_since_epoch()).count();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 0, UINT32_MAX));
}

}  // namespace

void LineIndex::add(PlaceNumber number, Owner owner, Time heard) {
    if (!epochs_[epoch_of(number)].add(number.sequence(), owner, heard)) return;
    ++size_;
    set_rank(number, true);
}

void LineIndex::remove(PlaceNumber number) {
    auto at = epochs_.find(epoch_of(number));
    if (at == epochs_.end() || !at->second.remove(number.sequence())) return;
    --size_;
    set_rank(number, false);
}

bool LineIndex::contains(PlaceNumber number) const {
    auto at = epochs_.find(epoch_of(number));
    return at != epochs_.end() && at->second.waiting().get(number.sequence());
}

LineIndex::Owner LineIndex::owner_of(PlaceNumber number) const {
    return epochs_.at(epoch_of(number)).owner_of(number.sequence());
}

void LineIndex::hear(PlaceNumber number, Time now) const {
    auto& heard = epochs_.at(epoch_of(number)).heard(number.sequence());
    const std::uint32_t seconds = seconds_of(now);
    // Of two at once either may come last: they are no second apart. Most polls change nothing.
    if (heard.load(std::memory_order_relaxed) < seconds) {
        heard.store(seconds, std::memory_order_relaxed);
    }
}

Time LineIndex::heard(PlaceNumber number) const {
    const auto& heard = epochs_.at(epoch_of(number)).heard(number.sequence());
    return Time(std::chrono::seconds(heard.load(std::memory_order_relaxed)));
}

LineIndex::Standing LineIndex::standing_of(PlaceNumber number, const Drawn* drawn,
                                           const Draw* draw) {
    const bool is_drawn = drawn != nullptr && drawn->covers(number);
    const std::int64_t place = is_drawn ? draw->rank_of(number.sequence()) : number.sequence();
    return {number.line_class(), number.epoch(), is_drawn ? 0 : 1, place};
}

LineIndex::Standing LineIndex::standing_of(PlaceNumber number) const {
    const auto found = drawn_.find(number.line_class());
    if (found == drawn_.end()) return standing_of(number, nullptr, nullptr);
    return standing_of(number, &found->second.drawn, &found->second.order);
}

std::int64_t LineIndex::ahead_of(PlaceNumber number) const {
    const EpochKey own = epoch_of(number);
    std::int64_t ahead = 0;
    auto at = epochs_.lower_bound({own.first, 0});
    for (; at != epochs_.end() && at->first < own; ++at) ahead += at->second.waiting().size();
    if (at == epochs_.end() || at->first != own) return ahead;
    const auto drawn = drawn_.find(own.first);
    if (drawn != drawn_.end() && drawn->second.drawn.covers(number)) {
        const DrawnOrder& order = drawn->second;
        return ahead + order.ranks.below(order.order.rank_of(number.sequence()));
    }
    return ahead + at->second.waiting().below(number.sequence());
}

std::int64_t LineIndex::size(LineClass line_class) const {
    std::int64_t size = 0;
    auto at = epochs_.lower_bound({line_class, 0});
    for (; at != epochs_.end() && at->first.first == line_class; ++at) {
        size += at->second.waiting().size();
    }
    return size;
}

// --- A line that was drawn -----------------------------------------------------------------------

void LineIndex::draw(const DrawSeed& seed, const Drawn& drawn) {
    if (is_drawn(drawn.line_class)) return;
    DrawnOrder& order =
        drawn_.emplace(drawn.line_class, DrawnOrder{drawn, Draw(seed, drawn), {}}).first->second;
    const CountedSet& numbers = epochs_[{drawn.line_class, drawn.epoch}].waiting();
    const std::int64_t waiting = numbers.below(drawn.size + 1);
    const bool most_wait = waiting > drawn.size / 2;
    if (most_wait) order.ranks.fill(drawn.size);
    for (std::int64_t sequence = 1; sequence <= drawn.size; ++sequence) {
        const bool waits = numbers.get(sequence);
        if (waits != most_wait) order.ranks.set(order.order.rank_of(sequence), waits);
    }
}

void LineIndex::set_rank(PlaceNumber number, bool waits) {
    const auto drawn = drawn_.find(number.line_class());
    if (drawn == drawn_.end() || !drawn->second.drawn.covers(number)) return;
    drawn->second.ranks.set(drawn->second.order.rank_of(number.sequence()), waits);
}

// --- The numbers of one epoch --------------------------------------------------------------------

bool LineIndex::Epoch::add(std::int64_t sequence, Owner owner, Time heard_at) {
    const bool is_new = waiting_.set(sequence, true);
    const auto block = static_cast<std::size_t>(sequence / block_size);
    if (block >= blocks_.size()) blocks_.resize(block + 1);
    if (!blocks_[block]) blocks_[block] = std::make_unique<Block>();
    blocks_[block]->owners[static_cast<std::size_t>(sequence % block_size)] = owner;
    if (is_new) heard(sequence).store(seconds_of(heard_at), std::memory_order_relaxed);
    return is_new;
}

bool LineIndex::Epoch::remove(std::int64_t sequence) {
    if (!waiting_.set(sequence, false)) return false;
    const std::int64_t block = sequence / block_size;
    if (waiting_.count_in(block) == 0) blocks_[static_cast<std::size_t>(block)].reset();
    return true;
}

LineIndex::Owner LineIndex::Epoch::owner_of(std::int64_t sequence) const {
    return block_of(sequence).owners[static_cast<std::size_t>(sequence % block_size)];
}

std::atomic<std::uint32_t>& LineIndex::Epoch::heard(std::int64_t sequence) const {
    return block_of(sequence).heard[static_cast<std::size_t>(sequence % block_size)];
}

LineIndex::Epoch::Block& LineIndex::Epoch::block_of(std::int64_t sequence) const {
    CONCERTRES_ASSERT(waiting_.get(sequence));
    return *blocks_[static_cast<std::size_t>(sequence / block_size)];
}

}  // namespace concertres
