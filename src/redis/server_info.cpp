#include "redis/server_info.hpp"

namespace concertres::redis {
namespace {

// Of "name:value" in a line of its own; empty where there is none.
std::string_view field(std::string_view info, std::string_view name) {
    while (!info.empty()) {
        const std::size_t end = info.find('\n');
        std::string_view line = info.substr(0, end);
        info = end == info.npos ? std::string_view() : info.substr(end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.starts_with(name) && line.substr(name.size()).starts_with(':')) {
            return line.substr(name.size() + 1);
        }
    }
    return {};
}

}  // namespace

ServerInfo read_server_info(std::string_view info) {
    // Sixty-four random bits of each are as good as all of them.
    constexpr std::size_t enough = 16;
    const std::string_view process = field(info, "run_id");
    const std::string_view history = field(info, "master_replid");
    ServerInfo said;
    said.home.append(process.substr(0, enough)).append(history.substr(0, enough));
    const std::string_view memory = field(info, "maxmemory");
    const std::string_view policy = field(info, "maxmemory_policy");
    if (process.size() < enough || history.size() < enough) {
        said.unfit = "it does not say which process it is";
    } else if (field(info, "role") != "master") {
        said.unfit = "it is a replica";
    } else if (field(info, "loading") == "1") {
        said.unfit = "it is loading its data";
    } else if (memory != "0" && !policy.empty() && policy != "noeviction") {
        said.unfit = "it may evict keys: set maxmemory-policy noeviction";
    }
    return said;
}

}  // namespace concertres::redis
