// Place numbers in order. They are given one after another, so a set of them is runs: a bit each,
// in blocks. Ten million take little more than a megabyte, and an insertion allocates once in
// 4,096.
//
// Threads: one.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "concertres/admission.hpp"

namespace concertres::live {

class NumberSet {
  public:
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool contains(PlaceNumber number) const {
        const auto block = blocks_.find(block_of(number));
        return block != blocks_.end() && (block->second.word(number) & bit_of(number)) != 0;
    }
    void insert(PlaceNumber number) {
        // A new number is nearly always in the last block.
        const std::int64_t key = block_of(number);
        const auto last = blocks_.empty() ? blocks_.end() : std::prev(blocks_.end());
        Block& block = last != blocks_.end() && last->first == key ? last->second : blocks_[key];
        std::uint64_t& word = block.word(number);
        if ((word & bit_of(number)) != 0) return;
        word |= bit_of(number);
        ++block.count;
        ++size_;
    }
    void erase(PlaceNumber number) {
        const auto block = blocks_.find(block_of(number));
        if (block == blocks_.end()) return;
        std::uint64_t& word = block->second.word(number);
        if ((word & bit_of(number)) == 0) return;
        word &= ~bit_of(number);
        --size_;
        if (--block->second.count == 0) blocks_.erase(block);
    }

    // visit(number) for those above `after`, in order, until it says false.
    template <class Visit>
    void for_each_above(PlaceNumber after, Visit&& visit) const {
        if (after.value == INT64_MAX) return;
        const PlaceNumber first{after.value + 1};
        for (auto block = blocks_.lower_bound(block_of(first)); block != blocks_.end(); ++block) {
            const bool is_first = block->first == block_of(first);
            std::size_t at = is_first ? index_of(first) / 64 : 0;
            std::uint64_t skipped = is_first ? bit_of(first) - 1 : 0;
            for (; at < words_per_block; ++at, skipped = 0) {
                for (std::uint64_t word = block->second.words[at] & ~skipped; word != 0;
                     word &= word - 1) {
                    const auto bit = static_cast<std::int64_t>(std::countr_zero(word));
                    const auto within = static_cast<std::int64_t>(at) * 64 + bit;
                    if (!visit(PlaceNumber{block->first * block_size + within})) return;
                }
            }
        }
    }

  private:
    static constexpr std::int64_t block_size = 4096;
    static constexpr std::size_t words_per_block = block_size / 64;

    struct Block {
        std::array<std::uint64_t, words_per_block> words{};
        std::size_t count = 0;

        std::uint64_t& word(PlaceNumber number) { return words[index_of(number) / 64]; }
        [[nodiscard]] std::uint64_t word(PlaceNumber number) const {
            return words[index_of(number) / 64];
        }
    };

    // Rounds down, also below 0: a damaged store may hold any number.
    static std::int64_t block_of(PlaceNumber number) { return number.value >> 12; }
    static std::size_t index_of(PlaceNumber number) {
        return static_cast<std::size_t>(number.value & (block_size - 1));
    }
    static std::uint64_t bit_of(PlaceNumber number) {
        return std::uint64_t{1} << (index_of(number) % 64);
    }

    std::map<std::int64_t, Block> blocks_;
    std::size_t size_ = 0;
};

}  // namespace concertres::live
