// What operators read: one line for each thing worth knowing, as text or as JSON, on standard
// error. Lines are written by a thread of their own; when they come faster than they can be
// written, the oldest are dropped and counted, because no sale waits for a log.
//
//   log.line(LogLevel::info, "listening", {{"address", "127.0.0.1:8080"}});
//
// Threads: any.
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "concertres/options.hpp"

namespace concertres::server {

enum class LogFormat : std::uint8_t { text, json };

struct LogField {
    std::string_view name;
    std::variant<std::string_view, std::int64_t> value;
};

class Log {
  public:
    Log(LogFormat format, LogLevel level);
    ~Log();  // writes what is left
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    void set_level(LogLevel level) { level_ = level; }
    [[nodiscard]] bool is_on(LogLevel level) const { return level >= level_; }
    void line(LogLevel level, std::string_view message,
              std::initializer_list<LogField> fields = {});
    [[nodiscard]] std::int64_t dropped() const;

  private:
    class Impl;

    LogFormat format_;
    std::atomic<LogLevel> level_;
    std::unique_ptr<Impl> impl_;
};

[[nodiscard]] std::string_view level_name(LogLevel level) noexcept;

// The line without its end; what Log writes.
[[nodiscard]] std::string format_line(LogFormat format, std::string_view time, LogLevel level,
                                      std::string_view message,
                                      std::initializer_list<LogField> fields);

}  // namespace concertres::server
