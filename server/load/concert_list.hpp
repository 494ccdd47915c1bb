// The list of concerts, as GET /v1/concerts gives it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace concertres::load {

struct ListedConcert {
    std::string id;
    std::string sale;  // "open"
    std::int64_t waiting = 0;
};

// Nothing where the body is something else.
[[nodiscard]] std::optional<std::vector<ListedConcert>> concerts_of(std::string_view body);

}  // namespace concertres::load
