// Who waits, as a set of numbers that can be counted, for each class of a room: one bit for each
// number ever given; a position costs a walk of some twenty steps. Beside it, for as long as one of
// a number's block waits, four bytes that say whose it is, and four that say when that user was
// heard of last. Ten million people who wait cost about eighty megabytes, ten million numbers that
// were given about two. Where a line was drawn, a second set has the ranks of those who were and
// still wait.
//
// Threads: hear from any, at once with everything that is const.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "concertres/draw.hpp"
#include "concertres/ids.hpp"
#include "concertres/time.hpp"
#include "engine/counted_set.hpp"

namespace concertres {

class LineIndex {
  public:
    // A hash of the user: somebody else's is the same once in four thousand million. It only keeps
    // strangers from being told a position; what commands do is decided by the place's row.
    using Owner = std::uint32_t;

    // Where a number stands among the others of its room: by class and epoch; of one epoch those
    // who were drawn, by their ranks, and then the others by their numbers.
    using Standing = std::array<std::int64_t, 4>;
    // `draw`, where there is one, is of `drawn`.
    [[nodiscard]] static Standing standing_of(PlaceNumber number, const Drawn* drawn,
                                              const Draw* draw);

    LineIndex() = default;
    LineIndex(LineIndex&&) = default;
    LineIndex& operator=(LineIndex&&) = default;

    // `heard`: when the owner was heard of. One who waits already was heard of as before.
    void add(PlaceNumber number, Owner owner = 0, Time heard = {});
    void remove(PlaceNumber number);
    [[nodiscard]] bool contains(PlaceNumber number) const;
    // REQUIRES: contains(number)
    [[nodiscard]] Owner owner_of(PlaceNumber number) const;
    // Its owner is heard of. REQUIRES: contains(number)
    void hear(PlaceNumber number, Time now) const;
    // When that was last, to the second: up to one late, never early. REQUIRES: contains(number)
    [[nodiscard]] Time heard(PlaceNumber number) const;
    [[nodiscard]] Standing standing_of(PlaceNumber number) const;
    // visit(number) for each that waits and whose owner was heard of at `since` or later.
    template <class Visit>
    void for_each_heard_since(Time since, const Visit& visit) const {
        for (const auto& [key, epoch] : epochs_) {
            epoch.for_each_heard_since(since, [&, of = key](std::int64_t sequence) {
                visit(PlaceNumber::of({of.first, of.second, sequence}));
            });
        }
    }
    // How many wait, in all classes or in one.
    [[nodiscard]] std::int64_t size() const { return size_; }
    [[nodiscard]] std::int64_t size(LineClass line_class) const;
    // How many of its class wait who are let in before this number: those of earlier epochs, and of
    // its own those with smaller numbers; of two who were drawn, the one with the smaller rank is
    // first.
    [[nodiscard]] std::int64_t ahead_of(PlaceNumber number) const;

    // A class's line was drawn. Costs a permutation for each of those drawn who wait, or for each
    // who does not, whichever are fewer. Once more: no effect.
    void draw(const DrawSeed& seed, const Drawn& drawn);
    [[nodiscard]] bool is_drawn(LineClass line_class) const { return drawn_.contains(line_class); }

  private:
    class Epoch {
      public:
        // False: it was so already.
        bool add(std::int64_t sequence, Owner owner, Time heard);
        bool remove(std::int64_t sequence);
        [[nodiscard]] const CountedSet& waiting() const { return waiting_; }
        // REQUIRES: it waits
        [[nodiscard]] Owner owner_of(std::int64_t sequence) const;
        [[nodiscard]] std::atomic<std::uint32_t>& heard(std::int64_t sequence) const;
        template <class Visit>
        void for_each_heard_since(Time since, const Visit& visit) const {
            for (std::size_t i = 0; i < blocks_.size(); ++i) {
                if (!blocks_[i]) continue;
                const std::int64_t first = static_cast<std::int64_t>(i) * block_size;
                for (std::int64_t j = 0; j < block_size; ++j) {
                    const auto& at = blocks_[i]->heard[static_cast<std::size_t>(j)];
                    const Time heard{std::chrono::seconds(at.load(std::memory_order_relaxed))};
                    if (heard >= since && waiting_.get(first + j)) visit(first + j);
                }
            }
        }

      private:
        static constexpr std::int64_t block_size = CountedSet::bits_per_block;

        struct Block {
            std::array<Owner, block_size> owners{};
            // Seconds since 1970. Those who poll share what guards the rest.
            std::array<std::atomic<std::uint32_t>, block_size> heard{};
        };
        [[nodiscard]] Block& block_of(std::int64_t sequence) const;

        CountedSet waiting_;
        std::vector<std::unique_ptr<Block>> blocks_;  // none where nobody of it waits
    };
    struct DrawnOrder {
        Drawn drawn;
        Draw order;
        CountedSet ranks;  // that wait
    };

    // A class and an epoch, ordered as the numbers are.
    using EpochKey = std::pair<LineClass, std::int64_t>;

    [[nodiscard]] static EpochKey epoch_of(PlaceNumber number) {
        return {number.line_class(), number.epoch()};
    }
    void set_rank(PlaceNumber number, bool waits);

    std::map<EpochKey, Epoch> epochs_;
    std::map<LineClass, DrawnOrder> drawn_;
    std::int64_t size_ = 0;
};

}  // namespace concertres
