#include "api/assets.hpp"

#include <algorithm>

#include "concertres/assert.hpp"

namespace concertres::server {

const Asset& asset(std::string_view name) {
    const auto found = std::ranges::find(all_assets(), name, &Asset::name);
    CONCERTRES_ASSERT(found != all_assets().end());
    return *found;
}

}  // namespace concertres::server
