#include "events/sink_relay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "concertres/webhook.hpp"

#ifdef CONCERTRES_WITH_KAFKA
#include "concertres/kafka.hpp"
#endif

namespace concertres::server {
namespace {

// A broker that was away is tried again soon: what has piled up shall be gone soon too.
constexpr auto kafka_retry_max = std::chrono::seconds(1);
constexpr auto lease_min = std::chrono::seconds(10);
// Somebody else's machine is spared more.
constexpr auto webhook_retry_max = std::chrono::minutes(1);
constexpr std::size_t webhook_batch_max = 1'000;
// One of each stream is under way at a time: a batch is of several, however far one is behind.
constexpr std::size_t webhook_run_max = 32;

std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(" \t\r");
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

SinkRelay::SinkRelay(std::unique_ptr<Outbox> outbox, std::unique_ptr<Publisher> publisher,
                     RelayOptions options)
    : sink_(options.sink),
      outbox_(std::move(outbox)),
      publisher_(std::move(publisher)),
      relay_(*outbox_, *publisher_, std::move(options)) {}

SinkRelay::~SinkRelay() { stop(); }

void SinkRelay::start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { relay_.run(stop); });
}

void SinkRelay::stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
}

void SinkRelay::replace_secrets(const std::vector<std::string>& secrets) {
    if (auto* webhook = dynamic_cast<Webhook*>(publisher_.get())) webhook->replace_secrets(secrets);
}

// --- To Kafka ----------------------------------------------------------------------------------

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

std::unique_ptr<SinkRelay> relay_to_kafka(std::unique_ptr<Outbox> outbox,
                                          const RelaySettings& settings,
                                          const SinkRelay::Log& log) {
#ifdef CONCERTRES_WITH_KAFKA
    KafkaOptions options{.brokers = settings.kafka, .topic_prefix = settings.kafka_topics};
    if (!settings.kafka_properties.empty()) {
        options.properties = read_properties(settings.kafka_properties);
    }
    options.log = log;
    return std::make_unique<SinkRelay>(
        std::move(outbox), open_kafka(options),
        RelayOptions{.sink = kafka_sink, .retry_max = kafka_retry_max, .log = log});
#else
    static_cast<void>(outbox);
    static_cast<void>(settings);
    static_cast<void>(log);
    throw std::invalid_argument("kafka: this program was built without it");
#endif
}

// --- To a webhook ------------------------------------------------------------------------------

std::unique_ptr<SinkRelay> relay_to_webhook(std::unique_ptr<Outbox> outbox,
                                            const RelaySettings& settings,
                                            const std::vector<std::string>& secrets,
                                            const SinkRelay::Log& log) {
#ifdef CONCERTRES_WITH_WEBHOOK
    auto webhook = open_webhook({.url = settings.webhook,
                                 .secrets = secrets,
                                 .ca_file = settings.webhook_ca.string(),
                                 .private_addresses = settings.webhook_private,
                                 .timeout = settings.webhook_timeout});
    return std::make_unique<SinkRelay>(
        std::move(outbox), std::move(webhook),
        RelayOptions{.sink = webhook_sink,
                     .lease = std::max<Duration>(lease_min, 3 * settings.webhook_timeout),
                     .batch_max = webhook_batch_max,
                     .run_max = webhook_run_max,
                     .retry_max = webhook_retry_max,
                     .failures_max = settings.webhook_failures_max,
                     .log = log});
#else
    static_cast<void>(outbox);
    static_cast<void>(settings);
    static_cast<void>(secrets);
    static_cast<void>(log);
    throw std::invalid_argument("webhook: this program was built without it");
#endif
}

std::vector<std::unique_ptr<SinkRelay>> open_relays(
    const RelaySettings& settings, const std::vector<std::string>& webhook_secrets,
    const std::function<std::unique_ptr<Outbox>()>& open_outbox, const SinkRelay::Log& log) {
    std::vector<std::unique_ptr<SinkRelay>> relays;
    if (!settings.kafka.empty()) relays.push_back(relay_to_kafka(open_outbox(), settings, log));
    if (!settings.webhook.empty()) {
        relays.push_back(relay_to_webhook(open_outbox(), settings, webhook_secrets, log));
    }
    return relays;
}

}  // namespace concertres::server
