// What passes a sale's events on to Kafka, on a thread of its own: inside `serve`, or as
// `concertres relay`.
//
//   KafkaRelay relay(std::move(outbox), settings.relay, log);
//   relay.start();
//   relay.stop();        // others go on with its shards
//
// Threads: start() and stop() from one; statistics() from any.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "concertres/outbox.hpp"
#include "concertres/publisher.hpp"
#include "concertres/relay.hpp"

namespace concertres::server {

// How the outbox knows Kafka.
inline constexpr const char* kafka_sink = "kafka";

struct RelaySettings {
    std::string kafka{};  // "host:port,host:port"; empty: nothing is passed on
    std::string kafka_topics = "concertres";
    std::filesystem::path kafka_properties{};  // a file; empty: none
};

class KafkaRelay {
  public:
    using Log = std::function<void(const std::string&)>;

    // Throws std::invalid_argument for settings that cannot be used.
    // Lifetime: what the outbox is of outlives it
    KafkaRelay(std::unique_ptr<Outbox> outbox, const RelaySettings& settings, const Log& log);
    ~KafkaRelay();
    KafkaRelay(const KafkaRelay&) = delete;
    KafkaRelay& operator=(const KafkaRelay&) = delete;

    void start();
    void stop();
    [[nodiscard]] RelayStatistics statistics() const { return relay_.statistics(); }

  private:
    std::unique_ptr<Outbox> outbox_;
    std::unique_ptr<Publisher> publisher_;
    Relay relay_;
    std::jthread thread_;
};

// "name=value", one a line; "#" begins a comment. Throws std::invalid_argument.
[[nodiscard]] std::map<std::string, std::string> read_properties(const std::filesystem::path& file);

}  // namespace concertres::server
