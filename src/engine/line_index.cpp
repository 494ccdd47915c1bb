#include "engine/line_index.hpp"

#include <bit>

#include "concertres/assert.hpp"

namespace concertres {

void LineIndex::add(PlaceNumber number) {
    if (epochs_[number.epoch()].set(number.sequence(), true)) ++size_;
}

void LineIndex::remove(PlaceNumber number) {
    auto at = epochs_.find(number.epoch());
    if (at != epochs_.end() && at->second.set(number.sequence(), false)) --size_;
}

bool LineIndex::contains(PlaceNumber number) const {
    auto at = epochs_.find(number.epoch());
    return at != epochs_.end() && at->second.get(number.sequence());
}

std::int64_t LineIndex::ahead_of(PlaceNumber number) const {
    std::int64_t ahead = 0;
    for (const auto& [epoch, numbers] : epochs_) {
        if (epoch > number.epoch()) break;
        ahead += epoch < number.epoch() ? numbers.size() : numbers.below(number.sequence());
    }
    return ahead;
}

bool LineIndex::Epoch::set(std::int64_t sequence, bool waits) {
    CONCERTRES_ASSERT(sequence >= 0);
    const std::int64_t block = sequence / bits_per_block;
    if (block >= static_cast<std::int64_t>(tree_.size()) - 1) {
        if (!waits) return false;
        grow(block + 1);
    }
    std::uint64_t& word = words_[static_cast<std::size_t>(sequence / 64)];
    const std::uint64_t bit = std::uint64_t{1} << (sequence % 64);
    if (((word & bit) != 0) == waits) return false;
    word ^= bit;
    const std::int64_t change = waits ? 1 : -1;
    size_ += change;
    const auto blocks = static_cast<std::int64_t>(tree_.size());
    for (std::int64_t i = block + 1; i < blocks; i += i & -i) {
        tree_[static_cast<std::size_t>(i)] += change;
    }
    return true;
}

bool LineIndex::Epoch::get(std::int64_t sequence) const {
    const auto word = static_cast<std::size_t>(sequence / 64);
    return word < words_.size() && ((words_[word] >> (sequence % 64)) & 1) != 0;
}

std::int64_t LineIndex::Epoch::below(std::int64_t sequence) const {
    const auto blocks = static_cast<std::int64_t>(tree_.size()) - 1;
    const std::int64_t block = sequence / bits_per_block;
    if (blocks <= 0 || block >= blocks) return size_;
    std::int64_t count = 0;
    for (std::int64_t i = block; i > 0; i -= i & -i) count += tree_[static_cast<std::size_t>(i)];
    const std::int64_t last = sequence / 64;
    for (std::int64_t w = block * words_per_block; w < last; ++w) {
        count += std::popcount(words_[static_cast<std::size_t>(w)]);
    }
    const std::uint64_t mask = (std::uint64_t{1} << (sequence % 64)) - 1;
    return count + std::popcount(words_[static_cast<std::size_t>(last)] & mask);
}

// Doubles, so that growing costs a constant per number; the tree is then built anew.
void LineIndex::Epoch::grow(std::int64_t blocks) {
    std::int64_t room = 8;
    while (room < blocks) room *= 2;
    words_.resize(static_cast<std::size_t>(room * words_per_block));
    tree_.assign(static_cast<std::size_t>(room + 1), 0);
    for (std::int64_t block = 0; block < room; ++block) {
        std::int64_t count = 0;
        for (std::int64_t w = 0; w < words_per_block; ++w) {
            count += std::popcount(words_[static_cast<std::size_t>(block * words_per_block + w)]);
        }
        tree_[static_cast<std::size_t>(block + 1)] += count;
        const std::int64_t parent = (block + 1) + ((block + 1) & -(block + 1));
        if (parent <= room) {
            tree_[static_cast<std::size_t>(parent)] += tree_[static_cast<std::size_t>(block + 1)];
        }
    }
}

}  // namespace concertres
