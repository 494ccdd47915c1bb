#include "events/kafka_relay.hpp"

#include <fmt/format.h>

#include <fstream>
#include <stdexcept>
#include <utility>

#ifdef CONCERTRES_WITH_KAFKA
#include "concertres/kafka.hpp"
#endif

namespace concertres::server {
namespace {

// A broker that was away is tried again soon: what has piled up shall be gone soon too.
constexpr auto retry_max = std::chrono::seconds(1);

std::unique_ptr<Publisher> open_publisher(const RelaySettings& settings,
                                          const KafkaRelay::Log& log) {
#ifdef CONCERTRES_WITH_KAFKA
    KafkaOptions options{.brokers = settings.kafka, .topic_prefix = settings.kafka_topics};
    if (!settings.kafka_properties.empty()) {
        options.properties = read_properties(settings.kafka_properties);
    }
    options.log = log;
    return open_kafka(options);
#else
    static_cast<void>(settings);
    static_cast<void>(log);
    throw std::invalid_argument("kafka: this program was built without it");
#endif
}

std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(" \t\r");
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

std::map<std::string, std::string> read_properties(const std::filesystem::path& file) {
    std::ifstream in(file);
    if (!in) throw std::invalid_argument(fmt::format("{} cannot be read", file.string()));
    std::map<std::string, std::string> properties;
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
        const std::string text = trimmed(line);
        if (text.empty() || text.front() == '#') continue;
        const auto equals = text.find('=');
        const std::string name = trimmed(text.substr(0, equals));
        if (equals == std::string::npos || name.empty()) {
            // The line may have a password in it.
            throw std::invalid_argument(
                fmt::format("{}: line {} is not name=value", file.string(), number));
        }
        properties[name] = trimmed(text.substr(equals + 1));
    }
    return properties;
}

KafkaRelay::KafkaRelay(std::unique_ptr<Outbox> outbox, const RelaySettings& settings,
                       const Log& log)
    : outbox_(std::move(outbox)),
      publisher_(open_publisher(settings, log)),
      relay_(*outbox_, *publisher_, {.sink = kafka_sink, .retry_max = retry_max, .log = log}) {}

KafkaRelay::~KafkaRelay() { stop(); }

void KafkaRelay::start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { relay_.run(stop); });
}

void KafkaRelay::stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
}

}  // namespace concertres::server
