// What a server says of itself, in answer to INFO.
#pragma once

#include <string>
#include <string_view>

namespace concertres::redis {

struct ServerInfo {
    // The process, and the history of data that it is in: both change with whatever may have lost a
    // write. A restart makes another process, and a promotion another history.
    std::string home{};
    // Why a line must not be kept there; empty: it may.
    std::string unfit{};
};

[[nodiscard]] ServerInfo read_server_info(std::string_view info);

}  // namespace concertres::redis
