#include "log/log.hpp"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <chrono>

#include "concertres/time.hpp"
#include "json/json_writer.hpp"

namespace concertres::server {

namespace {

// Lines that wait to be written: half a second of a busy server.
constexpr std::size_t queue_lines = 32'768;

// A text that is empty says nothing.
bool is_empty(const LogField& field) {
    const auto* text = std::get_if<std::string_view>(&field.value);
    return text != nullptr && text->empty();
}

bool is_plain(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
    });
}

std::string text_line(std::string_view time, LogLevel level, std::string_view message,
                      std::initializer_list<LogField> fields) {
    std::string line(time);
    line.append(" ").append(level_name(level)).append(" ").append(message);
    for (const LogField& field : fields) {
        if (is_empty(field)) continue;
        line.append(" ").append(field.name).append("=");
        if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
            line += std::to_string(*number);
            continue;
        }
        const auto& text = std::get<std::string_view>(field.value);
        if (is_plain(text)) {
            line += text;
        } else {
            std::string quoted;
            JsonWriter(quoted).value(text);
            line += quoted;
        }
    }
    return line;
}

std::string json_line(std::string_view time, LogLevel level, std::string_view message,
                      std::initializer_list<LogField> fields) {
    std::string line;
    JsonWriter json(line);
    json.begin_object()
        .field("time", time)
        .field("level", level_name(level))
        .field("message", message);
    for (const LogField& field : fields) {
        if (is_empty(field)) continue;
        json.key(field.name);
        std::visit([&](const auto& value) { json.value(value); }, field.value);
    }
    json.end_object();
    return line;
}

}  // namespace

std::string_view level_name(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::debug:
            return "debug";
        case LogLevel::info:
            return "info";
        case LogLevel::warning:
            return "warning";
        case LogLevel::error:
            return "error";
    }
    return "error";
}

std::string format_line(LogFormat format, std::string_view time, LogLevel level,
                        std::string_view message, std::initializer_list<LogField> fields) {
    return format == LogFormat::json ? json_line(time, level, message, fields)
                                     : text_line(time, level, message, fields);
}

class Log::Impl {
  public:
    Impl()
        : pool_(std::make_shared<spdlog::details::thread_pool>(queue_lines, 1)),
          logger_(std::make_shared<spdlog::async_logger>(
              "concertres", std::make_shared<spdlog::sinks::stderr_sink_mt>(), pool_,
              spdlog::async_overflow_policy::overrun_oldest)) {
        logger_->set_pattern("%v");
        logger_->flush_on(spdlog::level::warn);
    }

    void write(LogLevel level, const std::string& line) {
        logger_->log(level >= LogLevel::warning ? spdlog::level::warn : spdlog::level::info, line);
    }
    [[nodiscard]] std::int64_t dropped() const {
        return static_cast<std::int64_t>(pool_->overrun_counter());
    }

  private:
    std::shared_ptr<spdlog::details::thread_pool> pool_;
    std::shared_ptr<spdlog::async_logger> logger_;
};

Log::Log(LogFormat format, LogLevel level)
    : format_(format), level_(level), impl_(std::make_unique<Impl>()) {}

Log::~Log() = default;

void Log::line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
    if (!is_on(level)) return;
    const auto now =
        std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
    impl_->write(level, format_line(format_, to_rfc3339(now), level, message, fields));
}

std::int64_t Log::dropped() const { return impl_->dropped(); }

}  // namespace concertres::server
