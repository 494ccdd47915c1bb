#include "concertres/money.hpp"

namespace concertres {
namespace {

std::optional<Money> within_bounds(std::int64_t minor) noexcept {
    if (minor > Money::max_minor || minor < -Money::max_minor) return std::nullopt;
    return Money{minor};
}

}  // namespace

std::optional<Money> checked_add(Money a, Money b) noexcept {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(a.minor, b.minor, &sum)) return std::nullopt;
    return within_bounds(sum);
}

std::optional<Money> checked_subtract(Money a, Money b) noexcept {
    std::int64_t difference = 0;
    if (__builtin_sub_overflow(a.minor, b.minor, &difference)) return std::nullopt;
    return within_bounds(difference);
}

}  // namespace concertres
