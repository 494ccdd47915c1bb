// The hall as its visitors see it: which seats are good, and which lie side by side.
#pragma once

#include <array>
#include <concertres/queries.hpp>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace on_sale {

class Hall {
  public:
    static constexpr std::size_t party_max = 4;

    // `seats` are all of the hall's, by number.
    explicit Hall(std::span<const concertres::SeatView> seats);

    // Seats side by side for a party, out of those that are free: one of the best few places, since
    // not everybody likes the same best. A smaller party where no place is large enough; nothing
    // where no seat is free.
    [[nodiscard]] std::vector<concertres::SeatNumber> choose(
        std::span<const concertres::SeatView> free, std::size_t party,
        std::minstd_rand& random) const;

  private:
    // `size` seats from this one on, by place in seats_ (not by number).
    struct Stretch {
        std::uint32_t first = 0;
    };

    std::vector<concertres::SeatNumber> seats_;              // ordered along the rows
    std::array<std::vector<Stretch>, party_max> stretches_;  // by size - 1; the best first
};

}  // namespace on_sale
