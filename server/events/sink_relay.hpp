// What passes a sale's events on to one sink, Kafka or a webhook, on a thread of its own: inside
// `serve`, or as `concertres relay`.
//
//   const auto relay = relay_to_kafka(std::move(outbox), settings.relay, log);
//   relay->start();
//   relay->stop();        // others go on with its shards
//
// Threads: start() and stop() from one; the others from any.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "concertres/outbox.hpp"
#include "concertres/publisher.hpp"
#include "concertres/relay.hpp"

namespace concertres::server {

// How the outbox knows them. Other brokers, or another URL, are the same sink: they go on where the
// ones before have stopped.
inline constexpr const char* kafka_sink = "kafka";
inline constexpr const char* webhook_sink = "webhook";

struct RelaySettings {
    std::string kafka{};  // "host:port,host:port"; empty: nothing is passed on
    std::string kafka_topics = "concertres";
    std::filesystem::path kafka_properties{};  // a file; empty: none

    std::string webhook{};                    // a URL; empty: nothing is passed on
    std::filesystem::path webhook_secrets{};  // a file
    bool webhook_private = false;             // it may lead to an address that is not public
    std::filesystem::path webhook_ca{};       // a file; empty: the system's
    std::chrono::milliseconds webhook_timeout = std::chrono::seconds(10);
    int webhook_failures_max = 1'000;  // in a row, until it is disabled; 0: never
};

class SinkRelay {
  public:
    using Log = std::function<void(const std::string&)>;

    // Lifetime: what the outbox is of outlives it.
    SinkRelay(std::unique_ptr<Outbox> outbox, std::unique_ptr<Publisher> publisher,
              RelayOptions options);
    ~SinkRelay();
    SinkRelay(const SinkRelay&) = delete;
    SinkRelay& operator=(const SinkRelay&) = delete;

    void start();
    void stop();
    [[nodiscard]] const std::string& sink() const { return sink_; }
    [[nodiscard]] RelayStatistics statistics() const { return relay_.statistics(); }
    // Of a webhook; of others nothing.
    void replace_secrets(const std::vector<std::string>& secrets);

  private:
    const std::string sink_;
    std::unique_ptr<Outbox> outbox_;
    std::unique_ptr<Publisher> publisher_;
    Relay relay_;
    std::jthread thread_;
};

// Both throw std::invalid_argument for settings that cannot be used, also where the program was
// built without what they need.
[[nodiscard]] std::unique_ptr<SinkRelay> relay_to_kafka(std::unique_ptr<Outbox> outbox,
                                                        const RelaySettings& settings,
                                                        const SinkRelay::Log& log);
[[nodiscard]] std::unique_ptr<SinkRelay> relay_to_webhook(std::unique_ptr<Outbox> outbox,
                                                          const RelaySettings& settings,
                                                          const std::vector<std::string>& secrets,
                                                          const SinkRelay::Log& log);

// To all that the settings name. `open_outbox` gives each one of its own.
[[nodiscard]] std::vector<std::unique_ptr<SinkRelay>> open_relays(
    const RelaySettings& settings, const std::vector<std::string>& webhook_secrets,
    const std::function<std::unique_ptr<Outbox>()>& open_outbox, const SinkRelay::Log& log);

// "name=value", one a line; "#" begins a comment. Throws std::invalid_argument.
[[nodiscard]] std::map<std::string, std::string> read_properties(const std::filesystem::path& file);

}  // namespace concertres::server
