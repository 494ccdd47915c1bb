// Numbers as people read them.
#pragma once

#include <chrono>
#include <concertres/time.hpp>
#include <cstdint>
#include <string>

namespace on_sale {

// 1,252
[[nodiscard]] std::string grouped(std::int64_t number);
// 12.3 s, 4 min 07 s
[[nodiscard]] std::string in_seconds(concertres::Duration duration);
// 0.31 ms, 12.4 ms
[[nodiscard]] std::string in_milliseconds(concertres::Duration duration);
// 1 seat, 2 seats
[[nodiscard]] std::string counted(std::int64_t number, const std::string& one,
                                  const std::string& many);

}  // namespace on_sale
