// Bytes packed as the content coding "gzip" has them.
#pragma once

#include <string>
#include <string_view>

namespace concertres::http {

// `level`: 1, fast, to 9, small. Throws std::runtime_error.
[[nodiscard]] std::string gzip(std::string_view bytes, int level);

}  // namespace concertres::http
