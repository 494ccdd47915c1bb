// Who waits, as a set of numbers that can be counted: one bit for each number ever given, and a
// Fenwick tree over blocks of bits. Ten million people cost about two megabytes; a position costs
// a walk of some twenty steps.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "concertres/ids.hpp"

namespace concertres {

class LineIndex {
  public:
    void add(PlaceNumber number);
    void remove(PlaceNumber number);
    [[nodiscard]] bool contains(PlaceNumber number) const;
    [[nodiscard]] std::int64_t size() const { return size_; }
    // How many smaller numbers wait.
    [[nodiscard]] std::int64_t ahead_of(PlaceNumber number) const;

  private:
    class Epoch {
      public:
        bool set(std::int64_t sequence, bool waits);  // false: it was so already
        [[nodiscard]] bool get(std::int64_t sequence) const;
        [[nodiscard]] std::int64_t below(std::int64_t sequence) const;
        [[nodiscard]] std::int64_t size() const { return size_; }

      private:
        static constexpr std::int64_t words_per_block = 8;
        static constexpr std::int64_t bits_per_block = 64 * words_per_block;

        void grow(std::int64_t blocks);

        std::vector<std::uint64_t> words_;
        std::vector<std::int64_t> tree_;  // Fenwick over blocks, from 1
        std::int64_t size_ = 0;
    };

    std::map<std::int64_t, Epoch> epochs_;
    std::int64_t size_ = 0;
};

}  // namespace concertres
