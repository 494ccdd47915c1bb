// A Draw is the order in which those who came before a sale opened are let in: a permutation of
// their numbers that follows from a seed alone. The seed is fixed, and its hash published, before
// anybody can know how many will come; it is shown once the sale has opened. So nobody gains by
// coming a second earlier, nobody can choose the order afterwards, and anybody can work it out
// again.
//
//   Draw draw(seed, 1'000'000);
//   draw.rank_of(7);         // how many are before number 7: 0 for the first
//   draw.sequence_at(0);     // who is first: 1 ... 1'000'000
//
// The algorithm, whose name is draw_algorithm, for whoever writes a verifier. All arithmetic is on
// unsigned 64-bit integers, and `/` drops the remainder.
//
//   sip(round, half)  SipHash-2-4 with the 64-bit result, under the 16 bytes of the seed as its
//                     key, of 16 bytes: 16 * class + round, then `half`, each as 8 bytes, the
//                     lowest first. `class` is that of the line, 0 for a room's first or only one;
//                     each class is drawn for itself, from one seed.
//   a  the least even number that is at least 16 and has a * a >= size
//   b  the least number that is at least 16 and has a * b >= size
//
//   step(x):  left = x / b;  right = x mod b                    (x is 0 ... a * b - 1)
//             for round in 0, 2, 4, 6, 8:
//                 left  = (left  + sip(round,     right) mod a) mod a
//                 right = (right + sip(round + 1, left)  mod b) mod b
//             return left * b + right
//
//   rank(number):  x = number - 1;  repeat x = step(x) until x < size;  return x
//
// This is a generalized Feistel network with cycle walking (J. Black, P. Rogaway: Ciphers with
// Arbitrary Finite Domains, 2002). a * b is hardly more than `size`, so that nearly every number
// takes one step; where few came it is 256, since a network of a few points could not reach every
// order equally often. a is even because a network with two odd sides reaches only every other one.
//
// Threads: const calls from any, at once.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "concertres/ids.hpp"
#include "concertres/time.hpp"

namespace concertres {

using DrawSeed = std::array<std::uint8_t, 16>;
using DrawCommitment = std::array<std::uint8_t, 32>;

// The name of the algorithm above; another one would have another.
inline constexpr std::string_view draw_algorithm = "feistel-siphash-1";

// SHA-256 of the seed's 16 bytes: published before the draw, so that nobody can change the seed.
[[nodiscard]] DrawCommitment commitment_of(const DrawSeed& seed);

// A line's draw that has taken place: of the numbers 1 to `size` of one class and epoch.
struct Drawn {
    LineClass line_class = 0;
    std::int64_t epoch = 0;
    std::int64_t size = 0;
    // All who have a smaller rank have been admitted, or have left.
    std::int64_t next_rank = 0;

    friend bool operator==(const Drawn&, const Drawn&) = default;

    [[nodiscard]] bool covers(PlaceNumber number) const {
        return number.line_class() == line_class && number.epoch() == epoch &&
               number.sequence() >= 1 && number.sequence() <= size;
    }
};

class Draw {
  public:
    static constexpr std::int64_t size_max = PlaceNumber::sequences_max;

    // The order of the numbers 1 to `size` of a class. REQUIRES: 0 <= size <= size_max
    Draw(const DrawSeed& seed, std::int64_t size, LineClass line_class = 0);
    Draw(const DrawSeed& seed, const Drawn& drawn) : Draw(seed, drawn.size, drawn.line_class) {}

    [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(size_); }
    // How many of the numbers are before this one, from 0. REQUIRES: 1 <= sequence <= size
    [[nodiscard]] std::int64_t rank_of(std::int64_t sequence) const;
    // The number that has so many before it. REQUIRES: 0 <= rank < size
    [[nodiscard]] std::int64_t sequence_at(std::int64_t rank) const;

  private:
    [[nodiscard]] std::uint64_t step(std::uint64_t x) const;
    [[nodiscard]] std::uint64_t step_back(std::uint64_t x) const;
    [[nodiscard]] std::uint64_t mixed(std::uint64_t round, std::uint64_t half) const;

    std::array<std::uint64_t, 2> key_{};
    std::uint64_t first_round_ = 0;
    std::uint64_t size_ = 0;
    std::uint64_t a_ = 0;
    std::uint64_t b_ = 0;
};

// What a sale keeps of its draw; the rest is with its lines. The seed stays what it is once its
// hash may have been seen.
struct DrawState {
    DrawSeed seed{};
    std::optional<Time> drawn_at{};

    friend bool operator==(const DrawState&, const DrawState&) = default;
};

}  // namespace concertres
