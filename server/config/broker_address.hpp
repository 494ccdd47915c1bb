// The address of Kafka: brokers, and how its topics begin.
#pragma once

#include <optional>
#include <string>

namespace concertres::server {

// What is wrong with it, to be read after the setting's name.
[[nodiscard]] std::optional<std::string> brokers_fault(const std::string& text);
[[nodiscard]] std::optional<std::string> topics_fault(const std::string& text);

}  // namespace concertres::server
