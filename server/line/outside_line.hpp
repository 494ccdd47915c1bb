// The line in Redis that the settings name: it keeps who waits in place of the store.
//
//   const auto line = open_line(settings.line, log);  // null: the store keeps who waits
//   if (const auto trouble = line_trouble(*line)) tell(*trouble);
//
// Threads: any. The log is called from a thread of the line's own.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "concertres/redis.hpp"

namespace concertres::server {

struct LineSettings {
    std::string address{};  // empty: there is none
    std::chrono::milliseconds timeout = std::chrono::seconds(1);
};

// What is wrong with an address, without repeating it; nothing where it is good.
[[nodiscard]] std::optional<std::string> line_fault(const std::string& address);

// Throws std::invalid_argument where the program was built without what it needs.
[[nodiscard]] std::shared_ptr<RedisLine> open_line(
    const LineSettings& settings, const std::function<void(const std::string&)>& log);

// Asks it something, and says why it cannot be used; nothing where it can. Takes at most its
// time-out.
[[nodiscard]] std::optional<std::string> line_trouble(LineStore& line);

}  // namespace concertres::server
