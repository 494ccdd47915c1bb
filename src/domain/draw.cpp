#include "concertres/draw.hpp"

#include <algorithm>

#include "base/sha256.hpp"
#include "base/siphash.hpp"
#include "concertres/assert.hpp"

namespace concertres {
namespace {

constexpr std::uint64_t rounds = 10;
constexpr std::uint64_t round_stride = 16;  // from the rounds of one class to those of the next
constexpr std::uint64_t side_min = 16;

// The least `side` from side_min on with side * other >= size.
std::uint64_t side_for(std::uint64_t size, std::uint64_t other) {
    return std::max(side_min, (size + other - 1) / other);
}

// The least even `side` from side_min on with side * side >= size.
std::uint64_t even_root(std::uint64_t size) {
    std::uint64_t side = side_min;
    while (side * side < size) side *= 2;
    // It is within (side / 2, side]: halve that.
    std::uint64_t low = side / 2;
    while (side - low > 1) {
        const std::uint64_t middle = low + (side - low) / 2;
        if (middle * middle >= size) {
            side = middle;
        } else {
            low = middle;
        }
    }
    side = std::max(side, side_min);
    return side + side % 2;
}

}  // namespace

DrawCommitment commitment_of(const DrawSeed& seed) { return sha256(seed); }

Draw::Draw(const DrawSeed& seed, std::int64_t size, LineClass line_class)
    : key_(siphash_key(seed)) {
    CONCERTRES_ASSERT(size >= 0 && size <= size_max);
    CONCERTRES_ASSERT(line_class >= 0 && line_class < PlaceNumber::classes_max);
    first_round_ = round_stride * static_cast<std::uint64_t>(line_class);
    size_ = static_cast<std::uint64_t>(size);
    a_ = even_root(size_);
    b_ = side_for(size_, a_);
}

std::uint64_t Draw::mixed(std::uint64_t round, std::uint64_t half) const {
    return siphash_2_4(key_, first_round_ + round, half);
}

std::uint64_t Draw::step(std::uint64_t x) const {
    std::uint64_t left = x / b_;
    std::uint64_t right = x % b_;
    for (std::uint64_t round = 0; round < rounds; round += 2) {
        left = (left + mixed(round, right) % a_) % a_;
        right = (right + mixed(round + 1, left) % b_) % b_;
    }
    return left * b_ + right;
}

std::uint64_t Draw::step_back(std::uint64_t x) const {
    std::uint64_t left = x / b_;
    std::uint64_t right = x % b_;
    for (std::uint64_t round = rounds; round > 0; round -= 2) {
        right = (right + b_ - mixed(round - 1, left) % b_) % b_;
        left = (left + a_ - mixed(round - 2, right) % a_) % a_;
    }
    return left * b_ + right;
}

std::int64_t Draw::rank_of(std::int64_t sequence) const {
    CONCERTRES_ASSERT(sequence >= 1 && sequence <= size());
    std::uint64_t x = static_cast<std::uint64_t>(sequence) - 1;
    do {
        x = step(x);
    } while (x >= size_);
    return static_cast<std::int64_t>(x);
}

std::int64_t Draw::sequence_at(std::int64_t rank) const {
    CONCERTRES_ASSERT(rank >= 0 && rank < size());
    auto x = static_cast<std::uint64_t>(rank);
    do {
        x = step_back(x);
    } while (x >= size_);
    return static_cast<std::int64_t>(x) + 1;
}

}  // namespace concertres
