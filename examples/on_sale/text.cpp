#include "text.hpp"

#include <fmt/format.h>

namespace on_sale {

std::string grouped(std::int64_t number) {
    std::string digits = std::to_string(number);
    const std::size_t first = number < 0 ? 1 : 0;
    for (std::size_t i = digits.size(); i > first + 3; i -= 3) digits.insert(i - 3, 1, ',');
    return digits;
}

std::string in_seconds(concertres::Duration duration) {
    const double seconds = std::chrono::duration<double>(duration).count();
    if (seconds < 99.95) return fmt::format("{:.1f} s", seconds);
    const auto whole = static_cast<std::int64_t>(seconds);
    return fmt::format("{} min {:02} s", whole / 60, whole % 60);
}

std::string in_milliseconds(concertres::Duration duration) {
    const double ms = std::chrono::duration<double, std::milli>(duration).count();
    return ms < 10 ? fmt::format("{:.2f} ms", ms) : fmt::format("{:.1f} ms", ms);
}

std::string counted(std::int64_t number, const std::string& one, const std::string& many) {
    return grouped(number) + ' ' + (number == 1 ? one : many);
}

}  // namespace on_sale
