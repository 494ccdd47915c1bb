// Who waits, as a set of numbers that can be counted: one bit for each number ever given; a
// position costs a walk of some twenty steps. Beside it, four bytes that say whose each number is,
// for as long as one of its block waits. Ten million people who wait cost about forty megabytes,
// ten million numbers that were given about two. Where the line was drawn, a second set has the
// ranks of those who were and still wait.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "concertres/draw.hpp"
#include "concertres/ids.hpp"
#include "engine/counted_set.hpp"

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
    // How many wait who are let in before this number: those of earlier epochs, and of its own
    // those with smaller numbers; of two who were drawn, the one with the smaller rank is first.
    [[nodiscard]] std::int64_t ahead_of(PlaceNumber number) const;

    // The line was drawn. Costs a permutation for each of those drawn who wait, or for each who
    // does not, whichever are fewer. Once more: no effect.
    void draw(const DrawSeed& seed, const Drawn& drawn);

  private:
    class Epoch {
      public:
        // False: it was so already.
        bool add(std::int64_t sequence, Owner owner);
        bool remove(std::int64_t sequence);
        [[nodiscard]] const CountedSet& waiting() const { return waiting_; }
        [[nodiscard]] Owner owner_of(std::int64_t sequence) const;

      private:
        static constexpr std::int64_t block_size = CountedSet::bits_per_block;

        using Owners = std::array<Owner, block_size>;

        CountedSet waiting_;
        std::vector<std::unique_ptr<Owners>> owners_;  // by block; none where nobody of it waits
    };
    struct DrawnOrder {
        Drawn drawn;
        Draw order;
        CountedSet ranks;  // that wait
    };

    void set_rank(PlaceNumber number, bool waits);

    std::map<std::int64_t, Epoch> epochs_;
    std::optional<DrawnOrder> drawn_;
    std::int64_t size_ = 0;
};

}  // namespace concertres
