#include "line/outside_line.hpp"

#include <future>
#include <stdexcept>

namespace concertres::server {

#ifdef CONCERTRES_WITH_REDIS

std::optional<std::string> line_fault(const std::string& address) {
    const auto checked = check_redis_address(address);
    if (checked) return std::nullopt;
    return checked.error().detail;
}

std::shared_ptr<RedisLine> open_line(const LineSettings& settings,
                                     const std::function<void(const std::string&)>& log) {
    if (settings.address.empty()) return nullptr;
    return open_redis_line(settings.address, {.timeout = settings.timeout, .log = log});
}

#else

std::optional<std::string> line_fault(const std::string& address) {
    if (address.starts_with("redis://") || address.starts_with("rediss://")) return std::nullopt;
    return "must be like redis://HOST:PORT";
}

std::shared_ptr<RedisLine> open_line(const LineSettings& settings,
                                     const std::function<void(const std::string&)>&) {
    if (settings.address.empty()) return nullptr;
    throw std::invalid_argument("line: this program was built without hiredis");
}

#endif

std::optional<std::string> line_trouble(LineStore& line) {
    // Of a room that there is none of: whoever is reached knows nothing of it.
    const auto told = std::make_shared<std::promise<std::optional<std::string>>>();
    auto trouble = told->get_future();
    line.position({.concert = ConcertId::random(), .epoch = 1}, {},
                  [told](const LineAnswer<LinePositions>& answer) {
                      using Kind = LineFault::Kind;
                      const bool is_out = !answer && (answer.fault().kind == Kind::away ||
                                                      answer.fault().kind == Kind::unknown);
                      told->set_value(is_out ? std::optional(answer.fault().detail) : std::nullopt);
                  });
    return trouble.get();
}

}  // namespace concertres::server
