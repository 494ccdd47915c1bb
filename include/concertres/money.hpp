// Money is a whole number of minor units of the deployment's one currency (won has none, so
// {50000} is 50,000 won). It is never a float, and it never overflows: sums are checked.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

namespace concertres {

struct Money {
    std::int64_t minor = 0;

    // The largest amount that one charge, price or balance may have: 2^53 - 1, which every JSON
    // reader keeps exactly.
    static constexpr std::int64_t max_minor = (std::int64_t{1} << 53) - 1;

    friend auto operator<=>(const Money&, const Money&) = default;
};

// The sum, or nothing where it would pass +-Money::max_minor.
[[nodiscard]] std::optional<Money> checked_add(Money a, Money b) noexcept;
[[nodiscard]] std::optional<Money> checked_subtract(Money a, Money b) noexcept;

}  // namespace concertres
