// The start page: what is on sale, and a purchase as five calls that one can paste.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "concertres/queries.hpp"

namespace concertres::server {

// The concert that the five calls buy a seat of.
struct SampleSale {
    ConcertId concert{};
    PerformanceId performance{};
    SeatNumber seat = 1;
    Money price{};
};

// `origin`: where the caller reached this server, "http://127.0.0.1:8080".
[[nodiscard]] std::string start_page(const std::vector<ConcertView>& concerts,
                                     const std::optional<SampleSale>& sample,
                                     std::string_view origin, bool needs_api_key);
// The five calls, as lines of a shell.
[[nodiscard]] std::string purchase_calls(const SampleSale& sample, const UserId& user,
                                         std::string_view origin, bool needs_api_key);

}  // namespace concertres::server
