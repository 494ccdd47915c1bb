// A set of small whole numbers that can be counted: one bit for each number, and a Fenwick tree
// over blocks of bits. How many are below a number costs a walk of some twenty steps.
#pragma once

#include <cstdint>
#include <vector>

namespace concertres {

class CountedSet {
  public:
    static constexpr std::int64_t words_per_block = 8;
    static constexpr std::int64_t bits_per_block = 64 * words_per_block;

    // False: it was so already. REQUIRES: number >= 0
    bool set(std::int64_t number, bool is_in);
    [[nodiscard]] bool get(std::int64_t number) const;
    [[nodiscard]] std::int64_t size() const { return size_; }
    // How many smaller ones there are.
    [[nodiscard]] std::int64_t below(std::int64_t number) const;
    [[nodiscard]] std::int64_t count_in(std::int64_t block) const;
    // All numbers from 0 to below `end`, and no others.
    void fill(std::int64_t end);

  private:
    void grow(std::int64_t blocks);
    void count_anew();

    std::vector<std::uint64_t> words_;
    std::vector<std::int64_t> tree_;  // Fenwick over blocks, from 1
    std::int64_t size_ = 0;
};

}  // namespace concertres
