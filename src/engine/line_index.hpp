// Who waits, as a set of numbers that can be counted: one bit for each number ever given, and a
// Fenwick tree over blocks of bits; a position costs a walk of some twenty steps. Beside it, four
// bytes that say whose each number is, for as long as one of its block waits. Ten million people
// who wait cost about forty megabytes, ten million numbers that were given about two.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "concertres/ids.hpp"

namespace concertres {

class LineIndex {
  public:
    // A hash of the user: somebody else's is the same once in four thousand million. It only keeps
    // strangers from being told a position; what commands do is decided by the place's row.
    using Owner = std::uint32_t;

    LineIndex() = default;
    LineIndex(LineIndex&&) = default;
    LineIndex& operator=(LineIndex&&) = default;

    void add(PlaceNumber number, Owner owner = 0);
    void remove(PlaceNumber number);
    [[nodiscard]] bool contains(PlaceNumber number) const;
    // REQUIRES: contains(number)
    [[nodiscard]] Owner owner_of(PlaceNumber number) const;
    [[nodiscard]] std::int64_t size() const { return size_; }
    // How many smaller numbers wait.
    [[nodiscard]] std::int64_t ahead_of(PlaceNumber number) const;

  private:
    class Epoch {
      public:
        // False: it was so already.
        bool add(std::int64_t sequence, Owner owner);
        bool remove(std::int64_t sequence);
        [[nodiscard]] bool get(std::int64_t sequence) const;
        [[nodiscard]] Owner owner_of(std::int64_t sequence) const;
        [[nodiscard]] std::int64_t below(std::int64_t sequence) const;
        [[nodiscard]] std::int64_t size() const { return size_; }

      private:
        static constexpr std::int64_t words_per_block = 8;
        static constexpr std::int64_t bits_per_block = 64 * words_per_block;

        using Owners = std::array<Owner, bits_per_block>;

        void grow(std::int64_t blocks);
        void change(std::int64_t sequence, std::int64_t by);
        [[nodiscard]] std::int64_t count_in(std::int64_t block) const;

        std::vector<std::uint64_t> words_;
        std::vector<std::int64_t> tree_;               // Fenwick over blocks, from 1
        std::vector<std::unique_ptr<Owners>> owners_;  // by block; none where nobody of it waits
        std::int64_t size_ = 0;
    };

    std::map<std::int64_t, Epoch> epochs_;
    std::int64_t size_ = 0;
};

}  // namespace concertres
