#include "engine/counted_set.hpp"

#include <algorithm>
#include <bit>

#include "concertres/assert.hpp"

namespace concertres {

bool CountedSet::set(std::int64_t number, bool is_in) {
    CONCERTRES_ASSERT(number >= 0);
    const std::int64_t block = number / bits_per_block;
    if (block >= static_cast<std::int64_t>(tree_.size()) - 1) {
        if (!is_in) return false;
        grow(block + 1);
    }
    std::uint64_t& word = words_[static_cast<std::size_t>(number / 64)];
    const std::uint64_t bit = std::uint64_t{1} << (number % 64);
    if (((word & bit) != 0) == is_in) return false;
    word ^= bit;
    const std::int64_t change = is_in ? 1 : -1;
    size_ += change;
    const auto blocks = static_cast<std::int64_t>(tree_.size());
    for (std::int64_t i = block + 1; i < blocks; i += i & -i) {
        tree_[static_cast<std::size_t>(i)] += change;
    }
    return true;
}

bool CountedSet::get(std::int64_t number) const {
    const auto word = static_cast<std::size_t>(number / 64);
    return word < words_.size() && ((words_[word] >> (number % 64)) & 1) != 0;
}

std::int64_t CountedSet::below(std::int64_t number) const {
    const auto blocks = static_cast<std::int64_t>(tree_.size()) - 1;
    const std::int64_t block = number / bits_per_block;
    if (block >= blocks) return size_;  // also where there is none yet
    std::int64_t count = 0;
    for (std::int64_t i = block; i > 0; i -= i & -i) count += tree_[static_cast<std::size_t>(i)];
    const std::int64_t last = number / 64;
    for (std::int64_t w = block * words_per_block; w < last; ++w) {
        count += std::popcount(words_[static_cast<std::size_t>(w)]);
    }
    const std::uint64_t mask = (std::uint64_t{1} << (number % 64)) - 1;
    return count + std::popcount(words_[static_cast<std::size_t>(last)] & mask);
}

std::int64_t CountedSet::count_in(std::int64_t block) const {
    std::int64_t count = 0;
    for (std::int64_t w = 0; w < words_per_block; ++w) {
        count += std::popcount(words_[static_cast<std::size_t>(block * words_per_block + w)]);
    }
    return count;
}

void CountedSet::fill(std::int64_t end) {
    words_.clear();
    grow(end / bits_per_block + 1);
    const auto whole = static_cast<std::size_t>(end / 64);
    std::fill_n(words_.begin(), whole, ~std::uint64_t{0});
    if (end % 64 != 0) words_[whole] = (std::uint64_t{1} << (end % 64)) - 1;
    size_ = end;
    count_anew();
}

// Doubles, so that growing costs a constant per number; the tree is then built anew.
void CountedSet::grow(std::int64_t blocks) {
    std::int64_t room = 8;
    while (room < blocks) room *= 2;
    words_.resize(static_cast<std::size_t>(room * words_per_block));
    tree_.resize(static_cast<std::size_t>(room + 1));
    count_anew();
}

void CountedSet::count_anew() {
    std::fill(tree_.begin(), tree_.end(), 0);
    const auto room = static_cast<std::int64_t>(tree_.size()) - 1;
    for (std::int64_t block = 0; block < room; ++block) {
        tree_[static_cast<std::size_t>(block + 1)] += count_in(block);
        const std::int64_t parent = (block + 1) + ((block + 1) & -(block + 1));
        if (parent <= room) {
            tree_[static_cast<std::size_t>(parent)] += tree_[static_cast<std::size_t>(block + 1)];
        }
    }
}

}  // namespace concertres
