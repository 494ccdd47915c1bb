// A publisher into Apache Kafka, by librdkafka. Each event becomes one message: CloudEvents in JSON
// (cloud_event.hpp), in the topic of its kind of stream, with the public id of the performance,
// user or concert as its key. So the events of one of them are in one partition, in order.
//
//   const auto kafka = open_kafka({.brokers = "kafka-1:9092,kafka-2:9092"});
//   Relay relay(*outbox, *kafka, {.sink = "kafka"});
//
// A message counts as arrived once all replicas in sync have it (acks=all). One request at a time
// is under way to a broker, by an idempotent producer; a producer that fails for good is replaced.
//
// Threads: as any Publisher.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "concertres/publisher.hpp"

namespace concertres {

struct KafkaOptions {
    std::string brokers{};                    // "host:port,host:port"
    std::string topic_prefix = "concertres";  // .performance, .wallet and .room
    std::string source = "concertres";        // of the CloudEvents
    // librdkafka's own, say for TLS and SASL. What the order and the safety of messages hang on is
    // not for them to change.
    std::map<std::string, std::string> properties{};
    // Told what librdkafka has to say. Threads: any; it neither throws nor blocks.
    std::function<void(const std::string&)> log{};
};

// Connects to nothing yet. Throws std::invalid_argument for what librdkafka refuses.
[[nodiscard]] std::unique_ptr<Publisher> open_kafka(const KafkaOptions& options);

}  // namespace concertres
