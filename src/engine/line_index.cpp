#include "engine/line_index.hpp"

#include <bit>

#include "concertres/assert.hpp"

namespace concertres {

void LineIndex::add(PlaceNumber number, Owner owner) {
    if (epochs_[number.epoch()].add(number.sequence(), owner)) ++size_;
}

void LineIndex::remove(PlaceNumber number) {
    auto at = epochs_.find(number.epoch());
    if (at != epochs_.end() && at->second.remove(number.sequence())) --size_;
}

bool LineIndex::contains(PlaceNumber number) const {
    auto at = epochs_.find(number.epoch());
    return at != epochs_.end() && at->second.get(number.sequence());
}

LineIndex::Owner LineIndex::owner_of(PlaceNumber number) const {
    return epochs_.at(number.epoch()).owner_of(number.sequence());
}

std::int64_t LineIndex::ahead_of(PlaceNumber number) const {
    std::int64_t ahead = 0;
    for (const auto& [epoch, numbers] : epochs_) {
        if (epoch > number.epoch()) break;
        ahead += epoch < number.epoch() ? numbers.size() : numbers.below(number.sequence());
    }
    return ahead;
}

bool LineIndex::Epoch::add(std::int64_t sequence, Owner owner) {
    CONCERTRES_ASSERT(sequence >= 0);
    const std::int64_t block = sequence / bits_per_block;
    if (block >= static_cast<std::int64_t>(owners_.size())) grow(block + 1);
    auto& owners = owners_[static_cast<std::size_t>(block)];
    if (!owners) owners = std::make_unique<Owners>();
    (*owners)[static_cast<std::size_t>(sequence % bits_per_block)] = owner;
    if (get(sequence)) return false;
    change(sequence, 1);
    return true;
}

bool LineIndex::Epoch::remove(std::int64_t sequence) {
    if (!get(sequence)) return false;
    change(sequence, -1);
    const std::int64_t block = sequence / bits_per_block;
    if (count_in(block) == 0) owners_[static_cast<std::size_t>(block)].reset();
    return true;
}

// REQUIRES: its bit is to change
void LineIndex::Epoch::change(std::int64_t sequence, std::int64_t by) {
    words_[static_cast<std::size_t>(sequence / 64)] ^= std::uint64_t{1} << (sequence % 64);
    size_ += by;
    const auto blocks = static_cast<std::int64_t>(tree_.size());
    for (std::int64_t i = sequence / bits_per_block + 1; i < blocks; i += i & -i) {
        tree_[static_cast<std::size_t>(i)] += by;
    }
}

LineIndex::Owner LineIndex::Epoch::owner_of(std::int64_t sequence) const {
    CONCERTRES_ASSERT(get(sequence));
    return (*owners_[static_cast<std::size_t>(sequence / bits_per_block)])[static_cast<std::size_t>(
        sequence % bits_per_block)];
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

std::int64_t LineIndex::Epoch::count_in(std::int64_t block) const {
    std::int64_t count = 0;
    for (std::int64_t w = 0; w < words_per_block; ++w) {
        count += std::popcount(words_[static_cast<std::size_t>(block * words_per_block + w)]);
    }
    return count;
}

// Doubles, so that growing costs a constant per number; the tree is then built anew.
void LineIndex::Epoch::grow(std::int64_t blocks) {
    std::int64_t room = 8;
    while (room < blocks) room *= 2;
    owners_.resize(static_cast<std::size_t>(room));
    words_.resize(static_cast<std::size_t>(room * words_per_block));
    tree_.assign(static_cast<std::size_t>(room + 1), 0);
    for (std::int64_t block = 0; block < room; ++block) {
        tree_[static_cast<std::size_t>(block + 1)] += count_in(block);
        const std::int64_t parent = (block + 1) + ((block + 1) & -(block + 1));
        if (parent <= room) {
            tree_[static_cast<std::size_t>(parent)] += tree_[static_cast<std::size_t>(block + 1)];
        }
    }
}

}  // namespace concertres
